//! `habeas controls backtest` as people call it: counted by hand.

use super::habeas;
use serde_json::Value as Json;

/// Failed sign-ins a minute apart: four of ann on 2 March, twelve of bob on 3 March.
fn log(folder: &std::path::Path) -> String {
    let line = |day: u32, minute: u32, who: &str| {
        format!(
            "{{\"ts\":\"2026-03-{day:02}T09:{minute:02}:00Z\",\"source\":\"crm\",\"action\":\"login\",\"actor\":\"{who}\",\"result\":\"failure\"}}\n"
        )
    };
    let text: String = (0..4)
        .map(|m| line(2, m, "ann"))
        .chain((0..12).map(|m| line(3, m, "bob")))
        .chain(["nonsense\n".to_owned()])
        .collect();
    let path = folder.join("old.ndjson");
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

fn run(args: &[&str]) -> (String, String, Option<i32>) {
    let out = habeas(&[&["controls", "backtest"], args].concat());
    (String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap(), out.status.code())
}

#[test]
fn a_control_is_compared_with_itself_under_other_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    let args = ["--events", &log, "--control", "HAB-DET-01", "--param", "failures=3"];
    let (text, _, code) = run(&args);
    assert_eq!(code, Some(0), "{text}");
    let rows: Vec<Vec<&str>> = text.lines().map(|l| l.split_whitespace().collect()).collect();
    assert!(rows.contains(&vec!["failures:", "10", "->", "3"]), "{text}");
    // Ann never reaches ten; with three, her third and fourth failure fire. Bob's tenth to twelfth, third to twelfth.
    assert!(rows.contains(&vec!["2026-03-02", "0", "on", "0", "2", "on", "1"]), "{text}");
    assert!(rows.contains(&vec!["2026-03-03", "3", "on", "1", "10", "on", "1"]), "{text}");
    assert!(rows.contains(&vec!["together", "3", "on", "1", "12", "on", "2"]), "{text}");
    assert!(text.contains("only with these parameters: p-") && !text.contains("only as it is"), "{text}");
    assert!(!text.contains("ann") && !text.contains("bob"), "names do not leave: {text}");
    assert!(text.starts_with("16 events, 2026-03-02") && text.contains("1 lines not used"), "{text}");

    let (json, _, _) = run(&[&args[..], &["--json"]].concat());
    let json: Json = serde_json::from_str(&json).unwrap();
    let bob = &json["controls"][0]["days"]["2026-03-03"];
    assert_eq!(bob["own"]["who"], bob["given"]["who"], "one person, one pseudonym");
    assert_eq!(json["controls"][0]["changed"][0]["given"], "3");
}

#[test]
fn days_are_chosen_and_silent_controls_named() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    let (text, _, _) =
        run(&["--events", &log, "--from", "2026-03-03", "--control", "HAB-DET-01", "--param", "HAB-DET-01.failures=3"]);
    assert!(!text.contains("2026-03-02  ") && text.contains("together    3 on 1          10 on 1"), "{text}");
    let (text, _, _) = run(&["--events", &log, "--to", "2026-03-02"]);
    assert!(text.contains("did not fire: ") && text.contains("HAB-DET-02"), "{text}");
    assert!(
        text.contains("no table `hr`") || text.contains("no table `users`"),
        "what rules could not look up is told: {text}"
    );
    let silent = run(&["--events", &log, "--to", "2026-03-02", "--control", "HAB-DET-01"]).0;
    assert!(silent.contains("did not fire: HAB-DET-01"), "{silent}");
}

#[test]
fn what_cannot_be_run_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    for (args, part, code) in [
        (&["--events", &log, "--control", "HAB-DET-01", "--param", "failures=1"][..], "failures", 2),
        (&["--events", &log, "--control", "HAB-DET-01", "--param", "failure=5"], "failure", 2),
        (&["--events", &log, "--param", "failures=5"], "--control", 2),
        (&["--events", &log, "--control", "HAB-AUT-01"], "no control over events", 2),
        (&["--events", &log, "--from", "yesterday"], "no day", 2),
        (&["--events", "/nonexistent.ndjson"], "nonexistent", 3),
    ] {
        let (_, told, exit) = run(args);
        assert!(exit == Some(code) && told.contains(part), "{args:?}: {exit:?} {told}");
    }
}
