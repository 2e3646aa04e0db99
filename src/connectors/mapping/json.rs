//! JSON logs: one object a line, or API answers with a list of records, on one line or spread over many.
//!
//! Watches the structure byte by byte and keeps only the record it is in, so a list of any length takes constant memory.

use super::fields::LONGEST_RECORD_BYTES;
use super::reader::Unread;
use crate::events::line::BOM;
use std::io::{self, BufRead};

/// Deepest nesting, as in `serde_json`.
const DEEPEST: usize = 128;
/// Longest key that can name a list of records.
const LONGEST_KEY_BYTES: usize = 64;

/// A record's bytes, or why there is none, with the offset of its first byte.
pub(super) type Found = (u64, Result<Vec<u8>, Unread>);

/// Where in a document records stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// The document itself is the record, unless it turns out to be a page.
    Document,
    /// In a list, which is the document or stands in a page.
    List(usize),
    /// Behind the list of a page.
    Tail,
}

/// Follows one document after the other.
struct Machine<'u> {
    under: &'u [String],
    stack: Vec<u8>,
    level: Level,
    in_string: bool,
    is_escaped: bool,
    /// The last text directly inside a page: its key.
    key: Vec<u8>,
    record: Option<(u64, Vec<u8>)>,
    is_too_long: bool,
}

/// The document is not well-formed from here on.
struct Broken;

impl<'u> Machine<'u> {
    const fn new(under: &'u [String]) -> Self {
        Self {
            under,
            stack: Vec::new(),
            level: Level::Document,
            in_string: false,
            is_escaped: false,
            key: Vec::new(),
            record: None,
            is_too_long: false,
        }
    }

    /// Whether something has begun that has not ended.
    const fn is_open(&self) -> bool {
        self.in_string || !self.stack.is_empty() || self.record.is_some()
    }

    /// Where to say that damage is which shows at `offset`: at the record it is in, or the document that `began`.
    fn damage_at(&self, began: u64, offset: u64) -> u64 {
        match (&self.record, self.level) {
            (Some((at, _)), _) => *at,
            (None, Level::Document) => began,
            (None, Level::List(_) | Level::Tail) => offset,
        }
    }

    fn is_at_level(&self) -> bool {
        match self.level {
            Level::Document => self.stack.is_empty(),
            Level::List(depth) => self.stack.len() == depth,
            Level::Tail => false,
        }
    }

    fn keep(&mut self, b: u8) {
        if let Some((_, bytes)) = &mut self.record {
            if bytes.len() < LONGEST_RECORD_BYTES {
                bytes.push(b);
            } else {
                self.is_too_long = true;
            }
        }
    }

    fn end_record(&mut self) -> Option<Found> {
        let (offset, bytes) = self.record.take()?;
        let is_too_long = std::mem::take(&mut self.is_too_long);
        Some((offset, if is_too_long { Err(Unread::TooLong) } else { Ok(bytes) }))
    }

    fn push(&mut self, b: u8, offset: u64) -> Result<Option<Found>, Broken> {
        if self.in_string {
            return self.text(b).map(|()| None);
        }
        let is_space = matches!(b, b' ' | b'\t' | b'\r' | b'\n');
        if is_space {
            self.keep(b);
            return Ok(None);
        }
        if self.is_at_level() && self.record.is_some() && matches!(b, b',' | b']') {
            let found = self.end_record();
            self.structure(b)?;
            return Ok(found);
        }
        if self.is_at_level() && self.record.is_none() && !matches!(b, b',' | b']') {
            if self.stack.is_empty() && b == b'[' {
                self.stack.push(b);
                self.level = Level::List(1);
                return Ok(None);
            }
            if self.stack.is_empty() && b != b'{' {
                return Err(Broken);
            }
            self.record = Some((offset, Vec::new()));
        }
        self.keep(b);
        self.structure(b)?;
        let is_done = matches!(b, b'}' | b']') && self.is_at_level();
        if self.stack.is_empty() {
            self.level = Level::Document;
        }
        Ok(if is_done { self.end_record() } else { None })
    }

    /// Inside a text.
    fn text(&mut self, b: u8) -> Result<(), Broken> {
        if b < 0x20 {
            return Err(Broken);
        }
        self.keep(b);
        if self.is_escaped {
            self.is_escaped = false;
        } else if b == b'\\' {
            self.is_escaped = true;
        } else if b == b'"' {
            self.in_string = false;
            return Ok(());
        }
        if self.stack.len() == 1 && self.key.len() < LONGEST_KEY_BYTES {
            self.key.push(b);
        }
        Ok(())
    }

    /// Outside texts: opens and closes.
    fn structure(&mut self, b: u8) -> Result<(), Broken> {
        match b {
            b'"' => {
                self.in_string = true;
                if self.stack.len() == 1 {
                    self.key.clear();
                }
            }
            b'{' | b'[' => {
                let is_page = b == b'['
                    && self.level == Level::Document
                    && self.stack == [b'{']
                    && self.under.iter().any(|u| u.as_bytes() == self.key);
                if self.stack.len() >= DEEPEST {
                    return Err(Broken);
                }
                self.stack.push(b);
                if is_page {
                    self.record = None;
                    self.is_too_long = false;
                    self.level = Level::List(2);
                }
            }
            b'}' | b']' => {
                let opened = if b == b'}' { b'{' } else { b'[' };
                if self.stack.pop() != Some(opened) {
                    return Err(Broken);
                }
                if self.level == Level::List(2) && self.stack.len() == 1 {
                    self.level = Level::Tail;
                }
                if self.stack.is_empty() && self.level != Level::Document {
                    self.level = Level::Document;
                    self.record = None;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// A JSON log on its way through.
pub(super) struct Json<'u, R> {
    input: R,
    machine: Machine<'u>,
    /// Each line stands for itself: damage ends with it.
    per_line: bool,
    offset: u64,
    /// Where the line or the document began.
    began: u64,
    is_broken: bool,
}

impl<'u, R: BufRead> Json<'u, R> {
    pub(super) const fn new(input: R, under: &'u [String], per_line: bool) -> Self {
        Self { input, machine: Machine::new(under), per_line, offset: 0, began: 0, is_broken: false }
    }

    /// The next record; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Found>> {
        loop {
            let piece = match self.input.fill_buf() {
                Ok(piece) => piece,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            if piece.is_empty() {
                return Ok(self.end());
            }
            let (mut used, mut found) = (0, None);
            for &b in piece {
                used += 1;
                found = step(&mut self.machine, b, self.offset, (self.per_line, &mut self.began, &mut self.is_broken));
                self.offset += 1;
                if found.is_some() {
                    break;
                }
            }
            self.input.consume(used);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// What was open when the log ended.
    fn end(&mut self) -> Option<Found> {
        let is_open = self.machine.is_open() && !self.is_broken;
        let at = self.machine.damage_at(self.began, self.offset.saturating_sub(1));
        self.machine = Machine::new(self.machine.under);
        is_open.then_some((at, Err(Unread::Truncated)))
    }
}

/// Moves on by a byte. Broken lines are told once and left out to their end; broken documents to the end of the log.
fn step(machine: &mut Machine<'_>, b: u8, offset: u64, line: (bool, &mut u64, &mut bool)) -> Option<Found> {
    let (per_line, began, is_broken) = line;
    if b == b'\n' && per_line {
        let at = machine.damage_at(*began, offset);
        let was_open = machine.is_open() && !*is_broken;
        *machine = Machine::new(machine.under);
        (*began, *is_broken) = (offset + 1, false);
        return was_open.then_some((at, Err(Unread::Truncated)));
    }
    let is_mark = offset < BOM.len() as u64 && BOM.contains(&b) && machine.stack.is_empty();
    if *is_broken || is_mark {
        return None;
    }
    if !machine.is_open() {
        *began = offset;
    }
    machine.push(b, offset).unwrap_or_else(|Broken| {
        *is_broken = true;
        Some((machine.damage_at(*began, offset), Err(Unread::Malformed)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    fn all(content: &str, per_line: bool, capacity: usize) -> Vec<(u64, Result<String, Unread>)> {
        let under = ["records".to_owned()];
        let mut json = Json::new(BufReader::with_capacity(capacity, content.as_bytes()), &under, per_line);
        std::iter::from_fn(|| json.next().unwrap())
            .map(|(at, r)| (at, r.map(|b| String::from_utf8(b).unwrap())))
            .collect()
    }

    fn records(content: &str, per_line: bool) -> Vec<String> {
        let found = all(content, per_line, 7);
        for (at, record) in &found {
            let record = record.as_ref().unwrap();
            assert_eq!(&content[*at as usize..*at as usize + record.len()], record);
        }
        found.into_iter().map(|(_, r)| r.unwrap()).collect()
    }

    #[test]
    fn lines_lists_and_pages_give_their_records_with_offsets() {
        for per_line in [false, true] {
            assert_eq!(records("{\"a\":1}\n{\"a\":{\"records\":[1]}}\n", per_line).len(), 2);
            assert_eq!(records("[{\"a\":1}, {\"a\":[2]},7]", per_line), ["{\"a\":1}", "{\"a\":[2]}", "7"]);
            let page =
                "{\"done\":false,\"records\":[{\"a\":\"]}\"},{\"records\":[]}],\"tail\":[1,{\"x\":2}],\"more\":{}}";
            assert_eq!(records(&format!("{page}\n{page}"), per_line), ["{\"a\":\"]}\"}", "{\"records\":[]}"].repeat(2));
            assert_eq!(records("{\"records\":[]}[]", per_line), Vec::<String>::new());
        }
        assert_eq!(records("{\n  \"records\": [\n    {\n      \"a\": 1\n    }\n  ]\n}\n", false).len(), 1);
    }

    #[test]
    fn a_damaged_line_costs_itself_and_a_damaged_document_its_rest() {
        let why = |content: &str, per_line| {
            all(content, per_line, 9).into_iter().map(|(at, r)| (at, r.err())).collect::<Vec<_>>()
        };
        let content = "{\"a\":1}\n{\"b\":\"cut\n}{\nword {\n{\"c\":1}";
        let expected = [
            (0, None),
            (8, Some(Unread::Truncated)),
            (18, Some(Unread::Malformed)),
            (21, Some(Unread::Malformed)),
            (28, None),
        ];
        assert_eq!(why(content, true), expected);
        assert_eq!(
            why("[{\"a\":1},{\"a\":\"x\ny\"},{}]", false),
            [(0, None), (9, Some(Unread::Malformed))].map(|(a, r)| (a + u64::from(a == 0), r))
        );
        assert_eq!(why("[{\"a\":1},{\"a\"", false), [(1, None), (9, Some(Unread::Truncated))]);
        assert_eq!(why(&"[".repeat(500), false), [(0, Some(Unread::Malformed))].map(|(_, r)| (1, r)));
    }

    #[test]
    fn a_long_record_in_a_list_is_told_and_the_next_is_read() {
        let content = format!("[{{\"a\":\"{}\"}},{{\"b\":1}}]", "x".repeat(LONGEST_RECORD_BYTES));
        let found = all(&content, false, 4096);
        assert_eq!((found.len(), &found[0].1, found[1].1.is_ok()), (2, &Err(Unread::TooLong), true));
    }

    proptest! {
        #[test]
        fn any_bytes_end(content in "[\\[\\]{},:\"\\\\a\n ]{0,80}", per_line: bool) {
            prop_assert_eq!(all(&content, per_line, 3), all(&content, per_line, 4096));
        }
    }
}
