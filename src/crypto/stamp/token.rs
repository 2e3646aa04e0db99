//! Checks a time-stamp token: for these bytes, answering this request, signed by somebody who may.

use super::form::{Info, SHA_256, SigningCertificate};
use super::{StampError, damaged, keys};
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{Any, ObjectIdentifier, OctetString};
use der::{Decode, Encode, Tag, Tagged};
use serde::Serialize;
use x509_cert::Certificate;
use x509_cert::attr::Attributes;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// What a stamp has to be for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// SHA-256 of what was stamped.
    pub digest: &'a Digest,
    /// The nonce of the request, while its answer is judged; `None` when a kept stamp is.
    pub nonce: Option<u64>,
    /// The policy asked for.
    pub policy: Option<&'a str>,
    /// Certificates that are trusted; without them the stamp says only what it says itself.
    pub anchors: Option<&'a [Certificate]>,
}

/// A stamp that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stamp {
    /// When, as the authority says.
    pub at: Timestamp,
    /// The authority's name as certified.
    pub authority: String,
    /// Its policy.
    pub policy: String,
    /// The stamp's serial number, in hexadecimal.
    pub serial: String,
    /// SHA-256 of the certificate at the end of the chain.
    pub root_sha256: Digest,
    /// Whether that certificate was given as trusted; `None` when none was given.
    pub trusted: Option<bool>,
}

/// Checks `token`.
pub fn check(token: &[u8], wanted: &Wanted<'_>) -> Result<Stamp, StampError> {
    let (data, content) = opened(token)?;
    let info = Info::from_der(&content).map_err(damaged)?;
    check_info(&info, wanted)?;
    let at = instant(&info.at)?;
    let certificates = certificates(&data);
    let mut signers = data.signer_infos.0.iter();
    let (Some(signer), None) = (signers.next(), signers.next()) else {
        return Err(StampError::Damaged("it must have exactly one signer".to_owned()));
    };
    let own = own(signer, &certificates)?;
    check_signature(signer, own, &content)?;
    keys::may_stamp(own)?;
    let root = keys::chain(own, &certificates, wanted.anchors, at)?;
    Ok(Stamp {
        at,
        authority: own.tbs_certificate.subject.to_string(),
        policy: info.policy.to_string(),
        serial: hex::encode(info.serial_number.as_bytes()),
        root_sha256: Digest::of(&root.to_der().map_err(damaged)?),
        trusted: wanted.anchors.map(|_| true),
    })
}

/// The signed data of a token and the `TSTInfo` in it.
fn opened(token: &[u8]) -> Result<(SignedData, Vec<u8>), StampError> {
    let info = ContentInfo::from_der(token).map_err(damaged)?;
    if info.content_type != SIGNED_DATA {
        return Err(StampError::Damaged("it is not signed data".to_owned()));
    }
    let data: SignedData = info.content.decode_as().map_err(damaged)?;
    if data.encap_content_info.econtent_type != TST_INFO {
        return Err(StampError::Damaged("what is signed is not a time stamp".to_owned()));
    }
    let content = data.encap_content_info.econtent.as_ref();
    let content = content.ok_or_else(|| StampError::Damaged("it is empty".to_owned()))?;
    let octets: OctetString = content.decode_as().map_err(damaged)?;
    let content = octets.as_bytes().to_vec();
    Ok((data, content))
}

fn check_info(info: &Info, wanted: &Wanted<'_>) -> Result<(), StampError> {
    let imprint = &info.message_imprint;
    if info.version != 1 || info.extensions.iter().flatten().any(|e| e.critical) {
        return Err(StampError::Damaged("it is of a kind that is not known".to_owned()));
    }
    if imprint.hash_algorithm.oid != SHA_256 || imprint.hashed_message.as_bytes() != wanted.digest.bytes() {
        return Err(StampError::Imprint);
    }
    if wanted.nonce.is_some() && info.nonce != wanted.nonce {
        return Err(StampError::Nonce);
    }
    match wanted.policy {
        Some(policy) if info.policy.to_string() != policy => {
            Err(StampError::Policy { found: info.policy.to_string(), wanted: policy.to_owned() })
        }
        _ => Ok(()),
    }
}

fn certificates(data: &SignedData) -> Vec<Certificate> {
    let all = data.certificates.iter().flat_map(|set| set.0.iter());
    all.filter_map(|c| if let CertificateChoices::Certificate(c) = c { Some(c.clone()) } else { None }).collect()
}

fn own<'c>(signer: &SignerInfo, certificates: &'c [Certificate]) -> Result<&'c Certificate, StampError> {
    let SignerIdentifier::IssuerAndSerialNumber(sid) = &signer.sid else {
        return Err(StampError::Damaged("it does not name its signer by issuer and serial number".to_owned()));
    };
    let meant = |c: &&Certificate| {
        c.tbs_certificate.issuer == sid.issuer && c.tbs_certificate.serial_number == sid.serial_number
    };
    let found = certificates.iter().find(meant);
    found.ok_or_else(|| StampError::Certificate("is missing from the stamp".to_owned()))
}

fn check_signature(signer: &SignerInfo, own: &Certificate, content: &[u8]) -> Result<(), StampError> {
    let old = || StampError::Damaged("it uses an algorithm that is no longer accepted".to_owned());
    let attributes = signer.signed_attrs.as_ref().ok_or(StampError::Signature)?;
    let hash = signer.digest_alg.oid;
    let expected = keys::digest_by(hash, content).ok_or_else(old)?;
    let digest: OctetString = value(attributes, MESSAGE_DIGEST)?.decode_as().map_err(damaged)?;
    let kind: ObjectIdentifier = value(attributes, CONTENT_TYPE)?.decode_as().map_err(damaged)?;
    if digest.as_bytes() != expected || kind != TST_INFO {
        return Err(StampError::Signature);
    }
    let meant: SigningCertificate = value(attributes, SIGNING_CERTIFICATE_V2)?.decode_as().map_err(damaged)?;
    let first = meant.certificates.first().ok_or(StampError::Signature)?;
    let by = first.hash_algorithm.as_ref().map_or(SHA_256, |a| a.oid);
    let hashed = keys::digest_by(by, &own.to_der().map_err(damaged)?).ok_or_else(old)?;
    if first.hash.as_bytes() != hashed {
        return Err(StampError::Certificate("is not the one that was signed for".to_owned()));
    }
    let message = attributes.to_der().map_err(damaged)?;
    let algorithm = (&signer.signature_algorithm, Some(hash));
    if keys::is_signed(own, algorithm, &message, signer.signature.as_bytes()) {
        Ok(())
    } else {
        Err(StampError::Signature)
    }
}

/// The one value of the one attribute of this kind.
fn value(attributes: &Attributes, oid: ObjectIdentifier) -> Result<&Any, StampError> {
    let mut found = attributes.iter().filter(|a| a.oid == oid);
    match (found.next(), found.next()) {
        (Some(attribute), None) if attribute.values.len() == 1 => attribute.values.iter().next(),
        _ => None,
    }
    .ok_or_else(|| StampError::Damaged(format!("its attribute {oid} is missing or there twice")))
}

/// `GeneralizedTime` in UTC, with or without fractions of a second (RFC 3161, 2.4.2).
fn instant(time: &Any) -> Result<Timestamp, StampError> {
    let text = (time.tag() == Tag::GeneralizedTime).then(|| std::str::from_utf8(time.value()).ok()).flatten();
    let parsed = text.and_then(|t| chrono::NaiveDateTime::parse_from_str(t, "%Y%m%d%H%M%S%.fZ").ok());
    let at = parsed.and_then(|t| Timestamp::bounded(t.and_utc()));
    at.ok_or_else(|| StampError::Damaged("its time cannot be read".to_owned()))
}
