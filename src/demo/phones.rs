//! The 350 work phones of the example company, as their device management sees them.

use super::chance::Chance;
use super::moment::days_before;
use super::people::account_id;
use crate::clock::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Work phones; phone n belongs to account n.
const PHONES: usize = 350;

/// The id of the phone of account `number`.
pub(super) fn phone_id(number: usize) -> String {
    format!("d{number:03}")
}

/// Adds the phones, and that the CRM saw only these.
pub(super) fn add(chance: &mut Chance, kinds: &mut BTreeMap<String, Value>, as_of: Timestamp) {
    let phones: Vec<Value> = (0..PHONES).map(|n| phone(n, chance, as_of)).collect();
    kinds.insert("devices".to_owned(), phones.into());
    let seen: Vec<String> = (0..PHONES).map(phone_id).collect();
    if let Some(Value::Object(mdm)) = kinds.get_mut("mdm") {
        mdm.insert("seen_in_crm".to_owned(), json!(seen));
    }
}

fn phone(number: usize, chance: &mut Chance, as_of: Timestamp) -> Value {
    let android = chance.below(5) < 2;
    let byod = chance.one_in(7);
    let patched_days = i64::try_from(3 + chance.below(24)).unwrap_or(3);
    json!({
        "id": phone_id(number),
        "ownership": if byod { "byod" } else { "corporate" },
        "in_mdm": true,
        "enrolled_at": days_before(as_of, 380),
        "encrypted": true,
        "passcode": {"set": true, "min_len": 6, "biometric": true},
        "autolock_s": 60 + 60 * chance.below(2),
        "max_failures": 10,
        "os": if android { "Android" } else { "iOS" },
        "os_version": if android { "16" } else { "26.1" },
        "os_supported": true,
        "patch_date": days_before(as_of, patched_days).day_utc(),
        "integrity": "pass",
        "blocked": false,
        "last_seen": days_before(as_of, 1),
        "user": account_id(number),
        "wipe_scope": if byod { "work_profile" } else { "full" },
    })
}
