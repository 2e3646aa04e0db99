//! A part of a log: the whole lines between two cuts, wherever in a line the cuts fall.
//!
//! A cut moves to the end of the line in which it falls, so neighbours agree on it whoever makes which first.

use super::super::{Input, LogError};
use crate::crypto::hash::{Digest, Hasher};
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes before a cut that tell whether two parts meet.
const SEAM_BYTES: usize = 256;
/// Bytes at most of a file's first line that tell files apart.
const HEAD_BYTES: usize = 4096;

/// How far reading has come; shared with whoever reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Arc<Mutex<Done>>);

/// What is known once a range has been read.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    /// The byte after the last.
    pub to: u64,
    /// The bytes before it.
    pub seam: Vec<u8>,
    /// Whether the log ends there.
    pub ends: bool,
}

impl Progress {
    /// What was done so far.
    pub(super) fn done(&self) -> Done {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A range, opened: its lines, where they begin, and what tells its file apart.
pub(super) struct Range {
    pub reader: Box<dyn Read + Send>,
    pub from: u64,
    pub seam_from: String,
    pub head: String,
    pub progress: Progress,
}

/// Opens the lines of `path` from the cut at `from` to the cut at `to` (bytes of the decompressed content).
pub(super) fn open(path: &Path, from: u64, to: u64) -> Result<Range, LogError> {
    let failed = |source| LogError::Open { path: path.to_path_buf(), source };
    let head = head(&mut Input::open(path)?.into_reader()).map_err(failed)?;
    // A cut behind the end is one at the end.
    let before_seam = |size: u64| from.min(size).saturating_sub(SEAM_BYTES as u64);
    let (base, raw) = Input::open(path)?.into_reader_from(before_seam).map_err(failed)?;
    let mut lines = Lines {
        raw: BufReader::with_capacity(1 << 17, raw),
        at: base,
        to,
        tail: Vec::new(),
        shared: Progress::default(),
    };
    lines.skip_to(from).map_err(failed)?;
    lines.tell(false);
    let progress = lines.shared.clone();
    Ok(Range { from: lines.at, seam_from: seam(&lines.tail), head, progress, reader: Box::new(lines) })
}

/// The digest of the bytes before a cut.
pub(super) fn seam(bytes: &[u8]) -> String {
    Digest::of(bytes).short(32)
}

fn head(reader: &mut dyn Read) -> io::Result<String> {
    let mut first = Vec::new();
    reader.take(HEAD_BYTES as u64).read_to_end(&mut first)?;
    let line = memchr::memchr(b'\n', &first).map_or(first.len(), |end| end + 1);
    let mut hasher = Hasher::default();
    hasher.update(first.get(..line).unwrap_or_default());
    Ok(hasher.digest().short(32))
}

struct Lines<R> {
    raw: BufReader<R>,
    /// Offset of the next byte.
    at: u64,
    /// The cut at which to end.
    to: u64,
    /// The last bytes before `at`.
    tail: Vec<u8>,
    shared: Progress,
}

impl<R: Read> Lines<R> {
    /// Notes bytes that were passed.
    fn pass(&mut self, bytes: &[u8]) {
        self.at += bytes.len() as u64;
        let keep = bytes.len().saturating_sub(SEAM_BYTES);
        self.tail.extend_from_slice(bytes.get(keep..).unwrap_or_default());
        let over = self.tail.len().saturating_sub(SEAM_BYTES);
        self.tail.drain(..over);
    }

    fn is_at_line_start(&self) -> bool {
        self.at == 0 || self.tail.last() == Some(&b'\n')
    }

    /// Reads to the first line that begins at `from` or after it.
    fn skip_to(&mut self, from: u64) -> io::Result<()> {
        while self.at < from || !self.is_at_line_start() {
            let wanted = usize::try_from(from.saturating_sub(self.at)).unwrap_or(usize::MAX);
            let taken = self.some(wanted)?;
            if taken.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// The next bytes: at most `wanted`, or if none are wanted those to the end of the line.
    fn some(&mut self, wanted: usize) -> io::Result<Vec<u8>> {
        use io::BufRead;
        let buffer = self.raw.fill_buf()?;
        let end = if wanted > 0 { wanted } else { memchr::memchr(b'\n', buffer).map_or(buffer.len(), |at| at + 1) };
        let taken = buffer.get(..end.min(buffer.len())).unwrap_or_default().to_vec();
        self.raw.consume(taken.len());
        self.pass(&taken);
        Ok(taken)
    }

    fn tell(&self, ends: bool) {
        let mut done = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        *done = Done { to: self.at, seam: self.tail.clone(), ends };
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        use io::BufRead;
        if self.at >= self.to && self.is_at_line_start() {
            let ends = self.raw.fill_buf()?.is_empty();
            self.tell(ends);
            return Ok(0);
        }
        let buffer = self.raw.fill_buf()?;
        let room = if self.at < self.to {
            usize::try_from(self.to - self.at).unwrap_or(usize::MAX)
        } else {
            memchr::memchr(b'\n', buffer).map_or(buffer.len(), |at| at + 1)
        };
        let taken = buffer.get(..room.min(out.len()).min(buffer.len())).unwrap_or_default().to_vec();
        if let Some(out) = out.get_mut(..taken.len()) {
            out.copy_from_slice(&taken);
        }
        self.raw.consume(taken.len());
        self.pass(&taken);
        if taken.is_empty() {
            self.tell(true);
        }
        Ok(taken.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(path: &Path, from: u64, to: u64) -> (Vec<u8>, u64, Done, String) {
        let mut range = open(path, from, to).unwrap();
        let mut bytes = Vec::new();
        range.reader.read_to_end(&mut bytes).unwrap();
        (bytes, range.from, range.progress.done(), range.seam_from)
    }

    #[test]
    fn any_two_cuts_leave_whole_lines_that_meet() {
        let dir = tempfile::tempdir().unwrap();
        let content = format!("one\n\ntwo two\r\n{}\nthree\nno end", "x".repeat(700));
        let plain = dir.path().join("plain");
        std::fs::write(&plain, &content).unwrap();
        let packed = dir.path().join("packed");
        std::fs::write(&packed, zstd::encode_all(content.as_bytes(), 1).unwrap()).unwrap();
        let size = content.len() as u64;
        for path in [&plain, &packed] {
            for cut in (0..=size + 3).chain([size + 1000]) {
                let (head, from, done, _) = part(path, 0, cut);
                let (rest, middle, end, seam_from) = part(path, cut, u64::MAX);
                assert_eq!((from, done.to, &seam_from), (0, middle, &seam(&done.seam)), "cut at {cut}");
                assert_eq!([head.as_slice(), &rest].concat(), content.as_bytes(), "cut at {cut}");
                assert!(head.is_empty() || head.ends_with(b"\n") || done.ends, "cut at {cut}");
                assert_eq!((end.to, end.ends, done.ends), (size, true, done.to == size), "cut at {cut}");
            }
        }
    }

    /// What is gone may have held anything, so the log does not end where it ends now; what is appended is for another slice.
    #[test]
    fn a_range_goes_as_far_as_its_log_did_when_it_was_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let content = "a line of some length\n".repeat(40_000);
        let size = content.len() as u64;
        for from in [0, size / 2] {
            std::fs::write(&path, &content).unwrap();
            let mut range = open(&path, from, u64::MAX).unwrap();
            let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
            std::io::Write::write_all(&mut file, b"another\n").unwrap();
            let mut read = Vec::new();
            range.reader.read_to_end(&mut read).unwrap();
            assert_eq!((range.from + read.len() as u64, range.progress.done().ends), (size, true));

            let mut range = open(&path, from, u64::MAX).unwrap();
            file.set_len(size - 100_000).unwrap();
            let error = range.reader.read_to_end(&mut Vec::new()).unwrap_err();
            assert!(error.to_string().contains("has become shorter"), "{error}");
            assert!(!range.progress.done().ends);
        }
    }
}
