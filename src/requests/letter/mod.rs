//! Recognises what a free-text letter asks for: language, law, rights, reminder or complaint, identifiers given.
//!
//! Rule-based, over word lists kept as data (`regimes/letters.yaml`). The result is a suggestion for a person to confirm:
//! every right comes with the words that led to it, and a letter that says nothing known gives an empty list, never a guess.
//! Assumes plain text; quoted earlier mails are left out. Must never look anybody up.

mod identifiers;
mod lexicon;
mod phrase;
mod spelling;

pub use identifiers::{Identifier, IdentifierKind};
pub use lexicon::{Lexicon, LexiconError};

use crate::personal::Personal;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Letters longer than this are read only up to here; what is asked stands at the beginning.
pub const LETTER_LIMIT_CHARS: usize = 100_000;
/// A right named in the opening words counts most; from here on it counts least.
const FADE_CHARS: usize = 2_000;

/// What the letter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Somebody exercises a right.
    Request,
    /// Somebody asks again, because the first request was not answered.
    Reminder,
    /// A complaint, to the controller or meant for an authority.
    Complaint,
    /// Nothing of the kind was found.
    Unrecognised,
}

/// A right that the letter asks for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AskedRight {
    /// Its name, as in `habeas clock due --right`.
    pub right: String,
    /// How strongly the words speak for it; the first right of the list has the most.
    pub weight: u32,
    /// The words of the lists that were found.
    pub words: Vec<String>,
}

/// What was recognised.
#[derive(Debug, Serialize)]
pub struct Recognised {
    /// What the letter is.
    pub kind: Kind,
    /// Its language as a BCP 47 tag; `None` when no language is clearly ahead.
    pub language: Option<String>,
    /// The law it names; `None` when it names none.
    pub law: Option<String>,
    /// The rights asked for, the main one first.
    pub rights: Vec<AskedRight>,
    /// What the writer says about themselves.
    #[serde(skip)]
    pub identifiers: Vec<Personal<Identifier>>,
}

/// Reads a letter.
pub fn recognise(lexicon: &Lexicon, letter: &str) -> Recognised {
    let text = own_words(lexicon, letter);
    let languages = lexicon.languages_of(&text);
    let language = if let [only] = languages.as_slice() { Some(*only) } else { None };
    let found = rights_in(lexicon, &languages, &text);
    let kind = kind_of(lexicon, &languages, &text, &found);
    let rights = found.into_iter().filter(|r| r.right != COMPLAINT).collect();
    Recognised {
        kind,
        language: language.map(str::to_owned),
        law: lexicon.law_of(&text).map(str::to_owned),
        rights,
        identifiers: identifiers::find(letter).into_iter().map(Personal::new).collect(),
    }
}

const COMPLAINT: &str = "complaint";

/// The letter in lower case, without quoted earlier mails and beyond the limit. Lines that only go on are joined, so that words
/// which belong together stand together; an empty line and a bullet stay where they are.
fn own_words(lexicon: &Lexicon, letter: &str) -> String {
    let mut text = String::with_capacity(letter.len());
    let mut lines = letter.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        if line.starts_with('>') {
            continue;
        }
        // An answer above a mail that is quoted without marks ends here. Below a marked one it goes on.
        let marked = lines.peek().is_some_and(|next| next.starts_with('>'));
        if !marked && !text.trim().is_empty() && lexicon.heads_quote(line) {
            break;
        }
        text.push_str(match line.chars().next() {
            None => "\n\n",
            Some('-' | '*' | '•') => "\n",
            Some(_) => " ",
        });
        text.push_str(line);
    }
    let text: String = text.chars().take(LETTER_LIMIT_CHARS).collect();
    text.to_lowercase().replace('\u{2019}', "'")
}

/// Rights by weight. What is asked first weighs most, however often another right is mentioned after it; an article of the law
/// named early weighs like three sentences. Of two that weigh the same, the one asked first is first.
fn rights_in(lexicon: &Lexicon, languages: &[&str], text: &str) -> Vec<AskedRight> {
    let mut found: BTreeMap<&str, (u32, usize, Vec<String>)> = BTreeMap::new();
    let mut add = |right: &'static str, weight: u32, at: usize, words: Vec<String>| {
        let entry = found.entry(right).or_insert((0, at, Vec::new()));
        entry.0 = entry.0.max(weight);
        entry.1 = entry.1.min(at);
        let new: Vec<String> = words.into_iter().filter(|w| !entry.2.contains(w)).collect();
        entry.2.extend(new);
    };
    // A complaint about a product, in which nothing of the writer's data is named, is none of ours.
    let ours = lexicon.law_of(text).is_some() || lexicon.speaks_of_data(languages, text);
    for (right, words, at) in lexicon.asked_in(languages, text) {
        if right != COMPLAINT || ours {
            add(right, fade(at), at, words);
        }
    }
    for (right, article, at) in lexicon.articles_in(text) {
        add(right, 3 * fade(at), at, vec![article]);
    }
    let mut by_weight: Vec<_> = found.into_iter().collect();
    by_weight.sort_by_key(|(right, (weight, at, _))| (Reverse(*weight), *at, *right));
    let least = by_weight.first().map_or(0, |(_, (weight, ..))| weight / 30);
    by_weight.retain(|(_, (weight, ..))| *weight > least);
    let asked = |(right, (weight, _, words)): (&str, _)| AskedRight { right: right.to_owned(), weight, words };
    by_weight.into_iter().map(asked).collect()
}

/// 100 for the first characters, falling to 1 at `FADE_CHARS`.
fn fade(at: usize) -> u32 {
    let left = FADE_CHARS.saturating_sub(at);
    u32::try_from(left * 100 / FADE_CHARS).unwrap_or(100).max(1)
}

fn kind_of(lexicon: &Lexicon, languages: &[&str], text: &str, rights: &[AskedRight]) -> Kind {
    if rights.first().is_some_and(|r| r.right == COMPLAINT) {
        return Kind::Complaint;
    }
    // A reminder of an invoice is none of a request.
    let concerns_us = !rights.is_empty() || lexicon.law_of(text).is_some() || lexicon.speaks_of_data(languages, text);
    if concerns_us && lexicon.asks_again(languages, text) {
        return Kind::Reminder;
    }
    if rights.is_empty() { Kind::Unrecognised } else { Kind::Request }
}

#[cfg(test)]
mod held_out;
#[cfg(test)]
mod tests;
