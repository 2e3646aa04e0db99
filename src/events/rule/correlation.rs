//! The `correlation` section of a rule: what is counted, by what, within which time, and when that is too much.

use super::document::Document;
use super::extension::{self, Extension};
use super::vocabulary::Expr;
use super::{RuleError, condition};
use crate::events::value::Number;
use crate::events::value::test::Order;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Most rules one correlation may refer to; their matches are kept as bits.
pub(super) const MOST_RULES: usize = 64;

/// Every type of correlation: those of the Sigma specification 2.1, then ours.
pub const TYPES: [&str; 19] = [
    "event_count",
    "value_count",
    "value_sum",
    "value_avg",
    "value_median",
    "value_percentile",
    "temporal",
    "temporal_ordered",
    "distance",
    "silence",
    "missing",
    "hash_chain",
    "concurrent",
    "overlap",
    "span",
    "not_followed",
    "first_seen",
    "baseline",
    "value_share",
];

/// The bounds a number has to keep to, all of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits(pub Vec<(Order, Number)>);

impl Limits {
    /// Whether `value` keeps to every bound.
    pub fn hold(&self, value: Number) -> bool {
        self.0.iter().all(|(order, bound)| order.holds(&value, bound))
    }

    /// The bounds, each met by what lies a billionth beside it: shares are sums of fractions, and a sum of ten tenths of a
    /// per cent is one per cent.
    fn tolerant(self) -> Self {
        let slack = |bound: Number| bound.real().abs().max(1.0) * 1e-9;
        let one = |(order, bound): (Order, Number)| match order {
            Order::GreaterOrEqual | Order::Less => (order, Number::Real(bound.real() - slack(bound))),
            Order::LessOrEqual | Order::Greater => (order, Number::Real(bound.real() + slack(bound))),
            Order::Equal | Order::NotEqual => (order, bound),
        };
        Self(self.0.into_iter().map(one).collect())
    }

    /// The smallest count that can satisfy the bounds; 0 when a small one does.
    pub fn least(&self) -> u64 {
        let floor = |(order, bound): &(Order, Number)| match (order, bound) {
            (Order::GreaterOrEqual | Order::Equal, Number::Whole(n)) => u64::try_from(*n).unwrap_or(0),
            (Order::Greater, Number::Whole(n)) => u64::try_from(n.saturating_add(1)).unwrap_or(0),
            _ => 0,
        };
        self.0.iter().map(floor).max().unwrap_or(0)
    }
}

/// Which of the referred rules have to have matched.
#[derive(Clone, Debug, PartialEq)]
pub enum Sequence {
    /// So many of them, as the limits say.
    Count(Limits),
    /// The expression over the rules' positions holds.
    Expr(Expr),
}

/// What a correlation computes over the window (t - timespan, t] of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// The number of events.
    EventCount(Limits),
    /// The number of different values of the fields together.
    ValueCount(Limits),
    /// The sum of a field's numbers; with two fields, of the first's numbers in per cent of the second's.
    ValueSum(Limits),
    /// Their mean.
    ValueAvg(Limits),
    /// Their percentile of this rank, by nearest rank; 50 with interpolation is the median.
    ValuePercentile(Percentile, Limits),
    /// Events of the referred rules, in any order.
    Temporal(Sequence),
    /// An event of the last rule, before it one of the last but one, and so on.
    TemporalOrdered,
    /// A type of our own.
    Extension(Extension),
}

/// Which percentile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Percentile {
    /// The middle, the mean of the two middle values when their number is even.
    Median,
    /// Nearest rank, 0 to 100.
    Rank(f64),
}

/// A correlation as written, its rules still by name.
#[derive(Clone, Debug)]
pub struct Correlation {
    /// What is computed, and its bounds.
    pub kind: Kind,
    /// Names or ids of the rules it looks at, in order.
    pub rules: Vec<String>,
    /// Fields (or aliases) whose values together make a group; empty puts all events in one.
    pub group_by: Vec<String>,
    /// Alias to (rule to field).
    pub aliases: BTreeMap<String, BTreeMap<String, String>>,
    /// Length of the window in milliseconds.
    pub timespan_ms: i64,
    /// Fields whose values are counted, summed, or otherwise looked at.
    pub values: Vec<String>,
    /// Whether events that lack a group field form a group of their own (`absent: group`) rather than none.
    pub absent_groups: bool,
}

/// `15m`, `24h`, `30s`, `7d`, `2w` in milliseconds; `None` for anything else, for 0 and beyond ten years.
pub fn timespan_ms(text: &str) -> Option<i64> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit_ms = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    };
    let count: i64 = digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))?;
    count.checked_mul(unit_ms).filter(|ms| (1..=3_660 * 86_400_000).contains(ms))
}

const KNOWN: [&str; 11] = [
    "type",
    "rules",
    "aliases",
    "group-by",
    "timespan",
    "timeframe",
    "condition",
    "field",
    "generate",
    "groupby",
    "absent",
];

/// Reads the `correlation` section of `document`.
pub(super) fn parse(document: &Document, section: &Map<String, Value>) -> Result<Correlation, RuleError> {
    if let Some(key) = section.keys().find(|k| !KNOWN.contains(&k.as_str())) {
        return Err(document.error(key, format!("the correlation key `{key}` is not known")));
    }
    let texts = |key: &str| {
        texts(section.get(key)).ok_or_else(|| document.error(key, format!("`{key}` is not a list of texts")))
    };
    let rules = texts("rules")?;
    if rules.is_empty() || rules.len() > MOST_RULES {
        return Err(document.error("rules", format!("a correlation needs 1 to {MOST_RULES} rules under `rules`")));
    }
    let timespan = section.get("timespan").or_else(|| section.get("timeframe")).and_then(Value::as_str);
    let timespan_ms = timespan.and_then(timespan_ms).ok_or_else(|| {
        document.error("timespan", "`timespan` is needed: a number and one of s, m, h, d, such as `15m`")
    })?;
    let aliases = aliases(section.get("aliases"))
        .ok_or_else(|| document.error("aliases", "`aliases` maps each alias to rule: field"))?;
    let (kind, values) = kind(document, section, &rules)?;
    if let Kind::Extension(Extension::Baseline(baseline)) = &kind {
        baseline.check(timespan_ms).map_err(|e| document.error("timespan", e))?;
    }
    let absent_groups = match section.get("absent").and_then(Value::as_str) {
        Some("group") => true,
        None if !section.contains_key("absent") => false,
        _ => return Err(document.error("absent", "`absent` is `group` or left out")),
    };
    Ok(Correlation { kind, rules, group_by: texts("group-by")?, aliases, timespan_ms, values, absent_groups })
}

/// A list of texts, or one; `None` when it is something else.
pub(super) fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::String(s)) => Some(vec![s.clone()]),
        Some(Value::Array(list)) => list.iter().map(|v| v.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    }
}

fn aliases(value: Option<&Value>) -> Option<BTreeMap<String, BTreeMap<String, String>>> {
    let Some(value) = value else { return Some(BTreeMap::new()) };
    let one = |of: &Value| -> Option<BTreeMap<String, String>> {
        of.as_object()?.iter().map(|(r, f)| Some((r.clone(), f.as_str()?.to_owned()))).collect()
    };
    value.as_object()?.iter().map(|(alias, of)| Some((alias.clone(), one(of)?))).collect()
}

fn kind(document: &Document, section: &Map<String, Value>, rules: &[String]) -> Result<(Kind, Vec<String>), RuleError> {
    let word = section.get("type").and_then(Value::as_str).unwrap_or_default();
    if !TYPES.contains(&word) {
        return Err(document.error("type", format!("the correlation type `{word}` is not known")));
    }
    let error = |what: String| document.error("condition", what);
    if let Some(Value::String(text)) = section.get("condition") {
        return expression(document, word, text, rules);
    }
    let empty = Map::new();
    let condition = match section.get("condition") {
        Some(Value::Object(map)) => map,
        None => &empty,
        Some(_) => return Err(error("the condition of a correlation is a map such as `gte: 10`".to_owned())),
    };
    if let Some(extension) = extension::parse(word, condition) {
        let extension = extension.map_err(error)?;
        let values = texts(condition.get("field")).unwrap_or_default();
        let (least, most) = extension.values();
        if !(least..=most).contains(&values.len()) {
            return Err(error(format!("a correlation of type `{word}` needs {least} to {most} fields under `field`")));
        }
        return Ok((Kind::Extension(extension), values));
    }
    let (limits, values, extra) = bounds(condition).map_err(error)?;
    let values = if values.is_empty() { texts(section.get("field")).unwrap_or_default() } else { values };
    let needs_bounds = !matches!(word, "temporal" | "temporal_ordered");
    if needs_bounds && limits.0.is_empty() {
        return Err(error(format!("a correlation of type `{word}` needs a condition such as `gte: 10`")));
    }
    let wanted = !word.starts_with("value_") || !values.is_empty();
    let single = matches!(word, "value_sum" | "value_avg" | "value_percentile" | "value_median");
    if !wanted || (single && values.len() != 1) {
        return Err(error(format!("a correlation of type `{word}` needs its `field` in the condition")));
    }
    let kind = match word {
        "event_count" => Kind::EventCount(limits),
        "value_count" => Kind::ValueCount(limits),
        "value_sum" => Kind::ValueSum(limits),
        "value_share" if values.len() == 2 => Kind::ValueSum(limits.tolerant()),
        "value_share" => {
            return Err(error("`value_share` needs two fields: a number and what it is a part of".to_owned()));
        }
        "value_avg" => Kind::ValueAvg(limits),
        "value_median" => Kind::ValuePercentile(Percentile::Median, limits),
        "value_percentile" => match extra.get("percentile") {
            Some(rank) if (0.0..=100.0).contains(rank) => Kind::ValuePercentile(Percentile::Rank(*rank), limits),
            _ => return Err(error("`value_percentile` needs `percentile: 0..100` in its condition".to_owned())),
        },
        "temporal" if limits.0.is_empty() => Kind::Temporal(Sequence::Count(all_of(rules.len()))),
        "temporal" => Kind::Temporal(Sequence::Count(limits)),
        "temporal_ordered" if limits.0.is_empty() || limits == all_of(rules.len()) => Kind::TemporalOrdered,
        "temporal_ordered" => {
            return Err(error("`temporal_ordered` takes no condition but all of its rules".to_owned()));
        }
        other => return Err(document.error("type", format!("the correlation type `{other}` is not known"))),
    };
    Ok((kind, values))
}

/// An extended condition (Sigma 2.1): `rule_a and not rule_b`.
fn expression(document: &Document, word: &str, text: &str, rules: &[String]) -> Result<(Kind, Vec<String>), RuleError> {
    let error = |what: String| document.error("condition", what);
    let searches = rules.iter().enumerate().map(|(i, r)| (r.clone(), Expr::Is(i))).collect();
    let expr = condition::parse(text, &searches).map_err(error)?;
    let every: Vec<Expr> = (0..rules.len()).map(Expr::Is).collect();
    match word {
        "temporal" => Ok((Kind::Temporal(Sequence::Expr(expr)), Vec::new())),
        "temporal_ordered" if expr == Expr::all(every) => Ok((Kind::TemporalOrdered, Vec::new())),
        "temporal_ordered" => {
            Err(error("`temporal_ordered` takes no condition but all of its rules joined by `and`".to_owned()))
        }
        other => Err(error(format!("a correlation of type `{other}` needs a condition such as `gte: 10`"))),
    }
}

fn all_of(rules: usize) -> Limits {
    Limits(vec![(Order::GreaterOrEqual, Number::Whole(i64::try_from(rules).unwrap_or(i64::MAX)))])
}

type Bounds = (Limits, Vec<String>, BTreeMap<String, f64>);

fn bounds(condition: &Map<String, Value>) -> Result<Bounds, String> {
    let mut limits = Limits::default();
    let mut fields = Vec::new();
    let mut extra = BTreeMap::new();
    for (key, value) in condition {
        let number = value.as_number().and_then(|n| Number::parse(&n.to_string()));
        match (Order::of_word(key), key.as_str(), number) {
            (Some(order), _, Some(n)) => limits.0.push((order, n)),
            (None, "field", _) => fields = texts(Some(value)).ok_or("`field` is not a text or a list of texts")?,
            (None, "percentile", Some(n)) => {
                extra.insert(key.clone(), n.real());
            }
            (Some(_), _, None) | (None, "percentile", None) => {
                return Err(format!("`{key}` is not a number"));
            }
            _ => return Err(format!("the condition key `{key}` is not known")),
        }
    }
    Ok((limits, fields, extra))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timespans() {
        assert_eq!(timespan_ms("90m"), Some(5_400_000));
        assert_eq!(timespan_ms("7d"), Some(604_800_000));
        for bad in ["", "m", "15", "15M", "-1m", "1.5h", "0s", "99999d", "1y", "é"] {
            assert_eq!(timespan_ms(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_least_count_that_can_satisfy() {
        let limits = |pairs: &[(Order, i64)]| Limits(pairs.iter().map(|(o, n)| (*o, Number::Whole(*n))).collect());
        assert_eq!(limits(&[(Order::Greater, 100), (Order::LessOrEqual, 200)]).least(), 101);
        assert_eq!(limits(&[(Order::LessOrEqual, 200)]).least(), 0);
    }
}
