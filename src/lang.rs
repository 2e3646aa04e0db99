//! Text in several languages, as data.
//!
//! English and Simplified Chinese are always there; other languages may be. Must never hold layout.

pub mod words;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A BCP 47 language tag that this program writes, e.g. `en`, `zh-CN`.
pub type Tag = str;

/// One text in several languages, keyed by BCP 47 tag (`en`, `zh-CN`, ...).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Localised(BTreeMap<String, String>);

impl Localised {
    /// The text in `lang`, else in English, else empty.
    pub fn get(&self, lang: &Tag) -> &str {
        self.0.get(lang).or_else(|| self.0.get("en")).map_or("", String::as_str)
    }

    /// Whether there is a text that is not blank in `lang` itself.
    pub fn has(&self, lang: &Tag) -> bool {
        self.0.get(lang).is_some_and(|t| !t.trim().is_empty())
    }

    /// The same text made anew in every language.
    pub fn map(&self, mut f: impl FnMut(&Tag, &str) -> String) -> Self {
        Self(self.0.iter().map(|(k, v)| (k.clone(), f(k, v))).collect())
    }

    /// The same text with `text` in `lang`.
    #[must_use]
    pub fn with(mut self, lang: &Tag, text: &str) -> Self {
        self.0.insert(lang.to_owned(), text.to_owned());
        self
    }

    /// The languages present, in order of their tags.
    pub fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.0.keys().map(String::as_str)
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Localised {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }
}
