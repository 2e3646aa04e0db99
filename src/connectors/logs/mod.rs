//! Log files: opens and decompresses them, and runs the event engine over them on as many threads as there are cores.
//!
//! Assumes UTF-8 lines. A line that cannot be used is counted, never the end of the run; a file that cannot be read is.

mod ahead;
mod input;
mod mapped;
mod scan;
pub mod slices;
mod stretch;
mod stripes;
pub mod tail;

pub use input::{Fingerprint, Input};
pub use scan::{Coverage, Options, scan};

use std::path::PathBuf;

/// A log that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be opened.
    #[error("could not open the log `{path}`: {source}; check the path and its permissions", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Reading failed part way, or compressed data is damaged.
    #[error("could not read the log `{name}` beyond byte {offset}: {source}")]
    Read {
        /// The log's name.
        name: String,
        /// How far it could be read, in decompressed bytes.
        offset: u64,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// More logs than places can tell apart.
    #[error("{0} logs are more than the 65,535 one run can tell apart; split the run")]
    TooMany(usize),
}
