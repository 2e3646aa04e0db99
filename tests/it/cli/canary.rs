//! Q28: two hundred invented persons and every secret of an installation go through all flows; none of them stands anywhere
//! but in its declared outputs (letters, `show --personal`, what a person confirms). The program is told to log all it can.

use super::requests::{Office, Said};
use habeas::authority::grant;
use habeas::flows::open_request::{Intake, open_request};
use habeas::personal::Personal;
use std::path::Path;

/// The beginning of every invented name, address and sentence.
const MARK: &str = "canary7q";
const PERSONS: usize = 200;

/// The mark as it would look in the encodings that people and programs use.
fn disguises() -> Vec<Vec<u8>> {
    use base64::Engine as _;
    let mut all = vec![MARK.as_bytes().to_vec(), hex::encode(MARK).into_bytes()];
    // The same bytes at each of the three alignments of base64, without the characters that neighbours change.
    for lead in ["", "x", "xy"] {
        let text = base64::engine::general_purpose::STANDARD.encode(format!("{lead}{MARK}"));
        let from = [0, 2, 3][lead.len()];
        all.push(text.trim_end_matches('=').as_bytes()[from..from + 8].to_vec());
    }
    all.push(MARK.encode_utf16().flat_map(u16::to_le_bytes).collect());
    all
}

fn hits(bytes: &[u8], secrets: &[Vec<u8>]) -> usize {
    let lower = bytes.to_ascii_lowercase();
    let marks = disguises();
    let found = |needle: &Vec<u8>| memchr::memmem::find_iter(&lower, &needle.to_ascii_lowercase()).count();
    marks.iter().chain(secrets).map(found).sum()
}

/// Every file below a folder that is no declared output and no key.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["mail-out", "keys", "staff", "back"].contains(&name.as_str()) {
                files(&path, found);
            }
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

fn person(n: usize) -> String {
    format!(
        "name = \"Canary7q Person{n}\"\nemail = \"canary7q-{n}@test.example\"\ntext = \"canary7q wrote sentence {n}\"\n"
    )
}

fn mail(n: usize) -> String {
    format!(
        "Received: from a by b; Thu, 5 Mar 2026 09:15:02 +0100\r\nFrom: Canary7q {n} <canary7q-{n}@test.example>\r\nTo: info@acme.example\r\nDate: Thu, 5 Mar 2026 09:00:00 +0100\r\nMessage-ID: <canary7q-{n}@test.example>\r\nSubject: canary7q erasure\r\n\r\nPlease delete my data under Art. 17 GDPR, canary7q. You have all of it.\r\n"
    )
}

/// Takes the persons in by every way there is; gives one request's id and everything that was said.
fn intake(office: &Office) -> (String, Vec<Said>) {
    let mut said = Vec::new();
    let mut csv = "received,right,regime,place,email,name,text,reference\n".to_owned();
    for n in 0..PERSONS - 20 {
        csv.push_str(&format!(
            "2026-03-05,access,eu-gdpr,DE,canary7q-{n}@test.example,Canary7q {n},canary7q text {n},canary7q-ref-{n}\n"
        ));
    }
    // Lines that cannot be entered must not repeat what stands in them.
    csv.push_str("2026-03-05,access,eu-gdpr,DE,canary7q@test.example,Canary7q,too,few,or,many\n2026-03-05,access,eu-gdpr,XX,canary7q-x@test.example,,,\n");
    let file = office.folder().join("../calls.csv");
    std::fs::write(&file, csv).unwrap();
    said.push(office.run("carl", &["import", &file.display().to_string()]));
    std::fs::remove_file(&file).unwrap();
    for n in 0..5 {
        // What was recognised is shown to the person who confirms it: a declared output, but its errors are none.
        let shown = office.with_input("carl", &["add", "--from-mail", "-", "--yes"], &mail(n));
        assert_eq!(shown.code, 0, "{}", shown.err);
        said.push(Said { out: String::new(), ..shown });
        let text = format!("Bitte löschen Sie meine Daten nach Art. 17 DSGVO. Canary7q {n}");
        let shown =
            office.with_input("carl", &["add", "--from-letter", "-", "--received", "2026-03-05", "--yes"], &text);
        assert_eq!(shown.code, 0, "{}", shown.err);
        said.push(Said { out: String::new(), ..shown });
    }
    let id =
        office.add(&["--right", "deletion", "--received", "2026-03-05", "--reference", "canary7q-ref"], &person(0));
    for n in 1..10 {
        said.push(office.with_input(
            "carl",
            &["add", "--right", "access", "--received", "2026-03-05", "--person", "-"],
            &person(n),
        ));
    }
    (id, said)
}

/// Everything that can go wrong with somebody's words in hand.
fn mistakes(office: &Office, id: &str) -> Vec<Said> {
    [
        (vec!["add", "--right", "access", "--received", "2026-03-05", "--person", "-"], "name = Canary7q\n"),
        (vec!["add", "--right", "access", "--received", "2026-03-05", "--person", "-"], "canary7q = \"x\"\n"),
        (vec!["add", "--from-mail", "-", "--yes"], "canary7q is no mail"),
        (vec!["add", "--from-drp", "-", "--agent", "x"], "canary7q"),
        (vec!["plan", id, "--file", "-"], "records = [{name = \"Canary7q\"}]"),
        (vec!["plan", id, "--file", "-"], "canary7q"),
        (vec!["answer", id, "--words", "-"], "text = Canary7q"),
        (vec!["verify", id, "--override", "--reason", "-"], "canary7q came in person"),
    ]
    .into_iter()
    .map(|(args, input)| office.with_input("carl", &args, input))
    .collect()
}

/// The whole way of one request, with its letters, a bounce, an answer and a refusal.
fn the_rest(office: &mut Office, id: &str) -> Vec<Said> {
    let mut said = mistakes(office, id);
    let plan = "records = [{system = \"crm\", record = \"canary7q\", fingerprint = \"aa\"}]\n[words]\nerased = [\"canary7q\"]\nanonymised = []\ntold = []\n";
    said.push(office.run("dora", &["verify", id, "--confirm-override"]));
    said.push(office.run("carl", &["accept", id]));
    said.push(office.with_input("carl", &["plan", id, "--file", "-"], plan));
    said.push(office.run("dora", &["refuse", id, "--ground", "legal-claims", "--facts", "Canary7q sues us."]));
    // Three passes, because one hands over a hundred letters at most.
    for _ in 0..3 {
        said.push(office.command(&["requests", "work"], ""));
    }
    let back = office.folder().join("back");
    std::fs::create_dir_all(&back).unwrap();
    let notice = office.run("carl", &["show", id, "--json"]).json()["notices"][0]["id"].as_str().unwrap().to_owned();
    let reply = format!(
        "From: canary7q@test.example\r\nTo: privacy@acme.example\r\nIn-Reply-To: <{notice}@acme.example>\r\nSubject: canary7q\r\n\r\ncanary7q answers\r\n"
    );
    std::fs::write(back.join("a.eml"), reply).unwrap();
    office.now = "2026-03-06T12:00:00Z".to_owned();
    said.push(office.command(&["requests", "work", "--bounces", &back.display().to_string()], ""));
    for args in [
        &["list"] as &[&str],
        &["list", "--json"],
        &["show", id],
        &["show", id, "--json"],
        &["due", id],
        &["tasks"],
        &["withdraw", id],
        &["hold", id],
    ] {
        said.push(office.run("dora", args));
    }
    said.push(office.command(&["doctor"], ""));
    let export = office.folder().join("export").display().to_string();
    said.push(office.command(&["ledger", "export", &export], ""));
    said
}

#[test]
fn two_hundred_persons_and_all_secrets_stand_nowhere_but_in_their_declared_outputs() {
    let mut office = Office::new("2026-03-06T09:00:00Z");
    let (id, mut said) = intake(&office);
    said.extend(the_rest(&mut office, &id));
    let counts = office.run("carl", &["list", "--json", "--most", "1"]).json();
    assert_eq!(counts["counts"]["received"], PERSONS, "every person is in");
    // The declared outputs do hold them: the search would find them, and the flows did carry them.
    let shown = office.run("carl", &["show", &id, "--personal"]).out;
    assert!(hits(shown.as_bytes(), &[]) >= 3, "{shown}");
    let secrets: Vec<Vec<u8>> =
        ["keys/master.key", "keys/bounces.key", "keys/ledger.key", "staff/dora.key", "staff/carl.key"]
            .iter()
            .map(|f| std::fs::read(office.folder().join(f)).unwrap().trim_ascii().to_vec())
            .collect();
    let mut searched = Vec::new();
    files(&office.folder(), &mut searched);
    let names: Vec<&str> = searched.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        names.iter().any(|n| n.ends_with("habeas.db")) && names.iter().any(|n| n.contains("/export/tile/")),
        "{names:?}"
    );
    let mut bytes = 0;
    for (name, content) in &searched {
        bytes += content.len();
        assert_eq!(hits(content, &secrets), 0, "{name}");
    }
    for answer in &said {
        bytes += answer.out.len() + answer.err.len();
        assert_eq!(hits(answer.out.as_bytes(), &secrets), 0, "{}", answer.out);
        assert_eq!(hits(answer.err.as_bytes(), &secrets), 0, "{}", answer.err);
    }
    println!(
        "canaries: {PERSONS} persons, {} secrets, {} commands, {} files, {bytes} bytes searched: 0 hits",
        secrets.len(),
        said.len(),
        searched.len()
    );
}

/// The same search over a store that was told to keep one organisation's values as they are finds them.
#[test]
fn the_search_finds_what_is_stored_unsealed() {
    use crate::store::{at, open_store};
    use habeas::requests::request::Channel;
    use habeas::requests::right::{Right, Sensitivity};
    fail::cfg("store::seal-plain", "return(leaky)").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let store = open_store(dir.path());
    let found = |organisation: &str| {
        let by = grant::caseworker(organisation.parse().unwrap(), "carl".parse().unwrap());
        let intake = Intake {
            key: organisation.to_owned(),
            channel: Channel::Letter,
            received_at: at("2026-03-05T09:00:00Z"),
            sensitivity: Sensitivity::Ordinary,
            asked: vec![crate::store::asked(Right::Access, "eu-gdpr", "de")],
            personals: habeas::store::Personals::from([("name".to_owned(), Personal::new("Canary7q Ann".to_owned()))]),
        };
        open_request(&store, &crate::store::BOOK, &by, intake, at(crate::store::NOW)).unwrap();
        let mut all = Vec::new();
        files(dir.path(), &mut all);
        all.iter().map(|(_, bytes)| hits(bytes, &[])).sum::<usize>()
    };
    assert_eq!(found("sound"), 0);
    assert!(found("leaky") > 0, "the search would not notice an unsealed column");
}
