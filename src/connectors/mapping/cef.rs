//! Common Event Format (version 0 and 1): seven header fields parted by bars, then `key=value` pairs.

use super::reader::Unread;
use super::syslog;
use serde_json::{Map, Value as Json};

const HEADER: [&str; 7] =
    ["version", "deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId", "name", "severity"];

/// Reads one line, bare or behind a syslog header (whose `time` and `host` are kept), into its header fields and extensions.
/// A custom field with a label, `cs1=x cs1Label=Role`, is also found under `labels.Role`.
pub(super) fn parse(line: &str) -> Result<Map<String, Json>, Unread> {
    let start = line.find("CEF:").ok_or(Unread::Malformed)?;
    let (before, cef) = line.split_at(start);
    let mut found = Map::new();
    // With a message behind it, the header is a syslog line of its own.
    if !before.trim().is_empty()
        && let Ok(mut header) = syslog::parse(&format!("{} cef: -", before.trim_end()))
    {
        for name in ["time", "host"] {
            header.remove(name).into_iter().for_each(|v| drop(found.insert(name.to_owned(), v)));
        }
    }
    let mut rest = cef.get(4..).unwrap_or_default();
    for name in HEADER {
        let (value, tail) = header_field(rest).ok_or(Unread::Malformed)?;
        found.insert(name.to_owned(), value.into());
        rest = tail;
    }
    extension(rest, &mut found);
    labels(&mut found);
    Ok(found)
}

/// A header field up to its bar; `\|` and `\\` stand for themselves.
fn header_field(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (c, chars.peek()) {
            ('|', _) => return Some((out, text.get(at + 1..)?)),
            ('\\', Some(&(_, next @ ('|' | '\\')))) => {
                out.push(next);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    None
}

/// Pairs parted by spaces; a value goes on until the next ` key=`, so it may hold spaces itself.
fn extension(text: &str, found: &mut Map<String, Json>) {
    let mut open: Option<(&str, usize)> = None;
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if c == '=' && !is_escaped {
            let before = text.get(..at).unwrap_or_default();
            let key_at = before.rfind(' ').map_or(0, |s| s + 1);
            let key = before.get(key_at..).unwrap_or_default();
            let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_.-[]".contains(c));
            if is_key && open.is_none_or(|(_, from)| key_at > from) {
                close(open, text, key_at.saturating_sub(1), found);
                open = Some((key, at + 1));
            }
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    close(open, text, text.len(), found);
}

fn close(open: Option<(&str, usize)>, text: &str, to: usize, found: &mut Map<String, Json>) {
    let Some((key, from)) = open else { return };
    let mut out = String::new();
    let mut chars = text.get(from..to).unwrap_or_default().chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some(c @ ('=' | '\\' | '|')) => out.push(c),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    // The header's own fields cannot be written over by a pair of the same name.
    found.entry(key.to_owned()).or_insert_with(|| out.into());
}

fn labels(found: &mut Map<String, Json>) {
    let labelled = found.iter().filter_map(|(key, label)| {
        let value = found.get(key.strip_suffix("Label")?)?;
        Some((label.as_str()?.to_owned(), value.clone()))
    });
    let labelled: Map<String, Json> = labelled.collect();
    if !labelled.is_empty() {
        found.insert("labels".to_owned(), Json::Object(labelled));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn header_and_pairs_with_spaces_escapes_and_labels() {
        let line = r"Nov 23 15:55:31 gate CEF:0|Vend\|or|Product|1.0|100|Login failed|5|src=192.0.2.7 suser=uma msg=wrong password \= 3 times\nagain cs1=Sales team cs1Label=Role";
        let found = Json::Object(parse(line).unwrap());
        let expected = json!({"time": "Nov 23 15:55:31", "host": "gate", "version": "0", "deviceVendor": "Vend|or", "deviceProduct": "Product",
            "deviceVersion": "1.0", "deviceEventClassId": "100", "name": "Login failed", "severity": "5", "src": "192.0.2.7", "suser": "uma",
            "msg": "wrong password = 3 times\nagain", "cs1": "Sales team", "cs1Label": "Role", "labels": {"Role": "Sales team"}});
        assert_eq!(found, expected);
        let behind = parse("<14>1 2026-11-20T08:01:02Z gate app - - - CEF:0|a|b|c|d|e|f|").unwrap();
        assert_eq!((&behind["time"], &behind["host"]), (&json!("2026-11-20T08:01:02Z"), &json!("gate")));
    }

    #[test]
    fn too_few_header_fields_are_malformed() {
        for line in ["", "CEF:0|a|b", "CEF:0|a|b|c|d|e|5", "hello", r"CEF:0|a|b|c|d|e|5\|"] {
            assert_eq!(parse(line).map(|_| ()), Err(Unread::Malformed), "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(vendor in "[a-z|\\\\]{0,8}", values in prop::collection::btree_map("k[a-z]{1,5}", "[a-z=\\\\\n]{0,4}( [a-z=]{1,4})?", 0..4)) {
            let head = vendor.replace('\\', "\\\\").replace('|', "\\|");
            let escape = |v: &str| v.replace('\\', "\\\\").replace('=', "\\=").replace('\n', "\\n");
            let pairs: Vec<String> = values.iter().map(|(k, v)| format!("{k}={}", escape(v))).collect();
            let found = parse(&format!("CEF:0|{head}|p|1|c|n|5|{}", pairs.join(" "))).unwrap();
            prop_assert_eq!(&found["deviceVendor"], &json!(vendor));
            for (key, value) in &values {
                prop_assert_eq!(&found[key], &json!(value));
            }
        }

        #[test]
        fn any_text_ends(line in "(CEF:0)?[|=\\\\ a-cé]{0,60}") {
            let _ = parse(&line);
        }
    }
}
