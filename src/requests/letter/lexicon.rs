//! The word lists, and finding their words in a text.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The word lists are not what they should be.
#[derive(Debug, thiserror::Error)]
pub enum LexiconError {
    /// Not YAML of the right form.
    #[error("regimes/letters.yaml: {0}")]
    Form(String),
    /// A right that no clock knows.
    #[error("regimes/letters.yaml: `{language}` lists the unknown right `{right}`")]
    UnknownRight {
        /// The language.
        language: String,
        /// The right.
        right: String,
    },
}

/// Rights a letter can ask for; a complaint is found the same way.
const RIGHTS: [&str; 12] = [
    "access",
    "deletion",
    "rectification",
    "restriction",
    "portability",
    "objection",
    "withdrawal",
    "opt-out",
    "limit",
    "adm-opt-out",
    "adm-access",
    "complaint",
];
/// Characters looked at to tell a reminder: people say so at once.
const REMINDER_WITHIN_CHARS: usize = 700;
/// Characters between the word for article and its number.
const ARTICLE_GAP_CHARS: usize = 12;

/// Word lists per language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lexicon {
    laws: BTreeMap<String, Vec<String>>,
    articles: BTreeMap<String, String>,
    article_words: Vec<String>,
    languages: BTreeMap<String, Words>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    function_words: Vec<String>,
    rights: BTreeMap<String, Vec<String>>,
    again: Vec<String>,
    complaint: Vec<String>,
}

impl Lexicon {
    /// The lists that come with the program.
    ///
    /// # Errors
    /// When they do not parse or name an unknown right; a test holds them to it.
    pub fn embedded() -> Result<Self, LexiconError> {
        Self::parse(include_str!("../../../regimes/letters.yaml"))
    }

    /// Lists from YAML.
    ///
    /// # Errors
    /// With the line for a wrong form, with the language for an unknown right.
    pub fn parse(yaml: &str) -> Result<Self, LexiconError> {
        let lexicon: Self = serde_saphyr::from_str(yaml).map_err(|e| LexiconError::Form(e.to_string()))?;
        for (language, words) in &lexicon.languages {
            if let Some(right) = words.rights.keys().find(|r| known(r).is_none()) {
                return Err(LexiconError::UnknownRight { language: language.clone(), right: right.clone() });
            }
        }
        Ok(lexicon)
    }

    /// The languages that have lists.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.keys().map(String::as_str)
    }

    /// The language whose function words make up most of the text, when it is clearly ahead.
    pub(super) fn language_of(&self, text: &str) -> Option<&str> {
        let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).collect();
        let count = |w: &Words| {
            let hit = |f: &&String| {
                if is_cjk(f) { text.matches(f.as_str()).count() } else { words.iter().filter(|x| *x == f).count() }
            };
            w.function_words.iter().map(|f| hit(&f)).sum::<usize>()
        };
        let mut scores: Vec<(usize, &str)> = self.languages.iter().map(|(tag, w)| (count(w), tag.as_str())).collect();
        scores.sort_unstable();
        let best = scores.pop()?;
        let second = scores.pop().map_or(0, |s| s.0);
        (best.0 >= 2 && best.0 > second).then_some(best.1)
    }

    /// The law the text names first.
    pub(super) fn law_of(&self, text: &str) -> Option<&str> {
        let first = |marks: &[String]| marks.iter().filter_map(|m| positions(text, m).next()).min();
        let named = self.laws.iter().filter_map(|(law, marks)| first(marks).map(|at| (at, law.as_str())));
        // "uk gdpr" also contains "gdpr", one word later: the more exact name starts earlier and wins.
        named.min().map(|(_, law)| law)
    }

    /// Every listed word found: right, word, position in characters. All languages when `language` is not known.
    pub(super) fn stems_in<'a>(&'a self, language: Option<&str>, text: &str) -> Vec<(&'static str, &'a str, usize)> {
        let mut found = Vec::new();
        for (tag, words) in &self.languages {
            if language.is_some_and(|l| l != tag) {
                continue;
            }
            let lists = words.rights.iter().map(|(r, s)| (r.as_str(), s)).chain([("complaint", &words.complaint)]);
            for (right, stems) in lists {
                let Some(right) = known(right) else { continue };
                for stem in stems {
                    found.extend(positions(text, stem).map(|at| (right, stem.as_str(), at)));
                }
            }
        }
        found
    }

    /// Articles of the GDPR named after a word for article: right, what was read, position.
    pub(super) fn articles_in(&self, text: &str) -> Vec<(&'static str, String, usize)> {
        let mut found: Vec<_> = numbers(text).filter_map(|(at, digits)| self.article(text, at, digits)).collect();
        found.sort_by_key(|f| f.2);
        found
    }

    fn article(&self, text: &str, at: usize, digits: &str) -> Option<(&'static str, String, usize)> {
        let right = known(self.articles.get(digits)?)?;
        let before: String =
            text.get(..at)?.chars().rev().take(ARTICLE_GAP_CHARS).collect::<Vec<_>>().into_iter().rev().collect();
        let after: String = text.get(at + digits.len()..)?.chars().take(8).collect();
        let near = before.trim_end_matches([' ', '.', '\u{a0}', '§']);
        let last = near.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        let named = self.article_words.iter().any(|w| w.trim_end_matches('.') == last);
        let after = after.trim_start_matches([' ', '.', '\u{a0}']);
        let trailing = ["cikk", "straipsn", "artikl", "artikkel", "pant", "条"].iter().any(|w| after.starts_with(w));
        (named || trailing).then(|| (right, format!("Art. {digits}"), chars_before(text, at)))
    }

    /// Whether the opening says that this is not the first letter.
    pub(super) fn asks_again(&self, language: Option<&str>, text: &str) -> bool {
        let opening: String = text.chars().take(REMINDER_WITHIN_CHARS).collect();
        let lists = self.languages.iter().filter(|(tag, _)| language.is_none_or(|l| l == tag.as_str()));
        lists.flat_map(|(_, w)| &w.again).any(|stem| positions(&opening, stem).next().is_some())
    }
}

fn known(right: &str) -> Option<&'static str> {
    RIGHTS.into_iter().find(|r| *r == right)
}

fn is_cjk(word: &str) -> bool {
    word.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

fn chars_before(text: &str, at: usize) -> usize {
    text.get(..at).map_or(0, |t| t.chars().count())
}

/// Positions (in characters) at which `stem` starts a word; in Chinese, which has no spaces, anywhere.
fn positions<'a>(text: &'a str, stem: &'a str) -> impl Iterator<Item = usize> + 'a {
    let anywhere = is_cjk(stem);
    text.match_indices(stem).filter_map(move |(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        let starts = anywhere || before.is_none_or(|c| !c.is_alphanumeric());
        starts.then(|| chars_before(text, at))
    })
}

/// Runs of at most three digits with their byte position.
fn numbers(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let starts = text.char_indices().filter(|(at, c)| {
        c.is_ascii_digit() && text.get(..*at).and_then(|t| t.chars().next_back()).is_none_or(|b| !b.is_alphanumeric())
    });
    starts.filter_map(|(at, _)| {
        let rest = text.get(at..)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        (end <= 3).then(|| rest.get(..end).map(|digits| (at, digits))).flatten()
    })
}
