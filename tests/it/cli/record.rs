//! `habeas audit --requests` over our own record on either database, and `--tsa` with an authority that is not ours.

use super::habeas;
use crate::flows::rights::{history_in, signer};
use crate::report::tsa::Tsa;
use crate::store::place::{Place, on_both};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fs;
use std::process::Output;

on_both! {
    our_own_record_is_audited_by_its_address;
    a_forged_record_makes_its_controls_unknown;
}

/// Where the store of `place` is, as people write it.
fn address(place: &Place) -> String {
    place.urls().map_or_else(|| place.dir.path().join("habeas.db").display().to_string(), |(app, _)| app)
}

/// Audits the record of `acme` in `place` under a checkpoint kept elsewhere.
fn audit(place: &Place, held: &str) -> (Output, Json) {
    let out = place.dir.path().join("out").display().to_string();
    let (kept, key) = (place.dir.path().join("held"), signer().verifier().to_string());
    fs::write(&kept, held).unwrap();
    let kept = kept.display().to_string();
    let output = habeas(&[
        "audit",
        "--requests",
        &address(place),
        "--organisation",
        "acme",
        "--ledger-key",
        &key,
        "--held",
        &kept,
        "--out",
        &out,
    ]);
    let report = fs::read(format!("{out}/report.json")).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    (output, serde_json::from_slice(&report).unwrap())
}

fn verdict<'r>(report: &'r Json, control: &str) -> &'r str {
    let controls = report["controls"].as_array().unwrap();
    controls.iter().find(|c| c["id"] == control).unwrap()["verdict"].as_str().unwrap()
}

fn our_own_record_is_audited_by_its_address(place: &Place) {
    let (store, ids, note) = history_in(place.open());
    let entries = store.read(&crate::store::system(), |r| r.entries()).unwrap();
    drop(store);
    let (output, report) = audit(place, &note);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(verdict(&report, "HAB-RQS-01"), "pass", "nobody was asked for proof");
    assert_eq!(verdict(&report, "HAB-DET-25"), "fail");
    let findings = report["findings"].as_array().unwrap().iter().filter(|f| f["control"] == "HAB-DET-25");
    let text: String = findings.map(Json::to_string).collect();
    let late: BTreeSet<_> = ids.iter().filter(|(_, id)| text.contains(id.as_str())).map(|(name, _)| *name).collect();
    assert_eq!(late, BTreeSet::from(["late", "open"]), "and not the one answered in time");
    let ledger = report["evidence"].as_array().unwrap().iter().find(|e| e["kind"] == "request_ledger").unwrap();
    assert_eq!((&ledger["records"], &ledger["file"]), (&entries.len().into(), &address(place).into()));
    assert!(!report.to_string().contains("Canary"), "no personal value leaves the store");
}

fn a_forged_record_makes_its_controls_unknown(place: &Place) {
    let (store, _, note) = history_in(place.open());
    drop(store);
    let mut raw = place.raw();
    raw.unlock_ledger();
    let forged = raw.bytes(b"{}");
    raw.run(&format!("UPDATE ledger_entries SET entry = {forged} WHERE seq = 1")).unwrap();
    let (_, report) = audit(place, &note);
    for control in ["HAB-DET-25", "HAB-RQS-01", "HAB-RQS-03"] {
        assert_eq!(verdict(&report, control), "unknown", "{control}");
    }
    assert!(report["limits"].to_string().contains("is not used as evidence"), "{}", report["limits"]);
}

#[test]
fn a_record_that_cannot_be_read_is_named_with_the_next_step() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    fs::write(at("password"), "x").unwrap();
    let mut cases = vec![
        (vec![at("none.db")], 3, "there is no store at"),
        (vec![at("none.db"), "--requests-password".into(), at("password")], 2, "no password"),
        (vec!["postgres://app:secret@localhost/habeas".into()], 2, "--requests-password"),
        (vec!["postgres://app@db.example.org/habeas?sslmode=require".into()], 2, "`verify-full`"),
        (vec!["postgres://app@127.0.0.1:1/habeas".into()], 3, "connect to the database"),
    ];
    // A database of PostgreSQL that no store was made in.
    let empty = Place::postgres();
    if let Some(place) = &empty {
        cases.push((vec![address(place)], 3, "lacks the migration `20261123_create_store`"));
    }
    for (requests, code, says) in cases {
        let out = at("out");
        let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
        let arguments = [&["audit", "--organisation", "acme", "--out", &out, "--requests"], &requests[..]].concat();
        let output = habeas(&arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{requests:?}: {told}");
        assert!(told.contains(says) && !told.contains("secret@"), "expected `{says}` in: {told}");
        assert!(!dir.path().join("out").exists(), "a report was begun");
    }
}

#[test]
fn a_report_is_time_stamped_by_the_authority_that_was_named() {
    let Some(tsa) = Tsa::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let evidence = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/espocrm");
    let root = tsa.home.path().join("root.pem").display().to_string();
    let keys = at("keys");
    let audit = |answer: &str, out: &str| {
        let url = tsa.url(answer);
        let asked = ["--tsa", &url, "--tsa-trust", &root, "--keys", &keys, "--out", out];
        habeas(&[&["audit", "--connector", "espocrm", "--evidence", evidence][..], &asked].concat())
    };
    let stamped = audit("tsr", &at("stamped"));
    assert_eq!(stamped.status.code(), Some(0), "{stamped:?}");
    let bare = audit("down", &at("bare"));
    assert_eq!(bare.status.code(), Some(1), "without a stamp the report stands, and the exit code tells: {bare:?}");
    fs::write(at("roots.pem"), format!("{}{}", fs::read_to_string(at("keys/root.pem")).unwrap(), tsa.root())).unwrap();
    for (out, level) in [("stamped", "PAdES B-T"), ("bare", "PAdES B-B")] {
        let pdf = dir.path().join(out).join("report.pdf").display().to_string();
        let verified = habeas(&["verify", &pdf, "--trust", &at("roots.pem"), "--json"]);
        assert_eq!(verified.status.code(), Some(0), "{verified:?}");
        let told: Json = serde_json::from_slice(&verified.stdout).unwrap();
        assert_eq!(told["signatures"][0]["level"], level, "{told}");
    }
}
