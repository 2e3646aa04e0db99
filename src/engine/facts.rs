//! One check over facts: visit the elements, decide each, explain those that fail.

use super::gaps::{self, UnusableKinds};
use super::join::Indexes;
use super::outcome::{CheckOutcome, merged};
use crate::catalog::{Check, Control, Each, FactsCheck, Join, WhenEmpty};
use crate::clock::Timestamp;
use crate::evidence::Kinds;
use crate::expr::{Frame, List, Missing, Outcome, Program, Spent, Truth, Type, Val};
use crate::findings::{Finding, Gap, Place, Shown, Verdict};
use crate::lang::Localised;
use std::collections::{BTreeMap, BTreeSet};

/// What a check is decided on.
pub(super) struct Facts<'a> {
    pub(super) kinds: &'a Kinds,
    pub(super) unusable: &'a UnusableKinds,
    pub(super) indexes: &'a Indexes,
    pub(super) as_of: Timestamp,
    pub(super) control: &'a Control,
}

/// Counts and results while elements are visited.
#[derive(Default)]
struct Tally {
    checked: u64,
    failed: u64,
    unknown: u64,
    findings: Vec<Finding>,
    missing: BTreeMap<Missing, u64>,
    records: BTreeSet<String>,
}

/// What a join could not find out: reported in place of the joined name's own absence.
type JoinGaps = Vec<(String, Vec<Missing>)>;

impl<'a> Facts<'a> {
    /// Decides `check` over `frame`, which holds the whole evidence.
    pub(super) fn check(&self, check: &'a Check, facts: &'a FactsCheck, mut frame: Frame<'a>) -> CheckOutcome {
        let mut run = Run { on: self, check, facts, tally: Tally::default() };
        let decided = match &facts.each {
            None => run.whole(&mut frame),
            Some(each) => match self.elements(each, &mut frame) {
                Ok(list) => run.every(each, &list, &mut frame),
                Err(gaps) => return CheckOutcome::undecided(gaps),
            },
        };
        match decided {
            Ok(()) => run.outcome(),
            Err(spent) => CheckOutcome::undecided(vec![gaps::spent(&spent)]),
        }
    }

    fn elements(&self, each: &'a Each, frame: &mut Frame<'a>) -> Result<List<'a>, Vec<Gap>> {
        match each.over.run(frame) {
            Ok(Outcome::Value(Val::List(list))) => Ok(list),
            Ok(Outcome::Value(_)) => Err(vec![gaps::gap(self.kinds, self.unusable, &null(&each.over), 1)]),
            Ok(Outcome::Unknown(missing)) => Err(self.gaps(missing.into_iter().map(|m| (m, 1)))),
            Err(spent) => Err(vec![gaps::spent(&spent)]),
        }
    }

    fn gaps(&self, missing: impl IntoIterator<Item = (Missing, u64)>) -> Vec<Gap> {
        merged(missing.into_iter().map(|(m, affected)| gaps::gap(self.kinds, self.unusable, &m, affected)))
    }

    /// Fills the joined names in; says what could not be found out.
    fn join(&self, facts: &'a FactsCheck, frame: &mut Frame<'a>) -> Result<JoinGaps, Spent> {
        let mut gaps = JoinGaps::new();
        for join in &facts.joins {
            let value = match self.matches(join, frame)? {
                Ok(value) => value,
                Err(missing) => {
                    let origin = join.within.origin().unwrap_or_default();
                    gaps.push((if join.many { origin.to_owned() } else { format!("{origin}[]") }, missing));
                    Val::Absent
                }
            };
            frame.set(join.slot, value);
        }
        Ok(gaps)
    }

    fn matches(&self, join: &'a Join, frame: &mut Frame<'a>) -> Result<Result<Val<'a>, Vec<Missing>>, Spent> {
        let list = match join.within.run(frame)? {
            Outcome::Value(Val::List(list)) => list,
            Outcome::Value(_) => return Ok(Err(vec![null(&join.within)])),
            Outcome::Unknown(missing) => return Ok(Err(missing)),
        };
        let key = match join.equals.run(frame)? {
            Outcome::Value(Val::Null) => {
                return Ok(Ok(if join.many { Val::List(List::of(Vec::new())) } else { Val::Null }));
            }
            Outcome::Value(key) => key,
            Outcome::Unknown(missing) => return Ok(Err(missing)),
        };
        let path = join.within.origin().unwrap_or_default();
        let index = self.indexes.get(path, join.on, &list);
        let found = index.find(&key);
        let keyless = || Missing { path: key_path(join), why: crate::expr::Why::Missing };
        Ok(match (join.many, found.first()) {
            (true, _) if index.has_gaps => Err(vec![keyless()]),
            (true, _) => Ok(Val::List(List::of(found.iter().filter_map(|&i| list.get(i)).collect()))),
            (false, Some(&first)) => Ok(list.get(first).unwrap_or(Val::Null)),
            (false, None) if index.has_gaps => Err(vec![keyless()]),
            (false, None) => Ok(Val::Null),
        })
    }
}

/// One check being decided.
struct Run<'r, 'a> {
    on: &'r Facts<'a>,
    check: &'a Check,
    facts: &'a FactsCheck,
    tally: Tally,
}

impl<'a> Run<'_, 'a> {
    fn every(&mut self, each: &'a Each, list: &List<'a>, frame: &mut Frame<'a>) -> Result<(), Spent> {
        for (index, element) in list.iter().enumerate() {
            frame.set(each.slot, element.clone());
            let joins = self.on.join(self.facts, frame)?;
            let wanted = match &self.facts.filter {
                Some(filter) => filter.test(frame)?,
                None => Truth::True,
            };
            if wanted == Truth::False {
                continue;
            }
            self.tally.checked += 1;
            match (wanted, self.facts.require.test(frame)?) {
                // Whether or not it is to be checked, it meets the control.
                (_, Truth::True) | (Truth::False, _) => {}
                (Truth::True, Truth::False) => {
                    let place = self.place(each, index, &element, frame);
                    self.fail(place, frame);
                }
                (Truth::Unknown(missing), Truth::False) | (Truth::True, Truth::Unknown(missing)) => {
                    self.tally.undecided(missing, &joins)
                }
                (Truth::Unknown(mut missing), Truth::Unknown(more)) => {
                    missing.extend(more);
                    self.tally.undecided(missing, &joins);
                }
            }
        }
        Ok(())
    }

    fn whole(&mut self, frame: &mut Frame<'a>) -> Result<(), Spent> {
        self.tally.checked = 1;
        let joins = self.on.join(self.facts, frame)?;
        match self.facts.require.test(frame)? {
            Truth::True => {}
            Truth::False => {
                let place = Place::Snapshot { kind: self.spoken_of(), pointer: String::new(), record: None };
                self.fail(place, frame);
            }
            Truth::Unknown(missing) => self.tally.undecided(missing, &joins),
        }
        Ok(())
    }

    /// The kind of evidence that a check on the whole speaks of: the first it shows, else the first its condition names. The
    /// description of the organisation only says which law applies, so it is the place only when nothing else is.
    fn spoken_of(&self) -> String {
        let shown = self.facts.show.iter().flat_map(|p| p.names());
        let source = self.facts.require.source();
        let mut required: Vec<&String> = self.facts.require.names().iter().collect();
        required.sort_by_key(|n| source.find(n.as_str()));
        let mut kinds: Vec<&String> = shown.chain(required).filter(|n| self.on.kinds.get(n).is_some()).collect();
        kinds.sort_by_key(|n| *n == "organisation");
        kinds.first().map(|n| (*n).clone()).unwrap_or_default()
    }

    fn place(&mut self, each: &'a Each, index: usize, element: &Val<'a>, frame: &mut Frame<'a>) -> Place {
        let (kind, pointer) = pointer(each.over.origin().unwrap_or_default());
        let id = match (&self.facts.record, element, each.id_field) {
            (Some(record), ..) => match record.run(frame) {
                Ok(Outcome::Value(value)) => Some(value),
                _ => None,
            },
            (None, Val::Record(slots), Some(at)) => slots.get(at).map(Val::of),
            _ => None,
        };
        let id = id.filter(|v| !matches!(v, Val::Absent | Val::Null)).map(|v| match v.to_json(&Type::Dynamic) {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        });
        Place::Snapshot { kind, pointer: format!("{pointer}/{index}"), record: id.map(|id| self.tally.distinct(id)) }
    }

    fn fail(&mut self, place: Place, frame: &mut Frame<'a>) {
        let says = self
            .facts
            .says
            .iter()
            .fold(Localised::default(), |says, (lang, text)| says.with(lang, &text.render(frame)));
        let because = self.facts.require.explain(frame);
        let shown = |program: &'a Program, frame: &mut Frame<'a>| Shown {
            name: program.source().to_owned(),
            value: shown(program, frame),
        };
        let shown = self.facts.show.iter().map(|program| shown(program, frame)).collect();
        let finding = Finding { because, shown, ..self.finding(place, says) };
        self.tally.failed += 1;
        self.tally.findings.push(finding);
    }

    fn finding(&self, place: Place, says: Localised) -> Finding {
        Finding {
            id: Finding::stable_id(&self.on.control.id, &self.check.name, &place),
            control: self.on.control.id.clone(),
            check: self.check.name.clone(),
            severity: self.check.severity,
            place,
            says,
            because: String::new(),
            shown: Vec::new(),
            affected: 1,
            first_seen: None,
            last_seen: Some(self.on.as_of),
        }
    }

    fn outcome(mut self) -> CheckOutcome {
        let path = self.facts.each.as_ref().and_then(|e| e.over.origin()).unwrap_or_default().to_owned();
        let mut not_applicable = None;
        let verdict = match &self.tally {
            Tally { failed: 1.., .. } => Verdict::Fail,
            Tally { unknown: 1.., .. } => Verdict::Unknown,
            Tally { checked: 1.., .. } => Verdict::Pass,
            _ => match self.facts.when_empty {
                WhenEmpty::Pass => Verdict::Pass,
                WhenEmpty::NotApplicable => {
                    not_applicable = Some(nothing_to_check(&path));
                    Verdict::NotApplicable
                }
                WhenEmpty::Unknown => {
                    return CheckOutcome::undecided(vec![Gap { reason: nothing_to_check(&path), path, affected: 1 }]);
                }
                WhenEmpty::Fail => {
                    self.fail_empty(&path);
                    Verdict::Fail
                }
            },
        };
        let gaps = self.on.gaps(std::mem::take(&mut self.tally.missing));
        let Tally { checked, failed, unknown, findings, .. } = self.tally;
        CheckOutcome { verdict, checked, failed, unknown, findings, gaps, not_applicable }
    }

    /// The finding of a collection that must not be empty.
    fn fail_empty(&mut self, path: &str) {
        let (kind, pointer) = pointer(path);
        let place = Place::Snapshot { kind, pointer, record: None };
        let because = format!("`{path}` has nothing that this control could check");
        let finding = Finding { because, ..self.finding(place, nothing_to_check(path)) };
        self.tally.checked = 1;
        self.tally.failed = 1;
        self.tally.findings.push(finding);
    }
}

impl Tally {
    /// A record's name, numbered when an earlier record that failed has the same: findings must not share an id.
    fn distinct(&mut self, id: String) -> String {
        let mut name = id.clone();
        let mut number = 2;
        while !self.records.insert(name.clone()) {
            name = format!("{id}#{number}");
            number += 1;
        }
        name
    }

    fn undecided(&mut self, missing: Vec<Missing>, joins: &JoinGaps) {
        self.unknown += 1;
        let mut told = BTreeSet::new();
        for m in missing {
            match joins.iter().find(|(origin, _)| *origin == m.path) {
                Some((_, instead)) => told.extend(instead.iter().cloned()),
                None => drop(told.insert(m)),
            }
        }
        for m in told {
            *self.missing.entry(m).or_default() += 1;
        }
    }
}

fn shown<'a>(program: &'a Program, frame: &mut Frame<'a>) -> serde_json::Value {
    match program.run(frame) {
        Ok(Outcome::Value(value)) => value.to_json(program.ty()),
        _ => serde_json::Value::Null,
    }
}

fn null(program: &Program) -> Missing {
    Missing { path: program.source().to_owned(), why: crate::expr::Why::Null }
}

/// The path of a join's key, e.g. `access_reviews[].role`.
fn key_path(join: &Join) -> String {
    let path = join.within.origin().unwrap_or_default();
    let field = match join.within.ty() {
        Type::List(of) => match &of.ty {
            Type::Record(record) => record.fields().get(join.on).map(|f| f.name.as_str()),
            _ => None,
        },
        _ => None,
    };
    format!("{path}[].{}", field.unwrap_or_default())
}

/// Kind and JSON pointer of a path such as `net.endpoints`.
fn pointer(path: &str) -> (String, String) {
    let (kind, rest) = path.split_once('.').unwrap_or((path, ""));
    let pointer = if rest.is_empty() { String::new() } else { format!("/{}", rest.replace('.', "/")) };
    (kind.to_owned(), pointer)
}

fn nothing_to_check(path: &str) -> Localised {
    let en = format!("`{path}` is in the evidence, but holds nothing that this control checks.");
    let zh = format!("证据中有 `{path}`,但其中没有本控制需要检查的内容。");
    Localised::from([("en", en.as_str()), ("zh-CN", zh.as_str())])
}
