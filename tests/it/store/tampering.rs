//! Whoever edits the database's file behind the program's back is found by somebody with one later checkpoint.

use super::*;
use habeas::flows::open_request::open_request;
use habeas::ledger::checkpoint::Pin;
use habeas::ledger::note::Signer;
use habeas::ledger::verify::verify;
use habeas::store;

on_both! {
    the_database_itself_refuses_to_change_the_ledger_or_to_skip_verification;
    a_ledger_that_disagrees_with_itself_does_not_start;
    a_clock_before_the_last_entry_and_an_open_key_file_do_not_start;
    a_tree_rewritten_by_the_host_is_not_signed;
    ten_thousand_random_edits_of_a_copied_database_are_all_found;
}

fn signer() -> Signer {
    Signer::from_seed("habeas.test/acme", [7; 32]).unwrap()
}

fn pin() -> Pin {
    Pin { origin: "habeas.test/acme".into(), key: signer().verifier() }
}

fn filled(place: &Place, requests: usize) -> (Store, String) {
    let store = place.open();
    for i in 0..requests {
        open_request(&store, &BOOK, &clerk("acme"), letter(&format!("k{i}")), at(NOW)).unwrap();
    }
    let note = store.checkpoint(&system(), &signer(), at(NOW)).unwrap();
    (store, note)
}

fn the_database_itself_refuses_to_change_the_ledger_or_to_skip_verification(place: &Place) {
    let (_store, _) = filled(place, 2);
    let mut raw = place.raw();
    let zero = raw.bytes(b"\0");
    for sql in [
        &format!("UPDATE ledger_entries SET entry = {zero} WHERE seq = 0"),
        "DELETE FROM ledger_entries WHERE seq = 0",
        "DELETE FROM ledger_checkpoints",
        "UPDATE claims SET stage = 'approved'",
        "UPDATE requests SET closed = (1 = 1)",
        "UPDATE requests SET queue = NULL",
    ] {
        assert!(raw.run(sql).is_err(), "{sql}");
    }
}

fn a_ledger_that_disagrees_with_itself_does_not_start(place: &Place) {
    let (store, _) = filled(place, 3);
    drop(store);
    let mut raw = place.raw();
    raw.unlock_ledger();
    let forged = raw.bytes(b"{}");
    raw.run(&format!("UPDATE ledger_entries SET entry = {forged} WHERE seq = 1")).unwrap();
    raw.lock_ledger();
    let refused = Store::open(&place.settings(), at(NOW)).err().unwrap();
    assert!(refused.to_string().contains("does not agree with itself"), "{refused}");
}

fn a_clock_before_the_last_entry_and_an_open_key_file_do_not_start(place: &Place) {
    drop(filled(place, 1));
    let early = Store::open(&place.settings(), at("2026-03-05T09:00:00Z")).err().unwrap();
    assert!(early.to_string().contains("clock"), "{early}");
    use std::os::unix::fs::PermissionsExt;
    let key = place.settings().master_key;
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = Store::open(&place.settings(), at(NOW)).err().unwrap();
    assert!(open.to_string().contains("chmod 0400"), "{open}");
}

fn a_tree_rewritten_by_the_host_is_not_signed(place: &Place) {
    let (store, _) = filled(place, 3);
    let mut raw = place.raw();
    raw.unlock_ledger();
    let forged = raw.bytes(b"{}");
    raw.run(&format!("UPDATE ledger_entries SET entry = {forged} WHERE seq = 1")).unwrap();
    let refused = store.checkpoint(&system(), &signer(), at(NOW)).err().unwrap();
    assert!(matches!(refused, store::Error::Ledger(habeas::ledger::Error::Inconsistent { .. })), "{refused}");
}

/// A small generator, so that a failing edit can be made again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n as u64).unwrap()
    }
}

fn ten_thousand_random_edits_of_a_copied_database_are_all_found(place: &Place) {
    let (store, held) = filled(place, 30);
    let honest = store.read(&system(), |r| r.entries()).unwrap();
    assert!(verify(&pin(), &honest, std::slice::from_ref(&held)).holds());
    drop(store);
    let mut raw = place.raw();
    raw.unlock_ledger();
    let (mut dice, mut found, mut tried) = (Dice(2026), 0, 0);
    while tried < 10_000 {
        let (at, other) = (dice.below(honest.len()), dice.below(honest.len()));
        let mut changed = honest[at].clone();
        let bit = dice.below(changed.len() * 8);
        changed[bit / 8] ^= 1 << (bit % 8);
        let edit = match dice.below(5) {
            0 => format!("UPDATE ledger_entries SET entry = {} WHERE seq = {at}", raw.bytes(&changed)),
            1 => format!("DELETE FROM ledger_entries WHERE seq = {at}"),
            2 if at != other => format!(
                "UPDATE ledger_entries SET entry = CASE seq WHEN {at} THEN (SELECT entry FROM ledger_entries WHERE seq = {other}) ELSE (SELECT entry FROM ledger_entries WHERE seq = {at}) END WHERE seq IN ({at}, {other})"
            ),
            3 => format!("DELETE FROM ledger_entries WHERE seq >= {at}"),
            _ => format!(
                "UPDATE ledger_entries SET seq = seq + 1000 WHERE seq >= {at}; INSERT INTO ledger_entries SELECT organisation, {at}, entry FROM ledger_entries WHERE seq = {other}"
            ),
        };
        raw.run(&format!("BEGIN; {edit}")).unwrap();
        let edited = raw.entries();
        if edited.get(..honest.len()) != Some(&honest) {
            tried += 1;
            found += usize::from(!verify(&pin(), &edited, std::slice::from_ref(&held)).holds());
        }
        raw.run("ROLLBACK").unwrap();
    }
    println!("tampering, {}: {found} of {tried} random edits found by the holder of one checkpoint", place.name());
    assert_eq!(found, tried);
    assert_eq!(raw.entries(), honest);
}
