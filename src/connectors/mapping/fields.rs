//! The fields a mapping reads from a raw record: where they stand, which type they have, and what counts as none.
//!
//! Logs write numbers as text and yes as 1; a value that does not fit its declared type leaves the field absent.

use crate::connectors::crm::raw;
use crate::expr::{Shape, Value};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Longest record that is read (threats.md Numbers: ingest line 1 MiB).
pub const LONGEST_RECORD_BYTES: usize = 1 << 20;

/// One field to be read.
#[derive(Debug)]
struct FieldSpec {
    name: String,
    /// Where it stands in the raw record: a key, or keys joined by dots.
    from: String,
    schema: Json,
    /// Separator of a list that is written as one text.
    split: Option<String>,
    /// Texts that stand for nothing, e.g. `N/A`.
    none: Vec<String>,
    /// Only an IP address counts; a port behind it is cut off.
    is_ip: bool,
}

/// All fields of an input.
#[derive(Debug)]
pub(super) struct Fields {
    specs: Vec<FieldSpec>,
    pub(super) shape: Shape,
}

impl Fields {
    /// Reads `name: {type: ..., from: ..., split: ..., none: [...], is: ip}`; the rest of a field is its JSON Schema.
    pub(super) fn new(fields: BTreeMap<String, Json>) -> Result<Self, String> {
        let mut specs = Vec::new();
        for (name, schema) in fields {
            let Json::Object(mut schema) = schema else { return Err(format!("`{name}` is not `{{type: ...}}`")) };
            let mut text = |key: &str| schema.remove(key).and_then(|v| v.as_str().map(str::to_owned));
            let (from, split, is) = (text("from"), text("split"), text("is"));
            if is.as_deref().is_some_and(|i| i != "ip") {
                return Err(format!("`{name}`: `is` can only be `ip`"));
            }
            let none = match schema.remove("none") {
                None => Vec::new(),
                Some(words) => serde_json::from_value(words).map_err(|e| format!("`{name}`, none: {e}"))?,
            };
            let from = from.unwrap_or_else(|| name.clone());
            specs.push(FieldSpec { from, schema: Json::Object(schema), split, none, is_ip: is.is_some(), name });
        }
        let schemas = specs.iter().map(|s| (s.name.clone(), s.schema.clone())).collect();
        Ok(Self { shape: raw::record_shape("record", &schemas)?, specs })
    }

    /// The keys that the fields are read from.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.specs.iter().map(|s| s.from.as_str())
    }

    /// The typed record; `None` when it cannot be typed at all.
    pub(super) fn read(&self, raw: &Map<String, Json>) -> Option<Value> {
        let kept = self.specs.iter().filter_map(|s| Some((s.name.clone(), s.read(raw)?)));
        raw::typed(&Json::Object(kept.collect()), &self.shape).ok()
    }
}

impl FieldSpec {
    fn read(&self, raw: &Map<String, Json>) -> Option<Json> {
        let value = find(raw, &self.from)?;
        if let Json::String(text) = value {
            if self.none.contains(text) {
                return None;
            }
            if self.is_ip {
                return address(text).map(|ip| ip.to_string().into());
            }
            if let Some(separator) = &self.split {
                let parts = text.split(separator.as_str()).map(str::trim).filter(|p| !p.is_empty());
                return fit(&parts.map(Json::from).collect(), &self.schema);
            }
        }
        fit(value, &self.schema)
    }
}

/// The value under `path`: a key of that very name first, else keys joined by dots.
fn find<'a>(raw: &'a Map<String, Json>, path: &str) -> Option<&'a Json> {
    raw.get(path).or_else(|| {
        path.match_indices('.').find_map(|(dot, _)| {
            let (head, tail) = (path.get(..dot)?, path.get(dot + 1..)?);
            find(raw.get(head)?.as_object()?, tail)
        })
    })
}

/// The address in `192.0.2.7`, `192.0.2.7:443`, `2001:db8::1` and `[2001:db8::1]:443`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let parse = |t: &str| t.parse::<IpAddr>().ok();
    parse(text)
        .or_else(|| parse(text.strip_prefix('[')?.split_once(']')?.0))
        .or_else(|| text.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).and_then(|(ip, _)| parse(ip)))
}

/// `value` as the schema's type; `None` when it is none, empty, or cannot be read as that type.
fn fit(value: &Json, schema: &Json) -> Option<Json> {
    match schema.get("type").and_then(Json::as_str)? {
        "string" => match value {
            Json::String(text) => (!text.is_empty()).then(|| text.as_str().into()),
            Json::Number(_) | Json::Bool(_) => Some(value.to_string().into()),
            _ => None,
        },
        "integer" => integer(value).map(Json::from),
        "number" => match value {
            Json::Number(_) => Some(value.clone()),
            Json::String(text) => text.trim().parse::<f64>().ok().filter(|d| d.is_finite()).map(Json::from),
            _ => None,
        },
        "boolean" => boolean(value).map(Json::from),
        "array" => {
            let items = schema.get("items")?;
            Some(value.as_array()?.iter().filter_map(|v| fit(v, items)).collect())
        }
        "object" => {
            let (value, properties) = (value.as_object()?, schema.get("properties")?.as_object()?);
            let kept = properties.iter().filter_map(|(name, s)| Some((name.clone(), fit(value.get(name)?, s)?)));
            Some(Json::Object(kept.collect()))
        }
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked, and the number is whole")]
fn integer(value: &Json) -> Option<i64> {
    let whole = |d: f64| (d.fract() == 0.0 && d.abs() < 9.0e15).then_some(d as i64);
    match value {
        Json::Number(n) => n.as_i64().or_else(|| n.as_f64().and_then(whole)),
        Json::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| text.parse().ok().and_then(whole))
        }
        _ => None,
    }
}

fn boolean(value: &Json) -> Option<bool> {
    let word = match value {
        Json::Bool(b) => return Some(*b),
        Json::Number(_) => value.to_string(),
        Json::String(text) => text.trim().to_ascii_lowercase(),
        _ => return None,
    };
    match word.as_str() {
        "1" | "true" | "yes" | "t" | "y" => Some(true),
        "0" | "false" | "no" | "f" | "n" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_read_as_logs_write_them_and_never_guessed() {
        let as_type = |v: Json, t: &str| fit(&v, &json!({"type": t}));
        assert_eq!(as_type(json!("812.0"), "integer"), Some(json!(812)));
        assert_eq!(as_type(json!(" 7 "), "integer"), Some(json!(7)));
        assert_eq!(as_type(json!(7), "string"), Some(json!("7")));
        assert_eq!(as_type(json!("1"), "boolean"), Some(json!(true)));
        assert_eq!(as_type(json!(0), "boolean"), Some(json!(false)));
        for (value, ty) in [
            ("", "string"),
            ("many", "integer"),
            ("7.5", "integer"),
            ("maybe", "boolean"),
            ("2", "boolean"),
            ("NaN", "number"),
        ] {
            assert_eq!(as_type(json!(value), ty), None, "{value} as {ty}");
        }
        assert_eq!(as_type(Json::Null, "string"), None);
    }

    #[test]
    fn addresses_lose_their_port_and_words_are_none() {
        let read = |t: &str| address(t).map(|a| a.to_string());
        assert_eq!(read("192.0.2.7:443").as_deref(), Some("192.0.2.7"));
        assert_eq!(read("[2001:db8::1]:443").as_deref(), Some("2001:db8::1"));
        assert_eq!(read("2001:db8::1").as_deref(), Some("2001:db8::1"));
        assert_eq!([read("n/a"), read("Salesforce.com IP"), read("192.0.2.256")], [None, None, None]);
    }

    #[test]
    fn a_field_is_found_by_its_own_name_first_and_by_path_else() {
        let raw = json!({"a.b": 1, "a": {"b": 2, "c": {"d": 3}}, "x": {"y.z": 4}});
        let raw = raw.as_object().unwrap();
        let at = |p: &str| find(raw, p).cloned();
        assert_eq!(
            [at("a.b"), at("a.c.d"), at("x.y.z"), at("a.q")],
            [Some(json!(1)), Some(json!(3)), Some(json!(4)), None]
        );
    }
}
