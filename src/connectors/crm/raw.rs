//! Raw exports: read as they are, cut down to the fields a recipe names, and given types.

use crate::evidence::{Kinds, decode_json};
use crate::expr::{Shape, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// The shape of a record with these fields, as JSON Schema would say it.
pub(in crate::connectors) fn record_shape(name: &str, fields: &BTreeMap<String, Json>) -> Result<Shape, String> {
    shape(name, &json!({"type": "object", "properties": fields, "additionalProperties": false, "description": name}))
}

/// The shape of a list of such records.
pub(in crate::connectors) fn list_shape(name: &str, fields: &BTreeMap<String, Json>) -> Result<Shape, String> {
    let record = json!({"type": "object", "properties": fields, "additionalProperties": false});
    shape(name, &json!({"type": "array", "items": record, "description": name}))
}

fn shape(name: &str, schema: &Json) -> Result<Shape, String> {
    let bytes = schema.to_string().into_bytes();
    let kinds = Kinds::read(std::iter::once((format!("{name}.json"), bytes.as_slice()))).map_err(|e| e.to_string())?;
    kinds.get(name).map(|k| k.shape.clone()).ok_or_else(|| format!("`{name}` has no shape"))
}

/// `raw` cut down to what `schema` names: other fields and nulls that are not among the types are left out.
pub(in crate::connectors) fn cut(raw: &Json, schema: &Json) -> Option<Json> {
    let types = schema.get("type");
    let allows =
        |t: &str| types == Some(&json!(t)) || types.and_then(Json::as_array).is_some_and(|a| a.contains(&json!(t)));
    match raw {
        Json::Null => allows("null").then_some(Json::Null),
        Json::Object(map) => {
            let Some(properties) = schema.get("properties").and_then(Json::as_object) else { return Some(raw.clone()) };
            Some(Json::Object(cut_fields(map, properties)))
        }
        Json::Array(list) => {
            let items = schema.get("items").cloned().unwrap_or_default();
            Some(list.iter().filter_map(|e| cut(e, &items)).collect())
        }
        other => Some(other.clone()),
    }
}

/// The fields of `map` that are named, each cut down itself.
pub(in crate::connectors) fn cut_fields<'a>(
    map: &Map<String, Json>,
    fields: impl IntoIterator<Item = (&'a String, &'a Json)>,
) -> Map<String, Json> {
    let kept = fields.into_iter().filter_map(|(name, schema)| Some((name.clone(), cut(map.get(name)?, schema)?)));
    kept.collect()
}

/// An object with free keys as a list of its object values, each with its `key`.
pub(in crate::connectors) fn entries(map: &Json) -> Json {
    let Some(map) = map.as_object() else { return json!([]) };
    let entry = |(key, value): (&String, &Json)| {
        let mut record = value.as_object()?.clone();
        record.insert("key".to_owned(), json!(key));
        Some(Json::Object(record))
    };
    map.iter().filter_map(entry).collect()
}

/// Types a cut-down value.
pub(in crate::connectors) fn typed(json: &Json, shape: &Shape) -> Result<Value, String> {
    decode_json(json, shape).map_err(|violation| violation.to_string())
}

/// Conversions from a product's own way of writing things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::connectors) enum As {
    /// `2026-11-23 15:52:25`, in UTC, to RFC 3339.
    Instant,
    /// `15 days`, `1 month`, `2 weeks`, `1 year` to a number of days (months of 30, years of 365 days).
    PeriodDays,
}

impl As {
    /// The converted value; `None` when the text is not of that form: then the field is left unknown.
    pub(in crate::connectors) fn convert(self, value: &Json) -> Option<Json> {
        match (self, value) {
            (_, Json::Null) => Some(Json::Null),
            (Self::Instant, Json::String(text)) => instant(text),
            (Self::PeriodDays, Json::String(text)) => period_days(text).map(|d| json!(d)),
            _ => None,
        }
    }
}

fn instant(text: &str) -> Option<Json> {
    let at: crate::clock::Timestamp = format!("{}Z", text.trim().replacen(' ', "T", 1)).parse().ok()?;
    Some(json!(at))
}

fn period_days(text: &str) -> Option<u64> {
    let (number, unit) = text.trim().split_once(' ')?;
    let days = match unit.trim_end_matches('s') {
        "day" => 1,
        "week" => 7,
        "month" => 30,
        "year" => 365,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_and_instants_are_read_as_the_product_writes_them() {
        let period = |t: &str| As::PeriodDays.convert(&json!(t));
        assert_eq!(
            [period("15 days"), period("1 month"), period("2 weeks")],
            [Some(json!(15)), Some(json!(30)), Some(json!(14))]
        );
        assert_eq!([period("soon"), period("15"), period("-3 days")], [None, None, None]);
        assert_eq!(As::Instant.convert(&json!("2026-11-23 15:52:25")), Some(json!("2026-11-23T15:52:25Z")));
        assert_eq!(As::Instant.convert(&json!("23.11.2026")), None);
        assert_eq!(As::Instant.convert(&Json::Null), Some(Json::Null));
    }

    #[test]
    fn what_a_recipe_does_not_name_is_left_alone_and_free_keys_become_a_list() {
        let schema =
            json!({"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": ["string", "null"]}}});
        assert_eq!(cut(&json!({"a": null, "n": null, "secret": "x"}), &schema), Some(json!({"n": null})));
        let free = json!({"Contact": {"read": "all"}, "Import": false});
        assert_eq!(entries(&free), json!([{"key": "Contact", "read": "all"}]));
    }
}
