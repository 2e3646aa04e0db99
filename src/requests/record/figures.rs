//! The figures of the requests by year, law and right (11 CCR 7102(a)(1), and what a report on the handling shows).
//!
//! The counting is that of `requests::metrics`. A row whose end is not known is counted apart and never as open.

use super::stated::{Claim, Known};
use crate::law::figures::Numbers;
use crate::requests::metrics::{Counted, Ending, Period, numbers};
use chrono::Datelike;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// Year, law, right.
type Of<'a> = (i32, &'a str, &'a str);

/// Counts beside those of `metrics`.
#[derive(Default)]
struct Beside {
    undecided: u64,
    extended: u64,
    asked_back: u64,
    late: u64,
}

/// Data of the kind `request_figures`, from `requests` and the `request_clocks` computed for them.
pub(super) fn of(rows: &[Json], clocks: &[Json]) -> Json {
    let late: BTreeSet<(&str, &str, &str)> = clocks.iter().filter_map(late).collect();
    let mut beside: BTreeMap<Of<'_>, Beside> = BTreeMap::new();
    let mut counted = Vec::new();
    for claim in rows.iter().map(Claim) {
        let named = claim.text("regime").zip(claim.text("right"));
        let (Some((regime, right)), Known::At(received_at)) = (named, claim.at("received_at")) else { continue };
        let of = beside.entry((received_at.utc().year(), regime, right)).or_default();
        let is_late = claim.text("request").is_some_and(|r| late.contains(&(r, regime, right)));
        of.late += u64::from(is_late);
        of.extended += u64::from(matches!(claim.at("extension_notice_at"), Known::At(_)));
        let asked =
            ["identity_asked_at", "clarification_asked_at"].map(|field| matches!(claim.at(field), Known::At(_)));
        of.asked_back += u64::from(asked.contains(&true));
        match ending(claim) {
            Some(ended) => {
                counted.push(Counted { regime: regime.to_owned(), right: right.to_owned(), received_at, ended });
            }
            None => of.undecided += 1,
        }
    }
    let years: BTreeSet<i32> = beside.keys().map(|(year, ..)| *year).collect();
    let mut by_year = BTreeMap::new();
    for year in years {
        if let Some(period) = Period::year(year) {
            by_year.insert(year, numbers(&counted, &period));
        }
    }
    let row = |(of @ (year, regime, right), beside): (&Of<'_>, &Beside)| {
        let none = Numbers::default();
        let numbers = by_year.get(year).and_then(|y| y.get(&(*regime, *right))).unwrap_or(&none);
        figure(*of, numbers, beside)
    };
    beside.iter().map(row).collect()
}

/// How a claim ended; `None` when the row does not say.
#[expect(clippy::option_option, reason = "not known, known to be open, ended")]
fn ending(claim: Claim<'_>) -> Option<Option<(Ending, crate::clock::Timestamp)>> {
    let ending = match claim.0.get("outcome")? {
        Json::Null => return Some(None),
        outcome => match outcome.as_str()? {
            "done" | "told" => Ending::Complied,
            "partly-done" => Ending::CompliedInPart,
            "denied" => Ending::Denied,
            "withdrawn" => Ending::Withdrawn,
            _ => return None,
        },
    };
    match claim.at("answered_at") {
        Known::At(at) => Some(Some((ending, at))),
        Known::Never | Known::Unknown => None,
    }
}

/// The request, law and right of a period that was met and met late.
fn late(clock: &Json) -> Option<(&str, &str, &str)> {
    let claim = Claim(clock);
    let is_answer = matches!(claim.text("duty"), Some("answer" | "stop"));
    let (Known::At(met), Known::At(late_from)) = (claim.at("met_at"), claim.at("late_from")) else { return None };
    let all = (claim.text("request")?, claim.text("regime")?, claim.text("right")?);
    (is_answer && met >= late_from).then_some(all)
}

fn figure((year, regime, right): Of<'_>, numbers: &Numbers, beside: &Beside) -> Json {
    let mut row = json!({
        "id": format!("{year}/{regime}/{right}"),
        "year": year,
        "regime": regime,
        "right": right,
        "undecided": beside.undecided,
        "extended": beside.extended,
        "asked_back": beside.asked_back,
        "late": beside.late,
    });
    let counted = Numbers { received: numbers.received + beside.undecided, ..numbers.clone() };
    if let (Some(row), Ok(Json::Object(counted))) = (row.as_object_mut(), serde_json::to_value(counted)) {
        row.extend(counted);
    }
    row
}
