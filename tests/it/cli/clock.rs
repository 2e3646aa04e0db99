//! `habeas clock` as people and scripts call it.

use super::habeas;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

fn json(args: &[&str]) -> Value {
    let output = habeas(args);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(args: &[&str]) -> String {
    let output = habeas(args);
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

fn due<'a>(regime: &'a str, place: &'a str, right: &'a str, received: &'a str) -> Vec<&'a str> {
    vec!["clock", "due", "--regime", regime, "--place", place, "--right", right, "--received", received]
}

#[test]
fn easter_moves_an_answer_and_the_reason_is_told_with_its_source() {
    let args = [due("eu-gdpr", "DE", "access", "2026-03-05"), vec!["--json"]].concat();
    let answer = &json(&args)["clocks"][0];
    assert_eq!((&answer["name"], &answer["due_on"]), (&"answer".into(), &"2026-04-07".into()));
    let steps = answer["steps"].as_array().unwrap();
    let easter = steps.iter().find(|s| s["text"].as_str().unwrap().contains("Easter Monday")).unwrap();
    assert_eq!(easter["cite"], "Reg. 1182/71 Art. 3(4), Art. 2");
    assert!(answer["calendar"]["version"].as_str().unwrap().contains("holidays 0.109"));
    assert_eq!(answer["ends_at"], "2026-04-07T22:00:00Z");
}

#[test]
fn people_read_dates_with_weekdays_in_their_language() {
    let args = [due("pipl", "CN", "deletion", "2026-02-13"), vec!["--lang", "zh-CN"]].concat();
    let text = String::from_utf8(habeas(&args).stdout).unwrap();
    assert!(text.contains("2026-03-12（星期四）") && text.contains("调休上班日计入：2026-02-14（星期六）"), "{text}");
    let text = String::from_utf8(habeas(&due("eu-gdpr", "DE", "access", "2026-03-05")).stdout).unwrap();
    assert!(text.contains("Tuesday 2026-04-07"), "{text}");
}

#[test]
fn words_are_understood_in_the_forms_people_use() {
    for (right, event) in [("erasure", "id-received=2026-06-15"), ("DELETE", "Proof=2026-06-15")] {
        let mut args = due("EU-GDPR", "de", right, "2026-06-01");
        args.extend(["--event", "identity_requested=2026-06-03", "--event", event, "--json"]);
        let outcome = json(&args);
        assert_eq!((&outcome["right"], &outcome["clocks"][0]["due_on"]), (&"deletion".into(), &"2026-07-13".into()));
    }
    let outcome =
        json(&["clock", "due", "--regime", "ccpa", "--right", "know", "--received", "2026-07-01T05:30Z", "--json"]);
    assert_eq!((&outcome["place"], &outcome["received_on"]), (&"US-CA".into(), &"2026-06-30".into()));
}

#[test]
fn several_regimes_and_rights_run_all_their_clocks_and_the_earliest_is_named() {
    let mut args = vec![
        "clock",
        "due",
        "--regime",
        "eu-gdpr",
        "--regime",
        "ccpa",
        "--place",
        "FR",
        "--received",
        "2026-07-01T05:30Z",
    ];
    args.extend(["--place", "US-CA", "--right", "access", "--right", "deletion", "--policy", "eu_id=none", "--json"]);
    let together = json(&args);
    assert_eq!(together["outcomes"].as_array().unwrap().len(), 4);
    let dates = |regime: &str, name: &str| -> Vec<&Value> {
        let clocks = together["clocks"].as_array().unwrap().iter();
        clocks.filter(|c| c["regime"] == regime && c["name"] == name).map(|c| &c["due_on"]).collect()
    };
    assert_eq!(dates("eu-gdpr", "answer"), ["2026-08-03", "2026-08-03"]);
    assert_eq!(dates("ccpa", "answer"), ["2026-08-14", "2026-08-14"]);
    assert_eq!(
        (&together["next"]["name"], &together["next"]["due_on"]),
        (&"acknowledgement".into(), &"2026-07-14".into())
    );
}

#[test]
fn what_is_wrong_is_named_with_the_field_and_what_to_do() {
    let with = |more: &[&'static str]| [due("eu-gdpr", "DE", "access", "2026-03-05"), more.to_vec()].concat();
    for (args, expected) in [
        (due("gdpr", "DE", "access", "2026-03-05"), "regime: `gdpr` is not known; choose one of: app-au"),
        (due("uk-gdpr", "GB", "access", "2026-03-05"), "place: `GB` is not known; choose one of: GB-ENG, GB-WLS"),
        (due("eu-gdpr", "DE", "opt-out", "2026-03-05"), "right: `opt-out` is not known; choose one of: access"),
        (due("eu-gdpr", "DE", "access", "2026-02-30"), "received: `2026-02-30` is neither a day"),
        (due("eu-gdpr", "DE", "access", "2026-03-05T10:00"), "neither a day such as 2026-03-05 nor an instant"),
        (
            due("ccpa", "US-CA", "adm-opt-out", "2026-12-31"),
            "not in force for a request received on 2026-12-31; it holds from 2027-01-01",
        ),
        (due("us-ok", "US-OK", "access", "2026-12-31"), "`us-ok` is not in force"),
        (due("eu-gdpr", "DE", "access", "2200-12-30"), "leave the years 1900 to 2200"),
        (with(&["--event", "identity_asked=2026-03-01"]), "`identity_asked` is on 2026-03-01, before the receipt"),
        (with(&["--event", "identity_asked"]), "event: `identity_asked` is not of the form name=value"),
        (with(&["--event", "asked=2026-03-06"]), "event: `asked` is not known"),
        (with(&["--event", "answered=soon"]), "event `answered`: `soon` is neither a day"),
        (with(&["--policy", "eu_id=maybe"]), "policy: `eu_id=maybe` is not known; choose one of: suspend, none"),
    ] {
        let error = refused(&args);
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let error = refused(&["clock", "due", "--regime", "eu-gdpr", "--right", "access", "--received", "2026-03-05"]);
    assert!(error.contains("place: `eu-gdpr` counts by the place"), "{error}");
}

#[test]
fn what_is_not_known_is_said_to_be_unknown_and_never_guessed() {
    let args = [due("us-la", "US-LA", "access", "2027-03-05"), vec!["--json"]].concat();
    let unknown = &json(&args)["clocks"][0];
    assert_eq!((&unknown["status"], &unknown["due_on"]), (&"unknown".into(), &Value::Null));
    let args = [due("pipl", "CN", "deletion", "2026-12-20"), vec!["--json"]].concat();
    let outcome = json(&args);
    assert_eq!(
        (&outcome["clocks"][0]["status"], &outcome["clocks"][0]["due_on"]),
        (&"calendar-missing".into(), &Value::Null)
    );
    assert_eq!(outcome["findings"][0]["code"], "calendar-missing");
}

#[test]
fn a_batch_answers_every_line_and_names_the_bad_ones() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_habeas"))
        .args(["clock", "due", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = br#"{"regime":"eu-gdpr","place":"DE","right":"access","received":"2026-05-08","events":[["extension_notice","2026-06-09"]]}
{"regime":"eu-gdpr","place":"XX","right":"access","received":"2026-05-08"}
not json
{"regime":"ccpa","right":"limit","received":"2026-03-02"}
"#;
    child.stdin.take().unwrap().write_all(lines).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let answers: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[0]["findings"][0]["code"], "extension-late");
    assert!(answers[1]["error"].as_str().unwrap().contains("`XX`") && answers[1]["line"] == 2);
    assert_eq!(answers[2]["line"], 3);
    assert_eq!(answers[3]["clocks"][0]["due_on"], "2026-03-23");
}

#[test]
fn a_folder_takes_the_place_of_the_built_in_book_and_is_held_to_the_same_rules() {
    let regimes = Path::new(env!("CARGO_MANIFEST_DIR")).join("regimes");
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("calendars")).unwrap();
    for below in [".", "calendars"] {
        for entry in std::fs::read_dir(regimes.join(below)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::copy(&path, folder.path().join(below).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    let inside = folder.path().to_str().unwrap();
    assert!(habeas(&["clock", "lint", "--regimes", inside]).status.success());
    let ccpa = folder.path().join("ccpa.yaml");
    let text = std::fs::read_to_string(&ccpa).unwrap();
    std::fs::write(&ccpa, text.replace("{count: 45, unit: days}", "{count: 44, unit: days}")).unwrap();
    let mut args = due("ccpa", "US-CA", "access", "2026-05-01");
    args.extend(["--regimes", inside, "--json"]);
    assert_eq!(json(&args)["clocks"][1]["due_on"], "2026-06-14");
    std::fs::write(&ccpa, text.replace("cite: \"11 CCR 7026(f)\"", "cite: \"\"")).unwrap();
    let error = refused(&["clock", "lint", "--regimes", inside]);
    assert!(error.contains("`regimes/ccpa.yaml` field `clocks.opt_out`: the source is missing"), "{error}");
}

#[test]
fn the_reference_page_is_what_the_data_says() {
    let written =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/clocks.md")).unwrap();
    let made = String::from_utf8(habeas(&["clock", "docs"]).stdout).unwrap();
    assert_eq!(written, made, "run `habeas clock docs > docs/reference/clocks.md`");
}
