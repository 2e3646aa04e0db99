//! A JSON scalar as it stands in a line, not yet decoded.
//!
//! Assumes that whoever builds one has checked that the bytes are a well-formed JSON scalar and UTF-8.

use crate::events::hash::Gist;
use std::borrow::Cow;

/// A scalar, or the news that there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Raw<'a> {
    /// The field is not in the event.
    Absent,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Number(&'a [u8]),
    /// The text between the quotes; `escaped` when it holds at least one backslash.
    Text {
        /// The bytes between the quotes.
        inner: &'a [u8],
        /// Whether a backslash occurs in it.
        escaped: bool,
    },
    /// An object or an empty array: there, but without a value of its own.
    Hollow,
}

impl<'a> Raw<'a> {
    /// The raw form of JSON text that stands alone, e.g. `"a"`, `12`, `null`; hollow for arrays and objects.
    pub fn of_json(json: &'a str) -> Self {
        match json.as_bytes().first() {
            Some(b'"') => {
                let inner = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
                Self::Text { inner: inner.as_bytes(), escaped: inner.contains('\\') }
            }
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') => Self::Null,
            Some(b'-' | b'0'..=b'9') => Self::Number(json.as_bytes()),
            None => Self::Absent,
            Some(_) => Self::Hollow,
        }
    }

    /// The kinds of values in brief that have bytes: texts without escapes, texts with escapes, numbers.
    pub const PLAIN_TEXT: u8 = 0;
    /// See there.
    pub const ESCAPED_TEXT: u8 = 1;
    /// See there.
    pub const NUMBER: u8 = 2;
    /// The first of the kinds that have none: absent, null, false, true, hollow.
    pub const BARE: u8 = 3;

    /// The value's kind by number, and the bytes of a text or number as they stand.
    #[inline]
    pub const fn brief(self) -> (u8, &'a [u8]) {
        match self {
            Self::Text { inner, escaped: false } => (Self::PLAIN_TEXT, inner),
            Self::Text { inner, escaped: true } => (Self::ESCAPED_TEXT, inner),
            Self::Number(n) => (Self::NUMBER, n),
            Self::Absent => (Self::BARE, &[]),
            Self::Null => (Self::BARE + 1, &[]),
            Self::Bool(false) => (Self::BARE + 2, &[]),
            Self::Bool(true) => (Self::BARE + 3, &[]),
            Self::Hollow => (Self::BARE + 4, &[]),
        }
    }

    /// The decoded text of a scalar: strings without their escapes, numbers and booleans as written; `None` for the rest.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text { inner, escaped: false } => Some(String::from_utf8_lossy(inner)),
            Self::Text { inner, escaped: true } => Some(Cow::Owned(unescape(&String::from_utf8_lossy(inner)))),
            Self::Number(n) => Some(String::from_utf8_lossy(n)),
            Self::Bool(true) => Some(Cow::Borrowed("true")),
            Self::Bool(false) => Some(Cow::Borrowed("false")),
            Self::Absent | Self::Null | Self::Hollow => None,
        }
    }

    /// The number a numeric scalar or a numeric text stands for.
    pub fn number(self) -> Option<Number> {
        match self {
            Self::Number(n) => Number::few_digits(n).or_else(|| Number::parse(std::str::from_utf8(n).ok()?)),
            Self::Text { .. } => Number::parse(self.text()?.trim()),
            _ => None,
        }
    }

    /// Appends the scalar as JSON in one canonical spelling, so that equal values have equal bytes.
    pub fn write_canonical(self, out: &mut Vec<u8>) {
        match self {
            Self::Text { inner, escaped: false } => {
                out.reserve(inner.len() + 2);
                out.push(b'"');
                out.extend_from_slice(inner);
                out.push(b'"');
            }
            Self::Text { inner, escaped: true } => {
                let text = serde_json::Value::String(unescape(&String::from_utf8_lossy(inner))).to_string();
                out.extend_from_slice(text.as_bytes());
            }
            Self::Number(n) if n.iter().all(|b| b.is_ascii_digit() || *b == b'-') => out.extend_from_slice(n),
            Self::Number(n) => match self.number() {
                Some(Number::Whole(w)) => out.extend_from_slice(w.to_string().as_bytes()),
                Some(Number::Real(r)) => out.extend_from_slice(r.to_string().as_bytes()),
                None => out.extend_from_slice(n),
            },
            Self::Bool(b) => out.extend_from_slice(if b { b"true" } else { b"false" }),
            Self::Absent | Self::Null | Self::Hollow => out.extend_from_slice(b"null"),
        }
    }
}

/// A number of the log or of a rule: whole when it has a whole value that fits 64 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Real(f64),
}

crate::events::keep::keep!(Number [0: Whole(n), 1: Real(n)]);

impl Number {
    /// Reads JSON's notation of numbers; `1.0` and `1e0` are whole. `None` for anything else, also for `inf` and `nan`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(whole) = text.parse::<i64>() {
            return Some(Self::Whole(whole));
        }
        let real = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
        text.parse::<f64>().ok().filter(|v| real && v.is_finite()).map(Self::of)
    }

    /// The number that up to eight digits and nothing else make.
    #[inline]
    pub fn few_digits(text: &[u8]) -> Option<Self> {
        const ZEROS: u64 = 0x3030_3030_3030_3030;
        if text.is_empty() || text.len() > 8 {
            return None;
        }
        // Zeros before the digits change nothing.
        let gist = Gist::of(text);
        let padding = 64 - 8 * text.len() as u32;
        let word = gist.last ^ (ZEROS >> padding << padding);
        if (((word & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676) | word) & 0x8080_8080_8080_8080 != 0 {
            return None;
        }
        // Pairs, then fours, then all eight are put together.
        let pairs = word.wrapping_mul(10).wrapping_add(word >> 8) & 0x00ff_00ff_00ff_00ff;
        let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
        let all = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
        Some(Self::Whole(all.cast_signed()))
    }

    /// The number `value`, whole if it is.
    pub fn of(value: f64) -> Self {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        #[expect(clippy::cast_possible_truncation, reason = "below 2^53 every whole f64 is an i64")]
        if value.fract() == 0.0 && value.abs() < EXACT { Self::Whole(value as i64) } else { Self::Real(value) }
    }

    /// The nearest 64-bit float.
    #[expect(clippy::cast_precision_loss, reason = "only compared with other floats")]
    pub fn real(self) -> f64 {
        match self {
            Self::Whole(w) => w as f64,
            Self::Real(r) => r,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => Some(a.cmp(b)),
            (a, b) => a.real().partial_cmp(&b.real()),
        }
    }
}

/// Decodes JSON string escapes; a lone surrogate becomes U+FFFD.
pub fn unescape(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = tail.chars();
        chars.next();
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                rest = push_unicode(chars.as_str(), &mut out);
                continue;
            }
            Some(other) => out.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// Decodes what follows `\u`, the second half of a surrogate pair included; gives what is left.
fn push_unicode<'a>(after: &'a str, out: &mut String) -> &'a str {
    let unit = |t: &str| t.get(..4).and_then(|h| u32::from_str_radix(h, 16).ok());
    let Some(first) = unit(after) else {
        out.push('\u{FFFD}');
        return after;
    };
    let rest = after.get(4..).unwrap_or_default();
    if (0xD800..0xDC00).contains(&first)
        && let Some(second) = rest.strip_prefix("\\u").and_then(unit)
        && (0xDC00..0xE000).contains(&second)
    {
        let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        out.push(char::from_u32(code).unwrap_or('\u{FFFD}'));
        return rest.get(6..).unwrap_or_default();
    }
    out.push(char::from_u32(first).unwrap_or('\u{FFFD}'));
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(unescape(r#"a\"b\\c\/d\n\u00e9\ud83d\ude00\ud800x"#), "a\"b\\c/d\né😀\u{FFFD}x");
    }

    #[test]
    fn equal_values_have_one_spelling() {
        let spelled = |json: &str| {
            let mut out = Vec::new();
            Raw::of_json(json).write_canonical(&mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(spelled(r#""\u0061b""#), spelled(r#""ab""#));
        assert_eq!(spelled("1.0"), "1");
        assert_eq!(spelled("1e2"), "100");
        assert_ne!(spelled("1"), spelled("\"1\""));
    }

    #[test]
    fn numbers_compare_exactly_where_floats_would_not() {
        assert!(Number::parse("9007199254740993") > Number::parse("9007199254740992"));
        assert_eq!(Number::parse("nan"), None);
        assert_eq!(Number::parse("infinity"), None);
    }
}
