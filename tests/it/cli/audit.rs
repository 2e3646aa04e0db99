//! `habeas audit` as people call it: exit codes, errors that name the place and the next step, and no half-written report.

use super::habeas;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/espocrm");

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn envelope(kind: &str, data: &str) -> String {
    format!(
        r#"{{"habeas":"evidence/1","kind":"{kind}","source":{{"system":"s","method":"export","collector":"c"}},
        "observed_at":"2026-11-01T00:00:00Z","collected_at":"2026-11-01T00:00:00Z","data":{data}}}"#
    )
}

/// Audits one evidence file with this text.
fn audit_of(text: &[u8]) -> (Output, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("evidence.json"), text).unwrap();
    let evidence = dir.path().join("evidence.json").display().to_string();
    let out = dir.path().join("out").display().to_string();
    (habeas(&["audit", "--evidence", &evidence, "--out", &out]), dir)
}

#[test]
fn bad_evidence_is_refused_with_its_place_and_nothing_is_written() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let cases: [(Vec<u8>, &str); 10] = [
        (b"{broken".to_vec(), "line 1"),
        (envelope("userz", "[]").into_bytes(), "no evidence kind `userz`"),
        (envelope("users", r#"[{"id":"u1","active":"yes"}]"#).into_bytes(), "/0/active"),
        (envelope("users", r#"[{"id":"u1","aktive":true}]"#).into_bytes(), "key \"aktive\""),
        (envelope("users", r#"[{"id":"u1","id":"u2"}]"#).into_bytes(), "`/0"),
        (envelope("users", r#"[{"id":"u1","last_login":"yesterday"}]"#).into_bytes(), "/0/last_login"),
        (envelope("users", &deep.clone()).into_bytes(), "expected a record, found a list"),
        (deep.into_bytes(), "cannot be read"),
        ([envelope("users", "[]").as_bytes(), b"\xff"].concat(), "not UTF-8"),
        (br#"[{"id":"u1"}]"#.to_vec(), "evidence.json"),
    ];
    for (text, says) in cases {
        let (output, dir) = audit_of(&text);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(told.contains(says) && told.contains("evidence.json"), "expected `{says}` in: {told}");
        assert!(!told.contains("panicked"), "{told}");
        assert!(!dir.path().join("out").exists(), "a report was begun");
    }
}

#[test]
fn exit_codes_follow_what_was_asked() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out").display().to_string();
    let base = ["audit", "--connector", "espocrm", "--evidence", FIXTURES, "--out", &out];
    let with = |more: &[&str]| habeas(&[&base[..], more].concat()).status.code();
    assert_eq!(with(&[]), Some(0));
    assert_eq!(with(&["--fail-on", "critical"]), Some(1));
    assert_eq!(with(&["--only", "gdpr,nonsense"]), Some(2));
    assert_eq!(with(&["--param", "HAB-LOG-03"]), Some(2));
    assert_eq!(with(&["--lang", "tlh"]), Some(2));
    assert_eq!(with(&["--waivers", "/no/such/file"]), Some(2));
    assert_eq!(habeas(&["audit", "--out", &out]).status.code(), Some(2), "nothing to audit");
    assert_eq!(habeas(&["audit", "--evidence", "/no/such/folder", "--out", &out]).status.code(), Some(3));
    assert_eq!(
        habeas(&["audit", "--connector", "nocrm", "--evidence", FIXTURES, "--out", &out]).status.code(),
        Some(3)
    );
    assert_eq!(habeas(&["audti"]).status.code(), Some(2));
}

#[test]
fn one_file_that_is_too_large_for_the_disk_leaves_no_half_report() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    // A file size limit of 8 KiB stands in for a full disk: the write fails in the middle, with the signal ignored.
    let script = format!(
        "trap '' XFSZ; ulimit -f 8; exec {} audit --unsigned --connector espocrm --evidence {FIXTURES} --out {}",
        env!("CARGO_BIN_EXE_habeas"),
        out.display()
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    let told = told(&output);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("could not write") && told.contains("--out"), "{told}");
    let left: Vec<_> = fs::read_dir(&out).map(|d| d.map(|e| e.unwrap().file_name()).collect()).unwrap_or_default();
    assert!(left.is_empty(), "left behind: {left:?}");
}

#[test]
fn a_catalog_with_an_error_decides_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let controls = dir.path().join("controls/authentication");
    fs::create_dir_all(&controls).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("controls/authentication");
    let name = "every-person-signs-in-with-a-second-factor";
    let text = fs::read_to_string(source.join(format!("{name}.yaml"))).unwrap();
    for (from, to, says) in [
        ("severity: critical", "severity: critical\nseverity: low", "severity"),
        ("severity: critical", "severity: dreadful", "dreadful"),
        ("require: user.mfa_enforced", "require: user.mfa_enforcd", "mfa_enforcd"),
        ("\"32(4)\"", "\"932(4)\"", "932(4)"),
    ] {
        fs::write(controls.join(format!("{name}.yaml")), text.replacen(from, to, 1)).unwrap();
        let folder = dir.path().join("controls").display().to_string();
        let out = dir.path().join("out").display().to_string();
        let output =
            habeas(&["audit", "--controls", &folder, "--connector", "espocrm", "--evidence", FIXTURES, "--out", &out]);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(says) && told.contains(&format!("{name}.yaml")), "expected `{says}` in: {told}");
    }
}
