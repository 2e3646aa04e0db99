//! A firing as a line of JSON.

use super::batch::Firing;
use super::place::Place;
use super::plan::Plan;
use super::value::time::write_rfc3339;
use std::fmt::Write;

/// Writes firings; holds what every line of a rule has in common.
#[derive(Debug)]
pub struct Lines {
    /// What the lines of a rule have in common, by its number.
    rules: Vec<Common>,
    /// Names of the sources as JSON.
    sources: Vec<String>,
}

/// What the lines of a rule have in common.
#[derive(Debug, Default)]
struct Common {
    /// Title and id, up to the key.
    head: String,
    /// Names of the group fields, and the same as JSON.
    group_by: Vec<String>,
    names: Vec<String>,
    /// The level, from the end of the instant up to the count.
    level: String,
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Lines {
    /// Prepares output for the rules of `plan` over logs called `sources`.
    pub fn new(plan: &Plan, sources: &[String]) -> Self {
        let one = |(n, r): (usize, &super::rule::Rule)| {
            let correlation = plan.correlations.iter().find(|c| c.rule == n);
            let group_by = correlation.map_or_else(Vec::new, |c| c.group_by.clone());
            Common {
                head: format!("{{\"rule\":{},\"id\":{},\"key\":", json(&r.title), json(&r.id)),
                names: group_by.iter().map(|name| json(name)).collect(),
                group_by,
                level: format!("\",\"level\":{},\"count\":", json(&r.level)),
            }
        };
        let rules = plan.set.rules.iter().enumerate().map(one).collect();
        Self { rules, sources: sources.iter().map(|s| json(s)).collect() }
    }

    /// Appends the firing as one line: `rule`, `id`, `key`, `at`, `level`, `count`, `first`, `last`, and `value` where the
    /// rule computes one.
    pub fn write(&self, firing: &Firing, out: &mut String) {
        let nothing = Common::default();
        let common = self.rules.get(firing.rule).unwrap_or(&nothing);
        out.push_str(&common.head);
        if write_plain_key(&common.names, &firing.key, out).is_none() {
            out.push_str(&key_object(&common.group_by, &firing.key));
        }
        out.push_str(",\"at\":\"");
        write_rfc3339(firing.at_ms, out);
        out.push_str(&common.level);
        write_whole(firing.count, out);
        if let Some(value) = firing.value.filter(|v| v.is_finite()) {
            // Writing to a string cannot fail.
            let _ = write!(out, ",\"value\":{value}");
        }
        out.push_str(",\"first\":");
        self.place(firing.first, out);
        out.push_str(",\"last\":");
        self.place(firing.last, out);
        out.push_str("}\n");
    }

    /// Appends the firing as a line for people.
    pub fn write_plain(&self, firing: &Firing, title: &str, out: &mut String) {
        write_rfc3339(firing.at_ms, out);
        let group_by = self.rules.get(firing.rule).map_or(&[][..], |r| &r.group_by);
        let _ =
            write!(out, "  {title}  {}  {} event(s), last at byte ", key_object(group_by, &firing.key), firing.count);
        let file = self.sources.get(usize::from(firing.last.source())).map_or("", String::as_str);
        let _ = writeln!(out, "{} of {file}", firing.last.offset());
    }

    fn place(&self, place: Place, out: &mut String) {
        let file = self.sources.get(usize::from(place.source())).map_or("\"\"", String::as_str);
        out.push_str("{\"file\":");
        out.push_str(file);
        out.push_str(",\"offset\":");
        write_whole(place.offset(), out);
        out.push('}');
    }
}

/// The group's values by the names of its fields. The key is their JSON, joined by commas, so that with brackets around it
/// is a list.
pub fn key_object(group_by: &[String], key: &[u8]) -> String {
    let list = format!("[{}]", String::from_utf8_lossy(key));
    let values: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap_or_default();
    let pairs: Vec<String> =
        group_by.iter().zip(values).map(|(name, value)| format!("{}:{value}", json(name))).collect();
    format!("{{{}}}", pairs.join(","))
}

/// Appends a number.
fn write_whole(number: u64, out: &mut String) {
    let mut digits = [b'0'; 20];
    let (mut rest, mut length) = (number, 0);
    for digit in digits.iter_mut().rev() {
        *digit += (rest % 10) as u8;
        (rest, length) = (rest / 10, length + 1);
        if rest == 0 {
            break;
        }
    }
    let written = digits.get(digits.len() - length..).unwrap_or_default();
    out.push_str(std::str::from_utf8(written).unwrap_or_default());
}

/// Appends what `key_object` gives where that needs no reading of JSON: texts without escapes and short whole numbers, as most
/// keys are. Appends nothing when there is anything else.
fn write_plain_key(names: &[String], key: &[u8], out: &mut String) -> Option<()> {
    let start = out.len();
    let mut rest = std::str::from_utf8(key).ok()?;
    let mut before = '{';
    for name in names {
        let value = if before == '{' { Some(rest) } else { rest.strip_prefix(',') }.and_then(plain_value);
        let Some((value, after)) = value else {
            out.truncate(start);
            return None;
        };
        out.push(before);
        out.push_str(name);
        out.push(':');
        out.push_str(value);
        (rest, before) = (after, ',');
    }
    if !rest.is_empty() {
        out.truncate(start);
        return None;
    }
    out.push_str(if names.is_empty() { "{}" } else { "}" });
    Some(())
}

/// The text or number at the beginning, and what follows it.
fn plain_value(text: &str) -> Option<(&str, &str)> {
    let length = match text.strip_prefix('"') {
        Some(inner) => {
            let end = memchr::memchr2(b'"', b'\\', inner.as_bytes())?;
            (inner.as_bytes().get(end) == Some(&b'"')).then_some(end + 2)?
        }
        None => {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let is_plain = digits == 1 || (2..=15).contains(&digits) && !text.starts_with('0');
            is_plain.then_some(digits)?
        }
    };
    text.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("field {n}")).collect()
    }

    fn plain(count: usize, key: &str) -> Option<String> {
        let mut out = String::from("before");
        let names: Vec<String> = names(count).iter().map(|name| json(name)).collect();
        let written = write_plain_key(&names, key.as_bytes(), &mut out);
        assert!(written.is_some() || out == "before", "nothing is left of a key that is not plain");
        written.map(|()| out.split_off("before".len()))
    }

    #[test]
    fn plain_keys_need_no_reading_and_others_do() {
        for key in ["", r#""""#, r#""a""#, r#""a,b",17"#, r#"0,"Zürich","客户""#] {
            let count = if key.is_empty() { 0 } else { key.matches([',']).count() + 1 - key.matches("a,b").count() };
            assert_eq!(plain(count, key), Some(key_object(&names(count), key.as_bytes())), "{key}");
        }
        for key in [r#""a\\b""#, "-0", "1.5", "null", "true", "[1,2]", "1e3", "1234567890123456", r#""a" "#] {
            assert_eq!(plain(1, key), None, "{key}");
        }
        assert_eq!(plain(2, r#""a""#), None, "a value too few");
        assert_eq!(plain(1, r#""a","b""#), None, "a value too many");
    }

    #[test]
    fn numbers_are_written_as_they_always_are() {
        for n in [0, 1, 9, 10, 101, 12_345_678_901, u64::MAX] {
            let mut out = String::new();
            write_whole(n, &mut out);
            assert_eq!(out, n.to_string());
        }
    }

    proptest! {
        #[test]
        fn what_is_written_without_reading_is_what_reading_gives(
            values in proptest::collection::vec(prop_oneof![
                "[a-z,\"\\\\ü]{0,6}".prop_map(|t| json(&t)),
                any::<i64>().prop_map(|n| n.to_string()),
                (0u64..100).prop_map(|n| n.to_string()),
                Just("null".to_owned()),
                any::<f64>().prop_filter("JSON", |n| n.is_finite()).prop_map(|n| n.to_string()),
            ], 0..4),
        ) {
            let key = values.join(",");
            if let Some(written) = plain(values.len(), &key) {
                prop_assert_eq!(written, key_object(&names(values.len()), key.as_bytes()));
            }
        }
    }
}
