//! A plan as people write it down: which records of which system, what is kept and why. Its digest names it ever after.
//!
//! TOML: `records = [{system = "crm", record = "contact/42", fingerprint = "..."}]`, a table `[kept]` of field and ground,
//! and a table `[words]` for the answer. Records may come in any order; the digest is over them sorted. The same records
//! read again just before acting must give the same digest (I9).

use super::outcome::Plan;
use crate::crypto::hash::Digest;
use crate::ledger::entry::Word;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most records in one plan.
pub const MOST_RECORDS: usize = 100_000;

/// A plan that cannot be used. Says the line, and nothing of what stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Not of the form.
    #[error(
        "line {line}: expected records = [{{system, record, fingerprint}}], a table [kept] of field and ground, and a table [words]"
    )]
    Form {
        /// The line.
        line: usize,
    },
    /// A record twice.
    #[error("record {at} (from 1) stands there twice")]
    Twice {
        /// Its position.
        at: usize,
    },
    /// More than a plan may hold.
    #[error("more than {MOST_RECORDS} records; make several plans")]
    TooMany,
}

/// One record with what it looked like when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The system, e.g. `crm`.
    pub system: String,
    /// Its id there.
    pub record: String,
    /// A hash over its content, or its version.
    pub fingerprint: String,
}

/// A plan as written.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The records; none where the person is not found.
    #[serde(default)]
    pub records: Vec<Record>,
    /// What is kept or withheld, field by field, each with its ground.
    #[serde(default)]
    pub kept: BTreeMap<Word, Word>,
    /// What the answer says.
    #[serde(default)]
    pub words: toml::Table,
}

impl Written {
    /// Reads a plan.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let written: Self = toml::from_str(text).map_err(|e| {
            let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            PlanError::Form { line: before.matches('\n').count() + 1 }
        })?;
        if written.records.len() > MOST_RECORDS {
            return Err(PlanError::TooMany);
        }
        let mut seen = BTreeSet::new();
        match written.records.iter().position(|r| !seen.insert((&r.system, &r.record))) {
            Some(at) => Err(PlanError::Twice { at: at + 1 }),
            None => Ok(written),
        }
    }

    /// The plan that this describes.
    pub fn plan(&self) -> Plan {
        let sorted: BTreeSet<&Record> = self.records.iter().collect();
        // Lengths before the parts, so that no two lists spell the same bytes.
        let mut bytes = b"habeas plan v1\n".to_vec();
        for part in sorted.iter().flat_map(|r| [&r.system, &r.record, &r.fingerprint]) {
            bytes.extend(format!("{}:{part}\n", part.len()).into_bytes());
        }
        for (field, ground) in &self.kept {
            bytes.extend(format!("kept {} {}\n", field.as_str(), ground.as_str()).into_bytes());
        }
        let records = u32::try_from(sorted.len()).unwrap_or(u32::MAX);
        Plan { digest: Digest::of(&bytes), records, kept: self.kept.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "records = [\n  {system = \"crm\", record = \"42\", fingerprint = \"aa\"},\n  {system = \"shop\", record = \"7\", fingerprint = \"bb\"},\n]\n[kept]\ninvoices = \"legal-obligation\"\n[words]\nerased = [\"contact\"]\n";

    #[test]
    fn a_plan_is_named_by_what_it_does_and_not_by_how_it_is_written() {
        let plan = Written::parse(PLAN).unwrap().plan();
        assert_eq!((plan.records, plan.kept.len()), (2, 1));
        let turned = "records = [\n  {system = \"shop\", record = \"7\", fingerprint = \"bb\"},\n  {system = \"crm\", record = \"42\", fingerprint = \"aa\"},\n]\n[kept]\ninvoices = \"legal-obligation\"\n";
        assert_eq!(Written::parse(turned).unwrap().plan(), plan, "order and words make no other plan");
        for (from, to) in
            [("\"aa\"", "\"ab\""), ("\"42\"", "\"43\""), ("legal-obligation", "legal-claims"), ("crm", "cr")]
        {
            assert_ne!(Written::parse(&PLAN.replace(from, to)).unwrap().plan().digest, plan.digest, "{from}");
        }
    }

    #[test]
    fn a_plan_that_is_wrong_says_where_and_repeats_nothing() {
        let error = Written::parse("records = [\n  {system = \"crm\", name = \"Ann\"},\n]\n").unwrap_err();
        assert!(error.to_string().starts_with("line 2:") && !error.to_string().contains("Ann"), "{error}");
        let twice = PLAN.replace("shop", "crm").replace("\"7\"", "\"42\"");
        assert_eq!(Written::parse(&twice).unwrap_err(), PlanError::Twice { at: 2 });
    }
}
