//! How urgent an alert is, and what other scales call it. `docs/alerts.md` prints these tables; a test holds them together.

use crate::findings::Severity;
use serde::{Deserialize, Serialize};

/// Urgency of an alert, least first: the levels of Sigma rules; findings have the upper four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing to do.
    Informational,
    /// Hygiene.
    Low,
    /// A weakness.
    Medium,
    /// Somebody has to look today.
    High,
    /// Somebody has to look now.
    Critical,
}

impl Level {
    /// All levels, least first.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word used in files and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The level of that word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.word() == word)
    }

    /// Severity of RFC 5424 table 2, 0 (worst) to 7. 0 and 1 stay free: no alert of ours says that a system is unusable.
    pub const fn syslog(self) -> u8 {
        match self {
            Self::Critical => 2,
            Self::High => 3,
            Self::Medium => 4,
            Self::Low => 5,
            Self::Informational => 6,
        }
    }

    /// Severity of CEF, 0 to 10: 0-3 low, 4-6 medium, 7-8 high, 9-10 very high.
    pub const fn cef(self) -> u8 {
        match self {
            Self::Critical => 10,
            Self::High => 8,
            Self::Medium => 5,
            Self::Low => 3,
            Self::Informational => 1,
        }
    }

    /// `severity_id` and caption of OCSF.
    pub const fn ocsf(self) -> (u8, &'static str) {
        match self {
            Self::Critical => (5, "Critical"),
            Self::High => (4, "High"),
            Self::Medium => (3, "Medium"),
            Self::Low => (2, "Low"),
            Self::Informational => (1, "Informational"),
        }
    }
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Critical => Self::Critical,
            Severity::High => Self::High,
            Severity::Medium => Self::Medium,
            Severity::Low => Self::Low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_is_the_one_in_use() {
        let page = include_str!("../../docs/alerts.md");
        for level in Level::ALL.into_iter().rev() {
            let (id, name) = level.ocsf();
            let row = format!("| {} | {} | {} | {id} {name} |", level.word(), level.syslog(), level.cef());
            assert!(page.contains(&row), "docs/alerts.md lacks `{row}`");
            assert_eq!(Level::of_word(level.word()), Some(level));
        }
    }
}
