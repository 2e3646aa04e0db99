//! Instants written relative to the audit: `@-12d`, `@+30d`, `@-3h`, `@-5m`.

use crate::clock::Timestamp;
use chrono::TimeDelta;
use serde_json::Value;

/// `value` with every relative instant in it resolved against `as_of`.
pub(super) fn resolve(value: Value, as_of: Timestamp) -> Value {
    match value {
        Value::String(text) => match instant(&text, as_of) {
            Some(at) => Value::String(at.to_string()),
            None => Value::String(text),
        },
        Value::Array(list) => list.into_iter().map(|v| resolve(v, as_of)).collect(),
        Value::Object(map) => map.into_iter().map(|(k, v)| (k, resolve(v, as_of))).collect(),
        other => other,
    }
}

/// The instant that `text` names, when it is a relative one.
pub(super) fn instant(text: &str, as_of: Timestamp) -> Option<Timestamp> {
    let (number, unit) = text.strip_prefix('@')?.split_at_checked(text.len().checked_sub(2)?)?;
    let amount: i64 = number.parse().ok()?;
    let delta = match unit {
        "d" => TimeDelta::try_days(amount),
        "h" => TimeDelta::try_hours(amount),
        "m" => TimeDelta::try_minutes(amount),
        _ => None,
    };
    as_of.plus(delta?)
}

/// The instant `days` before `as_of` (after it when negative), at its time of day; `as_of` itself beyond 1900-2200.
pub(super) fn days_before(as_of: Timestamp, days: i64) -> Timestamp {
    TimeDelta::try_days(days.saturating_neg()).and_then(|d| as_of.plus(d)).unwrap_or(as_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn relative_instants_resolve_and_other_text_stays() {
        let as_of: Timestamp = "2026-10-31T22:00:00Z".parse().unwrap();
        let before = json!({"a": "@-12d", "b": ["@+1h", "@home", "x@-1d"], "c": "@-5m"});
        let after = json!({"a": "2026-10-19T22:00:00Z", "b": ["2026-10-31T23:00:00Z", "@home", "x@-1d"], "c": "2026-10-31T21:55:00Z"});
        assert_eq!(resolve(before, as_of), after);
    }
}
