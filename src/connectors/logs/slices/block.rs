//! The blocks of a slice file: kind, length, checksum, compressed content.

use super::SliceError;
use crate::crypto::hash::Digest;
use crate::events::keep::Keep;
use crate::events::slice::{Index, Setup};
use crate::files::FileError;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The first line of every slice; the number is that of the format.
const MAGIC: &[u8] = b"habeas slice 1\n";
/// Kind, length and checksum.
const HEADER_BYTES: usize = 1 + 4 + CHECK_BYTES;
const CHECK_BYTES: usize = 16;
/// Where the index begins, and its checksum once more.
const TRAILER_BYTES: u64 = 8 + CHECK_BYTES as u64;
/// Content beyond which a block is taken for damage.
const LARGEST_BLOCK_BYTES: u64 = 1 << 30;

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum BlockKind {
    /// Rules and settings.
    Setup = b'S',
    /// Records of correlations with a bound.
    Bounded = b'B',
    /// Everything else that a stretch left.
    Rest = b'R',
    /// The slice's own firings.
    Own = b'O',
    /// The index.
    Index = b'I',
}

/// Writes a slice.
pub(super) struct Writer<W> {
    out: W,
    at: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(mut out: W, setup: &Setup) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        let mut writer = Self { out, at: MAGIC.len() as u64 };
        writer.block(BlockKind::Setup, setup)?;
        Ok(writer)
    }

    /// Where the next block will begin.
    pub(super) const fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn block(&mut self, kind: BlockKind, content: &impl Keep) -> io::Result<()> {
        let packed = zstd::encode_all(content.kept().as_slice(), 1)?;
        let length = u32::try_from(packed.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        self.out.write_all(&[kind as u8])?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(&check(&packed))?;
        self.out.write_all(&packed)?;
        self.at += (HEADER_BYTES + packed.len()) as u64;
        Ok(())
    }

    /// Writes the index, which ends the slice.
    pub(super) fn end(mut self, index: &Index) -> io::Result<W> {
        let at = self.at;
        self.block(BlockKind::Index, index)?;
        let place = at.to_le_bytes();
        self.out.write_all(&place)?;
        self.out.write_all(&check(&place))?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = Digest::of(bytes);
    digest.bytes().first_chunk().copied().unwrap_or_default()
}

/// Reads a slice.
pub(super) struct Reader {
    path: PathBuf,
    file: File,
}

impl Reader {
    /// Opens a slice; gives its setup and index, both checked.
    pub(super) fn open(path: &Path) -> Result<(Self, Setup, Index), SliceError> {
        let failed = |e| FileError::new("read", path, e);
        let mut file = File::open(path).map_err(failed)?;
        let mut magic = Vec::new();
        (&mut file).take(MAGIC.len() as u64).read_to_end(&mut magic).map_err(failed)?;
        if magic != MAGIC {
            let found = match magic.split(|b| *b == b'\n').next() {
                Some(line) if line.starts_with(b"habeas slice") => format!("`{}`", String::from_utf8_lossy(line)),
                _ => "something else".to_owned(),
            };
            return Err(SliceError::Format { path: path.to_path_buf(), found });
        }
        let mut reader = Self { path: path.to_path_buf(), file };
        let setup = reader.block(BlockKind::Setup, MAGIC.len() as u64)?;
        let at = reader.index_at()?;
        let index = reader.block(BlockKind::Index, at)?;
        Ok((reader, setup, index))
    }

    fn index_at(&mut self) -> Result<u64, SliceError> {
        let size = self.file.seek(SeekFrom::End(0)).map_err(|e| FileError::new("read", &self.path, e))?;
        let cut = self.damaged(size, "it was not written to its end");
        let Some(start) = size.checked_sub(TRAILER_BYTES) else { return Err(cut) };
        let bytes = self.bytes(start, 8 + CHECK_BYTES)?;
        match bytes.split_first_chunk::<8>() {
            Some((place, sum)) if sum == check(place) => Ok(u64::from_le_bytes(*place)),
            _ => Err(cut),
        }
    }

    /// The content of the block at `at`, which has to be of `kind`.
    pub(super) fn block<T: Keep>(&mut self, kind: BlockKind, at: u64) -> Result<T, SliceError> {
        self.block_after(kind, at).map(|(content, _)| content)
    }

    /// The same, and where the next block begins.
    pub(super) fn block_after<T: Keep>(&mut self, kind: BlockKind, at: u64) -> Result<(T, u64), SliceError> {
        let (length, sum) = self.header(kind, at)?;
        let packed = self.bytes(at + HEADER_BYTES as u64, length)?;
        if check(&packed) != sum.as_slice() {
            return Err(self.damaged(at, "a checksum does not match"));
        }
        let mut content = Vec::new();
        let unpacked = zstd::stream::read::Decoder::new(packed.as_slice())
            .and_then(|d| d.take(LARGEST_BLOCK_BYTES).read_to_end(&mut content));
        let value = unpacked.ok().and_then(|_| T::of(&content));
        let value = value.ok_or_else(|| self.damaged(at, "a block does not hold what it should"))?;
        Ok((value, at + (HEADER_BYTES + length) as u64))
    }

    /// Where the block after the one at `at` begins; its content is not read.
    pub(super) fn after(&mut self, kind: BlockKind, at: u64) -> Result<u64, SliceError> {
        let (length, _) = self.header(kind, at)?;
        Ok(at + (HEADER_BYTES + length) as u64)
    }

    fn header(&mut self, kind: BlockKind, at: u64) -> Result<(usize, Vec<u8>), SliceError> {
        let header = self.bytes(at, HEADER_BYTES)?;
        match header.split_first_chunk::<5>() {
            Some(([found, a, b, c, d], sum)) if *found == kind as u8 => {
                Ok((u32::from_le_bytes([*a, *b, *c, *d]) as usize, sum.to_vec()))
            }
            _ => Err(self.damaged(at, "a block of another kind stands there")),
        }
    }

    fn bytes(&mut self, at: u64, count: usize) -> Result<Vec<u8>, SliceError> {
        let failed = |e| FileError::new("read", &self.path, e);
        self.file.seek(SeekFrom::Start(at)).map_err(failed)?;
        let mut bytes = Vec::new();
        (&mut self.file).take(count as u64).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() == count { Ok(bytes) } else { Err(self.damaged(at, "it ends too early")) }
    }

    fn damaged(&self, at: u64, what: &'static str) -> SliceError {
        SliceError::Damaged { path: self.path.clone(), at, what }
    }
}
