//! From a rule set to what the engine runs: which fields to read, which rules look at events, which matches go where.
//!
//! INVARIANT: correlations of one space have the same group fields, so one key serves them all.

mod feeds;

pub use feeds::{Feed, Group, KeyFields};

use super::line::Paths;
use super::rule::{Body, Expr, Extension, FieldId, Kind, RuleSet};
use std::collections::BTreeMap;

/// Fields in which an event's time is looked for, first match first, unless the user names another.
pub const TIME_FIELDS: [&str; 6] = ["ts", "time", "timestamp", "@timestamp", "event_time", "eventTime"];

/// The field of a canonical event that holds its unique id (`controls/schema/event.json`).
pub const EVENT_ID: &str = "id";

/// What one or more rules look for in single events.
#[derive(Debug)]
pub struct Detection {
    /// Numbers of the rules that say this, and of each whether its matches are reported.
    pub rules: Vec<(usize, bool)>,
    /// When it matches.
    pub expr: Expr,
    /// The correlations its matches go to.
    pub feeds: Vec<Feed>,
}

impl Detection {
    /// Whether it is what the rule with this number looks for.
    pub fn is_of(&self, rule: usize) -> bool {
        self.rules.iter().any(|(own, _)| *own == rule)
    }
}

/// A correlation ready to run.
#[derive(Debug)]
pub struct Correlating {
    /// Its number in the rule set.
    pub rule: usize,
    /// What is computed.
    pub kind: Kind,
    /// Length of the window.
    pub timespan_ms: i64,
    /// Whether its firings are reported.
    pub reports: bool,
    /// Number of rules it refers to.
    pub rules: usize,
    /// Names of its group fields, for output.
    pub group_by: Vec<String>,
    /// Whether events without a group field form a group.
    pub absent_groups: bool,
    /// Fields whose values matter.
    pub values: Vec<FieldId>,
    /// Fields that make its groups peers of each other: such groups have to be looked at together.
    pub peers: Vec<FieldId>,
    /// 1 when it looks at detections only, else one more than the correlations it looks at.
    pub level: usize,
    /// The space it belongs to.
    pub space: usize,
    /// Its window's place among those of its space.
    pub seat: usize,
    /// Its place among the correlations that share this window.
    pub member: usize,
    /// The correlations its firings go to.
    pub feeds: Vec<Feed>,
}

impl Correlating {
    /// Whether one window serves both, given that the same matches come to both: they compute the same, over the same time,
    /// and differ in their bounds alone. What our own types remember depends on their bounds.
    fn shares_window(&self, other: &Self) -> bool {
        let counts = |kind: &Kind| !matches!(kind, Kind::Extension(_));
        std::mem::discriminant(&self.kind) == std::mem::discriminant(&other.kind)
            && counts(&self.kind)
            && (self.timespan_ms, self.rules, &self.values) == (other.timespan_ms, other.rules, &other.values)
    }

    /// How far before an event lies the first one that can matter to what it brings about.
    pub fn look_back_ms(&self) -> i64 {
        match &self.kind {
            // The event's own period, from its beginning, and those before it.
            Kind::Extension(Extension::Baseline(b)) => self.timespan_ms.saturating_add(b.period_ms),
            _ => self.timespan_ms,
        }
    }
}

/// Correlations that share their groups.
#[derive(Debug, Default)]
pub struct Space {
    /// For each window the numbers of the correlations that look at it: they differ in what they ask of it alone.
    pub seats: Vec<Vec<usize>>,
    /// Their level.
    pub level: usize,
}

/// All that the engine needs to know about the rules.
#[derive(Debug)]
pub struct Plan {
    /// The rules.
    pub set: RuleSet,
    /// Where the wanted fields are in an event.
    pub paths: Paths,
    /// Where an event's time is looked for.
    pub time_fields: Vec<FieldId>,
    /// The field that holds an event's id; none where doubles count.
    pub event_id: Option<FieldId>,
    /// Rules that look at single events.
    pub detections: Vec<Detection>,
    /// Rules that look at matches.
    pub correlations: Vec<Correlating>,
    /// Groups of correlations.
    pub spaces: Vec<Space>,
    /// The highest level of a correlation; 0 when there is none.
    pub levels: usize,
}

impl Plan {
    /// Plans `set`; `time_fields` names where an event's time is looked for, in order.
    pub fn new(set: RuleSet, time_fields: &[String]) -> Self {
        Self::identified(set, time_fields, "")
    }

    /// The same for a log whose events have an id in the field `event_id`, unless that is empty.
    pub fn identified(mut set: RuleSet, time_fields: &[String], event_id: &str) -> Self {
        let event_id = Some(event_id).filter(|f| !f.is_empty()).map(|f| set.vocabulary.field(f));
        let time_fields = time_fields.iter().map(|f| set.vocabulary.field(f)).collect();
        order_lookups(&mut set);
        let correlations = feeds::correlations(&mut set);
        let mut plan = Self {
            paths: Paths::new(&[], false, |_| false),
            time_fields,
            event_id,
            detections: Vec::new(),
            spaces: Vec::new(),
            levels: correlations.iter().map(|c| c.level).max().unwrap_or(0),
            correlations,
            set,
        };
        feeds::connect(&mut plan);
        let rows: Vec<String> = plan.set.vocabulary.enrichments.iter().map(|e| format!("{}.", e.name)).collect();
        let keywords = plan.set.vocabulary.predicates().iter().any(|p| p.field.is_none());
        plan.paths =
            Paths::new(plan.set.vocabulary.fields(), keywords, |name| rows.iter().any(|r| name.starts_with(r)));
        plan
    }

    /// The longest window, in milliseconds: what a slice has to look back.
    pub fn longest_window_ms(&self) -> i64 {
        let of_level = |level| {
            self.correlations.iter().filter(|c| c.level == level).map(Correlating::look_back_ms).max().unwrap_or(0)
        };
        (1..=self.levels).map(of_level).sum()
    }

    /// The title of a rule.
    pub fn title(&self, rule: usize) -> &str {
        self.set.rules.get(rule).map_or("", |r| &r.title)
    }

    /// Rules that look for the same are one detection.
    fn detections_of(set: &RuleSet) -> Vec<Detection> {
        let mut numbers: BTreeMap<&Expr, usize> = BTreeMap::new();
        let mut detections: Vec<Detection> = Vec::new();
        for (rule, r) in set.rules.iter().enumerate() {
            let Body::Detection(expr) = &r.body else { continue };
            let number = *numbers.entry(expr).or_insert(detections.len());
            match detections.get_mut(number) {
                Some(same) => same.rules.push((rule, r.reports)),
                None => {
                    let rules = vec![(rule, r.reports)];
                    detections.push(Detection { rules, expr: expr.clone(), feeds: Vec::new() });
                }
            }
        }
        detections
    }
}

/// Puts every look-up after the one that gives it its key.
fn order_lookups(set: &mut RuleSet) {
    let names = set.vocabulary.fields().to_vec();
    let mut waiting = std::mem::take(&mut set.vocabulary.enrichments);
    while !waiting.is_empty() {
        let rows: Vec<String> = waiting.iter().map(|e| format!("{}.", e.name)).collect();
        let key = |e: &super::rule::Enrichment| names.get(e.key).cloned().unwrap_or_default();
        let (later, ready): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|e| rows.iter().any(|r| key(e).starts_with(r)));
        // A circle can never be looked up; its fields stay absent.
        let stuck = ready.is_empty();
        set.vocabulary.enrichments.extend(ready);
        waiting = if stuck { Vec::new() } else { later };
    }
}
