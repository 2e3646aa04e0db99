//! What a regime says beside its clocks: proof of identity, fees, grounds for refusal, values never disclosed, and what
//! every outgoing message must contain.
//!
//! Shapes only; the words are in `regimes/*.yaml`. Letters and their tests read them from here.

use crate::lang::Localised;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The languages in which letters are written: grounds for refusal stand in letters, so each is worded in all of them.
pub const LETTER_LANGUAGES: [&str; 4] = ["de", "en", "fr", "zh-CN"];

/// How much is asked of a person before a request is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It must never be asked for.
    Never,
    /// Only what is needed to find the person, such as an address already on file.
    Light,
    /// Only on reasonable doubt, through a channel already on file.
    OnDoubt,
    /// To a reasonable degree of certainty.
    Reasonable,
    /// To a reasonably high degree of certainty.
    High,
}

impl Level {
    /// The word used in the regimes' files and in evidence.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Light => "light",
            Self::OnDoubt => "on-doubt",
            Self::Reasonable => "reasonable",
            Self::High => "high",
        }
    }
}

/// How identity is verified for some rights.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// For which rights.
    pub rights: Vec<String>,
    /// How much.
    pub level: Level,
    /// How many independent data points at least, where the law counts them.
    #[serde(default)]
    pub data_points: Option<u32>,
    /// What is asked and what may not be, for people.
    pub text: Localised,
    /// The source of the rule.
    pub cite: String,
}

/// What may be charged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// For which rights; all when empty.
    #[serde(default)]
    pub rights: Vec<String>,
    /// When something may be charged, for people.
    pub text: Localised,
    /// How many requests are free in how many months, where the law counts them.
    #[serde(default)]
    pub free: Option<Free>,
    /// The source of the rule.
    pub cite: String,
}

/// So many free requests in so many months.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Free {
    /// How many.
    pub times: u32,
    /// In how many months.
    pub months: u32,
}

/// One ground on which a request may be refused, whole or in part.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// For which rights.
    pub rights: Vec<String>,
    /// Its identifier in the Data Privacy Vocabulary, e.g. `justifications:ProcessExcessive`.
    pub dpv: String,
    /// The ground, for people.
    pub text: Localised,
    /// What the controller must be able to show.
    #[serde(default)]
    pub proof: Option<Localised>,
    /// The source of the ground.
    pub cite: String,
}

/// A class of values that is named but never shown.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeverDisclosed {
    /// What it is, for people.
    pub text: Localised,
    /// The source of the ban.
    pub cite: String,
}

/// One thing that a message must contain.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its key, which templates and their tests use.
    pub id: String,
    /// What it is, for people.
    pub text: Localised,
    /// Only in answers to these rights; in all when empty.
    #[serde(default)]
    pub rights: Vec<String>,
    /// The law asks for it; otherwise good practice.
    #[serde(default)]
    pub required: bool,
    /// The source.
    pub cite: String,
}

/// Everything of this file for one regime.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// Proof of identity, by name.
    #[serde(default)]
    pub verification: BTreeMap<String, Verification>,
    /// Fees, by name.
    #[serde(default)]
    pub fees: BTreeMap<String, Fee>,
    /// Grounds for refusal, by name.
    #[serde(default)]
    pub refusals: BTreeMap<String, Refusal>,
    /// Values named but never shown, by class.
    #[serde(default)]
    pub never_disclose: BTreeMap<String, NeverDisclosed>,
    /// What each message must contain, by kind of message.
    #[serde(default)]
    pub messages: BTreeMap<String, Vec<Item>>,
}

impl Contents {
    /// Forgets the rights that a regime does not have.
    pub(super) fn keep_rights(&mut self, has: impl Fn(&String) -> bool) {
        self.verification.values_mut().for_each(|v| v.rights.retain(&has));
        self.fees.values_mut().for_each(|f| f.rights.retain(&has));
        self.refusals.values_mut().for_each(|r| r.rights.retain(&has));
        self.messages.values_mut().flatten().for_each(|i| i.rights.retain(&has));
    }

    /// The verification rule for a right.
    pub fn verification_of(&self, right: &str) -> Option<&Verification> {
        self.verification.values().find(|v| v.rights.iter().any(|r| r == right))
    }

    /// The grounds on which a request for `right` may be refused, with their names.
    pub fn refusals_of<'a>(&'a self, right: &'a str) -> impl Iterator<Item = (&'a str, &'a Refusal)> {
        self.refusals.iter().filter(move |(_, r)| r.rights.iter().any(|x| x == right)).map(|(k, r)| (k.as_str(), r))
    }

    /// What a message of this kind must contain when it answers a request for `right`.
    pub fn items_of<'a>(&'a self, message: &str, right: &'a str) -> impl Iterator<Item = &'a Item> {
        self.messages
            .get(message)
            .into_iter()
            .flatten()
            .filter(move |i| i.rights.is_empty() || i.rights.iter().any(|r| r == right))
    }
}
