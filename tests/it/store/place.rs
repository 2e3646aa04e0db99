//! Where a test's store is: an SQLite file or a PostgreSQL database of its own, with the same tests over both.

use super::*;
use crate::support::postgres::{self, TestDatabase};
use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use habeas::store::{Database, Role, Server};
use std::path::PathBuf;

/// A store's place, empty at first and gone at last.
pub struct Place {
    pub dir: tempfile::TempDir,
    pub database: Option<TestDatabase>,
}

/// Runs each named function on both databases, on PostgreSQL when a server is given.
macro_rules! on_both {
    ($($test:ident;)+) => {$(
        mod $test {
            use super::Place;

            #[test]
            fn sqlite() {
                super::$test(&Place::sqlite());
            }

            #[test]
            fn postgres() {
                if let Some(place) = Place::postgres() {
                    super::$test(&place);
                }
            }
        }
    )+};
}
pub(crate) use on_both;

impl Place {
    pub fn sqlite() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), database: None }
    }

    pub fn postgres() -> Option<Self> {
        Some(Self { dir: tempfile::tempdir().unwrap(), database: Some(TestDatabase::new()?) })
    }

    /// An empty place on the same kind of database.
    pub fn another(&self) -> Self {
        if self.database.is_some() { Self::postgres().unwrap() } else { Self::sqlite() }
    }

    pub fn name(&self) -> &'static str {
        if self.database.is_some() { "PostgreSQL, synchronous_commit=on" } else { "SQLite, synchronous=FULL" }
    }

    /// The addresses of the working role and of the owner.
    pub fn urls(&self) -> Option<(String, String)> {
        self.database.as_ref().map(|d| (d.url("habeas_app"), d.url("habeas_owner")))
    }

    pub fn settings(&self) -> Settings {
        settings(self.dir.path(), self.urls())
    }

    pub fn open(&self) -> Store {
        Store::open(&self.settings(), at(NOW)).unwrap()
    }

    /// Past the store, as the host's administrator.
    pub fn raw(&self) -> Raw {
        match &self.database {
            Some(database) => Raw::Postgres(Box::new(database.superuser())),
            None => {
                let file = self.dir.path().join("habeas.db");
                let mut raw = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
                // A store that was just dropped may still be closing its own connection.
                raw.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
                Raw::Sqlite(raw)
            }
        }
    }
}

/// The settings of a store in `dir`, or on the server with these addresses, with a key made at first use.
pub fn settings(dir: &Path, urls: Option<(String, String)>) -> Settings {
    let master_key = dir.join("master.key");
    if !master_key.exists() {
        create_master_key(&master_key).unwrap();
    }
    let database = match urls {
        None => Database::Sqlite(dir.join("habeas.db")),
        Some((app, owner)) => {
            let role = |url| Role { url, password_file: None::<PathBuf> };
            Database::Postgres(Server { app: role(app), owner: Some(role(owner)) })
        }
    };
    Settings { database, master_key }
}

/// A connection past the store.
pub enum Raw {
    Sqlite(SqliteConnection),
    Postgres(Box<postgres::Raw>),
}

impl Raw {
    pub fn run(&mut self, sql: &str) -> diesel::QueryResult<()> {
        match self {
            Self::Sqlite(c) => c.batch_execute(sql),
            Self::Postgres(c) => c.batch_execute(sql),
        }
    }

    /// Lets the ledger be edited, as somebody who owns the host can.
    pub fn unlock_ledger(&mut self) {
        let sql = match self {
            Self::Sqlite(_) => {
                "DROP TRIGGER ledger_entries_keep_update; DROP TRIGGER ledger_entries_keep_delete; PRAGMA synchronous=OFF;"
            }
            Self::Postgres(_) => "ALTER TABLE ledger_entries DISABLE TRIGGER ALL; SET synchronous_commit = off;",
        };
        self.run(sql).unwrap();
    }

    /// Leaves no trace of it, because a start looks for the triggers that PostgreSQL keeps.
    pub fn lock_ledger(&mut self) {
        if let Self::Postgres(c) = self {
            c.batch_execute("ALTER TABLE ledger_entries ENABLE TRIGGER ALL").unwrap();
        }
    }

    /// Bytes as the database spells them.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{}'", hex::encode(bytes)),
            Self::Postgres(_) => format!("'\\x{}'::bytea", hex::encode(bytes)),
        }
    }

    /// The ledger as it stands now.
    pub fn entries(&mut self) -> Vec<Vec<u8>> {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Binary)]
            entry: Vec<u8>,
        }
        let query = diesel::sql_query("SELECT entry FROM ledger_entries ORDER BY seq");
        let rows: Vec<Row> = match self {
            Self::Sqlite(c) => query.load(c),
            Self::Postgres(c) => query.load(&mut **c),
        }
        .unwrap();
        rows.into_iter().map(|r| r.entry).collect()
    }
}
