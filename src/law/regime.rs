//! A regime: one privacy law as data, with its rights, clocks, counting rules, pauses and extensions.
//!
//! These are the shapes of `regimes/*.yaml`; `regimes/schema/regime.json` describes the same for other tools. Unknown keys
//! are refused. Must hold no number of days: every number comes from the files.

use super::contents::Contents;
use super::period::{NoSuchDay, Unit};
use crate::clock::Day;
use crate::lang::Localised;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// From when until when a law, right or rule holds, by the day of receipt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// First day; always when absent.
    #[serde(default)]
    pub from: Option<Day>,
    /// Last day; for ever when absent.
    #[serde(default)]
    pub until: Option<Day>,
}

impl Validity {
    /// Whether the rule holds for a request received on `day`.
    pub fn holds_on(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

/// A switch whose positions are all defensible; the outcome names the one that was used.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What it decides, for people.
    pub title: Localised,
    /// The positions it may have.
    pub choices: Vec<String>,
    /// The position when nobody chose.
    pub default: String,
    /// Why it is a choice.
    pub why: Localised,
    /// What it rests on.
    pub cite: String,
}

/// A rule with nothing but its source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cited {
    /// The source of the rule.
    pub cite: String,
}

/// Whether the day of the event is the first day of the period.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstDay {
    /// `true` when it is.
    pub counted: bool,
    /// The source of the rule.
    pub cite: String,
}

/// What stands for a day that a month does not have.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// Which day is taken.
    pub take: NoSuchDay,
    /// The source of the rule.
    pub cite: String,
}

/// Where a period goes that would end on a free day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollTo {
    /// To the next working day.
    NextWorkingDay,
}

/// The rule for periods that would end on a free day; without one they stay.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roll {
    /// Where the end moves to.
    pub to: RollTo,
    /// The source of the rule.
    pub cite: String,
}

/// How the days of a period are counted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counting {
    /// The day of the event; needed for every unit but hours.
    #[serde(default)]
    pub first_day: Option<FirstDay>,
    /// For months.
    #[serde(default)]
    pub no_such_day: Option<Replacement>,
    /// For ends on free days.
    #[serde(default)]
    pub roll: Option<Roll>,
    /// For working days: what makes a day one.
    #[serde(default)]
    pub working_days: Option<Cited>,
    /// For hours.
    #[serde(default)]
    pub hours: Option<Cited>,
    /// The calendar: `place` for the place's own, else an id.
    #[serde(default)]
    pub holidays: Option<String>,
}

/// Which days a pause leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Excluded {
    /// From the day of asking to the day of the reply, both included.
    FromAskingToReceipt,
    /// From the day of asking to the day before the reply; the day of the reply runs again.
    FromAskingToDayBeforeReceipt,
}

/// A lawful standstill of a period while somebody is asked something.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// Its name, for people.
    pub title: Localised,
    /// The event that begins it.
    pub asked: String,
    /// The event that ends it.
    pub given: String,
    /// Which days are left out.
    pub excluded: Excluded,
    /// Asked later than this many days after receipt, it leaves out nothing.
    #[serde(default)]
    pub asked_within_days: Option<i64>,
    /// The switch that must be on `suspend`.
    #[serde(default)]
    pub policy: Option<String>,
    /// The only rights it exists for; all when empty.
    #[serde(default)]
    pub rights: Vec<String>,
    /// For which receipts it is law.
    #[serde(default)]
    pub valid: Validity,
    /// The source of the rule.
    pub cite: String,
}

/// Something whose arrival makes a period begin anew.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// Its name, for people.
    pub title: Localised,
    /// The event that asks for it.
    pub asked: String,
    /// The event of its arrival.
    pub given: String,
    /// For which receipts it is law.
    #[serde(default)]
    pub valid: Validity,
    /// The source of the rule.
    pub cite: String,
}

/// Events that people expect to matter and that do not.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ignored {
    /// Their names.
    pub events: Vec<String>,
    /// Why they change nothing.
    pub why: Localised,
    /// The source of the rule.
    pub cite: String,
}

/// What the date of a clock means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The last day for doing something.
    #[default]
    Deadline,
    /// The first day on which something is allowed.
    NotBefore,
    /// The day until which something must be kept, at least.
    KeepUntil,
    /// The last day on which a repeated request may be refused.
    MayRefuseUntil,
    /// A number of free requests in a rolling period; the date is the first on which one is free again.
    Quota,
}

/// What a number of days rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The text of a law or regulation.
    Law,
    /// A standard or guidance that practice follows.
    Practice,
    /// Our own default, because the law says only "without delay" or nothing.
    Default,
}

/// A length of time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
    /// A counting rule of its own.
    #[serde(default)]
    pub counting: Option<String>,
}

/// Events that end a period early.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoLaterThan {
    /// Their names.
    pub events: Vec<String>,
    /// The source of the rule.
    pub cite: String,
}

/// How a clock extends another.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extends {
    /// The clock that is extended.
    pub clock: String,
    /// The event that extends it, when it comes no later than that clock's date.
    pub notice: String,
    /// The source of the rule.
    pub cite: String,
}

/// On which side of the date another reading lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// Earlier or equal: a target that is safe under every reading.
    Safe,
    /// Later or equal: arguable, never relied on.
    Lenient,
}

/// The same clock under another reading of the law.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// Its name.
    pub name: String,
    /// Its side.
    pub reading: Reading,
    /// What is different, for people.
    pub title: Localised,
    /// Another counting rule.
    #[serde(default)]
    pub counting: Option<String>,
    /// Counted on from the end of the clock that is extended.
    #[serde(default)]
    pub chained: Option<Span>,
    /// So many days before the date.
    #[serde(default)]
    pub days_earlier: Option<i64>,
    /// The source of the reading.
    pub cite: String,
}

/// A clock that runs only under one position of a switch.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The switch.
    pub policy: String,
    /// Its position.
    pub is: String,
}

/// One legal period.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockRule {
    /// The name it is shown under, where that is not its key.
    #[serde(default)]
    pub name: Option<String>,
    /// What must be done, for people.
    pub title: Localised,
    /// What its date means.
    #[serde(default)]
    pub kind: Kind,
    /// Only under this position of a switch.
    #[serde(default)]
    pub when: Option<When>,
    /// The event it runs from.
    pub from: String,
    /// Its length; of several the earliest end counts. Exactly one of this, `at_once` and `unknown`.
    #[serde(default)]
    pub within: Vec<Span>,
    /// Owed at once, without a number of days.
    #[serde(default)]
    pub at_once: bool,
    /// Nobody told us its length.
    #[serde(default)]
    pub unknown: bool,
    /// How many are free, for a quota.
    #[serde(default)]
    pub times: Option<u32>,
    /// The counting rule.
    #[serde(default)]
    pub counting: Option<String>,
    /// What makes it begin anew.
    #[serde(default)]
    pub restarts: Vec<String>,
    /// What makes it stand still.
    #[serde(default)]
    pub pauses: Vec<String>,
    /// What ends it early.
    #[serde(default)]
    pub no_later_than: Option<NoLaterThan>,
    /// Which clock it extends.
    #[serde(default)]
    pub extends: Option<Extends>,
    /// Other readings.
    #[serde(default)]
    pub alternatives: Vec<Alternative>,
    /// A condition that the events do not show.
    #[serde(default)]
    pub applies: Option<Localised>,
    /// Events that fulfil it.
    #[serde(default)]
    pub met_by: Vec<String>,
    /// What its number of days rests on.
    pub basis: Basis,
    /// The source of the duty.
    pub cite: String,
}

/// One right, or one duty with a clock: where it stands in the law and which periods it has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RightRule {
    /// The provisions that grant it.
    pub articles: Vec<String>,
    /// For which receipts it exists.
    #[serde(default)]
    pub valid: Validity,
    /// The receipt of the request is also this event.
    #[serde(default)]
    pub received_is: Option<String>,
    /// Its clocks, in order.
    pub clocks: Vec<String>,
}

/// Who looked at a file last, and against what.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reviewed {
    /// When.
    pub on: Day,
    /// Against which sources.
    pub sources: Vec<String>,
}

/// One law.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regime {
    /// Its id, e.g. `eu-gdpr`.
    pub id: String,
    /// Its name, for people.
    pub title: Localised,
    /// Its short name in citations.
    pub law: String,
    /// When it is in force, by day of receipt.
    pub valid: Validity,
    /// The version of this file, kept with every date computed from it.
    pub version: String,
    /// When it was last compared with its sources.
    pub reviewed: Reviewed,
    /// Where it applies, by place id.
    pub places: Vec<String>,
    /// The source of the rule that receipt starts the clock.
    pub receipt: Cited,
    /// Switches.
    #[serde(default)]
    pub policies: BTreeMap<String, Policy>,
    /// Counting rules.
    #[serde(default)]
    pub counting: BTreeMap<String, Counting>,
    /// Lawful standstills.
    #[serde(default)]
    pub pauses: BTreeMap<String, Pause>,
    /// Lawful new beginnings.
    #[serde(default)]
    pub restarts: BTreeMap<String, Restart>,
    /// Events without effect.
    #[serde(default)]
    pub ignored: Vec<Ignored>,
    /// Legal periods.
    pub clocks: BTreeMap<String, ClockRule>,
    /// Rights and duties.
    pub rights: BTreeMap<String, RightRule>,
    /// What is asked for, charged, refused, withheld and written.
    #[serde(default)]
    pub contents: Contents,
}
