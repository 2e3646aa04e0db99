//! Whoever edits the database's file behind the program's back is found by somebody with one later checkpoint.

use super::*;
use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use habeas::flows::open_request::open_request;
use habeas::ledger::checkpoint::Pin;
use habeas::ledger::note::Signer;
use habeas::ledger::verify::verify;
use habeas::store;

fn signer() -> Signer {
    Signer::from_seed("habeas.test/acme", [7; 32]).unwrap()
}

fn pin() -> Pin {
    Pin { origin: "habeas.test/acme".into(), key: signer().verifier() }
}

fn raw(dir: &Path) -> SqliteConnection {
    let mut raw = SqliteConnection::establish(&dir.join("habeas.db").to_string_lossy()).unwrap();
    // A store that was just dropped may still be closing its own connection.
    raw.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
    raw
}

fn filled(dir: &Path, requests: usize) -> (Store, String) {
    let store = open_store(dir);
    for i in 0..requests {
        open_request(&store, &BOOK, &clerk("acme"), letter(&format!("k{i}")), at(NOW)).unwrap();
    }
    let note = store.checkpoint(&system(), &signer(), at(NOW)).unwrap();
    (store, note)
}

#[test]
fn the_database_itself_refuses_to_change_the_ledger_or_to_skip_verification() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, _) = filled(dir.path(), 2);
    let mut raw = raw(dir.path());
    for sql in [
        "UPDATE ledger_entries SET entry = x'00' WHERE seq = 0",
        "DELETE FROM ledger_entries WHERE seq = 0",
        "DELETE FROM ledger_checkpoints",
        "UPDATE claims SET stage = 'approved'",
        "UPDATE requests SET closed = 1",
        "UPDATE requests SET queue = NULL",
    ] {
        assert!(raw.batch_execute(sql).is_err(), "{sql}");
    }
}

#[test]
fn a_ledger_that_disagrees_with_itself_does_not_start() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = filled(dir.path(), 3);
    drop(store);
    let mut raw = raw(dir.path());
    let drop_trigger =
        "DROP TRIGGER ledger_entries_keep_update; UPDATE ledger_entries SET entry = x'7b7d' WHERE seq = 1";
    raw.batch_execute(drop_trigger).unwrap();
    let refused = Store::open(&settings(dir.path()), at(NOW)).err().unwrap();
    assert!(refused.to_string().contains("does not agree with itself"), "{refused}");
}

#[test]
fn a_clock_before_the_last_entry_and_an_open_key_file_do_not_start() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 1));
    let early = Store::open(&settings(dir.path()), at("2026-03-05T09:00:00Z")).err().unwrap();
    assert!(early.to_string().contains("clock"), "{early}");
    let key = settings(dir.path()).master_key;
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = Store::open(&settings(dir.path()), at(NOW)).err().unwrap();
    assert!(open.to_string().contains("chmod 0400"), "{open}");
}

#[test]
fn a_tree_rewritten_by_the_host_is_not_signed() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = filled(dir.path(), 3);
    let mut raw = raw(dir.path());
    raw.batch_execute(
        "DROP TRIGGER ledger_entries_keep_update; UPDATE ledger_entries SET entry = x'7b7d' WHERE seq = 1",
    )
    .unwrap();
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

#[derive(diesel::QueryableByName)]
struct Blob {
    #[diesel(sql_type = diesel::sql_types::Binary)]
    entry: Vec<u8>,
}

fn read_raw(raw: &mut SqliteConnection) -> Vec<Vec<u8>> {
    let rows: Vec<Blob> = diesel::sql_query("SELECT entry FROM ledger_entries ORDER BY seq").load(raw).unwrap();
    rows.into_iter().map(|r| r.entry).collect()
}

#[test]
fn ten_thousand_random_edits_of_a_copied_database_are_all_found() {
    let dir = tempfile::tempdir().unwrap();
    let (store, held) = filled(dir.path(), 30);
    let honest = store.read(&system(), |r| r.entries()).unwrap();
    assert!(verify(&pin(), &honest, std::slice::from_ref(&held)).holds());
    drop(store);
    let mut raw = raw(dir.path());
    raw.batch_execute(
        "DROP TRIGGER ledger_entries_keep_update; DROP TRIGGER ledger_entries_keep_delete; PRAGMA synchronous=OFF;",
    )
    .unwrap();
    let (mut dice, mut found, mut tried) = (Dice(2026), 0, 0);
    while tried < 10_000 {
        let (at, other) = (dice.below(honest.len()), dice.below(honest.len()));
        let mut changed = honest[at].clone();
        let bit = dice.below(changed.len() * 8);
        changed[bit / 8] ^= 1 << (bit % 8);
        let edit = match dice.below(5) {
            0 => format!("UPDATE ledger_entries SET entry = x'{}' WHERE seq = {at}", hex::encode(&changed)),
            1 => format!("DELETE FROM ledger_entries WHERE seq = {at}"),
            2 if at != other => format!(
                "UPDATE ledger_entries SET entry = CASE seq WHEN {at} THEN (SELECT entry FROM ledger_entries WHERE seq = {other}) ELSE (SELECT entry FROM ledger_entries WHERE seq = {at}) END WHERE seq IN ({at}, {other})"
            ),
            3 => format!("DELETE FROM ledger_entries WHERE seq >= {at}"),
            _ => format!(
                "UPDATE ledger_entries SET seq = seq + 1000 WHERE seq >= {at}; INSERT INTO ledger_entries SELECT organisation, {at}, entry FROM ledger_entries WHERE seq = {other}"
            ),
        };
        raw.batch_execute(&format!("BEGIN; {edit}")).unwrap();
        let edited = read_raw(&mut raw);
        if edited.get(..honest.len()) != Some(&honest) {
            tried += 1;
            found += usize::from(!verify(&pin(), &edited, std::slice::from_ref(&held)).holds());
        }
        raw.batch_execute("ROLLBACK").unwrap();
    }
    println!("tampering: {found} of {tried} random edits found by the holder of one checkpoint");
    assert_eq!(found, tried);
    assert_eq!(read_raw(&mut raw), honest);
}
