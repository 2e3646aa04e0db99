//! The words of a request: rights, how sensitive the data is, how surely the person must be known (R 1.0, R 1.3).

use crate::ledger::entry::{Word, word};
use serde::{Deserialize, Serialize};

/// A right that a person can exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Know what is held and get a copy (GDPR 15, 1798.110, PIPL 45).
    Access,
    /// Have it erased (GDPR 17, 1798.105, PIPL 47).
    Deletion,
    /// Have it corrected (GDPR 16, 1798.106, PIPL 46).
    Rectification,
    /// Have its use restricted (GDPR 18, PIPL 44).
    Restriction,
    /// Take it elsewhere (GDPR 20, PIPL 45(3)).
    Portability,
    /// Object to its use (GDPR 21).
    Objection,
    /// Object to direct marketing, without any balancing (GDPR 21(2)-(3)).
    MarketingObjection,
    /// Withdraw consent (GDPR 7(3), PIPL 15).
    Withdrawal,
    /// Opt out of sale and sharing (1798.120).
    OptOut,
    /// Limit the use of sensitive data (1798.121).
    Limit,
    /// Opt in again (11 CCR 7028).
    OptIn,
    /// Know how a machine decides (GDPR 15(1)(h), 11 CCR 7222, PIPL 24(3)).
    AdmAccess,
    /// Refuse or contest a machine's decision (GDPR 22, 11 CCR 7221).
    AdmOptOut,
    /// Have the rules explained (GDPR 12-14, PIPL 48).
    Explanation,
    /// Hear whether data is processed at all.
    Confirmation,
    /// Close an account (NDSMR 23).
    Cancellation,
    /// Act for a deceased relative (PIPL 49).
    Deceased,
    /// Complain to the controller (DPA 2018 164A, NDSMR 20).
    Complaint,
}

/// What carrying a right out does; the guards depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Personal data leaves the house.
    Disclose,
    /// Personal data is erased.
    Erase,
    /// Personal data, or a mark on it, is changed.
    Change,
    /// A use is stopped.
    Stop,
    /// Only an answer is written.
    Tell,
}

impl Right {
    /// All rights.
    pub const ALL: [Self; 18] = [
        Self::Access,
        Self::Deletion,
        Self::Rectification,
        Self::Restriction,
        Self::Portability,
        Self::Objection,
        Self::MarketingObjection,
        Self::Withdrawal,
        Self::OptOut,
        Self::Limit,
        Self::OptIn,
        Self::AdmAccess,
        Self::AdmOptOut,
        Self::Explanation,
        Self::Confirmation,
        Self::Cancellation,
        Self::Deceased,
        Self::Complaint,
    ];

    /// The word used in files and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Deletion => "deletion",
            Self::Rectification => "rectification",
            Self::Restriction => "restriction",
            Self::Portability => "portability",
            Self::Objection => "objection",
            Self::MarketingObjection => "marketing-objection",
            Self::Withdrawal => "withdrawal",
            Self::OptOut => "opt-out",
            Self::Limit => "limit",
            Self::OptIn => "opt-in",
            Self::AdmAccess => "adm-access",
            Self::AdmOptOut => "adm-opt-out",
            Self::Explanation => "explanation",
            Self::Confirmation => "confirmation",
            Self::Cancellation => "cancellation",
            Self::Deceased => "deceased",
            Self::Complaint => "complaint",
        }
    }

    /// The right that `text` names.
    pub fn from_word(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.word() == text)
    }

    /// What carrying it out does.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Access | Self::Portability | Self::AdmAccess | Self::Deceased => Kind::Disclose,
            Self::Deletion | Self::Cancellation => Kind::Erase,
            Self::Rectification | Self::Restriction => Kind::Change,
            Self::Objection
            | Self::MarketingObjection
            | Self::Withdrawal
            | Self::OptOut
            | Self::Limit
            | Self::OptIn
            | Self::AdmOptOut => Kind::Stop,
            Self::Explanation | Self::Confirmation | Self::Complaint => Kind::Tell,
        }
    }

    /// Whether a second person must release it: before data leaves and before it is erased (R 1.7 end, T55).
    pub const fn needs_second_person(self) -> bool {
        matches!(self.kind(), Kind::Disclose | Kind::Erase)
    }
}

/// A law with its clocks, by its id, e.g. `eu-gdpr`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Regime(pub Word);

impl Regime {
    /// The regime `id`.
    pub fn new(id: &str) -> Self {
        Self(word(id))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// How much harm a wrong answer could do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sensitivity {
    /// Contact and business data.
    #[default]
    Ordinary,
    /// Special categories, children, financial or location data (GDPR 9, PIPL 28, 1798.140(ae)).
    Sensitive,
}

/// How surely the person must be known, and how surely they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Not at all.
    #[default]
    None,
    /// One proof of any kind.
    Light,
    /// One proof through a channel already on file.
    Reasonable,
    /// Two independent proofs, at least one through a channel already on file (T14).
    High,
}

impl Level {
    /// The word used in files and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Light => "light",
            Self::Reasonable => "reasonable",
            Self::High => "high",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_has_one_word_everywhere() {
        for right in Right::ALL {
            assert_eq!(serde_json::to_value(right).unwrap(), right.word());
            assert_eq!(Right::from_word(right.word()), Some(right));
        }
        assert_eq!(Right::from_word("erase"), None);
    }
}
