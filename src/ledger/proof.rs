//! One file that proves one entry: its place, the path to the root, and the signed checkpoint (c2sp.org/tlog-proof).
//!
//! Somebody who holds the entry, this file and the pinned key needs nothing else, and no network.

use super::Error;
use super::checkpoint::{Checkpoint, Pin};
use super::tree::{leaf_hash, verify_inclusion};
use crate::crypto::hash::Digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::fmt::Write as _;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// A tree of 2^64 entries has no longer path.
const LONGEST_PATH: usize = 64;

/// The text of the proof that entry `index` is under the signed checkpoint `note`.
pub fn text(index: u64, path: &[Digest], note: &str) -> String {
    let mut text = format!("{FIRST_LINE}\nindex {index}\n");
    for hash in path {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", STANDARD.encode(hash.bytes()));
    }
    text.push('\n');
    text.push_str(note);
    text
}

/// Checks that `entry` is in the pinned log, by `proof`; gives its position and the checkpoint it was proven under.
pub fn verify(pin: &Pin, entry: &[u8], proof: &str) -> Result<(u64, Checkpoint), Error> {
    const MALFORMED: Error = Error::Note("it is not a c2sp.org/tlog-proof@v1");
    let (head, note) = proof.split_once("\n\n").ok_or(MALFORMED)?;
    let mut lines = head.lines();
    if lines.next() != Some(FIRST_LINE) {
        return Err(MALFORMED);
    }
    let mut lines = lines.skip_while(|l| l.starts_with("extra "));
    let index: u64 =
        lines.next().and_then(|l| l.strip_prefix("index ")).and_then(|n| n.parse().ok()).ok_or(MALFORMED)?;
    let mut path = Vec::new();
    for line in lines.take(LONGEST_PATH + 1) {
        let bytes = STANDARD.decode(line).ok().and_then(|b| <[u8; 32]>::try_from(b).ok()).ok_or(MALFORMED)?;
        path.push(Digest::from_bytes(bytes));
    }
    let checkpoint = pin.open(note)?;
    verify_inclusion(&leaf_hash(entry), index, &path, checkpoint.head.size, &checkpoint.head.root)?;
    Ok((index, checkpoint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::checkpoint::issue;
    use crate::ledger::note::Signer;
    use crate::ledger::tree::{Head, inclusion, root};

    #[test]
    fn a_proof_holds_for_its_entry_alone_and_no_changed_byte_of_it_passes() {
        let entries: Vec<Vec<u8>> = (0..11_u8).map(|i| vec![i; 9]).collect();
        let leaves: Vec<Digest> = entries.iter().map(|e| leaf_hash(e)).collect();
        let signer = Signer::from_seed("habeas.test/acme", [7; 32]).unwrap();
        let pin = Pin { origin: "habeas.test/acme".into(), key: signer.verifier() };
        let checkpoint = Checkpoint { origin: pin.origin.clone(), head: Head { size: 11, root: root(&leaves) } };
        let note = issue(&signer, None, &checkpoint, &[]).unwrap();
        let proof = text(6, &inclusion(&leaves, 6).unwrap(), &note);
        assert_eq!(verify(&pin, &entries[6], &proof).unwrap(), (6, checkpoint));
        assert!(verify(&pin, &entries[5], &proof).is_err());
        for at in 0..proof.len() {
            let mut bytes = proof.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(verify(&pin, &entries[6], &changed).is_err(), "byte {at}");
            }
        }
    }
}
