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
