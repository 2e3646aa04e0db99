//! `[schedule]`: what happens by time.

use super::{ConfigError, value};
use serde::{Deserialize, Serialize};

/// What happens by time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// So many days before a due date somebody gets a task.
    pub warn_days: u32,
    /// So many seconds lie between two passes of `habeas requests work --watch`.
    pub pass_seconds: u32,
    /// So many minutes a worker has for what it took from the outbox; then another may take it.
    pub lease_minutes: u32,
    /// Most letters handed over in one pass.
    pub letters_most: u32,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { warn_days: 7, pass_seconds: 60, lease_minutes: 10, letters_most: 100 }
    }
}

impl Schedule {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let fits = |key, number: u32, least: u32, most: u32| {
            if (least..=most).contains(&number) {
                return Ok(());
            }
            Err(value("schedule", key, format!("`{number}` lies outside {least} to {most}")))
        };
        fits("warn_days", self.warn_days, 0, 60)?;
        fits("pass_seconds", self.pass_seconds, 1, 86_400)?;
        fits("lease_minutes", self.lease_minutes, 1, 1_440)?;
        fits("letters_most", self.letters_most, 1, 10_000)
    }
}
