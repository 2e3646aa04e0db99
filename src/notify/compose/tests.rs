//! Letters of the workflow: each says what the law asks for, or is not written.

use super::*;
use crate::authority::{Actor, Authority};
use crate::crypto::hash::Digest;
use crate::ids::OrganisationId;
use crate::ledger::entry::word;
use crate::requests::open::{Asked, Submission, open};
use crate::requests::outcome::{Evidence, Outcome, Plan, ReadBack};
use crate::requests::request::Channel;
use crate::requests::right::{Regime, Sensitivity};
use std::collections::BTreeMap;

/// Somebody who takes requests in.
struct Clerk(OrganisationId);

impl Authority for Clerk {
    fn organisation(&self) -> &OrganisationId {
        &self.0
    }

    fn actor(&self) -> Actor {
        Actor::Caseworker("carl".parse().unwrap())
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn house(words: Json) -> House {
    let url = |page: &str| Some(format!("https://acme.example/{page}"));
    House {
        controller: Controller { name: "Acme".to_owned(), address: None, email: "p@acme.example".to_owned() },
        dpo: Some("d@acme.example".to_owned()),
        place: "DE".to_owned(),
        status_url: None,
        complaint_url: url("complaint"),
        appeal_url: url("appeal"),
        opt_out_url: url("choices"),
        policy_url: url("privacy"),
        words,
    }
}

fn request(book: &Lawbook, right: Right, regime: &str, place: &str) -> Request {
    received(book, right, (regime, place), at("2026-03-05T09:00:00Z"))
}

fn received(book: &Lawbook, right: Right, (regime, place): (&str, &str), received_at: Timestamp) -> Request {
    let asked = vec![Asked {
        right,
        regime: Regime::new(regime),
        place: word(place),
        contested: BTreeSet::new(),
        completes: false,
    }];
    let submission = Submission {
        id: "0a1b2c3d4e5f60718293a4b5c6d7e8f9".parse().unwrap(),
        subject: "s".parse().unwrap(),
        channel: Channel::Letter,
        received_at,
        sensitivity: Sensitivity::Ordinary,
        asked,
    };
    open(&submission, &Clerk("acme".parse().unwrap()), received_at, &ByBook(book)).unwrap().request
}

fn with(mut request: Request, stage: Stage) -> Request {
    request.claims[0].stage = stage;
    request
}

fn write(
    book: &Lawbook,
    request: &Request,
    letter: Letter,
    (house, words): (&House, Json),
) -> Result<Composed, CannotWrite> {
    let about = About {
        request,
        claim: &request.claims[0],
        letter,
        addressee: Some(Personal::new("Ann".to_owned())),
        lang: "en",
        words,
        written_at: at("2026-03-09T09:00:00Z"),
    };
    compose(book, house, &about)
}

fn done(records: u32) -> Stage {
    let plan = Plan { digest: Digest::of(b"plan"), records, kept: BTreeMap::new() };
    let back =
        ReadBack { plan: plan.digest, at: at("2026-03-08T09:00:00Z"), as_planned: records, stray: 0, unreadable: 0 };
    let evidence = Evidence::of(crate::requests::right::Kind::Disclose, &plan, &[back]).unwrap();
    Stage::Ready { outcome: Outcome::Done(evidence) }
}

#[test]
fn every_right_of_four_laws_is_confirmed_when_it_comes_in_and_when_it_is_withdrawn() {
    let book = Lawbook::built_in().unwrap();
    let house = house(json!({}));
    let mut written = 0;
    for (regime, place) in [("eu-gdpr", "de"), ("uk-gdpr", "gb-eng"), ("ccpa", "us-ca"), ("pipl", "cn")] {
        for right in Right::ALL {
            let rule = book.regimes[regime].rights.get(right.word());
            if rule.is_none_or(|r| r.valid.from.is_some()) {
                continue;
            }
            let request = request(&book, right, regime, place);
            for letter in [Letter::Acknowledgement, Letter::WithdrawalConfirmation] {
                let composed = write(&book, &request, letter, (&house, json!({})));
                let text = composed.unwrap_or_else(|e| panic!("{regime} {}: {e}", right.word())).letter.text;
                assert!(text.contains("HB-0A1B2C3D4E5F"), "{text}");
                written += 1;
            }
        }
    }
    assert!(written > 60, "{written}");
}

#[test]
fn what_only_the_organisation_knows_is_never_invented() {
    let book = Lawbook::built_in().unwrap();
    let request = with(request(&book, Right::Deletion, "eu-gdpr", "de"), done(3));
    let words = json!({"erased": ["contact"], "anonymised": [], "told": []});
    // A field of another message is not taken from the settings.
    let settings = json!({"recipients": ["Example Hosting"]});
    let letter = write(&book, &request, Letter::Answer, (&house(settings), words.clone())).unwrap().letter;
    assert!(letter.text.contains("contact"), "{}", letter.text);
    for missing in ["erased", "anonymised", "told"] {
        let mut less = words.clone();
        less.as_object_mut().unwrap().remove(missing);
        let refused = write(&book, &request, Letter::Answer, (&house(json!({})), less));
        assert!(refused.is_err(), "without `{missing}`");
    }
}

#[test]
fn a_person_without_records_is_told_so_and_a_refusal_names_ground_facts_and_recourse() {
    let book = Lawbook::built_in().unwrap();
    let known = house(json!({"searched": ["CRM"], "identifiers": ["mail address"]}));
    let none = with(request(&book, Right::Access, "eu-gdpr", "de"), done(0));
    assert_eq!(write(&book, &none, Letter::Answer, (&known, json!({}))).unwrap().kind, "no-data");
    let grounds = BTreeMap::from([(word("all"), word("legal-claims"))]);
    let denied =
        with(request(&book, Right::Deletion, "eu-gdpr", "de"), Stage::Ready { outcome: Outcome::Denied(grounds) });
    let words = json!({"what": "your order history", "facts": "A claim is pending."});
    let text = write(&book, &denied, Letter::Answer, (&known, words)).unwrap().letter.text;
    for said in ["A claim is pending.", "17(3)", "your order history", "If you disagree"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(write(&book, &denied, Letter::Answer, (&known, json!({"what": "x"}))).is_err(), "a ground without facts");
}

#[test]
fn every_ground_of_every_law_stands_in_the_letter_in_the_language_of_the_letter() {
    let (book, house) = (Lawbook::built_in().unwrap(), house(json!({})));
    let langs: Vec<&str> = letters().unwrap().langs().collect();
    assert_eq!(langs, crate::law::contents::LETTER_LANGUAGES);
    // Lines are broken where they are long; Chinese has no blanks.
    let close = |text: &str| text.split_whitespace().collect::<String>();
    let mut written = 0;
    for (id, regime) in &book.regimes {
        for (name, ground) in &regime.contents.refusals {
            let right = ground.rights.iter().find_map(|r| Right::from_word(r)).unwrap();
            let place = regime.places[0].to_lowercase();
            // All rights are in force by then; working days in China are known for one year ahead.
            let year = if id.starts_with("us-") { 2029 } else { 2027 };
            let asked = received(&book, right, (id, &place), at(&format!("{year}-03-05T09:00:00Z")));
            let outcome = Outcome::Denied(BTreeMap::from([(word("all"), word(name))]));
            let denied = with(asked, Stage::Ready { outcome });
            for lang in &langs {
                let about = About {
                    request: &denied,
                    claim: &denied.claims[0],
                    letter: Letter::Answer,
                    addressee: None,
                    lang,
                    words: json!({"what": "x", "facts": "y."}),
                    written_at: at(&format!("{year}-03-09T09:00:00Z")),
                };
                let text =
                    compose(&book, &house, &about).unwrap_or_else(|e| panic!("{id} {name} {lang}: {e}")).letter.text;
                let said = ground.text.get(lang).trim_end_matches(['.', '。']);
                assert!(close(&text).contains(&close(said)), "{id} {name} {lang}: {said}: {text}");
                assert!(*lang == "en" || said != ground.text.get("en").trim_end_matches('.'), "{id} {name} {lang}");
                written += 1;
            }
        }
    }
    assert!(written > 250, "{written}");
}

#[test]
fn an_extension_says_the_date_that_the_law_gives_and_a_question_what_it_does_to_the_clock() {
    let book = Lawbook::built_in().unwrap();
    let house = house(json!({}));
    let mut extended = request(&book, Right::Access, "eu-gdpr", "de");
    extended.claims[0].extension = Some(crate::requests::request::Extension {
        reason: word("complexity"),
        decided_at: at("2026-03-09T09:00:00Z"),
    });
    let text = write(&book, &extended, Letter::ExtensionNotice, (&house, json!({"detail": "Nine systems."}))).unwrap();
    assert!(
        text.letter.text.contains("5 June 2026") && text.letter.text.contains("Nine systems."),
        "{}",
        text.letter.text
    );
    assert!(write(&book, &extended, Letter::ExtensionNotice, (&house, json!({}))).is_err(), "no reason, no notice");
    for (regime, place, expected) in [
        ("eu-gdpr", "de", EffectOnClock::Suspended),
        ("uk-gdpr", "gb-eng", EffectOnClock::Restarts),
        ("ccpa", "us-ca", EffectOnClock::Runs),
    ] {
        let request = request(&book, Right::Access, regime, place);
        let about = About {
            request: &request,
            claim: &request.claims[0],
            letter: Letter::IdentityRequest,
            addressee: None,
            lang: "en",
            words: json!({}),
            written_at: at("2026-03-06T09:00:00Z"),
        };
        assert_eq!(
            effect_on_clock(&book, &about, (Happening::IdentityAsked, Happening::IdentityProven)),
            expected,
            "{regime}"
        );
    }
}
