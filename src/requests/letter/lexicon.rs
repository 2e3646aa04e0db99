//! The word lists, and finding their words in a text.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

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
    /// A pair whose things are not listed.
    #[error("regimes/letters.yaml: `{language}` asks something of `{of}`, which is not among its objects")]
    UnknownObjects {
        /// The language.
        language: String,
        /// The name of the list that is missing.
        of: String,
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
/// Of a hundred words so many must be function words of the language, before a text counts as written in it.
const FUNCTION_WORDS_PERCENT: usize = 18;
/// The objects that are the writer's own data.
const OWN_DATA: &str = "data";

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
    /// Letters that the language does not have: a text with one of them is in another.
    #[serde(default)]
    never: String,
    rights: BTreeMap<String, Vec<String>>,
    again: Vec<String>,
    complaint: Vec<String>,
    /// Things that something can be asked of, by name.
    #[serde(default)]
    objects: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    asks: Vec<Ask>,
}

/// What people ask to be done with something: a verb and its object in one sentence, in any order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    right: String,
    of: String,
    verbs: Vec<String>,
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
        let mut lexicon: Self = serde_saphyr::from_str(yaml).map_err(|e| LexiconError::Form(e.to_string()))?;
        lexicon.languages.values_mut().flat_map(Words::stems_mut).for_each(|stem| *stem = unaccented(stem));
        for (language, words) in &lexicon.languages {
            let mut rights = words.rights.keys().chain(words.asks.iter().map(|ask| &ask.right));
            if let Some(right) = rights.find(|r| known(r).is_none()) {
                return Err(LexiconError::UnknownRight { language: language.clone(), right: right.clone() });
            }
            if let Some(ask) = words.asks.iter().find(|ask| !words.objects.contains_key(&ask.of)) {
                return Err(LexiconError::UnknownObjects { language: language.clone(), of: ask.of.clone() });
            }
        }
        Ok(lexicon)
    }

    /// The languages that have lists.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.keys().map(String::as_str)
    }

    /// The language whose function words make up most of the text, where they are no mere chance; several when they are equal,
    /// none when there is none. Only one is an answer; several, such as Danish and Norwegian, share most of their words.
    pub(super) fn languages_of(&self, text: &str) -> Vec<&str> {
        // Kana are Japanese, whatever Chinese characters stand between them.
        if text.chars().any(|c| ('\u{3040}'..='\u{30ff}').contains(&c)) {
            return Vec::new();
        }
        let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).collect();
        let scores: Vec<(usize, &str)> =
            self.languages.iter().map(|(tag, list)| (list.function_words_in(text, &words), tag.as_str())).collect();
        let best = scores.iter().map(|(score, _)| *score).max().unwrap_or_default();
        let enough = |list: &Words| {
            // Chinese has no blanks, so there is no number of words to compare with.
            list.is_cjk() || best * 100 >= FUNCTION_WORDS_PERCENT * words.len()
        };
        let ahead =
            |(score, tag): (usize, &'_ str)| best >= 2 && score == best && self.languages.get(tag).is_some_and(enough);
        scores.into_iter().filter(|s| ahead(*s)).map(|(_, tag)| tag).collect()
    }

    /// The law the text names first.
    pub(super) fn law_of(&self, text: &str) -> Option<&str> {
        let first = |marks: &[String]| marks.iter().filter_map(|m| positions(text, m).next()).min();
        let named = self.laws.iter().filter_map(|(law, marks)| first(marks).map(|at| (at, law.as_str())));
        // "uk gdpr" also contains "gdpr", one word later: the more exact name starts earlier and wins.
        named.min().map(|(_, law)| law)
    }

    /// Everything listed in these languages that was found: right, what was read, position in characters.
    pub(super) fn asked_in(&self, languages: &[&str], text: &str) -> Vec<Read> {
        let text = &unaccented(text);
        let mut found = Vec::new();
        for words in self.lists(languages) {
            let lists = words.rights.iter().map(|(r, s)| (r.as_str(), s)).chain([("complaint", &words.complaint)]);
            for (right, stems) in lists {
                let Some(right) = known(right) else { continue };
                for stem in stems {
                    found.extend(positions(text, stem).map(|at| (right, stem.clone(), at)));
                }
            }
            for (at, sentence) in sentences(text) {
                let here: Vec<_> = words.asks.iter().filter_map(|ask| words.asked(ask, sentence, at)).collect();
                found.extend(here.iter().filter(|one| !here.iter().any(|other| is_part_of(one, other))).cloned());
            }
        }
        found
    }

    fn lists(&self, languages: &[&str]) -> impl Iterator<Item = &Words> {
        languages.iter().filter_map(|tag| self.languages.get(*tag))
    }

    /// Whether the text speaks of the writer's own data at all.
    pub(super) fn speaks_of_data(&self, languages: &[&str], text: &str) -> bool {
        let text = &unaccented(text);
        let mut objects = self.lists(languages).filter_map(|w| w.objects.get(OWN_DATA)).flatten();
        objects.any(|stem| positions(text, stem).next().is_some())
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
    pub(super) fn asks_again(&self, languages: &[&str], text: &str) -> bool {
        let opening = unaccented(&text.chars().take(REMINDER_WITHIN_CHARS).collect::<String>());
        self.lists(languages).flat_map(|w| &w.again).any(|stem| positions(&opening, stem).next().is_some())
    }
}

impl Words {
    /// Every stem that is looked for in a text without accents.
    fn stems_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let lists = self.rights.values_mut().chain(self.objects.values_mut());
        let lists = lists.chain(self.asks.iter_mut().map(|ask| &mut ask.verbs));
        lists.chain([&mut self.again, &mut self.complaint]).flatten()
    }

    fn is_cjk(&self) -> bool {
        self.function_words.iter().any(|f| is_cjk(f))
    }

    /// How many words of the text are function words of this language; none where it has a letter that the language lacks.
    fn function_words_in(&self, text: &str, words: &[&str]) -> usize {
        if text.contains(|c| self.never.contains(c)) {
            return 0;
        }
        let listed: BTreeSet<&str> = self.function_words.iter().map(String::as_str).collect();
        let hit =
            |f: &&str| if is_cjk(f) { text.matches(*f).count() } else { words.iter().filter(|w| *w == f).count() };
        listed.iter().map(hit).sum()
    }

    /// What `sentence`, which begins at `from`, asks: the first verb of the pair and its object.
    fn asked(&self, ask: &Ask, sentence: &str, from: usize) -> Option<Read> {
        let first = |stems: &[String]| {
            let found = stems.iter().filter_map(|s| positions(sentence, s).next().map(|at| (at, s.clone())));
            found.min()
        };
        let ((at, verb), (_, object)) = (first(&ask.verbs)?, first(self.objects.get(&ask.of)?)?);
        Some((known(&ask.right)?, format!("{verb} … {object}"), from + at))
    }
}

/// What was read in one sentence: right, words, position.
type Read = (&'static str, String, usize);

/// Whether a sentence says `one` only to say `other`: to hear when all is deleted is no access, a file to take along is not two
/// requests, and no more use for advertising restricts nothing else.
fn is_part_of(one: &Read, other: &Read) -> bool {
    match (one.0, other.0) {
        ("access", "portability") | ("restriction", "objection") => true,
        ("access", "deletion") => other.2 < one.2,
        _ => false,
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

/// The text without the accents of Latin letters, character by character: people leave them out, and endings move them
/// (`borren`, `bórrenlo`).
pub(super) fn unaccented(text: &str) -> String {
    let plain = |c: char| match c {
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => 'a',
        'é' | 'è' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => 'e',
        'í' | 'ì' | 'î' | 'ï' | 'ī' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ú' | 'ù' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ç' | 'ć' | 'č' => 'c',
        'ñ' | 'ń' | 'ň' => 'n',
        'š' | 'ś' | 'ș' => 's',
        'ž' | 'ź' | 'ż' => 'z',
        'ł' => 'l',
        'ď' => 'd',
        'ť' => 't',
        'ř' => 'r',
        'ğ' => 'g',
        other => other,
    };
    text.chars().map(plain).collect()
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

/// The sentences of a text with their position in characters. An empty line and the beginning of a list's item part them too.
fn sentences(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut from, mut at) = (0, 0);
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    for (n, (byte, c)) in chars.iter().enumerate() {
        let next = chars.get(n + 1).map_or('\n', |(_, c)| *c);
        let after = chars.get(n + 2).map_or('\n', |(_, c)| *c);
        let full = matches!(c, '。' | '！' | '？' | '；');
        let stop = matches!(c, '.' | '!' | '?' | ';') && next.is_whitespace();
        let gap = *c == '\n' && next == '\n';
        // "1) ...", "a) ...", "- ...": each asks for something of its own.
        let item = c.is_whitespace()
            && (next.is_alphanumeric() && after == ')' || *c == '\n' && matches!(next, '-' | '*' | '•'));
        if full || stop || gap || item {
            let end = byte + c.len_utf8();
            found.push((at, text.get(from..end).unwrap_or_default()));
            (from, at) = (end, n + 1);
        }
    }
    found.push((at, text.get(from..).unwrap_or_default()));
    found
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
