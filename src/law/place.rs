//! Places: where a request is handled, with the zone of its civil date and its calendar; and the words that all regimes
//! share, kinds of request and events.

use crate::lang::Localised;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One place.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Its name, for people.
    pub name: Localised,
    /// The zone of its civil date, an IANA name.
    pub zone: String,
    /// Its holiday calendar; `none` when no law there needs one.
    pub calendar: String,
}

/// One kind of request, or one duty with a clock.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RightName {
    /// The product's own short name.
    pub code: String,
    /// Its name, for people.
    pub title: Localised,
    /// Other words that are understood.
    pub aliases: Vec<String>,
}

/// One thing that can happen to a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventName {
    /// Its name, for people.
    pub title: Localised,
    /// It may lie before the receipt of the request.
    #[serde(default)]
    pub before_request: bool,
    /// Other words that are understood.
    pub aliases: Vec<String>,
}

/// The words of every regime.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    /// Kinds of request.
    pub rights: BTreeMap<String, RightName>,
    /// Events.
    pub events: BTreeMap<String, EventName>,
}

impl Vocabulary {
    /// The key of a right that somebody named by key, alias or code, in any case, with `_` for `-`.
    pub fn right(&self, word: &str) -> Option<&str> {
        let word = word.trim().to_lowercase().replace('_', "-");
        let named = |(key, name): &(&String, &RightName)| {
            **key == word || name.aliases.contains(&word) || name.code.to_lowercase().replace('_', "-") == word
        };
        self.rights.iter().find(named).map(|(key, _)| key.as_str())
    }

    /// The key of an event that somebody named by key or alias, in any case, with `-` for `_`.
    pub fn event(&self, word: &str) -> Option<&str> {
        let word = word.trim().to_lowercase().replace('-', "_");
        self.events
            .iter()
            .find(|(key, name)| **key == word || name.aliases.contains(&word))
            .map(|(key, _)| key.as_str())
    }

    /// The title of an event, or its key.
    pub fn event_title(&self, key: &str) -> Localised {
        self.events.get(key).map_or_else(|| super::phrases::both(key), |e| e.title.clone())
    }
}
