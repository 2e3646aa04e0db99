//! The one connection type, and what every connection is told first.

use super::{Error, failed};
use diesel::connection::SimpleConnection;
use diesel::{Connection as _, RunQueryDsl, SqliteConnection};
use std::path::Path;

/// A connection to the database.
#[derive(diesel::MultiConnection)]
pub(super) enum Db {
    /// SQLite, embedded.
    Sqlite(SqliteConnection),
}

/// Settings of a SQLite connection (threats, Numbers): durable before acknowledged, foreign keys held, deleted bytes
/// overwritten, nothing in the schema trusted.
const SQLITE_SETTINGS: &str = "
PRAGMA busy_timeout = 10000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA secure_delete = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;";

impl Db {
    /// Opens the database file and settles the connection.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let reason = |e: diesel::ConnectionError| Error::Database { doing: "open the database", reason: e.to_string() };
        let mut connection = SqliteConnection::establish(&path.to_string_lossy()).map_err(reason)?;
        connection.batch_execute(SQLITE_SETTINGS).map_err(failed("settle the connection"))?;
        Ok(Self::Sqlite(connection))
    }

    /// Begins a transaction that may write. SQLite takes its write lock at once, so that no step fails half way.
    pub(super) fn begin(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(c) => c.batch_execute("BEGIN IMMEDIATE").map_err(failed("begin a transaction")),
        }
    }

    /// Runs one statement of ours.
    pub(super) fn run(&mut self, sql: &str, doing: &'static str) -> Result<(), Error> {
        self.batch_execute(sql).map_err(failed(doing))
    }

    /// One text that a statement of ours gives.
    pub(super) fn text(&mut self, sql: &str, doing: &'static str) -> Result<String, Error> {
        #[derive(diesel::QueryableByName)]
        struct Answer {
            #[diesel(sql_type = diesel::sql_types::Text)]
            answer: String,
        }
        let row: Answer = diesel::sql_query(sql).get_result(self).map_err(failed(doing))?;
        Ok(row.answer)
    }
}
