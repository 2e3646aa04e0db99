//! The stretches of a plain file, which several threads read at once: each takes the next one's place in the file, and reads it
//! by itself.
//!
//! A line belongs to the stripe in which it begins, so stripes do not depend on each other. How long the file is, is settled when
//! it is opened; what is appended later is for the next run.

use super::input::shorter;
use super::stretch::{Cut, Filled, Room, STRETCH_BYTES, wanted};
use crate::events::matching::LONGEST_LINE_BYTES;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// What is read beyond a stripe at first, for its last line.
const MARGIN_BYTES: u64 = 4096;

/// A plain file, stripe by stripe.
#[derive(Debug)]
pub(super) struct Stripes {
    file: Arc<File>,
    size: u64,
    next: u64,
    stripe_bytes: usize,
}

/// A part of the file, to be read.
#[derive(Debug)]
pub(super) struct Stripe {
    file: Arc<File>,
    size: u64,
    from: u64,
    to: u64,
}

impl Stripes {
    /// The stripes of a file of `size` bytes.
    pub(super) fn new(file: File, size: u64) -> Self {
        Self::by(file, size, STRETCH_BYTES)
    }

    /// The same, `stripe_bytes` each.
    fn by(file: File, size: u64, stripe_bytes: usize) -> Self {
        Self { file: Arc::new(file), size, next: 0, stripe_bytes }
    }

    /// Where the next one begins.
    pub(super) const fn offset(&self) -> u64 {
        self.next
    }

    /// The next one; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Stripe> {
        let from = self.next;
        self.next = self.size.min(from.saturating_add(wanted(from, self.stripe_bytes) as u64));
        let stripe = Stripe { file: Arc::clone(&self.file), size: self.size, from, to: self.next };
        (from < self.size).then_some(stripe)
    }
}

impl Stripe {
    /// Where it begins.
    pub(super) const fn offset(&self) -> u64 {
        self.from
    }

    /// Fills `room` with the lines that begin in it.
    pub(super) fn read(&self, room: &mut Room) -> io::Result<Cut> {
        // The byte before tells whether a line begins right here.
        let begin = self.from.saturating_sub(1);
        let wanted = self.size.min(self.to.saturating_add(MARGIN_BYTES));
        room.empty_for(begin);
        self.read_to(room, begin, wanted)?;
        let mut cut = Cut { offset: self.from, ..Cut::default() };
        if self.from > 0 {
            let own = bytes(self.to - 1 - begin);
            let before = room.content().get(..own).unwrap_or_default();
            let Some(feed) = memchr::memchr(b'\n', before) else {
                room.truncate(0);
                return Ok(cut);
            };
            cut.offset = begin + feed as u64 + 1;
            room.skip_first(feed + 1);
        }
        self.end(room, &mut cut, wanted)?;
        Ok(cut)
    }

    /// Leaves the stripe's lines in `room`, which holds what is between the first line and `read`: cuts off what belongs to the
    /// next stripe, or reads on to the end of the last line.
    fn end(&self, room: &mut Room, cut: &mut Cut, mut read: u64) -> io::Result<()> {
        if self.to == self.size {
            return Ok(());
        }
        // The line feed that ends the last line stands here or later.
        let mut from = bytes(self.to - 1 - cut.offset);
        loop {
            let rest = room.content().get(from..).unwrap_or_default();
            if let Some(feed) = memchr::memchr(b'\n', rest) {
                room.truncate(from + feed + 1);
                return Ok(());
            }
            from = room.content().len();
            if read == self.size {
                return Ok(());
            }
            let last = memchr::memrchr(b'\n', room.content()).map_or(0, |feed| feed + 1);
            if from - last > LONGEST_LINE_BYTES {
                return self.skip_line(room, cut, (last, read));
            }
            let more = self.size.min(read.saturating_add(STRETCH_BYTES as u64));
            self.read_to(room, read, more)?;
            read = more;
        }
    }

    /// Throws the last line away, which begins at `last` in `room`, is too long, and goes on beyond `read`.
    fn skip_line(&self, room: &mut Room, cut: &mut Cut, (last, mut read): (usize, u64)) -> io::Result<()> {
        let start = cut.offset + last as u64;
        loop {
            room.truncate(last);
            let more = self.size.min(read.saturating_add(STRETCH_BYTES as u64));
            self.read_to(room, read, more)?;
            let feed = room.content().get(last..).and_then(|rest| memchr::memchr(b'\n', rest));
            if feed.is_some() || more == self.size {
                let end = feed.map_or(more, |feed| read + feed as u64 + 1);
                cut.too_long.push((start, end - start));
                room.truncate(last);
                return Ok(());
            }
            read = more;
        }
    }

    /// Adds what the file holds from `at` to `to`.
    fn read_to(&self, room: &mut Room, mut at: u64, to: u64) -> io::Result<()> {
        let filled = room.add(bytes(to - at), |free| {
            let n = read_at(&self.file, free, at)?;
            at += n as u64;
            Ok(n)
        })?;
        if filled == Filled::Whole { Ok(()) } else { Err(shorter()) }
    }
}

#[cfg(unix)]
fn read_at(file: &File, to: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, to, at)
}

#[cfg(windows)]
fn read_at(file: &File, to: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, to, at)
}

/// Distances within a stripe are small.
fn bytes(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// What stripes give of a file: where their lines begin and the lines, and the lines that were too long.
    type Given = (Vec<(u64, Vec<u8>)>, Vec<(u64, u64)>);

    fn stripes(content: &[u8], stripe_bytes: u64) -> Stripes {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        Stripes::by(file, content.len() as u64, bytes(stripe_bytes))
    }

    fn all(mut stripes: Stripes) -> io::Result<Given> {
        let (mut room, mut parts, mut long) = (Room::default(), Vec::new(), Vec::new());
        while let Some(stripe) = stripes.next() {
            let cut = stripe.read(&mut room)?;
            parts.push((cut.offset, room.content().to_vec()));
            long.extend(cut.too_long);
        }
        Ok((parts, long))
    }

    #[test]
    fn every_line_is_in_the_stripe_in_which_it_begins() {
        let line = |n: usize| format!("{n}{}\n", "x".repeat(n * 7 % 23));
        let ends = [(0..400).map(line).collect::<String>(), "\n\n\n\na\n\n\n".repeat(30), "no end".to_owned()];
        for content in [ends.concat(), ends[..2].concat(), "\n".to_owned(), "x".repeat(500), String::new()] {
            let content = content.as_bytes();
            for stripe_bytes in [1, 2, 3, 7, 64, 1000, 5000, 1 << 20] {
                let (parts, long) = all(stripes(content, stripe_bytes)).unwrap();
                assert!(long.is_empty());
                assert_eq!(parts.iter().flat_map(|(_, lines)| lines.clone()).collect::<Vec<_>>(), content);
                for ((offset, lines), stripe) in parts.iter().zip(0..).filter(|((_, lines), _)| !lines.is_empty()) {
                    let at = bytes(*offset);
                    assert_eq!(&content[at..at + lines.len()], lines);
                    assert!((stripe * stripe_bytes..(stripe + 1) * stripe_bytes).contains(offset));
                    assert!(at == 0 || content[at - 1] == b'\n');
                    assert!(lines.ends_with(b"\n") || at + lines.len() == content.len());
                    let last = memchr::memrchr(b'\n', &lines[..lines.len() - 1]).map_or(0, |feed| feed + 1);
                    assert!(offset + (last as u64) < (stripe + 1) * stripe_bytes, "the last line begins in it");
                }
            }
        }
    }

    #[test]
    fn lines_over_many_stripes_are_kept_up_to_the_limit_and_told_beyond_it() {
        for (length, is_kept) in [(1000, true), (LONGEST_LINE_BYTES, true), (10_000_000, false)] {
            let long_line = [vec![b'x'; length], b"\n".to_vec()].concat();
            for (before, after) in [(&b"first\n"[..], &b"last\nof all\n"[..]), (b"", b""), (b"a\n", b"no end")] {
                let content = [before, &long_line, after].concat();
                let (parts, long) = all(stripes(&content, 100_000)).unwrap();
                let kept: Vec<u8> = parts.into_iter().flat_map(|(_, lines)| lines).collect();
                let told = (before.len() as u64, long_line.len() as u64);
                assert_eq!(long, if is_kept { vec![] } else { vec![told] });
                assert_eq!(kept, if is_kept { content } else { [before, after].concat() });
            }
        }
        let (parts, long) = all(stripes(&vec![b'x'; 3_000_000], 1 << 20)).unwrap();
        assert_eq!(long, [(0, 3_000_000)]);
        assert!(parts.iter().all(|(_, lines)| lines.is_empty()));
    }

    #[test]
    fn a_file_that_becomes_shorter_is_an_error() {
        let stripes = Stripes { size: 3000, ..stripes("abc\n".repeat(500).as_bytes(), 512) };
        let error = all(stripes).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(error.to_string().contains("has become shorter while it was read"), "{error}");
    }
}
