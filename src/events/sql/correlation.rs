//! Correlations as common table expressions: the matches that go in (`m`), what is computed over their windows (`w`), and
//! the firings (`f`), each with the number of the correlation.
//!
//! The window (t - timespan, t] in whole milliseconds is a RANGE frame that reaches timespan - 1 back; RANGE takes rows of
//! the same instant that stand later, so simultaneous events lie in each other's window.

use super::detection::{Unsaid, real, whole};
use super::extension;
use super::schema::Type;
use super::scope::{Named, Scope};
use crate::events::plan::{Correlating, Feed, KeyFields};
use crate::events::rule::{Body, Expr, FieldId, Kind, Limits, Percentile, Sequence};
use crate::events::value::test::Order;

/// The common table expressions of a statement, in order.
pub(super) type Steps = Vec<(String, String)>;

/// What is said of one correlation while its steps are written.
pub(super) struct Making<'s> {
    pub(super) number: usize,
    pub(super) correlation: &'s Correlating,
    /// Names of the group's columns.
    pub(super) keys: Vec<String>,
}

impl Making<'_> {
    /// `PARTITION BY` the group and `extra`, in order of time.
    fn ordered(&self, extra: Option<&str>, then: &str) -> String {
        let mut by = self.keys.clone();
        by.extend(extra.map(str::to_owned));
        let partition = if by.is_empty() { String::new() } else { format!("PARTITION BY {} ", by.join(", ")) };
        format!("{partition}ORDER BY t_ms{then}")
    }

    /// The window (t - timespan, t] of the group.
    pub(super) fn window(&self, extra: Option<&str>) -> String {
        let back = self.correlation.timespan_ms - 1;
        format!("{} RANGE BETWEEN {back} PRECEDING AND CURRENT ROW", self.ordered(extra, ""))
    }

    /// All of the group up to this instant.
    pub(super) fn so_far(&self) -> String {
        format!("{} RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", self.ordered(None, ""))
    }

    /// The group line by line.
    pub(super) fn by_line(&self) -> String {
        self.ordered(None, ", line")
    }

    /// The error that `what` about this correlation cannot be said.
    pub(super) fn unsaid(&self, what: &str, why: impl Into<String>) -> Unsaid {
        Unsaid { key: what.to_owned(), why: why.into() }
    }
}

/// What a kind computes: expressions over windows by name, then perhaps more over those, and when it fires.
pub(super) struct Computed {
    /// Expressions to add, level by level.
    pub(super) levels: Vec<Vec<(String, String)>>,
    /// When it fires.
    pub(super) fires: String,
}

impl Computed {
    pub(super) fn of(one: Vec<(&str, String)>, fires: String) -> Self {
        Self { levels: vec![one.into_iter().map(|(name, made)| (name.to_owned(), made)).collect()], fires }
    }
}

impl Scope<'_> {
    /// Adds the steps of correlation `number` and of those it refers to. The firings are then in `f<number>`.
    pub(super) fn correlation(&mut self, number: usize, steps: &mut Steps) -> Result<Vec<String>, Unsaid> {
        let plan = self.plan;
        let lost = || Unsaid { key: "rules".to_owned(), why: "the correlation was lost".to_owned() };
        let correlation = plan.correlations.get(number).ok_or_else(lost)?;
        let keys = (0..correlation.group_by.len()).map(|k| format!("k{k}")).collect();
        let making = Making { number, correlation, keys };
        let name = format!("f{number}");
        if steps.iter().all(|(known, _)| *known != name) {
            let matches = self.matches(&making, steps)?;
            steps.push((format!("m{number}"), matches));
            let computed = self.computed(&making)?;
            let mut from = format!("m{number}");
            for (level, made) in computed.levels.iter().enumerate() {
                let made: Vec<String> = made.iter().map(|(name, made)| format!("{made} AS {name}")).collect();
                let step = format!("w{number}_{level}");
                steps.push((step.clone(), format!("SELECT *, {} FROM {from}", made.join(",\n    "))));
                from = step;
            }
            let mut carried = vec![self.carried()];
            carried.extend(making.keys.clone());
            steps.push((name, format!("SELECT {} FROM {from} WHERE {}", carried.join(", "), computed.fires)));
        }
        Ok(making.keys)
    }

    /// All matches that go into the correlation: one row for an event's detections that share their group fields, and one
    /// for each firing of another correlation.
    fn matches(&mut self, making: &Making<'_>, steps: &mut Steps) -> Result<String, Unsaid> {
        let plan = self.plan;
        let number = making.number;
        let goes_here = |feed: &&Feed| feed.correlation == number;
        let mut groups: Vec<(&KeyFields, Vec<(u64, &Expr)>)> = Vec::new();
        for detection in &plan.detections {
            for feed in detection.feeds.iter().filter(goes_here) {
                let one = (feed.bit, &detection.expr);
                match groups.iter_mut().find(|(key, _)| **key == feed.key) {
                    Some((_, group)) => group.push(one),
                    None => groups.push((&feed.key, vec![one])),
                }
            }
        }
        let mut parts = Vec::new();
        for (key, group) in groups {
            let mut bits = Vec::new();
            for (bit, expr) in group {
                bits.push((bit, self.condition(expr)?));
            }
            let any: Vec<String> = bits.iter().map(|(_, condition)| condition.clone()).collect();
            parts.push(self.part(making, key, &bits, "e", &format!("({})", any.join(" OR ")))?);
        }
        for (inner, other) in plan.correlations.iter().enumerate() {
            for feed in other.feeds.iter().filter(goes_here) {
                self.correlation(inner, steps)?;
                parts.push(self.part(
                    making,
                    &feed.key,
                    &[(feed.bit, "TRUE".to_owned())],
                    &format!("f{inner}"),
                    "TRUE",
                )?);
            }
        }
        self.keys_of_one_type(making)?;
        Ok(parts.join("\n  UNION ALL\n  "))
    }

    fn part(
        &mut self,
        making: &Making<'_>,
        key: &KeyFields,
        bits: &[(u64, String)],
        from: &str,
        condition: &str,
    ) -> Result<String, Unsaid> {
        let mut wanted = vec![condition.to_owned()];
        let mut columns = Vec::new();
        for (field, name) in key.iter().zip(&making.keys) {
            let value = self.key(*field).map_err(|why| making.unsaid("group-by", why))?.value();
            if !making.correlation.absent_groups {
                wanted.push(format!("{value} IS NOT NULL"));
            }
            columns.push(format!("{value} AS {name}"));
        }
        let values = self.values(making)?;
        for (n, value) in values.iter().enumerate() {
            if !extension::may_lack_value(&making.correlation.kind) {
                wanted.push(format!("{value} IS NOT NULL"));
            }
            columns.push(format!("{value} AS v{n}"));
        }
        for rule in 0..making.correlation.rules {
            let set: Vec<&str> = bits.iter().filter(|(bit, _)| bit >> rule & 1 == 1).map(|(_, c)| c.as_str()).collect();
            let made = if set.is_empty() {
                "0".to_owned()
            } else {
                format!("CASE WHEN {} THEN 1 ELSE 0 END", set.join(" OR "))
            };
            columns.push(format!("{made} AS r{rule}"));
        }
        columns.insert(0, self.carried());
        Ok(format!("SELECT {}\n  FROM {from}\n  WHERE {}", columns.join(", "), wanted.join(" AND ")))
    }

    /// The column of a group field.
    fn key(&mut self, field: FieldId) -> Result<Named, String> {
        let column = self.column(field)?;
        match column.ty {
            Type::Text | Type::Whole | Type::Flag => Ok(column),
            Type::Real => Err("how a number with a fraction is spelled is not kept in a column".to_owned()),
            Type::Time => Err("how an instant is spelled in the log is not kept in a column".to_owned()),
            Type::Texts => Err("a list is no single value".to_owned()),
        }
    }

    /// Aliased fields make one group only where they are of one type: the text `1` is not the number 1.
    fn keys_of_one_type(&mut self, making: &Making<'_>) -> Result<(), Unsaid> {
        let plan = self.plan;
        let here = |feed: &&Feed| feed.correlation == making.number;
        let detections = plan.detections.iter().flat_map(|d| &d.feeds);
        let keys: Vec<&KeyFields> =
            detections.chain(plan.correlations.iter().flat_map(|c| &c.feeds)).filter(here).map(|f| &f.key).collect();
        for at in 0..making.keys.len() {
            let types: Result<Vec<Type>, String> =
                keys.iter().filter_map(|k| k.get(at)).map(|f| self.column(*f).map(|c| c.ty)).collect();
            let types = types.map_err(|why| making.unsaid("group-by", why))?;
            if types.windows(2).any(|pair| pair.first() != pair.last()) {
                return Err(making.unsaid("aliases", "the fields of an alias have columns of different types"));
            }
        }
        Ok(())
    }

    /// The values the correlation looks at.
    fn values(&mut self, making: &Making<'_>) -> Result<Vec<String>, Unsaid> {
        let fields = &making.correlation.values;
        let columns: Result<Vec<Named>, String> = fields.iter().map(|f| self.column(*f)).collect();
        let columns = columns.map_err(|why| making.unsaid("field", why))?;
        let refuse = |why: &str| Err(making.unsaid("field", why));
        match &making.correlation.kind {
            // A share of a whole: see `matching::records`.
            Kind::ValueSum(_) if columns.len() > 1 => {
                refuse("`value_share` adds numbers with fractions, which engines do in different orders")
            }
            Kind::ValueSum(_) | Kind::ValueAvg(_) if columns.iter().any(|c| c.ty != Type::Whole) => {
                refuse("sums are exact for whole numbers alone; say `whole` in the schema")
            }
            Kind::ValuePercentile(..) if columns.iter().any(|c| !matches!(c.ty, Type::Whole | Type::Real)) => {
                refuse("the column holds no numbers; say `whole` or `real` in the schema")
            }
            Kind::Extension(kind) => extension::values(kind, &columns, self).map_err(|why| making.unsaid("field", why)),
            Kind::ValueCount(_) => self.one_value(&columns).map_err(|why| making.unsaid("field", why)),
            Kind::EventCount(_)
            | Kind::Temporal(_)
            | Kind::TemporalOrdered
            | Kind::ValueSum(_)
            | Kind::ValueAvg(_)
            | Kind::ValuePercentile(..) => Ok(columns.iter().map(Named::value).collect()),
        }
    }

    /// One value that differs where one of several does.
    pub(super) fn one_value(&self, columns: &[Named]) -> Result<Vec<String>, String> {
        if columns.iter().any(|c| matches!(c.ty, Type::Real | Type::Time | Type::Texts)) {
            return Err(
                "values are told apart as the log spells them, which a column of this type does not keep".to_owned()
            );
        }
        if let [one] = columns {
            return Ok(vec![one.value()]);
        }
        // The length before each text keeps `a|bc` and `ab|c` apart. NULL makes the whole NULL.
        let part = |c: &Named| {
            let text = self.as_text(c)?;
            Ok(format!("CAST(character_length({text}) AS {}) || ':' || {text}", self.dialect.text_type()))
        };
        let parts: Result<Vec<String>, String> = columns.iter().map(part).collect();
        Ok(vec![format!("({})", parts?.join(" || "))])
    }

    fn computed(&self, making: &Making<'_>) -> Result<Computed, Unsaid> {
        let window = making.window(None);
        let count = ("n", format!("count(*) OVER ({window})"));
        Ok(match &making.correlation.kind {
            Kind::EventCount(limits) => Computed::of(vec![count], self.whole_limits("n", limits)),
            Kind::ValueCount(limits) => {
                Computed::of(vec![("n", self.dialect.distinct("v0", &window))], self.whole_limits("n", limits))
            }
            Kind::ValueSum(limits) => {
                let bounds_far = limits.0.iter().any(|(_, n)| n.real().abs() >= 9e15);
                if bounds_far {
                    return Err(making.unsaid("condition", "bounds beyond 2^53 are not exact"));
                }
                Computed::of(vec![("n", sum(&window))], self.whole_limits("n", limits))
            }
            Kind::ValueAvg(limits) => {
                let mut computed = Computed::of(vec![("s", sum(&window)), count], self.real_limits("a", limits));
                computed.levels.push(vec![("a".to_owned(), "CAST(s AS DOUBLE) / CAST(n AS DOUBLE)".to_owned())]);
                computed
            }
            Kind::ValuePercentile(rank, limits) => self.percentile(&window, *rank, limits),
            Kind::Temporal(sequence) => self.temporal(&window, making.correlation.rules, sequence),
            Kind::TemporalOrdered => ordered(making),
            Kind::Extension(kind) => extension::computed(kind, making, self)?,
        })
    }

    fn percentile(&self, window: &str, rank: Percentile, limits: &Limits) -> Computed {
        let list = self.dialect.sorted("CAST(v0 AS DOUBLE)", window);
        let mut computed =
            Computed::of(vec![("l", list), ("n", format!("count(*) OVER ({window})"))], self.real_limits("p", limits));
        let element = |index: &str| self.dialect.element("l", index);
        let half = self.dialect.divided("n", "2");
        let made = match rank {
            Percentile::Median => {
                let (low, high) = (element(&half), element(&format!("({half} + 1)")));
                format!("CASE WHEN n % 2 = 0 THEN ({low} + {high}) / CAST('2' AS DOUBLE) ELSE {high} END")
            }
            Percentile::Rank(p) => {
                let share = self.dialect.real(p / 100.0);
                element(&format!("greatest(CAST(ceil({share} * CAST(n AS DOUBLE)) AS BIGINT), CAST('1' AS BIGINT))"))
            }
        };
        computed.levels.push(vec![("p".to_owned(), made)]);
        computed
    }

    fn temporal(&self, window: &str, rules: usize, sequence: &Sequence) -> Computed {
        let seen: Vec<(String, String)> =
            (0..rules).map(|r| (format!("n{r}"), format!("sum(r{r}) OVER ({window})"))).collect();
        let fires = match sequence {
            Sequence::Count(limits) => {
                let one: Vec<String> = (0..rules).map(|r| format!("CASE WHEN n{r} > 0 THEN 1 ELSE 0 END")).collect();
                self.whole_limits(&format!("({})", one.join(" + ")), limits)
            }
            Sequence::Expr(expr) => seen_rules(expr),
        };
        Computed { levels: vec![seen], fires }
    }

    fn whole_limits(&self, x: &str, limits: &Limits) -> String {
        all(limits, |order, n| whole(self, x, order, n))
    }

    fn real_limits(&self, x: &str, limits: &Limits) -> String {
        all(limits, |order, n| real(self, x, order, n))
    }
}

fn all(limits: &Limits, one: impl Fn(Order, crate::events::value::Number) -> String) -> String {
    let parts: Vec<String> = limits.0.iter().map(|(order, n)| one(*order, *n)).collect();
    format!("({})", parts.join(" AND "))
}

/// Whole numbers of 64 bits in a type that holds the sum of any number of them.
fn sum(window: &str) -> String {
    format!("sum(CAST(v0 AS DECIMAL(19, 0))) OVER ({window})")
}

fn seen_rules(expr: &Expr) -> String {
    let many = |of: &[Expr], word: &str| format!("({})", of.iter().map(seen_rules).collect::<Vec<_>>().join(word));
    match expr {
        Expr::Is(rule) => format!("n{rule} > 0"),
        Expr::Not(inner) => format!("NOT ({})", seen_rules(inner)),
        Expr::All(of) if of.is_empty() => "TRUE".to_owned(),
        Expr::All(of) => many(of, " AND "),
        Expr::AtLeast(1, of) => many(of, " OR "),
        Expr::AtLeast(least, of) => {
            let one = |e: &Expr| format!("CASE WHEN {} THEN 1 ELSE 0 END", seen_rules(e));
            format!("({} >= {least})", of.iter().map(one).collect::<Vec<_>>().join(" + "))
        }
    }
}

/// For each rule in turn the latest start of a chain that ends with it; see `window::kept::Chain`.
fn ordered(making: &Making<'_>) -> Computed {
    let so_far = making.so_far();
    let last = making.correlation.rules.saturating_sub(1);
    let mut levels = Vec::new();
    let mut start = "t_ms".to_owned();
    for rule in 0..last {
        levels.push(vec![(format!("z{rule}"), format!("max(CASE WHEN r{rule} = 1 THEN {start} END) OVER ({so_far})"))]);
        start = format!("z{rule}");
    }
    let fires = format!("r{last} = 1 AND {start} > t_ms - {}", making.correlation.timespan_ms);
    Computed { levels, fires }
}

/// The steps of the rule's statement and its group's columns, when it is a correlation.
pub(super) fn steps_of(scope: &mut Scope<'_>, rule: usize) -> Result<Option<(Steps, String, Vec<String>)>, Unsaid> {
    let Some(Body::Correlation(..)) = scope.plan.set.rules.get(rule).map(|r| &r.body) else { return Ok(None) };
    let found = scope.plan.correlations.iter().position(|c| c.rule == rule);
    let number = found.ok_or_else(|| Unsaid { key: "rules".to_owned(), why: "the correlation was lost".to_owned() })?;
    let mut steps = Steps::new();
    let keys = scope.correlation(number, &mut steps)?;
    Ok(Some((steps, format!("f{number}"), keys)))
}
