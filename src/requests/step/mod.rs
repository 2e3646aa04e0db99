//! The workflow: one pure function that everything calls, from the portal to the model checker.
//!
//! A step gives the new state, the ledger entries and the effects, or a refusal and no change at all. It reads no clock,
//! draws no random number and does no I/O. The caller writes all three in one transaction.

mod clocks;
mod fulfil;
mod identity;
mod letters;
mod talk;

use super::command::{Act, ClaimAct, Effect};
use super::refusal::Refusal;
use super::request::{Claim, Request, Stage};
use super::rules::Rules;
use super::table;
use crate::authority::{Actor, Authority};
use crate::clock::Timestamp;
use crate::ledger::entry::{Entry, Fact, Word, word};
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// Clocks of two machines may differ by this much before a step back is refused (T49).
const CLOCK_TOLERANCE_SECONDS: i64 = 5;

/// The result of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The request as it is now.
    pub request: Request,
    /// What goes into the ledger: at least one entry, unless nothing changed at all.
    pub entries: Vec<Entry>,
    /// What is to be done after the commit.
    pub effects: Vec<Effect>,
}

/// Applies `act` to `request` at `now` under `rules`.
pub fn step(request: &Request, act: &Act, now: Timestamp, rules: &dyn Rules) -> Result<Step, Refusal> {
    may_act(request, act.authority(), now)?;
    in_table(request, act)?;
    let mut draft = Draft::new(request, act.authority().actor(), now, rules);
    match act {
        Act::Claim(at, act) => draft.claim_act(*at, act)?,
        Act::Prove(_, proof) => draft.prove(proof)?,
        Act::ProposeOverride(by, reason) => draft.propose_override(by, reason)?,
        Act::ConfirmOverride(by) => draft.confirm_override(by)?,
        Act::Link(_, other) => draft.link(other)?,
        Act::Hold(_) => draft.hold(true),
        Act::ReleaseHold(_) => draft.hold(false),
        Act::RecordComplaint(_, authority) => draft.complain(authority),
        Act::Assign(_, owner) => draft.assign(owner.as_ref()),
        Act::RecordAddress(_) => draft.note("address-recorded", BTreeMap::new()),
        Act::Sweep(_) => draft.sweep()?,
    }
    Ok(draft.finish())
}

fn may_act(request: &Request, who: &dyn Authority, now: Timestamp) -> Result<(), Refusal> {
    // A person acts on their own request alone, staff and jobs within their own organisation (I18).
    let own = match who.actor() {
        Actor::Subject(id) => id == request.id,
        _ => true,
    };
    if !own || *who.organisation() != request.organisation {
        return Err(Refusal::NotTheirs);
    }
    let tolerance = TimeDelta::try_seconds(CLOCK_TOLERANCE_SECONDS).unwrap_or_default();
    if now.plus(tolerance).ok_or(Refusal::DateOutOfRange)? < request.touched_at {
        return Err(Refusal::ClockStepped { now, last: request.touched_at });
    }
    Ok(())
}

/// Looks the act up in the one table; every pair that is not listed is refused.
fn in_table(request: &Request, act: &Act) -> Result<(), Refusal> {
    let Act::Claim(at, act) = act else { return Ok(()) };
    let stage = &request.claims.get(*at).ok_or(Refusal::NoSuchClaim(*at))?.stage;
    if table::knows(stage, act) { Ok(()) } else { Err(Refusal::NotNow { act: act.word(), stage: stage.word() }) }
}

/// A step in the making: the request being changed, and what it leaves behind.
struct Draft<'a> {
    request: Request,
    actor: Actor,
    now: Timestamp,
    rules: &'a dyn Rules,
    entries: Vec<Entry>,
    effects: Vec<Effect>,
}

impl<'a> Draft<'a> {
    fn new(request: &Request, actor: Actor, now: Timestamp, rules: &'a dyn Rules) -> Self {
        Self { request: request.clone(), actor, now, rules, entries: Vec::new(), effects: Vec::new() }
    }

    fn finish(mut self) -> Step {
        // A sweep that finds nothing leaves nothing, not even a touch.
        if !self.entries.is_empty() {
            self.request.touched_at = self.request.touched_at.max(self.now);
        }
        Step { request: self.request, entries: self.entries, effects: self.effects }
    }

    /// Records one entry about the request.
    fn note(&mut self, action: &str, facts: BTreeMap<String, Fact>) {
        self.entries.push(Entry {
            action: word(&format!("request.{action}")),
            actor: self.actor.clone(),
            at: self.now,
            facts,
            object: word(&format!("request/{}", self.request.id)),
            organisation: self.request.organisation.clone(),
        });
    }

    /// Records one entry about one claim.
    fn note_claim(&mut self, at: usize, action: &str, mut facts: BTreeMap<String, Fact>) {
        if let Some(claim) = self.request.claims.get(at) {
            facts.insert("claim".to_owned(), Fact::Count(u32::try_from(at).unwrap_or(u32::MAX)));
            facts.insert("right".to_owned(), Fact::Word(word(claim.basis.right.word())));
            facts.insert("regime".to_owned(), Fact::Word(claim.basis.regime.0.clone()));
            facts.insert("stage".to_owned(), Fact::Word(word(claim.stage.word())));
        }
        self.note(action, facts);
    }

    fn claim(&self, at: usize) -> Result<&Claim, Refusal> {
        self.request.claims.get(at).ok_or(Refusal::NoSuchClaim(at))
    }

    fn claim_mut(&mut self, at: usize) -> Result<&mut Claim, Refusal> {
        self.request.claims.get_mut(at).ok_or(Refusal::NoSuchClaim(at))
    }

    fn cite(&self, at: usize) -> Result<String, Refusal> {
        let basis = &self.claim(at)?.basis;
        Ok(self.rules.cite(basis.right, &basis.regime))
    }

    fn task(&mut self, claim: usize, what: &str) {
        self.effects.push(Effect::Task { claim, what: word(what) });
    }

    /// Moves a claim on and records it.
    fn go(&mut self, at: usize, stage: Stage, action: &str, facts: BTreeMap<String, Fact>) -> Result<(), Refusal> {
        self.claim_mut(at)?.stage = stage;
        self.note_claim(at, action, facts);
        Ok(())
    }

    fn claim_act(&mut self, at: usize, act: &ClaimAct) -> Result<(), Refusal> {
        match act {
            ClaimAct::Accept(_) => self.accept(at),
            ClaimAct::AskIdentity(_) => self.ask_identity(at),
            ClaimAct::AskClarification(_) => self.ask_clarification(at),
            ClaimAct::Clarify(_) => self.clarify(at),
            ClaimAct::Extend(_, reason) => self.extend(at, reason),
            ClaimAct::Meet(_, clock) => self.meet(at, clock),
            ClaimAct::Propose(by, plan) => self.propose(at, by, plan),
            ClaimAct::Tell(_, digest) => self.tell(at, *digest),
            ClaimAct::Return(_) => self.go(at, Stage::Collecting, "returned", BTreeMap::new()),
            ClaimAct::Approve(by, plan) => self.approve(at, by, plan),
            ClaimAct::CallOff(_) => self.go(at, Stage::Collecting, "called-off", BTreeMap::new()),
            ClaimAct::Begin(_, records) => self.begin(at, records),
            ClaimAct::Report(_, said) => self.report(at, *said),
            ClaimAct::Confirm(_, read_back) => self.confirm(at, read_back),
            ClaimAct::Deny(by, grounds) => self.deny(at, by, grounds),
            ClaimAct::Withdraw(_) => self.withdraw(at),
            ClaimAct::LetterSent(_, letter, sent_at) => self.letter_sent(at, *letter, *sent_at),
            ClaimAct::LetterFailed(_, letter) => self.letter_failed(at, *letter),
            ClaimAct::Appeal(_) => self.appeal(at),
            ClaimAct::DecideAppeal(by, upheld) => self.decide_appeal(at, by, *upheld),
        }
    }
}

/// A fact that is a word of ours.
fn said(text: &str) -> Fact {
    Fact::Word(word(text))
}

/// A fact that is already a word.
const fn known(text: Word) -> Fact {
    Fact::Word(text)
}

/// Facts from pairs.
fn facts<const N: usize>(pairs: [(&str, Fact); N]) -> BTreeMap<String, Fact> {
    pairs.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect()
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
