//! What a report is made from: the results of one audit and everything that a reader needs to repeat it.
//!
//! Assumes that every time in it was read by somebody else. Must never hold staff names other than those of the parties
//! who answer for the audit (R 4.2).

use super::Report;
use crate::clock::{Day, Timestamp};
use crate::crypto::hash::Digest;
use crate::findings::{ControlResult, Severity};
use crate::lang::Localised;
use crate::law::figures::Numbers;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One audit, ready to be reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Who is audited, and by whom.
    pub parties: Parties,
    /// What was looked at, and what was not.
    pub scope: Scope,
    /// First and last instant that the evidence speaks of.
    pub period: Period,
    /// The instant for which the audit speaks.
    pub as_of: Timestamp,
    /// Version of this program, e.g. `0.1.0`.
    pub tool_version: String,
    /// SHA-256 over the catalog of controls that was used.
    pub catalog: Digest,
    /// Every control that was evaluated, with its text.
    pub controls: Vec<Judged>,
    /// Every piece of evidence that was read.
    pub evidence: Vec<Evidence>,
    /// What each log covers.
    pub logs: Vec<LogCoverage>,
    /// What limits the audit, each a sentence.
    pub limits: Vec<Localised>,
    /// Figures of the requests of data subjects; empty when none were audited.
    #[serde(default)]
    pub requests: Vec<RequestFigures>,
    /// The report of the audit before, to compare with.
    pub previous: Option<Report>,
}

impl Input {
    /// An audit of the organisation `controller` as of `as_of`, with nothing in it yet.
    pub fn new(controller: &str, period: Period, as_of: Timestamp, catalog: Digest) -> Self {
        Self {
            parties: Parties { controller: controller.to_owned(), ..Parties::default() },
            scope: Scope::default(),
            period,
            as_of,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            catalog,
            controls: Vec::new(),
            evidence: Vec::new(),
            logs: Vec::new(),
            limits: Vec::new(),
            requests: Vec::new(),
            previous: None,
        }
    }
}

/// A control's text beside its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// What the control says.
    pub text: ControlText,
    /// What the audit found.
    pub result: ControlResult,
}

/// What a control says of itself, as far as a report prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlText {
    /// Its id, e.g. `HAB-AUT-01`.
    pub id: String,
    /// Its slug: the duty in the present tense.
    pub slug: String,
    /// Its family, e.g. `authentication`.
    pub family: String,
    /// How bad it is when it fails.
    pub severity: Severity,
    /// What kind of proof decides it: `config`, `document`, `probe` or `events`.
    pub proof: String,
    /// Provisions it answers: framework (e.g. `gdpr`) to citations (e.g. `32(1)(b)`).
    pub answers: BTreeMap<String, Vec<String>>,
    /// One line.
    pub title: Localised,
    /// What harm it prevents.
    pub why: Localised,
    /// What can happen when it fails.
    pub risk: Localised,
    /// What to do next.
    pub remedy: Localised,
}

/// Who is audited and who audits (11 CCR 7122, 7123(e); ISO 19011 6.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// The controller, business or personal information handler.
    pub controller: String,
    /// Where it is established: ISO 3166 codes.
    #[serde(default)]
    pub places: Vec<String>,
    /// Laws it is subject to, e.g. `gdpr`, `ccpa`, `pipl`.
    #[serde(default)]
    pub regimes: Vec<String>,
    /// Its processors and service providers within the scope.
    #[serde(default)]
    pub processors: Vec<String>,
    /// Its data protection officer.
    #[serde(default)]
    pub officer: Option<String>,
    /// Who answers for the audit.
    #[serde(default)]
    pub auditor: Option<Auditor>,
}

/// Who answers for the audit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Auditor {
    /// Name.
    pub name: String,
    /// Employer or firm.
    #[serde(default)]
    pub affiliation: String,
    /// Qualifications, as stated by the auditor.
    #[serde(default)]
    pub qualifications: String,
    /// The auditor's statement of independence.
    #[serde(default)]
    pub independence: String,
}

/// What the audit looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Systems and modules, e.g. `EspoCRM 8.4 (production)`.
    #[serde(default)]
    pub systems: Vec<String>,
    /// Frameworks the audit was limited to; empty when it was not limited.
    #[serde(default)]
    pub only: Vec<String>,
    /// What was left out, and why.
    #[serde(default)]
    pub exclusions: Vec<Exclusion>,
}

/// Something left out of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// What.
    pub what: Localised,
    /// Why.
    pub reason: Localised,
}

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its first day.
    pub from: Day,
    /// Its last day.
    pub until: Day,
}

/// Requests received in one year about one right under one law, and how they ended (11 CCR 7102(a)(1)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestFigures {
    /// Year, law and right, e.g. `2026/ccpa/deletion`.
    pub id: String,
    /// The calendar year of receipt (UTC).
    pub year: i64,
    /// The law, e.g. `ccpa`.
    pub regime: String,
    /// The right, e.g. `deletion`.
    pub right: String,
    /// How many, how they ended, how long they took; those whose end is not known are among the received.
    #[serde(flatten)]
    pub numbers: Numbers,
    /// How they ended is not known.
    pub undecided: u64,
    /// Extended by a notice.
    pub extended: u64,
    /// The person was asked for proof, or for what they mean.
    pub asked_back: u64,
    /// Answered or stopped late.
    pub late: u64,
}

/// One piece of evidence in the manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// Evidence kind (`users`) or `events` for a log.
    pub kind: String,
    /// File it was read from, as given.
    pub file: String,
    /// SHA-256 of the file's bytes.
    pub sha256: Digest,
    /// The system it speaks of.
    pub source: String,
    /// How it was obtained: `export`, `api`, `probe`, `attestation`, ...
    pub method: String,
    /// When it was so in the source system.
    pub observed_at: Option<Timestamp>,
    /// When it was read from there.
    pub collected_at: Option<Timestamp>,
    /// How many records it holds.
    pub records: u64,
}

/// What one log covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogCoverage {
    /// The log's source or file name.
    pub source: String,
    /// First event.
    pub first: Option<Timestamp>,
    /// Last event.
    pub last: Option<Timestamp>,
    /// Lines read.
    pub lines: u64,
    /// Events read.
    #[serde(default)]
    pub events: u64,
    /// Lines that could not be read as events.
    pub bad_lines: u64,
    /// The same by reason.
    #[serde(default)]
    pub unread: BTreeMap<String, u64>,
    /// Events so far behind that windows did not count them.
    #[serde(default)]
    pub late: u64,
    /// Events told again, with an id that came before; only the first counts.
    #[serde(default)]
    pub duplicates: u64,
    /// Ids forgotten because there were too many of them: duplicates of these would have counted.
    #[serde(default)]
    pub ids_forgotten: u64,
    /// A few of the lines that could not be read.
    #[serde(default)]
    pub samples: Vec<BadLine>,
    /// Times without events that are longer than expected.
    #[serde(default)]
    pub gaps: Vec<Silence>,
}

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadLine {
    /// Offset of its first byte in the (decompressed) file.
    pub offset: u64,
    /// What is wrong with it; never the line itself, which may hold anything.
    pub reason: String,
}

/// A time without events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// The source of the events, as they name it.
    #[serde(default)]
    pub source: String,
    /// Last event before it.
    pub from: Timestamp,
    /// First event after it.
    pub until: Timestamp,
}
