//! The staff register `staff.toml`: who may act on the command line, in which role, and how they prove it.
//!
//! On the command line a member of staff proves who they are by a key file of their own (256 random bits, mode 0400); the
//! register holds its SHA-256 alone. That tells members of staff apart who have accounts of their own on the machine. It
//! does not stop whoever owns the installation's files: sign-in with passkeys belongs to the portal.

use crate::crypto::hash::Digest;
use crate::crypto::token::random;
use crate::files::{self, FileError};
use crate::ids::OfficerId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The register's name, beside `habeas.toml`.
pub const FILE: &str = "staff.toml";
const LARGEST_FILE_BYTES: u64 = 1 << 20;
const LARGEST_KEY_BYTES: u64 = 256;

/// Somebody is not who they say, or the register cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The register is not of the form.
    #[error("staff.toml: {0}")]
    Form(String),
    /// Nobody of that id.
    #[error("`{0}` is not registered; `habeas requests staff list` names those who are")]
    Unknown(String),
    /// The key is another's.
    #[error("the key file does not belong to `{0}`")]
    WrongKey(String),
    /// The id is taken, or not one.
    #[error("{0}")]
    Id(String),
    /// No key could be made.
    #[error(transparent)]
    Randomness(#[from] crate::crypto::token::NoRandomness),
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Data protection officer: decides and releases.
    Dpo,
    /// Takes in, verifies, prepares.
    Caseworker,
    /// Reads and verifies, changes nothing.
    Auditor,
}

impl Role {
    /// The word used in files and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dpo => "dpo",
            Self::Caseworker => "caseworker",
            Self::Auditor => "auditor",
        }
    }
}

/// One member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// What they may do.
    pub role: Role,
    /// SHA-256 of their key file.
    pub key_sha256: Digest,
}

/// Everybody who may act.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Register(pub BTreeMap<OfficerId, Member>);

impl Register {
    /// Reads the register of the installation in `folder`; an installation without one has nobody.
    pub fn load(folder: &Path) -> Result<Self, StaffError> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = String::from_utf8_lossy(&files::read_limited(&path, LARGEST_FILE_BYTES)?).into_owned();
        toml::from_str(&text).map_err(|e| StaffError::Form(e.to_string()))
    }

    fn save(&self, folder: &Path) -> Result<(), StaffError> {
        let text = toml::to_string(self).map_err(|e| StaffError::Form(e.to_string()))?;
        Ok(files::write_whole(&folder.join(FILE), text.as_bytes())?)
    }

    /// Registers `id` and writes their key to `key_file`, which must not be there yet.
    pub fn add(folder: &Path, id: &OfficerId, role: Role, key_file: &Path) -> Result<(), StaffError> {
        let mut register = Self::load(folder)?;
        if register.0.contains_key(id) {
            return Err(StaffError::Id(format!("`{id}` is registered already; ids are never given twice")));
        }
        let text = format!("{}\n", hex::encode(random::<32>()?));
        if let Some(above) = key_file.parent().filter(|p| !p.as_os_str().is_empty()) {
            files::create_folder(above)?;
        }
        files::write_secret(key_file, text.as_bytes())?;
        register.0.insert(id.clone(), Member { role, key_sha256: Digest::of(text.as_bytes()) });
        register.save(folder)
    }

    /// The role of `id`, once `key_file` proves them.
    pub fn prove(&self, id: &OfficerId, key_file: &Path) -> Result<Role, StaffError> {
        let member = self.0.get(id).ok_or_else(|| StaffError::Unknown(id.to_string()))?;
        let key = files::read_secret(key_file, LARGEST_KEY_BYTES)?;
        if Digest::of(&key) == member.key_sha256 { Ok(member.role) } else { Err(StaffError::WrongKey(id.to_string())) }
    }
}
