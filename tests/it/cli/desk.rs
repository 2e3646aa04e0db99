//! `habeas requests` where it helps people along: owners, links, addresses, grounds, and what to do after an error.

use super::requests::{ANN, Office};
use serde_json::json;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

const NOW: &str = "2026-03-06T09:00:00Z";

fn access(office: &Office) -> String {
    office.add(&["--right", "access", "--received", "2026-03-05"], ANN)
}

#[test]
fn two_requests_are_linked_and_nothing_else_changes() {
    let office = Office::new(NOW);
    let (first, second) = (access(&office), access(&office));
    assert_eq!(office.run("carl", &["verify", &first, "--method", "code", "--field", "email", "--on-file"]).code, 0);
    let before = office.run("carl", &["show", &second, "--json"]).json();
    assert_eq!(office.run("carl", &["link", &second, &first]).code, 0);
    let after = office.run("carl", &["show", &second, "--json"]).json();
    assert_eq!(after["links"], json!([first]));
    assert_eq!(before["claims"], after["claims"], "no proof, stage or date is carried over (T18)");
    assert!(after["ledger"].as_array().unwrap().iter().any(|e| e["action"] == "request.linked"));
    assert!(office.run("carl", &["show", &second]).out.contains("identity none of reasonable needed"));
    let own = office.run("carl", &["link", &second, &second]);
    assert!(own.code == 1 && own.err.contains("cannot be linked to itself"), "{}", own.err);
    let unknown = office.run("carl", &["link", &second, "zz"]);
    assert!(unknown.code == 2 && unknown.err.contains("`habeas requests list` names all"), "{}", unknown.err);
    assert_eq!(office.run("aude", &["link", &second, &first]).code, 2, "an auditor changes nothing");
}

#[test]
fn a_request_has_an_owner_who_is_named_wherever_it_is_late() {
    let mut office = Office::new(NOW);
    let (mine, other) = (access(&office), access(&office));
    for (who, wrong, said) in [
        ("dora", vec!["assign", &mine, "--to", "nobody-known"], "handles no requests; these do: carl, dora, emil"),
        ("dora", vec!["assign", &mine, "--to", "aude"], "`aude` handles no requests"),
        ("aude", vec!["assign", &mine, "--to", "carl"], "an auditor"),
    ] {
        let refused = office.run(who, &wrong);
        assert!(refused.code == 2 && refused.err.contains(said), "{wrong:?}: {}", refused.err);
    }
    assert_eq!(office.run("dora", &["assign", &mine, "--to", "carl"]).code, 0);
    assert_eq!(office.run("dora", &["assign", &mine, "--to", "emil"]).code, 0, "and to another");
    let shown = office.run("carl", &["show", &mine, "--json"]).json();
    assert_eq!(shown["owner"], "emil");
    let told = |e: &&serde_json::Value| e["action"] == "request.assigned";
    let assigned: Vec<_> = shown["ledger"].as_array().unwrap().iter().filter(told).collect();
    assert_eq!(assigned.len(), 2);
    assert_eq!(
        (&assigned[1]["facts"]["from"]["word"], &assigned[1]["facts"]["to"]["word"]),
        (&json!("carl"), &json!("emil")),
        "{assigned:?}"
    );
    let of = |office: &Office, args: &[&str]| office.run("carl", args).json().as_array().map(Vec::len);
    assert_eq!(of(&office, &["tasks", "--owner", "emil", "--json"]), Some(1));
    let list = office.run("carl", &["list", "--owner", "emil", "--json"]).json();
    assert_eq!((list["claims"].as_array().unwrap().len(), &list["claims"][0]["request"]), (1, &json!(mine)));
    // Both are late; the notice names the owner of the one, and that the other has none.
    office.now = "2026-04-08T09:00:00Z".to_owned();
    let worked = office.command(&["requests", "work"], "");
    let late: Vec<&str> = worked.out.lines().filter(|l| l.starts_with("OVERDUE")).collect();
    assert_eq!(late.len(), 2, "{}", worked.out);
    let of = |id: &str| late.iter().find(|l| l.contains(&id[..8])).copied().unwrap_or_default();
    assert!(of(&mine).ends_with("answer due 2026-04-07; owner: emil"), "{late:?}");
    assert!(of(&other).ends_with("owner: nobody"), "{late:?}");
    let ledger = office.run("carl", &["show", &mine, "--json"]).json();
    let overdue = ledger["ledger"].as_array().unwrap().iter().find(|e| e["action"] == "request.overdue").unwrap();
    assert_eq!(overdue["facts"]["owner"]["word"], "emil", "{overdue}");
    assert!(office.run("carl", &["tasks"]).out.lines().any(|l| l.contains("overdue") && l.contains("emil")));
    assert_eq!(office.run("dora", &["assign", &mine, "--nobody"]).code, 0);
    assert_eq!(office.run("carl", &["show", &mine, "--json"]).json()["owner"], json!(null));
}

#[test]
fn the_address_on_file_is_recorded_and_shown_where_a_letter_is_written() {
    let office = Office::new(NOW);
    let person = "name = \"Ann Example\"\nemail = \"ann@new.example\"\n";
    let id = office.add(&["--right", "access", "--received", "2026-03-05"], person);
    for (file, said) in [("mail = \"a@b.example\"\n", "line 1: expected email"), ("", "holds no address")] {
        let wrong = office.with_input("carl", &["address", &id, "--file", "-"], file);
        assert!(wrong.code == 2 && wrong.err.contains(said) && !wrong.err.contains("a@b"), "{}", wrong.err);
    }
    let on_file = "email = \"ann@old.example\"\naddress = \"Example Street 1\"\n";
    assert_eq!(office.with_input("carl", &["address", &id, "--file", "-"], on_file).code, 0);
    let shown = office.run("carl", &["show", &id, "--personal", "--json"]).json();
    assert_eq!(
        (&shown["person"]["email"], &shown["person"]["email-on-file"]),
        (&json!("ann@new.example"), &json!("ann@old.example"))
    );
    assert!(!shown["ledger"].to_string().contains("old.example"), "the ledger holds no address");
    let receipt = office.run("carl", &["letter", &id, "--letter", "acknowledgement"]).out;
    assert!(receipt.starts_with("To the address given in the request: mail ann@new.example"), "{receipt}");
}

#[test]
fn a_refusal_without_a_ground_of_the_law_says_which_grounds_there_are() {
    let office = Office::new(NOW);
    let add = |right: &str, regime: &str, place: &str| {
        office.add(&["--right", right, "--regime", regime, "--place", place, "--received", "2026-03-05"], ANN)
    };
    let refuse = |id: &str, ground: &str| office.run("dora", &["refuse", id, "--ground", ground, "--facts", "None."]);
    let access = add("access", "eu-gdpr", "DE");
    let wrong = refuse(&access, "too-much-work");
    assert_eq!(wrong.code, 1);
    assert!(
        wrong.err.contains("no ground for refusing `access` (GDPR 15); the grounds are: excessive, "),
        "{}",
        wrong.err
    );
    let listed = office.run("aude", &["refuse", &access, "--list"]).out;
    assert!(listed.contains("others-rights") && listed.contains("GDPR Art. 15(4)"), "{listed}");
    for (right, regime, place) in
        [("marketing-objection", "eu-gdpr", "DE"), ("withdrawal", "pipl", "CN"), ("marketing-objection", "pipl", "CN")]
    {
        let id = add(right, regime, place);
        let never = refuse(&id, "excessive");
        assert!(never.code == 1 && never.err.contains("it cannot be refused, whole or in part"), "{}", never.err);
        let listed = office.run("dora", &["refuse", &id, "--list"]).out;
        assert!(listed.contains(&format!("gives no ground for refusing `{right}`")), "{listed}");
    }
    for (right, ground) in
        [("objection", "law-otherwise"), ("adm-access", "no-major-effect"), ("adm-opt-out", "not-automated-alone")]
    {
        let id = add(right, "pipl", "CN");
        assert_eq!(refuse(&id, ground).code, 0, "{right}");
    }
    let elsewhere = add("access", "lgpd", "BR");
    let unknown = refuse(&elsewhere, "excessive");
    assert!(unknown.code == 1 && unknown.err.contains("are not in the law book"), "{}", unknown.err);
}

/// Only a correction contests what is held; a mere completion restricts nothing (GDPR 18(1)(a)).
#[test]
fn a_rectification_restricts_what_is_contested_and_nothing_else() {
    let office = Office::new(NOW);
    let clocks = |args: &[&str]| {
        let id = office.add(&[&["--right", "rectification", "--received", "2026-03-06"], args].concat(), ANN);
        let shown = office.run("carl", &["show", &id, "--json"]).json();
        let due = shown["claims"][0]["due"].as_array().unwrap().clone();
        due.iter().map(|d| d["clock"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(clocks(&["--contested", "address"]).contains(&"restrict_meanwhile".to_owned()));
    assert!(clocks(&[]).contains(&"restrict_meanwhile".to_owned()), "not said is not contested by nobody");
    assert_eq!(clocks(&["--completes"]), ["answer"]);
}

#[test]
fn every_error_says_what_to_do_next() {
    let office = Office::new(NOW);
    let id = access(&office);
    let table: [(&str, Vec<&str>, &str); 20] = [
        ("carl", vec!["show", "zz"], "`habeas requests list` names all"),
        ("carl", vec!["accept", &id, "--claim", "7"], "`show` numbers them, from 0"),
        ("carl", vec!["resume", &id], "possible now: `accept`, `extend`, `met`, `pause`, `refuse`, `sent`, `withdraw`"),
        ("carl", vec!["appeal", &id], "possible now: `accept`"),
        ("carl", vec!["read-back", &id, "--as-planned", "1"], "`carry-out` comes first"),
        ("dora", vec!["plan", &id, "--show"], "`plan --file` puts one up"),
        ("carl", vec!["plan", &id, "--file", "/nowhere/plan.toml"], "/nowhere/plan.toml"),
        ("dora", vec!["decide", &id, "--release", "abc"], "64 hexadecimal digits (`plan --show`)"),
        ("carl", vec!["hold", &id], "`habeas requests staff list` names them"),
        ("dora", vec!["refuse", &id, "--ground", "excessive"], "--facts TEXT"),
        ("dora", vec!["verify", &id], "--method code --field email"),
        ("dora", vec!["verify", &id, "--confirm-override"], "a second person must do this"),
        ("carl", vec!["met", &id, "--clock", "answer"], "`show` names the clocks"),
        ("carl", vec!["done", "zz"], "`habeas requests tasks --json` gives whole ids"),
        ("carl", vec!["resend", "0123456789abcdef0123456789abcdef"], "`show` lists the letters"),
        ("carl", vec!["sent", &id, "--letter", "answer", "--on", "2026-03-09"], "lies in the future"),
        ("carl", vec!["metrics", "--year", "1"], "1900 to 2200"),
        ("carl", vec!["import", "/nowhere/list.csv"], "/nowhere/list.csv"),
        ("carl", vec!["add", "--from-gpc", "0"], "never an opt-in"),
        ("carl", vec!["answer", &id], "--words FILE"),
    ];
    for (who, args, said) in table {
        let answer = office.run(who, &args);
        assert!(matches!(answer.code, 1..=3), "{args:?}: {} {}", answer.code, answer.out);
        assert!(answer.err.contains(said), "{args:?}: {}", answer.err);
        assert_eq!(answer.err.lines().count(), 1, "one line: {}", answer.err);
    }
    // Nothing of all this changed the request.
    let entries = office.run("carl", &["show", &id, "--json"]).json()["ledger"].as_array().unwrap().len();
    assert_eq!(entries, 1);
    let nobody = office.command(&["requests", "list"], "");
    assert!(nobody.code == 2 && nobody.err.contains("say who you are with --as ID"), "{}", nobody.err);
}

#[test]
fn the_help_names_every_command_and_each_has_its_own() {
    let office = Office::new(NOW);
    let help = office.command(&["requests", "--help"], "").out;
    let commands: Vec<String> = help
        .lines()
        .skip_while(|l| !l.starts_with("Commands:"))
        .skip(1)
        .take_while(|l| !l.is_empty())
        // What is indented further goes on with the text of the line before.
        .filter(|l| l.starts_with("  ") && !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next().map(str::to_owned))
        .collect();
    assert!(commands.len() > 30, "{commands:?}");
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/requests.md")).unwrap();
    for command in commands.iter().filter(|c| *c != "help") {
        let own = office.command(&["requests", command, "--help"], "");
        assert!(own.code == 0 && own.out.contains("Usage: habeas requests"), "{command}");
        let told = docs.contains(&format!("`{command}`")) || docs.contains(&format!("habeas requests {command}"));
        assert!(told, "docs/requests.md does not tell of `{command}`");
    }
}

/// The worker goes on by itself, and ends once nobody listens.
#[test]
fn the_worker_watches_until_nobody_listens() {
    let office = Office::new(NOW);
    let file = office.folder().join("habeas.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("warn_days = 7", "warn_days = 7\npass_seconds = 1")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_habeas"))
        .args(["requests", "work", "--watch", "--json", "--config"])
        .arg(&file)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    for pass in 0..3 {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let told: serde_json::Value =
            serde_json::from_str(&line).unwrap_or_else(|e| panic!("pass {pass}: {e}: {line}"));
        assert_eq!(told["problems"], json!([]));
    }
    drop(out);
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(err.contains("nobody reads what the worker tells"), "{err}");
}
