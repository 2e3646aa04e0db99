//! Taking a request in: by any channel, with the receipt date apart from the entry date, and with its clocks running.
//!
//! Nobody is looked up here (T11), and nothing is refused for being unverified, incomplete or a duplicate.

use super::command::{Effect, Letter};
use super::identity::Identity;
use super::refusal::Refusal;
use super::request::{Channel, Claim, Request};
use super::right::{Regime, Right, Sensitivity};
use super::rules::{Basis, Happening, Past, Rules};
use super::step::Step;
use crate::authority::Authority;
use crate::clock::Timestamp;
use crate::ids::{RequestId, SubjectId};
use crate::ledger::entry::{Entry, Fact, Word, word};
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};

/// One right under one law at one place, as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The right.
    pub right: Right,
    /// The law.
    pub regime: Regime,
    /// Where the duty is performed.
    pub place: Word,
    /// Fields whose content is contested.
    pub contested: BTreeSet<Word>,
    /// A rectification that only adds what is missing, and contests nothing that is held (GDPR 16, second sentence).
    pub completes: bool,
}

/// What came in. Personal data stays outside; the store seals it beside the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The id it will have.
    pub id: RequestId,
    /// The person, a new one unless told apart by staff.
    pub subject: SubjectId,
    /// How it came.
    pub channel: Channel,
    /// When it was received, not later than now.
    pub received_at: Timestamp,
    /// How much harm a wrong answer could do.
    pub sensitivity: Sensitivity,
    /// What is asked for, at least one thing.
    pub asked: Vec<Asked>,
}

/// Opens a request at `now` on behalf of `by`.
pub fn open(from: &Submission, by: &dyn Authority, now: Timestamp, rules: &dyn Rules) -> Result<Step, Refusal> {
    // A receipt in the future would start the clocks late; a minute covers machines whose clocks differ.
    let tolerance = TimeDelta::try_seconds(60).unwrap_or_default();
    if from.received_at > now.plus(tolerance).ok_or(Refusal::DateOutOfRange)? {
        return Err(Refusal::ClockStepped { now, last: from.received_at });
    }
    let mut claims = Vec::new();
    for asked in &from.asked {
        let basis = Basis {
            right: asked.right,
            regime: asked.regime.clone(),
            place: asked.place.clone(),
            received_at: from.received_at,
        };
        // Whoever asks for a correction contests what is held, from the receipt on.
        let contests = asked.right == Right::Rectification && !(asked.completes && asked.contested.is_empty());
        let history: Vec<Past> =
            contests.then_some((Happening::AccuracyContested, from.received_at)).into_iter().collect();
        let dues = rules.dues(&basis, &history).map_err(Refusal::NoDueDate)?;
        claims.push(Claim { history, ..Claim::received(basis, asked.contested.clone(), dues) });
    }
    if claims.is_empty() {
        return Err(Refusal::NoSuchClaim(0));
    }
    let request = Request {
        id: from.id.clone(),
        organisation: by.organisation().clone(),
        subject: from.subject.clone(),
        channel: from.channel,
        received_at: from.received_at,
        recorded_at: now,
        touched_at: now,
        sensitivity: from.sensitivity,
        identity: Identity::default(),
        claims,
        links: BTreeSet::new(),
        held: false,
        complaints: BTreeSet::new(),
        owner: None,
    };
    // Each right is confirmed and looked at by itself: one letter names one right, and each clock is met by its own.
    let of_claim =
        |claim| [Effect::Send { claim, letter: Letter::Acknowledgement }, Effect::Task { claim, what: word("triage") }];
    let effects = (0..request.claims.len()).flat_map(of_claim).collect();
    Ok(Step { entries: vec![received(&request, by)], request, effects })
}

fn received(request: &Request, by: &dyn Authority) -> Entry {
    let mut facts = BTreeMap::from([("received-at".to_owned(), Fact::Instant(request.received_at))]);
    for (i, claim) in request.claims.iter().enumerate() {
        let what = format!("{}:{}", claim.basis.regime.as_str(), claim.basis.right.word());
        facts.insert(format!("claim:{i}"), Fact::Word(word(&what)));
        for due in &claim.dues {
            facts.insert(format!("due:{i}:{}", due.clock.as_str()), Fact::Day(due.on));
        }
    }
    Entry {
        action: word("request.received"),
        actor: by.actor(),
        at: request.recorded_at,
        facts,
        object: word(&format!("request/{}", request.id)),
        organisation: request.organisation.clone(),
    }
}
