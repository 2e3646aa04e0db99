//! Whole audits: the example company against its planted list, a real CRM's export, and what missing evidence does.

use habeas::catalog::{Catalog, Overrides, embedded_files};
use habeas::connectors::documents::read_snapshot;
use habeas::demo::{self, Settings};
use habeas::engine::{self, Audit};
use habeas::evidence::{Kinds, Snapshot};
use habeas::findings::{Place, Verdict};
use habeas::flows::run_audit::{Audited, Request, run_audit};
use habeas::report::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;
use tempfile::TempDir;

/// The example company on disk, made once.
fn company() -> &'static TempDir {
    static COMPANY: OnceLock<TempDir> = OnceLock::new();
    COMPANY.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let company = demo::company(&Settings::with_seed(1).unwrap()).unwrap();
        std::fs::create_dir(dir.path().join("evidence")).unwrap();
        for (kind, envelope) in &company.evidence {
            std::fs::write(dir.path().join("evidence").join(format!("{kind}.json")), envelope.to_string()).unwrap();
        }
        std::fs::write(dir.path().join("log.ndjson"), &company.events).unwrap();
        dir
    })
}

fn audit(request: &Request) -> Audited {
    run_audit(request, &mut |_| {}).unwrap()
}

fn company_request(with_log: bool) -> Request {
    let dir = company().path();
    let events = if with_log { vec![dir.join("log.ndjson")] } else { Vec::new() };
    Request { evidence: vec![dir.join("evidence")], events, ..Request::default() }
}

fn place_of(place: &Place) -> String {
    place.stable_key().trim_end_matches('/').to_owned()
}

fn findings(audited: &Audited) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for f in &audited.report.findings {
        found.entry(f.control.clone()).or_default().insert(place_of(&f.place));
    }
    found
}

#[test]
fn everything_planted_is_found_and_nothing_else_fails() {
    let audited = audit(&company_request(true));
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    for plant in demo::planted().unwrap() {
        for (control, places) in plant.findings {
            expected.entry(control).or_default().extend(places);
        }
        unknown.extend(plant.unknown);
    }
    assert_eq!(findings(&audited), expected);
    let undecided: BTreeSet<String> = audited.report.unknowns.iter().map(|u| u.control.clone()).collect();
    assert_eq!(undecided, unknown);
    // The one silence of the log, with its beginning and end.
    let log = &audited.report.logs[0];
    assert_eq!((log.events, log.lines, log.bad_lines, log.late), (demo::DEFAULT_EVENTS as u64, log.events, 0, 0));
    let gaps: Vec<_> = log.gaps.iter().map(|g| (g.source.as_str(), g.from.to_string(), g.until.to_string())).collect();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    let (source, from, until) = &gaps[0];
    assert_eq!((*source, &from[..14], &until[..14]), ("crm", "2026-10-07T12:", "2026-10-07T12:"));
    assert!(from[14..16] < *"10" && until[14..16] >= *"35", "{gaps:?}");
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let first = json::write(&audit(&company_request(true)).report);
    let second = json::write(&audit(&company_request(true)).report);
    assert!(first == second, "two audits of the same inputs differ");
    let one = demo::company(&Settings::with_seed(1).unwrap()).unwrap();
    let again = demo::company(&Settings::with_seed(1).unwrap()).unwrap();
    assert!(one.evidence == again.evidence && one.events == again.events);
    let other = demo::company(&Settings::with_seed(2).unwrap()).unwrap();
    assert!(other.events != one.events, "the seed has no effect");
    assert_eq!(one.events.iter().filter(|b| **b == b'\n').count(), demo::DEFAULT_EVENTS);
}

/// Controls that the rest of the evidence decides: "an assessment is on file, or no field is sensitive" holds by its first
/// half whatever the fields are. Every entry must be needed.
const DECIDED_WITHOUT: [(&str, &str); 4] =
    [("HAB-GOV-03", "fields"), ("HAB-GOV-03", "transfers"), ("HAB-GOV-08", "log"), ("HAB-GOV-10", "fields")];

/// A collection that is deleted makes whatever needed it unknown; nothing that passed on it goes on passing.
#[test]
fn deleting_any_kind_of_evidence_never_leaves_a_pass() {
    let kinds = Kinds::embedded().unwrap();
    let (catalog, _) = Catalog::read(kinds, &embedded_files());
    let whole = read_snapshot(kinds, &[company().path().join("evidence")]).unwrap();
    let evaluate = |snapshot: &Snapshot| {
        let as_of = whole.iter().map(|e| e.collected_at).max().unwrap();
        let audit = Audit { kinds, snapshot, as_of, overrides: &Overrides::new(), detections: None };
        engine::evaluate(catalog.controls(), &audit, &mut |_| {}).unwrap()
    };
    let before = evaluate(&whole);
    let (mut lost, mut spared, mut wrong) = (0, 0, Vec::new());
    // Without the organisation every law is taken to apply: more is asked, never less.
    for gone in whole.iter().filter(|e| e.kind != "organisation") {
        let mut without = Snapshot::default();
        whole.iter().filter(|e| e.kind != gone.kind).for_each(|e| without.add(e.clone()).unwrap());
        for (before, after) in before.iter().zip(evaluate(&without)) {
            if before.verdict != Verdict::Pass || !before.inputs.contains(&gone.kind) {
                continue;
            }
            lost += 1;
            if after.verdict == Verdict::Pass
                && DECIDED_WITHOUT.contains(&(before.control.as_str(), gone.kind.as_str()))
            {
                spared += 1;
            } else if after.verdict != Verdict::Unknown || after.gaps.is_empty() {
                wrong.push(format!("{} without {}: {:?}", before.control, gone.kind, after.verdict));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(spared, DECIDED_WITHOUT.len(), "an exemption is no longer needed");
    assert!(lost > 80, "only {lost} controls lost evidence");
}

fn espocrm(events: &[&str]) -> Audited {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/espocrm");
    audit(&Request {
        evidence: vec![folder.clone()],
        events: events.iter().map(|e| folder.join(e)).collect(),
        connector: Some("espocrm".to_owned()),
        ..Request::default()
    })
}

#[test]
fn a_real_crm_comes_out_with_its_real_weak_points_and_with_unknowns_for_the_rest() {
    let audited = espocrm(&["auth-log.ndjson", "action-history.ndjson"]);
    let found = findings(&audited);
    let says = |control: &str, words: &str| {
        let hit = audited.report.findings.iter().any(|f| f.control == control && f.says.get("en").contains(words));
        assert!(hit, "{control} does not say `{words}`: {found:?}");
    };
    assert_eq!(found["HAB-AUT-01"].len(), 4, "four people sign in without a second factor");
    says("HAB-AUT-06", "for ever");
    says("HAB-LOG-03", "15 days");
    assert!(found.contains_key("HAB-SES-01"), "48 idle hours and sessions without end: {found:?}");
    assert!(found.contains_key("HAB-ENC-02"), "the CRM is reached without TLS");
    assert!(found.contains_key("HAB-ACC-03"), "sales may export everything: {found:?}");
    let undecided: BTreeSet<&str> = audited.report.unknowns.iter().map(|u| u.control.as_str()).collect();
    for control in ["HAB-BCK-01", "HAB-BCK-03", "HAB-TRN-01", "HAB-MDM-02", "HAB-ENC-04"] {
        assert!(undecided.contains(control), "{control} must be unknown, with a reason");
    }
    assert!(
        audited.report.unknowns.iter().all(|u| !u.reason.get("en").is_empty() && !u.reason.get("zh-CN").is_empty())
    );
}
