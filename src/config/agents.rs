//! `[agents]`: authorised agents whose signed requests are taken (Data Rights Protocol 1.0). Keys are pinned, never fetched.

use super::{ConfigError, value};
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Authorised agents.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Agents {
    /// Our id in the service directory.
    pub business_id: String,
    /// The agents' Ed25519 keys in hexadecimal, by agent id.
    pub keys: BTreeMap<String, String>,
}

impl Agents {
    /// The pinned keys by agent.
    pub fn pinned(&self) -> Result<BTreeMap<String, VerifyingKey>, ConfigError> {
        let key = |(agent, text): (&String, &String)| {
            let mut bytes = [0; 32];
            let read = hex::decode_to_slice(text, &mut bytes).ok();
            let key = read.and_then(|()| VerifyingKey::from_bytes(&bytes).ok());
            let wrong =
                || value("agents", "keys", format!("the key of `{agent}` is not 64 hexadecimal digits of Ed25519"));
            key.map(|k| (agent.clone(), k)).ok_or_else(wrong)
        };
        self.keys.iter().map(key).collect()
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.pinned().map(drop)
    }
}
