//! `habeas ledger verify` and `prove` over an exported log on disk.

use super::habeas;
use habeas::authority::Actor;
use habeas::clock::Timestamp;
use habeas::ledger::checkpoint::{Checkpoint, Pin, issue};
use habeas::ledger::entry::{Entry, word};
use habeas::ledger::note::Signer;
use habeas::ledger::tiles;
use habeas::ledger::tree::{Head, leaf_hash, root};
use habeas::ledger::verify::verify;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn signer() -> Signer {
    Signer::from_seed("habeas.test/acme", [7; 32]).unwrap()
}

fn entries(n: u32) -> Vec<Vec<u8>> {
    let entry = |i: u32| Entry {
        action: word("request.received"),
        actor: Actor::System,
        at: Timestamp::from_millis(1_800_000_000_000 + i64::from(i)).unwrap(),
        facts: BTreeMap::new(),
        object: word(&format!("request/{i}")),
        organisation: "acme".parse().unwrap(),
    };
    (0..n).map(|i| entry(i).canonical().unwrap()).collect()
}

fn export(dir: &Path, entries: &[Vec<u8>]) {
    let leaves: Vec<_> = entries.iter().map(|e| leaf_hash(e)).collect();
    for (path, bytes) in tiles::files(entries, &leaves).unwrap() {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let head = Head { size: leaves.len() as u64, root: root(&leaves) };
    let note = issue(&signer(), None, &Checkpoint { origin: "habeas.test/acme".into(), head }, &[]).unwrap();
    fs::write(dir.join("checkpoint"), note).unwrap();
}

/// An exported log of `n` entries in `dir`; the public key of its checkpoint.
pub fn exported(dir: &Path, n: u32) -> String {
    export(dir, &entries(n));
    signer().verifier().to_string()
}

#[test]
fn an_exported_log_verifies_and_an_edit_before_a_held_checkpoint_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let (log, held) = (dir.path().join("log"), dir.path().join("held"));
    fs::create_dir_all(&log).unwrap();
    let key = signer().verifier().to_string();
    let (log_arg, held_arg) = (log.to_str().unwrap(), held.to_str().unwrap());

    export(&log, &entries(300));
    fs::copy(log.join("checkpoint"), &held).unwrap();
    export(&log, &entries(700));
    let good = habeas(&["ledger", "verify", log_arg, "--key", &key, "--held", held_arg, "--json"]);
    assert_eq!(good.status.code(), Some(0), "{good:?}");
    let outcome: serde_json::Value = serde_json::from_slice(&good.stdout).unwrap();
    assert_eq!(outcome["proven"], 700);

    // The host's administrator rewrites entry 41 and signs anew: only the held checkpoint tells.
    let mut edited = entries(700);
    edited.remove(41);
    export(&log, &edited);
    assert_eq!(habeas(&["ledger", "verify", log_arg, "--key", &key]).status.code(), Some(0));
    let bad = habeas(&["ledger", "verify", log_arg, "--key", &key, "--held", held_arg]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(String::from_utf8(bad.stdout).unwrap().contains("does NOT hold"));
}

#[test]
fn one_entry_is_proven_offline() {
    let dir = tempfile::tempdir().unwrap();
    let all = entries(300);
    export(dir.path(), &all);
    let key = dir.path().join("key");
    fs::write(&key, format!("{}\n", signer().verifier())).unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();

    let proof = habeas(&["ledger", "prove", &path(""), "--entry", "123"]);
    fs::write(path("proof"), &proof.stdout).unwrap();
    fs::write(path("entry"), &all[123]).unwrap();
    let args = |entry: &str| {
        habeas(&["ledger", "verify", "--proof", &path("proof"), "--entry", &path(entry), "--key", &path("key")])
    };
    assert_eq!(args("entry").status.code(), Some(0));
    fs::write(path("other"), &all[124]).unwrap();
    assert_eq!(args("other").status.code(), Some(1));
    assert_eq!(habeas(&["ledger", "prove", &path(""), "--entry", "300"]).status.code(), Some(2));
    assert_eq!(habeas(&["ledger", "verify", &path("nowhere"), "--key", &path("key")]).status.code(), Some(3));
}

/// An export in memory: its files by path, the checkpoint among them.
type Export = BTreeMap<String, Vec<u8>>;

fn in_memory(n: u32) -> Export {
    let entries = entries(n);
    let leaves: Vec<_> = entries.iter().map(|e| leaf_hash(e)).collect();
    let mut files: Export = tiles::files(&entries, &leaves).unwrap().into_iter().collect();
    let head = Head { size: leaves.len() as u64, root: root(&leaves) };
    let note = issue(&signer(), None, &Checkpoint { origin: "habeas.test/acme".into(), head }, &[]).unwrap();
    files.insert("checkpoint".to_owned(), note.into_bytes());
    files
}

/// What `habeas ledger verify` decides, without the file system.
fn holds(files: &Export, held: &str) -> bool {
    let read = |path: &str| files.get(path).cloned();
    let Some(note) = read("checkpoint").and_then(|n| String::from_utf8(n).ok()) else { return false };
    let Ok(checkpoint) = Checkpoint::parse(&note) else { return false };
    let Ok(entries) = tiles::entries(checkpoint.head.size, read) else { return false };
    let pin = Pin { origin: "habeas.test/acme".into(), key: signer().verifier() };
    let leaves: Vec<_> = entries.iter().map(|e| leaf_hash(e)).collect();
    verify(&pin, &entries, &[note, held.to_owned()]).holds() && tiles::check_hash_tiles(&leaves, read).is_ok()
}

/// A small generator, so that a failing edit can be made again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n as u64).unwrap()
    }
}

/// Edits `files` at random: a bit, a file cut short, gone, or exchanged with another, an older copy, or two rows.
fn edit(files: &mut Export, dice: &mut Dice, n: u32) {
    let names: Vec<String> = files.keys().cloned().collect();
    let (one, other) = (&names[dice.below(names.len())], &names[dice.below(names.len())]);
    match dice.below(6) {
        0 => {
            let file = files.get_mut(one).unwrap();
            let bit = dice.below(file.len() * 8);
            file[bit / 8] ^= 1 << (bit % 8);
        }
        1 => {
            let keep = dice.below(files[one].len());
            files.get_mut(one).unwrap().truncate(keep);
        }
        2 => drop(files.remove(one)),
        3 => {
            let (a, b) = (files[one].clone(), files[other].clone());
            files.insert(one.clone(), b);
            files.insert(other.clone(), a);
        }
        4 => *files = in_memory(1 + u32::try_from(dice.below(n as usize - 1)).unwrap()),
        _ => {
            let mut rows = entries(n);
            let (a, b) = (dice.below(rows.len()), dice.below(rows.len()));
            rows.swap(a, b);
            let leaves: Vec<_> = rows.iter().map(|e| leaf_hash(e)).collect();
            files.extend(tiles::files(&rows, &leaves).unwrap());
        }
    }
}

#[test]
fn ten_thousand_random_edits_of_an_exported_log_are_all_found() {
    // Small logs many times, and one with a full bundle and a second level a few hundred times.
    for (n, edits) in [(12, 9_700), (300, 300)] {
        let honest = in_memory(n);
        let held = String::from_utf8(honest["checkpoint"].clone()).unwrap();
        assert!(holds(&honest, &held));
        let (mut dice, mut tried, mut unnoticed) = (Dice(u64::from(n)), 0, Vec::new());
        while tried < edits {
            let mut files = honest.clone();
            edit(&mut files, &mut dice, n);
            if files == honest {
                continue;
            }
            tried += 1;
            if holds(&files, &held) {
                unnoticed.push(tried);
            }
        }
        println!(
            "export of {n}: {} of {tried} random edits found by the holder of one checkpoint",
            tried - unnoticed.len()
        );
        assert!(unnoticed.is_empty(), "{unnoticed:?}");
    }
}
