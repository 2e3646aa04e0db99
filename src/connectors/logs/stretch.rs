//! Cuts a log into stretches of whole lines.

use crate::events::coverage::Tally;
use crate::events::matching::LONGEST_LINE_BYTES;
use std::io::{self, Read};

/// How much is read at a time, or made of other formats.
pub(super) const STRETCH_BYTES: usize = 1 << 20;
/// How much is read of a log at first.
const FIRST_BYTES: usize = 1 << 16;

/// Bytes of a page of the system's cache; where pages are larger, of a part of one, which does as well.
const PAGE_BYTES: usize = 4096;

/// How much is read of a log at `offset`, of which `usual` bytes are read at a time, at first fewer: all logs of a run are begun, to
/// see where in time they stand, and what a log begins with is kept until its turn has come.
pub(super) const fn wanted(offset: u64, usual: usize) -> usize {
    if offset == 0 && usual > FIRST_BYTES { FIRST_BYTES } else { usual }
}

/// A log on its way through.
pub(super) struct Cutter {
    reader: Box<dyn Read + Send>,
    /// The unfinished line at the end of the last stretch.
    carry: Vec<u8>,
    /// Offset of the carry's first byte.
    offset: u64,
    ended: bool,
    stretch_bytes: usize,
}

/// Where a stretch begins, and which lines before or after it were too long to be kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// What a mapping says of the stretch, when one made it.
    pub mapped: Option<Mapped>,
    /// Offset of the stretch's first byte.
    pub offset: u64,
    /// Offsets of lines that were skipped for their length, and the bytes skipped.
    pub too_long: Vec<(u64, u64)>,
}

/// Where the events that a mapping made come from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mapped {
    /// Where each line of the stretch begins in it, and where its record begins in the log.
    pub places: Vec<(usize, u64)>,
    /// The bytes of the log that were read for it, and the records that gave no event.
    pub left: Tally,
}

/// Room for a stretch, used again and again: what was in it is written over, not cleared.
#[derive(Debug, Default)]
pub(super) struct Room {
    bytes: Vec<u8>,
    /// Where in `bytes` the stretch begins and ends.
    start: usize,
    end: usize,
}

impl Room {
    /// The stretch.
    pub(super) fn content(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Empties it for what stands at `offset` of a log.
    ///
    /// A processor may take three times as long to copy a file's pages when the copy stands a few bytes further into its page
    /// than the original, as it does in memory just allocated (`benches/read.rs`, AMD Zen 3). So it is put half a page away.
    pub(super) fn empty_for(&mut self, offset: u64) {
        self.at_least(STRETCH_BYTES + 4 * PAGE_BYTES);
        let (there, here) = (offset % PAGE_BYTES as u64, self.bytes.as_ptr().addr() % PAGE_BYTES);
        let there = usize::try_from(there).unwrap_or_default();
        self.start = (there + 2 * PAGE_BYTES + PAGE_BYTES / 2 - here) % PAGE_BYTES;
        self.end = self.start;
    }

    fn put(&mut self, bytes: &[u8]) {
        self.at_least(self.end + bytes.len());
        if let Some(to) = self.bytes.get_mut(self.end..self.end + bytes.len()) {
            to.copy_from_slice(bytes);
            self.end += bytes.len();
        }
    }

    /// Adds up to `count` bytes, piece by piece, from what fills the room that it is given and tells how much; until it says 0.
    pub(super) fn add(
        &mut self,
        count: usize,
        mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<Filled> {
        let wanted = self.end + count;
        self.at_least(wanted);
        while self.end < wanted {
            match read(self.bytes.get_mut(self.end..wanted).unwrap_or_default()) {
                Ok(0) => return Ok(Filled::InPart),
                Ok(n) => self.end += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(Filled::Whole)
    }

    fn at_least(&mut self, size: usize) {
        if self.bytes.len() < size {
            self.bytes.resize(size, 0);
        }
    }

    /// Has somebody else put a stretch in, instead of what is there.
    pub(super) fn fill_with<T>(&mut self, fill: impl FnOnce(&mut Vec<u8>) -> io::Result<T>) -> io::Result<T> {
        self.bytes.clear();
        let filled = fill(&mut self.bytes);
        (self.start, self.end) = (0, self.bytes.len());
        filled
    }

    /// Takes the first `count` bytes out.
    pub(super) const fn skip_first(&mut self, count: usize) {
        self.start += count;
    }

    /// Keeps the first `count` bytes.
    pub(super) const fn truncate(&mut self, count: usize) {
        self.end = self.start + count;
    }
}

/// Whether there was as much as wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    Whole,
    InPart,
}

impl Cutter {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self::by(reader, STRETCH_BYTES)
    }

    /// The same in stretches of about `stretch_bytes`.
    pub(super) fn by(reader: Box<dyn Read + Send>, stretch_bytes: usize) -> Self {
        Self { reader, carry: Vec::new(), offset: 0, ended: false, stretch_bytes }
    }

    /// How far the log was read.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Fills `room` with the next whole lines; `None` at the end.
    pub(super) fn next(&mut self, room: &mut Room) -> io::Result<Option<Cut>> {
        let mut cut = Cut::default();
        room.empty_for(self.offset);
        room.put(&self.carry);
        self.carry.clear();
        let mut wanted = wanted(self.offset, self.stretch_bytes);
        while !self.ended {
            self.fill(room, wanted)?;
            wanted = self.stretch_bytes;
            if let Some(last) = memchr::memrchr(b'\n', room.content()) {
                self.carry.extend_from_slice(room.content().get(last + 1..).unwrap_or_default());
                room.truncate(last + 1);
                break;
            }
            if !self.ended && room.len() > LONGEST_LINE_BYTES {
                self.skip_line(room, &mut cut)?;
            }
        }
        if room.len() == 0 && self.ended && cut.too_long.is_empty() {
            return Ok(None);
        }
        cut.offset = self.offset;
        self.offset += room.len() as u64;
        Ok(Some(cut))
    }

    /// Reads so many bytes, or to the end of the log.
    fn fill(&mut self, room: &mut Room, wanted: usize) -> io::Result<()> {
        self.ended = room.add(wanted, |free| self.reader.read(free))? == Filled::InPart;
        Ok(())
    }

    /// Throws the line at the start of `room` away, piece by piece, and keeps what follows it.
    fn skip_line(&mut self, room: &mut Room, cut: &mut Cut) -> io::Result<()> {
        let start = self.offset;
        loop {
            if let Some(end) = memchr::memchr(b'\n', room.content()) {
                room.skip_first(end + 1);
                self.offset += end as u64 + 1;
                break;
            }
            self.offset += room.len() as u64;
            room.truncate(0);
            if self.ended {
                break;
            }
            self.fill(room, self.stretch_bytes)?;
        }
        cut.too_long.push((start, self.offset - start));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, as pipes do.
    struct Drip(io::Cursor<Vec<u8>>, usize);

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = buffer.len().min(self.1);
            self.0.read(&mut buffer[..n])
        }
    }

    #[expect(clippy::type_complexity, reason = "what was kept and what was too long, for one test")]
    fn cut_all(content: &[u8], drip: usize) -> (Vec<(u64, Vec<u8>)>, Vec<(u64, u64)>) {
        let mut cutter = Cutter::new(Box::new(Drip(io::Cursor::new(content.to_vec()), drip)));
        let mut room = Room::default();
        let (mut stretches, mut long) = (Vec::new(), Vec::new());
        while let Some(cut) = cutter.next(&mut room).unwrap() {
            stretches.push((cut.offset, room.content().to_vec()));
            long.extend(cut.too_long);
        }
        (stretches, long)
    }

    #[test]
    fn stretches_put_together_are_the_log() {
        let line = format!("{{\"a\":\"{}\"}}\n", "x".repeat(700));
        let content = [line.repeat(5000).as_bytes(), b"no newline at the end"].concat();
        for drip in [4096, 1 << 20, usize::MAX] {
            let (stretches, long) = cut_all(&content, drip);
            assert!(long.is_empty() && stretches.len() >= 3);
            assert_eq!(stretches.iter().flat_map(|(_, b)| b.clone()).collect::<Vec<_>>(), content);
            for (offset, bytes) in &stretches {
                assert_eq!(&content[usize::try_from(*offset).unwrap()..][..bytes.len()], bytes);
                assert!(bytes.ends_with(b"\n") || bytes.ends_with(b"end"));
            }
        }
    }

    #[test]
    fn a_line_of_ten_megabytes_is_skipped_and_told() {
        let content = [b"first\n".as_slice(), &vec![b'x'; 10_000_000], b"\nlast\n"].concat();
        let (stretches, long) = cut_all(&content, 100_000);
        assert_eq!(long, [(6, 10_000_001)]);
        let kept: Vec<u8> = stretches.iter().flat_map(|(_, b)| b.clone()).collect();
        assert_eq!(kept, b"first\nlast\n");
        assert_eq!(stretches.last().unwrap().0 + stretches.last().unwrap().1.len() as u64, content.len() as u64);
        assert_eq!(cut_all(&vec![b'x'; 3_000_000], 1 << 20).1, [(0, 3_000_000)]);
    }
}
