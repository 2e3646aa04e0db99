//! The folder of keys that reports are signed with; makes its own at first use.
//!
//! What is made is a local root and, below it, one certificate for the signer. Nobody outside trusts such a root by itself:
//! it proves that the holder of these keys signed, no more, and every place that shows such a signature says so. Keys are
//! readable by their owner alone; a key that others can read is refused.

use crate::clock::Timestamp;
use crate::files::{FileError, read_limited, write_whole};
use crate::report::seal::{SignerError, Signing};
use chrono::Datelike;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The self-made root, to be handed to whoever checks reports.
pub const ROOT: &str = "root.pem";
const ROOT_KEY: &str = "root.key.pem";
const SIGNER: &str = "auditor.pem";
const SIGNER_KEY: &str = "auditor.key.pem";
const LARGEST_BYTES: u64 = 64 * 1024;
/// How long the self-made root and the signer's certificate last.
const ROOT_YEARS: i32 = 10;
const SIGNER_YEARS: i32 = 2;
/// id-kp-documentSigning (RFC 9336).
const DOCUMENT_SIGNING: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 3, 36];

/// The keys cannot be used or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A key is not secret.
    #[error("the key `{path}` can be read by others (mode {mode:o}); run `chmod 600` on it, or make new keys if somebody may have seen it", path = path.display())]
    Exposed {
        /// The key.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A key or certificate is damaged.
    #[error("the keys in `{path}` cannot be used: {source}", path = path.display())]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: SignerError,
    },
    /// Keys could not be made.
    #[error("keys could not be made: {0}")]
    Make(String),
}

/// The keys in one folder.
pub struct Keyring {
    /// Who signs.
    pub signing: Signing,
    /// The root certificate that vouches for the signer, as PEM.
    pub root_pem: String,
    /// Whether it was made just now.
    pub is_new: bool,
}

/// The keys in `folder`; makes them for `organisation` and the person or firm `signer` when the folder is not there yet.
/// `now` is the first instant at which the certificates are valid, less a day for clocks that are behind.
pub fn open(folder: &Path, organisation: &str, signer: &str, now: Timestamp) -> Result<Keyring, KeyringError> {
    let is_new = !folder.join(SIGNER_KEY).exists();
    if is_new {
        make(folder, organisation, signer, now)?;
    }
    let key = secret(&folder.join(SIGNER_KEY))?;
    let chain = text(&folder.join(SIGNER))?;
    let root_pem = text(&folder.join(ROOT))?;
    let damaged = |source| KeyringError::Damaged { path: folder.to_path_buf(), source };
    let signing = Signing::from_pem(&key, &format!("{chain}{root_pem}")).map_err(damaged)?;
    Ok(Keyring { signing, root_pem, is_new })
}

fn text(path: &Path) -> Result<String, KeyringError> {
    Ok(String::from_utf8_lossy(&read_limited(path, LARGEST_BYTES)?).into_owned())
}

/// A key, if its owner alone can read it.
fn secret(path: &Path) -> Result<String, KeyringError> {
    let mode = fs::metadata(path).map_err(|e| FileError::new("read", path, e))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyringError::Exposed { path: path.to_path_buf(), mode });
    }
    text(path)
}

/// Makes all files in a folder beside, then renames it: nobody ever sees half a keyring.
fn make(folder: &Path, organisation: &str, signer: &str, now: Timestamp) -> Result<(), KeyringError> {
    let files = generate(organisation, signer, now).map_err(|e| KeyringError::Make(e.to_string()))?;
    let mut name = folder.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let beside = folder.with_file_name(name);
    let created = fs::DirBuilder::new().recursive(true).mode(0o700).create(&beside);
    created.map_err(|e| FileError::new("create the folder", &beside, e))?;
    let written = write_all(&beside, &files)
        .and_then(|()| fs::rename(&beside, folder).map_err(|e| FileError::new("create the folder", folder, e)));
    if let Err(error) = written {
        // What is left is of no use; that it cannot be removed either adds nothing to the first error.
        let _ = fs::remove_dir_all(&beside);
        // Somebody else may have made the keys in the meantime; then theirs are used.
        if !folder.join(SIGNER_KEY).exists() {
            return Err(error.into());
        }
    }
    Ok(())
}

fn write_all(folder: &Path, files: &[(&str, String)]) -> Result<(), FileError> {
    for (name, content) in files {
        let path = folder.join(name);
        write_whole(&path, content.as_bytes())?;
        let mode = if name.contains(".key.") { 0o600 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(|e| FileError::new("write", &path, e))?;
    }
    Ok(())
}

fn generate(organisation: &str, signer: &str, now: Timestamp) -> Result<[(&'static str, String); 4], rcgen::Error> {
    let root_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut root = params(&format!("Habeas local root of {organisation} (self-made)"), organisation, now, ROOT_YEARS)?;
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let root_certificate = root.self_signed(&root_key)?;
    let root_key_pem = root_key.serialize_pem();
    let issuer = Issuer::new(root, root_key);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut own = params(signer, organisation, now, SIGNER_YEARS)?;
    own.is_ca = IsCa::ExplicitNoCa;
    own.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    own.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(DOCUMENT_SIGNING.to_vec())];
    own.use_authority_key_identifier_extension = true;
    let certificate = own.signed_by(&key, &issuer)?;
    Ok([
        (ROOT, root_certificate.pem()),
        (ROOT_KEY, root_key_pem),
        (SIGNER, certificate.pem()),
        (SIGNER_KEY, key.serialize_pem()),
    ])
}

fn params(name: &str, organisation: &str, now: Timestamp, years: i32) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::OrganizationName, short(organisation));
    params.distinguished_name.push(DnType::CommonName, short(name));
    let first = now.day_utc().plus_days(-1).unwrap_or(now.day_utc()).date();
    let (month, day) = (u8::try_from(first.month()).unwrap_or(1), u8::try_from(first.day()).unwrap_or(1));
    params.not_before = rcgen::date_time_ymd(first.year(), month, day);
    // The 28th exists in every month of every year.
    params.not_after = rcgen::date_time_ymd(first.year() + years, month, day.min(28));
    Ok(params)
}

/// Names in certificates have at most 64 characters (RFC 5280, upper bounds).
fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-02-28T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn keys_are_made_once_and_only_their_owner_reads_them() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("keys/report");
        let first = open(&folder, "Nordlicht GmbH", "Ann Auditor", now()).unwrap();
        assert!(first.is_new && first.signing.name() == "Ann Auditor");
        let again = open(&folder, "Other", "Other", now()).unwrap();
        assert!(!again.is_new);
        assert_eq!((again.root_pem, again.signing.name()), (first.root_pem, "Ann Auditor".to_owned()));
        for (name, mode) in [(ROOT_KEY, 0o600), (SIGNER_KEY, 0o600), (ROOT, 0o644)] {
            assert_eq!(fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777, mode, "{name}");
        }
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(dir.path().join("keys")).unwrap().count(), 1, "nothing is left beside");
    }

    #[test]
    fn keys_that_others_can_read_and_keys_of_somebody_else_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        open(&a, "A", "A", now()).unwrap();
        open(&b, "B", "B", now()).unwrap();
        fs::copy(b.join(SIGNER), a.join(SIGNER)).unwrap();
        let mixed = open(&a, "A", "A", now()).err().unwrap().to_string();
        assert!(mixed.contains("cannot be used"), "{mixed}");
        fs::set_permissions(b.join(SIGNER_KEY), fs::Permissions::from_mode(0o640)).unwrap();
        let exposed = open(&b, "B", "B", now()).err().unwrap().to_string();
        assert!(exposed.contains("mode 640") && exposed.contains("chmod 600"), "{exposed}");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_a_clear_error() {
        let dir = tempfile::tempdir().unwrap();
        let blocked = dir.path().join("file");
        fs::write(&blocked, b"x").unwrap();
        let error = open(&blocked.join("keys"), "A", "A", now()).err().unwrap().to_string();
        assert!(error.contains("could not create the folder"), "{error}");
    }
}
