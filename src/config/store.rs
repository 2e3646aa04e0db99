//! `[store]`: where the data is.

use super::Config;
use crate::store::Settings;
use serde::{Deserialize, Serialize};

/// Where the data is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The SQLite file.
    pub database: String,
}

impl Default for Store {
    fn default() -> Self {
        Self { database: "habeas.db".to_owned() }
    }
}

impl Config {
    /// What the store needs to open.
    pub fn store_settings(&self) -> Settings {
        Settings { database: self.path(&self.store.database), master_key: self.path(&self.keys.master) }
    }
}
