//! One log to be read: a file, plain, gzip or zstd by its first bytes, or standard input.

use super::LogError;
use crate::crypto::hash::{Digest, Hasher};
use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
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
        let raw = Self::raw(path)?;
        let hashing = Box::new(Hashing(raw, fingerprint.clone()));
        Ok((Self::new(&path.display().to_string(), hashing).map_err(failed)?, fingerprint))
    }

    /// Opens `path`; `-` is standard input.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let failed = |source| LogError::Open { path: path.to_path_buf(), source };
        Self::new(&path.display().to_string(), Self::raw(path)?).map_err(failed)
    }

    fn raw(path: &Path) -> Result<Box<dyn Read + Send>, LogError> {
        let failed = |source| LogError::Open { path: path.to_path_buf(), source };
        if path == Path::new("-") {
            return Ok(Box::new(io::stdin()));
        }
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        Ok(Box::new(file))
    }

    /// The content, decompressed, for whoever reads it otherwise than as events.
    pub fn into_reader(self) -> Box<dyn Read + Send> {
        self.reader
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
        Ok(Self { name: name.to_owned(), reader, packed: gzip || zstd })
    }
}
