//! The one connection type, and what every connection is told first.

use super::postgres::{PgConnection, Role};
use super::{Database, Error, dialect, failed, startup};
use diesel::connection::SimpleConnection;
use diesel::{Connection as _, RunQueryDsl, SqliteConnection};

/// A connection to the database.
#[derive(diesel::MultiConnection)]
pub(super) enum Db {
    /// SQLite, embedded.
    Sqlite(SqliteConnection),
    /// PostgreSQL.
    Postgres(PgConnection),
}

impl Db {
    /// Opens the database and settles the connection.
    pub(super) fn open(database: &Database) -> Result<Self, Error> {
        let mut connection = match database {
            Database::Sqlite(path) => {
                let opened = SqliteConnection::establish(&path.to_string_lossy());
                Self::Sqlite(opened.map_err(|e| Error::Database { doing: "open the database", reason: e.to_string() })?)
            }
            Database::Postgres(server) => Self::Postgres(PgConnection::open(&server.app)?),
        };
        connection.settle()?;
        Ok(connection)
    }

    /// Opens a PostgreSQL database as the role that owns its tables.
    pub(super) fn open_as_owner(owner: &Role) -> Result<Self, Error> {
        let mut connection = Self::Postgres(PgConnection::open(owner)?);
        connection.settle()?;
        Ok(connection)
    }

    fn settle(&mut self) -> Result<(), Error> {
        let settings = dialect::settings(self);
        self.run(settings, "settle the connection")?;
        startup::check_settings(self)
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
