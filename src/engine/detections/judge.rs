//! From firings to findings and verdicts.

use super::compile::{Detector, Planned};
use super::texts;
use crate::catalog::{Check, CheckKind, Control};
use crate::clock::Timestamp;
use crate::engine::evaluate::Detections;
use crate::engine::outcome::CheckOutcome;
use crate::events::batch::Firing;
use crate::events::context::Context;
use crate::events::coverage::Sight;
use crate::events::output::key_object;
use crate::events::rule::FieldId;
use crate::findings::{Finding, Gap, Parameter, Place, Shown, Verdict};
use crate::lang::Localised;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Days between the log's last event and the audit beyond which the log does not speak for it.
const STALE_MS: i64 = 7 * 86_400_000;

/// Firings put together by rule and group: state is bounded by the findings, not by the firings.
#[derive(Debug, Default)]
pub struct Gathered {
    groups: BTreeMap<(usize, Box<[u8]>), Incident>,
}

/// All firings of a rule on one group.
#[derive(Clone, Debug)]
struct Incident {
    first: Firing,
    last_ms: i64,
    /// The firing with the most events.
    most: Firing,
    firings: u64,
}

impl Gathered {
    /// Takes a firing in; they come in order of time.
    pub fn add(&mut self, firing: &Firing) {
        let new = || Incident { first: firing.clone(), last_ms: firing.at_ms, most: firing.clone(), firings: 0 };
        let incident = self.groups.entry((firing.rule, firing.key.clone())).or_insert_with(new);
        incident.firings += 1;
        incident.last_ms = firing.at_ms;
        if (firing.count, firing.value.unwrap_or(0.0)) > (incident.most.count, incident.most.value.unwrap_or(0.0)) {
            incident.most = firing.clone();
        }
    }
}

/// What the rules of all controls found in a log.
#[derive(Debug)]
pub struct Found {
    detector: Detector,
    gathered: Gathered,
    sight: Sight,
    /// Names of the logs.
    names: Vec<String>,
    /// Tables that the rules wanted and that are absent.
    absent: BTreeSet<String>,
}

impl Found {
    /// Puts together what was found (`gathered`) and seen (`sight`) in the logs called `names`.
    pub fn new(detector: Detector, gathered: Gathered, sight: Sight, names: Vec<String>, context: &Context) -> Self {
        let wanted = detector.plan().set.vocabulary.enrichments.iter().map(|e| e.table.clone());
        let absent = wanted.filter(|t| !context.has(t)).collect();
        Self { detector, gathered, sight, names, absent }
    }

    /// What was seen of all logs together.
    pub const fn sight(&self) -> &Sight {
        &self.sight
    }
}

/// What was found, seen from an audit.
pub struct Detected {
    found: Arc<Found>,
    classes: Option<Json>,
    as_of: Timestamp,
}

impl Detected {
    /// Judges `found` as of `as_of`; `classes` are those of the entries that the log is set up to hold, when known.
    pub const fn new(found: Arc<Found>, classes: Option<Json>, as_of: Timestamp) -> Self {
        Self { found, classes, as_of }
    }

    fn planned(&self, control: &Control, check: &Check) -> Option<&Planned> {
        self.found.detector.checks.iter().find(|p| p.control == control.id && p.check == check.name)
    }

    fn incidents(&self, rules: &BTreeSet<usize>) -> impl Iterator<Item = (&(usize, Box<[u8]>), &Incident)> {
        self.found.gathered.groups.iter().filter(move |((rule, _), _)| rules.contains(rule))
    }

    /// The group of an incident, e.g. `actor=u17`, and its values by field.
    fn group(&self, rule: usize, key: &[u8]) -> (String, Map<String, Json>) {
        let correlation = self.found.detector.plan().correlations.iter().find(|c| c.rule == rule);
        let fields = correlation.map_or(&[][..], |c| &c.group_by);
        let object: Map<String, Json> = serde_json::from_str(&key_object(fields, key)).unwrap_or_default();
        let words = |v: &Json| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let parts: Vec<String> = fields.iter().filter_map(|f| Some(format!("{f}={}", words(object.get(f)?)))).collect();
        let name = if parts.is_empty() { "log".to_owned() } else { parts.join(",") };
        (name, object)
    }

    /// Whether a firing of the check proves anything: what its rules find absent must be there elsewhere in the log, and
    /// more than the tolerated share must have matched.
    fn proves(&self, planned: &Planned) -> bool {
        let sight = &self.found.sight;
        let (fields, tables) = &planned.relied_on;
        let occurred = |f: &FieldId| sight.occurred.get(*f).copied().unwrap_or(false);
        if !fields.iter().all(occurred) || tables.iter().any(|t| self.found.absent.contains(t)) {
            return false;
        }
        let Some(percent) = planned.tolerated_percent else { return true };
        let all = planned.seen.and_then(|d| sight.matched.get(d).copied()).unwrap_or(sight.tally.events);
        let matched: u64 = self.incidents(&planned.rules).map(|(_, incident)| incident.firings).sum();
        #[expect(clippy::cast_precision_loss, reason = "numbers of events are far below 2^53")]
        let share = matched as f64 * 100.0 / all.max(1) as f64;
        share > percent
    }

    /// Groups that a more severe check of the same control already reports.
    fn told_elsewhere(&self, control: &Control, check: &Check) -> BTreeSet<String> {
        let worse = control.checks.iter().filter(|c| c.severity < check.severity);
        let planned = worse.filter_map(|c| self.planned(control, c));
        planned.flat_map(|p| self.incidents(&p.rules)).map(|((rule, key), _)| self.group(*rule, key).0).collect()
    }

    fn findings(&self, control: &Control, check: &Check, planned: &Planned, parameters: &[Parameter]) -> Vec<Finding> {
        if !self.proves(planned) {
            return Vec::new();
        }
        let told = self.told_elsewhere(control, check);
        let mut found: BTreeMap<String, Finding> = BTreeMap::new();
        for ((rule, key), incident) in self.incidents(&planned.rules) {
            let (group, values) = self.group(*rule, key);
            if told.contains(&group) {
                continue;
            }
            let finding = self.finding(control, check, (&group, values), incident, parameters);
            match found.get_mut(&group) {
                None => {
                    found.insert(group, finding);
                }
                Some(same) => {
                    same.affected += finding.affected;
                    same.first_seen = same.first_seen.min(finding.first_seen);
                    same.last_seen = same.last_seen.max(finding.last_seen);
                }
            }
        }
        found.into_values().collect()
    }

    fn finding(
        &self,
        control: &Control,
        check: &Check,
        (group, values): (&str, Map<String, Json>),
        incident: &Incident,
        parameters: &[Parameter],
    ) -> Finding {
        let file = self.found.names.get(usize::from(incident.first.last.source())).cloned().unwrap_or_default();
        let place = Place::Log { file, offset: incident.first.last.offset(), key: group.to_owned() };
        let says = if let CheckKind::Detect(detect) = &check.kind { detect.says.clone() } else { Localised::default() };
        let (first, last) = (Timestamp::from_millis(incident.first.at_ms), Timestamp::from_millis(incident.last_ms));
        let mut words = values.clone();
        words.insert("count".to_owned(), incident.most.count.into());
        words.insert("times".to_owned(), incident.firings.into());
        words.insert("value".to_owned(), incident.most.value.map_or(Json::Null, texts::rounded));
        words.insert("first".to_owned(), first.map_or(Json::Null, |t| t.to_string().into()));
        words.insert("last".to_owned(), last.map_or(Json::Null, |t| t.to_string().into()));
        words.extend(parameters.iter().map(|p| (format!("params.{}", p.name), p.value.clone())));
        let title = self.found.detector.plan().title(incident.first.rule);
        let shown = values.into_iter().map(|(name, value)| Shown { name, value });
        let counts = [("events", incident.most.count), ("times", incident.firings)];
        let counts = counts.map(|(name, n)| Shown { name: name.to_owned(), value: n.into() });
        Finding {
            id: Finding::stable_id(&control.id, &check.name, &place),
            control: control.id.clone(),
            check: check.name.clone(),
            severity: check.severity,
            place,
            says: says.map(|_, text| texts::fill(text, &words)),
            because: format!(
                "{title}: {} event(s) in the window, met {} time(s)",
                incident.most.count, incident.firings
            ),
            shown: shown.chain(counts).collect(),
            affected: incident.firings,
            first_seen: first,
            last_seen: last,
        }
    }

    /// What was lacking for this check to be decided.
    fn gaps(&self, planned: &Planned) -> Vec<Gap> {
        let mut gaps = Vec::new();
        if self.found.sight.tally.events == 0 {
            return vec![texts::empty_log()];
        }
        gaps.extend(planned.tables.iter().filter(|t| self.found.absent.contains(*t)).map(|t| texts::no_table(t)));
        let seen = planned.seen.and_then(|d| self.found.sight.matched.get(d).copied());
        if seen == Some(0) {
            // Nothing of the kind in the log: it did not happen, if the log is known to record such things.
            let listed = |class: &String| {
                self.classes.as_ref().and_then(Json::as_array).is_some_and(|c| c.contains(&Json::from(class.as_str())))
            };
            gaps.extend(planned.classes.iter().filter(|c| !listed(c)).map(|c| texts::class_not_logged(c)));
        } else {
            let names = self.found.detector.plan().set.vocabulary.fields();
            let missing =
                planned.fields.iter().filter(|f| !self.found.sight.occurred.get(**f).copied().unwrap_or(false));
            gaps.extend(missing.filter_map(|f| names.get(*f)).filter_map(|name| self.no_field(name)));
        }
        gaps.extend(planned.reach.and_then(|r| self.too_short(r)));
        if !planned.about_log {
            gaps.extend(self.holes());
        }
        gaps
    }

    /// A field that never occurred, in the log or in the rows it is enriched from. Of a table that is absent as a whole
    /// nothing more is said.
    fn no_field(&self, name: &str) -> Option<Gap> {
        let rows = &self.found.detector.plan().set.vocabulary.enrichments;
        let row = rows.iter().find_map(|e| Some((e, name.strip_prefix(&format!("{}.", e.name))?)));
        match row {
            None => Some(texts::no_field(name)),
            Some((row, _)) if self.found.absent.contains(&row.table) => None,
            Some((row, field)) => Some(texts::no_row_field(&row.table, field)),
        }
    }

    /// A log that does not reach back far enough, unless evidence tells of the time before it.
    fn too_short(&self, (needed_ms, instead): (i64, Option<FieldId>)) -> Option<Gap> {
        let (first, last) = self.found.sight.tally.span_ms?;
        let told = instead.is_some_and(|f| self.found.sight.occurred.get(f).copied().unwrap_or(false));
        let day_ms = 86_400_000;
        (!told && last - first < needed_ms).then(|| texts::too_short((last - first) / day_ms, needed_ms / day_ms))
    }

    /// Holes in the log: missing entries, silences, and an end long before the audit.
    fn holes(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for ((rule, key), incident) in self.incidents(&self.found.detector.holes) {
            let (_, values) = self.group(*rule, key);
            let source = values.get("source").and_then(Json::as_str).unwrap_or("log").to_owned();
            let at = Timestamp::from_millis(incident.first.at_ms).map(|t| t.to_string()).unwrap_or_default();
            gaps.push(texts::hole(self.found.detector.silences.contains(rule), &source, &at, incident.firings));
        }
        let last = self.found.sight.tally.span_ms.map(|(_, last)| last);
        if let Some(last) = last.filter(|l| self.as_of.millis().saturating_sub(*l) > STALE_MS) {
            let at = Timestamp::from_millis(last).map(|t| t.to_string()).unwrap_or_default();
            gaps.push(texts::ended(&at));
        }
        gaps
    }
}

impl Detections for Detected {
    fn detect(&self, control: &Control, check: &Check, parameters: &[Parameter]) -> Option<CheckOutcome> {
        let planned = self.planned(control, check)?;
        let findings = self.findings(control, check, planned, parameters);
        let gaps = self.gaps(planned);
        let verdict = match (findings.is_empty(), gaps.is_empty()) {
            (false, _) => Verdict::Fail,
            (true, false) => Verdict::Unknown,
            (true, true) => Verdict::Pass,
        };
        let checked = planned
            .seen
            .and_then(|d| self.found.sight.matched.get(d).copied())
            .unwrap_or(self.found.sight.tally.events);
        let failed: u64 = findings.iter().map(|f| f.affected).sum();
        Some(CheckOutcome {
            verdict,
            checked: checked.max(failed),
            failed,
            unknown: u64::from(verdict == Verdict::Unknown),
            findings,
            gaps,
            not_applicable: None,
        })
    }
}
