//! A control: one duty, which provisions it answers, and how it is checked.

use super::params::{Param, ParamError};
use crate::clock::Day;
use crate::crypto::hash::Digest;
use crate::expr::{Program, Template, Value};
use crate::findings::Severity;
use crate::lang::Localised;
use crate::law::citation::Framework;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Whether a control is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In use.
    Active,
    /// Kept for old reports; another one replaces it.
    Retired,
}

/// What kind of proof decides a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// Configuration of the system.
    Config,
    /// A document or attestation.
    Document,
    /// A measurement from outside.
    Probe,
    /// The access logs.
    Events,
}

/// The verdict of a check whose collection is present but holds nothing to be checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenEmpty {
    /// It does not apply.
    #[default]
    NotApplicable,
    /// It passes.
    Pass,
    /// It fails.
    Fail,
    /// It cannot be decided.
    Unknown,
}

/// A control, checked and compiled.
#[derive(Debug)]
pub struct Control {
    /// Its id, e.g. `HAB-AUT-01`; never reused, never renamed.
    pub id: String,
    /// The duty in the present tense; equals the file's name.
    pub slug: String,
    /// The folder it stands in, e.g. `authentication`.
    pub family: String,
    /// Whether it is in use.
    pub status: Status,
    /// For a retired control, the one that replaces it.
    pub replaced_by: Option<String>,
    /// How bad a failure is.
    pub severity: Severity,
    /// What kind of proof decides it.
    pub proof: Proof,
    /// The provisions it answers, per framework.
    pub answers: BTreeMap<Framework, Vec<String>>,
    /// One line.
    pub title: Localised,
    /// What harm is prevented.
    pub why: Localised,
    /// What can happen when it fails.
    pub risk: Localised,
    /// What to do next.
    pub remedy: Localised,
    /// How fresh evidence must be, per kind.
    pub needs: BTreeMap<String, Need>,
    /// When it applies; `None`: always.
    pub applies: Option<Applies>,
    /// Its parameters.
    pub params: BTreeMap<String, Param>,
    /// Its checks, at least one.
    pub checks: Vec<Check>,
    /// When and from what it was last reviewed.
    pub reviewed: Reviewed,
    /// SHA-256 of its file: its version.
    pub version: Digest,
    /// Its file, relative to the catalog's folder.
    pub file: String,
}

/// How fresh evidence must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Days after which the evidence is too old to decide on.
    pub fresh_for_days: u32,
}

/// When a control applies.
#[derive(Debug)]
pub struct Applies {
    /// The condition, over the whole evidence.
    pub when: Program,
    /// The reason printed when it does not apply.
    pub otherwise: Localised,
}

/// When and from what a control was last reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// The day.
    pub on: Day,
    /// The sources read.
    pub sources: Vec<String>,
}

/// One check of a control.
#[derive(Debug)]
pub struct Check {
    /// Its name; empty when the control has only one check.
    pub name: String,
    /// Severity of its findings.
    pub severity: Severity,
    /// How it is decided.
    pub kind: CheckKind,
}

/// How a check is decided.
#[derive(Debug)]
pub enum CheckKind {
    /// By expressions over evidence.
    Facts(Box<FactsCheck>),
    /// By rules over events.
    Detect(Box<DetectCheck>),
}

/// A check over facts.
#[derive(Debug)]
pub struct FactsCheck {
    /// The collection whose elements are checked; `None`: one check on the whole.
    pub each: Option<Each>,
    /// Joins, in the order written.
    pub joins: Vec<Join>,
    /// Which elements are checked; `None`: all.
    pub filter: Option<Program>,
    /// What must hold.
    pub require: Program,
    /// What a finding says, by language tag.
    pub says: BTreeMap<String, Template>,
    /// What a finding shows.
    pub show: Vec<Program>,
    /// The record's stable id; `None`: the element's `id` or `person_id`.
    pub record: Option<Program>,
    /// Verdict when there is nothing to check.
    pub when_empty: WhenEmpty,
}

/// The collection a check goes through.
#[derive(Debug)]
pub struct Each {
    /// Path to the collection.
    pub over: Program,
    /// Slot of the element in the frame.
    pub slot: usize,
    /// Name of the element.
    pub element: String,
    /// Position of the field that identifies an element, if its records have one.
    pub id_field: Option<usize>,
}

/// A hash join.
#[derive(Debug)]
pub struct Join {
    /// Name of the match.
    pub name: String,
    /// Slot of the match in the frame.
    pub slot: usize,
    /// Path to the collection that is searched.
    pub within: Program,
    /// Position of the key among the fields of its elements.
    pub on: usize,
    /// What the key must equal.
    pub equals: Program,
    /// Whether the name stands for the list of all matches rather than the first.
    pub many: bool,
}

/// A check over events; the rules are read by the event engine.
#[derive(Debug)]
pub struct DetectCheck {
    /// The rules as written.
    pub rules: Json,
    /// What a finding says; placeholders are those of the event engine.
    pub says: Localised,
}

impl FactsCheck {
    /// All its expressions.
    pub fn programs(&self) -> Vec<&Program> {
        let mut all = vec![&self.require];
        all.extend(&self.filter);
        all.extend(&self.record);
        all.extend(&self.show);
        all.extend(self.joins.iter().flat_map(|j| [&j.within, &j.equals]));
        all.extend(self.each.iter().map(|e| &e.over));
        all.extend(self.says.values().flat_map(Template::programs));
        all
    }
}

impl Control {
    /// The parameters' values, with where each comes from; `set` are the user's values.
    pub fn parameters(
        &self,
        set: Option<&BTreeMap<String, Json>>,
    ) -> Result<Vec<(String, Value, Json, String)>, ParamError> {
        if let Some(name) = set.into_iter().flatten().map(|(n, _)| n).find(|n| !self.params.contains_key(*n)) {
            let known: Vec<_> = self.params.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(ParamError::NoSuchParameter { control: self.id.clone(), name: name.clone(), known });
        }
        let values = self.params.iter().map(|(name, param)| {
            let given = set.and_then(|s| s.get(name));
            let json = given.unwrap_or(&param.default);
            let value = param.value(json).map_err(|wanted| ParamError::Value {
                control: self.id.clone(),
                name: name.clone(),
                value: json.to_string(),
                wanted,
            })?;
            let origin = if given.is_some() { "set by the user".to_owned() } else { param.source.clone() };
            Ok((name.clone(), value, json.clone(), origin))
        });
        values.collect()
    }

    /// Whether any of its checks is over events.
    pub fn needs_events(&self) -> bool {
        self.checks.iter().any(|c| matches!(c.kind, CheckKind::Detect(_)))
    }
}
