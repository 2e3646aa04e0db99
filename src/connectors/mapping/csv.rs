//! Comma-separated values as RFC 4180 has them: quoted cells may hold separators, doubled quotes and line ends.
//!
//! A record that breaks the rules costs its first line only: reading goes on with the line after it, so that one stray
//! quote does not swallow the log.

use super::fields::LONGEST_RECORD_BYTES;
use super::reader::Unread;
use crate::events::line::BOM;
use std::io::{self, BufRead};

/// How much is read at a time.
const PIECE_BYTES: usize = 1 << 16;

/// The byte between cells: `,` unless told.
pub(super) fn parse_separator(told: Option<char>) -> Result<u8, String> {
    let separator = told.unwrap_or(',');
    match u8::try_from(separator) {
        Ok(b) if b.is_ascii() && !matches!(b, b'"' | b'\n' | b'\r') => Ok(b),
        _ => Err(format!("`{}` cannot part cells; use one such as `,`, `;` or a tab", separator.escape_default())),
    }
}

/// What stands at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A record's cells, and how many bytes it takes with its line end.
    Record(Vec<Vec<u8>>, usize),
    /// The record does not end within these bytes.
    More,
    /// Text stands around a quoted cell, or a quoted cell never ends.
    Malformed,
}

/// Where a cell can end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Start,
    Plain,
    Quotes,
    /// After a quote inside quotes: doubled, or the end.
    Quote,
}

/// Reads the record at the start of `bytes`.
pub(super) fn record(bytes: &[u8], separator: u8, is_last: bool) -> Step {
    let (mut cells, mut cell, mut within) = (Vec::new(), Vec::new(), Within::Start);
    for (at, &b) in bytes.iter().enumerate() {
        within = match (within, b) {
            (Within::Quotes, b'"') => Within::Quote,
            (Within::Start, b'"') => Within::Quotes,
            (Within::Quotes, _) => {
                cell.push(b);
                Within::Quotes
            }
            (Within::Quote, b'"') => {
                cell.push(b'"');
                Within::Quotes
            }
            (_, b'\n') => {
                if within != Within::Quote && cell.last() == Some(&b'\r') {
                    cell.pop();
                }
                cells.push(cell);
                return Step::Record(cells, at + 1);
            }
            (_, _) if b == separator => {
                cells.push(std::mem::take(&mut cell));
                Within::Start
            }
            (Within::Quote, b'\r') if matches!(bytes.get(at + 1), Some(b'\n') | None) => Within::Quote,
            (Within::Quote, _) | (Within::Plain, b'"') => return Step::Malformed,
            (Within::Start | Within::Plain, _) => {
                cell.push(b);
                Within::Plain
            }
        };
    }
    match (is_last, within) {
        (false, _) => Step::More,
        (true, Within::Quotes) => Step::Malformed,
        (true, _) => {
            if cell.last() == Some(&b'\r') && within == Within::Plain {
                cell.pop();
            }
            cells.push(cell);
            Step::Record(cells, bytes.len())
        }
    }
}

/// A CSV log on its way through.
pub(super) struct Csv<R> {
    input: R,
    separator: u8,
    buffer: Vec<u8>,
    start: usize,
    /// Offset of the byte at `start`.
    offset: u64,
    is_ended: bool,
}

/// A record, or why there is none, with its offset.
pub(super) type Found = (u64, Result<Vec<Vec<u8>>, Unread>);

impl<R: BufRead> Csv<R> {
    pub(super) const fn new(input: R, separator: u8) -> Self {
        Self { input, separator, buffer: Vec::new(), start: 0, offset: 0, is_ended: false }
    }

    /// The next record that is not an empty line; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Found>> {
        loop {
            if self.offset == 0 && self.rest().len() < BOM.len() && !self.is_ended {
                self.fill(PIECE_BYTES)?;
                continue;
            }
            if self.offset == 0 && self.rest().starts_with(BOM) {
                self.skip(BOM.len());
            }
            if self.rest().is_empty() && self.is_ended {
                return Ok(None);
            }
            let offset = self.offset;
            // The record's own end has been seen only when it lies within the limit.
            let within = self.rest().get(..LONGEST_RECORD_BYTES + 1).unwrap_or_else(|| self.rest());
            let is_last = self.is_ended && within.len() == self.rest().len();
            match record(within, self.separator, is_last) {
                Step::Record(cells, used) => {
                    self.skip(used);
                    if cells.iter().any(|c| !c.is_empty()) || cells.len() > 1 {
                        return Ok(Some((offset, Ok(cells))));
                    }
                }
                Step::More if within.len() > LONGEST_RECORD_BYTES => {
                    self.skip_line()?;
                    return Ok(Some((offset, Err(Unread::TooLong))));
                }
                // Twice as much each time: a record of many lines is not read anew for every one of them.
                Step::More => self.fill(self.rest().len().max(PIECE_BYTES))?,
                Step::Malformed => {
                    self.skip_line()?;
                    return Ok(Some((offset, Err(Unread::Malformed))));
                }
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.start += bytes;
        self.offset += bytes as u64;
    }

    /// Goes on behind the next line end.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', self.rest()) {
                self.skip(end + 1);
                return Ok(());
            }
            self.skip(self.rest().len());
            if self.is_ended {
                return Ok(());
            }
            self.fill(PIECE_BYTES)?;
        }
    }

    /// Reads about `bytes` more.
    fn fill(&mut self, bytes: usize) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let wanted = self.buffer.len() + bytes;
        while self.buffer.len() < wanted {
            let found = match self.input.fill_buf() {
                Ok(found) => found,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            if found.is_empty() {
                self.is_ended = true;
                break;
            }
            let used = found.len().min(wanted - self.buffer.len());
            self.buffer.extend_from_slice(found.get(..used).unwrap_or_default());
            self.input.consume(used);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    fn all(content: &[u8], capacity: usize) -> Vec<(u64, Result<Vec<String>, Unread>)> {
        let mut csv = Csv::new(BufReader::with_capacity(capacity, content), b',');
        std::iter::from_fn(|| csv.next().unwrap())
            .map(|(at, r)| (at, r.map(|c| c.into_iter().map(|b| String::from_utf8_lossy(&b).into_owned()).collect())))
            .collect()
    }

    fn cells(of: &[&str]) -> Result<Vec<String>, Unread> {
        Ok(of.iter().map(|c| (*c).to_owned()).collect())
    }

    #[test]
    fn quotes_hold_separators_quotes_and_line_ends() {
        let content = b"\xef\xbb\xbfa,\"b,\"\"c\"\"\"\r\n\"two\nlines\",\r\n\r\n\"\"\nlast,one";
        for capacity in [1, 3, 4096] {
            let found = all(content, capacity);
            assert_eq!(found[0], (3, cells(&["a", "b,\"c\""])));
            assert_eq!(found[1], (16, cells(&["two\nlines", ""])));
            assert_eq!(found.last().unwrap().1, cells(&["last", "one"]));
            assert_eq!(found.len(), 3);
        }
    }

    #[test]
    fn a_wrong_quote_costs_its_line_and_no_more() {
        let found = all(b"a,b\n\"open,1\nc,d\ne\"f,2\n\"g\"h,3\ni,j\n", 4096);
        let good: Vec<_> = found.iter().filter_map(|(_, r)| r.clone().ok()).collect();
        assert_eq!(good, [cells(&["a", "b"]).unwrap(), cells(&["c", "d"]).unwrap(), cells(&["i", "j"]).unwrap()]);
        assert_eq!(found.iter().filter(|(_, r)| r.is_err()).count(), 3);
    }

    #[test]
    fn records_beyond_the_limit_are_told_and_skipped() {
        let long = format!("a,b\n\"{}\n{}", "x".repeat(LONGEST_RECORD_BYTES * 3), "c,d\n");
        let found = all(long.as_bytes(), 4096);
        assert_eq!(found.iter().map(|(_, r)| r.is_ok()).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(found[1].1, Err(Unread::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec(prop::collection::vec("[a\",\r\n é]{0,8}", 2..4), 0..6), capacity in 1usize..64) {
            let quote = |c: &String| format!("\"{}\"", c.replace('"', "\"\""));
            let lines: Vec<String> = rows.iter().map(|r| r.iter().map(quote).collect::<Vec<_>>().join(",")).collect();
            let found: Vec<_> = all(lines.join("\r\n").as_bytes(), capacity).into_iter().map(|(_, r)| r.unwrap()).collect();
            prop_assert_eq!(found, rows);
        }

        #[test]
        fn any_bytes_end_and_offsets_rise(content in prop::collection::vec(prop::sample::select(b"\",\n\rab\xff".to_vec()), 0..200), capacity in 1usize..64) {
            let found = all(&content, capacity);
            prop_assert!(found.windows(2).all(|w| w[0].0 < w[1].0));
            prop_assert_eq!(found, all(&content, 4096));
        }
    }
}
