//! The rights audited over our own record: what the ledger tells, and what a ledger that does not hold does.

use crate::store::{BOOK, NOW, asked, at, clerk, dpo, letter, open_store, system};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use habeas::crypto::hash::Digest;
use habeas::evidence::Kinds;
use habeas::findings::Verdict;
use habeas::flows::open_request::open_request;
use habeas::flows::run_audit::{Audited, OwnStore, Request, run_audit};
use habeas::flows::step_request::step_request;
use habeas::ids::RequestId;
use habeas::ledger::checkpoint::Pin;
use habeas::ledger::entry::word;
use habeas::ledger::note::Signer;
use habeas::requests::command::{Act, ClaimAct, Letter, Witness};
use habeas::requests::identity::{Method, Proof};
use habeas::requests::record;
use habeas::requests::right::Right;
use habeas::store::{Store, read_archive};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Who signs the checkpoints.
pub fn signer() -> Signer {
    Signer::from_seed("habeas.test/acme", [7; 32]).unwrap()
}

fn own(dir: &Path, held: Vec<String>) -> OwnStore {
    let pin = Pin { origin: "habeas.test/acme".into(), key: signer().verifier() };
    let (database, organisation) = (dir.join("habeas.db").into(), "acme".parse().unwrap());
    OwnStore { database, organisation, pin: Some(pin), held, now: at("2026-05-20T10:00:00Z") }
}

fn audit(dir: &Path, held: Vec<String>) -> Audited {
    run_audit(&Request { requests: Some(own(dir, held)), ..Request::default() }, &mut |_| {}).unwrap()
}

fn verdict(audited: &Audited, control: &str) -> Verdict {
    audited.report.controls.iter().find(|c| c.id == control).unwrap().verdict
}

fn findings(audited: &Audited, control: &str) -> BTreeSet<String> {
    audited.report.findings.iter().filter(|f| f.control == control).map(|f| f.place.stable_key()).collect()
}

fn ask(store: &Store, key: &str, right: Right, (regime, place): (&str, &str), when: &str) -> RequestId {
    let mut intake = letter(key);
    intake.asked = vec![asked(right, regime, place)];
    open_request(store, &BOOK, &clerk("acme"), intake, at(when)).unwrap().id
}

fn act(store: &Store, id: &RequestId, act: ClaimAct, when: &str) {
    step_request(store, &BOOK, id, (Act::Claim(0, act), None), at(when)).unwrap();
}

fn sent(store: &Store, id: &RequestId, letter: Letter, when: &str) {
    act(store, id, ClaimAct::LetterSent(system(), letter, at(when)), when);
}

fn told(store: &Store, id: &RequestId, when: &str) {
    let proof = Proof { method: Method::Code, field: word("email"), on_file: true, at: at(when) };
    let proven = Act::Prove(Witness::System(system()), proof);
    step_request(store, &BOOK, id, (proven, None), at(when)).unwrap();
    act(store, id, ClaimAct::Accept(clerk("acme").into()), when);
    act(store, id, ClaimAct::Tell(clerk("acme").into(), Digest::of(b"answer")), when);
    sent(store, id, Letter::Answer, when);
}

fn history(dir: &Path) -> (Store, BTreeMap<&'static str, RequestId>, String) {
    history_in(open_store(dir))
}

/// One explanation answered in time, one late, an opt-out left open, a refusal; then a checkpoint.
pub fn history_in(store: Store) -> (Store, BTreeMap<&'static str, RequestId>, String) {
    let ids = BTreeMap::from([
        ("in time", ask(&store, "a", Right::Explanation, ("eu-gdpr", "de"), NOW)),
        ("late", ask(&store, "b", Right::Explanation, ("eu-gdpr", "de"), NOW)),
        ("open", ask(&store, "c", Right::OptOut, ("ccpa", "us-ca"), NOW)),
        ("refused", ask(&store, "d", Right::Deletion, ("eu-gdpr", "de"), NOW)),
    ]);
    told(&store, &ids["in time"], "2026-03-20T09:00:00Z");
    let ground = BTreeMap::from([(word("all"), word("legal-claims"))]);
    act(&store, &ids["refused"], ClaimAct::Deny(dpo("dora"), ground), "2026-03-21T09:00:00Z");
    sent(&store, &ids["refused"], Letter::Answer, "2026-03-22T09:00:00Z");
    told(&store, &ids["late"], "2026-05-10T09:00:00Z");
    let note = store.checkpoint(&system(), &signer(), at("2026-05-11T09:00:00Z")).unwrap();
    (store, ids, note)
}

#[test]
fn our_own_record_is_audited_and_its_checkpoint_is_in_the_manifest() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, ids, note) = history(dir.path());
    let audited = audit(dir.path(), vec![note]);
    let expected = BTreeSet::from([
        format!("request_clocks/{}:1/answer", ids["late"]),
        format!("request_clocks/{}:1/opt_out", ids["open"]),
    ]);
    assert_eq!(findings(&audited, "HAB-DET-25"), expected);
    assert_eq!(verdict(&audited, "HAB-RQS-01"), Verdict::Pass, "nobody was asked for proof");
    assert_eq!(verdict(&audited, "HAB-RQS-03"), Verdict::Pass, "the law knows the ground");
    let archive = read_archive(&dir.path().join("habeas.db").into(), &"acme".parse().unwrap()).unwrap();
    let ledger = audited.report.evidence.iter().find(|e| e.kind == "request_ledger").unwrap();
    assert_eq!(ledger.records, archive.entries.len() as u64);
    let root: String = archive.checkpoints[0].lines().nth(2).unwrap().to_owned();
    assert_eq!(base64(ledger.sha256), root, "the checkpoint's root");
    assert!(audited.report.limits.iter().all(|l| !l.get("en").contains("ledger")), "{:?}", audited.report.limits);
}

fn base64(digest: Digest) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(digest.bytes())
}

/// What stands in the tables is worth nothing when the ledger says otherwise.
#[test]
fn a_record_that_does_not_hold_makes_its_controls_unknown() {
    for (sql, says) in [
        (
            "DROP TRIGGER ledger_entries_keep_update; UPDATE ledger_entries SET entry = x'7b7d' WHERE seq = 1",
            "ledger_heads",
        ),
        ("DROP TRIGGER ledger_entries_keep_delete; DELETE FROM ledger_entries WHERE seq = 5", "missing"),
        (
            "PRAGMA foreign_keys=OFF; DELETE FROM claims; DELETE FROM outbox; DELETE FROM sealed; DELETE FROM requests WHERE received_at > 0 AND id = (SELECT min(id) FROM requests)",
            "not stored",
        ),
        ("UPDATE requests SET state = replace(state, 'legal-claims', 'nonsense'), submission = submission", ""),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (store, _, note) = history(dir.path());
        drop(store);
        let mut raw = SqliteConnection::establish(&dir.path().join("habeas.db").to_string_lossy()).unwrap();
        raw.batch_execute(&format!("PRAGMA busy_timeout = 10000; {sql}")).unwrap();
        drop(raw);
        let audited = audit(dir.path(), vec![note]);
        if says.is_empty() {
            // The state says where and how; what happened comes from the entries alone.
            assert_eq!(verdict(&audited, "HAB-RQS-03"), Verdict::Pass);
            continue;
        }
        for control in ["HAB-DET-25", "HAB-RQS-01", "HAB-RQS-03"] {
            assert_eq!(verdict(&audited, control), Verdict::Unknown, "{control} after {sql}");
        }
        let limits: Vec<_> = audited.report.limits.iter().map(|l| l.get("en")).collect();
        assert!(limits.iter().any(|l| l.contains(says)), "{limits:?}");
    }
}

#[test]
fn a_checkpoint_kept_elsewhere_finds_a_copy_that_was_set_back() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _, old) = history(dir.path());
    ask(&store, "e", Right::Access, ("eu-gdpr", "de"), "2026-05-12T08:00:00Z");
    let elsewhere = tempfile::tempdir().unwrap();
    let (_other, _, _) = history(elsewhere.path());
    let newer = store.checkpoint(&system(), &signer(), at("2026-05-12T09:00:00Z")).unwrap();
    assert_eq!(verdict(&audit(dir.path(), vec![old.clone(), newer.clone()]), "HAB-RQS-03"), Verdict::Pass);
    // Another history under the same key, as a backup put back would be.
    assert_eq!(verdict(&audit(elsewhere.path(), vec![newer]), "HAB-RQS-03"), Verdict::Unknown);
}

#[test]
fn rows_told_by_the_ledger_fit_the_schema_and_hold_ids_only() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, ids, _) = history(dir.path());
    let archive = read_archive(&dir.path().join("habeas.db").into(), &"acme".parse().unwrap()).unwrap();
    let rows = serde_json::to_value(record::rows(&archive.requests, &archive.entries).unwrap()).unwrap();
    habeas::evidence::decode_json(&rows, &Kinds::embedded().unwrap().get("requests").unwrap().shape).unwrap();
    let refused = rows.as_array().unwrap().iter().find(|r| r["request"] == ids["refused"].as_str()).unwrap();
    assert_eq!((&refused["outcome"], &refused["grounds"]), (&"denied".into(), &serde_json::json!(["legal-claims"])));
    assert_eq!(refused["answered_at"], "2026-03-22T09:00:00Z");
    assert_eq!(refused["released_by"], "dpo:dora");
    assert!(refused.get("recipients").is_none(), "we do not record them, so nobody may think there were none");
    let text = rows.to_string();
    assert!(!text.contains("canary") && !text.contains("Canary"));
    assert!(text.contains("2026-03-05T09:00:00Z"), "{text}");
}

#[test]
fn computed_evidence_cannot_be_supplied() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("clocks.json");
    let envelope = serde_json::json!({"habeas": "evidence/1", "kind": "request_clocks", "source": {"system": "x", "method": "export", "collector": "x"}, "observed_at": NOW, "collected_at": NOW, "data": []});
    std::fs::write(&file, envelope.to_string()).unwrap();
    let refused = run_audit(&Request { evidence: vec![file], ..Request::default() }, &mut |_| {}).unwrap_err();
    assert!(refused.to_string().contains("computed from `requests`"), "{refused}");
}
