//! A real EspoCRM export becomes evidence and events; what it does not show stays absent.

use habeas::connectors::crm::recipe::{RawFile, Recipe, RecipeError};
use habeas::connectors::mapping::Mapping;
use habeas::evidence::{Kinds, Snapshot};
use serde_json::Value;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/espocrm")
}

fn export() -> Vec<RawFile> {
    let names = ["settings.json", "users-detail.ndjson", "user.json", "role.json", "roles-detail.ndjson"];
    names.map(|n| RawFile { name: n.to_owned(), bytes: std::fs::read(folder().join(n)).unwrap() }).to_vec()
}

fn collect(files: &[RawFile]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    Recipe::of("espocrm").unwrap().collect(files, Kinds::embedded().unwrap(), &mut snapshot).unwrap();
    snapshot
}

fn data(snapshot: &Snapshot, kind: &str) -> Value {
    let shape = &Kinds::embedded().unwrap().get(kind).unwrap().shape;
    snapshot.get(kind).unwrap_or_else(|| panic!("no {kind}")).data.to_json(shape)
}

#[test]
fn the_export_becomes_evidence_as_the_product_means_it() {
    let snapshot = collect(&export());
    let session = data(&snapshot, "session");
    // 48 hours of idling; a lifetime of 0 hours means that a session never ends.
    assert_eq!((&session["idle_min"], &session["absolute_h"]), (&Value::from(2880), &Value::Null));
    assert_eq!(data(&snapshot, "log"), serde_json::json!({"retention_d": 15}));
    let users = data(&snapshot, "users");
    let admin = &users[0];
    assert_eq!((&admin["admin"], &admin["mfa_enforced"]), (&Value::from(true), &Value::from(false)));
    assert_eq!(admin["last_login"], "2026-11-23T16:30:53Z");
    assert_eq!(users.as_array().unwrap().iter().filter(|u| u["human"] == false).count(), 1);
    let roles = data(&snapshot, "rbac");
    let sales = roles["roles"].as_array().unwrap().iter().find(|r| r["family"] == "sales").unwrap();
    assert_eq!(sales["permissions"], serde_json::json!(["export_all"]));
    assert_eq!(data(&snapshot, "tokens")[0]["expires_at"], Value::Null);
    assert_eq!(data(&snapshot, "net")["endpoints"][0]["scheme"], "http");
    assert_eq!(snapshot.get("session").unwrap().observed_at.to_string(), "2026-11-23T16:30:53Z");
}

#[test]
fn what_the_export_does_not_show_is_absent_and_never_a_default() {
    let snapshot = collect(&export());
    for kind in ["backup", "training", "stores", "devices", "hr"] {
        assert!(snapshot.get(kind).is_none(), "{kind}");
    }
    assert!(
        data(&snapshot, "auth").get("lockout").is_none(),
        "the export does not say how failed sign-ins are limited"
    );
    assert!(data(&snapshot, "pw").get("min_len").is_none());
    assert!(data(&snapshot, "users")[0].get("person_id").is_none());
    let without_settings: Vec<_> = export().into_iter().filter(|f| f.name != "settings.json").collect();
    let snapshot = collect(&without_settings);
    assert!(snapshot.get("session").is_none() && snapshot.get("log").is_none());
    assert!(data(&snapshot, "users")[0].get("local_login").is_none());
}

#[test]
fn a_damaged_export_is_refused_with_file_and_line() {
    let mut files = export();
    files[1].bytes.extend(b"\n{broken");
    let mut snapshot = Snapshot::default();
    let error = Recipe::of("espocrm").unwrap().collect(&files, Kinds::embedded().unwrap(), &mut snapshot).unwrap_err();
    assert!(error.to_string().contains("`users-detail.ndjson`: line 7"), "{error}");
    let mut files = export();
    files[0].bytes = br#"{"authTokenLifetime": "never"}"#.to_vec();
    let error = Recipe::of("espocrm").unwrap().collect(&files, Kinds::embedded().unwrap(), &mut snapshot).unwrap_err();
    assert!(error.to_string().contains("/authTokenLifetime"), "{error}");
    let error = Recipe::of("espocrm").unwrap().collect(&[], Kinds::embedded().unwrap(), &mut snapshot).unwrap_err();
    assert!(matches!(error, RecipeError::NothingThere { .. }), "{error}");
    assert!(matches!(Recipe::of("no-such-crm"), Err(RecipeError::NoProduct { .. })));
}

#[test]
fn both_logs_become_canonical_events_line_by_line() {
    let mapping = Mapping::of("espocrm").unwrap().unwrap();
    for (file, lines) in [("auth-log.ndjson", 453), ("action-history.ndjson", 415)] {
        let text = std::fs::read_to_string(folder().join(file)).unwrap();
        let events: Vec<Value> = text
            .lines()
            .filter_map(|l| mapping.event(l.as_bytes()))
            .map(|e| serde_json::from_slice(&e).unwrap())
            .collect();
        assert_eq!(events.len(), lines, "{file}");
        assert!(events.iter().all(|e| e["ts"].is_string() && e["action"].is_string() && e["source"].is_string()));
    }
    let denied = r#"{"id":"x","createdAt":"2026-11-23 15:52:25","isDenied":true,"denialReason":"CREDENTIALS","username":"uma","userId":null,"ipAddress":"192.0.2.7","authenticationMethod":"Espo"}"#;
    let event: Value = serde_json::from_slice(&mapping.event(denied.as_bytes()).unwrap()).unwrap();
    let expected = serde_json::json!({"id": "x", "ts": "2026-11-23T15:52:25Z", "source": "espocrm-auth", "actor": "name:uma", "actor_type": "human",
        "action": "login", "object": "session", "result": "failure", "reason": "CREDENTIALS", "src": {"ip": "192.0.2.7"}});
    assert_eq!(event, expected);
    assert_eq!(mapping.event(b"{not json"), None);
    assert_eq!(mapping.event(br#"{"createdAt":"2026-11-23 15:52:25"}"#), None);
}
