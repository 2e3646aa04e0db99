//! A control's file as it is written, before anything in it is understood.

use super::control::{Proof, Status, WhenEmpty};
use super::params::ParamType;
use super::yaml::{Line, Ordered};
use crate::clock::Day;
use crate::findings::Severity;
use crate::lang::Localised;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawControl {
    pub(super) id: String,
    pub(super) slug: String,
    pub(super) status: Status,
    pub(super) replaced_by: Option<String>,
    pub(super) severity: Severity,
    pub(super) evidence: Proof,
    pub(super) answers: BTreeMap<String, Vec<String>>,
    pub(super) title: Localised,
    pub(super) why: Localised,
    pub(super) risk: Localised,
    pub(super) remedy: Localised,
    #[serde(default)]
    pub(super) needs: BTreeMap<String, RawNeed>,
    pub(super) applies: Option<RawApplies>,
    #[serde(default)]
    pub(super) params: BTreeMap<String, RawParam>,
    pub(super) check: RawChecks,
    pub(super) reviewed: RawReviewed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNeed {
    pub(super) fresh_for_days: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawApplies {
    pub(super) when: Line,
    pub(super) otherwise: Localised,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawParam {
    #[serde(rename = "type")]
    pub(super) ty: ParamType,
    pub(super) default: Json,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) source: String,
    pub(super) means: Localised,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReviewed {
    pub(super) on: Day,
    pub(super) sources: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCheck {
    pub(super) name: Option<String>,
    pub(super) each: Option<Line>,
    #[serde(rename = "as")]
    pub(super) element: Option<String>,
    #[serde(default)]
    pub(super) join: Ordered<RawJoin>,
    #[serde(rename = "where")]
    pub(super) filter: Option<Line>,
    pub(super) require: Option<Line>,
    pub(super) says: Option<Localised>,
    #[serde(default)]
    pub(super) show: Vec<Line>,
    pub(super) record: Option<Line>,
    pub(super) severity: Option<Severity>,
    pub(super) when_empty: Option<WhenEmpty>,
    pub(super) detect: Option<Json>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawJoin {
    #[serde(rename = "in")]
    pub(super) within: Line,
    pub(super) on: String,
    pub(super) equals: Line,
    #[serde(default)]
    pub(super) many: bool,
}

/// One check, or a list of named ones.
#[derive(Debug)]
pub(super) struct RawChecks(pub(super) Vec<RawCheck>);

impl<'de> Deserialize<'de> for RawChecks {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> serde::de::Visitor<'de> for OneOrMany {
            type Value = RawChecks;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one check, or a list of named checks")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<RawChecks, A::Error> {
                let check = RawCheck::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(RawChecks(vec![check]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<RawChecks, A::Error> {
                let mut checks = Vec::new();
                while let Some(check) = seq.next_element()? {
                    checks.push(check);
                }
                Ok(RawChecks(checks))
            }
        }
        from.deserialize_any(OneOrMany)
    }
}
