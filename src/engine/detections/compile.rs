//! From the checks over events of many controls to one plan for the event engine.

use crate::catalog::{Check, CheckKind, Control, Overrides};
use crate::events::context::Context;
use crate::events::plan::{EVENT_ID, Plan, TIME_FIELDS};
use crate::events::rule::{Body, Document, Expr, FieldId, Question, RuleSet, Settings, timespan_ms};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// Rules of a control that the event engine does not accept.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DetectError(String);

/// Keys that `detect` may have.
const KEYS: [&str; 14] = [
    "rules",
    "correlation",
    "correlations",
    "by",
    "enrich",
    "networks",
    "seen",
    "classes",
    "needs",
    "optional",
    "about_log",
    "reach",
    "reach_or",
    "tolerated_percent",
];

/// The rules that tell whether the log itself has holes; every control but those about the log depends on them.
const HOLES: &str = r#"[
 {"title": "entry", "name": "log/entry", "detection": {"sel": {"source|exists": true}, "condition": "sel"}},
 {"title": "missing entries", "name": "log/missing",
  "correlation": {"type": "missing", "rules": ["log/entry"], "group-by": ["source"], "timespan": "1d", "condition": {"field": "seq"}}},
 {"title": "silence", "name": "log/silence",
  "correlation": {"type": "silence", "rules": ["log/entry"], "group-by": ["source"], "timespan": "24h",
   "condition": {"factor": 6, "days": [1,2,3,4,5], "from": "00:00", "to": "24:00"}}},
 {"title": "pause", "name": "log/pause",
  "correlation": {"type": "silence", "rules": ["log/entry"], "group-by": ["source"], "timespan": "{params.silence}",
   "condition": {"factor": "{params.factor}"}}}
]"#;

/// The control that says how long a log may be silent, and its check.
const SILENCE: (&str, &str) = ("HAB-DET-11", "silence");

/// One check over events, ready to be judged.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) control: String,
    pub(super) check: String,
    /// Rules whose firings are findings.
    pub(super) rules: BTreeSet<usize>,
    /// Number of the detection that shows that the log records such things at all.
    pub(super) seen: Option<usize>,
    /// Classes of log entries it needs, as the evidence kind `log` names them.
    pub(super) classes: Vec<String>,
    /// Fields that have to occur in the log.
    pub(super) fields: BTreeSet<FieldId>,
    /// Tables that have to be there.
    pub(super) tables: BTreeSet<String>,
    /// Fields and tables without which even a firing proves nothing, for the rules ask whether they are absent.
    pub(super) relied_on: (BTreeSet<FieldId>, BTreeSet<String>),
    /// Percentage of the events `seen` that may match before a match is a finding.
    pub(super) tolerated_percent: Option<f64>,
    /// Whether it is about holes in the log itself.
    pub(super) about_log: bool,
    /// How far back the log has to reach, in milliseconds, unless the field occurs.
    pub(super) reach: Option<(i64, Option<FieldId>)>,
}

/// The checks over events of many controls, as one plan.
#[derive(Debug)]
pub struct Detector {
    plan: Plan,
    pub(super) checks: Vec<Planned>,
    /// Rules whose firings mean that the log has a hole.
    pub(super) holes: BTreeSet<usize>,
    /// Of these, those about silences.
    pub(super) silences: BTreeSet<usize>,
    /// The rule that knows how long a pause was by the clock on the wall; a silence counts the hours of service alone.
    pub(super) pause: BTreeSet<usize>,
}

impl Detector {
    /// Compiles the checks over events of `controls` with their parameters.
    pub fn compile(controls: &[&Control], overrides: &Overrides) -> Result<Self, DetectError> {
        let holes: Json = serde_json::from_str(HOLES).map_err(|e| DetectError(e.to_string()))?;
        let mut limits: BTreeMap<String, Json> =
            BTreeMap::from([("silence".to_owned(), json!("24h")), ("factor".to_owned(), json!(6))]);
        let (mut documents, mut drafts) = (Vec::new(), Vec::new());
        for control in controls {
            let values = control.parameters(overrides.get(&control.id)).map_err(|e| DetectError(e.to_string()))?;
            let params: BTreeMap<String, Json> = values.into_iter().map(|(name, _, json, _)| (name, json)).collect();
            if control.id == SILENCE.0 {
                limits.extend(params.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            for check in &control.checks {
                let CheckKind::Detect(detect) = &check.kind else { continue };
                let written = filled(&detect.rules, &params);
                let draft = Draft::read(control, check, &written)
                    .map_err(|e| DetectError(format!("{} {}: {e}", control.id, check.name)))?;
                documents.extend(draft.documents());
                drafts.push(draft);
            }
        }
        documents.extend(documents_of("log", &filled(&holes, &limits)));
        let set = RuleSet::from_documents(&documents, &Settings::default()).map_err(|errors| {
            DetectError(errors.iter().map(|e| format!("{}: {}", e.file, e.what)).collect::<Vec<_>>().join("; "))
        })?;
        let plan = Plan::identified(set, &TIME_FIELDS.map(str::to_owned), EVENT_ID);
        let checks: Vec<Planned> = drafts.iter().map(|d| d.planned(&plan)).collect();
        // A silence is what the control about the log calls one; without it, a day of the week.
        let own = checks.iter().find(|c| (c.control.as_str(), c.check.as_str()) == SILENCE);
        let silences = own.map_or_else(|| numbers(&plan, "log/silence"), |c| c.rules.clone());
        let holes = numbers(&plan, "log/missing").union(&silences).copied().collect();
        let pause = numbers(&plan, "log/pause");
        Ok(Self { plan, checks, holes, silences, pause })
    }

    /// The plan to read the log with.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The tables that the rules look rows up in, from evidence; `find` gives the data of a kind, `None` when it is absent.
    pub fn context(&self, find: &dyn Fn(&str) -> Option<Json>) -> Context {
        let mut context = Context::default();
        let tables: BTreeSet<&str> = self.plan.set.vocabulary.enrichments.iter().map(|e| e.table.as_str()).collect();
        for table in tables {
            let mut path = table.split('.');
            let kind = path.next().and_then(find);
            let Some(data) = path.try_fold(kind, |at, key| Some(at?.get(key).cloned())).flatten() else { continue };
            let rows = data.as_array().cloned().unwrap_or_default();
            let key = |row: &Json| {
                ["id", "person_id"].iter().find_map(|k| row.get(k)).and_then(Json::as_str).map(str::to_owned)
            };
            context.add(table, rows.into_iter().filter_map(|row| Some((key(&row)?, row))));
        }
        context
    }
}

fn documents_of(file: &str, list: &Json) -> Vec<Document> {
    let maps = list.as_array().into_iter().flatten().filter_map(|d| d.as_object().cloned());
    maps.map(|m| Document::of_map(file, m)).collect()
}

/// Puts parameters in: `"{params.x}"` alone becomes the value itself, inside a text its words.
fn filled(json: &Json, params: &BTreeMap<String, Json>) -> Json {
    match json {
        Json::Object(map) => Json::Object(map.iter().map(|(k, v)| (k.clone(), filled(v, params))).collect()),
        Json::Array(list) => Json::Array(list.iter().map(|v| filled(v, params)).collect()),
        Json::String(text) => {
            let whole =
                text.strip_prefix("{params.").and_then(|t| t.strip_suffix('}')).and_then(|name| params.get(name));
            if let Some(value) = whole {
                return value.clone();
            }
            let words = |v: &Json| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            let put = |text: String, (name, value): (&String, &Json)| {
                text.replace(&format!("{{params.{name}}}"), &words(value))
            };
            Json::String(params.iter().fold(text.clone(), put))
        }
        other => other.clone(),
    }
}

struct Draft<'a> {
    control: &'a Control,
    check: &'a Check,
    written: Map<String, Json>,
    prefix: String,
}

impl<'a> Draft<'a> {
    fn read(control: &'a Control, check: &'a Check, written: &Json) -> Result<Self, String> {
        let map = written.as_object().ok_or("`detect` is not a map")?;
        if let Some(key) = map.keys().find(|k| !KEYS.contains(&k.as_str())) {
            return Err(format!("`detect` has no key `{key}`; it may have {}", KEYS.join(", ")));
        }
        if !map.get("rules").is_some_and(Json::is_array) {
            return Err("`detect` needs a list of `rules`".to_owned());
        }
        Ok(Self { control, check, written: map.clone(), prefix: format!("{}/{}/", control.id, check.name) })
    }

    fn list(&self, key: &str) -> impl Iterator<Item = &Json> {
        self.written.get(key).and_then(Json::as_array).into_iter().flatten()
    }

    fn texts(&self, key: &str) -> Vec<String> {
        self.list(key).filter_map(Json::as_str).map(str::to_owned).collect()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.written.get(key).and_then(Json::as_str)
    }

    /// The check's rules as documents, their names made unique.
    fn documents(&self) -> Vec<Document> {
        let file = self.control.id.as_str();
        let mut maps: Vec<Map<String, Json>> = Vec::new();
        let correlations: Vec<&Json> = self.list("correlations").chain(self.written.get("correlation")).collect();
        for rule in self.list("rules").filter_map(Json::as_object) {
            maps.push(self.named(rule.clone()));
            if correlations.is_empty() {
                maps.push(self.each_match(rule));
            }
        }
        for (number, correlation) in correlations.iter().enumerate() {
            maps.push(self.correlation(number, correlation));
        }
        if let Some(seen) = self.written.get("seen") {
            let rule = json!({"title": "seen", "name": "(seen)", "silent": true, "detection": {"sel": seen, "condition": "sel"}});
            maps.extend(rule.as_object().cloned().map(|m| self.named(m)));
        }
        maps.into_iter().map(|m| Document::of_map(file, m)).collect()
    }

    fn named(&self, mut rule: Map<String, Json>) -> Map<String, Json> {
        let name = rule.get("name").and_then(Json::as_str).unwrap_or("rule").to_owned();
        rule.insert("name".to_owned(), format!("{}{name}", self.prefix).into());
        rule.entry("title").or_insert_with(|| name.into());
        for key in ["enrich", "networks"] {
            if let Some(shared) = self.written.get(key) {
                rule.entry(key).or_insert_with(|| shared.clone());
            }
        }
        rule
    }

    /// Every match of a rule is a finding of the group `by`.
    fn each_match(&self, rule: &Map<String, Json>) -> Map<String, Json> {
        let name = rule.get("name").and_then(Json::as_str).unwrap_or("rule");
        let correlation = json!({
            "type": "event_count", "rules": [name], "group-by": self.texts("by"), "absent": "group",
            "timespan": "1s", "condition": {"gte": 1},
        });
        self.correlation_named(&format!("{name} (each)"), &correlation)
    }

    fn correlation(&self, number: usize, correlation: &Json) -> Map<String, Json> {
        let given = correlation.get("name").and_then(Json::as_str);
        self.correlation_named(given.unwrap_or(&format!("correlation {number}")), correlation)
    }

    fn correlation_named(&self, name: &str, correlation: &Json) -> Map<String, Json> {
        let mut section = correlation.as_object().cloned().unwrap_or_default();
        section.remove("name");
        let rename = |v: &Json| v.as_str().map_or_else(|| v.clone(), |n| format!("{}{n}", self.prefix).into());
        if let Some(Json::Array(rules)) = section.get_mut("rules") {
            *rules = rules.iter().map(rename).collect();
        }
        if let Some(Json::Object(aliases)) = section.get_mut("aliases") {
            for of in aliases.values_mut().filter_map(Json::as_object_mut) {
                *of = of.iter().map(|(rule, field)| (format!("{}{rule}", self.prefix), field.clone())).collect();
            }
        }
        let rule = json!({"title": name, "name": name, "correlation": section});
        rule.as_object().cloned().map(|m| self.named(m)).unwrap_or_default()
    }

    fn planned(&self, plan: &Plan) -> Planned {
        let own = numbers(plan, &self.prefix);
        let reports = |n: &usize| plan.set.rules.get(*n).is_some_and(|r| r.reports);
        let seen = format!("{}(seen)", self.prefix);
        let is_seen = |rule: usize| plan.set.rules.get(rule).is_some_and(|r| r.name.as_ref() == Some(&seen));
        let optional = self.texts("optional");
        let mut needs = Needs::default();
        own.iter().for_each(|n| needs.of_rule(plan, *n));
        let names = plan.set.vocabulary.fields();
        let explicit = self.texts("needs");
        let explicit: BTreeSet<FieldId> =
            names.iter().enumerate().filter(|(_, name)| explicit.contains(name)).map(|(id, _)| id).collect();
        let mut fields: BTreeSet<FieldId> =
            needs.fields.into_iter().filter(|f| !names.get(*f).is_some_and(|n| optional.contains(n))).collect();
        let mut tables = BTreeSet::new();
        let rows = &plan.set.vocabulary.enrichments;
        let table = |f: &FieldId| {
            let row = rows.iter().find(|e| names.get(*f).is_some_and(|n| n.starts_with(&format!("{}.", e.name))));
            row.map(|r| r.table.clone())
        };
        tables.extend(fields.iter().filter_map(table));
        fields.retain(|f| table(f).is_none());
        let relied_on = (
            explicit.iter().copied().filter(|f| table(f).is_none()).collect(),
            explicit.iter().filter_map(table).collect::<BTreeSet<_>>(),
        );
        tables.extend(relied_on.1.iter().cloned());
        fields.extend(explicit);
        tables.retain(|t| !optional.contains(t));
        Planned {
            control: self.control.id.clone(),
            check: self.check.name.clone(),
            rules: own.iter().copied().filter(reports).collect(),
            seen: plan.detections.iter().position(|d| d.rules.iter().any(|(rule, _)| is_seen(*rule))),
            classes: self.texts("classes"),
            fields,
            tables,
            relied_on,
            tolerated_percent: self.written.get("tolerated_percent").and_then(Json::as_f64),
            about_log: self.written.get("about_log") == Some(&Json::Bool(true)),
            reach: self.text("reach").and_then(timespan_ms).map(|ms| {
                let instead = self.text("reach_or");
                (ms, names.iter().position(|n| Some(n.as_str()) == instead))
            }),
        }
    }
}

/// Numbers of the rules whose name begins with `prefix`.
fn numbers(plan: &Plan, prefix: &str) -> BTreeSet<usize> {
    let named = |r: &crate::events::rule::Rule| r.name.as_ref().is_some_and(|n| n.starts_with(prefix));
    plan.set.rules.iter().enumerate().filter(|(_, r)| named(r)).map(|(n, _)| n).collect()
}

/// The fields without which rules cannot match.
#[derive(Default)]
struct Needs {
    fields: BTreeSet<FieldId>,
}

impl Needs {
    fn of_rule(&mut self, plan: &Plan, number: usize) {
        match plan.set.rules.get(number).map(|r| &r.body) {
            Some(Body::Detection(expr)) => self.of_expr(plan, expr),
            Some(Body::Correlation(..)) => {
                for c in plan.correlations.iter().filter(|c| c.rule == number && !c.absent_groups) {
                    self.fields.extend(&c.values);
                    self.fields.extend(&c.peers);
                    let keys = plan
                        .detections
                        .iter()
                        .flat_map(|d| &d.feeds)
                        .chain(plan.correlations.iter().flat_map(|c| &c.feeds));
                    let own = |f: &&crate::events::plan::Feed| {
                        plan.correlations.get(f.correlation).is_some_and(|x| x.rule == number)
                    };
                    self.fields.extend(keys.filter(own).flat_map(|f| &f.key));
                }
                let networks = &plan.set.vocabulary.networks;
                for network in networks {
                    if self.fields.remove(&network.field) {
                        self.fields.insert(network.address);
                    }
                }
            }
            None => {}
        }
    }

    /// Fields under a `not` are left out: their absence is what lets the rule match.
    fn of_expr(&mut self, plan: &Plan, expr: &Expr) {
        match expr {
            Expr::Not(_) => {}
            Expr::All(of) | Expr::AtLeast(_, of) => of.iter().for_each(|e| self.of_expr(plan, e)),
            Expr::Is(p) => {
                let predicate = plan.set.vocabulary.predicates().get(*p);
                let Some(predicate) = predicate.filter(|p| !matches!(p.question, Question::Null)) else { return };
                self.fields.extend(predicate.field);
                match &predicate.question {
                    Question::SameAs(other, _) | Question::After(other, _) => self.fields.extend([*other]),
                    Question::Outside(h) => self.fields.extend([h.days, h.from, h.to]),
                    _ => {}
                }
            }
        }
    }
}
