//! The neutral form of an alert: made from a firing of the event engine or from a finding of an audit.

use super::severity::Level;
use super::staff::Staff;
use super::visible::visible;
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::findings::Place;
use crate::report::{FindingView, Report, Status};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Digits of an alert's id.
const ID_DIGITS: usize = 32;

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A rule matched in an access log.
    Firing,
    /// An audit found that a control is not met.
    Finding,
}

impl Kind {
    /// The word used in every format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Finding => "finding",
        }
    }
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value, or the pseudonym of it.
    pub value: String,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// The log file's name, without its folders.
    pub file: String,
    /// Offset of the line's first byte in the decompressed file.
    pub offset: u64,
}

/// One alert. Every text in it is visible (no control characters) and pseudonymous unless revealing was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The same for the same firing or finding in every run with the same key, so that a receiver can drop doubles.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// When it happened.
    pub at: Timestamp,
    /// How urgent it is.
    pub level: Level,
    /// Id of the rule or control; its title when it has no id.
    pub rule: String,
    /// One line of words.
    pub title: String,
    /// Whom and what it is about.
    pub key: Vec<Field>,
    /// Events in the window, or records affected; at least 1.
    pub count: u64,
    /// The number that the rule computed, when it computed one other than the count.
    pub value: Option<f64>,
    /// The first event of the window.
    pub first: Option<Spot>,
    /// The event that completed it.
    pub last: Option<Spot>,
}

/// A line that is not a firing.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is not a firing: {source}; give the output of `habeas events scan --json`")]
pub struct AlertError {
    line: u64,
    #[source]
    source: serde_json::Error,
}

/// A line of `habeas events scan --json`.
#[derive(Deserialize)]
struct FiringLine {
    rule: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    level: String,
    key: Map<String, Value>,
    at: Timestamp,
    count: u64,
    value: Option<f64>,
    first: Spot,
    last: Spot,
}

impl Alert {
    /// The alert of line number `line` (from 1) of `habeas events scan --json`; `otherwise` is the level of rules without one.
    pub fn of_firing(text: &str, line: u64, staff: &Staff, otherwise: Level) -> Result<Self, AlertError> {
        let firing: FiringLine = serde_json::from_str(text).map_err(|source| AlertError { line, source })?;
        let key = firing.key.iter().map(|(name, value)| field(name, &plain_text(value), staff)).collect();
        let rule = if firing.id.is_empty() { &firing.rule } else { &firing.id };
        Ok(Self {
            id: String::new(),
            kind: Kind::Firing,
            at: firing.at,
            level: Level::of_word(&firing.level.to_lowercase()).unwrap_or(otherwise),
            rule: visible(rule),
            title: visible(&firing.rule),
            key,
            count: firing.count.max(1),
            value: firing.value.filter(|v| v.is_finite()),
            first: Some(spot(&firing.first.file, firing.first.offset)),
            last: Some(spot(&firing.last.file, firing.last.offset)),
        }
        .with_id())
    }

    /// The alerts of the findings of `report`, in its order; waived findings alert nobody. The words of a finding may name
    /// people, so that the title of its control stands for them.
    pub fn of_report(report: &Report, staff: &Staff) -> Vec<Self> {
        let title = |control: &str| {
            let found = report.controls.iter().find(|c| c.id == control);
            found.map_or_else(|| control.to_owned(), |c| c.title.get("en").to_owned())
        };
        let open = report.findings.iter().filter(|f| f.status != Status::Waived);
        open.map(|f| Self::of_finding(f, &title(&f.control), staff)).collect()
    }

    fn of_finding(finding: &FindingView, title: &str, staff: &Staff) -> Self {
        let (key, last) = place(&finding.place, staff);
        let check = (!finding.check.is_empty()).then(|| Field { name: "check".into(), value: visible(&finding.check) });
        Self {
            id: String::new(),
            kind: Kind::Finding,
            // The instant of the first report keeps the id from changing with every audit.
            at: finding.first_seen,
            level: finding.severity.into(),
            rule: visible(&finding.control),
            title: visible(title),
            key: check.into_iter().chain(key).collect(),
            count: finding.affected.max(1),
            value: None,
            first: None,
            last,
        }
        .with_id()
    }

    /// The id covers what tells this alert from others, in its pseudonymous form: a hash of the clear form would let anybody
    /// with a list of staff find out who it is. What may change from run to run (title, level, count) is left out.
    fn with_id(mut self) -> Self {
        let at = self.at.millis();
        let last = self.last.as_ref().filter(|_| self.kind == Kind::Firing);
        let parts = serde_json::json!([self.kind.word(), self.rule, at, self.key, last]);
        self.id = Digest::of(parts.to_string().as_bytes()).short(ID_DIGITS);
        self
    }

    /// The alert in one line of words: title, key and count.
    pub fn line(&self) -> String {
        let key: Vec<String> = self.key.iter().map(|f| format!("{}={}", f.name, f.value)).collect();
        let key = if key.is_empty() { String::new() } else { format!(" ({})", key.join(", ")) };
        format!("{}{key}, {}x", self.title, self.count)
    }
}

fn field(name: &str, value: &str, staff: &Staff) -> Field {
    Field { name: visible(name), value: visible(&staff.shown(name, value)) }
}

fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Folders above a log may be named after people; the file is enough to find it again.
fn spot(file: &str, offset: u64) -> Spot {
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    Spot { file: visible(name), offset }
}

fn place(place: &Place, staff: &Staff) -> (Vec<Field>, Option<Spot>) {
    match place {
        Place::Snapshot { kind, record, .. } => {
            let record = record.as_ref().map(|r| field("record", r, staff));
            (std::iter::once(field("kind", kind, staff)).chain(record).collect(), None)
        }
        Place::Log { file, offset, key } => {
            let fields = key.split(", ").filter(|k| !k.is_empty()).map(|pair| match pair.split_once('=') {
                Some((name, value)) => field(name, value, staff),
                None => field("key", pair, staff),
            });
            (fields.collect(), Some(spot(file, *offset)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::staff::PseudonymKey;

    const LINE: &str = r#"{"rule":"Bulk export","id":"r-1","level":"high","key":{"actor":"ann","action":"export"},"at":"2026-03-05T09:30:00.120Z","count":12,"first":{"file":"/home/ann/a.ndjson","offset":0},"last":{"file":"/home/ann/a.ndjson","offset":99}}"#;

    fn staff() -> Staff {
        Staff::Pseudonyms { key: PseudonymKey::new(&[7; 32]).unwrap(), plain: Default::default() }
    }

    fn of(line: &str) -> Alert {
        Alert::of_firing(line, 1, &staff(), Level::Medium).unwrap()
    }

    #[test]
    fn a_firing_keeps_its_facts_and_loses_the_name() {
        let alert = of(LINE);
        assert_eq!((alert.level, alert.count, alert.rule.as_str()), (Level::High, 12, "r-1"));
        assert_eq!(alert.last, Some(Spot { file: "a.ndjson".into(), offset: 99 }));
        assert!(!serde_json::to_string(&alert).unwrap().contains("ann"));
        assert_eq!(alert.key.iter().find(|f| f.name == "action").unwrap().value, "export");
        let shown = Alert::of_firing(LINE, 1, &Staff::Revealed, Level::Medium).unwrap();
        assert!(shown.key.iter().any(|f| f.value == "ann"));
    }

    #[test]
    fn the_id_is_the_same_for_the_same_firing_and_another_for_every_other() {
        let id = of(LINE).id;
        assert_eq!(id.len(), 32);
        for same in [LINE.replace("Bulk", "Large"), LINE.replace(":12", ":13"), LINE.replace("high", "low")] {
            assert_eq!(of(&same).id, id, "{same}");
        }
        for other in [
            LINE.replace("\"ann\"", "\"bob\""),
            LINE.replace("r-1", "r-2"),
            LINE.replace(".120", ".121"),
            LINE.replace("99", "98"),
        ] {
            assert_ne!(of(&other).id, id, "{other}");
        }
    }

    #[test]
    fn a_rule_without_level_gets_the_one_asked_for_and_a_bad_line_is_named() {
        assert_eq!(of(&LINE.replace("\"high\"", "\"\"")).level, Level::Medium);
        let error = Alert::of_firing("{\"rule\":1}", 7, &staff(), Level::Low).unwrap_err().to_string();
        assert!(error.starts_with("line 7 is not a firing"), "{error}");
    }
}
