//! What is wrong with the example company, as data: each weakness, the change that makes it, the findings it must give.

use super::{DemoError, moment};
use crate::clock::Timestamp;
use crate::lang::Localised;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One planted weakness or incident.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planted {
    /// Its name in the example.
    pub id: String,
    /// What is wrong, in words.
    pub says: Localised,
    #[serde(default)]
    change: Vec<Change>,
    /// Name of the script in the log, for incidents.
    #[serde(default)]
    pub incident: Option<String>,
    /// The findings that must come out: control, then stable place keys.
    pub findings: BTreeMap<String, Vec<String>>,
    /// Controls that must come out as unknown because of it.
    #[serde(default)]
    pub unknown: Vec<String>,
}

/// One edit of the clean evidence.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    kind: String,
    /// A list inside the kind's document, e.g. `roles` of `rbac`.
    #[serde(default)]
    list: Option<String>,
    /// The records to change; none for the kind's document itself.
    #[serde(default)]
    records: Vec<String>,
    #[serde(default)]
    set: BTreeMap<String, Value>,
    #[serde(default)]
    add: Option<Value>,
    #[serde(default)]
    absent: bool,
}

/// The planted weaknesses and incidents, in the order of the documentation.
pub fn planted() -> Result<Vec<Planted>, DemoError> {
    serde_saphyr::from_str(include_str!("../../assets/demo/planted.yaml"))
        .map_err(|e| DemoError::Description { file: "planted.yaml", reason: e.to_string() })
}

impl Planted {
    /// Makes its changes in the evidence.
    pub(super) fn apply(&self, kinds: &mut BTreeMap<String, Value>, as_of: Timestamp) -> Result<(), DemoError> {
        for change in &self.change {
            change.apply(kinds, as_of).ok_or_else(|| DemoError::NoSuchPlace {
                id: self.id.clone(),
                place: format!("{} {} {:?}", change.kind, change.list.as_deref().unwrap_or(""), change.records),
            })?;
        }
        Ok(())
    }
}

impl Change {
    /// `None` when the place to change is not there: a typing error in the description must not go unnoticed.
    fn apply(&self, kinds: &mut BTreeMap<String, Value>, as_of: Timestamp) -> Option<()> {
        if self.absent {
            return kinds.remove(&self.kind).map(drop);
        }
        let mut place = kinds.get_mut(&self.kind)?;
        if let Some(list) = &self.list {
            place = place.get_mut(list)?;
        }
        if let Some(record) = &self.add {
            place.as_array_mut()?.push(moment::resolve(record.clone(), as_of));
        }
        if self.records.is_empty() {
            return self.add.is_some().then_some(()).or_else(|| self.set_in(place, as_of));
        }
        for id in &self.records {
            self.set_in(record_mut(place, id)?, as_of)?;
        }
        Some(())
    }

    fn set_in(&self, record: &mut Value, as_of: Timestamp) -> Option<()> {
        let map = record.as_object_mut()?;
        for (field, value) in &self.set {
            map.insert(field.clone(), moment::resolve(value.clone(), as_of));
        }
        Some(())
    }
}

fn record_mut<'a>(list: &'a mut Value, id: &str) -> Option<&'a mut Value> {
    list.as_array_mut()?
        .iter_mut()
        .find(|r| r.get("id").or_else(|| r.get("person_id")).and_then(Value::as_str) == Some(id))
}
