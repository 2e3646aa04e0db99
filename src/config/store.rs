//! `[store]`: where the data is.

use super::{Config, ConfigError, value};
use crate::store::{Address, Database, Role, Server, Settings};
use serde::{Deserialize, Serialize};

/// Where the data is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// An SQLite file, or the address of a PostgreSQL database: `postgres://habeas_app@host/habeas`.
    pub database: String,
    /// File with the password of the role in `database`, readable by its owner alone.
    pub password_file: String,
    /// The same database as the role that owns the tables; needed only to bring them up to date.
    pub owner: String,
    /// File with the password of that role.
    pub owner_password_file: String,
}

impl Default for Store {
    fn default() -> Self {
        let none = String::new;
        Self { database: "habeas.db".to_owned(), password_file: none(), owner: none(), owner_password_file: none() }
    }
}

impl Store {
    fn is_postgres(&self) -> bool {
        self.database.contains("://")
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: &'static str, reason: String| value("store", key, reason);
        if !self.is_postgres() {
            let unused = [("password_file", &self.password_file), ("owner", &self.owner)];
            return unused
                .into_iter()
                .find(|(_, text)| !text.is_empty())
                .map_or(Ok(()), |(key, _)| Err(wrong(key, "an SQLite file has no roles; leave it out".to_owned())));
        }
        Address::parse(&self.database).map_err(|e| wrong("database", e.to_string()))?;
        if !self.owner.is_empty() {
            Address::parse(&self.owner).map_err(|e| wrong("owner", e.to_string()))?;
        }
        Ok(())
    }
}

impl Config {
    /// What the store needs to open.
    pub fn store_settings(&self) -> Settings {
        let store = &self.store;
        let role = |url: &str, password_file: &str| Role {
            url: url.to_owned(),
            password_file: (!password_file.is_empty()).then(|| self.path(password_file)),
        };
        let database = if store.is_postgres() {
            Database::Postgres(Server {
                app: role(&store.database, &store.password_file),
                owner: (!store.owner.is_empty()).then(|| role(&store.owner, &store.owner_password_file)),
            })
        } else {
            Database::Sqlite(self.path(&store.database))
        };
        Settings { database, master_key: self.path(&self.keys.master) }
    }
}
