//! The ledger: proves what happened and when, to somebody who does not trust us.
//!
//! One append-only Merkle tree per organisation (RFC 6962, SHA-256), laid out as C2SP tlog-tiles, with checkpoints signed as
//! C2SP signed notes. It makes and verifies; it stores nothing (that is `store`) and reads no clock.
//! Must never hold personal data: a leaf cannot be erased, so an entry has room for ids, words, counts, dates and digests only.

pub mod checkpoint;
pub mod entry;
pub mod note;
pub mod proof;
pub mod tiles;
pub mod tree;
pub mod verify;

/// Why something of the ledger is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A proof that does not lead to the root it was to lead to.
    #[error("the {kind} proof does not lead to the root of the tree of {size} entries")]
    Proof {
        /// `inclusion` or `consistency`.
        kind: &'static str,
        /// Size of the tree.
        size: u64,
    },
    /// A tree asked for entries it does not have.
    #[error("the tree has {size} entries; `{asked}` lies outside it")]
    Range {
        /// What was asked.
        asked: u64,
        /// Size of the tree.
        size: u64,
    },
    /// A signed note that is not one.
    #[error("this is not a signed note (c2sp.org/signed-note): {0}")]
    Note(&'static str),
    /// A note without a good signature by the pinned key.
    #[error("no valid signature by the pinned key `{0}`; do not trust this text")]
    Signature(String),
    /// A key that cannot be read.
    #[error("this is not a key of a signed note: {0}")]
    Key(&'static str),
    /// A checkpoint that is not one.
    #[error("this is not a checkpoint (c2sp.org/tlog-checkpoint): {0}")]
    Checkpoint(&'static str),
    /// A checkpoint of another log.
    #[error("the checkpoint is of `{found}`, not of the pinned origin `{pinned}`")]
    Origin {
        /// The origin pinned by the verifier.
        pinned: String,
        /// The origin found.
        found: String,
    },
    /// Two trees of which neither continues the other.
    #[error("the tree of {next} entries does not continue the checkpoint of {last} entries; it is not signed")]
    Inconsistent {
        /// Size at the last checkpoint.
        last: u64,
        /// Size of the tree to be signed.
        next: u64,
    },
    /// An entry that breaks the form.
    #[error("entry {seq} is not a ledger entry: {why}")]
    Entry {
        /// Position in the log, from 0.
        seq: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A tile or bundle that is missing, too short or too long.
    #[error("`{path}` of the exported log is {why}")]
    Tile {
        /// Path inside the export.
        path: String,
        /// `missing`, `not whole`, ...
        why: &'static str,
    },
}
