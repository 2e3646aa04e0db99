//! Slices: what a part of a log leaves for the whole, so that parts can be worked on apart and put together exactly.
//!
//! A slice holds, stretch by stretch, what matching left. Correlations with a bounded memory it also runs itself; where
//! nothing outside the slice can have mattered (`inside`), the whole takes those firings over and needs the records at the
//! edges only. All other records go through the same correlator as in a run over the whole log. `docs/slices.md` has the
//! argument and the format.

pub mod inside;
mod join;
mod part;

pub use join::{JoinError, Source, join};
pub use part::{folded, late, moved, rejoin, split};

use super::coverage::Sight;
use super::keep::keep;
use super::plan::Plan;
use super::rule::{Placeholders, RuleError, RuleSet, Settings};
use crate::crypto::hash::Digest;

/// All that decides what events mean: slices go together only when all of it is equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Version of the program.
    pub version: String,
    /// Rule files: name and text.
    pub rules: Vec<(String, String)>,
    /// Lists for `expand`.
    pub placeholders: Placeholders,
    /// Fields that hold an event's time.
    pub time_fields: Vec<String>,
    /// The field that holds an event's id; empty when doubles count.
    pub event_id: String,
    /// Digest of the tables that events were enriched from.
    pub tables: String,
    /// How far events may lie behind.
    pub lateness_ms: i64,
    /// Digest of the seed of fingerprints.
    pub seed: String,
}

keep!(Setup { version, rules, placeholders, time_fields, event_id, tables, lateness_ms, seed });

/// A part of one file: whole lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The file as it was given.
    pub file: String,
    /// Digest of the file's first line, at most its first 4096 bytes.
    pub head: String,
    /// First byte, of the decompressed content.
    pub from: u64,
    /// The byte after the last.
    pub to: u64,
    /// Digest of the bytes before `from`, at most 256.
    pub seam_from: String,
    /// Digest of the bytes before `to`, at most 256.
    pub seam_to: String,
    /// Whether the file ended there.
    pub ends: bool,
}

keep!(Piece { file, head, from, to, seam_from, seam_to, ends });

/// One stretch of a piece, as the slice's index tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Number of the piece.
    pub piece: u16,
    /// Where in the slice its blocks begin.
    pub at: u64,
    /// First and last instant of the records that may be left out; none when there are none.
    pub span_ms: Option<(i64, i64)>,
    /// How many events the slice itself held for late that only those records tell of.
    pub late: u64,
    /// The latest instant in the stretch.
    pub high_ms: Option<i64>,
}

keep!(Stretch { piece, at, span_ms, late, high_ms });

/// What ends a slice: the index of all before.
#[derive(Clone, Debug)]
pub struct Index {
    /// The parts of files.
    pub pieces: Vec<Piece>,
    /// What was seen of each.
    pub sights: Vec<Sight>,
    /// The stretches, in the order in which they were read.
    pub stretches: Vec<Stretch>,
    /// Where the blocks of the slice's own firings begin, and the last instant in each.
    pub own: Vec<(u64, i64)>,
    /// First and last instant of all records, late ones included.
    pub span_ms: Option<(i64, i64)>,
    /// The latest instant of all.
    pub high_ms: Option<i64>,
}

keep!(Index { pieces, sights, stretches, own, span_ms, high_ms });

impl Setup {
    /// What differs between two setups, in words; `None` when they are equal.
    pub fn difference(&self, other: &Self) -> Option<String> {
        if self.version != other.version {
            return Some(format!("was made by habeas {}, the other by {}", self.version, other.version));
        }
        let what = [
            (self.texts() != other.texts(), "other rules"),
            (self.placeholders != other.placeholders, "other placeholders"),
            (self.time_fields != other.time_fields, "another --time-field"),
            (self.event_id != other.event_id, "another --event-id"),
            (self.tables != other.tables, "another --context"),
            (self.lateness_ms != other.lateness_ms, "another --lateness"),
            (self.seed != other.seed, "another --seed"),
        ];
        let (_, word) = what.into_iter().find(|(differs, _)| *differs)?;
        Some(format!("was made with {word}"))
    }

    /// Rules are the same wherever their files lie.
    fn texts(&self) -> Vec<&str> {
        self.rules.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The rules, planned.
    pub fn plan(&self) -> Result<Plan, Vec<RuleError>> {
        let settings = Settings { placeholders: self.placeholders.clone() };
        let set = RuleSet::from_files(&self.rules, &settings)?;
        Ok(Plan::identified(set, &self.time_fields, &self.event_id))
    }

    /// The digest by which slices of equal setups are told at a glance.
    pub fn digest(&self) -> Digest {
        use super::keep::Keep;
        Digest::of(&self.kept())
    }
}
