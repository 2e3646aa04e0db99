//! How bad a finding is.

use serde::{Deserialize, Serialize};

/// Severity of a finding, worst first (R 3.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A likely breach or unlawful processing now.
    Critical,
    /// A required measure is missing.
    High,
    /// A weakness.
    Medium,
    /// Hygiene.
    Low,
}

impl Severity {
    /// All severities, worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The word used in files and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    /// Days within which a finding of this severity is due to be remedied by default (R 3.8: 7, 30, 90, 180).
    pub const fn remedy_days(self) -> i64 {
        match self {
            Self::Critical => 7,
            Self::High => 30,
            Self::Medium => 90,
            Self::Low => 180,
        }
    }
}
