//! Checks every letter against what its regime says it must contain.
//!
//! The list is the law's (`regimes/*.yaml`, `contents.messages`); the letters mark where they say each item. A letter that
//! has no mark, or says nothing there, or says it without the fact that it is about, is a gap. Reads nothing but data.

use super::letterhead::Letterhead;
use super::messages::sample::Scene;
use super::messages::{KINDS, Kind};
use crate::law::book::Lawbook;
use crate::law::contents::Item;
use crate::render::mail::{LetterError, Letters, Marked};
use serde_json::Value as Json;

/// One letter that can be written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written {
    /// Kind of message.
    pub message: &'static str,
    /// Regime.
    pub regime: String,
    /// Right.
    pub right: String,
    /// Outcome.
    pub outcome: &'static str,
    /// Language.
    pub lang: String,
}

/// Something a letter does not say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Which letter.
    pub letter: Written,
    /// The item, or what is wrong with the letter.
    pub item: String,
    /// Source of the duty.
    pub cite: String,
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Letters written.
    pub letters: usize,
    /// Items looked for.
    pub items: usize,
    /// What was missing.
    pub gaps: Vec<Gap>,
}

/// Letters to be written: every outcome of a kind of message for one regime, right and language.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Kind of message.
    pub kind: Kind,
    /// Regime.
    pub regime: &'a str,
    /// Right.
    pub right: &'a str,
    /// Language.
    pub lang: &'a str,
}

/// Every kind of message for every regime, right and language for which it exists.
pub fn places<'a>(letters: &'a Letters, book: &'a Lawbook) -> Vec<Place<'a>> {
    let mut places = Vec::new();
    for (regime, rule) in &book.regimes {
        for right in rule.rights.keys().filter(|r| asked_by_people(r)) {
            for kind in KINDS.into_iter().filter(|k| k.concerns(right)) {
                places.extend(letters.langs().map(|lang| Place { kind, regime, right, lang }));
            }
        }
    }
    places
}

/// Writes the letters of `places` and looks in each for every item that its regime lists.
pub fn check(letters: &Letters, book: &Lawbook, places: &[Place<'_>]) -> Result<Checked, LetterError> {
    let mut checked = Checked::default();
    for place in places {
        one(letters, book, place, &mut checked)?;
    }
    Ok(checked)
}

/// Whether a right is one that somebody writes to us about; the others are duties with a clock.
pub fn asked_by_people(right: &str) -> bool {
    !matches!(right, "recipient-notice" | "indirect-collection" | "breach" | "broker-list" | "records")
}

fn one(letters: &Letters, book: &Lawbook, place: &Place<'_>, checked: &mut Checked) -> Result<(), LetterError> {
    let Place { kind, regime: id, right, lang } = *place;
    let scene = Scene::new(id, right, lang);
    let head = scene.letterhead(book, id);
    for (outcome, message) in kind.samples(&scene)? {
        let letter = Written {
            message: kind.name,
            regime: id.to_owned(),
            right: right.to_owned(),
            outcome,
            lang: lang.to_owned(),
        };
        let marked = kind.marked(letters, &head, message.clone(), lang)?;
        checked.letters += 1;
        let wanted = wanted(book, (id, right), kind.name, &message);
        checked.items += wanted.len();
        for item in wanted.into_iter().filter(|i| !says(&marked, i, &head, &message)) {
            checked.gaps.push(Gap { letter: letter.clone(), item: item.id.clone(), cite: item.cite.clone() });
        }
    }
    Ok(())
}

/// What the law asks for in this very letter and what it does not say: items with their source. Empty means that it may go.
pub fn missing(
    letters: &Letters,
    book: &Lawbook,
    (head, lang): (&Letterhead, &str),
    (kind, message): (Kind, &Json),
) -> Result<Vec<(String, String)>, LetterError> {
    let marked = kind.marked(letters, head, message.clone(), lang)?;
    let wanted = wanted(book, (&head.regime, &head.right), kind.name, message);
    let absent = wanted.into_iter().filter(|i| i.required && !says(&marked, i, head, message));
    Ok(absent.map(|i| (i.id.clone(), i.cite.clone())).collect())
}

/// The items that a regime lists for this message and that apply to it.
fn wanted<'a>(book: &'a Lawbook, (regime, right): (&str, &'a str), kind: &str, message: &Json) -> Vec<&'a Item> {
    let items = book.regimes.get(regime).into_iter().flat_map(|r| r.contents.items_of(kind, right));
    items.filter(|i| applies(&i.id, message)).collect()
}

/// Whether a letter says an item, with the facts that it is about.
fn says(marked: &Marked, item: &Item, head: &Letterhead, message: &Json) -> bool {
    let facts = facts(&item.id, head, message);
    marked.says(&item.id).is_some_and(|said| facts.iter().all(|f| said.contains(f.as_str())))
}

/// Items that the law asks for only under a condition which a sample may not meet.
fn applies(item: &str, message: &Json) -> bool {
    match item {
        // "specific pieces, where asked and verified" (11 CCR 7024(a)); the file is theirs.
        "specific-pieces" | "portable" | "copy" => message.get("package").is_none_or(|p| !p.is_null()),
        // "where data is sold or shared" (11 CCR 7022(g)).
        "opt-out-offer" => message.get("opt_out_url").is_none_or(|u| !u.is_null()),
        _ => true,
    }
}

/// The values that must stand where the letter says the item.
fn facts(item: &str, head: &Letterhead, message: &Json) -> Vec<String> {
    let texts = |key: &str| match message.get(key) {
        Some(Json::String(text)) => vec![text.clone()],
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => vec![],
    };
    let of_each = |list: &str, key: &str| {
        let items = message.get(list).and_then(Json::as_array).into_iter().flatten();
        items.filter_map(|i| i.get(key)?.as_str()).map(str::to_owned).collect::<Vec<_>>()
    };
    let year = |key: &str| texts(key).iter().filter_map(|d| d.split('-').next()).map(str::to_owned).collect();
    match item {
        "case-id" => vec![head.case.clone()],
        "controller" | "handler" => vec![head.controller.name.clone()],
        "dpo" => head.dpo.iter().cloned().collect(),
        "authority" => head.authority.iter().map(|a| a.name.clone()).collect(),
        "ground" | "reasons" | "grounds" => {
            [of_each("grounds", "text"), of_each("grounds", "cite"), of_each("reasons", "detail")].concat()
        }
        "facts" => of_each("grounds", "facts"),
        "partial" => texts("complied"),
        "what" => [texts("erased"), texts("corrected")].concat(),
        "kept" => of_each("kept", "what"),
        "recipients" => [texts("recipients"), texts("told")].concat(),
        "answer-by" => year("due_on"),
        "new-date" => year("new_due_on"),
        "stopped-on" => year("stopped_on"),
        "effective-on" => year("effective_on"),
        "deadline" => year("due_on"),
        "source" => texts("sources"),
        "safeguards" => texts("transfers"),
        // Codes, which the letter puts into words.
        "action" | "clock" | "verification" => vec![],
        "scope" if message.get("ground").is_none() => vec![],
        _ => texts(&item.replace('-', "_")),
    }
}

#[cfg(test)]
mod tests;
