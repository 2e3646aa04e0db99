//! The offline verifier: given the entries somebody hands over and checkpoints somebody else kept, says whether they agree.
//!
//! It treats the log as hostile and trusts only its pin. What lies behind the newest checkpoint is not yet proven by
//! anything, and is reported as such, never as verified.

use super::Error;
use super::checkpoint::{Checkpoint, Pin};
use super::entry::Entry;
use super::tree::{Head, leaf_hash, root};
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use chrono::TimeDelta;
use serde::Serialize;

/// What the verifier saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Entries handed over.
    pub entries: u64,
    /// Entries proven by the newest checkpoint that agrees.
    pub proven: u64,
    /// What does not hold; empty when everything does.
    pub problems: Vec<String>,
}

impl Outcome {
    /// Whether all that is proven holds: no problem, and at least one checkpoint to prove it.
    pub fn holds(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Verifies `entries` (canonical bytes, in order) against `notes`, signed checkpoints of any age, at least one.
pub fn verify(pin: &Pin, entries: &[Vec<u8>], notes: &[String]) -> Outcome {
    let mut problems = Vec::new();
    let leaves: Vec<Digest> = entries.iter().map(|e| leaf_hash(e)).collect();
    let mut proven = 0;
    if notes.is_empty() {
        problems.push("no signed checkpoint is at hand; nothing can be proven".to_owned());
    }
    for note in notes {
        match pin.open(note).and_then(|c| check_head(&leaves, &c)) {
            Ok(size) => proven = proven.max(size),
            Err(e) => problems.push(e.to_string()),
        }
    }
    check_entries(pin, entries, &mut problems);
    Outcome { entries: entries.len() as u64, proven, problems }
}

fn check_head(leaves: &[Digest], checkpoint: &Checkpoint) -> Result<u64, Error> {
    let Head { size, root: expected } = checkpoint.head;
    let before = usize::try_from(size).ok().and_then(|n| leaves.get(..n));
    let before = before.ok_or(Error::Range { asked: size, size: leaves.len() as u64 })?;
    if root(before) == expected { Ok(size) } else { Err(Error::Proof { kind: "inclusion", size }) }
}

/// Writers may stamp their entries in another order than they commit, but not by more than this.
const OUT_OF_ORDER_SECONDS: i64 = 5;

/// Entries are well formed, of one organisation (the last part of the origin), and do not go back in time.
fn check_entries(pin: &Pin, entries: &[Vec<u8>], problems: &mut Vec<String>) {
    let mut last: Option<Timestamp> = None;
    let tolerance = TimeDelta::try_seconds(OUT_OF_ORDER_SECONDS).unwrap_or_default();
    for (seq, bytes) in (0_u64..).zip(entries) {
        match Entry::parse(seq, bytes) {
            Ok(entry) => {
                if last.is_some_and(|at| entry.at.plus(tolerance).is_none_or(|e| e < at)) {
                    problems.push(format!("entry {seq} is dated {} before the one above it", entry.at));
                }
                if pin.origin.rsplit('/').next() != Some(entry.organisation.as_str()) {
                    problems.push(format!("entry {seq} is of another organisation, `{}`", entry.organisation));
                }
                last = last.max(Some(entry.at));
            }
            Err(e) => problems.push(e.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Actor;
    use crate::ledger::checkpoint::issue;
    use crate::ledger::entry::word;
    use crate::ledger::note::Signer;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn entries(n: i64) -> Vec<Vec<u8>> {
        (0..n)
            .map(|i| Entry {
                action: word("request.received"),
                actor: Actor::System,
                at: Timestamp::from_millis(1_800_000_000_000 + i * 10_000).unwrap(),
                facts: BTreeMap::new(),
                object: word(&format!("request/{i}")),
                organisation: "acme".parse().unwrap(),
            })
            .map(|e| e.canonical().unwrap())
            .collect()
    }

    fn signer() -> Signer {
        Signer::from_seed("habeas.test/acme", [7; 32]).unwrap()
    }

    fn pin() -> Pin {
        Pin { origin: "habeas.test/acme".into(), key: signer().verifier() }
    }

    fn note(entries: &[Vec<u8>]) -> String {
        let leaves: Vec<Digest> = entries.iter().map(|e| leaf_hash(e)).collect();
        let head = Head { size: leaves.len() as u64, root: root(&leaves) };
        issue(&signer(), None, &Checkpoint { origin: pin().origin, head }, &[]).unwrap()
    }

    #[test]
    fn an_honest_log_holds_and_says_how_far_it_is_proven() {
        let all = entries(20);
        let outcome = verify(&pin(), &all, &[note(&all[..7]), note(&all[..12])]);
        assert_eq!(outcome, Outcome { entries: 20, proven: 12, problems: vec![] });
        assert!(!verify(&pin(), &all, &[]).holds());
    }

    #[test]
    fn a_second_log_of_the_same_key_and_a_clock_set_back_are_found() {
        let mut all = entries(9);
        let elsewhere = Pin { origin: "habeas.test/other".into(), ..pin() };
        assert!(!verify(&elsewhere, &all, &[note(&all)]).holds());
        all.swap(3, 4);
        let outcome = verify(&pin(), &all, &[note(&all)]);
        assert!(outcome.problems[0].contains("before the one above"), "{outcome:?}");
    }

    proptest! {
        #[test]
        fn any_edit_is_found_by_whoever_holds_one_later_checkpoint(
            n in 2_i64..40, at in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(),
            byte in any::<prop::sample::Index>(), bit in 0..8_u8, kind in 0..5
        ) {
            let honest = entries(n);
            let held = note(&honest);
            let mut edited = honest.clone();
            let at = at.index(honest.len());
            match kind {
                0 => { let i = byte.index(edited[at].len()); edited[at][i] ^= 1 << bit; }
                1 => { edited.remove(at); }
                2 => edited.swap(at, to.index(honest.len())),
                3 => edited.truncate(at),
                _ => edited.insert(at, honest[to.index(honest.len())].clone()),
            }
            // What comes after the checkpoint is not proven by it, only what lies before.
            prop_assume!(edited.get(..honest.len()) != Some(&honest));
            prop_assert!(!verify(&pin(), &edited, &[held]).holds());
        }
    }
}
