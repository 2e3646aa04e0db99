//! Lines and fields read by patterns with named groups. Linear-time patterns of bounded size only (T36).

use super::file::ExtractFile;
use super::reader::Unread;
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value as Json};

/// Largest compiled pattern, in bytes.
const LARGEST_PATTERN_BYTES: usize = 1 << 20;

pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(LARGEST_PATTERN_BYTES).build().map_err(|e| e.to_string())
}

/// The lines of a log.
#[derive(Debug)]
pub(super) struct LinePattern {
    line: Regex,
    begins: Option<Regex>,
}

impl LinePattern {
    pub(super) fn new(line: &str, begins: Option<&str>) -> Result<Self, String> {
        Ok(Self { line: compile(line)?, begins: begins.map(compile).transpose()? })
    }

    /// The named groups of `line`.
    pub(super) fn parse(&self, line: &str) -> Result<Map<String, Json>, Unread> {
        let mut found = Map::new();
        if groups(&self.line, line, &mut found) {
            return Ok(found);
        }
        let continues = self.begins.as_ref().is_some_and(|b| !b.is_match(line));
        Err(if continues { Unread::Continuation } else { Unread::Malformed })
    }
}

fn groups(pattern: &Regex, text: &str, into: &mut Map<String, Json>) -> bool {
    let Some(found) = pattern.captures(text) else { return false };
    for name in pattern.capture_names().flatten() {
        if let Some(group) = found.name(name) {
            into.insert(name.to_owned(), group.as_str().into());
        }
    }
    true
}

/// A pattern inside a field of the record.
#[derive(Debug)]
pub(super) struct Extract {
    from: String,
    pattern: Regex,
}

impl Extract {
    pub(super) fn new(file: &ExtractFile) -> Result<Self, String> {
        Ok(Self { from: file.from.clone(), pattern: compile(&file.pattern)? })
    }

    /// Adds the groups found to the record. The first pattern that names a group wins.
    pub(super) fn apply(&self, record: &mut Map<String, Json>) {
        let Some(Json::String(text)) = record.get(&self.from) else { return };
        let mut found = Map::new();
        groups(&self.pattern, text, &mut found);
        for (name, value) in found {
            record.entry(name).or_insert(value);
        }
    }
}
