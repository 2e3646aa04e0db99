//! A scripted year: mixed requests under four laws through the real flows, store and mail, with everything that goes wrong.
//!
//! Every decision follows from a seed; ids and the jitter of retries come from the system. At the end every claim was
//! answered, refused or withdrawn, or somebody was warned before its date; and the numbers of the year that the program
//! counts from its ledger equal those that this script counted for itself.

use super::office::{Office, at, copies, words};
use crate::notify::server::is_available;
use crate::store::asked;
use chrono::TimeDelta;
use habeas::clock::Timestamp;
use habeas::crypto::hash::Digest;
use habeas::flows::FlowError;
use habeas::flows::open_request::{Intake, open_request};
use habeas::flows::record_by_hand::{record_letter, resend_letter};
use habeas::ids::RequestId;
use habeas::law::figures::Numbers;
use habeas::ledger::entry::{Entry, Fact, word};
use habeas::notify::delivery::State;
use habeas::personal::Personal;
use habeas::requests::command::{Act, ClaimAct, Effect, Letter, Said, Speaker, Witness};
use habeas::requests::identity::{Method, Proof};
use habeas::requests::metrics::{self, Ending, Period};
use habeas::requests::outcome::{Outcome, Plan, ReadBack};
use habeas::requests::request::{Channel, Request, Stage};
use habeas::requests::right::{Kind, Right, Sensitivity};
use habeas::store::Personals;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// A small generator of our own: the same seed gives the same year for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.roll(all.len() as u64)).unwrap()]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Done,
    Partly,
    Denied,
    DeniedThenUpheld,
    DeniedThenRejected,
    Withdrawn,
    Forgotten,
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Accept,
    Restrict,
    AskIdentity,
    Prove,
    AskClarification,
    Clarify,
    Extend,
    Hold,
    LiftHold,
    Propose,
    Approve,
    CarryOut,
    ReadBack,
    Tell,
    Deny,
    Withdraw,
    Appeal,
    Uphold,
    Reject,
    Again,
}

struct Case {
    key: String,
    regime: &'static str,
    place: &'static str,
    right: Right,
    fate: Fate,
    channel: Channel,
    lang: &'static str,
    mailbox: &'static str,
    received_at: Timestamp,
    entered_on: i64,
    moves: Vec<(i64, Move)>,
    id: Option<RequestId>,
    ended: Option<(Ending, Timestamp)>,
    refused: usize,
}

const START: &str = "2026-01-01T09:00:00Z";
/// A third of another year, so that what came in December is answered.
const LAST_DAY: i64 = 365 + 119;
/// What was answered does not change so many days after its last move; a wrong number would show in the count.
const LONGEST_WAIT_DAYS: i64 = 60;
const LAWS: [(&str, &[&str], &[Right]); 4] = [
    (
        "eu-gdpr",
        &["DE", "FR", "IE"],
        &[
            Right::Access,
            Right::Deletion,
            Right::Rectification,
            Right::Restriction,
            Right::Portability,
            Right::Objection,
            Right::MarketingObjection,
            Right::Withdrawal,
        ],
    ),
    ("uk-gdpr", &["GB-ENG"], &[Right::Access, Right::Deletion, Right::Rectification, Right::Complaint]),
    ("ccpa", &["US-CA"], &[Right::Access, Right::Deletion, Right::Rectification, Right::OptOut, Right::Limit]),
    ("pipl", &["CN"], &[Right::Access, Right::Deletion, Right::Rectification, Right::Explanation]),
];

fn cases(n: u64, dice: &mut Dice) -> Vec<Case> {
    (0..n).map(|i| case(i, n, dice)).collect()
}

fn case(i: u64, n: u64, dice: &mut Dice) -> Case {
    let (regime, places, rights) = dice.pick(&LAWS);
    let mut right = dice.pick(rights);
    let fates = [Fate::Done, Fate::Done, Fate::Done, Fate::Done, Fate::Done, Fate::Done, Fate::Partly, Fate::Denied];
    let mut fate = match dice.roll(20) {
        0 => Fate::Withdrawn,
        1 => Fate::Forgotten,
        2 => Fate::DeniedThenUpheld,
        3 => Fate::DeniedThenRejected,
        _ => dice.pick(&fates),
    };
    let entered_on = i64::try_from(i * 364 / n).unwrap();
    // The duty to deal with complaints exists in the United Kingdom since 19 June 2026.
    if right == Right::Complaint && entered_on < 180 {
        right = Right::Access;
    }
    // What is owed at once comes by form and is met on the day; the rest may lie a day or two in the post.
    let at_once = matches!(right, Right::MarketingObjection | Right::Withdrawal);
    let lag = if at_once { 0 } else { i64::try_from(dice.roll(3)).unwrap() };
    let fit = !matches!(right.kind(), Kind::Tell | Kind::Stop);
    if fate == Fate::Partly && !fit {
        fate = Fate::Done;
    }
    let received_at = at(START).plus(TimeDelta::days(entered_on - lag)).unwrap();
    let mut case = Case {
        key: format!("case-{i}"),
        regime,
        place: dice.pick(places),
        right,
        fate,
        channel: dice.pick(&[Channel::Form, Channel::Letter, Channel::Phone, Channel::Counter, Channel::Mail]),
        lang: dice.pick(&["en", "de", "fr", "zh-CN"]),
        mailbox: dice.pick(&["ann", "ann", "ann", "ann", "ann", "ann", "grey", "late", "gone", "hole", ""]),
        received_at,
        entered_on,
        moves: Vec::new(),
        id: None,
        ended: None,
        refused: 0,
    };
    case.moves = moves(&case, at_once, dice);
    case
}

fn moves(case: &Case, at_once: bool, dice: &mut Dice) -> Vec<(i64, Move)> {
    let pace = i64::from(!at_once);
    let mut day = case.entered_on;
    let mut moves = Vec::new();
    let mut then = |days: i64, step: Move| {
        day += days * pace;
        moves.push((day, step));
    };
    if case.fate == Fate::Forgotten {
        return moves;
    }
    if case.fate == Fate::Withdrawn {
        then(2, Move::Withdraw);
        return moves;
    }
    if case.regime == "eu-gdpr" && matches!(case.right, Right::Rectification | Right::Objection) {
        then(0, Move::Restrict);
    }
    let asks = dice.roll(8) == 0 && !at_once;
    if case.regime == "uk-gdpr" && case.right == Right::Access && dice.roll(3) == 0 {
        then(1, Move::AskClarification);
        then(8, Move::Clarify);
        then(0, Move::Prove);
    } else if asks {
        then(1, Move::AskIdentity);
        then(5, Move::Prove);
    } else {
        then(1, Move::Accept);
        then(0, Move::Prove);
    }
    if dice.roll(8) == 0 && !at_once {
        then(5, Move::Extend);
        then(25, Move::Again);
    }
    if matches!(case.fate, Fate::Denied | Fate::DeniedThenRejected | Fate::DeniedThenUpheld) {
        then(2, Move::Deny);
        if case.fate != Fate::Denied {
            then(10, Move::Appeal);
            then(5, if case.fate == Fate::DeniedThenUpheld { Move::Uphold } else { Move::Reject });
        }
        if case.fate != Fate::DeniedThenUpheld {
            return moves;
        }
    }
    if case.right.kind() == Kind::Tell {
        then(2, Move::Tell);
        return moves;
    }
    let holds = case.right == Right::Deletion && dice.roll(6) == 0;
    if holds {
        then(1, Move::Hold);
    }
    then(2, Move::Propose);
    if holds {
        then(1, Move::Approve);
        then(3, Move::LiftHold);
    }
    then(1, Move::Approve);
    then(1, Move::CarryOut);
    then(0, Move::ReadBack);
    if case.right.kind() == Kind::Erase {
        then(2, Move::ReadBack);
    }
    moves
}

fn open(office: &mut Office, case: &Case) -> RequestId {
    office.tick(1);
    let key = case.key.as_str();
    let said = |k: &str, v: String| (k.to_owned(), Personal::new(v));
    let mut personals =
        Personals::from([said("name", format!("Person {key}")), said("language", case.lang.to_owned())]);
    if !case.mailbox.is_empty() {
        let email = format!("{}+{key}@test.example", case.mailbox);
        personals.extend([said("email", email.clone()), said("email-on-file", email)]);
    }
    let intake = Intake {
        key: key.to_owned(),
        channel: case.channel,
        received_at: case.received_at,
        sensitivity: Sensitivity::Ordinary,
        asked: vec![asked(case.right, case.regime, &case.place.to_lowercase())],
        personals,
    };
    open_request(&office.app.store, &office.app.book, &office.clerk(), intake, office.now).unwrap().id
}

fn plan(office: &Office, case: &Case) -> Plan {
    let kept =
        if case.fate == Fate::Partly { ground(office, case).map(|g| (word("invoices"), word(&g))) } else { None };
    Plan {
        digest: Digest::of(format!("{:?}{}", case.id, case.right.word()).as_bytes()),
        records: 3,
        kept: kept.into_iter().collect(),
    }
}

fn ground(office: &Office, case: &Case) -> Option<String> {
    office.app.book.regimes[case.regime].contents.refusals_of(case.right.word()).next().map(|(name, _)| name.to_owned())
}

/// The act of a move with the words that go with it; nothing for moves of several acts.
fn act_of(office: &Office, case: &Case, step: Move) -> Option<(Act, Personals)> {
    let none = Personals::new;
    let of_claim = |act: ClaimAct| Act::Claim(0, act);
    let speaker = || Speaker::Handler(office.handler());
    Some(match step {
        Move::Accept => (of_claim(ClaimAct::Accept(office.handler())), none()),
        Move::Restrict => (of_claim(ClaimAct::Meet(office.handler(), word("restrict_meanwhile"))), none()),
        Move::AskIdentity => {
            let said = json!({"missing": ["the customer number"], "why": "we do not know the address"});
            (of_claim(ClaimAct::AskIdentity(office.handler())), words(Letter::IdentityRequest, said))
        }
        Move::AskClarification => {
            let said = json!({"questions": ["Which years?"], "why": "we hold a great deal"});
            (of_claim(ClaimAct::AskClarification(office.handler())), words(Letter::ClarificationRequest, said))
        }
        Move::Clarify => (of_claim(ClaimAct::Clarify(speaker())), none()),
        Move::Extend => {
            let said = words(Letter::ExtensionNotice, json!({"detail": "Your data lies in nine systems."}));
            (of_claim(ClaimAct::Extend(office.handler(), word("complexity"))), said)
        }
        Move::Hold => (Act::Hold(office.dpo("dora")), none()),
        Move::LiftHold => (Act::ReleaseHold(office.dpo("dora")), none()),
        Move::Propose => {
            let scope =
                if case.regime == "ccpa" { json!({"scope": ["account"]}) } else { json!({"scope": ["address"]}) };
            let scoped = matches!(case.right, Right::OptOut | Right::Limit | Right::Restriction);
            let said = words(Letter::Answer, if scoped { scope } else { json!({}) });
            (of_claim(ClaimAct::Propose(office.handler(), plan(office, case))), said)
        }
        Move::ReadBack => {
            let plan = plan(office, case).digest;
            let found = ReadBack { plan, at: office.now, as_planned: 3, stray: 0, unreadable: 0 };
            (of_claim(ClaimAct::Confirm(office.system(), found)), none())
        }
        Move::Tell => {
            let tell = ClaimAct::Tell(office.handler(), Digest::of(b"words"));
            (of_claim(tell), words(Letter::Answer, json!({})))
        }
        Move::Withdraw => (of_claim(ClaimAct::Withdraw(speaker())), none()),
        Move::Appeal => (of_claim(ClaimAct::Appeal(speaker())), none()),
        Move::Uphold => (of_claim(ClaimAct::DecideAppeal(office.dpo("emil"), true)), none()),
        Move::Reject => (of_claim(ClaimAct::DecideAppeal(office.dpo("emil"), false)), none()),
        Move::Prove | Move::Approve | Move::CarryOut | Move::Deny | Move::Again => return None,
    })
}

/// Makes one move; what the law or a hold refuses is counted and is part of the year.
fn make(office: &mut Office, case: &mut Case, step: Move) {
    let id = case.id.clone().unwrap();
    let done = match (act_of(office, case, step), step) {
        (Some((act, seals)), _) => office.act_with(&id, act, seals),
        (None, Move::Prove) => prove(office, &id),
        (None, Move::Approve) => {
            let digest = plan(office, case).digest;
            if office.request(&id).claims[0].stage.word() == "approved" {
                return;
            }
            office.act(&id, ClaimAct::Approve(office.dpo("dora"), digest))
        }
        (None, Move::CarryOut) => {
            let begin = ClaimAct::Begin(office.system(), plan(office, case).digest);
            let begun = office.act(&id, begin);
            begun.and_then(|_| office.act(&id, ClaimAct::Report(office.system(), Said::Done)))
        }
        (None, Move::Deny) => {
            let Some(ground) = ground(office, case) else {
                case.refused += 1;
                return;
            };
            let said = json!({"facts": "A claim over invoice 17 is pending in court.", "what": "the data asked for"});
            let deny = ClaimAct::Deny(office.dpo("dora"), BTreeMap::from([(word("all"), word(&ground))]));
            office.act_with(&id, Act::Claim(0, deny), words(Letter::Answer, said))
        }
        (None, _) => {
            // The same submission again makes no second request.
            assert_eq!(open(office, case), id);
            return;
        }
    };
    match done {
        Ok(_) if matches!(step, Move::Withdraw) => case.ended = Some((Ending::Withdrawn, office.now)),
        Ok(_) => {}
        // A question that must not be asked, e.g. for identity before an opt-out, leaves the work to be done.
        Err(_) if matches!(step, Move::AskIdentity | Move::AskClarification) => make(office, case, Move::Accept),
        Err(_) => case.refused += 1,
    }
}

fn prove(office: &mut Office, id: &RequestId) -> Result<Request, FlowError> {
    let mut last = Ok(office.request(id));
    for field in ["email", "customer-number"] {
        let proof = Proof { method: Method::DataPoints, field: word(field), on_file: true, at: office.now };
        last = office.act_with(id, Act::Prove(Witness::Handler(office.handler()), proof), Personals::new());
    }
    last
}

/// What the script itself counts of an outcome.
fn ending(outcome: &Outcome) -> Ending {
    match outcome {
        Outcome::Denied(_) => Ending::Denied,
        Outcome::Told(_) => Ending::Complied,
        Outcome::Done(evidence) if evidence.plan().kept.is_empty() => Ending::Complied,
        Outcome::Done(_) => Ending::CompliedInPart,
    }
}

/// Looks which claims were answered since the last look; the first answer gives the time, the last one the outcome.
fn observe(office: &Office, cases: &mut [Case], day: i64) {
    for case in cases.iter_mut() {
        let Some(id) = &case.id else { continue };
        // Nothing changes before the first move, and nothing long after the last once it was answered; a letter that was given
        // up may wait for months until somebody lets it be tried again.
        let (Some(first), Some(last)) = (case.moves.first(), case.moves.last()) else { continue };
        let settled = case.ended.is_some() && day > last.0 + LONGEST_WAIT_DAYS && day != LAST_DAY;
        if day < first.0 || settled {
            continue;
        }
        if matches!(case.ended, Some((Ending::Withdrawn, _))) {
            continue;
        }
        if let Stage::Answered { outcome } = &office.request(id).claims[0].stage {
            let first = case.ended.map_or(office.now, |(_, at)| at);
            case.ended = Some((ending(outcome), first));
        }
    }
}

/// Staff look after letters that failed: nine in ten go by post the same day, the tenth is forgotten.
fn look_after_letters(office: &mut Office, neglected: &mut BTreeSet<String>, dice: &mut Dice) -> u32 {
    let waiting = office.app.store.read(&office.system(), |r| r.waiting(None)).unwrap();
    let mut posted = 0;
    for task in waiting {
        let failed = matches!(&task.effect, Effect::Task { what, .. } if what.as_str() == "letter-failed");
        if !failed || neglected.contains(task.id.as_str()) {
            continue;
        }
        if dice.roll(10) == 0 {
            neglected.insert(task.id.to_string());
            continue;
        }
        let notices = office.app.store.read(&office.system(), |r| r.notices(Some(&task.request))).unwrap();
        for notice in notices.iter().filter(|n| matches!(n.delivery.state, State::Bounced { .. })) {
            office.tick(1);
            let request = office.request(&task.request);
            let what = (notice.claim, notice.letter, office.now);
            record_letter(&office.app, (&office.handler(), &office.system()), &request, what, office.now).unwrap();
            posted += 1;
        }
    }
    posted
}

/// The mail server is back: what was given up is tried again.
fn resend(office: &mut Office) -> usize {
    let notices = office.app.store.read(&office.system(), |r| r.notices(None)).unwrap();
    let given_up: Vec<_> = notices.into_iter().filter(|n| n.delivery.is_given_up()).collect();
    for notice in &given_up {
        office.tick(1);
        resend_letter(&office.app, &office.handler(), notice, office.now).unwrap();
    }
    given_up.len()
}

/// Every date of every claim was met, or somebody was warned of it before it passed.
fn assert_nobody_was_surprised(office: &Office, cases: &[Case], entries: &[Entry]) -> (usize, usize) {
    let (mut met, mut warned_only) = (0, 0);
    for case in cases {
        let request = office.request(case.id.as_ref().unwrap());
        let object = format!("request/{}", request.id);
        let own: Vec<&Entry> = entries.iter().filter(|e| e.object.as_str() == object).collect();
        let claim = &request.claims[0];
        for due in &claim.dues {
            let letter = if due.clock.as_str() == "acknowledgement" { "acknowledgement" } else { "answer" };
            let sent =
                own.iter().find_map(|e| match (e.action.as_str(), e.facts.get("letter"), e.facts.get("sent-at")) {
                    ("request.letter-sent", Some(Fact::Word(w)), Some(Fact::Instant(at))) if w.as_str() == letter => {
                        Some(*at)
                    }
                    ("request.withdrawn", ..) => Some(e.at),
                    _ => None,
                });
            let withdrawn = own.iter().find(|e| e.action.as_str() == "request.withdrawn").map(|e| e.at);
            // A date that had passed before the letter was entered can only be flagged, on the same day.
            let late_at_entry = due.before <= request.recorded_at && claim.overdue.contains(&due.clock);
            let by_hand = claim.met.contains(&due.clock) && letter == "answer" && due.clock.as_str() != "answer";
            let in_time = by_hand || late_at_entry || sent.into_iter().chain(withdrawn).any(|at| at < due.before);
            let warned = own.iter().any(|e| {
                e.action.as_str() == "request.due-soon"
                    && e.facts.get("clock") == Some(&Fact::Word(due.clock.clone()))
                    && e.facts.get("due-on") == Some(&Fact::Day(due.on))
                    && e.at < due.before
            });
            assert!(
                in_time || warned,
                "{} {:?} {:?} {}: {} due {} before {}",
                case.key,
                case.right,
                case.fate,
                case.regime,
                due.clock.as_str(),
                due.on,
                due.before
            );
            met += usize::from(in_time);
            warned_only += usize::from(!in_time);
        }
    }
    (met, warned_only)
}

/// The numbers of the year by a count of the script's own.
fn own_numbers(cases: &[Case]) -> BTreeMap<(&str, &str), Numbers> {
    let mut all: BTreeMap<(&str, &str), (Numbers, Vec<f64>)> = BTreeMap::new();
    for case in cases.iter().filter(|c| c.received_at.to_string().starts_with("2026")) {
        let (numbers, days) = all.entry((case.regime, case.right.word())).or_default();
        numbers.received += 1;
        match case.ended {
            None => numbers.open += 1,
            Some((Ending::Withdrawn, _)) => numbers.withdrawn += 1,
            Some((ending, at)) => {
                match ending {
                    Ending::Complied => numbers.complied += 1,
                    Ending::CompliedInPart => numbers.complied_in_part += 1,
                    _ => numbers.denied += 1,
                }
                let seconds = (at.utc() - case.received_at.utc()).num_seconds();
                days.push((seconds as f64 / 86_400.0).ceil());
            }
        }
    }
    let finish = |(of, (mut numbers, mut days)): ((&'static str, &'static str), (Numbers, Vec<f64>))| {
        days.sort_by(f64::total_cmp);
        let n = days.len();
        if n > 0 {
            let middle = if n % 2 == 1 { days[n / 2] } else { (days[n / 2 - 1] + days[n / 2]) / 2.0 };
            numbers.median_days = Some(middle);
            numbers.mean_days = Some(days.iter().sum::<f64>() / n as f64);
        }
        (of, numbers)
    };
    let fixed = all.into_iter().map(|((regime, right), v)| {
        let law = LAWS.iter().find(|(id, ..)| *id == regime).unwrap().0;
        finish(((law, Right::from_word(right).unwrap().word()), v))
    });
    fixed.collect()
}

/// What happened in the year, counted as it went.
#[derive(Default)]
struct Tally {
    passes: BTreeMap<&'static str, u32>,
    posted: u32,
    resent: usize,
    neglected: BTreeSet<String>,
}

fn one_day(office: &mut Office, cases: &mut [Case], day: i64, (dice, tally): (&mut Dice, &mut Tally)) {
    office.now = at(START).plus(TimeDelta::days(day)).unwrap();
    // The mail server is away for a week in April and for three days in September.
    let away = (100..107).contains(&day) || (250..253).contains(&day);
    match (away, office.is_up()) {
        (true, true) => office.server_down(),
        (false, false) => {
            office.server_up();
            tally.resent += resend(office);
        }
        _ => {}
    }
    for case in cases.iter_mut().filter(|c| c.entered_on == day) {
        case.id = Some(open(office, case));
    }
    for case in cases.iter_mut() {
        let due: Vec<Move> = case.moves.iter().filter(|(on, _)| *on == day).map(|(_, step)| *step).collect();
        due.into_iter().for_each(|step| make(office, case, step));
    }
    let done = office.work();
    assert!(done.problems.is_empty(), "day {day}: {:?}", done.problems);
    let counts = [
        ("sent", done.sent),
        ("tasked", done.tasked),
        ("bounced", done.bounced),
        ("overdue", done.overdue),
        ("warned", done.warned),
    ];
    counts.into_iter().for_each(|(what, count)| *tally.passes.entry(what).or_default() += count);
    tally.posted += look_after_letters(office, &mut tally.neglected, dice);
    observe(office, cases, day);
}

fn year(n: u64) {
    let began = Instant::now();
    let mut dice = Dice(2026);
    let mut cases = cases(n, &mut dice);
    let mut office = Office::new(at("2025-12-20T09:00:00Z"));
    let mut tally = Tally::default();
    for day in 0..=LAST_DAY {
        one_day(&mut office, &mut cases, day, (&mut dice, &mut tally));
    }
    let entries = office.app.store.read(&office.system(), |r| r.entries()).unwrap();
    let entries: Vec<Entry> = (0_u64..).zip(&entries).map(|(seq, e)| Entry::parse(seq, e).unwrap()).collect();
    let (met, warned_only) = assert_nobody_was_surprised(&office, &cases, &entries);
    let counted: Vec<_> = metrics::claims(&entries).into_values().collect();
    let numbers = metrics::numbers(&counted, &Period::year(2026).unwrap());
    assert_eq!(numbers, own_numbers(&cases), "the ledger and the script count the same");
    let counts = office.app.store.read(&office.system(), |r| r.counts()).unwrap();
    assert!(counts.balance() && counts.received == i64::try_from(n).unwrap(), "{counts:?}");
    office.app.store.read(&office.system(), |r| r.check_ledger()).unwrap();
    let most = copies(&office.mails()).into_values().max().unwrap_or_default();
    assert!(most <= 2, "{most} mails of one notice");
    let refused: usize = cases.iter().map(|c| c.refused).sum();
    println!(
        "scripted year: {n} requests, {} entries, {} open at the end; dates met {met}, warned {warned_only}; {:?}, {} posted, {} resent, {refused} moves refused; {:.1} s",
        entries.len(),
        counts.open,
        tally.passes,
        tally.posted,
        tally.resent,
        began.elapsed().as_secs_f64()
    );
    for ((regime, right), n) in &numbers {
        println!(
            "  {regime:<8} {right:<20} received {:>3} complied {:>3} in part {:>2} denied {:>2} withdrawn {:>2} open {:>2} median {:>5} mean {:>6.2}",
            n.received,
            n.complied,
            n.complied_in_part,
            n.denied,
            n.withdrawn,
            n.open,
            n.median_days.unwrap_or_default(),
            n.mean_days.unwrap_or_default()
        );
    }
    assert!(met > warned_only, "a year in which hardly anything is answered shows nothing");
}

#[test]
fn a_scripted_year_surprises_nobody_and_its_numbers_are_those_of_the_ledger() {
    if is_available() {
        year(120);
    }
}

/// The same with a thousand requests: `scripts/check` runs it apart.
#[test]
#[ignore = "more than a minute"]
fn a_scripted_year_of_a_thousand_requests() {
    if is_available() {
        year(1000);
    }
}
