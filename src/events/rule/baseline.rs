//! The correlation type `baseline`: a group's day held against its own days before, or against its peers' same day.

use super::correlation::{Percentile, texts, timespan_ms};
use serde_json::{Map, Value};

/// Milliseconds of a day, the period unless another is given.
const DAY_MS: i64 = 86_400_000;
/// Periods beyond which a history is refused: each group keeps that many numbers.
const MOST_PERIODS: i64 = 1_000;
/// Days, or peers, without which nothing is usual, unless the rule says another number.
const ENOUGH: u64 = 5;

/// What is measured of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The number of events.
    Events,
    /// The number of different values of the fields together.
    Distinct,
    /// The sum of the field's numbers.
    Sum,
}

/// When a period's measure is more than usual.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// What is measured.
    pub measure: Measure,
    /// Fields that are counted or summed.
    pub fields: Vec<String>,
    /// Whether the measure has to exceed the bound (`gt`) or to reach it (`gte`).
    pub exceed: bool,
    /// The bound is this many times what is usual.
    pub factor: f64,
    /// What is usual: a percentile of the periods, or of the peers.
    pub usual: Percentile,
    /// Length of a period in milliseconds.
    pub period_ms: i64,
    /// Fields that make groups peers; none holds the group against its own past.
    pub peers: Vec<String>,
    /// On how many periods of the timespan the bound has to be passed.
    pub on: usize,
    /// Periods, or peers, without which nothing is usual.
    pub enough: usize,
    /// Nothing fires below this measure.
    pub least: f64,
    /// Whether periods without events count as zero, from the group's first one in the timespan on.
    pub idle: bool,
}

impl Baseline {
    /// Keys that its condition may have, besides `field`.
    pub(super) const KEYS: [&'static str; 10] =
        ["gt", "gte", "times", "per", "measure", "peers", "on", "enough", "least", "idle"];

    /// Whether `measure` passes the bound that `usual` sets.
    pub fn passed(&self, measure: f64, usual: f64) -> bool {
        let bound = self.factor * usual;
        measure >= self.least && if self.exceed { measure > bound } else { measure >= bound }
    }

    /// The number of the period in which an instant lies. Days begin at midnight UTC, weeks on Monday.
    pub const fn period_of(&self, at_ms: i64) -> i64 {
        at_ms.saturating_sub(self.first_ms()).div_euclid(self.period_ms)
    }

    /// The instant at which a period is over.
    pub const fn end_ms(&self, period: i64) -> i64 {
        (period + 1).saturating_mul(self.period_ms).saturating_add(self.first_ms())
    }

    /// 1970-01-01 was a Thursday: whole weeks are counted from the Monday after it.
    const fn first_ms(&self) -> i64 {
        if self.period_ms % (7 * DAY_MS) == 0 { 4 * DAY_MS } else { 0 }
    }

    /// How many periods lie in the timespan; an error unless it is a whole number of them.
    pub(super) fn check(&self, timespan_ms: i64) -> Result<(), String> {
        let periods = timespan_ms / self.period_ms;
        if timespan_ms % self.period_ms != 0 || !(1..=MOST_PERIODS).contains(&periods) {
            return Err(format!(
                "the timespan of a `baseline` is 1 to {MOST_PERIODS} whole times `per`, such as `30d`"
            ));
        }
        let most = usize::try_from(periods).unwrap_or(usize::MAX);
        if self.on > most {
            return Err(format!("`on: {}` is more than the {most} periods of the timespan", self.on));
        }
        if self.peers.is_empty() && self.enough > most {
            return Err(format!("`enough: {}` is more than the {most} periods of the timespan", self.enough));
        }
        Ok(())
    }

    /// Reads a condition such as `{gt: 10, times: median, per: 1d}`.
    pub(super) fn read(condition: &Map<String, Value>) -> Result<Self, String> {
        let fields = texts(condition.get("field")).ok_or("`field` is not a text or a list of texts")?;
        let (exceed, factor) = factor(condition)?;
        let made = Self {
            measure: measure(condition, &fields)?,
            fields,
            exceed,
            factor,
            usual: usual(condition)?,
            period_ms: period(condition)?,
            peers: texts(condition.get("peers")).ok_or("`peers` is not a field or a list of fields")?,
            on: count(condition, "on", 1, 1)?,
            enough: count(condition, "enough", ENOUGH, 1)?,
            least: number(condition, "least")?.unwrap_or(0.0),
            idle: idle(condition)?,
        };
        if made.idle && !made.peers.is_empty() {
            return Err("`idle` is about a group's own days; it does not go with `peers`".to_owned());
        }
        Ok(made)
    }
}

fn number(condition: &Map<String, Value>, key: &str) -> Result<Option<f64>, String> {
    match condition.get(key) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or_else(|| format!("`{key}` is not a number")),
    }
}

fn count(condition: &Map<String, Value>, key: &str, default: u64, least: u64) -> Result<usize, String> {
    let given = condition.get(key).map_or(Some(default), Value::as_u64).filter(|n| *n >= least);
    given
        .and_then(|n| usize::try_from(n).ok())
        .ok_or_else(|| format!("`{key}` is not a whole number of {least} or more"))
}

fn factor(condition: &Map<String, Value>) -> Result<(bool, f64), String> {
    let (exceed, factor) = match (number(condition, "gt")?, number(condition, "gte")?) {
        (Some(n), None) => (true, n),
        (None, Some(n)) => (false, n),
        _ => return Err("`baseline` needs `gt` or `gte`, one of them: how many times what is usual".to_owned()),
    };
    if factor > 0.0 { Ok((exceed, factor)) } else { Err("the factor of a `baseline` is greater than 0".to_owned()) }
}

fn measure(condition: &Map<String, Value>, fields: &[String]) -> Result<Measure, String> {
    let word = condition.get("measure").map(|w| w.as_str().unwrap_or_default());
    match (word, fields.len()) {
        (None | Some("events"), 0) => Ok(Measure::Events),
        (None | Some("distinct"), 1..=4) => Ok(Measure::Distinct),
        (Some("sum"), 1) => Ok(Measure::Sum),
        _ => Err("`measure` is `events` (no field), `distinct` (1 to 4 fields) or `sum` (1 field)".to_owned()),
    }
}

fn usual(condition: &Map<String, Value>) -> Result<Percentile, String> {
    let rank = |text: &str| text.strip_prefix('p')?.parse().ok().filter(|p| (0.0..=100.0).contains(p));
    match condition.get("times").map(|w| w.as_str().unwrap_or_default()) {
        None | Some("median") => Ok(Percentile::Median),
        Some(word) => rank(word)
            .map(Percentile::Rank)
            .ok_or_else(|| format!("`times: {word}` is not known; use `median` or a percentile such as `p95`")),
    }
}

fn period(condition: &Map<String, Value>) -> Result<i64, String> {
    let Some(text) = condition.get("per") else { return Ok(DAY_MS) };
    text.as_str().and_then(timespan_ms).ok_or_else(|| "`per` is not a time such as `1d` or `1h`".to_owned())
}

fn idle(condition: &Map<String, Value>) -> Result<bool, String> {
    match condition.get("idle").map(|w| w.as_str().unwrap_or_default()) {
        None | Some("skip") => Ok(false),
        Some("zero") => Ok(true),
        Some(_) => Err("`idle` is `skip` (days without events do not count) or `zero` (they count as 0)".to_owned()),
    }
}
