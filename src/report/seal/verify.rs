//! Checks a signed report without any network: every byte, every revision, every certificate.
//!
//! Says what it did not check as plainly as what it did.

use super::cms::{self, Opened};
use super::difference::foreign_change;
use super::field::{Field, fields};
use super::signer::{SignerError, certificates, common_name};
use crate::clock::Timestamp;
use crate::crypto::certificate::{is_in_force, is_issued, may_issue};
use crate::crypto::hash::Digest;
use crate::crypto::stamp::{self, Stamp, StampError, Wanted};
use crate::report::pdf::ATTACHED;
use der::Encode;
use lopdf::{Dictionary, Document, Object};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde::Serialize;
use x509_cert::Certificate;
use x509_cert::ext::pkix::KeyUsage;

/// Why a file is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The file is not what it should be.
    #[error("not a PDF: {0}")]
    NotPdf(String),
    /// The file is a PDF, but its signatures do not hold.
    #[error("not valid: {0}")]
    Invalid(String),
}

fn invalid<T>(reason: impl Into<String>) -> Result<T, VerifyError> {
    Err(VerifyError::Invalid(reason.into()))
}

/// Certificates that are trusted because somebody handed them over on a way of their own.
pub struct Anchors(Vec<Certificate>);

impl Anchors {
    /// From a PEM file.
    pub fn from_pem(pem: &[u8]) -> Result<Self, SignerError> {
        certificates(pem).map(Self)
    }

    /// The certificates.
    pub fn certificates(&self) -> &[Certificate] {
        &self.0
    }
}

/// What was checked, and how far it reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Every signature, oldest first.
    pub signatures: Vec<SignatureCheck>,
    /// SHA-256 of the attached result, when there is one.
    pub attached_sha256: Option<Digest>,
}

/// One signature that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignatureCheck {
    /// The field it fills.
    pub field: String,
    /// The signer's name as certified.
    pub signer: String,
    /// When, as the signer claims; nobody else vouches for it.
    pub claimed_at: Option<Timestamp>,
    /// `PAdES B-B`, or `PAdES B-T` when a time stamp holds.
    pub level: &'static str,
    /// The time stamp over the signature, when there is one that holds.
    pub stamp: Option<Stamp>,
    /// Why the time stamp does not count: its certificates do not lead to one that was given as trusted.
    pub stamp_not_trusted: Option<String>,
    /// Whether it certifies the document.
    pub certifies: bool,
    /// Name in the certificate at the end of the chain.
    pub root: String,
    /// SHA-256 of that certificate.
    pub root_sha256: Digest,
    /// Whether the chain leads to a certificate that was given as trusted; `None` when none was given.
    pub trusted: Option<bool>,
}

/// Checks every signature of `pdf`. With `anchors`, each chain has to lead to one of them.
pub fn verify(pdf: &[u8], anchors: Option<&Anchors>) -> Result<Verification, VerifyError> {
    let doc = Document::load_mem(pdf).map_err(|e| VerifyError::NotPdf(e.to_string()))?;
    let mut signed = Vec::new();
    for field in fields(&doc) {
        if let Some(signature) = field.signature.clone() {
            let covered = covered(pdf, &signature, &field.name)?;
            signed.push((covered, field, signature));
        }
    }
    signed.sort_by_key(|(covered, ..)| covered.end);
    let Some((last, ..)) = signed.last() else { return invalid("the document carries no signature") };
    if last.end != pdf.len() {
        let behind = pdf.len() - last.end;
        return invalid(format!("{behind} bytes follow the last signature; somebody added them after signing"));
    }
    check_revisions(pdf, &signed)?;
    let certified = certifying(&doc);
    let mut signatures = Vec::new();
    for (covered, field, signature) in &signed {
        let mut check = check(pdf, covered, (field, signature), anchors)?;
        check.certifies = certified == Some(field.name.clone());
        signatures.push(check);
    }
    Ok(Verification { signatures, attached_sha256: attached(&doc).map(|json| Digest::of(&json)) })
}

/// The bytes that a signature is over, and its container.
struct Covered {
    /// End of the first part: where the container begins.
    open: usize,
    /// Beginning of the second part.
    close: usize,
    /// End of the second part.
    end: usize,
    container: Vec<u8>,
}

fn covered(pdf: &[u8], signature: &Dictionary, field: &str) -> Result<Covered, VerifyError> {
    let range = signature.get(b"ByteRange").and_then(Object::as_array).ok();
    let number = |o: &Object| o.as_i64().ok().and_then(|n| usize::try_from(n).ok());
    let numbers: Vec<_> = range.into_iter().flatten().filter_map(number).collect();
    let [0, open, close, length] = *numbers.as_slice() else {
        return invalid(format!("the byte range of signature `{field}` is not one that starts with the file"));
    };
    let Some(end) = close.checked_add(length).filter(|end| *end <= pdf.len() && open < close) else {
        return invalid(format!("the byte range of signature `{field}` leaves the file"));
    };
    let gap = pdf.get(open..close).unwrap_or_default();
    let inner = gap.strip_prefix(b"<").and_then(|g| g.strip_suffix(b">"));
    // Lower case only: an upper-case digit would be a change that a digest does not see.
    let digits = inner.filter(|d| d.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
    let Some(container) = digits.and_then(|d| hex::decode(d).ok()) else {
        return invalid(format!("signature `{field}` leaves out more of the file than itself"));
    };
    let named = signature.get(b"Contents").and_then(Object::as_str).ok();
    if named != Some(container.as_slice()) {
        return invalid(format!("signature `{field}` is not the one that its byte range leaves out"));
    }
    Ok(Covered { open, close, end, container })
}

/// Between one signature and the next nothing but the next may have been added.
fn check_revisions(pdf: &[u8], signed: &[(Covered, Field, Dictionary)]) -> Result<(), VerifyError> {
    let load = |end: usize| {
        let part = pdf.get(..end).unwrap_or_default();
        Document::load_mem(part).map_err(|e| VerifyError::Invalid(format!("an earlier revision is damaged: {e}")))
    };
    for pair in signed.windows(2) {
        let [(earlier, first, _), (later, second, _)] = pair else { continue };
        let (before, after) = (load(earlier.end)?, load(later.end)?);
        if let Some(change) = foreign_change(&before, &after, &second.name) {
            return invalid(format!("after signature `{}` {change}, which a signature does not need", first.name));
        }
    }
    Ok(())
}

fn check(
    pdf: &[u8],
    covered: &Covered,
    (field, signature): (&Field, &Dictionary),
    anchors: Option<&Anchors>,
) -> Result<SignatureCheck, VerifyError> {
    let at = |reason: String| VerifyError::Invalid(format!("signature `{}`: {reason}", field.name));
    let kind = signature.get(b"SubFilter").and_then(Object::as_name).unwrap_or_default();
    if kind != b"ETSI.CAdES.detached" {
        return Err(at("it is not a PAdES signature".to_owned()));
    }
    let opened = cms::open(unpadded(&covered.container).map_err(at)?).map_err(at)?;
    let parts = [pdf.get(..covered.open), pdf.get(covered.close..covered.end)].map(Option::unwrap_or_default);
    if opened.digest != Digest::of(&parts.concat()).bytes() {
        return Err(at("the document was changed after signing".to_owned()));
    }
    verify_with(&opened.own, &opened.signed, &opened.signature)
        .map_err(|()| at("it was not made with the key of its certificate".to_owned()))?;
    let claimed_at = claimed(signature);
    let root = chain(&opened, claimed_at, anchors).map_err(at)?;
    let (stamp, stamp_not_trusted) = stamped(&opened, anchors).map_err(|e| at(e.to_string()))?;
    let der = root.to_der().map_err(|e| at(e.to_string()))?;
    let is_trusted = |a: &Anchors| a.0.contains(&root);
    Ok(SignatureCheck {
        field: field.name.clone(),
        signer: common_name(&opened.own.tbs_certificate.subject),
        claimed_at,
        level: if stamp.is_some() { "PAdES B-T" } else { "PAdES B-B" },
        stamp,
        stamp_not_trusted,
        certifies: false,
        root: common_name(&root.tbs_certificate.subject),
        root_sha256: Digest::of(&der),
        trusted: anchors.map(is_trusted),
    })
}

/// The stamp over the signature. A broken one makes the signature invalid; one that nobody trusted vouches for is told.
fn stamped(opened: &Opened, anchors: Option<&Anchors>) -> Result<(Option<Stamp>, Option<String>), StampError> {
    let Some(token) = &opened.stamp else { return Ok((None, None)) };
    let digest = Digest::of(&opened.signature);
    let wanted = Wanted { digest: &digest, nonce: None, policy: None, anchors: anchors.map(Anchors::certificates) };
    match stamp::check(token, &wanted) {
        Ok(stamp) => Ok((Some(stamp), None)),
        Err(StampError::Chain(why)) if anchors.is_some() => {
            stamp::check(token, &Wanted { anchors: None, ..wanted })?;
            Ok((None, Some(StampError::Chain(why).to_string())))
        }
        Err(e) => Err(e),
    }
}

/// The container without the zeros that fill its room; anything but zeros there is refused.
fn unpadded(container: &[u8]) -> Result<&[u8], String> {
    let damaged = || "its container is damaged".to_owned();
    let header = container.get(..4).ok_or_else(damaged)?;
    let [0x30, 0x82, high, low] = *header else { return Err(damaged()) };
    let length = 4 + usize::from(u16::from_be_bytes([high, low]));
    let (der, padding) = container.split_at_checked(length).ok_or_else(damaged)?;
    if padding.iter().any(|b| *b != 0) { Err("something is hidden behind its container".to_owned()) } else { Ok(der) }
}

fn verify_with(certificate: &Certificate, message: &[u8], signature: &[u8]) -> Result<(), ()> {
    let key = &certificate.tbs_certificate.subject_public_key_info.subject_public_key;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.raw_bytes()).verify(message, signature).map_err(|_| ())
}

/// Follows the issuers from the signer to the root, all of which have to be in the container or among the anchors.
fn chain(opened: &Opened, at: Option<Timestamp>, anchors: Option<&Anchors>) -> Result<Certificate, String> {
    let known = opened.certificates.iter().chain(anchors.iter().flat_map(|a| a.0.iter()));
    let known: Vec<&Certificate> = known.collect();
    let mut current = opened.own.clone();
    may_sign(&current)?;
    for used in 1..=known.len() + 1 {
        check_time(&current, at)?;
        let issuer = &current.tbs_certificate.issuer;
        let above = known.iter().find(|c| c.tbs_certificate.subject == *issuer && issued(c, &current));
        let above = above.ok_or_else(|| format!("nobody known vouches for `{}`", name_of(&current)))?;
        if **above == current {
            let spare = opened.certificates.iter().filter(|c| **c != current).count() + 1;
            if opened.certificates.len() != spare || used < opened.certificates.len() {
                return Err("its container holds certificates that it does not need".to_owned());
            }
            return reaches(current, anchors);
        }
        check_issuer(above)?;
        current = (*above).clone();
    }
    Err("its certificates vouch for each other in a circle".to_owned())
}

fn reaches(root: Certificate, anchors: Option<&Anchors>) -> Result<Certificate, String> {
    match anchors {
        Some(a) if !a.0.contains(&root) => {
            let sha = root.to_der().map(|d| Digest::of(&d).to_string()).unwrap_or_default();
            Err(format!(
                "its chain ends at `{}` (SHA-256 {sha}), which is not the certificate given as trusted",
                name_of(&root)
            ))
        }
        _ => Ok(root),
    }
}

fn name_of(certificate: &Certificate) -> String {
    common_name(&certificate.tbs_certificate.subject)
}

fn issued(issuer: &Certificate, certificate: &Certificate) -> bool {
    certificate.signature_algorithm.oid == cms::ECDSA_SHA_256
        && is_issued(certificate, |message, signature| verify_with(issuer, message, signature).is_ok())
}

fn check_time(certificate: &Certificate, at: Option<Timestamp>) -> Result<(), String> {
    match at {
        None => Err("it names no time of signing".to_owned()),
        Some(at) if is_in_force(certificate, at) => Ok(()),
        Some(at) => Err(format!("the certificate of `{}` was not in force on {}", name_of(certificate), at.day_utc())),
    }
}

/// RFC 5280, 4.2.1.3: a certificate with a key usage that allows no signatures must not sign documents.
fn may_sign(certificate: &Certificate) -> Result<(), String> {
    match certificate.tbs_certificate.get::<KeyUsage>() {
        Ok(Some((_, usage))) if !usage.digital_signature() && !usage.non_repudiation() => {
            Err(format!("the certificate of `{}` is not for signing", name_of(certificate)))
        }
        Err(e) => Err(format!("the certificate of `{}` is damaged: {e}", name_of(certificate))),
        _ => Ok(()),
    }
}

fn check_issuer(certificate: &Certificate) -> Result<(), String> {
    let no = || format!("`{}` may not vouch for others", name_of(certificate));
    if may_issue(certificate) { Ok(()) } else { Err(no()) }
}

/// `M`, as `D:YYYYMMDDHHMMSSZ`.
fn claimed(signature: &Dictionary) -> Option<Timestamp> {
    let text = signature.get(b"M").and_then(Object::as_str).ok()?;
    let text = std::str::from_utf8(text).ok()?;
    let at = chrono::NaiveDateTime::parse_from_str(text, "D:%Y%m%d%H%M%SZ").ok()?;
    Timestamp::bounded(at.and_utc())
}

/// Name of the field whose signature certifies the document.
fn certifying(doc: &Document) -> Option<String> {
    let perms = doc.catalog().ok()?.get(b"Perms").ok()?;
    let perms = super::field::dereferenced(doc, perms)?.as_dict().ok()?;
    let wanted = perms.get(b"DocMDP").and_then(Object::as_reference).ok()?;
    let fields = fields(doc);
    let found = fields.iter().find(|f| f.dict.get(b"V").and_then(Object::as_reference).ok() == Some(wanted));
    found.map(|f| f.name.clone())
}

/// The result that is attached to `pdf`, if any. Says nothing about signatures.
pub fn attachment(pdf: &[u8]) -> Option<Vec<u8>> {
    attached(&Document::load_mem(pdf).ok()?)
}

fn attached(doc: &Document) -> Option<Vec<u8>> {
    let files = doc.catalog().ok()?.get(b"AF").ok()?.as_array().ok()?;
    files.iter().find_map(|f| {
        let spec = super::field::dereferenced(doc, f)?.as_dict().ok()?;
        if spec.get(b"F").and_then(Object::as_str).ok()? != ATTACHED.as_bytes() {
            return None;
        }
        let stream = spec.get(b"EF").and_then(Object::as_dict).ok()?.get(b"F").ok()?;
        let stream = super::field::dereferenced(doc, stream)?.as_stream().ok()?;
        stream.decompressed_content().or_else(|_| Ok::<_, lopdf::Error>(stream.content.clone())).ok()
    })
}
