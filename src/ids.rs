//! One newtype per id: what an id names cannot be confused, and an id holds nothing personal.
//!
//! Ids made by this program are 128 random bits in lower-case hexadecimal; ids of organisations, people and connectors are
//! short words chosen by staff. Must never hold a name, an address or anything else about a data subject.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest id, in bytes.
pub const LONGEST_ID_BYTES: usize = 64;

/// A text that is not an id; says what it was to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of {of}; use 1 to 64 characters of a-z, 0-9, `-`, `_` and `.`")]
pub struct IdError {
    text: String,
    of: &'static str,
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID_BYTES).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.'))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $of:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// An id from 128 random bits.
            pub fn from_random(bits: [u8; 16]) -> Self {
                Self(hex::encode(bits))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if is_id(text) { Ok(Self(text.to_owned())) } else { Err(IdError { text: text.to_owned(), of: $of }) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A controller that this installation serves.
    OrganisationId, "an organisation";
    /// A member of staff who handles requests or audits; a pseudonym, not a name.
    OfficerId, "a member of staff";
    /// One request of one person.
    RequestId, "a request";
    /// One data subject as this program knows them; names the key that seals their data.
    SubjectId, "a data subject";
    /// One effect to be carried out after the commit.
    EffectId, "an effect";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_short_plain_word() {
        assert_eq!("acme-eu".parse::<OrganisationId>().unwrap().as_str(), "acme-eu");
        assert_eq!(RequestId::from_random([7; 16]).as_str().len(), 32);
        for bad in ["", "Acme", "a b", "ann@example.org", "a/b", &"a".repeat(65)] {
            assert!(bad.parse::<OrganisationId>().is_err(), "{bad}");
        }
    }
}
