//! `habeas controls export`: what is written, what is refused and how that is told. That the statements find what the engine
//! finds is shown on real engines by `scripts/check-sql`.

use super::habeas;
use serde_json::Value;
use std::fs;
use std::path::Path;

const RULES: &str = r#"
title: Sign-ins
id: "../x'); DROP TABLE events; --"
detection: {sel: {action: "o'log\\in", "we\"ird `f'": 'a''b"c'}, condition: sel}
---
title: Anywhere
name: anywhere
detection: {sel: [drop], condition: sel}
---
title: Many
correlation: {type: event_count, rules: [reads], group-by: [actor], timespan: 10m, condition: {gte: 3}}
---
title: reads
name: reads
detection: {sel: {rows|gte: 5, mfa: false}, condition: sel}
"#;

fn export(dir: &Path, dialect: &str, extra: &[&str]) -> (Option<i32>, String, String) {
    let out = dir.join(dialect);
    let mut arguments = vec!["controls", "export", "--to", "sql", "--dialect", dialect, "--out", out.to_str().unwrap()];
    arguments.extend(extra);
    let done = habeas(&arguments);
    (done.status.code(), String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn accepted_rules_are_written_and_refused_ones_named() {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules.yml");
    fs::write(&rules, RULES).unwrap();
    for dialect in ["duckdb", "datafusion", "spark"] {
        let (code, told, _) = export(dir.path(), dialect, &["--rules", rules.to_str().unwrap()]);
        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains("refused: anywhere (Anywhere): 'drop': "), "{told}");
        assert!(told.contains("whole line") && told.contains("2 rules written"), "{told}");
        let out = dir.path().join(dialect);
        let summary: Value = serde_json::from_str(&read(&out.join("summary.json"))).unwrap();
        assert_eq!(summary["refused"][0]["rule"], "anywhere");
        assert_eq!(summary["accepted"][0]["file"], "001-x-drop-table-events.sql");
        let schema: Value = serde_json::from_str(&read(&out.join("schema.json"))).unwrap();
        assert_eq!(schema["fields"]["rows"]["type"], "whole");
        assert_eq!(schema["fields"]["mfa"]["type"], "flag");
        // Given back, the schema is understood and gives the same.
        let again = dir.path().join("again");
        let schema = out.join("schema.json");
        let arguments = ["--rules", rules.to_str().unwrap(), "--schema", schema.to_str().unwrap()];
        let (code, _, complaint) = export(&again, dialect, &arguments);
        assert_eq!(code, Some(1), "{complaint}");
        for file in ["001-x-drop-table-events.sql", "002-many.sql", "load.sql", "schema.json"] {
            assert_eq!(read(&out.join(file)), read(&again.join(dialect).join(file)), "{dialect} {file}");
        }
    }
}

#[test]
fn text_of_a_rule_stays_within_its_quotes() {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules.yml");
    fs::write(&rules, RULES).unwrap();
    for (dialect, name, id) in [
        ("duckdb", r#"e."we""ird `f'""#, "'../x''); DROP TABLE events; --'"),
        ("datafusion", r#"e."we""ird `f'""#, "'../x''); DROP TABLE events; --'"),
        ("spark", r#"e.`we"ird ``f'`"#, r"'../x\'); DROP TABLE events; --'"),
    ] {
        export(dir.path(), dialect, &["--rules", rules.to_str().unwrap()]);
        let sql = read(&dir.path().join(dialect).join("001-x-drop-table-events.sql"));
        assert!(sql.contains(name), "{sql}");
        assert!(sql.contains(id), "{sql}");
        // Without its literals and names nothing of the rule is left.
        assert!(!sql.replace(id, "").replace(name, "").contains("DROP"), "{sql}");
    }
}

#[test]
fn every_control_over_events_is_written_or_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    for dialect in ["duckdb", "datafusion", "spark"] {
        let (code, told, complaint) = export(dir.path(), dialect, &["--json"]);
        assert_eq!(code, Some(1), "{complaint}");
        let summary: Value = serde_json::from_str(&told).unwrap();
        let named = |key: &str| {
            let list = summary[key].as_array().unwrap();
            list.iter().map(|r| r["rule"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let (accepted, refused) = (named("accepted"), named("refused"));
        assert!(accepted.iter().any(|r| r.contains("HAB-DET")) && refused.iter().all(|r| r.contains("HAB-")), "{told}");
        assert!(accepted.len() >= 8, "only {accepted:?}; refused {refused:?}");
    }
}

#[test]
fn what_cannot_be_used_is_told_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules.yml");
    fs::write(&rules, RULES).unwrap();
    let schema = dir.path().join("schema.json");
    for (text, part) in [
        (r#"{"time": "ts", "fields": {"a": {"type": "money"}}}"#, "money"),
        (r#"{"time": "ts", "fields": {"a": {"type": "text"}, "a.b": {"type": "text"}}}"#, "both a value and an object"),
        (r#"{"time": "ts", "fields": {"at_ms": {"type": "time"}}}"#, "at_ms"),
        (r#"{"time": "ts", "line": "n", "fields": {}}"#, "`n`"),
        (r#"{"time": "ts", "fields": {}, "colour": 1}"#, "colour"),
    ] {
        fs::write(&schema, text).unwrap();
        let arguments = ["--rules", rules.to_str().unwrap(), "--schema", schema.to_str().unwrap()];
        let (code, _, complaint) = export(dir.path(), "duckdb", &arguments);
        assert_eq!(code, Some(2), "{text}: {complaint}");
        assert!(complaint.contains(part), "{text}: {complaint}");
        assert!(!dir.path().join("duckdb").exists());
    }
    let (code, _, complaint) = export(dir.path(), "duckdb", &["--control", "HAB-NONE-99"]);
    assert!(code == Some(2) && complaint.contains("HAB-NONE-99"), "{complaint}");
    fs::create_dir(dir.path().join("spark")).unwrap();
    fs::write(dir.path().join("spark/mine.sql"), "SELECT 1").unwrap();
    let (code, _, complaint) = export(dir.path(), "spark", &["--rules", rules.to_str().unwrap()]);
    assert!(code == Some(2) && complaint.contains("not empty"), "{complaint}");
    assert_eq!(read(&dir.path().join("spark/mine.sql")), "SELECT 1");
}
