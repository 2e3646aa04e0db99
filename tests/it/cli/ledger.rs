//! `habeas ledger verify` and `prove` over an exported log on disk.

use super::habeas;
use habeas::authority::Actor;
use habeas::clock::Timestamp;
use habeas::ledger::checkpoint::{Checkpoint, issue};
use habeas::ledger::entry::{Entry, word};
use habeas::ledger::note::Signer;
use habeas::ledger::tiles;
use habeas::ledger::tree::{Head, leaf_hash, root};
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
