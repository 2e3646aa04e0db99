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
        let mut tally = Tally::default();
        let decided = match &facts.each {
            None => self.whole(check, facts, &mut frame, &mut tally),
            Some(each) => match self.elements(each, &mut frame) {
                Ok(list) => self.every(check, facts, (each, &list), &mut frame, &mut tally),
                Err(gaps) => return CheckOutcome::undecided(gaps),
            },
        };
        match decided {
            Ok(()) => self.outcome(check, facts, tally),
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

    fn every(
        &self,
        check: &'a Check,
        facts: &'a FactsCheck,
        (each, list): (&'a Each, &List<'a>),
        frame: &mut Frame<'a>,
        tally: &mut Tally,
    ) -> Result<(), Spent> {
        for (index, element) in list.iter().enumerate() {
            frame.set(each.slot, element.clone());
            let joins = self.join(facts, frame)?;
            let wanted = match &facts.filter {
                Some(filter) => filter.test(frame)?,
                None => Truth::True,
            };
            if wanted == Truth::False {
                continue;
            }
            tally.checked += 1;
            match (wanted, facts.require.test(frame)?) {
                (_, Truth::True) => {}
                (Truth::True, Truth::False) => {
                    let place = self.place(facts, each, index, &element, frame, tally);
                    tally.failed += 1;
                    tally.findings.push(self.finding(check, facts, place, frame));
                }
                (Truth::True, Truth::Unknown(missing)) => tally.undecided(missing, &joins),
                (Truth::Unknown(mut missing), Truth::Unknown(more)) => {
                    missing.extend(more);
                    tally.undecided(missing, &joins);
                }
                (Truth::Unknown(missing), Truth::False) => tally.undecided(missing, &joins),
                (Truth::False, _) => {}
            }
        }
        Ok(())
    }

    fn whole(
        &self,
        check: &'a Check,
        facts: &'a FactsCheck,
        frame: &mut Frame<'a>,
        tally: &mut Tally,
    ) -> Result<(), Spent> {
        tally.checked = 1;
        let joins = self.join(facts, frame)?;
        match facts.require.test(frame)? {
            Truth::True => {}
            Truth::False => {
                tally.failed = 1;
                let kind = facts.require.names().iter().find(|n| self.kinds.get(n).is_some());
                let place =
                    Place::Snapshot { kind: kind.cloned().unwrap_or_default(), pointer: String::new(), record: None };
                tally.findings.push(self.finding(check, facts, place, frame));
            }
            Truth::Unknown(missing) => tally.undecided(missing, &joins),
        }
        Ok(())
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

    fn place(
        &self,
        facts: &'a FactsCheck,
        each: &'a Each,
        index: usize,
        element: &Val<'a>,
        frame: &mut Frame<'a>,
        tally: &mut Tally,
    ) -> Place {
        let (kind, pointer) = pointer(each.over.origin().unwrap_or_default());
        let id = match (&facts.record, element, each.id_field) {
            (Some(record), ..) => record.run(frame).ok().and_then(|o| match o {
                Outcome::Value(value) => Some(value),
                Outcome::Unknown(_) => None,
            }),
            (None, Val::Record(slots), Some(at)) => slots.get(at).map(Val::of),
            _ => None,
        };
        let id = id.filter(|v| !matches!(v, Val::Absent | Val::Null)).map(|v| match v.to_json(&Type::Dynamic) {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        });
        // Two records with one id would share a finding's id; the later ones are numbered.
        let record = id.map(|id| {
            let mut name = id.clone();
            let mut number = 2;
            while !tally.records.insert(name.clone()) {
                name = format!("{id}#{number}");
                number += 1;
            }
            name
        });
        Place::Snapshot { kind, pointer: format!("{pointer}/{index}"), record }
    }

    fn finding(&self, check: &'a Check, facts: &'a FactsCheck, place: Place, frame: &mut Frame<'a>) -> Finding {
        let texts: Vec<_> = facts.says.iter().map(|(lang, t)| (lang.as_str(), t.render(frame))).collect();
        let says = texts.iter().fold(Localised::default(), |says, (lang, text)| says.with(lang, text));
        let shown =
            facts.show.iter().map(|program| Shown { name: program.source().to_owned(), value: shown(program, frame) });
        let shown = shown.collect();
        Finding {
            id: Finding::stable_id(&self.control.id, &check.name, &place),
            control: self.control.id.clone(),
            check: check.name.clone(),
            severity: check.severity,
            place,
            says,
            because: facts.require.explain(frame),
            shown,
            affected: 1,
            first_seen: None,
            last_seen: Some(self.as_of),
        }
    }

    fn outcome(&self, check: &Check, facts: &FactsCheck, mut tally: Tally) -> CheckOutcome {
        let mut not_applicable = None;
        let verdict = if tally.failed > 0 {
            Verdict::Fail
        } else if tally.unknown > 0 {
            Verdict::Unknown
        } else if tally.checked > 0 {
            Verdict::Pass
        } else {
            let path = facts.each.as_ref().and_then(|e| e.over.origin()).unwrap_or_default();
            match facts.when_empty {
                WhenEmpty::Pass => Verdict::Pass,
                WhenEmpty::NotApplicable => {
                    not_applicable = Some(nothing_to_check(path));
                    Verdict::NotApplicable
                }
                WhenEmpty::Unknown => {
                    return CheckOutcome::undecided(vec![Gap {
                        path: path.to_owned(),
                        reason: nothing_to_check(path),
                        affected: 1,
                    }]);
                }
                WhenEmpty::Fail => {
                    tally.failed = 1;
                    tally.checked = 1;
                    tally.findings.push(self.empty_finding(check, path));
                    Verdict::Fail
                }
            }
        };
        let gaps = self.gaps(tally.missing);
        CheckOutcome {
            verdict,
            checked: tally.checked,
            failed: tally.failed,
            unknown: tally.unknown,
            findings: tally.findings,
            gaps,
            not_applicable,
        }
    }

    fn empty_finding(&self, check: &Check, path: &str) -> Finding {
        let (kind, pointer) = pointer(path);
        let place = Place::Snapshot { kind, pointer, record: None };
        Finding {
            id: Finding::stable_id(&self.control.id, &check.name, &place),
            control: self.control.id.clone(),
            check: check.name.clone(),
            severity: check.severity,
            place,
            says: nothing_to_check(path),
            because: format!("`{path}` has nothing that this control could check"),
            shown: Vec::new(),
            affected: 1,
            first_seen: None,
            last_seen: Some(self.as_of),
        }
    }
}

impl Tally {
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
