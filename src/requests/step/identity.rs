//! Asking for proof, recording it, and going on without it when two people decide so.

use super::{Draft, facts, known, said};
use crate::authority::{Authority, Dpo, Handler};
use crate::crypto::hash::Digest;
use crate::ids::{OfficerId, RequestId};
use crate::ledger::entry::{Fact, Word};
use crate::requests::command::{Effect, Letter};
use crate::requests::identity::Proof;
use crate::requests::refusal::Refusal;
use crate::requests::request::Stage;
use crate::requests::right::Level;
use crate::requests::rules::Happening;
use std::collections::BTreeMap;

impl Draft<'_> {
    /// Asks for proof. Forbidden for opt-out and limit (11 CCR 7060(b)), pointless when the level is reached (GDPR 12(6)).
    pub(super) fn ask_identity(&mut self, at: usize) -> Result<(), Refusal> {
        let cite = self.cite(at)?;
        let claim = self.claim(at)?;
        let (needed, _) = self.request.levels(claim, self.rules);
        if needed == Level::None || self.request.is_verified(claim, self.rules) {
            return Err(Refusal::NoProofNeeded { cite });
        }
        self.go(at, Stage::IdentityPending, "identity-asked", facts([("needed", said(needed.word()))]))?;
        self.send(at, Letter::IdentityRequest);
        self.happen(at, Happening::IdentityAsked, self.now)
    }

    /// Records a proof that held; claims that waited for it go on.
    pub(super) fn prove(&mut self, proof: &Proof) -> Result<(), Refusal> {
        self.request.identity.record(proof.clone());
        let on_file = if proof.on_file { "yes" } else { "no" };
        self.note("identity-proven", facts([("field", known(proof.field.clone())), ("on-file", said(on_file))]));
        self.resume_waiting()
    }

    fn resume_waiting(&mut self) -> Result<(), Refusal> {
        for at in 0..self.request.claims.len() {
            let claim = self.claim(at)?;
            if claim.stage == Stage::IdentityPending && self.request.is_verified(claim, self.rules) {
                self.go(at, Stage::Collecting, "accepted", BTreeMap::new())?;
                self.effects.push(Effect::Collect { claim: at });
                self.happen(at, Happening::IdentityProven, self.now)?;
            }
        }
        Ok(())
    }

    pub(super) fn propose_override(&mut self, by: &Handler, reason: &Digest) -> Result<(), Refusal> {
        let officer = by.actor().officer().cloned().ok_or(Refusal::NotTheirs)?;
        // A decision of two people is not undone by one who proposes it again.
        if self.request.identity.is_overridden() {
            return Err(Refusal::SecondPerson);
        }
        self.request.identity.propose(officer, *reason);
        self.note("override-proposed", facts([("reason", Fact::Digest(*reason))]));
        Ok(())
    }

    pub(super) fn confirm_override(&mut self, by: &Dpo) -> Result<(), Refusal> {
        if !self.request.identity.confirm(by.officer()) {
            return Err(Refusal::SecondPerson);
        }
        self.note("override-confirmed", BTreeMap::new());
        self.resume_waiting()
    }

    /// Links a suspected duplicate. INVARIANT (I3, T18): nothing but the link changes, above all no verification.
    pub(super) fn link(&mut self, other: &RequestId) -> Result<(), Refusal> {
        if *other == self.request.id {
            return Err(Refusal::OwnLink);
        }
        self.request.links.insert(other.clone());
        self.note("linked", facts([("other", said(other.as_str()))]));
        Ok(())
    }

    pub(super) fn hold(&mut self, held: bool) {
        self.request.held = held;
        self.note(if held { "hold-placed" } else { "hold-released" }, BTreeMap::new());
    }

    /// Names who answers for the request; the same name again changes nothing.
    pub(super) fn assign(&mut self, owner: Option<&OfficerId>) {
        let before = std::mem::replace(&mut self.request.owner, owner.cloned());
        if before.as_ref() == owner {
            return;
        }
        let name = |id: Option<&OfficerId>| said(id.map_or("nobody", OfficerId::as_str));
        self.note("assigned", facts([("to", name(owner)), ("from", name(before.as_ref()))]));
    }

    pub(super) fn complain(&mut self, authority: &Word) {
        self.request.complaints.insert(authority.clone());
        self.note("complaint-recorded", facts([("authority", known(authority.clone()))]));
        self.task(0, "complaint");
    }
}
