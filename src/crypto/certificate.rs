//! What is asked of every X.509 certificate in a chain, whoever it vouches for (RFC 5280).

use crate::clock::Timestamp;
use der::Encode;
use x509_cert::Certificate;
use x509_cert::ext::pkix::BasicConstraints;

/// Whether `certificate` is in force at `at`, both ends included (4.1.2.5).
pub fn is_in_force(certificate: &Certificate, at: Timestamp) -> bool {
    let seconds = u64::try_from(at.millis() / 1000).unwrap_or(0);
    let validity = &certificate.tbs_certificate.validity;
    let from = validity.not_before.to_unix_duration().as_secs();
    let until = validity.not_after.to_unix_duration().as_secs();
    (from..=until).contains(&seconds)
}

/// Whether it may vouch for others: only a certificate authority may (4.2.1.9).
pub fn may_issue(certificate: &Certificate) -> bool {
    matches!(certificate.tbs_certificate.get::<BasicConstraints>(), Ok(Some((_, constraints))) if constraints.ca)
}

/// Whether its signature holds, by `holds(message, signature)` with the issuer's key. The algorithm is named twice, and must
/// be the same inside and outside of what is signed (4.1.1.2).
pub fn is_issued(certificate: &Certificate, holds: impl Fn(&[u8], &[u8]) -> bool) -> bool {
    certificate.tbs_certificate.signature == certificate.signature_algorithm
        && certificate.tbs_certificate.to_der().is_ok_and(|inner| holds(&inner, certificate.signature.raw_bytes()))
}
