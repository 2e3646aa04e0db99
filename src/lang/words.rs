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

static ALL: LazyLock<Result<Vec<Words>, WordsError>> =
    LazyLock::new(|| FILES.iter().map(|(tag, yaml)| Words::read(tag, yaml)).collect());

/// The words of one language, by dotted key.
#[derive(Debug)]
pub struct Words {
    tag: &'static str,
    texts: BTreeMap<String, String>,
}

/// Why there are no words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// A language that the program does not write.
    #[error("the language `{asked}` is not known; known are {known}")]
    Unknown {
        /// The tag asked for.
        asked: String,
        /// The tags there are.
        known: String,
    },
    /// A locale file that cannot be used.
    #[error("`locales/{tag}.yaml`: {reason}")]
    File {
        /// The language.
        tag: &'static str,
        /// What is wrong, with line and column.
        reason: String,
    },
}

/// The words of the language `tag`, e.g. `zh-CN`. Upper and lower case are the same; `zh` finds `zh-CN`.
pub fn of(tag: &Tag) -> Result<&'static Words, WordsError> {
    let alike = |w: &&Words| {
        w.tag.eq_ignore_ascii_case(tag) || w.tag.split('-').next().is_some_and(|p| p.eq_ignore_ascii_case(tag))
    };
    let unknown = || WordsError::Unknown { asked: tag.to_owned(), known: tags().collect::<Vec<_>>().join(", ") };
    ALL.as_ref().map_err(Clone::clone)?.iter().find(alike).ok_or_else(unknown)
}

/// The tags of all languages.
pub fn tags() -> impl Iterator<Item = &'static Tag> {
    FILES.iter().map(|(tag, _)| *tag)
}

/// One text, made by `make` in every language. Whoever shows it asks for a language by [`of`] first, which refuses a broken
/// file.
pub fn everywhere(make: impl Fn(&Words) -> String) -> Localised {
    Localised(ALL.iter().flatten().map(|w| (w.tag.to_owned(), make(w))).collect())
}

impl Words {
    fn read(tag: &'static str, yaml: &str) -> Result<Self, WordsError> {
        let file = |reason: String| WordsError::File { tag, reason };
        let tree: Value = serde_saphyr::from_str(yaml).map_err(|e| file(e.to_string()))?;
        let mut texts = BTreeMap::new();
        if tree.is_object() {
            flatten("", &tree, &mut texts);
        }
        if texts.is_empty() { Err(file("there are no texts in it".to_owned())) } else { Ok(Self { tag, texts }) }
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
        let all = ALL.as_ref().unwrap();
        let first = &all[0];
        assert!(first.texts.len() > 100, "only {} texts", first.texts.len());
        for other in all.iter().skip(1) {
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
    fn every_file_of_the_folder_is_read_and_a_broken_one_is_refused_with_its_line() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/locales");
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        assert_eq!(files, tags().map(|tag| format!("{tag}.yaml")).collect::<Vec<_>>());
        for (tag, yaml) in FILES {
            assert!(Words::read(tag, yaml).unwrap().texts.len() > 100, "{tag}");
            let first = yaml.lines().find(|l| l.contains(": ") && !l.starts_with([' ', '#'])).unwrap();
            let twice = format!("{yaml}\n{first}\n");
            let error = Words::read(tag, &twice).unwrap_err().to_string();
            let line = format!("line {}", twice.lines().count());
            assert!(error.starts_with(&format!("`locales/{tag}.yaml`: ")) && error.contains(&line), "{error}");
            for empty in ["", "# nothing\n", "{}"] {
                assert!(matches!(Words::read(tag, empty), Err(WordsError::File { .. })), "{empty:?}");
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
