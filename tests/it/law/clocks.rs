//! The vectors of the deadline rules, and properties that no date may ever break.

use habeas::law::book::Lawbook;
use habeas::law::clocks::{Case, Clock, Moment, Outcome, evaluate};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    id: String,
    why: String,
    regime: String,
    place: String,
    right: String,
    received: String,
    #[serde(default)]
    events: Vec<(String, String)>,
    #[serde(default)]
    policies: BTreeMap<String, String>,
    expect: BTreeMap<String, Option<String>>,
    #[serde(default)]
    findings: Option<Vec<String>>,
}

fn moment(text: &str) -> Moment {
    match text.parse() {
        Ok(day) => Moment::Day(day),
        Err(_) => {
            let (head, tail) = text.split_at(16);
            Moment::Instant(format!("{head}:00{tail}").parse().unwrap())
        }
    }
}

fn date(outcome: &Outcome, key: &str) -> Option<String> {
    let (name, other) = key.split_once('/').map_or((key, None), |(n, o)| (n, Some(o)));
    let clock: &Clock = outcome.clock(name)?;
    match other {
        Some(other) => clock.alternatives.iter().find(|o| o.name == other).map(|o| o.due_on.to_string()),
        None => clock.due_at.clone().or_else(|| clock.due_on.map(|d| d.to_string())),
    }
}

fn faults(book: &Lawbook, vector: &Vector) -> Vec<String> {
    let case = Case {
        regime: vector.regime.clone(),
        place: Some(vector.place.clone()),
        right: vector.right.clone(),
        received: moment(&vector.received),
        events: vector.events.iter().map(|(name, when)| (name.clone(), moment(when))).collect(),
        policies: vector.policies.clone(),
    };
    let outcome = match evaluate(book, &case) {
        Ok(outcome) => outcome,
        Err(error) => return vec![error.to_string()],
    };
    let mut faults = Vec::new();
    for (key, expected) in &vector.expect {
        let found = date(&outcome, key);
        if found != *expected {
            faults.push(format!("{key}: expected {expected:?}, found {found:?}"));
        }
    }
    if let Some(codes) = &vector.findings {
        let found: Vec<&str> = outcome.findings.iter().map(|f| f.code).collect();
        if found != codes.iter().map(String::as_str).collect::<Vec<_>>() {
            faults.push(format!("findings: expected {codes:?}, found {found:?}"));
        }
    }
    faults
}

#[test]
fn every_vector_of_the_deadline_rules_comes_out() {
    let vectors: Vec<Vector> = serde_saphyr::from_str(include_str!("../../fixtures/clocks/vectors.yaml")).unwrap();
    let book = Lawbook::built_in().unwrap();
    let all: BTreeSet<&str> = vectors.iter().map(|v| &v.id[..3]).collect();
    let mut failed = BTreeSet::new();
    for vector in &vectors {
        for fault in faults(&book, vector) {
            println!("{} ({}): {fault}", vector.id, vector.why);
            failed.insert(&vector.id[..3]);
        }
    }
    println!("{} of {} vectors", all.len() - failed.len(), all.len());
    assert_eq!((all.len(), failed.len()), (62, 0));
}

mod properties {
    use super::*;
    use habeas::clock::Day;
    use habeas::law::clocks::{CaseError, Status};
    use habeas::law::regime::{Kind, Reading};
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static BOOK: LazyLock<Lawbook> = LazyLock::new(|| Lawbook::built_in().unwrap());

    fn day(offset: i64) -> Day {
        "2018-01-01".parse::<Day>().unwrap().plus_days(offset).unwrap()
    }

    /// Any right of any regime at any of its places, with any events at any distance, some before the request.
    fn any_case() -> impl Strategy<Value = Case> {
        let rights: Vec<(String, String, String)> = BOOK
            .regimes
            .values()
            .flat_map(|r| r.rights.keys().map(|right| (r.id.clone(), r.places[0].clone(), right.clone())))
            .chain(["DE-BY", "GR", "NO"].map(|p| ("eu-gdpr".to_owned(), p.to_owned(), "access".to_owned())))
            .collect();
        let events: Vec<String> = BOOK.vocabulary.events.keys().filter(|e| *e != "received").cloned().collect();
        let policy = prop::sample::select(vec!["suspend", "none"]);
        let event = (prop::sample::select(events), -20i64..140);
        (prop::sample::select(rights), 3000i64..7000, prop::collection::vec(event, 0..6), policy).prop_map(
            |((regime, place, right), received, events, policy)| {
                let moment = |offset: i64| Moment::Day(day(received + offset));
                let policies = if regime == "eu-gdpr" { vec!["eu_id", "eu_scope"] } else { vec![] };
                let policies = policies.into_iter().map(|p| (p.to_owned(), policy.to_owned())).collect();
                let events = events.into_iter().map(|(name, offset)| (name, moment(offset))).collect();
                Case { regime, place: Some(place), right, received: Moment::Day(day(received)), events, policies }
            },
        )
    }

    fn check_clock(clock: &Clock, received_on: Day) {
        let name = &clock.name;
        for text in clock.steps.iter().map(|s| &s.text).chain([&clock.title]) {
            for lang in ["en", "zh-CN"] {
                assert!(text.has(lang) && !text.get(lang).contains(['{', '}']), "{name}: {text:?}");
            }
        }
        assert!(clock.steps.iter().all(|s| !s.cite.is_empty()), "{name}: a step without its source");
        assert!(!clock.steps.is_empty(), "{name}: no derivation");
        if let (Some(act_by), Some(due)) = (clock.act_by, clock.due_on) {
            assert!(act_by <= due, "{name}: the day to work towards lies after the date");
        }
        for other in &clock.alternatives {
            let Some(due) = clock.due_on else { continue };
            match other.reading {
                Reading::Safe => assert!(other.due_on <= due, "{name}/{}", other.name),
                Reading::Lenient => assert!(other.due_on >= due, "{name}/{}", other.name),
            }
        }
        if clock.kind == Kind::Deadline && clock.status != Status::NotStarted {
            let dated =
                clock.due_on.or(clock.act_by).is_none_or(|due| due >= clock.starts_on.unwrap().min(received_on));
            assert!(dated, "{name}: due before it began");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever happened: an answer or a reason, complete sentences, and readings on their side of the date. `evaluate`
        /// is not told the present, so that no date can be computed from it.
        #[test]
        fn every_history_is_answered_in_whole_sentences(case in any_case()) {
            match evaluate(&BOOK, &case) {
                Ok(outcome) => {
                    outcome.clocks.iter().for_each(|clock| check_clock(clock, outcome.received_on));
                    prop_assert_eq!(outcome.clocks.len(), {
                        let mut names: Vec<_> = outcome.clocks.iter().map(|c| &c.name).collect();
                        names.sort();
                        names.dedup();
                        names.len()
                    });
                    let again = evaluate(&BOOK, &case).unwrap();
                    prop_assert_eq!(outcome.to_json(&BOOK, "en").to_string(), again.to_json(&BOOK, "en").to_string());
                }
                Err(CaseError::BeforeReceipt { .. } | CaseError::NotInForce { .. }) => {}
                Err(other) => prop_assert!(false, "{other}"),
            }
        }

        /// No history moves an EU answer later than the days that were lawfully left out, and none moves it at all when
        /// nothing may be left out; a Californian answer never moves.
        #[test]
        fn no_date_is_later_than_the_law_allows(case in any_case()) {
            let bare = Case { events: Vec::new(), ..case.clone() };
            let (Ok(with), Ok(without)) = (evaluate(&BOOK, &case), evaluate(&BOOK, &bare)) else { return Ok(()) };
            for name in ["acknowledgement", "answer", "answer_extended"] {
                let (Some(with), Some(without)) = (with.clock(name), without.clock(name)) else { continue };
                let (Some(late), Some(due)) = (with.due_on, without.due_on) else { continue };
                if with.starts_on != without.starts_on {
                    continue;
                }
                let replies = ["identity_received", "clarification_received", "fee_paid"];
                let Moment::Day(received) = case.received else { return Ok(()) };
                let waited = |(event, at): &(String, Moment)| match at {
                    Moment::Day(at) if replies.contains(&event.as_str()) => habeas::law::period::days_between(received, *at),
                    _ => 0,
                };
                let lawful = ["eu-gdpr", "uk-gdpr"].contains(&case.regime.as_str())
                    && case.policies.get("eu_id").is_none_or(|p| p == "suspend");
                let longest = if lawful { case.events.iter().map(waited).max().unwrap_or(0) } else { 0 };
                // A new beginning and a standstill can each last to the last reply; the last end moves over at most ten free days.
                let slack = if longest > 0 { 2 * longest + 10 } else { 0 };
                prop_assert!(due <= late && late <= due.plus_days(slack).unwrap(), "{name}: {due} became {late}");
            }
        }

        /// Received later is never due earlier.
        #[test]
        fn dates_are_monotone_in_the_day_of_receipt(case in any_case(), later in 1i64..40) {
            let bare = Case { events: Vec::new(), ..case };
            let Moment::Day(received) = bare.received else { return Ok(()) };
            let next = Case { received: Moment::Day(received.plus_days(later).unwrap()), ..bare.clone() };
            let (Ok(first), Ok(second)) = (evaluate(&BOOK, &bare), evaluate(&BOOK, &next)) else { return Ok(()) };
            for clock in &first.clocks {
                let Some(other) = second.clock(&clock.name) else { continue };
                if let (Some(a), Some(b)) = (clock.due_on, other.due_on) {
                    prop_assert!(a <= b, "{}: {a} then {b}", clock.name);
                }
            }
        }

        /// The day that an EU period is moved to is the first working day, and every day jumped over is free.
        #[test]
        fn a_period_is_moved_over_free_days_only(offset in 3000i64..6500, place in 0usize..40) {
            let places = &BOOK.regimes["eu-gdpr"].places;
            let place = &places[place % places.len()];
            let case = Case {
                regime: "eu-gdpr".to_owned(),
                place: Some(place.clone()),
                right: "access".to_owned(),
                received: Moment::Day(day(offset)),
                events: Vec::new(),
                policies: BTreeMap::new(),
            };
            let outcome = evaluate(&BOOK, &case).unwrap();
            let due = outcome.clock("answer").unwrap().due_on.unwrap();
            let calendar = &BOOK.calendars[&BOOK.places[place].calendar];
            let (raw, _) = habeas::law::period::plus_months(day(offset), 1, Default::default()).unwrap();
            prop_assert!(due >= raw && calendar.judge(due).unwrap().kind.is_working());
            let mut passed = raw;
            while passed < due {
                prop_assert!(!calendar.judge(passed).unwrap().kind.is_working(), "{passed} was jumped over");
                passed = passed.plus_days(1).unwrap();
            }
        }
    }
}
