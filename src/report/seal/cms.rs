//! The signature container: CMS SignedData (RFC 5652) as CAdES asks for it (ETSI EN 319 122-1, 5).
//!
//! Signed attributes are content type, message digest and the signer's certificate (ESS, RFC 5035); no signing time, which
//! PAdES keeps in the PDF's own `M` (EN 319 142-1, 5.3).

use super::SealError;
use super::sign::Stamping;
use super::signer::Signing;
use crate::crypto::hash::Digest;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{Any, ObjectIdentifier, OctetString, SetOfVec};
use der::{Decode, Encode, Sequence};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::attr::{Attribute, Attributes};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::serial_number::SerialNumber;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
/// id-aa-timeStampToken (RFC 3161, appendix A): a stamp over the signature.
const TIME_STAMP_TOKEN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");
pub(super) const ECDSA_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// RFC 5035: which certificate the signer means, so that it cannot be exchanged for another one with the same key.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
}

/// The hash algorithm is left out: SHA-256 is the default, and DER forbids to write a default.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct EssCertIdV2 {
    cert_hash: OctetString,
    issuer_serial: IssuerSerial,
}

#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct IssuerSerial {
    issuer: Vec<GeneralName>,
    serial_number: SerialNumber,
}

/// The DER form of a signature by `signer` over something with this `digest`, stamped when `stamp` gives a token.
pub(super) fn container(digest: &Digest, signer: &Signing, stamp: Option<&Stamping<'_>>) -> Result<Vec<u8>, SealError> {
    build(digest, signer, stamp).map_err(|e| SealError::Container(e.to_string()))
}

fn build(digest: &Digest, signer: &Signing, stamp: Option<&Stamping<'_>>) -> der::Result<Vec<u8>> {
    let own = signer.own().ok_or(der::ErrorKind::Failed)?;
    let attributes = signed_attributes(digest, own)?;
    let signature = signer.sign(&attributes.to_der()?);
    let token = stamp.and_then(|stamp| stamp(&Digest::of(&signature)));
    let info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: own.tbs_certificate.issuer.clone(),
            serial_number: own.tbs_certificate.serial_number.clone(),
        }),
        digest_alg: algorithm(SHA_256),
        // What is signed is the attributes as a SET OF; in the container they carry the tag [0] (RFC 5652, 5.4).
        signature: OctetString::new(signature)?,
        signed_attrs: Some(attributes),
        signature_algorithm: algorithm(ECDSA_SHA_256),
        unsigned_attrs: token.as_deref().map(stamped).transpose()?,
    };
    let certificates = signer.chain().iter().cloned().map(CertificateChoices::Certificate);
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![algorithm(SHA_256)])?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: DATA, econtent: None },
        certificates: Some(CertificateSet(SetOfVec::try_from(certificates.collect::<Vec<_>>())?)),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![info])?),
    };
    ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&data)? }.to_der()
}

/// The unsigned attribute that holds a stamp.
fn stamped(token: &[u8]) -> der::Result<Attributes> {
    let values = SetOfVec::try_from(vec![Any::from_der(token)?])?;
    SetOfVec::try_from(vec![Attribute { oid: TIME_STAMP_TOKEN, values }])
}

const fn algorithm(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters: None }
}

fn signed_attributes(digest: &Digest, own: &Certificate) -> der::Result<Attributes> {
    let attribute = |oid, value: Any| Ok::<_, der::Error>(Attribute { oid, values: SetOfVec::try_from(vec![value])? });
    SetOfVec::try_from(vec![
        attribute(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
        attribute(MESSAGE_DIGEST, Any::encode_from(&OctetString::new(digest.bytes().to_vec())?)?)?,
        attribute(SIGNING_CERTIFICATE_V2, Any::encode_from(&signing_certificate(own)?)?)?,
    ])
}

fn signing_certificate(own: &Certificate) -> der::Result<SigningCertificateV2> {
    let hash = Digest::of(&own.to_der()?);
    Ok(SigningCertificateV2 {
        certs: vec![EssCertIdV2 {
            cert_hash: OctetString::new(hash.bytes().to_vec())?,
            issuer_serial: IssuerSerial {
                issuer: vec![GeneralName::DirectoryName(own.tbs_certificate.issuer.clone())],
                serial_number: own.tbs_certificate.serial_number.clone(),
            },
        }],
    })
}

/// A container that was read and whose form is exactly the one that `container` writes.
pub(super) struct Opened {
    /// The signer's certificate.
    pub(super) own: Certificate,
    /// All certificates in it.
    pub(super) certificates: Vec<Certificate>,
    /// What was signed.
    pub(super) signed: Vec<u8>,
    /// The signature.
    pub(super) signature: Vec<u8>,
    /// The digest that it vouches for.
    pub(super) digest: Vec<u8>,
    /// The time stamp over the signature, unchecked.
    pub(super) stamp: Option<Vec<u8>>,
}

/// Reads a container. Refuses anything that the signature does not protect and that we would not write: what nobody
/// checks can be changed unnoticed.
pub(super) fn open(der: &[u8]) -> Result<Opened, String> {
    let broken = |e: der::Error| format!("the signature container is damaged: {e}");
    let info = ContentInfo::from_der(der).map_err(broken)?;
    if info.content_type != SIGNED_DATA {
        return Err("the signature container is not of the type signed data".to_owned());
    }
    let data: SignedData = info.content.decode_as().map_err(broken)?;
    if ContentInfo::from_der(der).and_then(|i| i.to_der()).map_err(broken)? != der {
        return Err("the signature container is not in its canonical form".to_owned());
    }
    let usual = data.version == CmsVersion::V1
        && data.digest_algorithms.iter().all(|a| *a == algorithm(SHA_256))
        && data.digest_algorithms.len() == 1
        && data.encap_content_info == (EncapsulatedContentInfo { econtent_type: DATA, econtent: None })
        && data.crls.is_none()
        && data.signer_infos.0.len() == 1;
    let signer = data.signer_infos.0.iter().next().filter(|_| usual);
    let signer = signer.ok_or("the signature container holds what this program does not write")?;
    let certificates = certificates_of(&data)?;
    let own = own_certificate(signer, &certificates)?;
    let attributes = signer.signed_attrs.as_ref().ok_or("the signature has no signed attributes")?;
    check_attributes(signer, attributes, &own)?;
    Ok(Opened {
        signed: attributes.to_der().map_err(broken)?,
        signature: signer.signature.as_bytes().to_vec(),
        digest: digest_of(attributes)?,
        stamp: stamp_of(signer)?,
        own,
        certificates,
    })
}

fn certificates_of(data: &SignedData) -> Result<Vec<Certificate>, String> {
    let all = data.certificates.iter().flat_map(|set| set.0.iter());
    let one = |choice: &CertificateChoices| match choice {
        CertificateChoices::Certificate(c) => Ok(c.clone()),
        CertificateChoices::Other(_) => {
            Err("the signature container holds a certificate of an unknown kind".to_owned())
        }
    };
    all.map(one).collect()
}

fn own_certificate(signer: &SignerInfo, certificates: &[Certificate]) -> Result<Certificate, String> {
    let SignerIdentifier::IssuerAndSerialNumber(sid) = &signer.sid else {
        return Err("the signature does not name its signer by issuer and serial number".to_owned());
    };
    let meant = |c: &&Certificate| {
        c.tbs_certificate.issuer == sid.issuer && c.tbs_certificate.serial_number == sid.serial_number
    };
    certificates.iter().find(meant).cloned().ok_or_else(|| "the signer's certificate is missing".to_owned())
}

fn check_attributes(signer: &SignerInfo, attributes: &Attributes, own: &Certificate) -> Result<(), String> {
    let known_algorithms = signer.version == CmsVersion::V1
        && signer.digest_alg == algorithm(SHA_256)
        && signer.signature_algorithm == algorithm(ECDSA_SHA_256);
    if !known_algorithms {
        return Err("the signature uses other algorithms or attributes than this program checks".to_owned());
    }
    let wanted = |oid, value: der::Result<Any>| value.is_ok_and(|v| only_value(attributes, oid) == Some(&v));
    if !wanted(CONTENT_TYPE, Any::encode_from(&DATA)) {
        return Err("the signature does not say that it is over plain data".to_owned());
    }
    if !wanted(SIGNING_CERTIFICATE_V2, signing_certificate(own).and_then(|v| Any::encode_from(&v))) {
        return Err("the signature was made for another certificate".to_owned());
    }
    Ok(())
}

/// The time stamp; anything else that the signature does not protect is refused.
fn stamp_of(signer: &SignerInfo) -> Result<Option<Vec<u8>>, String> {
    let Some(attributes) = &signer.unsigned_attrs else { return Ok(None) };
    let token = only_value(attributes, TIME_STAMP_TOKEN).filter(|_| attributes.len() == 1);
    let token = token.ok_or("the signature carries unsigned attributes that this program does not write")?;
    token.to_der().map(Some).map_err(|e| format!("the time stamp is damaged: {e}"))
}

fn digest_of(attributes: &Attributes) -> Result<Vec<u8>, String> {
    let value = only_value(attributes, MESSAGE_DIGEST).ok_or("the signature names no digest")?;
    let octets: OctetString = value.decode_as().map_err(|e| format!("the digest is damaged: {e}"))?;
    Ok(octets.as_bytes().to_vec())
}

fn only_value(attributes: &Attributes, oid: ObjectIdentifier) -> Option<&Any> {
    let mut found = attributes.iter().filter(|a| a.oid == oid);
    let attribute = found.next().filter(|a| a.values.len() == 1)?;
    if found.next().is_some() { None } else { attribute.values.iter().next() }
}
