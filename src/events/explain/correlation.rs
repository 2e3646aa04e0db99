//! A correlation and the event: its group, what its window held at the event's instant, and what is missing to fire.

use super::{Entry, Investigation};
use crate::events::batch::{Id, Value};
use crate::events::output::key_object;
use crate::events::place::Place;
use crate::events::plan::Correlating;
use crate::events::rule::{Body, Extension, Kind, Limits, Sequence};
use crate::events::value::Number;
use crate::events::value::test::Order;
use std::collections::BTreeSet;

/// Events of a window that are listed; their number is told in any case.
const LISTED: usize = 20;

/// The window of a correlation at an event's instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    /// The type, and how long the window is.
    pub says: String,
    /// The event's group as JSON; `None` when the event is no part of the correlation, and then `missing` says why.
    pub group: Option<String>,
    /// How many events the window holds.
    pub count: u64,
    /// The newest of them: instant, offset of the line, rules matched, number.
    pub events: Vec<(i64, u64, String, Option<f64>)>,
    /// The number that is held against the bounds, in words.
    pub computed: String,
    /// What is missing to fire; empty when it fires or when that cannot be said.
    pub missing: String,
}

/// The window of correlation `number` at the event of `place`.
pub(super) fn window(of: &Investigation<'_>, number: usize, at_ms: i64, place: Place) -> Window {
    let Some(c) = of.plan.correlations.get(number) else { return Window::default() };
    let names = rule_names(of, c);
    let own = |e: &&Entry| e.space as usize == c.space && e.part.seat as usize == c.seat;
    let lives = |e: &&Entry| !e.deferred || woken(of, c, e.place);
    let says = format!("{} over {}", type_word(&c.kind), span(c.timespan_ms));
    let here: Vec<&Entry> = of.entries.iter().filter(|e| e.place == place).filter(own).collect();
    let Some(entry) = here.iter().find(|e| lives(e)).copied() else {
        let missing = if here.is_empty() {
            absent(c, &names)
        } else {
            format!("{} did not fire at this event", names.join(", "))
        };
        return Window { says, missing, ..Window::default() };
    };
    let inside = |e: &&Entry| e.key == entry.key && e.at_ms > at_ms.saturating_sub(c.timespan_ms) && e.at_ms <= at_ms;
    let mut held: Vec<&Entry> = of.entries.iter().filter(own).filter(inside).filter(lives).collect();
    held.sort_by_key(|e| (e.at_ms, e.place));
    let (computed, missing) = judged(c, &held, &names, entry);
    let fired = of.firings.iter().any(|f| f.rule == c.rule && f.last == place);
    Window {
        says,
        group: Some(key_object(&c.group_by, &entry.key_text)),
        count: held.len() as u64,
        events: held.iter().rev().take(LISTED).map(|e| listed(e, &names)).collect(),
        computed,
        missing: if fired { String::new() } else { missing },
    }
}

/// Whether a correlation that `c` refers to fired at the place, so that the event counts for `c`.
fn woken(of: &Investigation<'_>, c: &Correlating, place: Place) -> bool {
    let inner = |rule: usize| {
        of.plan.correlations.iter().any(|o| o.rule == rule && o.feeds.iter().any(|f| is(of, f.correlation, c)))
    };
    of.firings.iter().any(|f| f.last == place && inner(f.rule))
}

fn is(of: &Investigation<'_>, number: usize, c: &Correlating) -> bool {
    of.plan.correlations.get(number).is_some_and(|o| o.rule == c.rule)
}

fn rule_names(of: &Investigation<'_>, c: &Correlating) -> Vec<String> {
    match of.plan.set.rules.get(c.rule).map(|r| &r.body) {
        Some(Body::Correlation(written, _)) => written.rules.clone(),
        _ => Vec::new(),
    }
}

fn absent(c: &Correlating, names: &[String]) -> String {
    let mut why = format!("the event is no part of it: it has to match one of {}", names.join(", "));
    if !c.group_by.is_empty() {
        why = format!("{why}, have {}", c.group_by.join(", "));
    }
    if c.values.is_empty() { why } else { format!("{why}, and a value to count") }
}

fn listed(e: &Entry, names: &[String]) -> (i64, u64, String, Option<f64>) {
    let matched: Vec<&str> =
        names.iter().enumerate().filter(|(i, _)| e.part.rules >> i & 1 == 1).map(|(_, n)| n.as_str()).collect();
    (e.at_ms, e.place.offset(), matched.join(" and "), number(e).map(Number::real))
}

fn number(e: &Entry) -> Option<Number> {
    if let Value::Number(n) = e.part.value { Some(n) } else { None }
}

fn judged(c: &Correlating, held: &[&Entry], names: &[String], entry: &Entry) -> (String, String) {
    let numbers = || held.iter().filter_map(|e| number(e)).map(Number::real).collect::<Vec<f64>>();
    let seen = held.iter().fold(0, |all, e| all | e.part.rules);
    let lacking =
        || names.iter().enumerate().filter(|(i, _)| seen >> i & 1 == 0).map(|(_, n)| n.as_str()).collect::<Vec<_>>();
    match &c.kind {
        Kind::EventCount(limits) => counted("events", held.len(), limits),
        Kind::ValueCount(limits) => {
            let different: BTreeSet<u128> = held
                .iter()
                .filter_map(|e| if let Value::Id(Id(id)) = e.part.value { Some(id) } else { None })
                .collect();
            counted("different values", different.len(), limits)
        }
        Kind::ValueSum(limits) => measured("sum", numbers().iter().sum(), limits),
        #[expect(clippy::cast_precision_loss, reason = "a window holds far fewer than 2^53 events")]
        Kind::ValueAvg(limits) => measured("mean", numbers().iter().sum::<f64>() / held.len().max(1) as f64, limits),
        Kind::ValuePercentile(_, limits) => (format!("a percentile of {} numbers", numbers().len()), bounds(limits)),
        Kind::Temporal(Sequence::Count(limits)) => {
            let (computed, missing) = counted("different rules", names.len() - lacking().len(), limits);
            (
                computed,
                if missing.is_empty() { missing } else { format!("{missing}; not seen: {}", lacking().join(", ")) },
            )
        }
        Kind::Temporal(Sequence::Expr(_)) => (
            format!("rules not seen: {}", if lacking().is_empty() { "none".to_owned() } else { lacking().join(", ") }),
            "the condition over the rules seen".to_owned(),
        ),
        Kind::TemporalOrdered => ordered(names, &lacking(), entry),
        Kind::Extension(extension) => (extended(extension, held), "see the type in docs/sigma.md".to_owned()),
    }
}

fn ordered(names: &[String], lacking: &[&str], entry: &Entry) -> (String, String) {
    let last = names.last().map_or("", String::as_str);
    let computed = format!("in the order {}", names.join(", "));
    let ends = names.len().checked_sub(1).is_some_and(|i| entry.part.rules >> i & 1 == 1);
    let missing = match (lacking.is_empty(), ends) {
        (false, _) => format!("not seen: {}", lacking.join(", ")),
        (true, false) => format!("this event is none of `{last}`, which has to come last"),
        (true, true) => "the rules were all seen, but not in this order".to_owned(),
    };
    (computed, missing)
}

fn counted(what: &str, n: usize, limits: &Limits) -> (String, String) {
    let n64 = n as u64;
    let whole = Number::Whole(i64::try_from(n).unwrap_or(i64::MAX));
    let missing = if limits.hold(whole) {
        String::new()
    } else if limits.least() > n64 {
        let more = limits.least() - n64;
        format!("{more} more {}", if more == 1 { what.trim_end_matches('s') } else { what })
    } else {
        bounds(limits)
    };
    (format!("{n} {what}, {}", bounds(limits)), missing)
}

fn measured(what: &str, value: f64, limits: &Limits) -> (String, String) {
    let missing = if limits.hold(Number::of(value)) { String::new() } else { bounds(limits) };
    (format!("{what} {value}, {}", bounds(limits)), missing)
}

fn bounds(limits: &Limits) -> String {
    let sign = |o: &Order| match o {
        Order::Less => "<",
        Order::LessOrEqual => "<=",
        Order::Greater => ">",
        Order::GreaterOrEqual => ">=",
        Order::Equal => "=",
        Order::NotEqual => "is not",
    };
    let all: Vec<String> = limits.0.iter().map(|(o, n)| format!("{} {}", sign(o), n.real())).collect();
    format!("needed: {}", if all.is_empty() { "nothing".to_owned() } else { all.join(" and ") })
}

fn extended(extension: &Extension, held: &[&Entry]) -> String {
    match extension {
        Extension::Baseline(b) => {
            format!("{} events in the timespan; needed: {} times the usual", held.len(), b.factor)
        }
        Extension::FirstSeen { after } => format!("{} events; needed: a new value after {after} others", held.len()),
        _ => format!("{} events within the timespan", held.len()),
    }
}

fn type_word(kind: &Kind) -> &'static str {
    match kind {
        Kind::EventCount(_) => "event_count",
        Kind::ValueCount(_) => "value_count",
        Kind::ValueSum(_) => "value_sum",
        Kind::ValueAvg(_) => "value_avg",
        Kind::ValuePercentile(..) => "value_percentile",
        Kind::Temporal(_) => "temporal",
        Kind::TemporalOrdered => "temporal_ordered",
        Kind::Extension(e) => e.word(),
    }
}

/// A length of time in the largest unit that divides it.
fn span(ms: i64) -> String {
    for (unit_ms, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")] {
        if ms % unit_ms == 0 {
            return format!("{}{unit}", ms / unit_ms);
        }
    }
    format!("{ms}ms")
}
