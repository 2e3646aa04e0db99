//! Waivers: failures that somebody with authority accepts for a time. Shown, never hidden.
//!
//! Must never turn an unknown into anything else, and never count after its last day.

use super::{ControlResult, Verdict, Waived};
use crate::clock::Day;
use serde::Deserialize;

/// A waivers file cannot be used; names the entry by its number, counted from 1.
#[derive(Debug, thiserror::Error)]
pub enum WaiverError {
    /// Not YAML of the right form.
    #[error("`{file}`: {reason}")]
    Form {
        /// The file.
        file: String,
        /// The parser's words, with line and column.
        reason: String,
    },
    /// An entry breaks a rule.
    #[error("`{file}`, waiver {number} for `{what}`: {rule}")]
    Rule {
        /// The file.
        file: String,
        /// Which entry, from 1.
        number: usize,
        /// What it waives.
        what: String,
        /// The rule broken, and what to do.
        rule: &'static str,
    },
}

/// One entry of a waivers file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Id of a finding (`HAB-AUT-01-1a2b3c4d`) or of a control (`HAB-AUT-01`: all its findings).
    pub waives: String,
    /// Why the risk is accepted.
    pub reason: String,
    /// What is done instead.
    pub compensating: String,
    /// Who wrote it.
    pub author: String,
    /// Who approved it; must not be the author.
    pub approver: String,
    /// Last day on which it counts. Compulsory.
    pub expires_on: Day,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    waivers: Vec<Waiver>,
}

/// Reads a waivers file: `waivers: [{waives, reason, compensating, author, approver, expires_on}]`.
pub fn parse(file: &str, text: &str) -> Result<Vec<Waiver>, WaiverError> {
    let form = |reason: String| WaiverError::Form { file: file.to_owned(), reason };
    let waivers = serde_saphyr::from_str::<File>(text).map_err(|e| form(e.to_string()))?.waivers;
    for (number, waiver) in (1..).zip(&waivers) {
        if let Some(rule) = waiver.broken_rule() {
            return Err(WaiverError::Rule { file: file.to_owned(), number, what: waiver.waives.clone(), rule });
        }
    }
    Ok(waivers)
}

impl Waiver {
    fn broken_rule(&self) -> Option<&'static str> {
        let same = |a: &str, b: &str| a.trim().eq_ignore_ascii_case(b.trim());
        if same(&self.author, &self.approver) {
            return Some("the approver must be somebody else than the author");
        }
        let blank = [&self.waives, &self.reason, &self.compensating, &self.author, &self.approver];
        blank
            .iter()
            .any(|t| t.trim().is_empty())
            .then_some("reason, compensating, author and approver must say something")
    }

    fn covers(&self, control: &str, finding: &str) -> bool {
        self.waives == control || self.waives == finding
    }

    fn to_record(&self) -> Waived {
        Waived {
            what: self.waives.clone(),
            reason: self.reason.clone(),
            compensating: self.compensating.clone(),
            author: self.author.clone(),
            approver: self.approver.clone(),
            expires_on: self.expires_on,
        }
    }
}

/// What became of the waivers in one audit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unused {
    /// Waivers past their last day: their findings count again.
    pub expired: Vec<String>,
    /// Waivers that name no finding or control of this audit.
    pub without_finding: Vec<String>,
}

/// Marks what is waived on day `on`. A control is waived only when every finding is; one with unknowns stays unknown.
pub fn apply(results: &mut [ControlResult], waivers: &[Waiver], on: Day) -> Unused {
    let mut unused = Unused::default();
    for waiver in waivers {
        if waiver.expires_on < on {
            unused.expired.push(waiver.waives.clone());
        } else if !waive(results, waiver) {
            unused.without_finding.push(waiver.waives.clone());
        }
    }
    for result in results {
        result.verdict = verdict(result);
    }
    unused
}

fn waive(results: &mut [ControlResult], waiver: &Waiver) -> bool {
    let hit = |r: &ControlResult| r.findings.iter().any(|f| waiver.covers(&r.control, &f.id));
    let mut any = false;
    for result in results.iter_mut().filter(|r| hit(r)) {
        result.waived.push(waiver.to_record());
        any = true;
    }
    any
}

fn verdict(result: &ControlResult) -> Verdict {
    let waived = |id: &str| result.waived.iter().any(|w| w.what == id || w.what == result.control);
    let all = result.findings.iter().all(|f| waived(&f.id));
    match result.verdict_without_waivers {
        Verdict::Fail if all && result.unknown > 0 => Verdict::Unknown,
        Verdict::Fail if all => Verdict::Waived,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hash::Digest;
    use crate::findings::{Finding, Place, Severity};
    use crate::lang::Localised;

    fn finding(n: u8) -> Finding {
        let place = Place::Snapshot { kind: "users".into(), pointer: format!("/{n}"), record: Some(format!("u{n}")) };
        Finding {
            id: Finding::stable_id("HAB-AUT-01", "", &place),
            control: "HAB-AUT-01".into(),
            check: String::new(),
            severity: Severity::Critical,
            place,
            says: Localised::default(),
            because: String::new(),
            shown: Vec::new(),
            affected: 1,
            first_seen: None,
            last_seen: None,
        }
    }

    fn result(unknown: u64) -> ControlResult {
        ControlResult {
            control: "HAB-AUT-01".into(),
            version: Digest::of(b""),
            verdict: Verdict::Fail,
            verdict_without_waivers: Verdict::Fail,
            checked: 2,
            failed: 2,
            unknown,
            findings: vec![finding(1), finding(2)],
            gaps: Vec::new(),
            not_applicable: None,
            waived: Vec::new(),
            parameters: Vec::new(),
            inputs: Vec::new(),
        }
    }

    fn waiver(waives: &str, expires_on: &str) -> Waiver {
        let entry = format!(
            "waivers: [{{waives: {waives}, reason: r, compensating: c, author: a, approver: b, expires_on: {expires_on}}}]"
        );
        parse("w.yaml", &entry).unwrap().remove(0)
    }

    fn verdict_with(waivers: &[Waiver], unknown: u64) -> (Verdict, Unused) {
        let mut results = [result(unknown)];
        let unused = apply(&mut results, waivers, "2026-06-30".parse().unwrap());
        assert_eq!(results[0].verdict_without_waivers, Verdict::Fail, "the figure without waivers must stay");
        (results[0].verdict, unused)
    }

    #[test]
    fn a_control_is_waived_only_when_every_finding_is_and_nothing_is_unknown() {
        let one = waiver(&finding(1).id, "2026-06-30");
        let other = waiver(&finding(2).id, "2026-06-30");
        assert_eq!(verdict_with(std::slice::from_ref(&one), 0).0, Verdict::Fail);
        assert_eq!(verdict_with(&[one.clone(), other.clone()], 0).0, Verdict::Waived);
        assert_eq!(verdict_with(&[one, other], 1).0, Verdict::Unknown);
        assert_eq!(verdict_with(&[waiver("HAB-AUT-01", "2027-01-01")], 0).0, Verdict::Waived);
    }

    #[test]
    fn a_waiver_counts_on_its_last_day_and_not_after() {
        assert_eq!(verdict_with(&[waiver("HAB-AUT-01", "2026-06-30")], 0).0, Verdict::Waived);
        let (verdict, unused) = verdict_with(&[waiver("HAB-AUT-01", "2026-06-29")], 0);
        assert_eq!((verdict, unused.expired), (Verdict::Fail, vec!["HAB-AUT-01".to_owned()]));
        assert_eq!(verdict_with(&[waiver("HAB-SES-01", "2027-01-01")], 0).1.without_finding, ["HAB-SES-01"]);
    }

    #[test]
    fn files_without_expiry_or_second_person_are_refused_with_their_place() {
        let base =
            "waivers: [{waives: X, reason: r, compensating: c, author: Ann, approver: ' ann', expires_on: 2026-01-01}]";
        assert_eq!(
            parse("w.yaml", base).unwrap_err().to_string(),
            "`w.yaml`, waiver 1 for `X`: the approver must be somebody else than the author"
        );
        for bad in [
            base.replace(", expires_on: 2026-01-01", ""),
            base.replace("reason: r", "why: r"),
            base.replace("2026-01-01", "soon"),
        ] {
            assert!(matches!(parse("w.yaml", &bad), Err(WaiverError::Form { .. })), "{bad}");
        }
    }
}
