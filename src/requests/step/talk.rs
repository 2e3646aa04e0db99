//! Taking a claim up, asking what is meant, refusing, withdrawing, appealing.

use super::{Draft, facts, known, said};
use crate::authority::Dpo;
use crate::crypto::hash::Digest;
use crate::ledger::entry::{Fact, Word, word};
use crate::requests::command::{Effect, Letter};
use crate::requests::outcome::Outcome;
use crate::requests::refusal::Refusal;
use crate::requests::request::Stage;
use crate::requests::right::Kind;
use crate::requests::rules::{Grounds, Happening};
use std::collections::BTreeMap;

impl Draft<'_> {
    pub(super) fn accept(&mut self, at: usize) -> Result<(), Refusal> {
        self.go(at, Stage::Collecting, "accepted", BTreeMap::new())?;
        self.effects.push(Effect::Collect { claim: at });
        Ok(())
    }

    /// Asks what the person means. Whether it stops a clock is for the law to say (UK access: yes; GDPR: no, D7, D8).
    pub(super) fn ask_clarification(&mut self, at: usize) -> Result<(), Refusal> {
        let cite = self.cite(at)?;
        let basis = &self.claim(at)?.basis;
        if !self.rules.may_ask_clarification(basis.right, &basis.regime) {
            return Err(Refusal::NotAllowed { what: "a question that waits", cite });
        }
        self.go(at, Stage::ClarificationPending, "clarification-asked", BTreeMap::new())?;
        self.send(at, Letter::ClarificationRequest);
        self.happen(at, Happening::ClarificationAsked, self.now)
    }

    pub(super) fn clarify(&mut self, at: usize) -> Result<(), Refusal> {
        self.go(at, Stage::Collecting, "clarified", BTreeMap::new())?;
        self.effects.push(Effect::Collect { claim: at });
        self.happen(at, Happening::Clarified, self.now)
    }

    /// Every ground must be on the closed list of the regime for this right.
    pub(super) fn check_grounds(&self, at: usize, grounds: &BTreeMap<Word, Word>) -> Result<(), Refusal> {
        if grounds.is_empty() {
            return Ok(());
        }
        let listed = self.listed_grounds(at)?;
        match grounds.values().find(|g| !listed.contains(g)) {
            Some(ground) => Err(self.no_ground(at, ground.as_str(), &listed)?),
            None => Ok(()),
        }
    }

    /// The grounds for refusing the right; a right that has none cannot be refused.
    fn listed_grounds(&self, at: usize) -> Result<Vec<Word>, Refusal> {
        let basis = &self.claim(at)?.basis;
        let (right, cite) = (basis.right.word(), self.cite(at)?);
        match self.rules.grounds(basis.right, &basis.regime) {
            Grounds::Listed(listed) if listed.is_empty() => Err(Refusal::NeverRefused { right, cite }),
            Grounds::Listed(listed) => Ok(listed),
            Grounds::Unknown => Err(Refusal::GroundsUnknown { right, regime: basis.regime.as_str().to_owned(), cite }),
        }
    }

    fn no_ground(&self, at: usize, ground: &str, listed: &[Word]) -> Result<Refusal, Refusal> {
        let known = listed.iter().map(Word::as_str).collect::<Vec<_>>().join(", ");
        let right = self.claim(at)?.basis.right.word();
        Ok(Refusal::NoGround { ground: ground.to_owned(), right, cite: self.cite(at)?, known })
    }

    pub(super) fn deny(&mut self, at: usize, by: &Dpo, grounds: &BTreeMap<Word, Word>) -> Result<(), Refusal> {
        let listed = self.listed_grounds(at)?;
        if grounds.is_empty() {
            return Err(self.no_ground(at, "", &listed)?);
        }
        self.check_grounds(at, grounds)?;
        self.claim_mut(at)?.decided_by = Some(by.officer().clone());
        let pairs = grounds.iter().map(|(f, g)| (format!("field:{}", f.as_str()), known(g.clone()))).collect();
        self.go(at, Stage::Ready { outcome: Outcome::Denied(grounds.clone()) }, "denied", pairs)?;
        self.send(at, Letter::Answer);
        Ok(())
    }

    /// An answer in words alone, for rights that ask for nothing else.
    pub(super) fn tell(&mut self, at: usize, digest: Digest) -> Result<(), Refusal> {
        if self.claim(at)?.basis.right.kind() != Kind::Tell {
            return Err(Refusal::NotAllowed { what: "an answer in words alone", cite: self.cite(at)? });
        }
        self.needs_verified(at)?;
        self.go(at, Stage::Ready { outcome: Outcome::Told(digest) }, "told", facts([("text", Fact::Digest(digest))]))?;
        self.send(at, Letter::Answer);
        Ok(())
    }

    pub(super) fn withdraw(&mut self, at: usize) -> Result<(), Refusal> {
        self.go(at, Stage::Withdrawn, "withdrawn", BTreeMap::new())?;
        self.send(at, Letter::WithdrawalConfirmation);
        Ok(())
    }

    pub(super) fn appeal(&mut self, at: usize) -> Result<(), Refusal> {
        let Stage::Answered { outcome } = self.claim(at)?.stage.clone() else {
            return Err(Refusal::NotNow { act: "appeal", stage: self.claim(at)?.stage.word() });
        };
        // The answer clock is open again until the appeal is answered.
        self.claim_mut(at)?.met.remove(&word(super::clocks::ANSWER));
        self.go(at, Stage::Appealed { outcome }, "appealed", BTreeMap::new())?;
        self.task(at, "appeal");
        Ok(())
    }

    /// Upheld: the work starts anew. Rejected: the outcome stands and is told again. Whoever refused does not decide.
    pub(super) fn decide_appeal(&mut self, at: usize, by: &Dpo, upheld: bool) -> Result<(), Refusal> {
        let claim = self.claim(at)?;
        let Stage::Appealed { outcome } = claim.stage.clone() else {
            return Err(Refusal::NotNow { act: "decide-appeal", stage: claim.stage.word() });
        };
        if claim.decided_by.as_ref() == Some(by.officer()) {
            return Err(Refusal::SecondPerson);
        }
        let verdict = facts([("upheld", said(if upheld { "yes" } else { "no" }))]);
        if upheld {
            self.go(at, Stage::Collecting, "appeal-decided", verdict)?;
            self.effects.push(Effect::Collect { claim: at });
        } else {
            self.go(at, Stage::Ready { outcome }, "appeal-decided", verdict)?;
            self.send(at, Letter::Answer);
        }
        Ok(())
    }
}
