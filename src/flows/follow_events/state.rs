//! The folder of a state: the last checkpoint, and what was written down since.
//!
//! `checkpoint` is replaced whole; it names the `written-N` that goes with it. An entry that a crash tore is cut off: it was
//! not looked at yet. One process at a time holds a state; a lock that ends with the process sees to it.

use super::Entry;
use crate::connectors::logs::tail::Position;
use crate::crypto::hash::Digest;
use crate::events::coverage::Sight;
use crate::events::doubles::Doubles;
use crate::events::hash::Seed;
use crate::events::keep::{Bytes, Keep, keep};
use crate::events::slice::Setup;
use crate::files::{self, FileError};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The first line of a checkpoint; the number is that of the format.
const MAGIC: &[u8] = b"habeas checkpoint 2\n";
const DIGEST_BYTES: usize = 32;
const CHECK_BYTES: usize = 16;
/// Largest checkpoint.
const LARGEST_BYTES: u64 = 4 << 30;

/// A state that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// A file of it cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another run holds it.
    #[error("the state `{path}` is in use by another run; end it, or name another with --state", path = .0.display())]
    Busy(PathBuf),
    /// It was made with other rules or settings.
    #[error("the state `{path}` {what} than this run: its windows cannot go on; name a new folder with --state", path = folder.display())]
    Other {
        /// The folder.
        folder: PathBuf,
        /// What differs.
        what: String,
    },
    /// It does not hold what it should.
    #[error("`{path}` is damaged: {what}; move the folder away, and name a new one with --state", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
}

/// The engine at an instant.
pub(super) struct Checkpoint {
    pub setup: Setup,
    pub seed: (u64, u64),
    /// Number of the file with what was written down since.
    pub sequence: u64,
    pub position: Position,
    pub stream: u64,
    pub fired: u64,
    pub sight: Sight,
    pub doubles: Doubles,
    pub engine: Bytes,
}

keep!(Checkpoint { setup, seed, sequence, position, stream, fired, sight, doubles, engine });

impl Checkpoint {
    /// Before anything has come.
    pub(super) fn new(setup: &Setup, seed: Seed) -> Self {
        Self {
            setup: setup.clone(),
            seed: (seed.0[0], seed.0[1]),
            sequence: 0,
            position: Position::default(),
            stream: 0,
            fired: 0,
            sight: Sight::default(),
            doubles: Doubles::default(),
            engine: Bytes::default(),
        }
    }
}

pub(super) struct State {
    folder: PathBuf,
    sequence: u64,
    written: File,
    written_bytes: u64,
    /// Held as long as the state is.
    _lock: File,
}

impl State {
    /// Opens or makes the state in `folder`; with its last checkpoint, unless it is new.
    pub(super) fn open(folder: &Path) -> Result<(Self, Option<Checkpoint>), FollowError> {
        // It holds values of the log.
        files::create_private_folder(folder)?;
        let lock = files::lock(&folder.join("lock"))?.ok_or_else(|| FollowError::Busy(folder.to_path_buf()))?;
        let path = folder.join("checkpoint");
        let checkpoint = if path.exists() { Some(read(&path)?) } else { None };
        let sequence = checkpoint.as_ref().map_or(0, |c| c.sequence);
        let written = open(&written_path(folder, sequence))?;
        let state = Self { folder: folder.to_path_buf(), sequence, written, written_bytes: 0, _lock: lock };
        Ok((state, checkpoint))
    }

    pub(super) const fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    pub(super) fn damaged(&self, file: &str, what: &'static str) -> FollowError {
        FollowError::Damaged { path: self.folder.join(file), what }
    }

    /// What was written down since the checkpoint, to the last whole entry; the rest is cut off.
    pub(super) fn written_down(&mut self) -> Result<Vec<Entry>, FollowError> {
        let path = written_path(&self.folder, self.sequence);
        let failed = |e| FileError::new("read", &path, e);
        let mut bytes = Vec::new();
        self.written.read_to_end(&mut bytes).map_err(failed)?;
        let (mut entries, mut rest) = (Vec::new(), bytes.as_slice());
        while let Some((entry, after)) = entry(rest) {
            entries.push(entry.ok_or_else(|| self.damaged("written", "an entry does not hold what it should"))?);
            rest = after;
        }
        self.written_bytes = (bytes.len() - rest.len()) as u64;
        let cut = self.written.set_len(self.written_bytes);
        cut.and_then(|()| self.written.seek(SeekFrom::End(0))).map_err(failed)?;
        Ok(entries)
    }

    /// Adds an entry; when this returns, it survives a power cut.
    pub(super) fn write_down(&mut self, content: &[u8]) -> Result<(), FollowError> {
        let length = (content.len() as u64).to_le_bytes();
        let whole = [&length, check(content).as_slice(), content].concat();
        let written =
            files::write_at("follow::entry", &mut self.written, &whole).and_then(|()| self.written.sync_data());
        written.map_err(|e| FileError::new("write", &written_path(&self.folder, self.sequence), e))?;
        files::point("follow::after-entry");
        self.written_bytes += whole.len() as u64;
        Ok(())
    }

    /// Replaces the checkpoint and begins to write down anew.
    pub(super) fn checkpoint(&mut self, checkpoint: &mut Checkpoint) -> Result<(), FollowError> {
        let before = written_path(&self.folder, self.sequence);
        checkpoint.sequence = self.sequence + 1;
        let path = self.folder.join("checkpoint");
        let failed = |e| FileError::new("write", &path, e);
        let packed = zstd::encode_all(checkpoint.kept().as_slice(), 1).map_err(failed)?;
        // Made before the checkpoint that names it, and empty: what an earlier try may have left is nobody's.
        let next = open(&written_path(&self.folder, checkpoint.sequence))?;
        next.set_len(0).map_err(failed)?;
        files::point("follow::next-made");
        files::write_whole(&path, &[MAGIC, Digest::of(&packed).bytes(), &packed].concat())?;
        (self.sequence, self.written, self.written_bytes) = (checkpoint.sequence, next, 0);
        // If it stays, it only takes room.
        let _ = std::fs::remove_file(before);
        Ok(())
    }
}

fn open(path: &Path) -> Result<File, FileError> {
    let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path);
    opened.map_err(|e| FileError::new("open", path, e))
}

fn written_path(folder: &Path, sequence: u64) -> PathBuf {
    folder.join(format!("written-{sequence}"))
}

fn check(content: &[u8]) -> [u8; CHECK_BYTES] {
    Digest::of(content).bytes().first_chunk().copied().unwrap_or_default()
}

/// The first entry of `bytes` and what follows it; `None` when it is not there as a whole.
fn entry(bytes: &[u8]) -> Option<(Option<Entry>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (sum, rest) = rest.split_first_chunk::<CHECK_BYTES>()?;
    let (content, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    (check(content) == *sum).then(|| (Entry::of(content), rest))
}

fn read(path: &Path) -> Result<Checkpoint, FollowError> {
    let bytes = files::read_limited(path, LARGEST_BYTES)?;
    let damaged = |what| FollowError::Damaged { path: path.to_path_buf(), what };
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| damaged("it is no checkpoint of this version"))?;
    let (sum, packed) = rest.split_first_chunk::<DIGEST_BYTES>().ok_or_else(|| damaged("it ends too early"))?;
    if Digest::of(packed).bytes() != sum {
        return Err(damaged("its checksum does not match"));
    }
    let content = zstd::decode_all(packed).ok();
    content.and_then(|c| Checkpoint::of(&c)).ok_or_else(|| damaged("it does not hold what it should"))
}
