//! Time stamps of a time-stamping authority (RFC 3161): what to ask it, and whether its answer holds.
//!
//! Pure: bytes in, bytes out; whoever asks the authority is elsewhere. Strict: SHA-256 imprint, nonce, one signer with the
//! critical extended key usage time stamping alone, every signature checked, and the certificates followed to a root.

mod form;
mod keys;
mod token;

pub use token::{Stamp, Wanted, check};

use super::hash::Digest;
use der::asn1::OctetString;
use der::{Decode, Encode};
use form::{MessageImprint, Request, Response, sha256};

/// A stamp that was not given, or does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// The authority said no.
    #[error("the time-stamping authority refused (status {status}): {text}")]
    Refused {
        /// `PKIStatus`.
        status: u8,
        /// What it says.
        text: String,
    },
    /// Not a stamp.
    #[error("the time stamp is damaged: {0}")]
    Damaged(String),
    /// For something else.
    #[error("the time stamp is for other bytes")]
    Imprint,
    /// An answer to another question, perhaps an old one.
    #[error("the time stamp answers another request (its nonce differs)")]
    Nonce,
    /// Under another policy than the one asked for.
    #[error("the time stamp was given under policy {found}, not under {wanted}")]
    Policy {
        /// In the stamp.
        found: String,
        /// Asked for.
        wanted: String,
    },
    /// The certificate may not sign time stamps, or was not in force.
    #[error("the certificate of the time-stamping authority {0}")]
    Certificate(String),
    /// A signature that is not one.
    #[error("the time stamp was not signed with the key of its certificate")]
    Signature,
    /// The certificates lead nowhere.
    #[error("the certificates of the time-stamping authority {0}")]
    Chain(String),
}

fn damaged(e: der::Error) -> StampError {
    StampError::Damaged(e.to_string())
}

/// A request to stamp something with this digest: `TimeStampReq` in DER, with the certificate asked for.
pub fn request(digest: &Digest, nonce: u64, policy: Option<&str>) -> Result<Vec<u8>, StampError> {
    let policy =
        policy.map(|p| p.parse().map_err(|_| StampError::Damaged(format!("`{p}` is not an object identifier"))));
    let imprint = MessageImprint {
        hash_algorithm: sha256(),
        hashed_message: OctetString::new(digest.bytes().to_vec()).map_err(damaged)?,
    };
    let request = Request {
        version: 1,
        message_imprint: imprint,
        policy: policy.transpose()?,
        nonce: Some(nonce),
        certificate: true,
    };
    request.to_der().map_err(damaged)
}

/// The token in an answer of the authority.
pub fn granted(answer: &[u8]) -> Result<Vec<u8>, StampError> {
    let answer = Response::from_der(answer).map_err(damaged)?;
    // 0 granted, 1 granted with modifications; what was modified shows in the token, which is checked.
    if answer.status.status > 1 {
        let text = answer.status.text.unwrap_or_default().join("; ");
        return Err(StampError::Refused { status: answer.status.status, text });
    }
    let token = answer.token.ok_or_else(|| StampError::Damaged("the answer holds no token".to_owned()))?;
    token.to_der().map_err(damaged)
}
