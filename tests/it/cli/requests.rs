//! `habeas requests` as staff call it: the built program, an installation of its own, and a clock for practice.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An installation for practice with two members of staff and an auditor.
pub struct Office {
    dir: tempfile::TempDir,
    /// The instant at which its commands work.
    pub now: String,
}

/// What every installation is told of its organisation.
const ACME: [&str; 12] = [
    "--organisation",
    "acme",
    "--name",
    "Acme GmbH",
    "--place",
    "DE",
    "--email",
    "privacy@acme.example",
    "--dpo-contact",
    "dpo@acme.example",
    "--dpo",
    "dora",
];

/// What a command said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}", self.out))
    }
}

impl Office {
    pub fn new(now: &str) -> Self {
        let office = Self { dir: tempfile::tempdir().unwrap(), now: now.to_owned() };
        let folder = office.folder().display().to_string();
        let own = ["--languages", "en,de", "--rehearsal", "--now", now];
        let made = office.raw(&[&["requests", "init", &folder], &ACME[..], &own].concat(), "");
        assert_eq!(made.code, 0, "{}", made.err);
        assert!(made.out.contains("master.key") && made.out.contains("staff add"), "{}", made.out);
        for (id, role) in [("carl", "caseworker"), ("emil", "dpo"), ("aude", "auditor")] {
            assert_eq!(office.run("dora", &["staff", "add", id, "--role", role]).code, 0);
        }
        office
    }

    pub fn folder(&self) -> PathBuf {
        self.dir.path().join("office")
    }

    fn raw(&self, args: &[&str], input: &str) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_habeas"))
            .args(args)
            .env_clear()
            .env("HOME", self.dir.path())
            // Whatever could be logged is to be logged: the canary test reads it all.
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may be gone before we write.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs `habeas requests ...` as `who`.
    pub fn run(&self, who: &str, args: &[&str]) -> Said {
        self.with_input(who, args, "")
    }

    /// The same with something on standard input.
    pub fn with_input(&self, who: &str, args: &[&str], input: &str) -> Said {
        self.command(&[&["requests"], args, &["--as", who]].concat(), input)
    }

    /// Runs any command of the program on this installation.
    pub fn command(&self, args: &[&str], input: &str) -> Said {
        let file = self.folder().join("habeas.toml").display().to_string();
        self.raw(&[args, &["--config", &file, "--now", &self.now]].concat(), input)
    }

    /// Enters a request and gives its id.
    pub fn add(&self, args: &[&str], person: &str) -> String {
        let all = [&["add", "--person", "-", "--json"], args].concat();
        self.with_input("carl", &all, person).json()["request"].as_str().unwrap().to_owned()
    }
}

pub const ANN: &str =
    "name = \"Ann Example\"\nemail = \"ann@test.example\"\nemail_on_file = \"ann@test.example\"\nlanguage = \"de\"\n";

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn an_installation_is_usable_at_once_and_its_keys_are_its_owners_alone() {
    let office = Office::new("2026-03-06T09:00:00Z");
    for key in ["keys/master.key", "keys/ledger.key", "keys/bounces.key", "staff/dora.key", "staff/carl.key"] {
        assert_eq!(mode(&office.folder().join(key)), 0o400, "{key}");
    }
    let folder = office.folder().display().to_string();
    let again = office.raw(&[&["requests", "init", &folder], &ACME[..]].concat(), "");
    assert_eq!(again.code, 2);
    assert!(again.err.contains("never made over another"), "{}", again.err);
    let file = office.folder().join("habeas.toml").display().to_string();
    let checked = office.raw(&["config", "check", "--config", &file], "");
    assert_eq!((checked.code, checked.out.contains("nothing to complain of")), (0, true), "{}", checked.err);
    let shown = office.raw(&["config", "show", "--config", &file], "");
    assert!(shown.out.contains("file         organisation.place = \"DE\""), "{}", shown.out);
    assert!(shown.out.contains("default      schedule.pass_seconds = 60"), "{}", shown.out);
}

#[test]
fn a_letter_is_entered_with_its_own_date_and_found_again_with_its_clock_and_reasons() {
    let office = Office::new("2026-03-06T09:00:00Z");
    let id = office.add(&["--right", "access", "--right", "erasure", "--received", "2026-03-05"], ANN);
    let list = office.run("carl", &["list", "--json"]).json();
    let claims = list["claims"].as_array().unwrap();
    assert_eq!((claims.len(), &list["counts"]["open"]), (2, &1.into()));
    assert_eq!(
        (&claims[0]["due_on"], &claims[0]["state"], &claims[0]["turn"]),
        (&"2026-04-07".into(), &"received".into(), &"caseworker".into())
    );
    let text = office.run("aude", &["list"]).out;
    assert!(text.contains(&id[..8]) && text.contains("2026-04-07") && text.contains("take it up"), "{text}");

    let shown = office.run("carl", &["show", &id[..6], "--json"]).json();
    assert_eq!(shown["received_at"], "2026-03-04T23:00:00Z", "the beginning of the day in Germany");
    assert_eq!(shown["recorded_at"], "2026-03-06T09:00:00Z");
    assert!(shown.get("person").is_none());
    let steps = shown["clocks"][0]["clocks"][0]["steps"].as_array().unwrap();
    assert!(steps.iter().any(|s| s["text"].as_str().unwrap().contains("Easter Monday")), "{steps:?}");
    let person = office.run("carl", &["show", &id, "--personal"]).out;
    assert!(person.contains("Ann Example") && person.contains("request.received"), "{person}");
    let due = office.run("carl", &["due", &id, "--lang", "zh-CN"]).out;
    assert!(due.contains("2026-04-07"), "{due}");
}

#[test]
fn the_same_reference_is_the_same_request_and_nothing_is_guessed() {
    let office = Office::new("2026-03-06T09:00:00Z");
    let args = ["--right", "deletion", "--received", "2026-03-05", "--reference", "post-17"];
    assert_eq!(office.add(&args, ANN), office.add(&args, ANN));
    let refused = |args: &[&str], code: i32, said: &str| {
        let answer = office.run("carl", &[&["add"], args].concat());
        assert_eq!(answer.code, code, "{args:?}: {}", answer.err);
        assert!(answer.err.contains(said), "{args:?}: {}", answer.err);
    };
    refused(&["--right", "gone", "--received", "2026-03-05"], 2, "right: `gone` is not known; choose one of: access");
    refused(&["--right", "access", "--received", "5.3.2026"], 2, "received: `5.3.2026` is neither a day");
    refused(&["--right", "access", "--received", "2026-03-07T00:00:00Z"], 1, "refused: the clock stands at");
    refused(&["--right", "access", "--received", "2026-03-05", "--regime", "ccp"], 2, "regime: `ccp` is not known");
    refused(&["--right", "opt-out", "--received", "2026-03-05"], 2, "right: `opt-out` is not known");
    let leaky = office.with_input(
        "carl",
        &["add", "--right", "access", "--received", "2026-03-05", "--person", "-"],
        "name = Ann\n",
    );
    assert_eq!(leaky.code, 2);
    assert!(leaky.err.contains("line 1") && !leaky.err.contains("Ann"), "{}", leaky.err);
}

#[test]
fn nobody_acts_without_their_own_key_and_role() {
    let office = Office::new("2026-03-06T09:00:00Z");
    let carls = office.folder().join("staff/carl.key").display().to_string();
    for (who, args, said) in [
        ("nobody", vec!["list"], "`nobody` is not registered"),
        ("dora", vec!["list", "--key", &carls], "does not belong to `dora`"),
        (
            "aude",
            vec!["add", "--right", "access", "--received", "2026-03-05"],
            "an auditor, who looks and changes nothing",
        ),
        ("carl", vec!["staff", "add", "x", "--role", "dpo"], "only they register staff"),
    ] {
        let answer = office.run(who, &args);
        assert_eq!(answer.code, 2, "{who}");
        assert!(answer.err.contains(said), "{who}: {}", answer.err);
    }
    let file = office.folder().join("habeas.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("rehearsal = true", "rehearsal = false")).unwrap();
    let answer = office.run("carl", &["list"]);
    assert!(answer.code == 2 && answer.err.contains("dates of real requests are not invented"), "{}", answer.err);
}

const WORDS: &str = "purposes = [\"sales: contract\"]\ncategories = [\"contact\"]\nrecipients = [\"Example Hosting, Ireland\"]\nretention = [\"orders: 10 years\"]\nsources = [\"you\"]\ntransfers = []\nautomated = \"\"\nredacted = false\nsearched = [\"CRM\"]\nidentifiers = [\"mail address\"]\n";

/// Everything that an answer must say and only the organisation knows.
fn with_words(office: &Office) {
    let file = office.folder().join("habeas.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}\n[words.en]\n{WORDS}\n[words.de]\n{WORDS}")).unwrap();
}

fn mails(office: &Office) -> Vec<String> {
    let mut files: Vec<_> =
        std::fs::read_dir(office.folder().join("mail-out/new")).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files.iter().map(|f| std::fs::read_to_string(f).unwrap()).collect()
}

#[test]
fn a_request_for_erasure_goes_all_its_way_with_two_people_two_readings_and_its_letters() {
    let mut office = Office::new("2026-03-06T09:00:00Z");
    with_words(&office);
    let id = office.add(&["--right", "deletion", "--received", "2026-03-05"], ANN);
    let ok = |office: &Office, who: &str, args: &[&str], input: &str| {
        let said = office.with_input(who, args, input);
        assert_eq!(said.code, 0, "{args:?}: {}", said.err);
        said.out
    };
    let no = |office: &Office, who: &str, args: &[&str], input: &str, why: &str| {
        let said = office.with_input(who, args, input);
        assert_ne!(said.code, 0, "{args:?}");
        assert!(said.err.contains(why), "{args:?}: {}", said.err);
    };
    ok(&office, "carl", &["accept", &id], "");
    let plan = "records = [{system = \"crm\", record = \"42\", fingerprint = \"aa\"}]\n[kept]\ninvoices = \"legal-obligation\"\n[words]\nerased = [\"Kontakt\"]\nanonymised = []\ntold = []\n";
    no(&office, "carl", &["plan", &id, "--file", "-"], plan, "`high` is needed");
    ok(&office, "carl", &["verify", &id, "--method", "code", "--field", "email", "--on-file"], "");
    ok(&office, "carl", &["verify", &id, "--method", "data-points", "--field", "customer-number"], "");
    no(&office, "carl", &["plan", &id, "--file", "-"], "records = [{name = \"Ann\"}]", "line 1");
    ok(&office, "carl", &["plan", &id, "--file", "-"], plan);
    let shown = ok(&office, "dora", &["plan", &id, "--show"], "");
    let digest = shown.lines().next().unwrap().trim_start_matches("# digest ").to_owned();
    no(&office, "carl", &["decide", &id, "--release", &digest], "", "only a data protection officer");
    no(&office, "dora", &["decide", &id, "--release", &"0".repeat(64)], "", "not the plan that was put up");
    ok(&office, "dora", &["hold", &id], "");
    no(&office, "dora", &["decide", &id, "--release", &digest], "", "a legal hold");
    ok(&office, "dora", &["release", &id], "");
    ok(&office, "dora", &["decide", &id, "--release", &digest], "");
    no(&office, "carl", &["carry-out", &id, "--file", "-"], plan, "can be called off until");
    office.now = "2026-03-06T10:00:00Z".to_owned();
    no(&office, "carl", &["carry-out", &id, "--file", "-"], &plan.replace("aa", "ab"), "the records changed");
    ok(&office, "carl", &["carry-out", &id, "--file", "-"], plan);
    ok(&office, "carl", &["report", &id, "--said", "done"], "");
    ok(&office, "carl", &["read-back", &id, "--as-planned", "1"], "");
    office.now = "2026-03-07T10:00:00Z".to_owned();
    let ready = ok(&office, "carl", &["read-back", &id, "--as-planned", "1"], "");
    assert!(ready.contains("ready") && ready.contains("send the answer"), "{ready}");

    let worked = office.command(&["requests", "work", "--json"], "").json();
    assert_eq!((&worked["sent"], &worked["problems"]), (&2.into(), &serde_json::json!([])), "{worked}");
    let mails = mails(&office);
    let answer = mails.iter().find(|m| m.contains("Content-Language: de") && m.contains("ann@test.example")).unwrap();
    assert!(answer.contains("Auto-Submitted"), "{answer}");
    let state = office.run("carl", &["show", &id, "--json"]).json();
    assert_eq!((&state["closed"], &state["claims"][0]["state"]), (&true.into(), &"partially-answered".into()));
    let letter = ok(&office, "carl", &["letter", &id, "--letter", "answer"], "");
    assert!(letter.contains("invoices") && letter.contains("Kontakt"), "{letter}");
    let by_hand: Vec<&str> = state["ledger"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["action"] == "request.by-hand")
        .map(|e| e["actor"].as_str().unwrap())
        .collect();
    assert_eq!(by_hand, ["caseworker:carl"; 4]);

    let metrics = office.run("aude", &["metrics", "--year", "2026", "--json"]).json();
    let row = &metrics["rights"][0];
    assert_eq!((&row["regime"], &row["right"]), (&"eu-gdpr".into(), &"deletion".into()));
    let numbers = &row["numbers"];
    assert_eq!(
        (&numbers["received"], &numbers["complied_in_part"], &numbers["median_days"]),
        (&1.into(), &1.into(), &3.0.into())
    );
    assert!(office.run("aude", &["metrics", "--year", "2025"]).out.lines().count() == 1);

    let doctor = office.command(&["doctor", "--json"], "");
    assert_eq!(doctor.code, 0, "{}", doctor.out);
    let export = office.dir.path().join("export").display().to_string();
    assert_eq!(office.command(&["ledger", "export", &export], "").code, 0);
    let verified = office.raw(&["ledger", "verify", &export, "--key", &format!("{export}/ledger.vkey"), "--json"], "");
    assert_eq!(verified.code, 0, "{}", verified.out);
}

#[test]
fn what_a_letter_cannot_say_is_not_sent_but_becomes_a_task() {
    let mut office = Office::new("2026-03-06T09:00:00Z");
    let id = office.add(&["--right", "access", "--received", "2026-03-05"], ANN);
    for args in [&["accept", &id] as &[&str], &["verify", &id, "--method", "code", "--field", "email", "--on-file"]] {
        assert_eq!(office.run("carl", args).code, 0);
    }
    let plan = "records = [{system = \"crm\", record = \"42\", fingerprint = \"aa\"}]\n";
    assert_eq!(office.with_input("carl", &["plan", &id, "--file", "-"], plan).code, 0);
    let digest = office.run("dora", &["plan", &id, "--show"]).out.lines().next().unwrap()[9..].to_owned();
    assert_eq!(office.run("dora", &["decide", &id, "--release", &digest]).code, 0);
    assert_eq!(office.with_input("carl", &["carry-out", &id, "--file", "-"], plan).code, 0);
    assert_eq!(office.run("carl", &["read-back", &id, "--as-planned", "1"]).code, 0);
    let worked = office.command(&["requests", "work", "--json"], "").json();
    assert_eq!(
        (&worked["sent"], &worked["tasked"]),
        (&1.into(), &1.into()),
        "the acknowledgement goes, the answer does not"
    );
    let why = office.run("carl", &["letter", &id, "--letter", "answer"]).err;
    assert!(why.contains("purposes") || why.contains("could not be written"), "{why}");
    let tasks = office.run("carl", &["tasks"]).out;
    assert!(tasks.contains("letter-failed"), "{tasks}");
    // The words are given, the letter goes by post, and that is recorded.
    with_words(&office);
    office.now = "2026-03-09T09:00:00Z".to_owned();
    assert_eq!(office.run("carl", &["letter", &id, "--letter", "answer"]).code, 0);
    assert_eq!(office.run("carl", &["sent", &id, "--letter", "answer", "--on", "2026-03-08"]).code, 0);
    assert!(office.run("carl", &["tasks"]).out.contains("0 tasks"));
    assert_eq!(office.run("carl", &["show", &id, "--json"]).json()["closed"], true);
}

const MAIL: &str = "Received: from mx.example by mail.acme.example; Thu, 5 Mar 2026 09:15:02 +0100\r\nFrom: Zoe Krause <zoe@test.example>\r\nTo: info@acme.example\r\nDate: Thu, 5 Mar 2026 09:00:00 +0100\r\nMessage-ID: <a1@test.example>\r\nSubject: =?utf-8?q?Antrag_auf_L=C3=B6schung?=\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nBitte löschen Sie meine Daten nach Art. 17 DSGVO und bestätigen Sie mir das.\r\n";

#[test]
fn mails_letters_and_signals_are_read_shown_and_confirmed() {
    let office = Office::new("2026-03-06T09:00:00Z");
    let unasked = office.with_input("carl", &["add", "--from-mail", "-"], MAIL);
    assert_eq!(unasked.code, 2);
    assert!(
        unasked.out.contains("deletion") && unasked.out.contains("Art. 17"),
        "why it was recognised: {}",
        unasked.out
    );
    assert!(unasked.err.contains("say --yes"), "{}", unasked.err);
    let entered = office.with_input("carl", &["add", "--from-mail", "-", "--yes"], MAIL);
    assert!(
        entered.code == 0 && entered.out.contains("deletion under eu-gdpr: answer due 2026-04-07"),
        "{}{}",
        entered.out,
        entered.err
    );
    office.with_input("carl", &["add", "--from-mail", "-", "--yes"], MAIL);
    let list = office.run("carl", &["list", "--json"]).json();
    assert_eq!(list["counts"]["received"], 1, "the same mail twice is one request");
    let id = list["claims"][0]["request"].as_str().unwrap().to_owned();
    let person = office.run("carl", &["show", &id, "--personal", "--json"]).json();
    assert_eq!(
        (&person["person"]["email"], &person["received_at"]),
        (&"zoe@test.example".into(), &"2026-03-05T08:15:02Z".into())
    );

    let unsure = office.with_input(
        "carl",
        &["add", "--from-letter", "-", "--received", "2026-03-05", "--yes"],
        "Lorem ipsum dolor sit amet.",
    );
    assert!(unsure.code == 0 && unsure.out.contains("not sure"), "{}{}", unsure.out, unsure.err);
    assert!(office.run("carl", &["tasks"]).out.contains("recognition-unsure"));
    let bounce = MAIL.replace("Subject:", "Auto-Submitted: auto-replied\r\nSubject:");
    let machine = office.with_input("carl", &["add", "--from-mail", "-", "--yes"], &bounce);
    assert!(machine.code == 1 && machine.err.contains("a machine wrote"), "{}", machine.err);

    let gpc = |value: &str| office.run("carl", &["add", "--from-gpc", value, "--json"]);
    assert_eq!(gpc("1").json()["claims"][0]["regime"], "ccpa");
    assert!(gpc("0").code == 1 && gpc("0").err.contains("never an opt-in"));
}

#[test]
fn an_agents_message_is_taken_once_and_only_under_its_pinned_key() {
    use base64::Engine as _;
    use ed25519_dalek::{Signer as _, SigningKey};
    let office = Office::new("2026-05-01T12:00:00Z");
    let key = SigningKey::from_bytes(&[7; 32]);
    let file = office.folder().join("habeas.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let public = hex::encode(key.verifying_key().to_bytes());
    std::fs::write(&file, format!("{text}\n[agents]\nbusiness_id = \"us\"\n[agents.keys]\nagent = \"{public}\"\n"))
        .unwrap();
    let body = r#"{"agent-id":"agent","business-id":"us","issued-at":"2026-05-01T11:58:00Z","expires-at":"2026-05-01T12:05:00Z","drp.version":"1.0","exercise":"deletion","regime":"ccpa","name":"Ann","email":"ann@test.example"}"#;
    let mut bytes = key.sign(body.as_bytes()).to_bytes().to_vec();
    bytes.extend(body.as_bytes());
    let message = base64::engine::general_purpose::STANDARD.encode(&bytes);
    let add = |message: &str, agent: &str| {
        office.with_input("carl", &["add", "--from-drp", "-", "--agent", agent, "--json"], message)
    };
    assert!(add(&message, "other").err.contains("no key is pinned"));
    let taken = add(&message, "agent");
    assert_eq!(taken.code, 0, "{}", taken.err);
    let again = add(&message, "agent");
    assert!(again.code == 1 && again.err.contains("a replay"), "{}", again.err);
    bytes[70] ^= 1;
    assert!(add(&base64::engine::general_purpose::STANDARD.encode(&bytes), "agent").err.contains("does not verify"));
}

#[test]
fn a_list_is_entered_once_and_every_bad_line_is_named() {
    let office = Office::new("2026-03-06T09:00:00Z");
    let rows = [
        "received,right,regime,place,email,email_on_file,reference",
        "2026-03-01,access,eu-gdpr,DE,a@test.example,ann@test.example,r1",
        "2026-03-01,erasure,eu-gdpr,DE,b@test.example,,r2",
        "2026-03-01,opt-out,eu-gdpr,DE,c@test.example,,r3",
        "2026-13-01,access,eu-gdpr,DE,d@test.example,,r4",
        "2026-03-02,deletion,ccpa,US-CA,e@test.example,,",
        "2026-03-02,deletion,ccpa,US-CA,e@test.example,,",
        "2026-03-02,access,eu-gdpr,XX,f@test.example,,r5",
        "2026-03-09,access,eu-gdpr,DE,g@test.example,,r6",
    ];
    let csv = rows.map(|row| format!("{row}\n")).concat();
    let file = office.dir.path().join("calls.csv");
    std::fs::write(&file, csv).unwrap();
    let file = file.display().to_string();
    let dry = office.run("carl", &["import", &file, "--dry-run"]);
    assert_eq!(dry.code, 1);
    for line in [
        "line 3, column `right`",
        "line 4, column `right`",
        "line 5, column `received`",
        "line 8, column `place`",
        "line 9, column `received`",
    ] {
        assert!(dry.out.contains(&format!("calls.csv, {line}")), "{line}: {}", dry.out);
    }
    assert!(
        !dry.out.contains("test.example") && dry.out.contains("3 requests can be entered, 5 lines not"),
        "{}",
        dry.out
    );
    assert_eq!(office.run("carl", &["list", "--json"]).json()["counts"]["received"], 0);
    for _ in 0..2 {
        let run = office.run("carl", &["import", &file, "--json"]);
        assert!(run.code == 1 && run.out.contains("\"entered\":3"), "{}", run.out);
        assert_eq!(office.run("carl", &["list", "--json"]).json()["counts"]["received"], 3, "twice is once");
    }
    let listed = office.run("carl", &["list", "--json"]).json();
    let lines = listed["claims"].as_array().unwrap().iter();
    let ids: Vec<&str> = lines.map(|claim| claim["request"].as_str().unwrap()).collect();
    let shown = |id: &&str| office.run("carl", &["show", id, "--personal"]).out;
    let on_file = ids.iter().map(shown).filter(|text| text.contains("ann@test.example")).count();
    assert_eq!(on_file, 1, "the address from the company's own records is kept with its request");
}

#[test]
fn doctor_names_what_is_wrong_and_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let office = Office::new("2026-03-06T09:00:00Z");
    office.add(&["--right", "access", "--received", "2026-03-05"], ANN);
    let healthy = office.command(&["doctor"], "");
    assert_eq!(healthy.code, 0, "{}", healthy.out);
    assert!(
        healthy.out.contains("1 received = 1 open + 0 closed") && healthy.out.contains("WARNING  rehearsal"),
        "{}",
        healthy.out
    );
    let key = office.folder().join("keys/bounces.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o444)).unwrap();
    let exposed = office.command(&["doctor", "--quiet"], "");
    assert!(
        exposed.code == 1 && exposed.out.contains("BAD      keys") && exposed.out.contains("chmod 0400"),
        "{}",
        exposed.out
    );
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o400)).unwrap();
    let mut late = office;
    late.now = "2026-04-20T09:00:00Z".to_owned();
    let stuck = late.command(&["doctor", "--json"], "");
    assert_eq!(stuck.code, 1);
    let findings: Value = serde_json::from_str(&stuck.out).unwrap();
    let of =
        |check: &str| findings["findings"].as_array().unwrap().iter().find(|f| f["check"] == check).unwrap().clone();
    assert!(of("outbox")["found"].as_str().unwrap().contains("1 letters should have gone"));
    assert!(of("requests")["found"].as_str().unwrap().contains("1 requests are past a date"));
    let mut early = late;
    early.now = "2026-03-01T09:00:00Z".to_owned();
    let stepped = early.command(&["doctor"], "");
    assert!(stepped.code == 3 && stepped.out.contains("put it right"), "{}", stepped.out);
}
