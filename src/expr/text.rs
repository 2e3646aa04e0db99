//! Values as text: for findings, explanations, and `string()`; and durations as text, as CEL writes them.

use super::val::Val;
use super::value::number_json;

/// Longest value printed in an explanation, in characters; the rest is cut with an ellipsis.
const SHOWN_CHARS: usize = 160;

/// A value as a sentence would have it: text without quotes, lists separated by commas.
pub(super) fn plain(value: &Val<'_>) -> String {
    match value {
        Val::Absent => "?".to_owned(),
        Val::Null => "-".to_owned(),
        Val::Bool(b) => b.to_string(),
        Val::Int(i) => i.to_string(),
        Val::Double(d) => number_json(*d).to_string(),
        Val::Text(t) => t.to_string(),
        Val::Instant(t) => t.to_string(),
        Val::Day(d) => d.to_string(),
        Val::Duration(ms) => duration(*ms),
        Val::List(l) => l.iter().map(|v| plain(&v)).collect::<Vec<_>>().join(", "),
        Val::Record(_) => "{...}".to_owned(),
        Val::Map(m) => m.iter().map(|(k, v)| format!("{}: {}", plain(k), plain(v))).collect::<Vec<_>>().join(", "),
    }
}

/// A value as an explanation has it: text in quotes, so that an empty text can be seen; cut when long.
pub(super) fn quoted(value: &Val<'_>) -> String {
    let whole = quoted_whole(value);
    if whole.chars().count() <= SHOWN_CHARS {
        return whole;
    }
    whole.chars().take(SHOWN_CHARS).chain(['…']).collect()
}

fn quoted_whole(value: &Val<'_>) -> String {
    match value {
        Val::Absent => "absent".to_owned(),
        Val::Null => "null".to_owned(),
        Val::Text(t) => format!("{t:?}"),
        Val::List(l) => {
            format!("[{}]", l.iter().take(SHOWN_CHARS).map(|v| quoted_whole(&v)).collect::<Vec<_>>().join(", "))
        }
        other => plain(other),
    }
}

/// A span of time in the largest units that are exact, e.g. `1h30m`, `90d`, `-5s`.
pub(super) fn duration(ms: i64) -> String {
    let mut rest = ms.unsigned_abs();
    let mut out = if ms < 0 { String::from("-") } else { String::new() };
    for (unit, size_ms) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if rest >= size_ms {
            out.push_str(&format!("{}{unit}", rest / size_ms));
            rest %= size_ms;
        }
    }
    if ms == 0 { "0s".to_owned() } else { out }
}

/// Reads a span of time as CEL writes it, e.g. `1h30m`, `1.5h`, `-90s`, and also days (`2d`); `None` when it is not one.
pub(super) fn parse_duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    if rest.is_empty() {
        return None;
    }
    let mut total_ms = 0.0_f64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest.get(..end)?.parse().ok()?;
        rest = rest.get(end..)?;
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit_ms = match rest.get(..end)? {
            "d" => 86_400_000.0,
            "h" => 3_600_000.0,
            "m" => 60_000.0,
            "s" => 1_000.0,
            "ms" => 1.0,
            _ => return None,
        };
        total_ms += number * unit_ms;
        rest = rest.get(end..)?;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    (total_ms < 9.0e15).then(|| (sign * total_ms).round() as i64)
}
