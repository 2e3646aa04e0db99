//! The legal periods of one row: due dates by the clocks of the law book, and when each duty was done.
//!
//! What a row does not say can only make a due date later (a standstill, an extension) or leave open whether something was
//! done. So a duty met before the date that holds without it is met for sure; everything else stays unknown.

use super::stated::{Claim, Known};
use crate::clock::{Day, Timestamp};
use crate::law::book::Lawbook;
use crate::law::clocks::{Case, Clock, Moment, Outcome, Status, evaluate};
use crate::law::regime::{Basis, ClockRule, Kind, Regime};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// The interim restriction of GDPR 18(1)(a), (d): no row says when it was set, so its clock is not judged here.
const MEANWHILE: &str = "restrict_meanwhile";

/// One period, as far as it is known.
struct Period<'a> {
    clock: &'a str,
    duty: &'a str,
    basis: &'a str,
    cite: &'a str,
    due_on: Option<Day>,
    /// `None` when it cannot be told.
    late_from: Option<Option<Timestamp>>,
    met_at: Known,
}

/// The periods of a row; an error says why there are none.
pub(super) fn of(book: &Lawbook, claim: Claim<'_>) -> Result<Vec<Json>, String> {
    let id = claim.text("regime").ok_or("it does not say under which law")?;
    let Some(regime) = book.regimes.get(id) else {
        return stated(claim)
            .map(|period| vec![row(claim, &period)])
            .ok_or_else(|| format!("regime: `{id}` is not known and no `stated_due_on` is given"));
    };
    let Known::At(received) = claim.at("received_at") else {
        return Err("it does not say when it was received".into());
    };
    let case = Case {
        regime: id.to_owned(),
        place: claim.text("place").map(str::to_owned),
        right: claim.text("right").ok_or("it does not say which right was claimed")?.to_owned(),
        received: Moment::Instant(received),
        events: claim.events().into_iter().map(|(e, at)| (e.to_owned(), Moment::Instant(at))).collect(),
        policies: BTreeMap::new(),
    };
    let outcome = evaluate(book, &case).map_err(|e| e.to_string())?;
    let keys = regime.rights.get(&outcome.right).map_or(&[][..], |r| r.clocks.as_slice());
    let mut periods = Vec::new();
    for (key, rule) in keys.iter().filter_map(|key| Some((key, regime.clocks.get(key)?))) {
        // Of two rules that differ by a switch, the one that the outcome was computed with.
        if rule.when.as_ref().is_some_and(|when| outcome.policies.get(&when.policy) != Some(&when.is)) {
            continue;
        }
        if let Some(clock) = outcome.clock(rule.name.as_deref().unwrap_or(key)) {
            periods.extend(period(claim, regime, rule, clock));
        }
        if let Some(extends) = &rule.extends {
            periods.extend(extension(claim, &outcome, rule, &extends.clock));
        }
    }
    Ok(periods.iter().map(|p| row(claim, p)).collect())
}

/// The row of a claim whose periods cannot be told at all.
pub(super) fn undated(claim: Claim<'_>) -> Json {
    let (duty, late_from, met_at) = ("answer", None, claim.at("answered_at"));
    row(claim, &Period { clock: duty, duty, basis: "law", cite: "", due_on: None, late_from, met_at })
}

/// The period that somebody stated for a law that the book does not have.
fn stated(claim: Claim<'_>) -> Option<Period<'static>> {
    let due_on: Day = claim.text("stated_due_on")?.parse().ok()?;
    let after = due_on.plus_days(1)?.date().and_hms_opt(0, 0, 0)?.and_utc();
    let late_from = Some(Some(Timestamp::bounded(after)?));
    let met_at = claim.at("answered_at");
    Some(Period { clock: "answer", duty: "answer", basis: "stated", cite: "", due_on: Some(due_on), late_from, met_at })
}

/// One clock of the row; `None` when it is no duty, or one that nothing has set running.
fn period<'a>(claim: Claim<'_>, regime: &Regime, rule: &'a ClockRule, clock: &'a Clock) -> Option<Period<'a>> {
    if clock.kind != Kind::Deadline || clock.name == MEANWHILE {
        return None;
    }
    let started = claim.event(&rule.from);
    let runs = match clock.status {
        // Possible, void and no longer needed extensions set no date; an extended date has another in its place.
        Status::Possible | Status::Void | Status::NotNeeded | Status::Extended | Status::Stands => return None,
        Status::NotStarted if started == Known::Unknown => false,
        Status::NotStarted => return None,
        _ => true,
    };
    let duty = duty(rule, &clock.name);
    if duty == "recipient-notice" && claim.nobody_to_tell() {
        return None;
    }
    let stands_still = clock.status == Status::Waiting;
    let dated = runs && (clock.ends_at.is_some() || stands_still);
    let end = if stands_still { None } else { clock.ends_at };
    let (met_at, in_time) = met(claim, &rule.met_by, end);
    let known = dated && (in_time || !is_movable(claim, regime, rule));
    Some(Period {
        clock: &clock.name,
        duty,
        basis: word(rule.basis),
        cite: &clock.cite,
        due_on: clock.due_on.filter(|_| known && !stands_still),
        late_from: known.then_some(end),
        met_at,
    })
}

/// The notice of an extension, due before the period ends that it extends (GDPR 12(3), 11 CCR 7021(b)).
fn extension<'a>(claim: Claim<'_>, outcome: &'a Outcome, rule: &'a ClockRule, extended: &str) -> Option<Period<'a>> {
    let decided = [claim.at("extension_decided_at"), claim.at("extension_notice_at")];
    if !decided.iter().any(|k| matches!(k, Known::At(_))) {
        return None;
    }
    let first = outcome.clocks.iter().find(|c| c.name == extended)?;
    let cite = rule.extends.as_ref().map_or("", |e| e.cite.as_str());
    let met_at = claim.at("extension_notice_at");
    let (basis, late_from) = (word(rule.basis), first.ends_at.map(Some));
    Some(Period {
        clock: "extension-notice",
        duty: "extension-notice",
        basis,
        cite,
        due_on: first.due_on,
        late_from,
        met_at,
    })
}

/// When the duty was done: the first of the events that meet it. Whether that is in time for sure.
fn met(claim: Claim<'_>, met_by: &[String], late_from: Option<Timestamp>) -> (Known, bool) {
    let all: Vec<Known> = met_by.iter().map(|event| claim.event(event)).collect();
    let first = all.iter().filter_map(|k| if let Known::At(at) = k { Some(*at) } else { None }).min();
    let in_time = first.is_some_and(|at| late_from.is_none_or(|late| at < late));
    let doubtful = all.contains(&Known::Unknown);
    match first {
        Some(at) if in_time || !doubtful => (Known::At(at), in_time),
        None if !doubtful => (Known::Never, false),
        _ => (Known::Unknown, false),
    }
}

/// Whether something that the row does not say could move the end of the clock.
fn is_movable(claim: Claim<'_>, regime: &Regime, rule: &ClockRule) -> bool {
    let pauses = rule.pauses.iter().filter_map(|p| regime.pauses.get(p)).map(|p| (&p.asked, &p.given));
    let restarts = rule.restarts.iter().filter_map(|r| regime.restarts.get(r)).map(|r| (&r.asked, &r.given));
    let waits = pauses.chain(restarts).any(|(asked, given)| match claim.event(asked) {
        Known::Unknown => true,
        Known::Never => false,
        Known::At(_) => claim.event(given) == Known::Unknown,
    });
    let extended = regime.clocks.values().filter_map(|c| c.extends.as_ref());
    let notices = extended.filter(|e| regime.clocks.get(&e.clock).is_some_and(|c| std::ptr::eq(c, rule)));
    waits || notices.into_iter().any(|e| claim.event(&e.notice) == Known::Unknown)
}

/// What a clock is about, from what meets it.
fn duty(rule: &ClockRule, name: &str) -> &'static str {
    let is_met_by = |event: &str| rule.met_by.iter().any(|e| e == event);
    if is_met_by("recipients_told") {
        "recipient-notice"
    } else if is_met_by("appeal_answered") {
        "appeal"
    } else if is_met_by("completed") {
        "stop"
    } else if name == "acknowledgement" {
        "acknowledgement"
    } else {
        "answer"
    }
}

const fn word(basis: Basis) -> &'static str {
    match basis {
        Basis::Law => "law",
        Basis::Practice => "practice",
        Basis::Default => "default",
    }
}

/// The period as a record of evidence; what is not known is left out.
fn row(claim: Claim<'_>, period: &Period<'_>) -> Json {
    let mut out = Map::new();
    let mut put = |name: &str, value: Json| drop(out.insert(name.to_owned(), value));
    put("id", json!(format!("{}/{}", claim.text("id").unwrap_or_default(), period.clock)));
    for field in ["request", "right", "regime"] {
        if let Some(text) = claim.text(field) {
            put(field, json!(text));
        }
    }
    put("clock", json!(period.clock));
    put("duty", json!(period.duty));
    put("basis", json!(period.basis));
    put("cite", json!(period.cite));
    if let Some(late_from) = period.late_from {
        put("due_on", json!(period.due_on));
        put("late_from", json!(late_from));
    }
    match period.met_at {
        Known::At(at) => put("met_at", json!(at)),
        Known::Never => put("met_at", Json::Null),
        Known::Unknown => {}
    }
    Json::Object(out)
}
