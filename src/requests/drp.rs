//! Messages of the Data Rights Protocol 1.0: an authorised agent exercises a consumer's rights.
//!
//! A message is base64 over an Ed25519 signature of 64 bytes followed by the signed JSON. It is verified in the order of
//! section 3.07: decode, signature, agent, business, issued, expires; the first check that fails refuses it. The caller
//! stores the message's digest under a unique index before acting, so that a replay is refused there. Agents' keys are
//! pinned: nothing is fetched. Must never act on a message, only say what it asks.

use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest message, in base64 characters (the intake limit).
pub const MESSAGE_LIMIT_CHARS: usize = 256 * 1024;
/// How far the agent's clock may differ from ours, in seconds.
pub const SKEW_S: i64 = 60;
/// Longest time between issue and expiry, in seconds.
pub const WINDOW_S: i64 = 600;
const SIGNATURE_BYTES: usize = 64;

/// Why a message is refused. Says nothing of the person it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Longer than the limit, not base64, or shorter than a signature.
    #[error("the message is not base64 over a signature of 64 bytes and a text of at most 256 KiB")]
    Form,
    /// No key is pinned for the agent that presented the bearer token.
    #[error("no key is pinned for the agent `{0}`")]
    UnknownAgent(String),
    /// The signature does not verify strictly.
    #[error("the signature does not verify with the key pinned for the agent")]
    Signature,
    /// Signed, but not a message of the protocol.
    #[error("the signed text is not a request of the protocol: {0}")]
    Content(String),
    /// The agent named inside is not the one that presented the bearer token.
    #[error("the message names another agent than the bearer token")]
    OtherAgent,
    /// The message is meant for another business.
    #[error("the message is addressed to another business")]
    OtherBusiness,
    /// Issued in the future, beyond the allowed skew.
    #[error("the message is issued in the future")]
    NotYet,
    /// Expired, or valid for longer than the protocol allows us to accept.
    #[error("the message has expired or is valid for more than 10 minutes")]
    Expired,
}

/// What a verified message asks.
#[derive(Debug)]
pub struct Exercise {
    /// The right, as in `habeas clock due --right`.
    pub right: &'static str,
    /// The law it is exercised under, as the agent wrote it, e.g. `ccpa`.
    pub law: String,
    /// When the agent issued it.
    pub issued_at: Timestamp,
    /// Where the agent wants to be told of progress; to be checked by the egress client before any use.
    pub status_callback: Option<String>,
    /// What the agent says of the person, as sent.
    pub identity: crate::personal::Personal<Value>,
    /// Digest of the whole message: to be stored under a unique index before acting.
    pub digest: Digest,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "agent-id")]
    agent_id: String,
    #[serde(rename = "business-id")]
    business_id: String,
    #[serde(rename = "issued-at")]
    issued_at: Timestamp,
    #[serde(rename = "expires-at")]
    expires_at: Timestamp,
    #[serde(rename = "drp.version")]
    version: String,
    exercise: String,
    regime: Option<String>,
    status_callback: Option<String>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// Exercises of the protocol and our rights.
const EXERCISES: [(&str, &str); 6] = [
    ("access", "access"),
    ("access:categories", "access"),
    ("access:specific", "access"),
    ("deletion", "deletion"),
    ("sale:opt-out", "opt-out"),
    ("sale:opt_out", "opt-out"),
];

/// Who a message must come from and be for.
pub struct Expected<'a> {
    /// The agent that the bearer token belongs to.
    pub bearer_agent: &'a str,
    /// Pinned keys by agent.
    pub keys: &'a BTreeMap<String, VerifyingKey>,
    /// Our id in the service directory.
    pub business_id: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// Verifies `message` and says what it asks.
///
/// # Errors
/// The first check that fails, in the protocol's order.
pub fn verify(message: &str, expected: &Expected<'_>) -> Result<Exercise, Refused> {
    let bytes = decode(message)?;
    let (signature, text) = bytes.split_first_chunk::<SIGNATURE_BYTES>().ok_or(Refused::Form)?;
    let agent = expected.bearer_agent;
    let key = expected.keys.get(agent).ok_or_else(|| Refused::UnknownAgent(agent.to_owned()))?;
    // Strict: refuses small-order keys and signatures that other verifiers would also accept in a second form.
    key.verify_strict(text, &Signature::from_bytes(signature)).map_err(|_| Refused::Signature)?;
    let said: Message = serde_json::from_slice(text).map_err(|e| Refused::Content(e.to_string()))?;
    if said.agent_id != agent {
        return Err(Refused::OtherAgent);
    }
    if said.business_id != expected.business_id {
        return Err(Refused::OtherBusiness);
    }
    in_time(&said, expected.now)?;
    let right = EXERCISES.iter().find(|(e, _)| *e == said.exercise).map(|(_, right)| *right);
    let right = right.ok_or_else(|| Refused::Content(format!("unknown exercise `{}`", said.exercise)))?;
    if !said.version.starts_with("1.") && !said.version.starts_with("0.9") {
        return Err(Refused::Content(format!("unknown version `{}`", said.version)));
    }
    Ok(Exercise {
        right,
        law: said.regime.unwrap_or_else(|| "ccpa".to_owned()),
        issued_at: said.issued_at,
        status_callback: said.status_callback,
        identity: crate::personal::Personal::new(Value::Object(said.rest.into_iter().collect())),
        digest: Digest::of(&bytes),
    })
}

fn decode(message: &str) -> Result<Vec<u8>, Refused> {
    let message = message.trim();
    if message.len() > MESSAGE_LIMIT_CHARS {
        return Err(Refused::Form);
    }
    STANDARD.decode(message).map_err(|_| Refused::Form)
}

fn in_time(said: &Message, now: Timestamp) -> Result<(), Refused> {
    let skew = TimeDelta::seconds(SKEW_S);
    let latest_issue = now.plus(skew).ok_or(Refused::NotYet)?;
    if said.issued_at > latest_issue {
        return Err(Refused::NotYet);
    }
    let latest_expiry = said.issued_at.plus(TimeDelta::seconds(WINDOW_S)).ok_or(Refused::Expired)?;
    let alive_until = said.expires_at.plus(skew).ok_or(Refused::Expired)?;
    let lawful = said.expires_at > said.issued_at && said.expires_at <= latest_expiry && now <= alive_until;
    if lawful { Ok(()) } else { Err(Refused::Expired) }
}

/// Whether a browser signals that it opts out of sale and sharing (Global Privacy Control; 11 CCR 7025).
///
/// `header` is the value of `Sec-GPC`. Only `1` is a signal; absence or anything else is not one, and is never an opt-in.
pub fn opts_out(header: Option<&str>) -> bool {
    header.is_some_and(|h| h.trim() == "1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer as _, SigningKey};
    use serde_json::json;

    const NOW: &str = "2026-05-01T12:00:00Z";

    fn agent_key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn body() -> Value {
        json!({
            "agent-id": "agent", "business-id": "us", "issued-at": "2026-05-01T11:58:00Z", "expires-at": "2026-05-01T12:05:00Z",
            "drp.version": "1.0", "exercise": "sale:opt-out", "regime": "ccpa", "relationships": ["customer"],
            "status_callback": "https://agent.example/status", "name": "Ann", "email": "ann@example.org",
        })
    }

    fn signed(body: &Value) -> String {
        let text = body.to_string().into_bytes();
        let mut bytes = agent_key().sign(&text).to_bytes().to_vec();
        bytes.extend(text);
        STANDARD.encode(bytes)
    }

    fn check(message: &str, bearer: &str) -> Result<Exercise, Refused> {
        let keys = BTreeMap::from([
            ("agent".to_owned(), agent_key().verifying_key()),
            ("other".to_owned(), SigningKey::from_bytes(&[9; 32]).verifying_key()),
        ]);
        verify(message, &Expected { bearer_agent: bearer, keys: &keys, business_id: "us", now: NOW.parse().unwrap() })
    }

    fn with(field: &str, value: &str) -> String {
        let mut b = body();
        b[field] = json!(value);
        signed(&b)
    }

    #[test]
    fn a_good_message_says_what_it_asks_and_keeps_the_person_to_itself() {
        let exercise = check(&signed(&body()), "agent").unwrap();
        assert_eq!((exercise.right, exercise.law.as_str()), ("opt-out", "ccpa"));
        assert!(!format!("{exercise:?}").contains("Ann"));
    }

    #[test]
    fn each_check_refuses_in_its_own_words() {
        let cases = [
            (with("agent-id", "other"), "agent", Refused::OtherAgent),
            (signed(&body()), "other", Refused::Signature),
            (signed(&body()), "nobody", Refused::UnknownAgent("nobody".into())),
            (with("business-id", "them"), "agent", Refused::OtherBusiness),
            (with("issued-at", "2026-05-01T12:01:01Z"), "agent", Refused::NotYet),
            (with("expires-at", "2026-05-01T11:58:59Z"), "agent", Refused::Expired),
            (with("expires-at", "2026-05-01T12:08:01Z"), "agent", Refused::Expired),
            (with("expires-at", "2026-05-01T11:57:00Z"), "agent", Refused::Expired),
            (with("exercise", "everything"), "agent", Refused::Content("unknown exercise `everything`".into())),
            ("not base64!".into(), "agent", Refused::Form),
            (STANDARD.encode([0; 63]), "agent", Refused::Form),
            ("A".repeat(MESSAGE_LIMIT_CHARS + 4), "agent", Refused::Form),
        ];
        for (message, bearer, refused) in cases {
            assert_eq!(check(&message, bearer).unwrap_err(), refused);
        }
        // At the very edge of the skew both ends are still good.
        assert!(check(&with("issued-at", "2026-05-01T12:01:00Z"), "agent").is_ok());
        assert!(check(&with("expires-at", "2026-05-01T11:59:00Z"), "agent").is_ok());
    }

    #[test]
    fn no_changed_byte_is_accepted() {
        let good = STANDARD.decode(signed(&body())).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            assert!(check(&STANDARD.encode(bad), "agent").is_err(), "byte {at}");
        }
    }

    #[test]
    fn only_the_signal_itself_is_a_signal() {
        let values = [
            (Some("1"), true),
            (Some(" 1 "), true),
            (Some("0"), false),
            (Some("true"), false),
            (Some(""), false),
            (None, false),
        ];
        for (header, expected) in values {
            assert_eq!(opts_out(header), expected, "{header:?}");
        }
    }
}
