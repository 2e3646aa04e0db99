//! Keeps out of a report what it must not hold (R 4.2): full addresses of people and machines.
//!
//! Works on finished text, so that it holds whatever a control chooses to show. Assumes nothing about the text. Ids stay,
//! because somebody has to be able to find the record.

use regex::Regex;
use serde_json::Value;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

static MAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"([\p{L}\p{N}])[\p{L}\p{N}._%+-]*@([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+)").ok());
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}").ok());

/// The text with mail addresses cut to their first letter, and public network addresses to their network.
pub(super) fn text(text: &str) -> String {
    let without_mail = match MAIL.as_ref() {
        Some(mail) => mail.replace_all(text, "$1…@$2"),
        None => Cow::Borrowed(text),
    };
    without_addresses(&without_mail)
}

/// The value with every text in it guarded.
pub(super) fn value(found: &Value) -> Value {
    match found {
        Value::String(t) => Value::String(text(t)),
        Value::Array(items) => Value::Array(items.iter().map(value).collect()),
        Value::Object(fields) => Value::Object(fields.iter().map(|(k, v)| (text(k), value(v))).collect()),
        other => other.clone(),
    }
}

fn without_addresses(text: &str) -> String {
    let Some(address) = ADDRESS.as_ref() else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for found in address.find_iter(text) {
        out.push_str(text.get(done..found.start()).unwrap_or_default());
        let rest = text.get(found.end()..).unwrap_or_default();
        // A network such as 0.0.0.0/0 in an allow list is the finding itself, and no person.
        let network = rest.starts_with('/') && rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
        match found.as_str().parse() {
            Ok(ip) if !network => out.push_str(&shortened(ip, found.as_str())),
            _ => out.push_str(found.as_str()),
        }
        done = found.end();
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

fn shortened(ip: IpAddr, as_written: &str) -> String {
    match ip {
        IpAddr::V4(v4) if is_of_no_person(v4) => as_written.to_owned(),
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.x")
        }
        IpAddr::V6(v6) if v6 == Ipv6Addr::LOCALHOST || v6 == Ipv6Addr::UNSPECIFIED => as_written.to_owned(),
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:x")
        }
    }
}

const fn is_of_no_person(ip: Ipv4Addr) -> bool {
    ip.is_loopback() || ip.is_unspecified() || ip.is_broadcast()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_cut_and_everything_else_stays() {
        for (given, expected) in [
            ("u17 signed in from 203.0.113.77.", "u17 signed in from 203.0.113.x."),
            ("from 2001:db8:1:2::9 at 10:15:00", "from 2001:db8:1:x at 10:15:00"),
            ("open to 0.0.0.0/0 and 203.0.113.0/24", "open to 0.0.0.0/0 and 203.0.113.0/24"),
            ("version 1.2.3", "version 1.2.3"),
            ("owner mei.lin@example.org, u3", "owner m…@example.org, u3"),
            ("李明@example.cn", "李…@example.cn"),
            ("127.0.0.1 and ::1", "127.0.0.1 and ::1"),
            ("actor=u17", "actor=u17"),
        ] {
            assert_eq!(text(given), expected);
        }
    }

    #[test]
    fn values_are_guarded_at_any_depth() {
        let v = serde_json::json!({"a": ["x", {"ip": "198.51.100.4"}], "n": 3});
        assert_eq!(value(&v), serde_json::json!({"a": ["x", {"ip": "198.51.100.x"}], "n": 3}));
    }
}
