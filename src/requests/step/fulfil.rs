//! Carrying a claim out: plan, second person, cool-down, intent, reading back (threats, design rule 4).
//!
//! INVARIANTS: the plan acted on is the plan released (I7); the intent is durable before the call (I8); nothing is done to
//! changed records (I9); done needs evidence (I10); a hold at the instant of the intent prevents it (I12).

use super::{Draft, facts, said};
use crate::authority::{Authority, Dpo, Handler};
use crate::crypto::hash::Digest;
use crate::ledger::entry::Fact;
use crate::requests::command::{Effect, Letter, Said};
use crate::requests::identity::is_officer;
use crate::requests::outcome::{COOL_DOWN_HOURS, Evidence, Outcome, Plan, ReadBack, SECOND_READ_BACK_HOURS};
use crate::requests::refusal::Refusal;
use crate::requests::request::Stage;
use crate::requests::right::Kind;
use chrono::TimeDelta;
use std::collections::BTreeMap;

fn hours(n: i64) -> TimeDelta {
    TimeDelta::try_hours(n).unwrap_or_default()
}

impl Draft<'_> {
    /// Puts up a plan; rights that need no second person are released at once.
    pub(super) fn propose(&mut self, at: usize, by: &Handler, plan: &Plan) -> Result<(), Refusal> {
        let right = self.claim(at)?.basis.right;
        if right.kind() == Kind::Tell {
            return Err(Refusal::NotAllowed { what: "a plan", cite: self.cite(at)? });
        }
        self.needs_verified(at)?;
        self.check_grounds(at, &plan.kept)?;
        let officer = by.actor().officer().cloned().ok_or(Refusal::NotTheirs)?;
        let pairs = plan_facts(plan);
        if right.needs_second_person() {
            return self.go(at, Stage::Review { plan: plan.clone(), by: officer }, "plan-proposed", pairs);
        }
        self.release(at, plan.clone(), "plan-released")
    }

    /// Releases a plan: another person, the same plan, the person known, no hold.
    pub(super) fn approve(&mut self, at: usize, by: &Dpo, digest: &Digest) -> Result<(), Refusal> {
        let claim = self.claim(at)?;
        let Stage::Review { plan, by: proposer } = claim.stage.clone() else {
            return Err(Refusal::NotNow { act: "approve", stage: claim.stage.word() });
        };
        if is_officer(&by.actor(), &proposer) {
            return Err(Refusal::SecondPerson);
        }
        if plan.digest != *digest {
            return Err(Refusal::OtherPlan);
        }
        self.needs_verified(at)?;
        self.needs_no_hold(at)?;
        self.claim_mut(at)?.decided_by = Some(by.officer().clone());
        self.release(at, plan, "plan-released")
    }

    fn release(&mut self, at: usize, plan: Plan, action: &str) -> Result<(), Refusal> {
        let not_before = match self.claim(at)?.basis.right.kind() {
            Kind::Erase => self.now.plus(hours(COOL_DOWN_HOURS)).ok_or(Refusal::DateOutOfRange)?,
            _ => self.now,
        };
        let (digest, pairs) = (plan.digest, plan_facts(&plan));
        self.go(at, Stage::Approved { plan, at: self.now }, action, pairs)?;
        self.effects.push(Effect::CarryOut { claim: at, plan: digest, not_before });
        Ok(())
    }

    /// The intent: committed by the worker in the transaction just before its call. Everything is checked once more here,
    /// because hours may lie between release and call.
    pub(super) fn begin(&mut self, at: usize, records_now: &Digest) -> Result<(), Refusal> {
        let claim = self.claim(at)?;
        let erases = claim.basis.right.kind() == Kind::Erase;
        let plan = match &claim.stage {
            Stage::Approved { plan, at: released_at } => {
                let until = released_at.plus(hours(COOL_DOWN_HOURS)).ok_or(Refusal::DateOutOfRange)?;
                if erases && self.now < until {
                    return Err(Refusal::CoolDown { until });
                }
                plan.clone()
            }
            // A second try after an unproven first: the released plan still stands.
            Stage::Unconfirmed { plan, .. } => plan.clone(),
            other => return Err(Refusal::NotNow { act: "begin", stage: other.word() }),
        };
        self.needs_verified(at)?;
        self.needs_no_hold(at)?;
        if *records_now != plan.digest {
            return Err(Refusal::RecordsChanged);
        }
        let (digest, pairs) = (plan.digest, plan_facts(&plan));
        self.go(at, Stage::Acting { plan }, "intent", pairs)?;
        // The safety net: should the worker die, what happened is found by reading back, not by assuming.
        self.effects.push(Effect::ReadBack { claim: at, plan: digest, not_before: self.now });
        Ok(())
    }

    /// What the other system says of itself moves the claim to unconfirmed, whatever it says.
    pub(super) fn report(&mut self, at: usize, heard: Said) -> Result<(), Refusal> {
        let Stage::Acting { plan } = self.claim(at)?.stage.clone() else {
            return Err(Refusal::NotNow { act: "report", stage: self.claim(at)?.stage.word() });
        };
        let next = Stage::Unconfirmed { plan, read_backs: Vec::new() };
        self.go(at, next, "acted", facts([("said", said(heard.word()))]))?;
        if heard == Said::Failed {
            self.task(at, "call-failed");
        }
        Ok(())
    }

    /// Weighs a reading back: proven, waiting for the second one, or a task for a person.
    pub(super) fn confirm(&mut self, at: usize, read_back: &ReadBack) -> Result<(), Refusal> {
        let claim = self.claim(at)?;
        let kind = claim.basis.right.kind();
        let (plan, mut read_backs) = match claim.stage.clone() {
            Stage::Acting { plan } => (plan, Vec::new()),
            Stage::Unconfirmed { plan, read_backs } => (plan, read_backs),
            other => return Err(Refusal::NotNow { act: "confirm", stage: other.word() }),
        };
        if read_back.plan != plan.digest {
            return Err(Refusal::OtherPlan);
        }
        if !read_back.confirms(&plan) {
            self.go(at, Stage::Unconfirmed { plan, read_backs: Vec::new() }, "not-confirmed", read_facts(read_back))?;
            self.task(at, "unconfirmed");
            return Ok(());
        }
        // The first and the latest are what evidence needs; whatever lies between would only grow (I20).
        read_backs.truncate(1);
        read_backs.push(read_back.clone());
        if let Some(evidence) = Evidence::of(kind, &plan, &read_backs) {
            let outcome = Outcome::Done(evidence);
            self.go(at, Stage::Ready { outcome }, "confirmed", read_facts(read_back))?;
            self.send(at, Letter::Answer);
            return Ok(());
        }
        // An erasure is read back once more a day after the first time.
        let first = read_backs.first().map_or(read_back.at, |r| r.at);
        let not_before = first.plus(hours(SECOND_READ_BACK_HOURS)).ok_or(Refusal::DateOutOfRange)?;
        let digest = plan.digest;
        self.go(at, Stage::Unconfirmed { plan, read_backs }, "read-back", read_facts(read_back))?;
        self.effects.push(Effect::ReadBack { claim: at, plan: digest, not_before });
        Ok(())
    }

    pub(super) fn needs_verified(&self, at: usize) -> Result<(), Refusal> {
        let claim = self.claim(at)?;
        if self.request.is_verified(claim, self.rules) {
            return Ok(());
        }
        let (needed, reached) = self.request.levels(claim, self.rules);
        Err(Refusal::NotVerified { needed, reached, cite: self.cite(at)? })
    }

    fn needs_no_hold(&self, at: usize) -> Result<(), Refusal> {
        let erases = self.claim(at)?.basis.right.kind() == Kind::Erase;
        if erases && self.request.held { Err(Refusal::Held) } else { Ok(()) }
    }
}

fn plan_facts(plan: &Plan) -> BTreeMap<String, Fact> {
    let kept = u32::try_from(plan.kept.len()).unwrap_or(u32::MAX);
    facts([("plan", Fact::Digest(plan.digest)), ("records", Fact::Count(plan.records)), ("kept", Fact::Count(kept))])
}

fn read_facts(read_back: &ReadBack) -> BTreeMap<String, Fact> {
    facts([
        ("plan", Fact::Digest(read_back.plan)),
        ("as-planned", Fact::Count(read_back.as_planned)),
        ("stray", Fact::Count(read_back.stray)),
        ("unreadable", Fact::Count(read_back.unreadable)),
    ])
}
