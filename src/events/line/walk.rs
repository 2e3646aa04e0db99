//! The general parser: walks a whole line once, checks that it is JSON, and keeps the wanted values.
//!
//! It never builds a tree and never copies; nesting is bounded, so a hostile line costs its own length and no stack.

use super::index::Line;
use super::paths::{Node, Paths};
use super::scalar::{has_control_characters, number_end, text_end};
use super::{Bad, Slots};
use crate::events::value::Raw;
use crate::events::value::raw::unescape;

/// Levels of nesting beyond which a line is refused (threats.md Numbers).
pub(super) const DEEPEST: usize = 128;

/// Reads one line.
pub struct Walker<'a, 'p> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    arrays: usize,
    paths: &'p Paths,
    texts: Texts<'p>,
    /// Where scalars were found, when a shape is to be learned.
    trace: Option<&'p mut Vec<Seen>>,
}

/// What is known of a line's texts before it is read.
#[derive(Clone, Copy)]
pub(super) enum Texts<'p> {
    /// Nothing.
    Unknown,
    /// That no control character is in them.
    Plain,
    /// Where they end, and whether there may be escapes in them; those and all characters are in order.
    Indexed {
        /// A bit for each byte of the window that is a quote which no backslash escapes.
        quotes: &'p [u64],
        /// Where the line begins in the window.
        start: usize,
        /// Whether there may be escapes.
        escapes: bool,
    },
}

impl<'p> Texts<'p> {
    /// What the index of its window says of a line that is not odd and of which `start` is the first byte looked at.
    pub(super) const fn of(quotes: &'p [u64], line: &Line, start: usize) -> Self {
        Self::Indexed { quotes, start, escapes: line.escapes }
    }
}

/// The first bit set from `at` on.
#[inline]
fn next_bit(words: &[u64], at: usize) -> Option<usize> {
    let mut number = at / 64;
    let here = *words.get(number)? >> (at % 64);
    if here != 0 {
        return Some(at + here.trailing_zeros() as usize);
    }
    loop {
        number += 1;
        let word = *words.get(number)?;
        if word != 0 {
            return Some(number * 64 + word.trailing_zeros() as usize);
        }
    }
}

/// A value as it was met, in the order of the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// Where it begins and ends; texts without their quotes.
    pub span: (usize, usize),
    pub kind: Scalar,
    pub node: Option<Node>,
}

/// What kind of value stands somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Text,
    Number,
    Bool,
    Null,
    /// An object, or an empty array: no value of its own.
    Hollow,
}

impl<'a, 'p> Walker<'a, 'p> {
    /// Fills `slots` from `line`; on an error they hold nothing to be used.
    pub fn read(line: &'a str, paths: &'p Paths, slots: &mut Slots<'a>) -> Result<(), Bad> {
        let texts = if has_control_characters(line.as_bytes()) { Texts::Unknown } else { Texts::Plain };
        Self::walk(line.as_bytes(), paths, texts, None, slots)
    }

    /// The same for a line known to be UTF-8, of whose texts something is known; `trace` gets what was met.
    #[inline(never)]
    pub(super) fn walk(
        bytes: &'a [u8],
        paths: &'p Paths,
        texts: Texts<'p>,
        trace: Option<&'p mut Vec<Seen>>,
        slots: &mut Slots<'a>,
    ) -> Result<(), Bad> {
        let mut walker = Walker { bytes, at: 0, depth: 0, arrays: 0, paths, texts, trace };
        walker.blanks();
        if walker.peek() != Some(b'{') {
            return Err(Bad::Malformed);
        }
        walker.value(Some(Paths::ROOT), slots)?;
        walker.blanks();
        if walker.at == walker.bytes.len() { Ok(()) } else { Err(Bad::Malformed) }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Bad> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(Bad::Malformed)
        }
    }

    fn value(&mut self, node: Option<Node>, slots: &mut Slots<'a>) -> Result<(), Bad> {
        let start = self.at;
        let (kind, scalar) = match self.peek() {
            Some(b'{') => return self.nested(node, slots, Self::object),
            Some(b'[') => return self.nested(node, slots, Self::array),
            Some(b'"') => {
                let (inner, escaped) = self.string()?;
                self.seen((start + 1, self.at - 1), Scalar::Text, node);
                return self.found(node, Raw::Text { inner, escaped }, slots);
            }
            Some(b't') => (Scalar::Bool, self.word("true", Raw::Bool(true))?),
            Some(b'f') => (Scalar::Bool, self.word("false", Raw::Bool(false))?),
            Some(b'n') => (Scalar::Null, self.word("null", Raw::Null)?),
            _ => {
                self.at = number_end(self.bytes, start).ok_or(Bad::Malformed)?;
                (Scalar::Number, Raw::Number(self.bytes.get(start..self.at).ok_or(Bad::Malformed)?))
            }
        };
        self.seen((start, self.at), kind, node);
        self.found(node, scalar, slots)
    }

    fn seen(&mut self, span: (usize, usize), kind: Scalar, node: Option<Node>) {
        if let Some(trace) = &mut self.trace {
            trace.push(Seen { span, kind, node });
        }
    }

    fn found(&self, node: Option<Node>, scalar: Raw<'a>, slots: &mut Slots<'a>) -> Result<(), Bad> {
        if self.paths.keywords && !matches!(scalar, Raw::Hollow | Raw::Null) {
            slots.add_scalar(scalar);
        }
        for field in node.map_or(&[][..], |n| self.paths.fields_at(n)) {
            if self.arrays == 0 && slots.get(*field) != Raw::Absent {
                return Err(Bad::DuplicateField);
            }
            slots.put(*field, scalar);
        }
        Ok(())
    }

    fn nested(
        &mut self,
        node: Option<Node>,
        slots: &mut Slots<'a>,
        inside: fn(&mut Self, Option<Node>, &mut Slots<'a>) -> Result<(), Bad>,
    ) -> Result<(), Bad> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Bad::TooDeep);
        }
        self.at += 1;
        self.blanks();
        inside(self, node, slots)?;
        self.depth -= 1;
        Ok(())
    }

    fn hollow(&mut self, node: Option<Node>, slots: &mut Slots<'a>) -> Result<(), Bad> {
        self.seen((self.at, self.at), Scalar::Hollow, node);
        self.found(node, Raw::Hollow, slots)
    }

    fn object(&mut self, node: Option<Node>, slots: &mut Slots<'a>) -> Result<(), Bad> {
        self.hollow(node, slots)?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let wanted = node.filter(|n| self.paths.has_children(*n));
        loop {
            self.blanks();
            let (key, escaped) = self.string()?;
            let child =
                wanted.and_then(|n| if escaped { self.escaped_child(n, key) } else { self.paths.child(n, key) });
            self.blanks();
            self.expect(b':')?;
            self.blanks();
            self.value(child, slots)?;
            if self.closes(b'}')? {
                return Ok(());
            }
        }
    }

    fn array(&mut self, node: Option<Node>, slots: &mut Slots<'a>) -> Result<(), Bad> {
        if self.peek() == Some(b']') {
            self.at += 1;
            return self.hollow(node, slots);
        }
        // The first element must not pass for a second spelling of the field itself.
        for field in node.map_or(&[][..], |n| self.paths.fields_at(n)) {
            if self.arrays == 0 && slots.get(*field) != Raw::Absent {
                return Err(Bad::DuplicateField);
            }
        }
        self.arrays += 1;
        loop {
            self.blanks();
            self.value(node, slots)?;
            if self.closes(b']')? {
                self.arrays -= 1;
                return Ok(());
            }
        }
    }

    /// After an element: a comma (false) or the closing bracket (true).
    fn closes(&mut self, close: u8) -> Result<bool, Bad> {
        self.blanks();
        let next = self.peek();
        self.at += 1;
        match next {
            Some(b',') => Ok(false),
            Some(b) if b == close => Ok(true),
            _ => Err(Bad::Malformed),
        }
    }

    fn word(&mut self, word: &str, value: Raw<'a>) -> Result<Raw<'a>, Bad> {
        let end = self.at + word.len();
        if self.bytes.get(self.at..end) != Some(word.as_bytes()) {
            return Err(Bad::Malformed);
        }
        self.at = end;
        Ok(value)
    }

    #[cold]
    fn escaped_child(&self, node: Node, key: &[u8]) -> Option<Node> {
        self.paths.child(node, unescape(&String::from_utf8_lossy(key)).as_bytes())
    }

    fn string(&mut self) -> Result<(&'a [u8], bool), Bad> {
        self.expect(b'"')?;
        let start = self.at;
        if let Texts::Indexed { quotes, start: line, escapes } = self.texts {
            let end = next_bit(quotes, line + start).ok_or(Bad::Malformed)? - line;
            let inner = self.bytes.get(start..end).ok_or(Bad::Malformed)?;
            self.at = end + 1;
            return Ok((inner, escapes && memchr::memchr(b'\\', inner).is_some()));
        }
        let (end, escaped) = text_end(self.bytes, start).ok_or(Bad::Malformed)?;
        let inner = self.bytes.get(start..end).ok_or(Bad::Malformed)?;
        self.at = end + 1;
        // A raw control character inside a text is not JSON.
        let plain = matches!(self.texts, Texts::Plain);
        if !plain && inner.iter().any(|b| *b < 0x20) { Err(Bad::Malformed) } else { Ok((inner, escaped)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(line: &'a str, fields: &[&str]) -> Result<Vec<Vec<Raw<'a>>>, Bad> {
        let names: Vec<String> = fields.iter().map(|f| (*f).to_owned()).collect();
        let paths = Paths::new(&names, false, |_| false);
        let mut slots = Slots::new(fields.len());
        Walker::read(line, &paths, &mut slots)?;
        Ok((0..fields.len()).map(|f| slots.values(f).collect()).collect())
    }

    #[test]
    fn values_are_found_wherever_they_stand() {
        let line =
            r#" {"a": 1 , "geo":{"city":"Köln","p":[1.5,-2]}, "u\u0073er":"x\"y", "e":[], "o":[{"k":1},{"k":"2"}]} "#;
        let found = read(line, &["a", "geo.city", "geo.p", "user", "e", "o.k", "none"]).unwrap();
        let text = |t: &'static str| Raw::Text { inner: t.as_bytes(), escaped: false };
        assert_eq!(found[0], [Raw::Number(b"1")]);
        assert_eq!(found[1], [text("Köln")]);
        assert_eq!(found[2], [Raw::Number(b"1.5"), Raw::Number(b"-2")]);
        assert_eq!(found[3], [Raw::Text { inner: br#"x\"y"#, escaped: true }]);
        assert_eq!(found[4], [Raw::Hollow]);
        assert_eq!(found[5], [Raw::Number(b"1"), text("2")]);
        assert_eq!(found[6], []);
    }

    #[test]
    fn a_key_inside_a_text_is_not_a_key() {
        let line = r#"{"note":"\"action\":\"delete\"","action":"read"}"#;
        assert_eq!(read(line, &["action"]).unwrap()[0], [Raw::Text { inner: b"read", escaped: false }]);
    }

    #[test]
    fn what_is_not_json_is_refused_like_everywhere() {
        let deep = format!("{}1{}", "{\"a\":[".repeat(100_000), "]}".repeat(100_000));
        for line in [
            "",
            "null",
            "[1]",
            "{",
            "{}x",
            r#"{"a":1,}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":.5}"#,
            r#"{"a":+1}"#,
            r#"{"a":NaN}"#,
            r#"{"a":tru}"#,
            r#"{"a" 1}"#,
            r#"{a:1}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\u12g4"}"#,
            "{\"a\":\"\t\"}",
            r#"{"a":"x}"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a":[1,2}"#,
            r#"{"a":1}{"a":1}"#,
            &deep,
        ] {
            let ours = read(line, &["q"]).is_ok();
            let theirs = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line).is_ok();
            assert!(!ours && !theirs, "{}", line.get(..40).unwrap_or(line));
        }
        assert_eq!(read(&deep, &["a"]), Err(Bad::TooDeep));
        assert_eq!(read(r#"{"a":1,"a":2}"#, &["a"]), Err(Bad::DuplicateField));
    }
}
