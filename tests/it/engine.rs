//! What a finding holds: where to look, what it saw, and an id that stays the same.

use habeas::catalog::{Catalog, Overrides, embedded_files};
use habeas::engine::{Audit, evaluate};
use habeas::evidence::{Kinds, Snapshot};
use habeas::findings::{ControlResult, Verdict};
use serde_json::json;

const AS_OF: &str = "2026-11-23T00:00:00Z";

fn snapshot(users: &serde_json::Value, extra: &str) -> Snapshot {
    let text = format!(
        r#"{{"habeas":"evidence/1","kind":"users","source":{{"system":"crm","method":"export","collector":"t"}},
        "observed_at":"2026-11-22T00:00:00Z","collected_at":"2026-11-22T00:00:00Z"{extra},"data":{users}}}"#
    );
    let mut snapshot = Snapshot::default();
    snapshot.add_file(Kinds::embedded().unwrap(), "users.json", text.as_bytes()).unwrap();
    snapshot
}

fn audit(snapshot: &Snapshot, overrides: &Overrides) -> Result<ControlResult, String> {
    let kinds = Kinds::embedded().unwrap();
    let (catalog, _) = Catalog::read(kinds, &embedded_files());
    let control = catalog.get("HAB-AUT-01").unwrap();
    let audit = Audit { kinds, snapshot, as_of: AS_OF.parse().unwrap(), overrides, detections: None };
    let mut told = Vec::new();
    let results = evaluate([control], &audit, &mut |done| told.push(done)).map_err(|e| e.to_string())?;
    assert_eq!(told, [1]);
    Ok(results.into_iter().next().unwrap())
}

#[test]
fn a_finding_says_where_what_and_why_and_keeps_its_id() {
    let before = json!([{"id": "u1", "human": true, "active": true, "mfa_enforced": false, "roles": ["sales"], "last_login": null}]);
    let after = json!([{"id": "u0", "human": true, "active": true, "mfa_enforced": true}, before[0]]);
    let first = audit(&snapshot(&before, ""), &Overrides::new()).unwrap();
    let second = audit(&snapshot(&after, ""), &Overrides::new()).unwrap();
    let finding = &second.findings[0];
    assert_eq!(finding.place.to_string(), "users/1 (u1)");
    assert_eq!(
        finding.because,
        "user.mfa_enforced is false; `user.id in params.exempt` is false: user.id is \"u1\", params.exempt is []"
    );
    assert_eq!(finding.says.get("en"), "Account u1 signs in without a second factor.");
    assert_eq!(finding.says.get("zh-CN"), "账户 u1 登录时未使用第二重验证。");
    let shown: Vec<_> = finding.shown.iter().map(|s| (s.name.as_str(), s.value.clone())).collect();
    assert_eq!(shown, [("user.id", json!("u1")), ("user.roles", json!(["sales"])), ("user.last_login", json!(null))]);
    assert_eq!(first.findings[0].id, finding.id, "the same account in another place of the export is the same finding");
    assert_eq!((second.checked, second.failed, second.unknown), (2, 1, 0));
    assert_eq!(second.inputs, ["users"]);
    let again = audit(&snapshot(&after, ""), &Overrides::new()).unwrap();
    assert_eq!(serde_json::to_string(&second).unwrap(), serde_json::to_string(&again).unwrap());
}

#[test]
fn evidence_that_ran_out_or_comes_from_the_future_decides_nothing() {
    let good = json!([{"id": "u1", "human": true, "active": true, "mfa_enforced": true}]);
    let verdict = |extra: &str| audit(&snapshot(&good, extra), &Overrides::new()).unwrap();
    assert_eq!(verdict("").verdict, Verdict::Pass);
    assert_eq!(verdict(r#","expires_at":"2026-11-23T00:00:01Z""#).verdict, Verdict::Pass);
    let expired = verdict(r#","expires_at":"2026-11-23T00:00:00Z""#);
    assert_eq!((expired.verdict, expired.gaps[0].path.as_str()), (Verdict::Unknown, "users"));
    assert!(expired.gaps[0].reason.get("en").contains("ran out on 2026-11-23T00:00:00Z"));
    assert!(expired.gaps[0].reason.has("zh-CN"));
}

#[test]
fn parameters_are_set_within_their_type_and_named_in_the_result() {
    let snapshot = snapshot(&json!([{"id": "u1", "human": true, "active": true, "mfa_enforced": false}]), "");
    let set = |name: &str, value| Overrides::from([("HAB-AUT-01".to_owned(), [(name.to_owned(), value)].into())]);
    let result = audit(&snapshot, &set("exempt", json!(["u1"]))).unwrap();
    assert_eq!(result.verdict, Verdict::Pass);
    assert_eq!(
        (result.parameters[0].value.clone(), result.parameters[0].origin.as_str()),
        (json!(["u1"]), "set by the user")
    );
    assert!(audit(&snapshot, &set("exempt", json!("u1"))).unwrap_err().contains("must be a list"));
    assert!(
        audit(&snapshot, &set("exmpt", json!([]))).unwrap_err().contains("has no parameter `exmpt`; it has exempt")
    );
}
