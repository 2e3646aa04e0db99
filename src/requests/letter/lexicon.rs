//! The word lists, and finding their words in a text.

use super::phrase::{Phrase, chars_before, first_of, is_cjk, sentences, unaccented};
use super::spelling::Speller;
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
/// The objects that are the writer's own data, and the single things that are part of it.
const OWN_DATA: &str = "data";
const DETAILS: &str = "details";
/// Words between a possessive and the thing it owns: "my old mobile number".
const WORDS_WITHIN: usize = 2;
/// The same in a language without blanks, in characters.
const CHARS_WITHIN: usize = 6;
/// Words within are not longer than that together.
const BYTES_WITHIN: usize = 80;
/// A sentence of no more words says nothing of what it is about: that stands in the one before it.
const ELLIPTIC_WORDS: usize = 4;
/// Rights that are asked for with a mere "it" or "them". What one wants to see or to have sent is named: "send it again"
/// is about anything.
const BY_REFERENCE: [&str; 4] = ["deletion", "rectification", "restriction", "withdrawal"];

/// Word lists per language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lexicon {
    laws: BTreeMap<String, Vec<String>>,
    articles: BTreeMap<String, String>,
    article_words: Vec<String>,
    /// The word for "wrote" with which mail programs head what they quote.
    quote_heads: Vec<Phrase>,
    /// Function words of languages that are not read, so that their letters are not taken for a neighbour's.
    others: BTreeMap<String, Vec<String>>,
    languages: BTreeMap<String, Words>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    function_words: Vec<String>,
    /// Letters that the language does not have: a text with one of them is in another.
    #[serde(default)]
    never: String,
    rights: BTreeMap<String, Vec<Phrase>>,
    again: Vec<Phrase>,
    complaint: Vec<Phrase>,
    /// Words that make a complaint of the same sentence a threat.
    #[serde(default)]
    threats: Vec<Phrase>,
    /// What is read over: it sounds like a request and is none.
    #[serde(default)]
    asides: Vec<Phrase>,
    /// Things that something can be asked of, by name.
    #[serde(default)]
    objects: BTreeMap<String, Vec<Phrase>>,
    /// Words for "my"; next to one of `records` or `details` they make it the writer's own.
    #[serde(default)]
    mine: Vec<Phrase>,
    /// Whether "my" comes after its thing.
    #[serde(default)]
    mine_after: bool,
    #[serde(default)]
    records: Vec<Phrase>,
    #[serde(default)]
    details: Vec<Phrase>,
    /// Words for "it" and "them".
    #[serde(default)]
    referring: Vec<Phrase>,
    /// Words as they are meant, though they look like misspelt ones of the lists.
    #[serde(default)]
    meant: Vec<String>,
    #[serde(default)]
    asks: Vec<Ask>,
}

/// What people ask to be done with something: a verb and its object in one sentence, in any order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    right: String,
    of: Vec<String>,
    verbs: Vec<Phrase>,
    /// Whether it counts only where its sentence asks nothing else: "what you have about me" is also all that is to be
    /// deleted.
    #[serde(default)]
    alone: bool,
    /// Whether the verbs say themselves that the object was named before: "stop them", "stellen Sie ihn ein".
    #[serde(default)]
    refers: bool,
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
            let mut rights = words.rights.keys().chain(words.asks.iter().map(|ask| &ask.right));
            if let Some(right) = rights.find(|r| known(r).is_none()) {
                return Err(LexiconError::UnknownRight { language: language.clone(), right: right.clone() });
            }
            let mut of = words.asks.iter().flat_map(|ask| &ask.of);
            if let Some(of) = of.find(|of| !words.lists_objects(of)) {
                return Err(LexiconError::UnknownObjects { language: language.clone(), of: of.clone() });
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
        if self.others.values().any(|list| function_words(list, text, &words) > best) {
            return Vec::new();
        }
        let enough = |list: &Words| {
            // Chinese has no blanks, so there is no number of words to compare with.
            list.is_cjk() || best * 100 >= FUNCTION_WORDS_PERCENT * words.len()
        };
        let ahead =
            |(score, tag): (usize, &'_ str)| best >= 2 && score == best && self.languages.get(tag).is_some_and(enough);
        scores.into_iter().filter(|s| ahead(*s)).map(|(_, tag)| tag).collect()
    }

    /// Whether the line is how a mail program heads a mail that it quotes: a time, and that somebody wrote.
    pub(super) fn heads_quote(&self, line: &str) -> bool {
        let line = unaccented(&line.to_lowercase());
        line.ends_with([':', '：'])
            && line.contains(|c: char| c.is_ascii_digit())
            && first_of(&self.quote_heads, &line).is_some()
    }

    /// The law the text names first.
    pub(super) fn law_of(&self, text: &str) -> Option<&str> {
        let first = |marks: &[String]| marks.iter().filter_map(|m| position(text, m)).min();
        let named = self.laws.iter().filter_map(|(law, marks)| first(marks).map(|at| (at, law.as_str())));
        // "uk gdpr" also contains "gdpr", one word later: the more exact name starts earlier and wins.
        named.min().map(|(_, law)| law)
    }

    /// Everything listed in these languages that was found.
    pub(super) fn asked_in(&self, languages: &[&str], text: &str) -> Vec<Asked> {
        let text = unaccented(text);
        self.lists(languages).flat_map(|words| words.asked_in(&text)).collect()
    }

    fn lists(&self, languages: &[&str]) -> impl Iterator<Item = &Words> {
        languages.iter().filter_map(|tag| self.languages.get(*tag))
    }

    /// Whether the text speaks of the writer's own data at all.
    pub(super) fn speaks_of_data(&self, languages: &[&str], text: &str) -> bool {
        let text = &unaccented(text);
        let mut lists = self.lists(languages);
        lists.any(|words| {
            let mut sentences = sentences(text).into_iter();
            sentences.any(|(_, s)| [OWN_DATA, DETAILS].iter().any(|of| words.object(of, s).is_some()))
        })
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
        let mut lists = self.lists(languages);
        lists.any(|w| first_of(&w.again, &w.without_asides(&opening)).is_some())
    }
}

impl Words {
    fn is_cjk(&self) -> bool {
        self.function_words.iter().any(|f| is_cjk(f))
    }

    /// How many words of the text are function words of this language; none where it has a letter that the language lacks.
    fn function_words_in(&self, text: &str, words: &[&str]) -> usize {
        if text.contains(|c| self.never.contains(c)) { 0 } else { function_words(&self.function_words, text, words) }
    }

    fn lists_objects(&self, of: &str) -> bool {
        [OWN_DATA, DETAILS].contains(&of) || self.objects.contains_key(of)
    }

    /// What the text, which is without accents, asks: each right once per sentence, with all words that led to it and the
    /// position of the first in characters.
    fn asked_in(&self, text: &str) -> Vec<Asked> {
        let text = self.without_asides(&self.speller().spelled(text));
        let mut found = Vec::new();
        // The last two sentences, the nearer first.
        let mut before = ["", ""];
        for (from, sentence) in sentences(&text) {
            let mut here: BTreeMap<&'static str, (usize, Vec<String>)> = BTreeMap::new();
            for (right, words, at) in self.asked_here(sentence, before) {
                let entry = here.entry(right).or_insert((at, Vec::new()));
                entry.0 = entry.0.min(at);
                entry.1.push(words);
            }
            found.extend(here.into_iter().map(|(r, (at, words))| (r, words, from + chars_before(sentence, at))));
            let [nearer, _] = before;
            before = [sentence, nearer];
        }
        found
    }

    /// What one sentence asks.
    fn asked_here(&self, sentence: &str, before: [&str; 2]) -> Vec<Read> {
        // Who will complain unless he is answered has not complained yet.
        let threatens = first_of(&self.threats, sentence).is_some();
        let complaint = (!threatens).then_some(("complaint", &self.complaint));
        let lists = self.rights.iter().map(|(r, p)| (r.as_str(), p)).chain(complaint);
        let named = lists.filter_map(|(right, phrases)| Some((known(right)?, phrases)));
        let mut read: Vec<Read> = named
            .flat_map(|(right, phrases)| {
                phrases.iter().filter_map(move |p| Some((right, p.listed().to_owned(), p.first_in(sentence)?)))
            })
            .collect();
        let asks = |alone: bool| self.asks.iter().filter(move |ask| ask.alone == alone);
        let asked = |alone: bool| asks(alone).filter_map(|ask| self.asked(ask, sentence, before));
        read.extend(asked(false).filter(|(right, ..)| *right != "complaint" || !threatens));
        let mut found: Vec<Read> =
            read.iter().filter(|one| !read.iter().any(|other| is_part_of(one, other))).cloned().collect();
        if found.is_empty() {
            found.extend(asked(true));
        }
        found
    }

    fn speller(&self) -> Speller<'_> {
        let lists = self.asks.iter().map(|ask| &ask.verbs).chain(self.rights.values()).chain(self.objects.values());
        let all = lists.chain([&self.records, &self.details]).flatten();
        Speller::new(all.filter_map(Phrase::only_word), self.meant.iter().map(String::as_str))
    }

    /// The text with a mark in place of everything that sounds like a request and is none.
    fn without_asides(&self, text: &str) -> String {
        let mut spans: Vec<_> = self.asides.iter().flat_map(|phrase| phrase.spans(text)).collect();
        spans.sort_unstable();
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for (at, end) in spans {
            if at >= from {
                out.push_str(text.get(from..at).unwrap_or_default());
                out.push('~');
                from = end;
            }
        }
        out.push_str(text.get(from..).unwrap_or_default());
        out
    }

    /// What `sentence` asks: the first verb of the pair and its object. The object may stand in a sentence `before`, where this
    /// one only refers to it. The position is in bytes.
    fn asked(&self, ask: &Ask, sentence: &str, before: [&str; 2]) -> Option<Read> {
        let right = known(&ask.right)?;
        let (at, verb) = first_of(&ask.verbs, sentence)?;
        let object = |within: &str| ask.of.iter().find_map(|of| self.object(of, within));
        if let Some(object) = object(sentence) {
            return Some((right, format!("{verb} … {object}"), at));
        }
        let referring = if ask.refers { "" } else { self.reference(right, sentence)? };
        let object = before.into_iter().find_map(object)?;
        let gap = if referring.is_empty() { "" } else { " … " };
        Some((right, format!("{verb}{gap}{referring} ({object})"), at))
    }

    /// The word with which the sentence refers to what was named before; empty where it is too short to name anything. Only some
    /// rights are asked for like that.
    fn reference(&self, right: &str, sentence: &str) -> Option<&str> {
        let brief = !self.is_cjk() && sentence.split_whitespace().count() <= ELLIPTIC_WORDS;
        let word = first_of(&self.referring, sentence).map(|(_, word)| word).or(brief.then_some(""));
        word.filter(|_| BY_REFERENCE.contains(&right))
    }

    /// The object of that name in the sentence, as listed; a thing that is "mine" as both words.
    fn object(&self, of: &str, sentence: &str) -> Option<String> {
        let named = self.objects.get(of).and_then(|phrases| first_of(phrases, sentence));
        named.map(|(_, phrase)| phrase.to_owned()).or_else(|| match of {
            OWN_DATA => self.own(&self.records, sentence),
            DETAILS => self.own(&self.details, sentence),
            _ => None,
        })
    }

    /// One of `things` with a word for "my" next to it: a few words before, or right after. In languages that say "account my"
    /// it may be a few words after, too.
    fn own(&self, things: &[Phrase], sentence: &str) -> Option<String> {
        let spans = |phrases: &[Phrase]| {
            let of = |p: &Phrase| p.spans(sentence).map(|s| (s, p.listed().to_owned())).collect::<Vec<_>>();
            phrases.iter().flat_map(of).collect::<Vec<_>>()
        };
        let mine = spans(&self.mine);
        spans(things).into_iter().find_map(|((at, end), thing)| {
            mine.iter().find_map(|((my_at, my_end), my)| {
                if sentence.get(*my_end..at).is_some_and(is_close) {
                    return Some(format!("{my} {thing}"));
                }
                // The ending of the thing's word stands before the blank: "kontoen min".
                let between = sentence.get(end..*my_at)?.trim_start_matches(char::is_alphabetic);
                let close = between.trim().is_empty() || self.mine_after && is_close(between);
                close.then(|| format!("{thing} {my}"))
            })
        })
    }
}

/// Whether no more than a few words, and no comma, stand in between.
fn is_close(between: &str) -> bool {
    // The length comes first, as it is the quickest to tell.
    let far = between.len() > BYTES_WITHIN || is_cjk(between) && between.chars().count() > CHARS_WITHIN;
    !far && !between.contains([',', ';', ':', '(', '.', '，']) && between.split_whitespace().count() <= WORDS_WITHIN
}

fn function_words(list: &[String], text: &str, words: &[&str]) -> usize {
    let listed: BTreeSet<&str> = list.iter().map(String::as_str).collect();
    let hit = |f: &&str| if is_cjk(f) { text.matches(*f).count() } else { words.iter().filter(|w| *w == f).count() };
    listed.iter().map(hit).sum()
}

/// What was read in one sentence: right, all words, position in characters.
type Asked = (&'static str, Vec<String>, usize);
/// One reading of it: right, words, position in bytes.
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

/// The character at which `mark` first starts a word; in Chinese, which has no spaces, anywhere.
fn position(text: &str, mark: &str) -> Option<usize> {
    let starts = |at: usize| is_cjk(mark) || text.get(..at).is_some_and(|t| !t.ends_with(char::is_alphanumeric));
    let mut found = text.match_indices(mark).map(|(at, _)| at);
    found.find(|at| starts(*at)).map(|at| chars_before(text, at))
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
