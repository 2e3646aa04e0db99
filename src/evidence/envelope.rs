//! The envelope every piece of evidence comes in, and bundles of envelopes.

use super::decode::{Violation, decode_value};
use super::kind::Kinds;
use crate::clock::Timestamp;
use crate::expr::Value;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

/// Version mark of an envelope.
pub(super) const ENVELOPE: &str = "evidence/1";
/// Version mark of a bundle.
pub(super) const BUNDLE: &str = "snapshot/1";

/// Where evidence comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The system it describes, e.g. `odoo`.
    pub system: String,
    /// How it was obtained.
    pub method: Method,
    /// Program and version that collected it.
    pub collector: String,
    /// For attestations, who attests it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attested_by: Option<String>,
}

/// How evidence was obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A file exported from the system.
    Export,
    /// The system's programming interface.
    Api,
    /// Its database.
    Sql,
    /// A measurement from outside.
    Probe,
    /// A person's word.
    Attestation,
    /// Made up for the example company.
    Demo,
}

/// An envelope or a bundle; which of the two is told by `habeas`.
#[derive(Default)]
pub(super) struct Document<'a> {
    pub(super) habeas: Cow<'a, str>,
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) source: Option<Source>,
    pub(super) observed_at: Option<Timestamp>,
    pub(super) collected_at: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) data: Option<Data<'a>>,
    pub(super) evidence: Option<Vec<&'a RawValue>>,
}

/// The data of an envelope: decoded at once when the kind stood before them, so that a large file is read only once.
pub(super) enum Data<'a> {
    Raw(&'a RawValue),
    Decoded(Value),
}

/// Reads a document; a violation of the kind's schema is left in `refused`.
pub(super) struct DocumentSeed<'s> {
    pub(super) kinds: &'s Kinds,
    pub(super) refused: &'s RefCell<Option<(String, Violation)>>,
}

const KEYS: [&str; 8] = ["habeas", "kind", "source", "observed_at", "collected_at", "expires_at", "data", "evidence"];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Habeas,
    Kind,
    Source,
    ObservedAt,
    CollectedAt,
    ExpiresAt,
    Data,
    Evidence,
}

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = Document<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Document<'de>, D::Error> {
        from.deserialize_struct("an envelope", &KEYS, self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed<'_> {
    type Value = Document<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an envelope")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document<'de>, A::Error> {
        let mut document = Document::default();
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<Key>()? {
            if !seen.insert(key) {
                return Err(A::Error::duplicate_field(KEYS.get(key as usize).copied().unwrap_or_default()));
            }
            match key {
                Key::Habeas => document.habeas = map.next_value()?,
                Key::Kind => document.kind = Some(map.next_value()?),
                Key::Source => document.source = Some(map.next_value()?),
                Key::ObservedAt => document.observed_at = Some(map.next_value()?),
                Key::CollectedAt => document.collected_at = Some(map.next_value()?),
                Key::ExpiresAt => document.expires_at = map.next_value()?,
                Key::Data => document.data = Some(self.data(document.kind.as_deref(), &mut map)?),
                Key::Evidence => document.evidence = Some(map.next_value()?),
            }
        }
        if !seen.contains(&Key::Habeas) {
            return Err(A::Error::missing_field("habeas"));
        }
        Ok(document)
    }
}

impl DocumentSeed<'_> {
    fn data<'de, A: MapAccess<'de>>(&self, kind: Option<&str>, map: &mut A) -> Result<Data<'de>, A::Error> {
        let Some(kind) = kind.and_then(|k| self.kinds.get(k)) else { return map.next_value().map(Data::Raw) };
        decode_value(map, &kind.shape).map(Data::Decoded).map_err(|(error, violation)| {
            *self.refused.borrow_mut() = violation.map(|v| (kind.name.clone(), v));
            error
        })
    }
}
