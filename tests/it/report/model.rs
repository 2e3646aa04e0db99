//! The report's figures, its comparison and its files.

use super::sample;
use habeas::findings::{Severity, Verdict};
use habeas::lang::words;
use habeas::render::report_html;
use habeas::report::{Opinion, Report, Status, build, csv, json};

#[test]
fn the_figures_follow_from_the_results() {
    let r = sample::report();
    let count = |v| r.controls.iter().filter(|c| c.verdict == v).count() as u64;
    for verdict in Verdict::ALL {
        assert_eq!(r.summary.controls.of(verdict), count(verdict), "{verdict:?}");
    }
    assert_eq!(r.summary.controls.total(), r.controls.len() as u64);
    let families: u64 = r.summary.by_family.values().map(habeas::report::Counts::total).sum();
    assert_eq!(families, r.controls.len() as u64);
    let findings: u64 = r.summary.by_severity.iter().map(|s| s.findings + s.findings_waived).sum();
    assert_eq!(findings, r.findings.len() as u64);
    assert_eq!(r.summary.opinion, Opinion::Adverse);
    assert_eq!(r.summary.top_risks[0], "HAB-DET-03", "worst severity first, then by how much is affected");
}

#[test]
fn unknown_and_waived_are_never_counted_as_met() {
    let mut input = sample::input();
    for judged in &mut input.controls {
        if judged.result.verdict == Verdict::Fail {
            judged.result.verdict = Verdict::Pass;
            judged.result.verdict_without_waivers = Verdict::Pass;
            judged.result.findings.clear();
        }
    }
    let r = build(input);
    assert_eq!(r.summary.opinion, Opinion::Undecided);
    assert_eq!((r.summary.controls.unknown, r.summary.controls.waived), (2, 1));
    assert_eq!(r.summary.controls_without_waivers.fail, 1);
    assert!(r.summary.says.get("en").contains("2 of 17"), "{}", r.summary.says.get("en"));
}

#[test]
fn findings_are_dated_and_keep_their_age_and_due_date() {
    let (before, now) = (sample::before(), sample::report());
    let kept = now.findings.iter().find(|f| f.status == Status::Open && f.severity == Severity::Critical).unwrap();
    let earlier = before.findings.iter().find(|f| f.id == kept.id).unwrap();
    assert_eq!((kept.first_seen, kept.due_on), (earlier.first_seen, earlier.due_on));
    assert_eq!(earlier.due_on.unwrap().to_string(), "2026-08-27");
    let new = now.findings.iter().find(|f| f.status == Status::New && f.severity == Severity::Critical).unwrap();
    assert_eq!(new.due_on.unwrap().to_string(), "2026-11-30");
}

#[test]
fn gone_is_resolved_only_where_the_control_was_decided() {
    let trend = sample::report().trend.unwrap();
    let ids = |list: &[habeas::report::Earlier]| list.iter().map(|e| e.control.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&trend.resolved), vec!["HAB-AUT-01"; 12]);
    assert_eq!(ids(&trend.unconfirmed), ["HAB-ENC-03"]);
    assert_eq!(ids(&trend.not_checked), ["HAB-VEN-02"]);
    assert_eq!(trend.new.len() + trend.still_open.len(), sample::report().findings.len());
    assert_eq!(trend.history.len(), 2);
    assert_eq!(trend.verdicts.len(), 2);
}

#[test]
fn the_same_input_gives_the_same_bytes_whatever_its_order() {
    let mut turned = sample::input();
    turned.controls.reverse();
    turned.evidence.reverse();
    assert_eq!(json::write(&build(sample::input())), json::write(&build(turned)));
    let mut other = sample::input();
    other.tool_version = "9".to_owned();
    assert_ne!(build(sample::input()).id, build(other).id);
}

#[test]
fn json_reads_back_and_matches_its_schema() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../../../controls/schema/report.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for report in [sample::before(), sample::report()] {
        let bytes = json::write(&report);
        assert_eq!(json::read(&bytes).unwrap(), report);
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let errors: Vec<_> = schema.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let mut other: serde_json::Value = serde_json::from_slice(&json::write(&sample::before())).unwrap();
    other["habeas"] = "report/9".into();
    assert!(json::read(&serde_json::to_vec(&other).unwrap()).unwrap_err().to_string().contains("report/9"));
    other["surprise"] = 1.into();
    assert!(!schema.is_valid(&other));
}

#[test]
fn nothing_that_a_report_must_not_hold_is_in_it() {
    let mut input = sample::input();
    let finding = &mut input.controls.iter_mut().find_map(|j| j.result.findings.first_mut()).unwrap();
    finding.says = finding.says.map(|_, _| "mei.lin@example.org from 203.0.113.99".to_owned());
    let report: Report = build(input);
    for text in [
        String::from_utf8(json::write(&report)).unwrap(),
        String::from_utf8(csv::write(&report, words::of("zh-CN").unwrap())).unwrap(),
        report_html(&report, words::of("en").unwrap()).unwrap(),
    ] {
        for personal in ["mei.lin@", "203.0.113.99", "203.0.113.77", "198.51.100.4 "] {
            assert!(!text.contains(personal), "{personal}");
        }
    }
}

#[test]
fn the_page_and_the_table_name_every_finding() {
    let report = sample::report();
    let page = report_html(&report, words::of("en").unwrap()).unwrap();
    let table = String::from_utf8(csv::write(&report, words::of("en").unwrap())).unwrap();
    assert_eq!(table.matches("\r\n").count(), report.findings.len() + 1);
    for finding in &report.findings {
        assert!(page.contains(&finding.id) && table.contains(&finding.id), "{}", finding.id);
    }
}
