//! `[keys]`: the files that hold keys, each readable by its owner alone.

use serde::{Deserialize, Serialize};

/// The files that hold keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// Opens what is sealed in the database. Without it personal data is lost: keep a copy apart from the database.
    pub master: String,
    /// Signs the ledger's checkpoints.
    pub ledger: String,
    /// Marks return paths, so that strangers cannot report bounces.
    pub bounces: String,
}

impl Default for Keys {
    fn default() -> Self {
        let file = |name: &str| format!("keys/{name}.key");
        Self { master: file("master"), ledger: file("ledger"), bounces: file("bounces") }
    }
}

impl Keys {
    /// The files with the names of their settings.
    pub fn all(&self) -> [(&'static str, &str); 3] {
        [("master", &self.master), ("ledger", &self.ledger), ("bounces", &self.bounces)]
    }
}
