//! Who signs: a private key and the certificates that vouch for it.

use der::Encode;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePrivateKey, DecodePublicKey};
use x509_cert::Certificate;

/// A key or certificate that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// Not a P-256 key in PKCS#8 PEM form.
    #[error("not a P-256 private key in PKCS#8 PEM form: {0}")]
    Key(String),
    /// Not certificates in PEM form.
    #[error("not certificates in PEM form: {0}")]
    Certificates(String),
    /// The first certificate is for another key.
    #[error("the first certificate does not belong to the private key; put the signer's certificate first")]
    Mismatch,
}

/// A key with its certificates, the signer's own first.
pub struct Signing {
    key: SigningKey,
    chain: Vec<Certificate>,
}

impl Signing {
    /// From a PKCS#8 key and a chain of certificates, both PEM.
    pub fn from_pem(key: &str, chain: &str) -> Result<Self, SignerError> {
        let key = SigningKey::from_pkcs8_pem(key).map_err(|e| SignerError::Key(e.to_string()))?;
        let chain = certificates(chain.as_bytes())?;
        let own = chain.first().ok_or_else(|| SignerError::Certificates("there is none".to_owned()))?;
        let spki = own.tbs_certificate.subject_public_key_info.to_der();
        let public = spki.ok().and_then(|der| VerifyingKey::from_public_key_der(&der).ok());
        if public.as_ref() != Some(key.verifying_key()) {
            return Err(SignerError::Mismatch);
        }
        Ok(Self { key, chain })
    }

    /// The signer's own certificate.
    pub(super) fn own(&self) -> Option<&Certificate> {
        self.chain.first()
    }

    /// All certificates that go into the signature.
    pub(super) fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The signer's name as certified.
    pub fn name(&self) -> String {
        self.own().map(|c| common_name(&c.tbs_certificate.subject)).unwrap_or_default()
    }

    /// Signs `message` with ECDSA over its SHA-256; the nonce follows from key and message (RFC 6979), so that the same
    /// message gets the same signature.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.key.sign(message);
        signature.as_bytes().to_vec()
    }
}

/// The certificates in a PEM file.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, SignerError> {
    let broken = |e: der::Error| SignerError::Certificates(e.to_string());
    // Text before the first certificate is allowed (RFC 7468, 5.2), and files made by other programs often have some.
    let text = String::from_utf8_lossy(pem);
    let start = text.find("-----BEGIN CERTIFICATE-----").unwrap_or(0);
    let found = Certificate::load_pem_chain(text.get(start..).unwrap_or_default().as_bytes()).map_err(broken)?;
    if found.is_empty() { Err(SignerError::Certificates("there is none".to_owned())) } else { Ok(found) }
}

/// The common name, else the whole name.
pub(super) fn common_name(name: &x509_cert::name::Name) -> String {
    const COMMON_NAME: der::asn1::ObjectIdentifier = der::asn1::ObjectIdentifier::new_unwrap("2.5.4.3");
    let mut parts = name.0.iter().flat_map(|rdn| rdn.0.iter());
    let common = parts.find(|p| p.oid == COMMON_NAME);
    let text = common.and_then(|p| {
        let utf8 = p.value.decode_as::<der::asn1::Utf8StringRef<'_>>().map(|s| s.as_str().to_owned());
        utf8.or_else(|_| p.value.decode_as::<der::asn1::PrintableStringRef<'_>>().map(|s| s.as_str().to_owned())).ok()
    });
    text.unwrap_or_else(|| name.to_string())
}
