//! Slice files: makes one of parts of logs, and puts slices together to what a run over the whole logs gives.
//!
//! The format is in `docs/slices.md`: a magic line, blocks with a checksum each, an index at the end. A slice is written
//! stretch by stretch and read the same way, so neither side holds a log's worth in memory.

mod block;
mod make;
mod merge;
mod range;

pub use make::{Making, Part, STRETCH_BYTES, make};
pub use merge::{Whole, size_of};

use super::LogError;
use crate::events::slice::JoinError;
use crate::files::FileError;
use std::path::PathBuf;

/// A slice that cannot be made, read or put together with others.
#[derive(Debug, thiserror::Error)]
pub enum SliceError {
    /// A log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The slice cannot be written or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not a slice, or one of another format.
    #[error("`{path}` is not a slice of this program: it begins with {found}; make it with `habeas events slice`", path = path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What stands where the format should.
        found: String,
    },
    /// Bytes that do not match their checksum, or an end that is missing.
    #[error("the slice `{path}` is damaged at byte {at}: {what}; make it again", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// Slices that make no whole.
    #[error(transparent)]
    Join(#[from] JoinError),
}
