//! The example company: evidence and events made from a seed, with planted weaknesses and incidents.
//!
//! Assumes nothing of the machine: the same seed and instant give the same bytes. The planted list is both the
//! documentation of the example and the expected result of a test; nothing else may come out as a failure.

mod chance;
mod incidents;
mod log;
mod misuse;
mod moment;
mod people;
mod phones;
mod planted;

pub use planted::{Planted, planted};

use crate::clock::Timestamp;
use chance::Chance;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The example as it is by default: the instant of the audit, the seed, and how many events the log holds.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The instant the evidence is of; the log covers the 30 days before it.
    pub as_of: Timestamp,
    /// Chooses the company; equal seeds give equal bytes.
    pub seed: u64,
    /// Lines of the access log, at least 150,000 (the staff's own work and the incidents).
    pub events: usize,
}

/// Events of the default example.
pub const DEFAULT_EVENTS: usize = 200_000;
/// The default instant in milliseconds: 2026-10-31T22:00:00Z.
const DEFAULT_AS_OF_MS: i64 = 1_793_484_000_000;

impl Settings {
    /// The default example for `seed`.
    pub fn with_seed(seed: u64) -> Option<Self> {
        Some(Self { as_of: Timestamp::from_millis(DEFAULT_AS_OF_MS)?, seed, events: DEFAULT_EVENTS })
    }
}

/// A company as evidence and as a log.
pub struct Company {
    /// One envelope per evidence kind, by kind.
    pub evidence: BTreeMap<String, Value>,
    /// The access log, one canonical event a line.
    pub events: Vec<u8>,
}

/// The example company could not be made; the embedded description of it is wrong.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The embedded YAML does not parse.
    #[error("assets/demo/{file}: {reason}")]
    Description {
        /// The file.
        file: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A planted change names something that is not there.
    #[error("planted `{id}` changes `{place}`, which the company does not have")]
    NoSuchPlace {
        /// The planted weakness.
        id: String,
        /// What it wants to change.
        place: String,
    },
}

/// Makes the company, planted weaknesses and incidents included.
pub fn company(settings: &Settings) -> Result<Company, DemoError> {
    let mut kinds = clean_evidence(settings)?;
    for plant in planted()? {
        plant.apply(&mut kinds, settings.as_of)?;
    }
    let events = log::write(settings, &kinds);
    let evidence = kinds.into_iter().map(|(kind, data)| (kind.clone(), envelope(&kind, data, settings))).collect();
    Ok(Company { evidence, events })
}

/// The evidence of a company with nothing wrong.
fn clean_evidence(settings: &Settings) -> Result<BTreeMap<String, Value>, DemoError> {
    let text = include_str!("../../assets/demo/company.yaml");
    let described: BTreeMap<String, Value> = serde_saphyr::from_str(text)
        .map_err(|e| DemoError::Description { file: "company.yaml", reason: e.to_string() })?;
    let mut kinds: BTreeMap<String, Value> =
        described.into_iter().map(|(k, v)| (k, moment::resolve(v, settings.as_of))).collect();
    let mut chance = Chance::new(settings.seed, 1);
    let staff = people::staff(&mut chance, settings.as_of);
    people::add(&staff, &mut kinds, settings.as_of);
    phones::add(&mut Chance::new(settings.seed, 2), &mut kinds, settings.as_of);
    Ok(kinds)
}

fn envelope(kind: &str, data: Value, settings: &Settings) -> Value {
    let system = match kind {
        "devices" | "mdm" => "example device management",
        "hr" | "training" | "phishing" => "example personnel system",
        k if k.ends_with("_probe") => "habeas probe",
        _ => "example CRM",
    };
    let mut envelope = Map::new();
    envelope.insert("habeas".into(), json!("evidence/1"));
    envelope.insert("kind".into(), json!(kind));
    envelope.insert("source".into(), json!({"system": system, "method": "demo", "collector": "habeas demo"}));
    envelope.insert("observed_at".into(), json!(settings.as_of));
    envelope.insert("collected_at".into(), json!(settings.as_of));
    envelope.insert("data".into(), data);
    Value::Object(envelope)
}
