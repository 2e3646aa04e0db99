//! Due dates: taken from the law for the history of a claim, never from the present.

use super::{Draft, facts, known, said};
use crate::clock::Timestamp;
use crate::ledger::entry::{Fact, Word};
use crate::requests::refusal::Refusal;
use crate::requests::request::Extension;
use crate::requests::rules::Happening;

/// The clock that an extension extends.
pub(super) const ANSWER: &str = "answer";

impl Draft<'_> {
    /// Records a happening at `at` and takes the due dates that the law gives for it; a change is an entry of its own (I4).
    pub(super) fn happen(&mut self, claim: usize, what: Happening, at: Timestamp) -> Result<(), Refusal> {
        let rules = self.rules;
        let one = self.claim_mut(claim)?;
        one.history.push((what, at));
        let dues = rules.dues(&one.basis, &one.history).map_err(Refusal::NoDueDate)?;
        let before = std::mem::replace(&mut one.dues, dues.clone());
        for due in dues {
            let old = before.iter().find(|d| d.clock == due.clock);
            if old.is_none_or(|d| d.on != due.on) {
                let mut pairs = facts([("clock", known(due.clock)), ("due-on", Fact::Day(due.on))]);
                if let Some(old) = old {
                    pairs.insert("was-due-on".to_owned(), Fact::Day(old.on));
                }
                self.note_claim(claim, "due-date-moved", pairs);
            }
        }
        Ok(())
    }

    /// Decides on an extension: GDPR 12(3), 1798.145(h)(1). It counts only when its notice is recorded as sent in time.
    pub(super) fn extend(&mut self, at: usize, reason: &Word) -> Result<(), Refusal> {
        let cite = self.cite(at)?;
        let claim = self.claim(at)?;
        if !self.rules.may_extend(claim.basis.right, &claim.basis.regime) {
            return Err(Refusal::NotAllowed { what: "an extension", cite });
        }
        let due = claim.due(ANSWER).ok_or(Refusal::NotAllowed { what: "an extension", cite: cite.clone() })?;
        let again = claim.extension.is_some() || claim.history.iter().any(|(h, _)| *h == Happening::Extended);
        if again || self.now >= due.before {
            return Err(Refusal::ExtensionTooLate { due_on: due.on, cite });
        }
        let decided_at = self.now;
        self.claim_mut(at)?.extension = Some(Extension { reason: reason.clone(), decided_at });
        self.note_claim(at, "extension-decided", facts([("reason", known(reason.clone()))]));
        self.send(at, crate::requests::command::Letter::ExtensionNotice);
        Ok(())
    }

    /// Records that what a clock asks for was done. What a letter meets is met by the letter alone.
    pub(super) fn meet(&mut self, at: usize, clock: &Word) -> Result<(), Refusal> {
        let cite = self.cite(at)?;
        let claim = self.claim_mut(at)?;
        let by_letter = [ANSWER, super::letters::ACKNOWLEDGE].contains(&clock.as_str());
        if by_letter || claim.due(clock.as_str()).is_none() {
            return Err(Refusal::NotAllowed { what: "a date met by hand", cite });
        }
        claim.met.insert(clock.clone());
        self.note_claim(at, "clock-met", facts([("clock", known(clock.clone()))]));
        Ok(())
    }

    /// Flags every clock that passed, once (I5).
    pub(super) fn sweep(&mut self) -> Result<(), Refusal> {
        for at in 0..self.request.claims.len() {
            let claim = self.claim(at)?;
            if claim.is_closed() {
                continue;
            }
            let passed: Vec<_> = claim
                .dues
                .iter()
                .filter(|d| self.now >= d.before && !claim.met.contains(&d.clock) && !claim.overdue.contains(&d.clock))
                .cloned()
                .collect();
            for due in passed {
                self.claim_mut(at)?.overdue.insert(due.clock.clone());
                let mut pairs = facts([("clock", known(due.clock)), ("due-on", Fact::Day(due.on))]);
                pairs.extend(self.request.owner.as_ref().map(|id| ("owner".to_owned(), said(id.as_str()))));
                self.note_claim(at, "overdue", pairs);
                self.task(at, "overdue");
            }
        }
        Ok(())
    }
}
