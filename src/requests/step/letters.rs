//! What became of letters. A notice counts from the moment it is recorded as sent, not from the moment it was decided.

use super::clocks::ANSWER;
use super::{Draft, facts, said};
use crate::clock::Timestamp;
use crate::ledger::entry::{Fact, word};
use crate::requests::command::{Effect, Letter};
use crate::requests::refusal::Refusal;
use crate::requests::request::Stage;
use crate::requests::rules::Happening;

/// The clock that an acknowledgement meets.
pub(super) const ACKNOWLEDGE: &str = "acknowledgement";

impl Draft<'_> {
    /// Queues a letter.
    pub(super) fn send(&mut self, claim: usize, letter: Letter) {
        self.effects.push(Effect::Send { claim, letter });
    }

    pub(super) fn letter_sent(&mut self, at: usize, letter: Letter, sent_at: Timestamp) -> Result<(), Refusal> {
        if sent_at > self.now {
            return Err(Refusal::ClockStepped { now: self.now, last: sent_at });
        }
        let pairs = facts([("letter", said(letter.word())), ("sent-at", Fact::Instant(sent_at))]);
        self.note_claim(at, "letter-sent", pairs);
        match letter {
            Letter::Acknowledgement => {
                self.claim_mut(at)?.met.insert(word(ACKNOWLEDGE));
            }
            Letter::ExtensionNotice => self.extension_told(at, sent_at)?,
            Letter::Answer => self.answered(at)?,
            Letter::IdentityRequest | Letter::ClarificationRequest | Letter::WithdrawalConfirmation => {}
        }
        Ok(())
    }

    /// The notice went out: the extension counts if that was in time (GDPR 12(3): within one month of receipt).
    fn extension_told(&mut self, at: usize, sent_at: Timestamp) -> Result<(), Refusal> {
        let claim = self.claim_mut(at)?;
        // A notice older than the decision is another notice.
        if claim.extension.as_ref().is_none_or(|e| sent_at < e.decided_at) {
            return Ok(());
        }
        claim.extension = None;
        if claim.due(ANSWER).is_some_and(|due| sent_at < due.before) {
            return self.happen(at, Happening::Extended, sent_at);
        }
        self.note_claim(at, "extension-lapsed", facts([]));
        self.task(at, "extension-lapsed");
        Ok(())
    }

    fn answered(&mut self, at: usize) -> Result<(), Refusal> {
        let claim = self.claim_mut(at)?;
        if let Stage::Ready { outcome } = claim.stage.clone() {
            claim.met.extend([word(ANSWER), word(ACKNOWLEDGE)]);
            let pairs = facts([("outcome", said(outcome.word()))]);
            self.go(at, Stage::Answered { outcome }, "answered", pairs)?;
        }
        Ok(())
    }

    /// A letter came back: somebody must find another way before the due date (T57).
    pub(super) fn letter_failed(&mut self, at: usize, letter: Letter) -> Result<(), Refusal> {
        self.note_claim(at, "letter-failed", facts([("letter", said(letter.word()))]));
        self.task(at, "letter-failed");
        Ok(())
    }
}
