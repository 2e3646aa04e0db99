//! Where in the evidence a finding points to.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A pointer into the evidence, precise enough for somebody else to look there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "in")]
pub enum Place {
    /// A record or field of a snapshot.
    Snapshot {
        /// Evidence kind, e.g. `users`.
        kind: String,
        /// JSON pointer into the kind's data, e.g. `/12`; empty for the whole document.
        pointer: String,
        /// The record's own id, when it has one. Findings are recognised across audits by it.
        record: Option<String>,
    },
    /// A line of a log.
    Log {
        /// The log file's name as given.
        file: String,
        /// Offset of the line's first byte in the (decompressed) file.
        offset: u64,
        /// What the events were grouped by, e.g. `actor=u17`. Findings are recognised across audits by it.
        key: String,
    },
}

impl Place {
    /// The part that stays the same from one audit to the next, as long as the thing pointed to does.
    pub fn stable_key(&self) -> String {
        match self {
            Self::Snapshot { kind, pointer, record } => format!("{kind}/{}", record.as_ref().unwrap_or(pointer)),
            Self::Log { key, .. } => key.clone(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot { kind, pointer, record: Some(id) } => write!(f, "{kind}{pointer} ({id})"),
            Self::Snapshot { kind, pointer, record: None } => write!(f, "{kind}{pointer}"),
            Self::Log { file, offset, key } => write!(f, "{file}:{offset} ({key})"),
        }
    }
}
