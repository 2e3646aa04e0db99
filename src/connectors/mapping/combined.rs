//! The access log of Apache and nginx: common (`%h %l %u %t "%r" %>s %b`) or combined (with referer and agent).

use super::reader::Unread;
use serde_json::{Map, Value as Json};

/// Reads one line into host, user, time, method, path, query, protocol, status, bytes, referer, agent. `-` stays absent.
pub(super) fn parse(line: &str) -> Result<Map<String, Json>, Unread> {
    fields(line).ok_or(Unread::Malformed)
}

fn fields(line: &str) -> Option<Map<String, Json>> {
    let mut found = Map::new();
    let mut put = |name: &str, value: &str| {
        if !matches!(value, "-" | "") {
            found.insert(name.to_owned(), value.into());
        }
    };
    let (host, rest) = line.split_once(' ')?;
    let (ident, rest) = rest.split_once(' ')?;
    // User names may hold spaces; the time's bracket ends them.
    let (user, rest) = rest.split_once(" [")?;
    let (time, rest) = rest.split_once("] \"")?;
    put("host", host);
    put("ident", ident);
    put("user", user);
    put("time", time);
    let (request, rest) = quoted(rest)?;
    let mut parts = request.splitn(3, ' ');
    put("method", parts.next()?);
    if let Some(target) = parts.next() {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        put("path", path);
        put("query", query);
    }
    put("protocol", parts.next().unwrap_or_default());
    let mut rest = rest.strip_prefix(' ')?.splitn(3, ' ');
    let status = rest.next().filter(|s| s.len() == 3 && s.bytes().all(|b| b.is_ascii_digit()))?;
    put("status", status);
    put("bytes", rest.next().filter(|b| *b == "-" || !b.is_empty() && b.bytes().all(|b| b.is_ascii_digit()))?);
    if let Some(tail) = rest.next() {
        let (referer, tail) = quoted(tail.strip_prefix('"')?)?;
        put("referer", &referer);
        let (agent, _) = quoted(tail.strip_prefix(" \"")?)?;
        put("agent", &agent);
    }
    Some(found)
}

/// The text up to the closing quote, its escapes undone, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, text.get(at + 1..)?)),
            '\\' => match chars.next()?.1 {
                c @ ('"' | '\\') => out.push(c),
                other => out.extend(['\\', other]),
            },
            c => out.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_forms_are_read_and_dashes_are_nothing() {
        let line = r#"192.0.2.7 - uma seller [23/Nov/2026:15:55:31 +0100] "GET /contacts/7?x=1 HTTP/1.1" 200 5120 "-" "Mozilla/5.0 \"x\"""#;
        let expected = json!({"host": "192.0.2.7", "user": "uma seller", "time": "23/Nov/2026:15:55:31 +0100", "method": "GET",
            "path": "/contacts/7", "query": "x=1", "protocol": "HTTP/1.1", "status": "200", "bytes": "5120", "agent": "Mozilla/5.0 \"x\""});
        assert_eq!(Json::Object(parse(line).unwrap()), expected);
        let common = parse(r#"192.0.2.7 - - [23/Nov/2026:15:55:31 +0100] "-" 408 -"#).unwrap();
        assert_eq!(
            Json::Object(common),
            json!({"host": "192.0.2.7", "time": "23/Nov/2026:15:55:31 +0100", "status": "408"})
        );
    }

    #[test]
    fn a_cut_or_odd_line_is_malformed() {
        let whole = r#"192.0.2.7 - - [23/Nov/2026:15:55:31 +0100] "GET / HTTP/1.1" 200 12 "-" "x""#;
        // What ends with its number of bytes cannot be told from the common form.
        let common = ["1", "12"].map(|bytes| whole.find(" 200 ").unwrap() + " 200 ".len() + bytes.len());
        for cut in 0..whole.len() {
            assert_eq!(parse(&whole[..cut]).is_ok(), common.contains(&cut), "{}", &whole[..cut]);
        }
        assert!(parse(r#"192.0.2.7 - - [x] "GET /" ok 12"#).is_err());
    }
}
