//! Settings: defaults, one file `habeas.toml`, environment. Sole reader of the environment.
//!
//! One file per section, each knowing its defaults and what it must hold. Unknown keys are refused by name. A secret never
//! stands in a setting: settings name the files that hold secrets. Paths are relative to the folder of `habeas.toml`.

pub mod agents;
pub mod keys;
pub mod mail;
pub mod organisation;
pub mod schedule;
mod sources;
pub mod staff;
pub mod store;

use crate::files::{self, FileError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use sources::{Source, home, variable};

/// The file's usual name.
pub const FILE: &str = "habeas.toml";
/// Names the file when it lies elsewhere.
pub const FILE_VARIABLE: &str = "HABEAS_CONFIG";
const LARGEST_FILE_BYTES: u64 = 1 << 20;

/// Settings that cannot be used. Says which file, section and key, and what is wanted.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{0}; make an installation with `habeas requests init`, or name its file with --config or {FILE_VARIABLE}")]
    File(#[from] FileError),
    /// Not of the form, or with an unknown key.
    #[error("`{path}`: {reason}", path = path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Line, column, and what is wrong.
        reason: String,
    },
    /// An environment variable that does not fit its key.
    #[error("environment variable `{name}`: {reason}")]
    Variable {
        /// Its name.
        name: String,
        /// What is wanted.
        reason: String,
    },
    /// A value that cannot be used.
    #[error("[{section}] {key}: {reason}")]
    Value {
        /// Section.
        section: &'static str,
        /// Key.
        key: &'static str,
        /// What is wrong, and what is wanted.
        reason: String,
    },
}

/// All settings of one installation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The folder that relative paths start from: that of the file.
    #[serde(skip)]
    pub folder: PathBuf,
    /// Who answers requests.
    pub organisation: organisation::Organisation,
    /// Where the data is.
    pub store: store::Store,
    /// Which files hold keys.
    pub keys: keys::Keys,
    /// How letters leave.
    pub mail: mail::Mail,
    /// What happens by time.
    pub schedule: schedule::Schedule,
    /// Whose signed requests are taken.
    pub agents: agents::Agents,
    /// What answers say of the organisation's processing, by language: the fields of `habeas messages show`.
    pub words: BTreeMap<String, toml::Table>,
}

impl Config {
    /// Reads `file`, lays the environment over it, and checks every section.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let bytes = files::read_limited(file, LARGEST_FILE_BYTES)?;
        let wrong = |reason: String| ConfigError::Form { path: file.to_path_buf(), reason };
        let text = String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8 text".to_owned()))?;
        // Read as it is first: errors of the file then have their line.
        toml::from_str::<Self>(&text).map_err(|e| wrong(e.to_string()))?;
        let written: toml::Table = toml::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        let mut config = sources::overlaid(written)?;
        config.folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf();
        config.check()?;
        Ok(config)
    }

    /// Settings for tests: an installation in `folder`, whose letters become files there.
    pub fn for_tests(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            organisation: organisation::Organisation::for_tests(),
            mail: mail::Mail::for_tests(),
            ..Self::default()
        }
    }

    /// Every value with where it comes from, in order: section, key, value, source.
    pub fn shown(&self, file: &Path) -> Result<Vec<(String, String, String, Source)>, ConfigError> {
        let text = files::read_limited(file, LARGEST_FILE_BYTES)?;
        let written: toml::Table = toml::from_str(&String::from_utf8_lossy(&text)).unwrap_or_default();
        sources::shown(self, &written)
    }

    /// Checks every section; the first thing that is wrong is named.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.organisation.check()?;
        self.mail.check()?;
        self.store.check()?;
        self.schedule.check()?;
        self.agents.check()
    }

    /// A path of a setting, from the folder of the file.
    pub fn path(&self, setting: &str) -> PathBuf {
        self.folder.join(setting)
    }

    /// What answers say in `lang`, or in the organisation's first language.
    pub fn words_in(&self, lang: &str) -> serde_json::Value {
        let table = self.words.get(lang).or_else(|| self.words.get(self.organisation.first_language()));
        table.and_then(|t| serde_json::to_value(t).ok()).unwrap_or_else(|| serde_json::json!({}))
    }
}

/// A value that cannot be used.
fn value(section: &'static str, key: &'static str, reason: impl Into<String>) -> ConfigError {
    ConfigError::Value { section, key, reason: reason.into() }
}

#[cfg(test)]
mod tests;
