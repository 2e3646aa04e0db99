//! The clocks of one request: every legal date with the reasons for it, from the regimes and the history of the request.
//!
//! One pure function, `evaluate`. It is not given the present, so no date can depend on when it was asked for: the same
//! request and the same book give the same dates for ever (keep the versions in the outcome with the case). A date that is
//! not known is said to be unknown; where readings of the law differ, the date that is safe is among the alternatives.

mod desk;
mod ending;
mod history;
mod readings;
mod running;
mod show;
mod special;
mod waits;

use super::book::Lawbook;
use super::regime::{Basis, Kind, Reading};
use crate::clock::{Day, Timestamp};
use crate::lang::Localised;
use desk::Desk;
use serde::Serialize;
use std::collections::BTreeMap;

/// A day or an instant, as somebody recorded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// A civil day at the place.
    Day(Day),
    /// An instant, whose civil day the place's zone tells.
    Instant(Timestamp),
}

/// What is asked: one right of one person under one regime, and what happened so far.
#[derive(Clone, Debug)]
pub struct Case {
    /// Regime id.
    pub regime: String,
    /// Place id; may be left out where the regime has one place only.
    pub place: Option<String>,
    /// Right, by id, alias or code.
    pub right: String,
    /// When the request was received.
    pub received: Moment,
    /// What happened, in any order; names may repeat.
    pub events: Vec<(String, Moment)>,
    /// Positions of switches; the default for those left out.
    pub policies: BTreeMap<String, String>,
}

/// A question that cannot be answered as it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// A name that the book does not have.
    #[error("{field}: `{given}` is not known; choose one of: {known}")]
    Unknown {
        /// Which part of the question.
        field: &'static str,
        /// What was given.
        given: String,
        /// What is there.
        known: String,
    },
    /// A place is needed and none was given.
    #[error("place: `{regime}` counts by the place where the request is handled; choose one of: {known}")]
    PlaceNeeded {
        /// The regime.
        regime: String,
        /// Its places.
        known: String,
    },
    /// An event lies before the request.
    #[error("event: `{event}` is on {day}, before the receipt of the request on {received}; correct one of the two")]
    BeforeReceipt {
        /// Which event.
        event: String,
        /// Its day.
        day: Day,
        /// The day of receipt.
        received: Day,
    },
    /// The law or right was not in force.
    #[error("received: {what} is not in force for a request received on {received}; it holds {holds}")]
    NotInForce {
        /// The regime or right.
        what: String,
        /// The day of receipt.
        received: Day,
        /// When it holds.
        holds: String,
    },
    /// A date left the years 1900 to 2200.
    #[error("received: the dates of clock `{clock}` leave the years 1900 to 2200")]
    OutOfRange {
        /// Which clock.
        clock: String,
    },
}

/// One sentence of a derivation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was done.
    pub text: Localised,
    /// Why that is right.
    pub cite: String,
}

/// How a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It runs.
    Running,
    /// The event it runs from is not on record.
    NotStarted,
    /// It stands still, or has not begun, until something arrives.
    Waiting,
    /// Owed at once.
    AtOnce,
    /// An extension that only a notice in time would bring about.
    Possible,
    /// Its extension holds instead.
    Extended,
    /// An extension that its late notice did not bring about.
    Void,
    /// Fulfilled in time.
    Met,
    /// Fulfilled, and too late.
    Late,
    /// No longer needed.
    NotNeeded,
    /// The calendar that decides is missing.
    CalendarMissing,
    /// Nobody told us the length of the period.
    Unknown,
    /// A date that is no deadline: something is allowed, or must be kept, from or until then.
    Stands,
}

/// The same clock under another reading of the law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// Its name.
    pub name: String,
    /// What differs.
    pub title: Localised,
    /// Whether it is earlier or later.
    pub reading: Reading,
    /// Its day.
    pub due_on: Day,
    /// Its source.
    pub cite: String,
}

/// A calendar and its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CalendarUse {
    /// The calendar's id.
    pub id: String,
    /// The calendar's version.
    pub version: String,
}

/// One legal period of one request.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Its name, e.g. `answer`.
    pub name: String,
    /// What must be done.
    pub title: Localised,
    /// What its date means.
    pub kind: Kind,
    /// How it stands.
    pub status: Status,
    /// The last day (or, by `kind`, the first); absent while it is not known.
    pub due_on: Option<Day>,
    /// The exact instant, for periods in hours, written with the place's offset.
    pub due_at: Option<String>,
    /// The first instant after the period: overdue from then on.
    pub ends_at: Option<Timestamp>,
    /// The day to work towards: the earliest of the date and its safe readings.
    pub act_by: Option<Day>,
    /// The day the period runs from.
    pub starts_on: Option<Day>,
    /// What its number of days rests on.
    pub basis: Basis,
    /// The source of the duty.
    pub cite: String,
    /// A condition that the events do not show.
    pub applies: Option<Localised>,
    /// The calendar that its date depends on.
    pub calendar: Option<CalendarUse>,
    /// The derivation, in order.
    pub steps: Vec<Step>,
    /// Other readings.
    pub alternatives: Vec<Other>,
}

/// Something about the history that a person must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its stable code, e.g. `extension-late`.
    pub code: &'static str,
    /// The clock it is about.
    pub clock: String,
    /// What it is.
    pub text: Localised,
    /// Its source.
    pub cite: String,
}

/// All clocks of one request, and what they were computed with.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Regime id.
    pub regime: String,
    /// Version of the regime's file.
    pub regime_version: String,
    /// Place id.
    pub place: String,
    /// Zone of the civil date.
    pub zone: String,
    /// Right id.
    pub right: String,
    /// Civil day of receipt at the place.
    pub received_on: Day,
    /// Positions of the switches that were used.
    pub policies: BTreeMap<String, String>,
    /// The clocks, in the order of the regime.
    pub clocks: Vec<Clock>,
    /// What a person must know.
    pub findings: Vec<Finding>,
}

impl Outcome {
    /// The deadline that comes first among those still open, by its date.
    pub fn next_due(&self) -> Option<&Clock> {
        let open = |c: &&Clock| {
            let counts = matches!(c.status, Status::Running | Status::Waiting | Status::AtOnce);
            c.kind == Kind::Deadline && counts && c.act_by.or(c.due_on).is_some()
        };
        self.clocks.iter().filter(open).min_by_key(|c| c.due_on.or(c.act_by))
    }

    /// The clock of that name.
    pub fn clock(&self, name: &str) -> Option<&Clock> {
        self.clocks.iter().find(|c| c.name == name)
    }
}

/// Of several outcomes for one person, the one whose next deadline comes first, with that deadline: every regime and every
/// right keeps its own clocks, and the earliest is what to work towards.
pub fn earliest(outcomes: &[Outcome]) -> Option<(&Outcome, &Clock)> {
    let next = outcomes.iter().filter_map(|outcome| Some((outcome, outcome.next_due()?)));
    next.min_by_key(|(_, clock)| clock.due_on.or(clock.act_by))
}

/// Every clock of the case, with its reasons.
pub fn evaluate(book: &Lawbook, case: &Case) -> Result<Outcome, CaseError> {
    let mut desk = Desk::open(book, case)?;
    let mut done: BTreeMap<&str, Clock> = BTreeMap::new();
    let mut order = Vec::new();
    for key in &desk.right.clocks {
        let Some(rule) = desk.regime.clocks.get(key) else { continue };
        if rule.when.as_ref().is_some_and(|when| desk.policy(&when.policy) != Some(when.is.as_str())) {
            continue;
        }
        let clock = desk.run(key, rule, &mut done)?;
        done.insert(key, clock);
        order.push(key.as_str());
    }
    let clocks = order.iter().filter_map(|key| done.remove(key)).collect();
    Ok(Outcome {
        regime: desk.regime.id.clone(),
        regime_version: desk.regime.version.clone(),
        place: desk.place_id.to_owned(),
        zone: desk.zone.name().to_owned(),
        right: desk.right_id.to_owned(),
        received_on: desk.received.day,
        policies: desk.policies,
        clocks,
        findings: desk.findings,
    })
}
