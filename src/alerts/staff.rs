//! Who sees which member of staff an alert is about.
//!
//! An alert leaves the controller's house for systems that many people read. Monitoring has to stay bound to its purpose and
//! to pseudonyms (GDPR 88, BetrVG 87(1) no. 6, `docs/alerts.md`), so that values that may name a person are replaced by a
//! keyed hash: the same person keeps the same pseudonym, and only the holder of the key can say who it is. Everything that is
//! not known to be harmless is replaced.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeSet;
use std::fmt;

/// Fields whose values name no person: what was done, to what kind of thing, how it ended.
const HARMLESS: [&str; 16] = [
    "action",
    "event",
    "event_type",
    "type",
    "kind",
    "object",
    "object_type",
    "result",
    "status",
    "channel",
    "format",
    "method",
    "source",
    "app",
    "role",
    "country",
];
/// Separates this use of the key from any other.
const PURPOSE: &[u8] = b"habeas/staff-pseudonym/1\0";
/// Shortest key, in bytes.
pub const SHORTEST_KEY_BYTES: usize = 32;

/// A key that is too short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key for pseudonyms has {0} bytes; it needs at least {SHORTEST_KEY_BYTES} random ones")]
pub struct ShortKey(usize);

/// What becomes of values that may name a member of staff.
#[derive(Clone)]
pub enum Staff {
    /// They are replaced by pseudonyms.
    Pseudonyms {
        /// The key that makes them.
        key: PseudonymKey,
        /// Further fields that name no person.
        plain: BTreeSet<String>,
    },
    /// They are shown.
    Revealed,
}

/// The key that turns values into pseudonyms; never printed.
#[derive(Clone)]
pub struct PseudonymKey(Vec<u8>);

impl PseudonymKey {
    /// A key of at least 32 random bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, ShortKey> {
        if bytes.len() < SHORTEST_KEY_BYTES { Err(ShortKey(bytes.len())) } else { Ok(Self(bytes.to_vec())) }
    }

    /// The pseudonym of a value: `p-` and 20 hexadecimal digits of its HMAC-SHA-256. The same value has the same pseudonym
    /// under every field name, so that one person can be followed through several rules.
    pub fn pseudonym(&self, value: &str) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return "p-".to_owned() };
        mac.update(PURPOSE);
        mac.update(value.as_bytes());
        let digits: String = hex::encode(mac.finalize().into_bytes()).chars().take(20).collect();
        format!("p-{digits}")
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey([secret])")
    }
}

impl fmt::Debug for Staff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Self::Revealed) { "Revealed" } else { "Pseudonyms" })
    }
}

impl Staff {
    /// The value of `field` as an alert may show it.
    pub fn shown(&self, field: &str, value: &str) -> String {
        match self {
            Self::Revealed => value.to_owned(),
            Self::Pseudonyms { plain, .. } if HARMLESS.contains(&field) || plain.contains(field) => value.to_owned(),
            Self::Pseudonyms { key, .. } => key.pseudonym(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staff(plain: &[&str]) -> Staff {
        let key = PseudonymKey::new(&[7; 32]).unwrap();
        Staff::Pseudonyms { key, plain: plain.iter().map(|p| (*p).to_owned()).collect() }
    }

    #[test]
    fn a_pseudonym_is_the_keyed_hash_and_needs_the_key() {
        // Computed with Python: hmac.new(b"\x07"*32, b"habeas/staff-pseudonym/1\0ann", "sha256").hexdigest()[:20]
        assert_eq!(staff(&[]).shown("actor", "ann"), "p-a7937766a0418b46702e");
        assert_eq!(staff(&[]).shown("user", "ann"), staff(&[]).shown("actor", "ann"));
        let other = PseudonymKey::new(&[8; 32]).unwrap();
        assert_ne!(other.pseudonym("ann"), staff(&[]).shown("actor", "ann"));
    }

    #[test]
    fn only_what_is_known_to_be_harmless_is_shown() {
        assert_eq!(staff(&[]).shown("action", "export"), "export");
        for field in ["actor", "src_ip", "email", "device.id", "anything new"] {
            assert!(staff(&[]).shown(field, "v").starts_with("p-"), "{field}");
        }
        assert_eq!(staff(&["src_ip"]).shown("src_ip", "10.0.0.1"), "10.0.0.1");
        assert_eq!(Staff::Revealed.shown("actor", "ann"), "ann");
    }

    #[test]
    fn a_short_key_is_refused_and_no_key_is_printed() {
        assert_eq!(PseudonymKey::new(&[1; 31]).unwrap_err(), ShortKey(31));
        assert!(!format!("{:?} {:?}", PseudonymKey::new(&[7; 32]).unwrap(), staff(&[])).contains('7'));
    }
}
