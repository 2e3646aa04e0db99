//! T14: whoever writes a request chooses the address in it. Answers go to an address on file, and to no other.

use super::office::{Office, at, words};
use crate::notify::server::{is_available, kept};
use crate::store::asked;
use chrono::TimeDelta;
use habeas::flows::open_request::{Intake, open_request};
use habeas::flows::record_by_hand::resend_letter;
use habeas::flows::send_notice::{NoMail, destination, write_letter};
use habeas::ids::RequestId;
use habeas::ledger::entry::word;
use habeas::personal::Personal;
use habeas::requests::address::Address;
use habeas::requests::command::{Act, ClaimAct, Letter, Witness};
use habeas::requests::identity::{Method, Proof};
use habeas::requests::outcome::{Plan, ReadBack};
use habeas::requests::request::Channel;
use habeas::requests::right::{Kind, Right, Sensitivity};
use habeas::store::Personals;
use serde_json::json;
use std::collections::BTreeMap;

/// Addresses as an impostor of ann@test.example would write them: new, look-alike, tagged, of another domain.
const PRETEXTS: [&str; 6] = [
    "ann@evil.example",
    "ann@test.exarnple",
    "аnn@test.example.evil.example",
    "ann+privacy@test.example.evil.example",
    "ann.private@test.example",
    "ann@tset.example",
];

fn open(
    office: &Office,
    key: &str,
    (right, regime, place): (Right, &str, &str),
    addresses: &[(&str, &str)],
) -> RequestId {
    let said = |(k, v): &(&str, &str)| ((*k).to_owned(), Personal::new((*v).to_owned()));
    let intake = Intake {
        key: key.to_owned(),
        channel: Channel::Mail,
        received_at: office.now,
        sensitivity: Sensitivity::Ordinary,
        asked: vec![asked(right, regime, place)],
        personals: addresses.iter().map(said).collect::<Personals>(),
    };
    open_request(&office.app.store, &office.app.book, &office.clerk(), intake, office.now).unwrap().id
}

/// All that staff do until the answer is ready; the impostor knows every fact that is asked for.
fn until_ready(office: &mut Office, id: &RequestId) {
    office.act(id, ClaimAct::Accept(office.handler())).unwrap();
    // The code went to the address in the request and was answered; the customer number is right.
    for (method, field, on_file) in [(Method::Code, "email", false), (Method::DataPoints, "customer-number", true)] {
        let proof = Proof { method, field: word(field), on_file, at: office.now };
        office.act_with(id, Act::Prove(Witness::Handler(office.handler()), proof), Personals::new()).unwrap();
    }
    let plan = Plan { digest: habeas::crypto::hash::Digest::of(b"plan"), records: 3, kept: BTreeMap::new() };
    let propose = ClaimAct::Propose(office.handler(), plan.clone());
    let right = office.request(id).claims[0].basis.right;
    office.act_with(id, Act::Claim(0, propose), words(Letter::Answer, json!({}))).unwrap();
    if office.request(id).claims[0].stage.word() == "review" {
        office.act(id, ClaimAct::Approve(office.dpo("dora"), plan.digest)).unwrap();
    }
    office.tick(2 * 3600);
    office.act(id, ClaimAct::Begin(office.system(), plan.digest)).unwrap();
    for _ in 0..if right.kind() == Kind::Erase { 2 } else { 1 } {
        let found = ReadBack { plan: plan.digest, at: office.now, as_planned: 3, stray: 0, unreadable: 0 };
        office.act(id, ClaimAct::Confirm(office.system(), found)).unwrap();
        office.tick(25 * 3600);
    }
    assert_eq!(office.request(id).claims[0].stage.word(), "ready");
}

/// Mails that the server took over for an address.
fn mails_to(office: &Office, address: &str) -> Vec<String> {
    kept(&office.mails(), "mail").into_iter().filter(|m| m.contains(address)).collect()
}

fn work_for_days(office: &mut Office, days: i64) {
    for _ in 0..days {
        let done = office.work();
        assert!(done.problems.is_empty(), "{:?}", done.problems);
        office.now = office.now.plus(TimeDelta::days(1)).unwrap();
    }
}

#[test]
fn no_answer_goes_to_an_address_first_seen_in_the_request() {
    if !is_available() {
        return;
    }
    let mut office = Office::new(at("2026-03-09T09:00:00Z"));
    office.server_up();
    let mut attacks = Vec::new();
    for (n, pretext) in PRETEXTS.iter().enumerate() {
        for (right, regime, place) in [
            (Right::Access, "eu-gdpr", "de"),
            (Right::Deletion, "ccpa", "us-ca"),
            (Right::Portability, "uk-gdpr", "gb-eng"),
            (Right::Rectification, "pipl", "cn"),
        ] {
            // Every other time staff have looked the address up in their records.
            let looked_up = n % 2 == 0;
            let (key, given) = (format!("{n}-{regime}"), pretext.replacen('@', &format!("-{n}-{regime}@"), 1));
            let on_file = format!("ann-{n}-{regime}@test.example");
            let mut addresses = vec![("email", given.as_str()), ("language", "en")];
            if looked_up {
                addresses.push(("email-on-file", on_file.as_str()));
            }
            let id = open(&office, &key, (right, regime, place), &addresses);
            until_ready(&mut office, &id);
            attacks.push((id, given, on_file, looked_up));
        }
    }
    work_for_days(&mut office, 3);
    let waiting = office.app.store.read(&office.system(), |r| r.waiting(None)).unwrap();
    for (id, given, on_file, looked_up) in &attacks {
        let to_impostor = mails_to(&office, given);
        assert!(to_impostor.len() <= 1, "more than the receipt went to {given}");
        assert!(to_impostor.iter().all(|m| !m.contains("recipients") && !m.contains("Example Hosting")), "{given}");
        let stage = office.request(id).claims[0].stage.word();
        assert_eq!(mails_to(&office, on_file).len(), usize::from(*looked_up), "{on_file}");
        assert_eq!(stage, if *looked_up { "answered" } else { "ready" }, "{given}");
        // Where nobody looked it up, somebody has the task, and the reason names the next step.
        let tasked = waiting.iter().any(|w| w.request == *id && format!("{:?}", w.effect).contains("letter-failed"));
        // An address with a letter that mail does not know fails for the receipt already.
        assert!(tasked != *looked_up || !given.is_ascii(), "{given}");
    }
    println!("impostor's addresses: {} requests, 0 answers to them", attacks.len());
}

#[test]
fn an_answer_that_waited_goes_out_once_the_address_on_file_is_recorded() {
    if !is_available() {
        return;
    }
    let mut office = Office::new(at("2026-03-09T09:00:00Z"));
    office.server_up();
    let id = open(&office, "k", (Right::Access, "eu-gdpr", "de"), &[("email", "ann@evil.example")]);
    until_ready(&mut office, &id);
    work_for_days(&mut office, 1);
    let request = office.request(&id);
    let known = destination(&office.app, &office.system(), &request, (0, Letter::Answer)).unwrap();
    assert!(known.to == Address::OnFile && known.email.is_none());
    assert!(NoMail::NotOnFile.to_string().contains("habeas requests address"));
    assert!(write_letter(&office.app, &office.system(), &request, (0, Letter::Answer), office.now).unwrap().is_ok());
    let seals = Personals::from([("email-on-file".to_owned(), Personal::new("ann@test.example".to_owned()))]);
    office.act_with(&id, Act::RecordAddress(office.handler()), seals).unwrap();
    let notices = office.app.store.read(&office.system(), |r| r.notices(Some(&id))).unwrap();
    let answer = notices.iter().find(|n| n.letter == Letter::Answer).unwrap();
    office.tick(1);
    resend_letter(&office.app, &office.handler(), answer, office.now).unwrap();
    work_for_days(&mut office, 1);
    assert_eq!(mails_to(&office, "ann@test.example").len(), 1);
    assert_eq!(office.request(&id).claims[0].stage.word(), "answered");
}

#[test]
fn what_tells_nothing_of_the_person_goes_to_the_address_given() {
    let mut office = Office::new(at("2026-03-09T09:00:00Z"));
    let given = [("email", "ann@test.example")];
    let to = |office: &Office, id: &RequestId, letter| {
        let request = office.request(id);
        destination(&office.app, &office.system(), &request, (0, letter)).unwrap().to
    };
    // An opt-out never waits for proof (11 CCR 7060(b)).
    let opt_out = open(&office, "a", (Right::OptOut, "ccpa", "us-ca"), &given);
    assert_eq!(to(&office, &opt_out, Letter::Answer), Address::Given);
    let access = open(&office, "b", (Right::Access, "eu-gdpr", "de"), &given);
    for letter in [Letter::Acknowledgement, Letter::IdentityRequest, Letter::ExtensionNotice] {
        assert_eq!(to(&office, &access, letter), Address::Given);
    }
    assert_eq!(to(&office, &access, Letter::Answer), Address::OnFile);
    // Refused because nobody knows who asks: there is no address on file, and nothing of the file is told.
    for (ground, expected) in [("not-identified", Address::Given), ("excessive", Address::OnFile)] {
        let id = open(&office, ground, (Right::Access, "eu-gdpr", "de"), &given);
        let deny = ClaimAct::Deny(office.dpo("dora"), BTreeMap::from([(word("all"), word(ground))]));
        office.act(&id, deny).unwrap();
        assert_eq!(to(&office, &id, Letter::Answer), expected, "{ground}");
    }
}
