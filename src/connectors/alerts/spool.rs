//! The spool of one place: alerts that it has not taken yet, on disk.
//!
//! Two files in a folder: `queue.ndjson` grows by whole lines and is synced before `put` returns; `taken` holds the offset up
//! to which the place has taken it. When everything is taken, both start anew. A line that a power cut tore is cut off: it was
//! never acknowledged. One process at a time holds a spool; a lock that ends with the process sees to it.

use crate::alerts::Alert;
use crate::files;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A spool that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The file system failed.
    #[error("the spool `{path}` cannot be used: {source}", path = path.display())]
    Io {
        /// The spool's folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A file of it could not be written.
    #[error(transparent)]
    File(#[from] files::FileError),
    /// Another run holds it.
    #[error("the spool `{path}` is in use by another run; wait for it or name another with --spool", path = .0.display())]
    Busy(PathBuf),
    /// A line that is not an alert.
    #[error("the spool `{path}` is damaged at byte {offset}; move the folder away and keep it", path = path.display())]
    Damaged {
        /// The spool's folder.
        path: PathBuf,
        /// Where.
        offset: u64,
    },
}

/// The spool of one place.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    queue: File,
    /// End of the last whole line.
    end: u64,
    /// Up to where the place has taken it.
    taken: u64,
    /// Held as long as the spool is.
    _lock: File,
}

impl Spool {
    /// Opens or makes the spool in `folder`.
    pub fn open(folder: &Path) -> Result<Self, SpoolError> {
        files::create_folder(folder)?;
        let failed = |source| SpoolError::Io { path: folder.to_path_buf(), source };
        let write =
            |name: &str| OpenOptions::new().create(true).truncate(false).read(true).write(true).open(folder.join(name));
        let lock = files::lock(&folder.join("lock"))?.ok_or_else(|| SpoolError::Busy(folder.to_path_buf()))?;
        let mut queue = write("queue.ndjson").map_err(failed)?;
        let end = whole_lines(&mut queue).and_then(|end| queue.set_len(end).map(|()| end)).map_err(failed)?;
        let taken = match files::read_limited(&folder.join("taken"), 32) {
            Ok(text) => String::from_utf8_lossy(&text).trim().parse::<u64>().unwrap_or(0),
            Err(_) => 0,
        };
        let mut spool = Self { folder: folder.to_path_buf(), queue, end, taken, _lock: lock };
        if taken > end {
            // It belongs to lines that are gone, and must not hide those to come.
            spool.note(0)?;
        }
        Ok(spool)
    }

    /// Bytes that wait.
    pub const fn waiting_bytes(&self) -> u64 {
        self.end.saturating_sub(self.taken)
    }

    /// Bytes that the queue takes on disk.
    pub const fn size_bytes(&self) -> u64 {
        self.end
    }

    /// Adds `alerts`; when this returns, they survive a power cut.
    pub fn put(&mut self, alerts: &[Alert]) -> Result<(), SpoolError> {
        let mut lines = String::new();
        for alert in alerts {
            // An alert serialises without fail: all keys are text and its number is finite.
            lines.push_str(&serde_json::to_string(alert).unwrap_or_default());
            lines.push('\n');
        }
        let end = self.end;
        let mut write = || {
            self.queue.seek(SeekFrom::Start(end))?;
            files::write_at("spool::put", &mut self.queue, lines.as_bytes())?;
            self.queue.sync_data()
        };
        write().map_err(|e| self.failed(e))?;
        files::point("spool::after-put");
        self.end += lines.len() as u64;
        Ok(())
    }

    /// The next alerts, at most `most`, and for each the offset after it.
    pub fn next(&mut self, most: usize) -> Result<Vec<(Alert, u64)>, SpoolError> {
        self.queue.seek(SeekFrom::Start(self.taken)).map_err(|e| self.failed(e))?;
        let mut reader = BufReader::new(&self.queue);
        let (mut found, mut at, mut line) = (Vec::new(), self.taken, Vec::new());
        while found.len() < most && at < self.end {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(|e| self.failed(e))?;
            let damaged = |_| SpoolError::Damaged { path: self.folder.clone(), offset: at };
            let alert = serde_json::from_slice(&line).map_err(damaged)?;
            at += read as u64;
            found.push((alert, at));
        }
        Ok(found)
    }

    /// Notes that everything before `offset` was taken.
    pub fn taken(&mut self, offset: u64) -> Result<(), SpoolError> {
        if offset < self.end {
            return self.note(offset);
        }
        // The queue first: with the offset first, whoever opens the spool in between would find everything in it waiting, also
        // what was taken long ago. The other way round the offset lies behind the end, which `open` knows the meaning of.
        self.queue.set_len(0).and_then(|()| self.queue.sync_data()).map_err(|e| self.failed(e))?;
        self.end = 0;
        files::point("spool::emptied");
        if self.taken > 0 { self.note(0) } else { Ok(()) }
    }

    fn note(&mut self, offset: u64) -> Result<(), SpoolError> {
        files::write_whole(&self.folder.join("taken"), offset.to_string().as_bytes())?;
        self.taken = offset;
        Ok(())
    }

    fn failed(&self, source: std::io::Error) -> SpoolError {
        SpoolError::Io { path: self.folder.clone(), source }
    }
}

/// Where the last whole line ends.
fn whole_lines(queue: &mut File) -> std::io::Result<u64> {
    let mut reader = BufReader::new(queue);
    let (mut end, mut at, mut line) = (0, 0, Vec::new());
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(end);
        }
        at += read as u64;
        if line.last() == Some(&b'\n') {
            end = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::{Level, Staff};

    fn alert(n: u64) -> Alert {
        let line = serde_json::json!({"rule": "r", "key": {"actor": "u"}, "at": "2026-03-05T09:00:00Z", "count": 1,
            "first": {"file": "a", "offset": n}, "last": {"file": "a", "offset": n}});
        Alert::of_firing(&line.to_string(), 1, &Staff::Revealed, Level::Low).unwrap()
    }

    fn offsets(spool: &mut Spool, most: usize) -> Vec<u64> {
        spool.next(most).unwrap().iter().map(|(a, _)| a.last.as_ref().unwrap().offset).collect()
    }

    #[test]
    fn what_was_put_and_not_taken_is_there_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(dir.path()).unwrap();
        spool.put(&[alert(1), alert(2), alert(3)]).unwrap();
        let after_first = spool.next(1).unwrap()[0].1;
        spool.taken(after_first).unwrap();
        drop(spool);
        let mut spool = Spool::open(dir.path()).unwrap();
        assert_eq!(offsets(&mut spool, 10), [2, 3]);
        spool.put(&[alert(4)]).unwrap();
        assert_eq!(offsets(&mut spool, 10), [2, 3, 4]);
        assert_eq!(offsets(&mut spool, 1), [2]);
        let end = spool.next(10).unwrap().last().unwrap().1;
        spool.taken(end).unwrap();
        assert_eq!((spool.waiting_bytes(), spool.size_bytes()), (0, 0));
        spool.put(&[alert(5)]).unwrap();
        drop(spool);
        assert_eq!(offsets(&mut Spool::open(dir.path()).unwrap(), 10), [5]);
    }

    /// The queue was emptied by hand, or the power went between two writes: the old offset must not hide new lines.
    #[test]
    fn an_offset_of_lines_that_are_gone_hides_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("taken"), "100").unwrap();
        Spool::open(dir.path()).unwrap().put(&[alert(1), alert(2), alert(3)]).unwrap();
        assert_eq!(offsets(&mut Spool::open(dir.path()).unwrap(), 10), [1, 2, 3]);
    }

    /// Every place at which a power cut can end the file: whole lines stay, the torn one goes.
    #[test]
    fn a_torn_line_is_cut_off_and_no_whole_one_is() {
        let dir = tempfile::tempdir().unwrap();
        Spool::open(dir.path()).unwrap().put(&[alert(1), alert(2)]).unwrap();
        let path = dir.path().join("queue.ndjson");
        let whole = std::fs::read(&path).unwrap();
        let first = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let mut spool = Spool::open(dir.path()).unwrap();
            let expected: &[u64] = if cut < first {
                &[]
            } else if cut < whole.len() {
                &[1]
            } else {
                &[1, 2]
            };
            assert_eq!(offsets(&mut spool, 10), expected, "cut at {cut}");
            spool.put(&[alert(9)]).unwrap();
            assert_eq!(offsets(&mut spool, 10).last(), Some(&9));
        }
    }

    #[test]
    fn two_runs_cannot_hold_one_spool_and_damage_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let held = Spool::open(dir.path()).unwrap();
        assert!(matches!(Spool::open(dir.path()), Err(SpoolError::Busy(_))));
        drop(held);
        std::fs::write(dir.path().join("queue.ndjson"), "not an alert\n").unwrap();
        assert!(matches!(Spool::open(dir.path()).unwrap().next(1), Err(SpoolError::Damaged { offset: 0, .. })));
    }
}
