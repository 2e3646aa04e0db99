//! Syslog lines: RFC 5424 with its structured data, and RFC 3164 (or what collectors write to files) as far as it goes.

use super::reader::Unread;
use serde_json::{Map, Value as Json};

/// Reads one line into priority, facility, severity, time, host, app, procid, msgid, sd, msg. Nil values stay absent.
pub(super) fn parse(line: &str) -> Result<Map<String, Json>, Unread> {
    let mut found = Map::new();
    let rest = match line.strip_prefix('<') {
        Some(rest) => priority(rest, &mut found).ok_or(Unread::Malformed)?,
        None => line,
    };
    let read = match rest.strip_prefix("1 ") {
        Some(rest) if found.contains_key("priority") => rfc5424(rest, &mut found),
        _ => rfc3164(rest, &mut found),
    };
    read.map(|()| found).ok_or(Unread::Malformed)
}

/// RFC 5424 section 6.2.1: facility times eight plus severity, at most 191.
fn priority<'a>(text: &'a str, found: &mut Map<String, Json>) -> Option<&'a str> {
    let (number, rest) = text.split_once('>')?;
    let priority: u8 = Some(number).filter(|n| n.len() <= 3)?.parse().ok().filter(|p| *p <= 191)?;
    found.insert("priority".to_owned(), priority.into());
    found.insert("facility".to_owned(), (priority / 8).into());
    found.insert("severity".to_owned(), (priority % 8).into());
    Some(rest)
}

fn put(found: &mut Map<String, Json>, name: &str, value: &str) {
    if !matches!(value, "-" | "") {
        found.insert(name.to_owned(), value.into());
    }
}

fn rfc5424(text: &str, found: &mut Map<String, Json>) -> Option<()> {
    let mut rest = text;
    for name in ["time", "host", "app", "procid", "msgid"] {
        let (value, tail) = rest.split_once(' ')?;
        if value.is_empty() {
            return None;
        }
        put(found, name, value);
        rest = tail;
    }
    let (elements, rest) = structured(rest)?;
    if !elements.is_empty() {
        found.insert("sd".to_owned(), Json::Object(elements));
    }
    let message = if rest.is_empty() { "" } else { rest.strip_prefix(' ')? };
    put(found, "msg", message.strip_prefix('\u{feff}').unwrap_or(message));
    Some(())
}

/// RFC 5424 section 6.3: `-`, or elements in brackets with quoted parameters.
fn structured(text: &str) -> Option<(Map<String, Json>, &str)> {
    let mut elements = Map::new();
    if let Some(rest) = text.strip_prefix('-') {
        return Some((elements, rest));
    }
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix('[') {
        let end = inner.find([' ', ']'])?;
        let (id, mut tail) = (inner.get(..end).filter(|i| !i.is_empty())?, inner.get(end..)?);
        let mut params = Map::new();
        while let Some(param) = tail.strip_prefix(' ') {
            let (name, value) = param.split_once("=\"")?;
            let (value, after) = quoted(value)?;
            // A name may come again (section 6.3.3); the first is kept.
            params.entry(name.to_owned()).or_insert_with(|| value.into());
            tail = after;
        }
        elements.insert(id.to_owned(), Json::Object(params));
        rest = tail.strip_prefix(']')?;
    }
    (!elements.is_empty()).then_some((elements, rest))
}

/// A parameter's value up to its closing quote; `\"`, `\\` and `\]` stand for themselves.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (c, chars.peek()) {
            ('"', _) => return Some((out, text.get(at + 1..)?)),
            ('\\', Some(&(_, next @ ('"' | '\\' | ']')))) => {
                out.push(next);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    None
}

/// `Nov 23 15:55:31 host app[17]: text`, also with an ISO time as collectors write it.
fn rfc3164(text: &str, found: &mut Map<String, Json>) -> Option<()> {
    let is_iso = text.starts_with(|c: char| c.is_ascii_digit());
    let (time, rest) = if is_iso {
        text.split_once(' ')?
    } else {
        // Section 4.1.2: `Mmm dd hh:mm:ss`, 15 characters.
        (text.get(..15)?, text.get(15..)?.strip_prefix(' ')?)
    };
    if !is_iso && !time.ends_with(|c: char| c.is_ascii_digit()) || !time.contains(':') {
        return None;
    }
    put(found, "time", time);
    let (host, rest) = rest.split_once(' ')?;
    put(found, "host", host);
    let Some((tag, message)) = rest.split_once(": ").filter(|(tag, _)| !tag.contains(' ')) else {
        put(found, "msg", rest);
        return Some(());
    };
    match tag.strip_suffix(']').and_then(|t| t.split_once('[')) {
        Some((app, procid)) => {
            put(found, "app", app);
            put(found, "procid", procid);
        }
        None => put(found, "app", tag),
    }
    put(found, "msg", message);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(line: &str) -> Option<Json> {
        parse(line).ok().map(Json::Object)
    }

    #[test]
    fn rfc_5424_with_structured_data() {
        let line = r#"<165>1 2026-11-20T08:01:02.003Z crm.example crm - ID47 [exampleSDID@32473 iut="3" text="a \"b\" \] \\ \n"][x@1] BOM text"#;
        let expected = json!({"priority": 165, "facility": 20, "severity": 5, "time": "2026-11-20T08:01:02.003Z", "host": "crm.example",
            "app": "crm", "msgid": "ID47", "sd": {"exampleSDID@32473": {"iut": "3", "text": "a \"b\" ] \\ \\n"}, "x@1": {}}, "msg": "BOM text"});
        assert_eq!(read(line), Some(expected));
        assert_eq!(read("<0>1 - - - - - -"), Some(json!({"priority": 0, "facility": 0, "severity": 0})));
    }

    #[test]
    fn rfc_3164_as_far_as_it_goes() {
        let expected = json!({"priority": 34, "facility": 4, "severity": 2, "time": "Oct 11 22:14:15", "host": "mymachine", "app": "su",
            "procid": "230", "msg": "'su root' failed: no"});
        assert_eq!(read("<34>Oct 11 22:14:15 mymachine su[230]: 'su root' failed: no"), Some(expected));
        let iso = read("2026-11-23T15:55:31+00:00 host app: m").unwrap();
        assert_eq!(
            (&iso["time"], &iso["app"], &iso["msg"]),
            (&json!("2026-11-23T15:55:31+00:00"), &json!("app"), &json!("m"))
        );
    }

    #[test]
    fn damage_is_malformed() {
        let wrong = [
            "",
            "<",
            "<999>1 - - - - - -",
            "<1>1 - - - -",
            "<1>1 - - - - - [x a=\"1]",
            "<1>1 - - - - - [x a=1] m",
            "<1>1 - - - - - x",
            "hello world",
            "<13>Oct 11 22:14:15",
            "<13>Octöber 11 22:14:15 h a: b",
            "<1>1 - - - - - []",
        ];
        for line in wrong {
            assert_eq!(read(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in "[a-z\"\\]\\\\ =é]{0,12}", id in "[a-z]{1,8}@[0-9]{1,4}", message in "[a-z \\]\"]{1,12}") {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]");
            let line = format!("<14>1 2026-11-20T08:01:02Z h a 1 m [{id} k=\"{escaped}\"] {message}");
            let found = read(&line).unwrap();
            prop_assert_eq!(&found["sd"][&id]["k"], &json!(value));
            prop_assert_eq!(&found["msg"], &json!(message));
        }

        #[test]
        fn any_text_ends(line in ".{0,60}", tail in "[<>\\[\\]\"= 1-]{0,40}") {
            let _ = parse(&line);
            let _ = parse(&format!("<1>1 - - - - - {tail}"));
            let _ = parse(&tail);
        }
    }
}
