//! Strict YAML: bounded in every direction, unknown and duplicate keys refused (T35).

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::fmt;

/// Largest file, in bytes.
const SIZE_LIMIT_BYTES: usize = 1 << 20;

/// Something wrong with a file of the catalog.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, relative to the catalog's folder.
    pub file: String,
    /// Line, from 1, where it is known.
    pub line: Option<u64>,
    /// The field, e.g. `check.require`; empty for the whole file.
    pub field: String,
    /// What is wrong and what to do.
    pub reason: String,
}

impl Problem {
    /// A problem of a field.
    pub fn new(file: &str, field: &str, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, field: field.to_owned(), reason: reason.into() }
    }

    /// The same problem with its line.
    #[must_use]
    pub fn at(mut self, line: u64) -> Self {
        self.line = (line > 0).then_some(line);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.field.is_empty() {
            write!(f, " ({})", self.field)?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// Reads one YAML document.
pub(super) fn read<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, Problem> {
    if bytes.len() > SIZE_LIMIT_BYTES {
        return Err(Problem::new(
            file,
            "",
            format!("the file has {} bytes; the limit is {SIZE_LIMIT_BYTES}", bytes.len()),
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        Problem::new(file, "", format!("it is not UTF-8: the byte at offset {} does not belong", e.valid_up_to()))
    })?;
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: 50_000,
            max_depth: 32,
            max_aliases: 100,
            max_anchors: 100,
            max_documents: 1,
        },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|e| {
        let line = e.location().map_or(0, |l| l.line());
        Problem::new(file, "", e.without_snippet().to_string()).at(line)
    })
}

/// Text with the line it stands on.
pub(super) type Line = serde_saphyr::Spanned<String>;

/// A mapping whose order is kept.
#[derive(Debug)]
pub(super) struct Ordered<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entries<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Entries<T> {
            type Value = Ordered<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Ordered<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        from.deserialize_map(Entries(std::marker::PhantomData))
    }
}
