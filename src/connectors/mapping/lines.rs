//! A log line by line, each with the byte at which it begins.

use super::fields::LONGEST_RECORD_BYTES;
use crate::events::line::BOM;
use std::io::{self, BufRead};

/// A log on its way through.
pub(super) struct Lines<R> {
    input: R,
    offset: u64,
}

/// One line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Offset of its first byte.
    pub(super) offset: u64,
    /// Longer than the limit; its content was thrown away.
    pub(super) is_too_long: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn new(input: R) -> Self {
        Self { input, offset: 0 }
    }

    /// Puts the next line into `buffer`; `None` at the end.
    pub(super) fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<Line>> {
        buffer.clear();
        let mut line = Line { offset: self.offset, is_too_long: false };
        loop {
            let found = match self.input.fill_buf() {
                Ok(found) => found,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            if found.is_empty() {
                if self.offset == line.offset {
                    return Ok(None);
                }
                break;
            }
            let end = memchr::memchr(b'\n', found);
            let piece = end.map_or(found, |at| found.get(..at).unwrap_or(found));
            line.is_too_long |= buffer.len() + piece.len() > LONGEST_RECORD_BYTES;
            if line.is_too_long {
                buffer.clear();
            } else {
                buffer.extend_from_slice(piece);
            }
            let used = piece.len() + usize::from(end.is_some());
            self.input.consume(used);
            self.offset += used as u64;
            if end.is_some() {
                break;
            }
        }
        if buffer.last() == Some(&b'\r') {
            buffer.pop();
        }
        if line.offset == 0 && buffer.starts_with(BOM) {
            buffer.drain(..BOM.len());
        }
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn lines(content: &[u8], capacity: usize) -> Vec<(u64, Result<Vec<u8>, ()>)> {
        let mut lines = Lines::new(BufReader::with_capacity(capacity, content));
        let (mut buffer, mut all) = (Vec::new(), Vec::new());
        while let Some(line) = lines.next(&mut buffer).unwrap() {
            all.push((line.offset, if line.is_too_long { Err(()) } else { Ok(buffer.clone()) }));
        }
        all
    }

    #[test]
    fn lines_keep_their_offsets_whatever_their_ends_and_the_buffer() {
        let content = b"\xef\xbb\xbfone\r\ntwo\n\nlast";
        let expected: Vec<(u64, Result<Vec<u8>, ()>)> =
            vec![(0, Ok(b"one".to_vec())), (8, Ok(b"two".to_vec())), (12, Ok(vec![])), (13, Ok(b"last".to_vec()))];
        for capacity in [1, 2, 3, 7, 4096] {
            assert_eq!(lines(content, capacity), expected, "{capacity}");
        }
    }

    #[test]
    fn a_line_is_too_long_from_one_byte_above_the_limit() {
        let of = |n: usize| [b"a\n".as_slice(), &vec![b'x'; n], b"\nb"].concat();
        let long = lines(&of(LONGEST_RECORD_BYTES + 1), 4096);
        assert_eq!((long.len(), long[1].1.is_err(), &long[2].1), (3, true, &Ok(b"b".to_vec())));
        assert!(lines(&of(LONGEST_RECORD_BYTES), 4096)[1].1.is_ok());
    }
}
