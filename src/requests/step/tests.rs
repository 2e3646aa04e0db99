//! The rules of the workflow, one table or story each.

use super::*;
use crate::authority::{Caseworker, Dpo, Handler, System, grant};
use crate::crypto::hash::Digest;
use crate::requests::command::{Letter, Said, Speaker, Witness};
use crate::requests::example::ExampleLaw;
use crate::requests::identity::{Method, Proof};
use crate::requests::open::{Asked, Submission, open};
use crate::requests::outcome::{Outcome, Plan, ReadBack};
use crate::requests::request::Channel;
use crate::requests::right::{Kind, Level, Regime, Right, Sensitivity};
use crate::requests::status;
use std::collections::BTreeSet;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn dpo(name: &str) -> Dpo {
    grant::dpo("acme".parse().unwrap(), name.parse().unwrap())
}

fn clerk(name: &str) -> Handler {
    let clerk: Caseworker = grant::caseworker("acme".parse().unwrap(), name.parse().unwrap());
    clerk.into()
}

fn system() -> System {
    grant::system("acme".parse().unwrap())
}

fn submission(rights: &[(Right, &str)]) -> Submission {
    let asked = |(right, regime): &(Right, &str)| Asked {
        right: *right,
        regime: Regime::new(regime),
        place: word("de"),
        contested: BTreeSet::new(),
        completes: false,
    };
    Submission {
        id: "r1".parse().unwrap(),
        subject: "s1".parse().unwrap(),
        channel: Channel::Letter,
        received_at: at("2026-03-05T09:00:00Z"),
        sensitivity: Sensitivity::Ordinary,
        asked: rights.iter().map(asked).collect(),
    }
}

/// A request in the hands of people who say what they do and when.
struct Story {
    request: Request,
    now: Timestamp,
    entries: Vec<Entry>,
    effects: Vec<Effect>,
}

impl Story {
    fn of(rights: &[(Right, &str)]) -> Self {
        let now = at("2026-03-06T10:00:00Z");
        let first = open(&submission(rights), &clerk("carl"), now, &ExampleLaw).unwrap();
        Self { request: first.request, now, entries: first.entries, effects: first.effects }
    }

    fn at(&mut self, now: &str) -> &mut Self {
        self.now = at(now);
        self
    }

    fn try_act(&mut self, act: Act) -> Result<(), Refusal> {
        let before = self.request.clone();
        match step(&self.request, &act, self.now, &ExampleLaw) {
            Ok(done) => {
                self.request = done.request;
                self.entries.extend(done.entries);
                self.effects = done.effects;
                Ok(())
            }
            Err(refusal) => {
                assert_eq!(self.request, before);
                Err(refusal)
            }
        }
    }

    fn act(&mut self, act: Act) -> &mut Self {
        self.try_act(act.clone()).unwrap_or_else(|r| panic!("{act:?}: {r}"));
        self
    }

    fn claim(&mut self, act: ClaimAct) -> &mut Self {
        self.act(Act::Claim(0, act))
    }

    fn refused(&mut self, act: ClaimAct) -> Refusal {
        self.try_act(Act::Claim(0, act.clone())).expect_err(&format!("{act:?} was to be refused"))
    }

    fn prove(&mut self, field: &str, on_file: bool) -> &mut Self {
        let proof = Proof { method: Method::Code, field: word(field), on_file, at: self.now };
        self.act(Act::Prove(Witness::System(system()), proof))
    }

    fn known(&mut self) -> &mut Self {
        self.prove("email", true).prove("phone", true)
    }

    fn stage(&self) -> &'static str {
        self.request.claims[0].stage.word()
    }

    fn due(&self) -> String {
        self.request.claims[0].due("answer").unwrap().on.to_string()
    }
}

fn plan() -> Plan {
    Plan { digest: Digest::of(b"plan"), records: 4, kept: BTreeMap::new() }
}

fn read_back(at: Timestamp) -> ReadBack {
    ReadBack { plan: plan().digest, at, as_planned: 4, stray: 0, unreadable: 0 }
}

#[test]
fn an_erasure_travels_from_receipt_to_proof() {
    let mut s = Story::of(&[(Right::Deletion, "eu-gdpr")]);
    s.claim(ClaimAct::Accept(clerk("carl"))).known();
    s.claim(ClaimAct::Propose(clerk("carl"), plan())).claim(ClaimAct::Approve(dpo("dora"), plan().digest));
    assert!(matches!(s.refused(ClaimAct::Begin(system(), plan().digest)), Refusal::CoolDown { .. }));
    s.at("2026-03-06T11:00:00Z").claim(ClaimAct::Begin(system(), plan().digest));
    assert_eq!(s.entries.last().unwrap().action.as_str(), "request.intent");
    s.claim(ClaimAct::Report(system(), Said::Done));
    assert_eq!(s.stage(), "unconfirmed", "what the system says of itself is no proof");
    let first = read_back(s.now);
    s.claim(ClaimAct::Confirm(system(), first));
    assert_eq!(s.stage(), "unconfirmed", "a second reading is due in a day");
    s.at("2026-03-07T11:00:00Z");
    let second = read_back(s.now);
    s.claim(ClaimAct::Confirm(system(), second));
    assert_eq!(s.stage(), "ready");
    assert_eq!(s.effects, vec![Effect::Send { claim: 0, letter: Letter::Answer }]);
    let sent_at = s.now;
    s.claim(ClaimAct::LetterSent(system(), Letter::Answer, sent_at));
    assert!(s.request.is_closed() && s.request.next_due().is_none());
    assert_eq!(status::of(&s.request, &s.request.claims[0]).word(), "answered");
    for entry in &s.entries {
        assert!(entry.canonical().is_ok());
    }
}

#[test]
fn no_release_without_knowing_the_person_and_a_second_one() {
    for right in [Right::Deletion, Right::Access] {
        let mut s = Story::of(&[(right, "eu-gdpr")]);
        s.claim(ClaimAct::Accept(clerk("carl")));
        assert!(matches!(s.refused(ClaimAct::Propose(clerk("carl"), plan())), Refusal::NotVerified { .. }));
        s.known().claim(ClaimAct::Propose(dpo("dora").into(), plan()));
        assert_eq!(s.refused(ClaimAct::Approve(dpo("dora"), plan().digest)), Refusal::SecondPerson);
        assert_eq!(s.refused(ClaimAct::Approve(dpo("emil"), Digest::of(b"other"))), Refusal::OtherPlan);
        s.claim(ClaimAct::Approve(dpo("emil"), plan().digest));
    }
}

#[test]
fn two_people_can_go_on_without_proof_and_one_cannot() {
    let mut s = Story::of(&[(Right::Deletion, "eu-gdpr")]);
    s.claim(ClaimAct::AskIdentity(clerk("carl")));
    s.act(Act::ProposeOverride(dpo("dora").into(), Digest::of(b"she stands at the counter")));
    assert_eq!(s.try_act(Act::ConfirmOverride(dpo("dora"))), Err(Refusal::SecondPerson));
    s.act(Act::ConfirmOverride(dpo("emil")));
    assert_eq!(s.stage(), "collecting");
    s.claim(ClaimAct::Propose(clerk("carl"), plan()));
}

#[test]
fn an_opt_out_is_never_verified_and_needs_no_second_person() {
    let mut s = Story::of(&[(Right::OptOut, "ccpa")]);
    assert!(matches!(s.refused(ClaimAct::AskIdentity(clerk("carl"))), Refusal::NoProofNeeded { .. }));
    s.claim(ClaimAct::Accept(clerk("carl"))).claim(ClaimAct::Propose(clerk("carl"), plan()));
    assert_eq!(s.stage(), "approved");
    s.claim(ClaimAct::Begin(system(), plan().digest));
    let found = read_back(s.now);
    s.claim(ClaimAct::Confirm(system(), found));
    assert_eq!(s.stage(), "ready");
    assert!(matches!(s.refused(ClaimAct::Extend(clerk("carl"), word("complexity"))), Refusal::NotAllowed { .. }));
}

#[test]
fn an_extension_counts_only_when_its_notice_left_in_time() {
    let mut s = Story::of(&[(Right::Access, "eu-gdpr")]);
    assert_eq!(s.due(), "2026-04-04");
    s.at("2026-04-03T10:00:00Z").claim(ClaimAct::Extend(clerk("carl"), word("complexity")));
    assert_eq!(s.due(), "2026-04-04", "decided is not told");
    let sent_at = s.now;
    s.claim(ClaimAct::LetterSent(system(), Letter::ExtensionNotice, sent_at));
    assert_eq!(s.due(), "2026-05-04");
    assert!(matches!(s.refused(ClaimAct::Extend(clerk("carl"), word("complexity"))), Refusal::ExtensionTooLate { .. }));

    let mut late = Story::of(&[(Right::Access, "eu-gdpr")]);
    late.at("2026-04-03T10:00:00Z").claim(ClaimAct::Extend(clerk("carl"), word("complexity")));
    late.at("2026-04-04T10:00:00Z");
    let sent_at = late.now;
    late.claim(ClaimAct::LetterSent(system(), Letter::ExtensionNotice, sent_at));
    assert_eq!(late.due(), "2026-04-04", "the notice left a day late");
    assert!(matches!(late.effects.as_slice(), [Effect::Task { .. }]));
    assert!(matches!(late.refused(ClaimAct::Extend(clerk("c"), word("x"))), Refusal::ExtensionTooLate { .. }));
}

#[test]
fn only_lawful_pauses_are_offered() {
    let mut eu = Story::of(&[(Right::Access, "eu-gdpr")]);
    assert!(matches!(eu.refused(ClaimAct::AskClarification(clerk("carl"))), Refusal::NotAllowed { .. }));
    let mut uk = Story::of(&[(Right::Access, "uk-gdpr")]);
    uk.claim(ClaimAct::AskClarification(clerk("carl")));
    let subject = Speaker::Subject(grant::subject("acme".parse().unwrap(), "r1".parse().unwrap()));
    uk.claim(ClaimAct::Clarify(subject));
    assert_eq!(uk.stage(), "collecting");
}

#[test]
fn a_hold_between_release_and_call_prevents_the_call() {
    let mut s = Story::of(&[(Right::Deletion, "eu-gdpr")]);
    s.claim(ClaimAct::Accept(clerk("carl"))).known();
    s.claim(ClaimAct::Propose(clerk("carl"), plan())).claim(ClaimAct::Approve(dpo("dora"), plan().digest));
    s.act(Act::Hold(dpo("dora"))).at("2026-03-06T12:00:00Z");
    assert_eq!(s.refused(ClaimAct::Begin(system(), plan().digest)), Refusal::Held);
    assert_eq!(status::of(&s.request, &s.request.claims[0]).word(), "on-hold");
    s.act(Act::ReleaseHold(dpo("dora")));
    assert_eq!(s.refused(ClaimAct::Begin(system(), Digest::of(b"changed"))), Refusal::RecordsChanged);
    s.claim(ClaimAct::Begin(system(), plan().digest));
}

#[test]
fn a_refusal_needs_a_ground_of_the_list_for_each_field() {
    let mut s = Story::of(&[(Right::Deletion, "eu-gdpr")]);
    let because = |g: &str| BTreeMap::from([(word("invoice"), word(g))]);
    assert!(matches!(s.refused(ClaimAct::Deny(dpo("dora"), BTreeMap::new())), Refusal::NoGround { .. }));
    let refused = s.refused(ClaimAct::Deny(dpo("dora"), because("too-much-work")));
    assert_eq!(
        refused.to_string(),
        "`too-much-work` is no ground for refusing `deletion` (eu-gdpr on deletion); the grounds are: fraud, legal-claims"
    );
    for (right, regime, said) in [
        (Right::MarketingObjection, "eu-gdpr", "it cannot be refused, whole or in part"),
        (Right::Access, "elsewhere", "under `elsewhere` (elsewhere on access) are not in the law book"),
    ] {
        let mut s = Story::of(&[(right, regime)]);
        let refused = s.refused(ClaimAct::Deny(dpo("dora"), because("fraud"))).to_string();
        assert!(refused.contains(said), "{refused}");
    }
    s.claim(ClaimAct::Accept(clerk("carl"))).known();
    let bad = Plan { kept: because("habit"), ..plan() };
    assert!(matches!(s.refused(ClaimAct::Propose(clerk("carl"), bad)), Refusal::NoGround { .. }));
    s.claim(ClaimAct::Propose(clerk("carl"), Plan { kept: because("legal-claims"), ..plan() }));
    s.claim(ClaimAct::Deny(dpo("dora"), because("legal-claims")));
    let sent_at = s.now;
    s.claim(ClaimAct::LetterSent(system(), Letter::Answer, sent_at));
    assert_eq!(status::of(&s.request, &s.request.claims[0]).word(), "denied");

    // An appeal is decided by somebody else.
    let subject = Speaker::Subject(grant::subject("acme".parse().unwrap(), "r1".parse().unwrap()));
    s.claim(ClaimAct::Appeal(subject));
    assert_eq!(s.refused(ClaimAct::DecideAppeal(dpo("dora"), true)), Refusal::SecondPerson);
    assert!(s.request.next_due().is_some(), "the clock is open again");
    s.claim(ClaimAct::DecideAppeal(dpo("emil"), true));
    assert_eq!(s.stage(), "collecting");
}

#[test]
fn rights_and_laws_of_one_request_go_their_own_ways() {
    let mut s = Story::of(&[(Right::Access, "eu-gdpr"), (Right::OptOut, "ccpa"), (Right::Deletion, "ccpa")]);
    assert_eq!(s.request.next_due().unwrap().on.to_string(), "2026-03-15");
    let sent_at = s.now;
    s.act(Act::Claim(1, ClaimAct::Accept(clerk("carl"))));
    s.act(Act::Claim(2, ClaimAct::Withdraw(Speaker::Handler(clerk("carl")))));
    s.act(Act::Claim(1, ClaimAct::LetterSent(system(), Letter::Acknowledgement, sent_at)));
    let stages: Vec<_> = s.request.claims.iter().map(|c| c.stage.word()).collect();
    assert_eq!(stages, ["triage", "collecting", "withdrawn"]);
    assert_eq!(s.request.next_due().unwrap().on.to_string(), "2026-04-04");
    assert_eq!(s.try_act(Act::Claim(3, ClaimAct::Accept(clerk("c")))), Err(Refusal::NoSuchClaim(3)));
}

#[test]
fn strangers_and_clocks_set_back_are_refused() {
    let mut s = Story::of(&[(Right::Deletion, "eu-gdpr")]);
    let other = grant::dpo("globex".parse().unwrap(), "dora".parse().unwrap());
    assert_eq!(s.refused(ClaimAct::Accept(other.into())), Refusal::NotTheirs);
    let neighbour = Speaker::Subject(grant::subject("acme".parse().unwrap(), "r2".parse().unwrap()));
    assert_eq!(s.refused(ClaimAct::Withdraw(neighbour)), Refusal::NotTheirs);
    s.at("2026-03-06T09:59:50Z");
    assert!(matches!(s.refused(ClaimAct::Accept(clerk("carl"))), Refusal::ClockStepped { .. }));
}

#[test]
fn a_passed_date_is_flagged_once_with_a_task() {
    let mut s = Story::of(&[(Right::Access, "ccpa")]);
    s.at("2026-03-16T00:00:00Z").act(Act::Sweep(system()));
    assert_eq!(s.effects, vec![Effect::Task { claim: 0, what: word("overdue") }]);
    let known = s.entries.len();
    s.act(Act::Sweep(system()));
    assert_eq!((s.entries.len(), s.effects.len()), (known, 0));
}

#[test]
fn every_row_of_the_table_names_known_stages_and_acts() {
    let acts = [
        "accept",
        "ask-identity",
        "ask-clarification",
        "clarify",
        "extend",
        "meet",
        "propose",
        "tell",
        "return",
        "approve",
        "call-off",
        "begin",
        "report",
        "confirm",
        "deny",
        "withdraw",
        "letter-sent",
        "letter-failed",
        "appeal",
        "decide-appeal",
    ];
    let mut used = BTreeSet::new();
    for (stage, known) in table::TABLE {
        for act in known {
            assert!(acts.contains(act), "{stage}: {act}");
            used.insert(*act);
        }
    }
    assert_eq!(used.len(), acts.len(), "an act that no stage knows can never happen");
}

#[test]
fn a_date_is_met_by_hand_only_where_no_letter_meets_it() {
    let mut s = Story::of(&[(Right::Access, "ccpa")]);
    for clock in ["answer", "acknowledgement", "nonsense"] {
        let refused = s.refused(ClaimAct::Meet(clerk("carl"), word(clock)));
        assert!(matches!(refused, Refusal::NotAllowed { .. }), "{clock}");
    }
}

#[test]
fn a_claim_survives_storage() {
    let mut s = Story::of(&[(Right::Access, "eu-gdpr")]);
    s.claim(ClaimAct::Accept(clerk("carl"))).known().claim(ClaimAct::Propose(clerk("carl"), plan()));
    let text = serde_json::to_string(&s.request).unwrap();
    assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), s.request);
    assert_eq!(Outcome::Told(Digest::of(b"x")).word(), "told");
    assert_eq!((Right::Access.kind(), Level::High.word()), (Kind::Disclose, "high"));
}
