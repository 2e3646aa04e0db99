//! Reads a log and gives its events one by one, each with the byte at which its record begins.

use super::csv::{self, Csv, Step};
use super::file::Format;
use super::instant::Hints;
use super::json::Json as JsonLog;
use super::lines::Lines;
use super::stream::Input;
use super::{cef, combined, record, syslog};
use crate::events::line::BOM;
use serde_json::{Map, Value as Json};
use std::io::{self, BufRead, Chain, Cursor, Read};

/// How much of a log is looked at to find its format.
const LOOKED_AT_BYTES: u64 = 1 << 16;

/// Why a record gives no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unread {
    /// Not of the log's format.
    Malformed,
    /// Not UTF-8.
    NotUtf8,
    /// Longer than [`super::LONGEST_RECORD_BYTES`].
    TooLong,
    /// The log, or the line, ends before the record does.
    Truncated,
    /// No readable time.
    NoTime,
    /// Well-formed, but of no kind that the mapping knows.
    NotMapped,
    /// A line that continues the record before it, such as a stack trace.
    Continuation,
    /// No access event; the mapping leaves it out on purpose.
    Ignored,
}

impl Unread {
    /// The word used in output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotUtf8 => "not_utf8",
            Self::TooLong => "too_long",
            Self::Truncated => "truncated",
            Self::NoTime => "no_time",
            Self::NotMapped => "not_mapped",
            Self::Continuation => "continuation",
            Self::Ignored => "ignored",
        }
    }

    /// Whether the record should have given an event. What is left out on purpose should not.
    pub const fn is_loss(self) -> bool {
        !matches!(self, Self::Continuation | Self::Ignored)
    }
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its canonical event: one JSON object without a line end.
    Event(Vec<u8>),
    /// It gives no event.
    Left(Unread),
}

/// A record of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// Offset of its first byte in the (decompressed) log.
    pub offset: u64,
    /// What became of it.
    pub outcome: Outcome,
}

/// The log behind the bytes that were looked at.
type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// A log on its way through.
pub struct Reader<'m, R> {
    input: &'m Input,
    source: Source<'m, R>,
    hints: Hints,
    buffer: Vec<u8>,
}

enum Source<'m, R> {
    Lines(Lines<Whole<R>>),
    Csv(Csv<Whole<R>>, Vec<String>),
    Json(JsonLog<'m, Whole<R>>),
}

type Raw = Result<Map<String, Json>, Unread>;

impl<'m, R: BufRead> Reader<'m, R> {
    pub(super) fn new(inputs: &'m [Input], mut log: R, hints: Hints) -> io::Result<Self> {
        let mut head = Vec::new();
        log.by_ref().take(LOOKED_AT_BYTES).read_to_end(&mut head)?;
        let start = head.strip_prefix(BOM).unwrap_or(&head);
        let found = inputs.iter().find(|i| i.fits(start)).or_else(|| inputs.first());
        let input = found.ok_or_else(|| io::Error::other("the mapping has no input"))?;
        let per_line = input.format == Format::JsonLines || is_whole_line(start);
        let whole = Cursor::new(head).chain(log);
        let source = match input.format {
            Format::JsonLines => Source::Json(JsonLog::new(whole, &[], true)),
            Format::Json => Source::Json(JsonLog::new(whole, &input.under, per_line)),
            Format::Csv => Source::Csv(Csv::new(whole, input.separator), input.columns.clone()),
            _ => Source::Lines(Lines::new(whole)),
        };
        Ok(Self { input, source, hints, buffer: Vec::new() })
    }

    /// The next record; `None` at the end. Fails only when the log cannot be read further.
    #[expect(clippy::should_implement_trait, reason = "reading can fail")]
    pub fn next(&mut self) -> io::Result<Option<Mapped>> {
        Ok(self.raw()?.map(|(offset, raw)| {
            let outcome = raw.map_or_else(Outcome::Left, |raw| self.input.outcome(raw, self.hints));
            Mapped { offset, outcome }
        }))
    }

    /// Fills `lines` with canonical events, one a line, to about `size_bytes`, and `places` with where each line begins in
    /// `lines` and where its record begins in the log; `left` is told of every record without an event. `false` at the end.
    pub fn stretch(
        &mut self,
        size_bytes: usize,
        lines: &mut Vec<u8>,
        places: &mut Vec<(usize, u64)>,
        left: &mut dyn FnMut(u64, Unread),
    ) -> io::Result<bool> {
        lines.clear();
        places.clear();
        while lines.len() < size_bytes {
            let Some(mapped) = self.next()? else { return Ok(!lines.is_empty()) };
            match mapped.outcome {
                Outcome::Left(why) => left(mapped.offset, why),
                Outcome::Event(event) => {
                    places.push((lines.len(), mapped.offset));
                    lines.extend_from_slice(&event);
                    lines.push(b'\n');
                }
            }
        }
        Ok(true)
    }

    fn raw(&mut self) -> io::Result<Option<(u64, Raw)>> {
        match &mut self.source {
            Source::Json(log) => {
                let found = log.next()?;
                Ok(found.map(|(at, bytes)| (at, bytes.and_then(|b| record::object(&b)))))
            }
            Source::Lines(lines) => loop {
                let Some(line) = lines.next(&mut self.buffer)? else { return Ok(None) };
                if line.is_too_long {
                    return Ok(Some((line.offset, Err(Unread::TooLong))));
                }
                if !self.buffer.trim_ascii().is_empty() {
                    return Ok(Some((line.offset, self.input.line(&self.buffer))));
                }
            },
            Source::Csv(csv, header) => loop {
                let Some((at, cells)) = csv.next()? else { return Ok(None) };
                let cells = match cells.and_then(texts) {
                    Ok(cells) => cells,
                    Err(why) => return Ok(Some((at, Err(why)))),
                };
                // Logs put together have a header at the start of each: its first cell is the first column's name.
                if header.is_empty() || cells.first() == header.first() {
                    *header = cells;
                    continue;
                }
                return Ok(Some((at, row(header, cells))));
            },
        }
    }
}

fn texts(cells: Vec<Vec<u8>>) -> Result<Vec<String>, Unread> {
    cells.into_iter().map(|c| String::from_utf8(c).map_err(|_| Unread::NotUtf8)).collect()
}

/// RFC 4180 section 2.4: each row has as many cells as the header.
fn row(header: &[String], cells: Vec<String>) -> Raw {
    if cells.len() != header.len() {
        return Err(if cells.len() < header.len() { Unread::Truncated } else { Unread::Malformed });
    }
    Ok(header.iter().cloned().zip(cells.into_iter().map(Json::from)).collect())
}

/// Whether the first line is JSON by itself: then every line is.
fn is_whole_line(start: &[u8]) -> bool {
    let start = start.trim_ascii_start();
    let line = start.split(|b| *b == b'\n').next().unwrap_or_default();
    serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}

impl Input {
    /// Whether a log that begins with `start` looks like this one.
    fn fits(&self, start: &[u8]) -> bool {
        match self.format {
            Format::JsonLines | Format::Json => matches!(start.trim_ascii_start().first(), Some(b'{' | b'[')),
            Format::Csv => {
                let Step::Record(cells, _) = csv::record(start, self.separator, true) else { return false };
                !self.columns.is_empty() || self.fields.keys().any(|k| cells.iter().any(|c| c == k.as_bytes()))
            }
            _ => start.split(|b| *b == b'\n').take(10).any(|line| self.line(line.trim_ascii_end()).is_ok()),
        }
    }

    /// One line of a format in which a line is a record.
    fn line(&self, line: &[u8]) -> Raw {
        let text = std::str::from_utf8(line).map_err(|_| Unread::NotUtf8)?;
        match (self.format, &self.line) {
            (Format::Syslog, _) => syslog::parse(text),
            (Format::Cef, _) => cef::parse(text),
            (Format::Combined, _) => combined::parse(text),
            (_, Some(pattern)) => pattern.parse(text),
            _ => Err(Unread::Malformed),
        }
    }
}
