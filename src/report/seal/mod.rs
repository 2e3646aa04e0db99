//! Signing a report and checking a signed one: PAdES baseline B-B, with a time stamp B-T (ETSI EN 319 142-1), ECDSA P-256.
//!
//! Pure: keys and files come in as bytes, the time as an argument. A signature is always appended; nothing that was signed
//! is ever rewritten. `verify` is stricter than most readers: a valid digest over an older revision is not enough.

mod cms;
mod difference;
mod field;
mod revision;
mod sign;
mod signer;
mod verify;
mod write;

pub use sign::{Seal, Stamping, sign};
pub use signer::{SignerError, Signing};
pub use verify::{Anchors, SignatureCheck, Verification, VerifyError, attachment, verify};

/// A report could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The file is not a PDF that can be read.
    #[error("not a PDF that can be signed: {0}")]
    Pdf(String),
    /// There is no such field, or it is signed already.
    #[error("the signature field `{field}` {what}; give a report that was made by this program and is not signed yet")]
    Field {
        /// The field asked for.
        field: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The signature container could not be built.
    #[error("the signature could not be built: {0}")]
    Container(String),
    /// The signature is longer than the room that was left for it.
    #[error("the signature needs {needed} bytes, {room} were left for it; use a shorter certificate chain")]
    Room {
        /// Bytes needed.
        needed: usize,
        /// Bytes left.
        room: usize,
    },
}
