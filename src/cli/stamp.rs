//! Time stamps on the command line: the authority asked with `--tsa`, and files stamped beside themselves.

use super::exit::Failed;
use crate::connectors::alerts::Trust;
use crate::connectors::tsa::{Authority, TsaError};
use crate::crypto::hash::Digest;
use crate::crypto::stamp::{Stamp, StampError, Wanted, check};
use crate::crypto::token;
use crate::files;
use crate::report::seal::Anchors;
use std::path::{Path, PathBuf};

/// Largest stamp and largest file of certificates.
const LARGEST_BYTES: u64 = 1 << 20;

/// The time-stamping authority.
#[derive(clap::Args, Clone, Debug, Default)]
#[group(skip)]
pub(super) struct Args {
    /// Time-stamping authority (RFC 3161): https://host/path, or http:// on this machine. It gets a digest, nothing else.
    #[arg(long, value_name = "URL")]
    pub(super) tsa: Option<String>,
    /// PEM file with the certificates that the authority's own must lead to.
    #[arg(long, value_name = "PEM", requires = "tsa")]
    pub(super) tsa_trust: Option<PathBuf>,
    /// PEM file with the certificate authorities for TLS to it; by default the public ones.
    #[arg(long, value_name = "PEM", requires = "tsa")]
    pub(super) tsa_ca: Option<PathBuf>,
    /// Policy to ask for, e.g. 1.2.3.4.1.
    #[arg(long, value_name = "OID", requires = "tsa")]
    pub(super) tsa_policy: Option<String>,
}

impl Args {
    /// The authority, when one is named.
    pub(super) fn authority(&self) -> Result<Option<Authority>, Failed> {
        let Some(url) = &self.tsa else { return Ok(None) };
        let ca = self.tsa_ca.as_deref().map(read).transpose()?;
        let trust = Trust::new(ca.as_deref()).map_err(Failed::bad_input)?;
        let anchors = self.tsa_trust.as_deref().map(anchors).transpose()?.map(|a| a.certificates().to_vec());
        Authority::at(url, trust, anchors, self.tsa_policy.clone()).map(Some).map_err(Failed::bad_input)
    }
}

/// Asks for a stamp over `digest`.
pub(super) fn ask(authority: &Authority, digest: &Digest) -> Result<(Vec<u8>, Stamp), TsaError> {
    let nonce = token::random().map_err(|e| TsaError::Stamp(StampError::Damaged(e.to_string())))?;
    // A positive number of 63 bits: some authorities read no larger one.
    authority.stamp(digest, u64::from_be_bytes(nonce) >> 1)
}

/// What a stamp says, for people.
pub(super) fn told(stamp: &Stamp) -> String {
    let worth = match stamp.trusted {
        Some(_) => "which the certificate that you gave vouches for".to_owned(),
        None => format!("who that is, is NOT proven (SHA-256 {}); give --trust", stamp.root_sha256),
    };
    format!("time-stamped {} by {} under policy {}; {worth}", stamp.at, stamp.authority, stamp.policy)
}

/// Certificates in a PEM file.
pub(super) fn anchors(path: &Path) -> Result<Anchors, Failed> {
    let pem = read(path)?;
    Anchors::from_pem(&pem).map_err(|e| Failed::bad_input(anyhow::anyhow!("`{}`: {e}", path.display())))
}

fn read(path: &Path) -> Result<Vec<u8>, Failed> {
    files::read_limited(path, LARGEST_BYTES).map_err(Failed::bad_input)
}

/// Where the stamp of a file stands: beside it, with `.tst` behind its name.
pub(super) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".tst");
    PathBuf::from(name)
}

/// The stamp beside `file`, checked against its bytes; `None` when there is none.
pub(super) fn beside_checked(
    file: &Path,
    anchors: Option<&Anchors>,
) -> Result<Option<Result<Stamp, StampError>>, Failed> {
    let path = beside(file);
    if !path.is_file() {
        return Ok(None);
    }
    let token = files::read_limited(&path, LARGEST_BYTES).map_err(Failed::unreadable)?;
    let bytes = files::read_limited(file, LARGEST_BYTES).map_err(Failed::unreadable)?;
    let anchors = anchors.map(Anchors::certificates);
    Ok(Some(check(&token, &Wanted { digest: &Digest::of(&bytes), nonce: None, policy: None, anchors })))
}
