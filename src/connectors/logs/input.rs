//! One log to be read: a file, plain, gzip or zstd by its first bytes, or standard input.

use super::LogError;
use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::Path;

/// Bytes that tell a format apart.
const MAGIC_BYTES: usize = 4;

/// A log, opened.
pub struct Input {
    /// Its name as given.
    pub name: String,
    /// Its content, decompressed.
    pub(super) reader: Box<dyn Read + Send>,
}

impl Input {
    /// Opens `path`; `-` is standard input.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let failed = |source| LogError::Open { path: path.to_path_buf(), source };
        let raw: Box<dyn Read + Send> = if path == Path::new("-") {
            Box::new(io::stdin())
        } else {
            let file = File::open(path).map_err(failed)?;
            if file.metadata().map_err(failed)?.is_dir() {
                return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
            }
            Box::new(file)
        };
        Self::new(&path.display().to_string(), raw).map_err(failed)
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
        Ok(Self { name: name.to_owned(), reader })
    }
}
