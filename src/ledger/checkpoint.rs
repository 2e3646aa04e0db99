//! Checkpoints (c2sp.org/tlog-checkpoint): the size and root of a log, signed, so that a holder can catch any later edit.
//!
//! The origin is pinned on both sides. A checkpoint that does not continue the last one is never signed: two checkpoints of
//! one log that contradict each other are proof of cheating that anybody can show.

use super::Error;
use super::note::{Signer, Verifier};
use super::tree::{Head, verify_consistency};
use crate::crypto::hash::Digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The size and root of the log `origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log, one per organisation and installation.
    pub origin: String,
    /// Size and root.
    pub head: Head,
}

impl Checkpoint {
    /// The text that is signed: origin, size, root in base64, one a line.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.head.size, STANDARD.encode(self.head.root.bytes()))
    }

    /// Reads the text of a checkpoint; extension lines are allowed and ignored.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(Error::Checkpoint("it has fewer than three lines"));
        };
        if origin.is_empty() {
            return Err(Error::Checkpoint("its origin is empty"));
        }
        // A size has one spelling: no sign, no leading zero.
        let size_entries: u64 = size.parse().map_err(|_| Error::Checkpoint("its size is not a number"))?;
        if size_entries.to_string() != size {
            return Err(Error::Checkpoint("its size is not written plainly"));
        }
        let bytes = STANDARD.decode(root).map_err(|_| Error::Checkpoint("its root is not base64"))?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| Error::Checkpoint("its root has not 32 bytes"))?;
        let head = Head { size: size_entries, root: Digest::from_bytes(bytes) };
        Ok(Self { origin: origin.to_owned(), head })
    }
}

/// A verifier's pin: which log, and whose key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The origin that every checkpoint must name.
    pub origin: String,
    /// The key that must have signed.
    pub key: Verifier,
}

impl Pin {
    /// The checkpoint in a signed note, once key and origin are the pinned ones.
    pub fn open(&self, note: &str) -> Result<Checkpoint, Error> {
        let checkpoint = Checkpoint::parse(self.key.open(note)?)?;
        if checkpoint.origin == self.origin {
            Ok(checkpoint)
        } else {
            Err(Error::Origin { pinned: self.origin.clone(), found: checkpoint.origin })
        }
    }
}

/// Signs the log's next checkpoint after `last`, with `proof` that the tree continues it.
///
/// INVARIANT (I15): every pair of checkpoints signed by one key is consistent. The same size again is fine with the same
/// root; a smaller tree, another origin or a proof that fails is never signed.
pub fn issue(signer: &Signer, last: Option<&Checkpoint>, next: &Checkpoint, proof: &[Digest]) -> Result<String, Error> {
    if let Some(last) = last {
        if last.origin != next.origin {
            return Err(Error::Origin { pinned: last.origin.clone(), found: next.origin.clone() });
        }
        verify_consistency(&last.head, &next.head, proof)
            .map_err(|_| Error::Inconsistent { last: last.head.size, next: next.head.size })?;
    }
    signer.sign(&next.text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tree::{consistency, leaf_hash, root};

    fn leaves(n: u8) -> Vec<Digest> {
        (0..n).map(|i| leaf_hash(&[i])).collect()
    }

    fn checkpoint(leaves: &[Digest]) -> Checkpoint {
        Checkpoint { origin: "habeas.test/acme".into(), head: Head { size: leaves.len() as u64, root: root(leaves) } }
    }

    fn signer() -> Signer {
        Signer::from_seed("habeas.test/acme", [7; 32]).unwrap()
    }

    #[test]
    fn what_is_signed_opens_only_under_its_own_pin() {
        let note = issue(&signer(), None, &checkpoint(&leaves(5)), &[]).unwrap();
        let pin = Pin { origin: "habeas.test/acme".into(), key: signer().verifier() };
        assert_eq!(pin.open(&note).unwrap(), checkpoint(&leaves(5)));
        let other_origin = Pin { origin: "habeas.test/other".into(), ..pin.clone() };
        assert!(matches!(other_origin.open(&note), Err(Error::Origin { .. })));
        let other_key = Signer::from_seed("habeas.test/acme", [8; 32]).unwrap().verifier();
        assert!(matches!(Pin { key: other_key, ..pin }.open(&note), Err(Error::Signature(_))));
    }

    #[test]
    fn a_tree_that_does_not_continue_the_last_checkpoint_is_not_signed() {
        let (five, mut eight) = (leaves(5), leaves(8));
        let last = checkpoint(&five);
        let proof = consistency(&eight, 5).unwrap();
        issue(&signer(), Some(&last), &checkpoint(&eight), &proof).unwrap();
        issue(&signer(), Some(&last), &last, &[]).unwrap();
        let shrunk = issue(&signer(), Some(&checkpoint(&eight)), &last, &proof);
        assert_eq!(shrunk, Err(Error::Inconsistent { last: 8, next: 5 }));
        eight[2] = leaf_hash(b"rewritten");
        let rewritten = issue(&signer(), Some(&last), &checkpoint(&eight), &consistency(&eight, 5).unwrap());
        assert_eq!(rewritten, Err(Error::Inconsistent { last: 5, next: 8 }));
    }

    #[test]
    fn malformed_checkpoints_are_refused() {
        let good = checkpoint(&leaves(3)).text();
        assert_eq!(Checkpoint::parse(&format!("{good}extension\n")).unwrap(), checkpoint(&leaves(3)));
        for bad in ["", "a\n1\n", "\n1\nAAAA\n", &good.replace("\n3\n", "\n03\n"), &good.replace("\n3\n", "\n+3\n")] {
            assert!(Checkpoint::parse(bad).is_err(), "{bad}");
        }
    }
}
