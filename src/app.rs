//! The parts list: builds every part of one installation from its settings.

use crate::clock::Timestamp;
use crate::config::{Config, ConfigError};
use crate::files::{self, FileError};
use crate::law::book::Lawbook;
use crate::ledger::note::Signer;
use crate::notify::delivery::Rules;
use crate::notify::transport::Transport;
use crate::notify::verp::ReturnPaths;
use crate::store::{self, Store};
use std::sync::Arc;

/// Largest key file.
const LARGEST_KEY_BYTES: u64 = 1024;

/// An installation that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Its settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The ledger's key.
    #[error("[keys] ledger: {0}")]
    LedgerKey(#[from] crate::ledger::Error),
    /// The law book.
    #[error("the law book cannot be read: {0}")]
    Book(String),
}

/// One installation, open.
pub struct App {
    /// Its settings.
    pub config: Config,
    /// Its store.
    pub store: Store,
    /// The law.
    pub book: Arc<Lawbook>,
    /// When letters are tried again, and when a person is asked.
    pub delivery: Rules,
}

impl App {
    /// Opens the installation; refuses what the store refuses to start on.
    pub fn open(config: Config, now: Timestamp) -> Result<Self, AppError> {
        let book = Lawbook::built_in()
            .map_err(|errors| AppError::Book(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
        let store = Store::open(&config.store_settings(), now)?;
        Ok(Self { config, store, book: Arc::new(book), delivery: Rules::default() })
    }

    /// The key that signs the ledger's checkpoints.
    pub fn signer(&self) -> Result<Signer, AppError> {
        let bytes = files::read_secret(&self.config.path(&self.config.keys.ledger), LARGEST_KEY_BYTES)?;
        Ok(Signer::parse(String::from_utf8_lossy(&bytes).trim_end())?)
    }

    /// The way out for letters, and how return paths are marked.
    pub fn post(&self) -> Result<(Transport, ReturnPaths), AppError> {
        Ok((self.config.transport()?, self.config.return_paths()?))
    }
}
