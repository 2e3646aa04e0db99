//! One entry of the ledger and its canonical bytes, which are the leaf of the tree.
//!
//! An entry has room for ids, words, counts, dates and digests. There is no variant for free text, so that personal data
//! cannot reach a leaf, which can never be erased. What people wrote stays in sealed columns; the entry holds a commitment.

use super::Error;
use super::tree::leaf_hash;
use crate::authority::Actor;
use crate::clock::{Day, Timestamp};
use crate::crypto::hash::Digest;
use crate::ids::OrganisationId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest canonical entry: tlog-tiles bundles give each a 16-bit length.
pub const LONGEST_ENTRY_BYTES: usize = u16::MAX as usize;

/// A word of ours: `a-z`, `0-9`, `.`, `_`, `-`, `:`, `/`, `(` and `)`, at most 80 bytes. Names and free text do not fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Word(String);

impl Word {
    /// The word as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Word {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fits = (1..=80).contains(&text.len())
            && text
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b':' | b'/' | b'(' | b')'));
        if fits { Ok(Self(text)) } else { Err(format!("`{text}` is not a word that the ledger may hold")) }
    }
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.0
    }
}

/// One fact of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// A number of things.
    Count(u32),
    /// A calendar day.
    Day(Day),
    /// A digest: of a plan, a file, or the commitment to a sealed text.
    Digest(Digest),
    /// An instant.
    Instant(Timestamp),
    /// A word or an id.
    Word(Word),
}

impl From<u32> for Fact {
    fn from(n: u32) -> Self {
        Self::Count(n)
    }
}

impl From<Day> for Fact {
    fn from(day: Day) -> Self {
        Self::Day(day)
    }
}

impl From<Digest> for Fact {
    fn from(digest: Digest) -> Self {
        Self::Digest(digest)
    }
}

impl From<Timestamp> for Fact {
    fn from(at: Timestamp) -> Self {
        Self::Instant(at)
    }
}

/// What happened, when, by whom, to what. Field order is alphabetical: it is the canonical order (RFC 8785).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What happened, e.g. `request.received`.
    pub action: Word,
    /// Who did it.
    pub actor: Actor,
    /// When it was decided.
    pub at: Timestamp,
    /// The particulars.
    pub facts: BTreeMap<String, Fact>,
    /// What it happened to, e.g. `request/<id>`.
    pub object: Word,
    /// The organisation whose log this is.
    pub organisation: OrganisationId,
}

impl Entry {
    /// The canonical bytes (RFC 8785): object members in order, no blanks, integers only, ASCII only. This is the leaf.
    pub fn canonical(&self) -> Result<Vec<u8>, Error> {
        // Members are declared and mapped in order, and no value can hold a float or a character to be escaped, so that
        // serde_json's compact form is the canonical one; `an_entry_has_one_spelling` holds this.
        let bytes = serde_json::to_vec(self).map_err(|e| Error::Entry { seq: 0, why: e.to_string() })?;
        if bytes.len() > LONGEST_ENTRY_BYTES {
            return Err(Error::Entry { seq: 0, why: format!("it is longer than {LONGEST_ENTRY_BYTES} bytes") });
        }
        Ok(bytes)
    }

    /// The fact `name`, when it is a word.
    pub fn fact_word(&self, name: &str) -> Option<&str> {
        match self.facts.get(name) {
            Some(Fact::Word(word)) => Some(word.as_str()),
            _ => None,
        }
    }

    /// The fact `name`, when it is an instant.
    pub fn fact_instant(&self, name: &str) -> Option<Timestamp> {
        match self.facts.get(name) {
            Some(Fact::Instant(at)) => Some(*at),
            _ => None,
        }
    }

    /// The hash of the leaf.
    pub fn leaf(&self) -> Result<Digest, Error> {
        Ok(leaf_hash(&self.canonical()?))
    }

    /// Reads entry `seq` back from its bytes; any other spelling of the same meaning is refused.
    pub fn parse(seq: u64, bytes: &[u8]) -> Result<Self, Error> {
        let entry: Self = serde_json::from_slice(bytes).map_err(|e| Error::Entry { seq, why: e.to_string() })?;
        if entry.canonical()? == bytes {
            Ok(entry)
        } else {
            Err(Error::Entry { seq, why: "its bytes are not the canonical spelling".to_owned() })
        }
    }
}

/// A word known when the program was written.
///
/// Only for literals and ids, which always fit; anything else that does not is replaced by the word `unfit`, so that the
/// ledger shows the defect and still takes the entry.
pub fn word(text: &str) -> Word {
    Word::try_from(text.to_owned()).unwrap_or_else(|_| Word("unfit".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            action: word("request.received"),
            actor: Actor::Dpo("officer-1".parse().unwrap()),
            at: "2026-03-05T09:30:00.250Z".parse().unwrap(),
            facts: BTreeMap::from([
                ("due".to_owned(), Fact::Day("2026-04-07".parse().unwrap())),
                ("clocks".to_owned(), Fact::Count(2)),
            ]),
            object: word("request/0a"),
            organisation: "acme".parse().unwrap(),
        }
    }

    #[test]
    fn an_entry_has_one_spelling() {
        let expected = r#"{"action":"request.received","actor":"dpo:officer-1","at":"2026-03-05T09:30:00.250Z","facts":{"clocks":{"count":2},"due":{"day":"2026-04-07"}},"object":"request/0a","organisation":"acme"}"#;
        let bytes = entry().canonical().unwrap();
        // RFC 8785 sorts members: serde_json::Value keeps them in a BTreeMap, so its own spelling must be ours.
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        assert_eq!(serde_json::to_string(&value).unwrap(), expected);
        assert_eq!(Entry::parse(3, &bytes).unwrap(), entry());
        let spaced = serde_json::to_vec_pretty(&entry()).unwrap();
        assert!(Entry::parse(3, &spaced).is_err());
    }

    #[test]
    fn no_name_or_sentence_fits_a_fact() {
        for bad in ["Ann Example", "ann@example.org", "Straße", "", "+49 30 1234", &"a".repeat(81)] {
            assert!(Word::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
