//! Looking for dates: what passed is flagged once, what comes near gets a task once. Repeating it changes nothing more.

use super::FlowError;
use super::step_request::step_request;
use crate::app::App;
use crate::authority::{Authority, System};
use crate::clock::{Day, Timestamp};
use crate::ids::{OfficerId, RequestId};
use crate::ledger::entry::{Entry, Fact, Word, word};
use crate::requests::command::{Act, Effect};
use crate::requests::request::{Claim, Request};
use crate::requests::rules::Due;
use crate::store::{Error, Written};
use chrono::TimeDelta;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most requests looked at in one sweep, those with the nearest dates.
pub const MOST_REQUESTS: i64 = 100_000;

/// A date that passed or comes near, and who answers for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dated {
    /// Whether it passed.
    pub overdue: bool,
    /// The request.
    pub request: RequestId,
    /// The claim.
    pub claim: usize,
    /// The clock.
    pub clock: Word,
    /// Its last day.
    pub due_on: Day,
    /// Who answers for the request, if anybody was named.
    pub owner: Option<OfficerId>,
}

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Requests on which a passed date was flagged.
    pub overdue: u32,
    /// Dates for which somebody was warned.
    pub warned: u32,
    /// The dates.
    pub dates: Vec<Dated>,
}

/// Sweeps all open requests whose next date passed or comes within the days of warning.
pub fn sweep_requests(app: &App, by: &System, now: Timestamp) -> Result<Swept, FlowError> {
    let ahead = TimeDelta::days(i64::from(app.config.schedule.warn_days));
    let until = now.plus(ahead).unwrap_or(now);
    let rows = app.store.read(by, |r| r.due_before(until, MOST_REQUESTS))?;
    let mut swept = Swept::default();
    for row in rows {
        let request = &row.request;
        let passed = passed(request, now);
        if !passed.is_empty() {
            step_request(&app.store, &app.book, &request.id, (Act::Sweep(by.clone()), None), now)?;
            swept.overdue += 1;
            swept.dates.extend(passed.iter().map(|(claim, due)| dated(request, (*claim, due), true)));
        }
        for (claim, due) in near(request, now, until) {
            if warn(app, by, request, (claim, &due), now)? {
                swept.warned += 1;
                swept.dates.push(dated(request, (claim, &due), false));
            }
        }
    }
    Ok(swept)
}

fn dated(request: &Request, (claim, due): (usize, &Due), overdue: bool) -> Dated {
    let (request, owner) = (request.id.clone(), request.owner.clone());
    Dated { overdue, request, claim, clock: due.clock.clone(), due_on: due.on, owner }
}

/// The dates that passed and are not flagged, by claim.
fn passed(request: &Request, now: Timestamp) -> Vec<(usize, Due)> {
    let open = request.claims.iter().enumerate().filter(|(_, c)| !c.is_closed());
    let unflagged = |(at, c): (usize, &Claim)| {
        let dues =
            c.dues.iter().filter(|d| now >= d.before && !c.met.contains(&d.clock) && !c.overdue.contains(&d.clock));
        dues.map(|d| (at, d.clone())).collect::<Vec<_>>()
    };
    open.flat_map(unflagged).collect()
}

/// The dates that come near, by claim.
fn near(request: &Request, now: Timestamp, until: Timestamp) -> Vec<(usize, Due)> {
    let open = request.claims.iter().enumerate().filter(|(_, c)| !c.is_closed());
    let dues =
        open.flat_map(|(at, c)| c.dues.iter().filter(|d| !c.met.contains(&d.clock)).map(move |d| (at, d.clone())));
    dues.filter(|(_, d)| now < d.before && d.before <= until).collect()
}

/// The task that warns of a date; another date of the same clock is another task.
pub fn warning(claim: usize, due: &Due) -> Effect {
    Effect::Task { claim, what: word(&format!("due-soon:{}:{}", due.clock.as_str(), due.on)) }
}

fn warn(app: &App, by: &System, request: &Request, (claim, due): (usize, &Due), now: Timestamp) -> Result<bool, Error> {
    let task = warning(claim, due);
    if app.store.read(by, |r| r.had(&request.id, &task))? {
        return Ok(false);
    }
    let mut facts = vec![
        ("claim", Fact::Count(u32::try_from(claim).unwrap_or(u32::MAX))),
        ("clock", Fact::Word(due.clock.clone())),
        ("due-on", Fact::Day(due.on)),
    ];
    facts.extend(request.owner.as_ref().map(|id| ("owner", Fact::Word(word(id.as_str())))));
    let entry = Entry {
        action: word("request.due-soon"),
        actor: by.actor(),
        at: now,
        facts: facts.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<BTreeMap<_, _>>(),
        object: word(&format!("request/{}", request.id)),
        organisation: by.organisation().clone(),
    };
    let id = request.id.clone();
    app.store.write(by, move |tx| -> Result<Written<()>, Error> {
        tx.ask(&id, std::slice::from_ref(&task), now)?;
        Ok(Written { value: (), entries: vec![entry.clone()] })
    })?;
    Ok(true)
}
