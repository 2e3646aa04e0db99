//! `habeas audit` signs, `habeas verify` checks: exit codes and words.

use super::habeas;
use std::fs;
use std::path::PathBuf;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/espocrm");

struct Audited {
    dir: tempfile::TempDir,
}

impl Audited {
    fn new(more: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out").display().to_string();
        let base = ["audit", "--connector", "espocrm", "--evidence", FIXTURES, "--out", &out];
        let keys = dir.path().join("keys").display().to_string();
        let keys = if more.is_empty() { vec!["--keys", &keys] } else { Vec::new() };
        let output = habeas(&[&base[..], &keys, more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn verify(&self, file: &str, more: &[&str]) -> (Option<i32>, String) {
        let file = self.path(file).display().to_string();
        let output = habeas(&[&["verify", &file], more].concat());
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }
}

#[test]
fn a_signed_report_is_valid_and_a_changed_byte_is_not() {
    let audited = Audited::new(&[]);
    let root = audited.path("keys/root.pem").display().to_string();
    let (code, said) = audited.verify("out/report.pdf", &["--trust", &root]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("valid") && said.contains("leads to the certificate that you gave"), "{said}");
    let (code, said) = audited.verify("out/report.pdf", &[]);
    assert!(code == Some(0) && said.contains("NOT proven") && said.contains("PAdES B-B"), "{said}");
    let (code, said) = audited.verify("out/report.json", &["--json"]);
    let outcome: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &outcome["valid"]), (Some(0), &true.into()), "{said}");

    let mut pdf = fs::read(audited.path("out/report.pdf")).unwrap();
    let middle = pdf.len() / 2;
    pdf[middle] ^= 1;
    fs::write(audited.path("out/changed.pdf"), pdf).unwrap();
    let (code, said) = audited.verify("out/changed.pdf", &[]);
    assert!(code == Some(1) && said.contains("NOT VALID"), "{code:?} {said}");

    let json = fs::read_to_string(audited.path("out/report.json")).unwrap();
    fs::write(audited.path("out/report.json"), json.replace("critical", "low")).unwrap();
    let (code, said) = audited.verify("out/report.json", &[]);
    assert!(code == Some(1) && said.contains("SHA-256"), "{code:?} {said}");
}

#[test]
fn another_root_is_exit_1_and_what_is_no_report_is_exit_2() {
    let (audited, other) = (Audited::new(&[]), Audited::new(&[]));
    let stranger = other.path("keys/root.pem").display().to_string();
    let (code, said) = audited.verify("out/report.pdf", &["--trust", &stranger]);
    assert!(code == Some(1) && said.contains("not the certificate given as trusted"), "{code:?} {said}");
    let (code, said) = audited.verify("out/report.html", &[]);
    assert!(code == Some(2) && said.contains("report.html"), "{code:?} {said}");
}

#[test]
fn bad_input_is_exit_2_with_the_file_named() {
    let audited = Audited::new(&["--unsigned"]);
    let (code, said) = audited.verify("out/report.pdf", &[]);
    assert!(code == Some(1) && said.contains("carries no signature"), "{code:?} {said}");
    fs::write(audited.path("broken.pdf"), b"%PDF-1.7 nothing").unwrap();
    for (file, more) in
        [("missing.pdf", vec![]), ("broken.pdf", vec![]), ("out/report.pdf", vec!["--trust", "/no/such"])]
    {
        let (code, said) = audited.verify(file, &more);
        assert_eq!(code, Some(2), "{file}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    fs::write(audited.path("no.pem"), b"hello").unwrap();
    let pem = audited.path("no.pem").display().to_string();
    let (code, said) = audited.verify("out/report.pdf", &["--trust", &pem]);
    assert!(code == Some(2) && said.contains("no.pem"), "{code:?} {said}");
}

#[test]
fn two_runs_give_the_same_unsigned_bytes() {
    let (one, two) = (Audited::new(&["--unsigned"]), Audited::new(&["--unsigned"]));
    for name in ["out/report.pdf", "out/report.json", "out/report.html", "out/findings.csv"] {
        assert!(fs::read(one.path(name)).unwrap() == fs::read(two.path(name)).unwrap(), "{name} differs");
    }
}
