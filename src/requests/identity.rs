//! How surely we know who asks: proofs, and the level they reach for one claim.
//!
//! A proof through a channel named only in the request proves little (T14): whoever wrote the letter chose it. Linking a
//! duplicate carries no proof over (T18). The field a person wants corrected never proves who they are (11 CCR 7060(h)).

use super::right::Level;
use crate::authority::Actor;
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::ids::OfficerId;
use crate::ledger::entry::Word;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How a person proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A link or code sent to an address, answered.
    Code,
    /// Signed in to their account again just now (11 CCR 7061).
    Account,
    /// Data points that match what is held (11 CCR 7062).
    DataPoints,
    /// A signed declaration under penalty of perjury (11 CCR 7062(c)).
    Declaration,
    /// A document shown, then deleted (T15).
    Document,
    /// The mandate of an agent, confirmed by the person (11 CCR 7063).
    Mandate,
}

/// One proof that was checked and held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Proof {
    /// How.
    pub method: Method,
    /// The field of the record it rests on, e.g. `email`; two proofs on one field are one proof.
    pub field: Word,
    /// Whether that field was on file before the request came.
    pub on_file: bool,
    /// When it was checked.
    pub at: Timestamp,
}

/// A decision of two people to go on without the level (I6).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Override {
    /// Who proposed it.
    pub proposed_by: OfficerId,
    /// Commitment to the written reason.
    pub reason: Digest,
    /// Who confirmed it; never the same person.
    pub confirmed_by: Option<OfficerId>,
}

/// What is known about who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity {
    proofs: BTreeSet<Proof>,
    exception: Option<Override>,
}

impl Identity {
    /// The proofs that held.
    pub const fn proofs(&self) -> &BTreeSet<Proof> {
        &self.proofs
    }

    /// The override, proposed or confirmed.
    pub const fn exception(&self) -> Option<&Override> {
        self.exception.as_ref()
    }

    /// Whether two people decided to go on without the level.
    pub fn is_overridden(&self) -> bool {
        self.exception.as_ref().is_some_and(|o| o.confirmed_by.is_some())
    }

    /// The level reached for a claim that contests `contested` fields.
    pub fn level(&self, contested: &BTreeSet<Word>) -> Level {
        let counting = || self.proofs.iter().filter(|p| !contested.contains(&p.field));
        let fields: BTreeSet<_> = counting().map(|p| &p.field).collect();
        let on_file = counting().any(|p| p.on_file);
        match (fields.len(), on_file) {
            (0, _) => Level::None,
            (1, true) => Level::Reasonable,
            (_, false) => Level::Light,
            (_, true) => Level::High,
        }
    }

    pub(super) fn record(&mut self, proof: Proof) {
        self.proofs.insert(proof);
    }

    pub(super) fn propose(&mut self, by: OfficerId, reason: Digest) {
        self.exception = Some(Override { proposed_by: by, reason, confirmed_by: None });
    }

    /// Confirms a proposed override; false when there is none, or the same person proposed it.
    pub(super) fn confirm(&mut self, by: &OfficerId) -> bool {
        match &mut self.exception {
            Some(o) if o.proposed_by != *by && o.confirmed_by.is_none() => {
                o.confirmed_by = Some(by.clone());
                true
            }
            _ => false,
        }
    }
}

/// Whether `actor` is the officer `id`.
pub(super) fn is_officer(actor: &Actor, id: &OfficerId) -> bool {
    actor.officer() == Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::word;

    fn proof(field: &str, on_file: bool) -> Proof {
        let at = "2026-03-05T09:00:00Z".parse().unwrap();
        Proof { method: Method::Code, field: word(field), on_file, at }
    }

    #[test]
    fn levels_count_independent_proofs_and_channels_on_file() {
        let none = BTreeSet::new();
        let table: [(&[(&str, bool)], Level); 6] = [
            (&[], Level::None),
            (&[("email", false)], Level::Light),
            (&[("email", false), ("phone", false)], Level::Light),
            (&[("email", true)], Level::Reasonable),
            (&[("email", true), ("email", false)], Level::Reasonable),
            (&[("email", true), ("phone", false)], Level::High),
        ];
        for (proofs, expected) in table {
            let mut identity = Identity::default();
            proofs.iter().for_each(|(f, on)| identity.record(proof(f, *on)));
            assert_eq!(identity.level(&none), expected, "{proofs:?}");
        }
    }

    #[test]
    fn the_contested_field_proves_nothing() {
        let mut identity = Identity::default();
        identity.record(proof("email", true));
        identity.record(proof("phone", true));
        assert_eq!(identity.level(&BTreeSet::from([word("email")])), Level::Reasonable);
    }

    #[test]
    fn one_person_cannot_override() {
        let mut identity = Identity::default();
        let (a, b): (OfficerId, OfficerId) = ("a".parse().unwrap(), "b".parse().unwrap());
        assert!(!identity.confirm(&b));
        identity.propose(a.clone(), Digest::of(b"reason"));
        assert!(!identity.confirm(&a) && !identity.is_overridden());
        assert!(identity.confirm(&b) && identity.is_overridden());
    }
}
