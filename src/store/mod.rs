//! The store: state, ledger entry and outbox rows in one transaction, and nothing acknowledged before it is on disk.
//!
//! Sole user of diesel. Every query is limited to the organisation of the authority that asks. Nothing is written without an
//! entry; personal values are sealed before they reach a row. Must never hold a rule of law: `requests` decides, this keeps.

mod archive;
mod connection;
mod ledger;
mod migrate;
mod notices;
mod outbox;
mod read;
mod requests;
pub mod retention;
mod schema;
mod startup;
mod tx;
mod writer;

pub use archive::{Archive, read_archive};
pub use notices::Notice;
pub use outbox::{Leased, Outbox, Waiting};
pub use read::{Counts, Reader, Row};
pub use requests::Loaded;
pub use tx::{Personals, Tx, Written};

use crate::authority::Authority;
use crate::clock::Timestamp;
use crate::crypto::keys::{KeyError, MasterKey};
use crate::crypto::seal::SealError;
use crate::crypto::token::NoRandomness;
use crate::files::{self, FileError};
use crate::ids::OrganisationId;
use crate::ledger::note::Signer;
use connection::Db;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use writer::Writer;

/// Why the store does not do what it was asked. Clone, because one failed commit answers a whole group of writers.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The database says no. The text may hold SQL, so it is for the log, not for the public.
    #[error("the database failed while trying to {doing}: {reason}")]
    Database {
        /// What was tried.
        doing: &'static str,
        /// The database's own words.
        reason: String,
    },
    /// Somebody else changed the same request in between.
    #[error("request `{0}` was changed by somebody else in the meantime; look at it again")]
    Conflict(String),
    /// A change without a ledger entry.
    #[error("a change came without a ledger entry; nothing was written")]
    NoEntry,
    /// No such request in this organisation.
    #[error("there is no request `{0}`")]
    NotFound(String),
    /// A row that cannot be understood.
    #[error("row `{row}` of table `{table}` is damaged: {why}")]
    Damaged {
        /// Table.
        table: &'static str,
        /// Key of the row.
        row: String,
        /// What is wrong.
        why: String,
    },
    /// The writer is gone; the program must be started anew.
    #[error("the store has stopped writing; start the program anew and look at its log")]
    Stopped,
    /// The clock stands before the last entry.
    #[error("the clock stands at {now}, before the last ledger entry at {last}; put the clock right")]
    Clock {
        /// The present.
        now: Timestamp,
        /// Time of the last entry.
        last: Timestamp,
    },
    /// A condition for starting is not met.
    #[error("habeas does not start: {0}")]
    Refused(String),
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A key is not one.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The ledger refuses.
    #[error(transparent)]
    Ledger(#[from] crate::ledger::Error),
    /// A file could not be used.
    #[error("{0}")]
    File(String),
}

impl From<FileError> for Error {
    fn from(e: FileError) -> Self {
        Self::File(e.to_string())
    }
}

/// Adds what was tried to a database error.
fn failed(doing: &'static str) -> impl Fn(diesel::result::Error) -> Error {
    move |e| Error::Database { doing, reason: e.to_string() }
}

/// Where the data is, and the key that opens it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The SQLite file.
    pub database: PathBuf,
    /// File of the master key, mode 0400.
    pub master_key: PathBuf,
}

/// An open store. Cloning it shares it.
#[derive(Clone)]
pub struct Store {
    writer: Arc<Writer>,
    reader: Arc<Mutex<Db>>,
    master: Arc<MasterKey>,
}

/// Longest key file.
const LONGEST_KEY_BYTES: u64 = 256;

impl Store {
    /// Opens the store, brings its tables up to date, and refuses to start on anything that `startup` names.
    pub fn open(settings: &Settings, now: Timestamp) -> Result<Self, Error> {
        let text = files::read_secret(&settings.master_key, LONGEST_KEY_BYTES)?;
        let master = Arc::new(MasterKey::parse(&String::from_utf8_lossy(&text))?);
        startup::check_place(&settings.database)?;
        let mut connection = Db::open(&settings.database)?;
        startup::check_settings(&mut connection)?;
        migrate::up(&mut connection)?;
        startup::check_ledgers(&mut connection, now)?;
        let reader = Arc::new(Mutex::new(Db::open(&settings.database)?));
        Ok(Self { writer: Arc::new(Writer::start(connection, Arc::clone(&master))), reader, master })
    }

    /// Runs `work` in one transaction for `by`. What it changed is on disk when this returns `Ok`, together with its
    /// entries; when it returns `Err`, nothing of it happened.
    pub fn write<T, E>(
        &self,
        by: &dyn Authority,
        work: impl FnOnce(&mut Tx<'_>) -> Result<Written<T>, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.writer.write(by.organisation().clone(), work)
    }

    /// Reads for `by`: its own organisation and nothing else.
    pub fn read<T>(
        &self,
        by: &dyn Authority,
        work: impl FnOnce(&mut Reader<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut connection = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut Reader::new(&mut connection, by.organisation().clone(), &self.master))
    }

    /// The effects that wait to be carried out.
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox::new(self)
    }

    /// Signs and keeps a checkpoint of one organisation's ledger; it continues the last one or is refused.
    pub fn checkpoint(&self, by: &dyn Authority, signer: &Signer, now: Timestamp) -> Result<String, Error> {
        let (signer, organisation) = (signer.clone(), by.organisation().clone());
        self.writer.plain(organisation, move |tx| ledger::checkpoint(tx, &signer, now))
    }
}

/// The origin of an organisation's log: the name of the signing key.
pub fn origin(installation: &str, organisation: &OrganisationId) -> String {
    format!("{installation}/{organisation}")
}

/// Makes a new master key file; refuses to replace one.
pub fn create_master_key(path: &Path) -> Result<(), Error> {
    let text = crate::crypto::keys::new_master_text()?;
    files::write_secret(path, text.as_bytes())?;
    Ok(())
}
