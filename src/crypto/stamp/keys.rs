//! Signatures and certificates of time-stamping authorities: RSA (PKCS #1) and ECDSA with SHA-2; nothing older.

use super::StampError;
use super::form::SHA_256;
use crate::clock::Timestamp;
use crate::crypto::certificate::{is_in_force, is_issued, may_issue};
use der::asn1::ObjectIdentifier;
use ring::digest;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::ext::pkix::ExtendedKeyUsage;

const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const P_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
/// Longest chain that is followed.
const LONGEST_CHAIN: usize = 8;

/// The digest of `bytes` by the algorithm `oid`; `None` for one that is not accepted.
pub(super) fn digest_by(oid: ObjectIdentifier, bytes: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match oid {
        SHA_256 => &digest::SHA256,
        SHA_384 => &digest::SHA384,
        SHA_512 => &digest::SHA512,
        _ => return None,
    };
    Some(digest::digest(algorithm, bytes).as_ref().to_vec())
}

/// Whether `signature` over `message` is by the key of `certificate`. `hash` decides where the algorithm names none.
pub(super) fn is_signed(
    certificate: &Certificate,
    (algorithm, hash): (&AlgorithmIdentifierOwned, Option<ObjectIdentifier>),
    message: &[u8],
    signature: &[u8],
) -> bool {
    let spki = &certificate.tbs_certificate.subject_public_key_info;
    let curve = spki.algorithm.parameters.as_ref().and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
    let known: Option<&dyn VerificationAlgorithm> = match (algorithm.oid, hash, curve) {
        (RSA_SHA_256, ..) | (RSA, Some(SHA_256), _) => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        (RSA_SHA_384, ..) | (RSA, Some(SHA_384), _) => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        (RSA_SHA_512, ..) | (RSA, Some(SHA_512), _) => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        (ECDSA_SHA_256, _, Some(P_256)) => Some(&signature::ECDSA_P256_SHA256_ASN1),
        (ECDSA_SHA_384, _, Some(P_256)) => Some(&signature::ECDSA_P256_SHA384_ASN1),
        (ECDSA_SHA_256, _, Some(P_384)) => Some(&signature::ECDSA_P384_SHA256_ASN1),
        (ECDSA_SHA_384, _, Some(P_384)) => Some(&signature::ECDSA_P384_SHA384_ASN1),
        _ => None,
    };
    let key = spki.subject_public_key.raw_bytes();
    known.is_some_and(|algorithm| UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok())
}

/// RFC 3161, 2.3: the extended key usage is critical and time stamping alone.
pub(super) fn may_stamp(certificate: &Certificate) -> Result<(), StampError> {
    let wrong = |what: &str| Err(StampError::Certificate(what.to_owned()));
    match certificate.tbs_certificate.get::<ExtendedKeyUsage>() {
        Ok(Some((true, usage))) if usage.0 == [TIME_STAMPING] => Ok(()),
        Ok(Some((false, _))) => wrong("does not mark its usage for time stamping as critical"),
        Ok(_) => wrong("is not for time stamping alone"),
        Err(e) => wrong(&format!("is damaged: {e}")),
    }
}

/// Follows the issuers of `own` to one of `anchors`, or without anchors to where they end. Gives the last certificate.
pub(super) fn chain(
    own: &Certificate,
    given: &[Certificate],
    anchors: Option<&[Certificate]>,
    at: Timestamp,
) -> Result<Certificate, StampError> {
    let trusted = anchors.unwrap_or_default();
    let mut current = own.clone();
    for _ in 0..LONGEST_CHAIN {
        check_time(&current, at)?;
        if trusted.contains(&current) {
            return Ok(current);
        }
        let issuer = &current.tbs_certificate.issuer;
        let mut above =
            trusted.iter().chain(given).filter(|c| c.tbs_certificate.subject == *issuer && issued(c, &current));
        match above.find(|c| **c != current) {
            Some(above) => {
                check_issuer(above)?;
                current = above.clone();
            }
            None if anchors.is_some() => {
                return Err(StampError::Chain("do not lead to a certificate given as trusted".to_owned()));
            }
            None => return Ok(current),
        }
    }
    Err(StampError::Chain("are too many, or go in a circle".to_owned()))
}

fn issued(issuer: &Certificate, certificate: &Certificate) -> bool {
    let algorithm = &certificate.signature_algorithm;
    is_issued(certificate, |message, signature| is_signed(issuer, (algorithm, None), message, signature))
}

fn check_issuer(certificate: &Certificate) -> Result<(), StampError> {
    let no = || StampError::Chain("hold one that may not vouch for others".to_owned());
    if may_issue(certificate) { Ok(()) } else { Err(no()) }
}

fn check_time(certificate: &Certificate, at: Timestamp) -> Result<(), StampError> {
    let when = || StampError::Certificate(format!("was not in force on {}", at.day_utc()));
    if is_in_force(certificate, at) { Ok(()) } else { Err(when()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use der::Decode;
    use rcgen::{CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, KeyPair};

    fn certificate(change: impl FnOnce(&mut CertificateParams)) -> Certificate {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        change(&mut params);
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Certificate::from_der(made.der()).unwrap()
    }

    #[test]
    fn only_a_certificate_for_time_stamping_alone_and_critically_so_may_stamp() {
        // SEQUENCE { OID timeStamping }, critical.
        let critical = |p: &mut CertificateParams| {
            let der = vec![0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
            let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], der);
            extension.set_criticality(true);
            p.custom_extensions.push(extension);
        };
        assert_eq!(may_stamp(&certificate(critical)), Ok(()));
        let usage = |all: Vec<ExtendedKeyUsagePurpose>| {
            may_stamp(&certificate(|p| p.extended_key_usages = all)).unwrap_err().to_string()
        };
        assert!(usage(vec![ExtendedKeyUsagePurpose::TimeStamping]).contains("critical"));
        assert!(may_stamp(&certificate(|_| ())).unwrap_err().to_string().contains("not for time stamping alone"));
    }
}
