//! One log to be read: a file, plain, gzip or zstd by its first bytes, or standard input.

use super::LogError;
use crate::crypto::hash::{Digest, Hasher};
use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that tell a format apart.
const MAGIC_BYTES: usize = 4;

/// A log, opened.
pub struct Input {
    /// Its name as given.
    pub name: String,
    /// Its content, decompressed.
    pub(super) reader: Box<dyn Read + Send>,
    /// Whether it is decompressed while it is read.
    pub(super) packed: bool,
    /// The file and its size, when it may be read at any place: when it is plain, and nobody has to see all of it pass.
    pub(super) plain: Option<(File, u64)>,
}

/// The digest of a file as it stands on the disk, made while it is read.
#[derive(Clone, Debug, Default)]
pub struct Fingerprint(Arc<Mutex<Hasher>>);

impl Fingerprint {
    /// The digest of what was read so far: of the whole file after a run.
    pub fn digest(&self) -> Digest {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).digest()
    }
}

/// A file as long as it was when it was opened: what is appended meanwhile is for the next run.
struct Whole {
    file: File,
    left: u64,
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let n = self.file.read(buffer.get_mut(..wanted).unwrap_or_default())?;
        self.left -= n as u64;
        if n == 0 && wanted > 0 { Err(shorter()) } else { Ok(n) }
    }
}

/// Part of a log is gone that was there when it was opened: what it held is not known, so it is no log without findings.
pub(super) fn shorter() -> io::Error {
    let why = "the file has become shorter while it was read; read it again when nobody writes to it";
    io::Error::new(io::ErrorKind::UnexpectedEof, why)
}

struct Hashing<R>(R, Fingerprint);

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(buffer)?;
        let mut hasher = self.1.0.lock().unwrap_or_else(PoisonError::into_inner);
        hasher.update(buffer.get(..n).unwrap_or_default());
        Ok(n)
    }
}

impl Input {
    /// Opens `path` and makes its fingerprint while it is read.
    pub fn open_with_fingerprint(path: &Path) -> Result<(Self, Fingerprint), LogError> {
        let fingerprint = Fingerprint::default();
        let failed = |source| LogError::Open { path: path.to_path_buf(), source };
        let (raw, _) = Self::raw(path)?;
        let hashing = Box::new(Hashing(raw, fingerprint.clone()));
        Ok((Self::new(&path.display().to_string(), hashing).map_err(failed)?, fingerprint))
    }

    /// Opens `path`; `-` is standard input.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let failed = |source| LogError::Open { path: path.to_path_buf(), source };
        let (raw, places) = Self::raw(path)?;
        let input = Self::new(&path.display().to_string(), raw).map_err(failed)?;
        Ok(Self { plain: places.filter(|_| !input.packed), ..input })
    }

    /// What stands at `path`, and the file with its size when it has one and may be read at any place.
    #[expect(clippy::type_complexity, reason = "the same in two ways, for the two that open a log")]
    fn raw(path: &Path) -> Result<(Box<dyn Read + Send>, Option<(File, u64)>), LogError> {
        let failed = |source| LogError::Open { path: path.to_path_buf(), source };
        if path == Path::new("-") {
            return Ok((Box::new(io::stdin()), None));
        }
        let file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if about.is_dir() {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        // Files that the system makes up have no size, and pipes no places.
        if !about.is_file() || about.len() == 0 {
            return Ok((Box::new(file), None));
        }
        let same = file.try_clone().map_err(failed)?;
        Ok((Box::new(Whole { file, left: about.len() }), Some((same, about.len()))))
    }

    /// The content, decompressed, for whoever reads it otherwise than as events.
    pub fn into_reader(self) -> Box<dyn Read + Send> {
        self.reader
    }

    /// The content from the byte that `place` gives for the size, and that byte; all of it where it cannot be gone to.
    pub(super) fn into_reader_from(self, place: impl Fn(u64) -> u64) -> io::Result<(u64, Box<dyn Read + Send>)> {
        let Some((mut file, size)) = self.plain else { return Ok((0, self.reader)) };
        let from = place(size).min(size);
        file.seek(SeekFrom::Start(from))?;
        Ok((from, Box::new(Whole { file, left: size - from })))
    }

    /// A log with content from anywhere.
    pub fn new(name: &str, mut raw: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(MAGIC_BYTES);
        raw.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut magic)?;
        let gzip = magic.starts_with(&[0x1f, 0x8b]);
        let zstd = magic == [0x28, 0xb5, 0x2f, 0xfd];
        let whole: Chain<Cursor<Vec<u8>>, Box<dyn Read + Send>> = Cursor::new(magic).chain(raw);
        let reader: Box<dyn Read + Send> = if gzip {
            // Members may follow each other, as when rotated logs are put together.
            Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 17, whole)))
        } else if zstd {
            Box::new(zstd::stream::read::Decoder::new(whole)?)
        } else {
            Box::new(whole)
        };
        Ok(Self { name: name.to_owned(), reader, packed: gzip || zstd, plain: None })
    }
}
