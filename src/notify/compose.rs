//! Which message a letter of the workflow is, and what it says: facts of the request, the law's words, and what staff wrote.
//!
//! Nothing is invented: what only the organisation can know (whom it told, what it keeps) must be in its settings or in the
//! words that staff gave with the decision. A letter without something that the law asks for is not written; the error names
//! it. Reads nothing and sends nothing.

mod outcomes;

use super::contents;
use super::letterhead::{Competent, Controller, Letterhead};
use super::messages::sample::Scene;
use super::messages::{Acknowledgement, EffectOnClock, Kind, Verification};
use crate::clock::{Day, Timestamp};
use crate::law::book::Lawbook;
use crate::personal::Personal;
use crate::render::mail::{Letter as Written, LetterError, Letters, letters};
use crate::requests::command::Letter;
use crate::requests::lawful::{ByBook, day_at};
use crate::requests::request::{Claim, Request, Stage};
use crate::requests::right::{Level, Right};
use crate::requests::rules::{Happening, Rules};
use chrono::TimeDelta;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

/// The clock by which an answer is due.
const ANSWER: &str = "answer";
/// An answer to a question is imagined so many days later, to see what the question does to the clock.
const REPLY_AFTER_DAYS: i64 = 10;

/// Who writes, and what holds for all its letters.
#[derive(Clone, Debug)]
pub struct House {
    /// The controller.
    pub controller: Controller,
    /// Its data protection officer.
    pub dpo: Option<String>,
    /// Its place of establishment.
    pub place: String,
    /// Page with the state of a request.
    pub status_url: Option<String>,
    /// Its own way of complaint.
    pub complaint_url: Option<String>,
    /// Where a decision can be appealed.
    pub appeal_url: Option<String>,
    /// Page to opt out of sale and sharing.
    pub opt_out_url: Option<String>,
    /// The privacy policy.
    pub policy_url: Option<String>,
    /// What its answers say of its processing, in the language of the letter.
    pub words: Json,
}

/// One letter to be written.
pub struct About<'a> {
    /// The request.
    pub request: &'a Request,
    /// Which claim.
    pub claim: &'a Claim,
    /// Which letter.
    pub letter: Letter,
    /// The name by which the person is addressed.
    pub addressee: Option<Personal<String>>,
    /// BCP 47 tag.
    pub lang: &'a str,
    /// What staff wrote for this letter.
    pub words: Json,
    /// When it is written.
    pub written_at: Timestamp,
}

/// A letter that cannot be written; a person must see to it. Holds nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotWrite {
    /// There is no such message.
    #[error("there is no letter for the outcome `{outcome}` of `{right}`; write it by hand")]
    NoMessage {
        /// The right.
        right: &'static str,
        /// The outcome.
        outcome: String,
    },
    /// Something that only people know is not said.
    #[error("{0}; give it with --words, or in [words.LANGUAGE] of habeas.toml")]
    Letter(#[from] LetterError),
    /// The law asks for something that the letter would not say.
    #[error("the letter would not say what the law asks for: {0}")]
    Missing(String),
    /// The date at the place cannot be told.
    #[error("the place `{0}` is not known")]
    Place(String),
}

/// A letter with the message it is.
#[derive(Clone, Debug)]
pub struct Composed {
    /// The message.
    pub kind: &'static str,
    /// The letter.
    pub letter: Written,
}

/// Writes a letter, once it says everything that the law asks for.
pub fn compose(book: &Lawbook, house: &House, about: &About<'_>) -> Result<Composed, CannotWrite> {
    let letters: &Letters = letters()?;
    let (kind, said) = message(book, house, about)?;
    let head = letterhead(book, house, about)?;
    // The settings speak for every kind of answer; a message takes those of its own fields.
    let own = takes(kind, about)?;
    let mut values: Said = fields(house.words.clone()).into_iter().filter(|(k, _)| own.contains(k)).collect();
    values.extend(said);
    values.extend(fields(about.words.clone()));
    // Settings cannot spell "none": an empty text says it.
    let values = values.into_iter().map(|(k, v)| if v == json!("") { (k, Json::Null) } else { (k, v) });
    let values = Json::Object(values.collect());
    let missing = contents::missing(letters, book, (&head, about.lang), (kind, &values))?;
    if !missing.is_empty() {
        let all: Vec<String> = missing.iter().map(|(item, cite)| format!("{item} ({cite})")).collect();
        return Err(CannotWrite::Missing(all.join(", ")));
    }
    Ok(Composed { kind: kind.name, letter: kind.write(letters, &head, values, about.lang)? })
}

fn fields(value: Json) -> Map<String, Json> {
    match value {
        Json::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The fields that a message has, as its invented samples show them.
fn takes(kind: Kind, about: &About<'_>) -> Result<BTreeSet<String>, LetterError> {
    let basis = &about.claim.basis;
    let samples = kind.samples(&Scene::new(basis.regime.as_str(), basis.right.word(), about.lang))?;
    Ok(samples.into_iter().flat_map(|(_, sample)| fields(sample)).map(|(name, _)| name).collect())
}

/// What a message says besides the letterhead.
type Said = Map<String, Json>;

fn named(name: &'static str, right: Right, outcome: &str) -> Result<Kind, CannotWrite> {
    let none = || CannotWrite::NoMessage { right: right.word(), outcome: outcome.to_owned() };
    Kind::named(name).filter(|k| k.concerns(right.word())).ok_or_else(none)
}

fn message(book: &Lawbook, house: &House, about: &About<'_>) -> Result<(Kind, Said), CannotWrite> {
    let (claim, right) = (about.claim, about.claim.basis.right);
    let due_on = claim.due(ANSWER).or_else(|| claim.dues.first()).map(|d| d.on);
    let (name, said) = match about.letter {
        Letter::Acknowledgement if right == Right::Complaint => {
            ("complaint-acknowledgement", json!({"due_on": claim.due(ANSWER).map(|d| d.on)}))
        }
        Letter::Acknowledgement => ("acknowledgement", acknowledgement(book, about)),
        Letter::IdentityRequest => {
            let clock = effect_on_clock(book, about, (Happening::IdentityAsked, Happening::IdentityProven));
            let said = json!({"clock": clock, "due_on": due_on, "respond_by": null, "upload_url": null});
            ("identity-request", said)
        }
        Letter::ClarificationRequest => {
            let clock = effect_on_clock(book, about, (Happening::ClarificationAsked, Happening::Clarified));
            ("clarification-request", json!({"clock": clock, "due_on": due_on}))
        }
        Letter::ExtensionNotice => ("extension-notice", extension(book, about)),
        Letter::WithdrawalConfirmation => ("request-withdrawn", json!({})),
        Letter::Answer => return outcomes::answer(book, house, about),
    };
    Ok((named(name, right, about.letter.word())?, fields(said)))
}

fn acknowledgement(book: &Lawbook, about: &About<'_>) -> Json {
    let (claim, rules) = (about.claim, ByBook(book));
    let verification = match about.request.levels(claim, &rules).0 {
        Level::None => Verification::Never,
        _ if about.request.is_verified(claim, &rules) => Verification::Done,
        _ => Verification::OnFile,
    };
    let due = claim.due(ANSWER).or_else(|| claim.dues.first());
    // What is owed at once has the day after the receipt as its end, and no date to promise.
    let at_once = claim.basis.received_at.plus(TimeDelta::days(1));
    let due_on = due.filter(|d| Some(d.before) != at_once).map(|d| d.on);
    serde_json::to_value(Acknowledgement::new(verification, due_on)).unwrap_or_default()
}

/// What a question does to the time for the answer: asked of the law with an imagined reply.
fn effect_on_clock(book: &Lawbook, about: &About<'_>, (asked, replied): (Happening, Happening)) -> EffectOnClock {
    let claim = about.claim;
    let mut history = claim.history.clone();
    if history.last().is_none_or(|(what, _)| *what != asked) {
        history.push((asked, about.written_at));
    }
    let reply_at = about.written_at.plus(TimeDelta::days(REPLY_AFTER_DAYS)).unwrap_or(about.written_at);
    history.push((replied, reply_at));
    let day = |dues: &[crate::requests::rules::Due]| dues.iter().find(|d| d.clock.as_str() == ANSWER).map(|d| d.on);
    let after = ByBook(book).dues(&claim.basis, &history).ok().and_then(|dues| day(&dues));
    let moves = after.is_some() && after > ByBook(book).dues(&claim.basis, &[]).ok().and_then(|dues| day(&dues));
    match (moves, claim.basis.regime.as_str(), asked) {
        (false, ..) => EffectOnClock::Runs,
        (true, "uk-gdpr", Happening::IdentityAsked) => EffectOnClock::Restarts,
        (true, "uk-gdpr", _) => EffectOnClock::Paused,
        (true, ..) => EffectOnClock::Suspended,
    }
}

fn extension(book: &Lawbook, about: &About<'_>) -> Json {
    let claim = about.claim;
    let kind = match claim.extension.as_ref().map(|e| e.reason.as_str()) {
        Some("complexity") => "complexity",
        Some("number-of-requests") => "number",
        _ => "other",
    };
    let mut told = claim.history.clone();
    told.push((Happening::Extended, about.written_at));
    let dues = ByBook(book).dues(&claim.basis, &told).unwrap_or_default();
    let new = dues.iter().find(|d| d.clock.as_str() == ANSWER).map(|d| d.on);
    let mut said = json!({"old_due_on": claim.due(ANSWER).map(|d| d.on), "new_due_on": new});
    // Without what lies behind it a reason says nothing: the letter then names what is missing.
    if let (Some(detail), Some(said)) = (about.words.get("detail"), said.as_object_mut()) {
        said.insert("reasons".to_owned(), json!([{"kind": kind, "detail": detail}]));
    }
    said
}

/// The day of an instant where the claim is handled.
fn day(book: &Lawbook, claim: &Claim, at: Timestamp) -> Result<Day, CannotWrite> {
    let place = claim.basis.place.as_str().to_uppercase();
    day_at(book, &place, at).ok_or(CannotWrite::Place(place))
}

/// The reference that the person may quote.
pub fn case_of(request: &Request) -> String {
    let start: String = request.id.as_str().chars().take(12).collect();
    format!("HB-{}", start.to_uppercase())
}

fn letterhead(book: &Lawbook, house: &House, about: &About<'_>) -> Result<Letterhead, CannotWrite> {
    let claim = about.claim;
    let place = claim.basis.place.as_str().to_uppercase();
    let regime = book.regimes.get(claim.basis.regime.as_str());
    let authorities = &book.authorities;
    let authority = [place.as_str(), &house.place].into_iter().find_map(|p| authorities.at(p).first().map(|(_, a)| *a));
    // An appeal is offered where the law has one, and once.
    let has_appeal = regime.is_some_and(|r| r.rights.contains_key("appeal"));
    let may_appeal = has_appeal && !matches!(claim.stage, Stage::Appealed { .. });
    Ok(Letterhead {
        regime: claim.basis.regime.as_str().to_owned(),
        law_title: regime.map(|r| r.title.get(about.lang).to_owned()).unwrap_or_default(),
        right: claim.basis.right.word().to_owned(),
        case: case_of(about.request),
        received_on: day(book, claim, claim.basis.received_at)?,
        written_on: day(book, claim, about.written_at)?,
        addressee: about.addressee.clone(),
        controller: house.controller.clone(),
        dpo: house.dpo.clone(),
        authority: authority.map(Competent::from),
        status_url: house.status_url.clone(),
        complaint_url: house.complaint_url.clone(),
        appeal_url: house.appeal_url.clone().filter(|_| may_appeal),
    })
}

#[cfg(test)]
mod tests;
