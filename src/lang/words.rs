//! The words that the program itself writes, one locale file per language.
//!
//! Assumes that every file in `locales/` has the same keys (held by a test). A new language is a new file there and its
//! line in `FILES`.

use super::{Localised, Tag};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const FILES: [(&str, &str); 2] =
    [("en", include_str!("../../locales/en.yaml")), ("zh-CN", include_str!("../../locales/zh-CN.yaml"))];

static ALL: LazyLock<Vec<Words>> = LazyLock::new(|| FILES.iter().map(|(tag, yaml)| Words::read(tag, yaml)).collect());

/// The words of one language, by dotted key.
#[derive(Debug)]
pub struct Words {
    tag: &'static str,
    texts: BTreeMap<String, String>,
}

/// A language that the program does not write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the language `{asked}` is not known; known are {known}")]
pub struct UnknownLanguage {
    asked: String,
    known: String,
}

/// The words of the language `tag`, e.g. `zh-CN`. Upper and lower case are the same; `zh` finds `zh-CN`.
pub fn of(tag: &Tag) -> Result<&'static Words, UnknownLanguage> {
    let alike = |w: &&Words| {
        w.tag.eq_ignore_ascii_case(tag) || w.tag.split('-').next().is_some_and(|p| p.eq_ignore_ascii_case(tag))
    };
    ALL.iter()
        .find(alike)
        .ok_or_else(|| UnknownLanguage { asked: tag.to_owned(), known: tags().collect::<Vec<_>>().join(", ") })
}

/// The tags of all languages.
pub fn tags() -> impl Iterator<Item = &'static Tag> {
    FILES.iter().map(|(tag, _)| *tag)
}

/// One text, made by `make` in every language.
pub fn everywhere(make: impl Fn(&Words) -> String) -> Localised {
    Localised(ALL.iter().map(|w| (w.tag.to_owned(), make(w))).collect())
}

impl Words {
    fn read(tag: &'static str, yaml: &str) -> Self {
        let mut texts = BTreeMap::new();
        // The files are part of the program and a test reads each, so that this cannot fail in the field.
        let tree: Value = serde_saphyr::from_str(yaml).unwrap_or_default();
        flatten("", &tree, &mut texts);
        Self { tag, texts }
    }

    /// The language's BCP 47 tag.
    pub const fn tag(&self) -> &'static str {
        self.tag
    }

    /// The text under `key`; the key itself when there is none, so that the omission shows.
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.texts.get(key).map_or(key, String::as_str)
    }

    /// The text under `key`, if there is one.
    pub fn find(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// The text under `key` with every `{name}` replaced by its value.
    pub fn fill(&self, key: &str, values: &[(&str, String)]) -> String {
        let mut text = self.get(key).to_owned();
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

/// Every text of a tree of texts, by dotted key.
pub(crate) fn flatten(prefix: &str, tree: &Value, into: &mut BTreeMap<String, String>) {
    match tree {
        Value::Object(fields) => {
            for (name, value) in fields {
                let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&key, value, into);
            }
        }
        Value::String(text) => {
            into.insert(prefix.to_owned(), text.clone());
        }
        other => {
            into.insert(prefix.to_owned(), other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_language_has_the_same_keys_and_placeholders() {
        let placeholders = |t: &str| {
            let parts = t.split('{').skip(1).filter_map(|p| p.split_once('}'));
            parts.map(|(name, _)| name.to_owned()).collect::<BTreeSet<_>>()
        };
        let first = &ALL[0];
        assert!(first.texts.len() > 100, "only {} texts", first.texts.len());
        for other in ALL.iter().skip(1) {
            let keys = |w: &Words| w.texts.keys().cloned().collect::<BTreeSet<_>>();
            let differing: Vec<_> = keys(first).symmetric_difference(&keys(other)).cloned().collect();
            assert!(differing.is_empty(), "{} and {} differ in {differing:?}", first.tag, other.tag);
            for (key, text) in &first.texts {
                assert_eq!(placeholders(text), placeholders(other.get(key)), "{key} in {}", other.tag);
                // Chinese sentences follow each other without a space.
                assert!(!other.get(key).is_empty() || key.starts_with("between_"), "{key} is empty in {}", other.tag);
            }
        }
    }

    #[test]
    fn a_language_is_found_by_its_tag_and_by_its_first_part() {
        assert_eq!(of("zh").unwrap().tag(), "zh-CN");
        assert_eq!(of("EN").unwrap().tag(), "en");
        assert!(of("tlh").unwrap_err().to_string().contains("en, zh-CN"));
    }
}
