//! The desk at which one case is evaluated: names looked up, history read, switches set, sentences and findings at hand.

use super::history::{History, Local};
use super::{Case, CaseError, Finding, Step};
use crate::clock::Day;
use crate::law::book::Lawbook;
use crate::law::phrases::{Blank, both, dated};
use crate::law::place::Place;
use crate::law::regime::{ClockRule, Policy, Regime, RightRule, Validity};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Everything at hand while one case is evaluated.
pub(super) struct Desk<'a> {
    pub(super) book: &'a Lawbook,
    pub(super) regime: &'a Regime,
    pub(super) right_id: &'a str,
    pub(super) right: &'a RightRule,
    pub(super) place_id: &'a str,
    pub(super) place: &'a Place,
    pub(super) zone: Tz,
    pub(super) received: Local,
    pub(super) history: History,
    pub(super) policies: BTreeMap<String, String>,
    pub(super) findings: Vec<Finding>,
}

fn names<'a>(keys: impl Iterator<Item = &'a String>) -> String {
    keys.map(String::as_str).collect::<Vec<_>>().join(", ")
}

impl<'a> Desk<'a> {
    pub(super) fn open(book: &'a Lawbook, case: &Case) -> Result<Self, CaseError> {
        let unknown = |field, given: &str, known| CaseError::Unknown { field, given: given.to_owned(), known };
        let regime_word = case.regime.trim().to_lowercase();
        let regime = book.regimes.get(&regime_word);
        let regime = regime.ok_or_else(|| unknown("regime", &case.regime, names(book.regimes.keys())))?;
        let place_word = match (&case.place, regime.places.as_slice()) {
            (Some(place), _) => place.trim().to_uppercase(),
            (None, [only]) => only.clone(),
            (None, _) => {
                return Err(CaseError::PlaceNeeded { regime: regime.id.clone(), known: names(regime.places.iter()) });
            }
        };
        let place_id = regime.places.iter().find(|p| **p == place_word);
        let place_id = place_id.ok_or_else(|| unknown("place", &place_word, names(regime.places.iter())))?;
        let right_word = book.vocabulary.right(&case.right).and_then(|id| regime.rights.get_key_value(id));
        let (right_id, right) = right_word.ok_or_else(|| unknown("right", &case.right, names(regime.rights.keys())))?;
        let place = book.places.get(place_id).ok_or_else(|| unknown("place", place_id, names(book.places.keys())))?;
        let zone: Tz = place.zone.parse().map_err(|_| unknown("zone", &place.zone, "IANA zone names".to_owned()))?;
        let (received, history) = History::read(book, case, zone, right.received_is.as_deref())?;
        let what = format!("`{}`", regime.id);
        in_force(what, &regime.valid, received.day)?;
        in_force(format!("`{right_id}` of `{}`", regime.id), &right.valid, received.day)?;
        let policies = positions(regime, &case.policies)?;
        let findings = Vec::new();
        Ok(Self { book, regime, right_id, right, place_id, place, zone, received, history, policies, findings })
    }

    pub(super) fn policy(&self, name: &str) -> Option<&str> {
        self.policies.get(name).map(String::as_str)
    }

    pub(super) fn step(&self, key: &str, blanks: &[Blank<'_>], cite: &str) -> Step {
        Step { text: self.book.phrases.step(key, blanks), cite: cite.to_owned() }
    }

    pub(super) fn find(&mut self, code: &'static str, clock: &str, blanks: &[Blank<'_>], cite: &str) {
        let text = self.book.phrases.finding(code, blanks);
        // The same fact about an answer and about its extension is one finding.
        if !self.findings.iter().any(|f| f.code == code && f.text == text) {
            self.findings.push(Finding { code, clock: clock.to_owned(), text, cite: cite.to_owned() });
        }
    }

    /// The step that says from when a clock runs.
    pub(super) fn beginning(&self, rule: &ClockRule, begin: Local) -> Step {
        let received_event = rule.from == "received";
        if received_event || self.right.received_is.as_ref() == Some(&rule.from) {
            if let Some(at) = begin.at {
                let blanks = [
                    ("instant", both(&at.to_string())),
                    ("place", self.place.name.clone()),
                    ("zone", both(self.zone.name())),
                    ("day", dated(begin.day)),
                ];
                return self.step("received_at", &blanks, &self.regime.receipt.cite);
            }
            if received_event {
                return self.step("received_on", &[("day", dated(begin.day))], &self.regime.receipt.cite);
            }
        }
        let event = self.book.vocabulary.event_title(&rule.from);
        self.step("happened_on", &[("event", event), ("day", dated(begin.day))], &rule.cite)
    }
}

fn in_force(what: String, valid: &Validity, received: Day) -> Result<(), CaseError> {
    if valid.holds_on(received) {
        return Ok(());
    }
    let holds = match (valid.from, valid.until) {
        (Some(from), Some(until)) => format!("from {from} until {until}"),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (None, None) => "never".to_owned(),
    };
    Err(CaseError::NotInForce { what, received, holds })
}

/// The position of every switch of the regime: what was asked for, else its default.
fn positions(regime: &Regime, asked: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, CaseError> {
    for (name, choice) in asked {
        let Some(policy) = regime.policies.get(name) else {
            let known = if regime.policies.is_empty() { "none".to_owned() } else { names(regime.policies.keys()) };
            return Err(CaseError::Unknown { field: "policy", given: name.clone(), known });
        };
        if !policy.choices.contains(choice) {
            let known = names(policy.choices.iter());
            return Err(CaseError::Unknown { field: "policy", given: format!("{name}={choice}"), known });
        }
    }
    let position =
        |(name, policy): (&String, &Policy)| (name.clone(), asked.get(name).unwrap_or(&policy.default).clone());
    Ok(regime.policies.iter().map(position).collect())
}
