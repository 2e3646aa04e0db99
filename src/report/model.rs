//! The report as one value, from which the PDF, the page, the table and the JSON file derive.
//!
//! Assumes that it was made by `build`. Holds every language at once; a rendering chooses one. Format changes need a new
//! `FORMAT`, because older reports are read again to be compared with.

use super::input::{Evidence, LogCoverage, Parties, Period, RequestFigures, Scope};
use crate::clock::{Day, Timestamp};
use crate::crypto::hash::Digest;
use crate::findings::{Parameter, Place, Severity, Shown, Verdict, Waived};
use crate::lang::Localised;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name and version of the format.
pub const FORMAT: &str = "report/1";

/// One audit, reported. Its JSON form is described by `controls/schema/report.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// `report/1`.
    pub habeas: String,
    /// `HR-` and 12 hexadecimal digits over everything that went into the report.
    pub id: String,
    /// The instant for which the audit speaks.
    pub as_of: Timestamp,
    /// First and last day that the evidence speaks of.
    pub period: Period,
    /// The program that made it.
    pub tool: Tool,
    /// The catalog of controls that was used.
    pub catalog: Catalog,
    /// Who is audited and who audits.
    pub parties: Parties,
    /// What was looked at.
    pub scope: Scope,
    /// What limits the audit.
    pub limits: Vec<Localised>,
    /// The page for the board.
    pub summary: Summary,
    /// What changed since the audit before.
    pub trend: Option<Trend>,
    /// Everything that does not meet a control: worst first, then by control and id.
    pub findings: Vec<FindingView>,
    /// Everything that could not be decided, by control.
    pub unknowns: Vec<Unknown>,
    /// Waivers that took effect.
    pub waivers: Vec<WaiverView>,
    /// Which provision is answered by which control, with its verdict.
    pub coverage: Vec<Framework>,
    /// All controls with their results, by id.
    pub controls: Vec<ControlView>,
    /// All evidence that was read, with its hashes.
    pub evidence: Vec<Evidence>,
    /// What each log covers.
    pub logs: Vec<LogCoverage>,
    /// Figures of the requests of data subjects; empty when none were audited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<RequestFigures>,
}

/// A program and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `habeas`.
    pub name: String,
    /// E.g. `0.1.0`.
    pub version: String,
}

/// The catalog that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// SHA-256 over all its files.
    pub sha256: Digest,
    /// How many controls were evaluated.
    pub controls: u64,
}

/// How the audit ends, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opinion {
    /// A finding of critical severity is open.
    Adverse,
    /// A finding of high severity is open.
    Qualified,
    /// Only findings of medium or low severity are open.
    Minor,
    /// Nothing failed, but too little could be decided to say more (at least one control is unknown).
    Undecided,
    /// Every control that applies was decided and met.
    Clean,
}

impl Opinion {
    /// The word used in files and as a locale key.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Adverse => "adverse",
            Self::Qualified => "qualified",
            Self::Minor => "minor",
            Self::Undecided => "undecided",
            Self::Clean => "clean",
        }
    }
}

/// Figures and words for a board. There is no overall percentage on purpose: a share of met controls says nothing about
/// compliance (R 3.8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// How the audit ends.
    pub opinion: Opinion,
    /// The same in words.
    pub says: Localised,
    /// Controls per verdict, waivers taken into account.
    pub controls: Counts,
    /// Controls per verdict if there were no waivers.
    pub controls_without_waivers: Counts,
    /// The same per severity, worst first, with the findings.
    pub by_severity: Vec<SeverityRow>,
    /// The same per family of controls, by name.
    pub by_family: BTreeMap<String, Counts>,
    /// Ids of the failed controls that matter most, worst first; at most five.
    pub top_risks: Vec<String>,
}

/// How many controls have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Failed.
    pub fail: u64,
    /// Could not be decided.
    pub unknown: u64,
    /// Failed, but waived.
    pub waived: u64,
    /// Met.
    pub pass: u64,
    /// Does not apply.
    pub not_applicable: u64,
}

impl Counts {
    /// Counts one more control with this verdict.
    pub const fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Fail => self.fail += 1,
            Verdict::Unknown => self.unknown += 1,
            Verdict::Waived => self.waived += 1,
            Verdict::Pass => self.pass += 1,
            Verdict::NotApplicable => self.not_applicable += 1,
        }
    }

    /// How many have this verdict.
    pub const fn of(&self, verdict: Verdict) -> u64 {
        match verdict {
            Verdict::Fail => self.fail,
            Verdict::Unknown => self.unknown,
            Verdict::Waived => self.waived,
            Verdict::Pass => self.pass,
            Verdict::NotApplicable => self.not_applicable,
        }
    }

    /// All controls counted.
    pub const fn total(&self) -> u64 {
        self.fail + self.unknown + self.waived + self.pass + self.not_applicable
    }
}

/// Controls and findings of one severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeverityRow {
    /// The severity.
    pub severity: Severity,
    /// Controls of it, per verdict.
    pub controls: Counts,
    /// Findings that no waiver covers.
    pub findings: u64,
    /// Findings that a waiver covers.
    pub findings_waived: u64,
}

/// Something that does not meet a control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FindingView {
    /// The same from audit to audit.
    pub id: String,
    /// Id of the control.
    pub control: String,
    /// Name of the check inside the control; empty when it has only one.
    pub check: String,
    /// How bad it is.
    pub severity: Severity,
    /// `new`, `open` (also in the audit before) or `waived`.
    pub status: Status,
    /// Where to look.
    pub place: Place,
    /// The condition, in words.
    pub says: Localised,
    /// The part that failed, with the values it saw.
    pub because: String,
    /// Fields that the control asks to be shown.
    pub shown: Vec<Shown>,
    /// Records or events affected.
    pub affected: u64,
    /// When it first happened or was first reported.
    pub first_seen: Timestamp,
    /// When it last happened or was last reported.
    pub last_seen: Timestamp,
    /// Day by which it is to be remedied: first seen plus the days for its severity.
    pub due_on: Option<Day>,
}

/// Where a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not in the audit before, or there was none.
    New,
    /// In the audit before too.
    Open,
    /// Covered by a waiver in force.
    Waived,
}

impl Status {
    /// The word used in files and as a locale key.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Waived => "waived",
        }
    }
}

/// Something that could not be decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// Id of the control.
    pub control: String,
    /// What is missing.
    pub path: String,
    /// Why, and what to supply.
    pub reason: Localised,
    /// Records left undecided.
    pub affected: u64,
}

/// A waiver that took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverView {
    /// Id of the control.
    pub control: String,
    /// The waiver.
    #[serde(flatten)]
    pub waiver: Waived,
}

/// One law or framework and how its provisions stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Framework {
    /// Its key, e.g. `gdpr`.
    pub framework: String,
    /// Its provisions in reading order.
    pub provisions: Vec<Provision>,
}

/// One provision and the controls that answer it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provision {
    /// Citation within the framework, e.g. `32(1)(b)`.
    pub at: String,
    /// Controls with their verdicts.
    pub controls: BTreeMap<String, Verdict>,
}

impl Provision {
    /// The verdict that decides how the provision stands: fail before unknown before the rest.
    pub fn worst(&self) -> Verdict {
        self.controls.values().copied().min().unwrap_or(Verdict::NotApplicable)
    }
}

/// One control and its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControlView {
    /// Its id.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// Its family.
    pub family: String,
    /// How bad it is when it fails.
    pub severity: Severity,
    /// What kind of proof decides it.
    pub proof: String,
    /// Provisions it answers.
    pub answers: BTreeMap<String, Vec<String>>,
    /// One line.
    pub title: Localised,
    /// What harm it prevents.
    pub why: Localised,
    /// What can happen when it fails.
    pub risk: Localised,
    /// What to do next.
    pub remedy: Localised,
    /// SHA-256 of its file.
    pub version: Digest,
    /// The verdict, waivers taken into account.
    pub verdict: Verdict,
    /// The verdict if there were no waivers.
    pub verdict_without_waivers: Verdict,
    /// Records or events looked at.
    pub checked: u64,
    /// Of these, failed.
    pub failed: u64,
    /// Of these, undecided.
    pub unknown: u64,
    /// Why it does not apply, when it does not.
    pub not_applicable: Option<Localised>,
    /// Parameters used, with where they come from.
    pub parameters: Vec<Parameter>,
    /// Evidence kinds and log files it was decided on.
    pub inputs: Vec<String>,
}

/// What changed since the audit before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trend {
    /// Id of the report before.
    pub previous: String,
    /// The instant it speaks for.
    pub previous_as_of: Timestamp,
    /// Ids of findings that are new.
    pub new: Vec<String>,
    /// Ids of findings that were there before.
    pub still_open: Vec<String>,
    /// Earlier findings that are gone, and whose control was decided this time.
    pub resolved: Vec<Earlier>,
    /// Earlier findings that are not confirmed as gone, because their control is unknown this time.
    pub unconfirmed: Vec<Earlier>,
    /// Earlier findings whose control was not part of this audit.
    pub not_checked: Vec<Earlier>,
    /// Controls whose verdict changed.
    pub verdicts: Vec<Change>,
    /// One point per audit, oldest first, this one last.
    pub history: Vec<Point>,
}

/// A finding of the audit before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Its id.
    pub id: String,
    /// Its control.
    pub control: String,
    /// How bad it was.
    pub severity: Severity,
    /// What it said.
    pub says: Localised,
    /// Since when.
    pub first_seen: Timestamp,
}

/// A changed verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Id of the control.
    pub control: String,
    /// Before.
    pub from: Verdict,
    /// Now.
    pub to: Verdict,
}

/// One audit in the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Id of its report.
    pub report: String,
    /// When.
    pub as_of: Timestamp,
    /// Open findings: critical, high, medium, low.
    pub findings: [u64; 4],
    /// Controls that could not be decided.
    pub unknown: u64,
}
