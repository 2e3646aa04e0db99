//! A snapshot: what is known, by kind, with where and when it was learned.

use super::decode::{Violation, decode};
use super::envelope::{BUNDLE, Data, Document, DocumentSeed, ENVELOPE, Method, Source};
use super::kind::{Kind, Kinds};
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::expr::Value;
use serde::de::DeserializeSeed;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The evidence of one kind.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The kind, e.g. `users`.
    pub kind: String,
    /// The data, in the shape of the kind.
    pub data: Value,
    /// Where it comes from.
    pub source: Source,
    /// When the system was in this state.
    pub observed_at: Timestamp,
    /// When it was collected.
    pub collected_at: Timestamp,
    /// From when on it no longer counts.
    pub expires_at: Option<Timestamp>,
    /// SHA-256 of the file it stands in.
    pub digest: Digest,
    /// The file it stands in, as given.
    pub file: String,
}

/// Evidence of several kinds, at most once each. A kind that is not in it is absent, which is not the same as empty.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    by_kind: BTreeMap<String, Evidence>,
}

/// Evidence that cannot be used; names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// Not UTF-8.
    #[error("`{file}` is not UTF-8: the byte at offset {offset} does not belong; save the file as UTF-8")]
    Encoding {
        /// The file.
        file: String,
        /// Offset of the first wrong byte.
        offset: usize,
    },
    /// Not JSON, or not an envelope.
    #[error("`{file}` cannot be read: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// A field of the envelope is missing or wrong.
    #[error("`{file}`: {reason}")]
    Envelope {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The data do not fit the kind's schema.
    #[error("`{file}`, kind `{kind}`, {violation}")]
    Schema {
        /// The file.
        file: String,
        /// The kind.
        kind: String,
        /// Where and how.
        violation: Violation,
    },
    /// The same kind twice.
    #[error("evidence of kind `{kind}` is given twice, in `{first}` and in `{second}`; keep one of them")]
    Twice {
        /// The kind.
        kind: String,
        /// The file read first.
        first: String,
        /// The file read second.
        second: String,
    },
}

impl Snapshot {
    /// Adds the evidence of one file: an envelope or a bundle of envelopes.
    pub fn add_file(&mut self, kinds: &Kinds, file: &str, bytes: &[u8]) -> Result<(), EvidenceError> {
        let text = std::str::from_utf8(bytes)
            .map_err(|e| EvidenceError::Encoding { file: file.to_owned(), offset: e.valid_up_to() })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let digest = Digest::of(bytes);
        let document = document(kinds, file, text)?;
        match (&*document.habeas, document.evidence.as_deref()) {
            (ENVELOPE, None) => self.add(envelope(kinds, file, document, digest)?),
            (BUNDLE, Some(envelopes)) => envelopes.iter().try_for_each(|raw| {
                let inner = self::document(kinds, file, raw.get())?;
                if inner.habeas != ENVELOPE {
                    return Err(misplaced(
                        file,
                        &format!("a bundle holds envelopes marked `{ENVELOPE}`, not `{}`", inner.habeas),
                    ));
                }
                self.add(envelope(kinds, file, inner, digest)?)
            }),
            (mark, _) => Err(misplaced(
                file,
                &format!("`habeas` is `{mark}`; it must be `{ENVELOPE}` with `data`, or `{BUNDLE}` with `evidence`"),
            )),
        }
    }

    /// Adds evidence that is already decoded.
    pub fn add(&mut self, evidence: Evidence) -> Result<(), EvidenceError> {
        if let Some(first) = self.by_kind.get(&evidence.kind) {
            return Err(EvidenceError::Twice { kind: evidence.kind, first: first.file.clone(), second: evidence.file });
        }
        self.by_kind.insert(evidence.kind.clone(), evidence);
        Ok(())
    }

    /// The evidence of a kind; `None` when nothing is known.
    pub fn get(&self, kind: &str) -> Option<&Evidence> {
        self.by_kind.get(kind)
    }

    /// All evidence, in order of the kinds' names.
    pub fn iter(&self) -> impl Iterator<Item = &Evidence> {
        self.by_kind.values()
    }
}

impl Evidence {
    /// Whether it has run out at `as_of`: from `expires_at` on it no longer counts.
    pub fn is_expired(&self, as_of: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= as_of)
    }
}

fn misplaced(file: &str, reason: &str) -> EvidenceError {
    EvidenceError::Envelope { file: file.to_owned(), reason: reason.to_owned() }
}

fn document<'a>(kinds: &Kinds, file: &str, text: &'a str) -> Result<Document<'a>, EvidenceError> {
    let refused = RefCell::new(None);
    let mut from = serde_json::Deserializer::from_str(text);
    let read = DocumentSeed { kinds, refused: &refused }.deserialize(&mut from).and_then(|d| from.end().map(|()| d));
    read.map_err(|e| match refused.into_inner() {
        Some((kind, violation)) => EvidenceError::Schema { file: file.to_owned(), kind, violation },
        None => {
            let hint = if e.is_data() {
                "; every file needs an envelope with `habeas`, `kind`, `source`, `observed_at`, `collected_at`, `data`"
            } else {
                ""
            };
            EvidenceError::Syntax { file: file.to_owned(), reason: format!("{e}{hint}") }
        }
    })
}

fn envelope(kinds: &Kinds, file: &str, document: Document<'_>, digest: Digest) -> Result<Evidence, EvidenceError> {
    let lacks = |field: &str| misplaced(file, &format!("the envelope lacks `{field}`"));
    let name = document.kind.ok_or_else(|| lacks("kind"))?.into_owned();
    let kind = kinds.get(&name).ok_or_else(|| {
        let known: Vec<_> = kinds.iter().map(|k| k.name.as_str()).collect();
        misplaced(file, &format!("there is no evidence kind `{name}`; there are {}", known.join(", ")))
    })?;
    let source = document.source.ok_or_else(|| lacks("source"))?;
    if source.method == Method::Attestation && (source.attested_by.is_none() || document.expires_at.is_none()) {
        return Err(misplaced(file, "an attestation needs `source.attested_by` and `expires_at`"));
    }
    let data = match document.data.ok_or_else(|| lacks("data"))? {
        Data::Raw(raw) => data(file, kind, raw.get())?,
        Data::Decoded(value) => value,
    };
    Ok(Evidence {
        data,
        kind: name,
        source,
        observed_at: document.observed_at.ok_or_else(|| lacks("observed_at"))?,
        collected_at: document.collected_at.ok_or_else(|| lacks("collected_at"))?,
        expires_at: document.expires_at,
        digest,
        file: file.to_owned(),
    })
}

fn data(file: &str, kind: &Kind, raw: &str) -> Result<Value, EvidenceError> {
    let mut from = serde_json::Deserializer::from_str(raw);
    decode(&mut from, &kind.shape).map_err(|(error, violation)| match violation {
        Some(violation) => EvidenceError::Schema { file: file.to_owned(), kind: kind.name.clone(), violation },
        None => EvidenceError::Syntax { file: file.to_owned(), reason: format!("in `data`: {error}") },
    })
}
