//! `habeas events map` as people and scripts call it.

use super::habeas;
use std::path::PathBuf;

fn fixture(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logs").join(name).display().to_string()
}

#[test]
fn a_log_is_printed_as_events_and_the_rest_is_told() {
    let log = fixture("salesforce/login.csv");
    let output = habeas(&["events", "map", "--connector", "salesforce", "--events", &log, "--places"]);
    assert_eq!(output.status.code(), Some(0));
    let printed = String::from_utf8(output.stdout).unwrap();
    let golden = std::fs::read_to_string(fixture("salesforce/login.csv.mapped")).unwrap();
    let events: Vec<String> = golden.lines().filter(|l| l.contains('{')).map(|l| l.replacen(' ', "\t", 1)).collect();
    assert_eq!(printed.lines().collect::<Vec<_>>(), events);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("4 of 6 records mapped"), "{told}");
    assert!(
        told.contains("1 not used (malformed), at byte") && told.contains("1 not used (no_time), at byte"),
        "{told}"
    );
}

#[test]
fn a_mapping_of_ones_own_is_used_and_a_wrong_one_refused_with_its_place() {
    let (mapping, log) = (fixture("own-csv/mapping.yaml"), fixture("own-csv/calls.csv"));
    let output = habeas(&["events", "map", "--mapping", &mapping, "--events", &log]);
    assert_eq!((output.status.code(), output.stdout.split(|b| *b == b'\n').count()), (Some(0), 4));
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.yaml");
    let text = std::fs::read_to_string(&mapping).unwrap().replace("record.Konto", "record.Kontow");
    std::fs::write(&wrong, text).unwrap();
    let output = habeas(&["events", "map", "--mapping", wrong.to_str().unwrap(), "--events", &log]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("calls, all") && told.contains("actor") && told.contains("Kontow"), "{told}");
    let output = habeas(&["events", "map", "--connector", "nothing", "--events", &log]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && told.contains("espocrm") && told.contains("zoho"), "{told}");
}
