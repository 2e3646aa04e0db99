//! The store: state, ledger entry and outbox rows in one transaction, and nothing acknowledged before it is on disk.
//!
//! Sole user of diesel. Every query is limited to the organisation of the authority that asks. Nothing is written without an
//! entry; personal values are sealed before they reach a row. Must never hold a rule of law: `requests` decides, this keeps.

mod archive;
mod connection;
mod desk;
mod dialect;
mod ledger;
mod migrate;
mod notices;
mod outbox;
mod postgres;
mod read;
mod readers;
mod requests;
pub mod retention;
mod rows;
mod schema;
mod session;
mod startup;
#[cfg(test)]
#[path = "../../tests/it/support/postgres.rs"]
#[expect(dead_code, unreachable_pub, clippy::disallowed_methods, reason = "shared with the integration tests")]
mod test_postgres;
mod tx;
mod writer;

pub use archive::{Archive, read_archive};
pub use notices::Notice;
pub use outbox::{Leased, Outbox, Waiting};
pub use postgres::{Address, AddressError, Role};
pub use read::{Counts, Reader, Row};
pub use requests::Loaded;
pub use session::Expected;
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
use readers::Readers;
use std::path::{Path, PathBuf};
use std::sync::Arc;
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
    /// Another transaction was in the way, again and again.
    #[error("another transaction was in the way; nothing was written, try again")]
    Busy,
    /// The connection broke during a commit and the server did not come back in time.
    #[error(
        "the connection to the database broke while it committed, so whether the change was written is not known; ask again with the same key, or look at the request first"
    )]
    Unknown,
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

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Database {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A database on a PostgreSQL server.
    Postgres(Server),
}

impl Database {
    /// Where `place` says: an address, whose role may need the password in a file, or a file.
    pub fn at(place: &str, password_file: Option<PathBuf>) -> Result<Self, AddressError> {
        if !place.contains("://") {
            return match password_file {
                None => Ok(Self::Sqlite(place.into())),
                Some(_) => Err(AddressError::Form("an SQLite file has no roles, and so no password".to_owned())),
            };
        }
        Address::parse(place)?;
        Ok(Self::Postgres(Server { app: Role { url: place.to_owned(), password_file }, owner: None }))
    }
}

impl From<PathBuf> for Database {
    fn from(file: PathBuf) -> Self {
        Self::Sqlite(file)
    }
}

impl std::fmt::Display for Database {
    /// The file, or the address, which holds no password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(file) => write!(f, "{}", file.display()),
            Self::Postgres(server) => f.write_str(&server.app.url),
        }
    }
}

/// A database on a PostgreSQL server, seen by two roles (docs/store.md).
#[derive(Clone, Debug)]
pub struct Server {
    /// The role that works: it reads and writes rows, but makes no tables and changes no ledger.
    pub app: Role,
    /// The role that owns the tables; needed only to bring them up to date.
    pub owner: Option<Role>,
}

/// Where the data is, and the key that opens it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The database.
    pub database: Database,
    /// File of the master key, mode 0400.
    pub master_key: PathBuf,
}

/// An open store. Cloning it shares it.
#[derive(Clone)]
pub struct Store {
    writer: Arc<Writer>,
    readers: Arc<Readers>,
    master: Arc<MasterKey>,
}

/// Longest key file.
const LONGEST_KEY_BYTES: u64 = 256;

impl Store {
    /// Opens the store, brings its tables up to date, and refuses to start on anything that `startup` names.
    pub fn open(settings: &Settings, now: Timestamp) -> Result<Self, Error> {
        let text = files::read_secret(&settings.master_key, LONGEST_KEY_BYTES)?;
        let master = Arc::new(MasterKey::parse(&String::from_utf8_lossy(&text))?);
        let database = settings.database.clone();
        startup::check_place(&database)?;
        migrate::as_owner(&database)?;
        let mut connection = Db::open(&database)?;
        migrate::settle(&mut connection)?;
        startup::check_rights(&mut connection)?;
        startup::check_ledgers(&mut connection, now)?;
        let readers = Arc::new(Readers::new(database.clone())?);
        let writer = Arc::new(Writer::start(connection, database, Arc::clone(&master)));
        Ok(Self { writer, readers, master })
    }

    /// Runs `work` in one transaction for `by`. What it changed is on disk when this returns `Ok`, together with its
    /// entries; when it returns `Err`, nothing of it happened, save after [`Error::Unknown`]. `work` may run more than once
    /// before that, each time from the start, when another transaction or a lost connection undid it.
    pub fn write<T, E>(
        &self,
        by: &dyn Authority,
        work: impl FnMut(&mut Tx<'_>) -> Result<Written<T>, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.writer.write(by.organisation().clone(), None, work)
    }

    /// The same, where it is known what `work` will ask first. Nothing but speed depends on it.
    pub fn write_expecting<T, E>(
        &self,
        by: &dyn Authority,
        expected: Expected,
        work: impl FnMut(&mut Tx<'_>) -> Result<Written<T>, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.writer.write(by.organisation().clone(), Some(expected), work)
    }

    /// Reads for `by`: its own organisation and nothing else, all as it is at one instant.
    pub fn read<T>(
        &self,
        by: &dyn Authority,
        work: impl FnOnce(&mut Reader<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let organisation = by.organisation();
        self.readers.read(organisation, |c| work(&mut Reader::new(c, organisation.clone(), &self.master)))
    }

    /// The organisations that have a ledger, in order.
    pub fn organisations(&self) -> Result<Vec<OrganisationId>, Error> {
        self.readers.list(ledger::organisations)
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
