//! The silences of logs that were too long, with beginning and end.
//!
//! A silence counts the hours of service alone; the pause that ends at the same event says how long it was by the clock.

use super::compile::Detector;
use crate::events::batch::Firing;
use std::collections::{BTreeMap, BTreeSet};

/// A time in which a log said nothing although it should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The log, as its events call their source.
    pub source: String,
    /// Number of the file that holds the event which ended it.
    pub file: u16,
    /// Instant of the last event before it.
    pub from_ms: i64,
    /// Instant of the first event after it.
    pub until_ms: i64,
}

/// Source and instant at which a silence ends.
type End = (Box<[u8]>, i64);

/// Silences, gathered from firings.
#[derive(Debug, Default)]
pub struct Silences {
    pauses: BTreeMap<End, (u16, i64)>,
    too_long: BTreeSet<End>,
}

impl Silences {
    /// Takes a firing in.
    pub fn add(&mut self, detector: &Detector, firing: &Firing) {
        let end = || (firing.key.clone(), firing.at_ms);
        if detector.silences.contains(&firing.rule) {
            self.too_long.insert(end());
        }
        if detector.pause.contains(&firing.rule) {
            #[expect(clippy::cast_possible_truncation, reason = "milliseconds between events are far below 2^53")]
            let length_ms = (firing.value.unwrap_or(0.0) * 1000.0).round() as i64;
            self.pauses.insert(end(), (firing.last.source(), length_ms));
        }
    }

    /// Those that were too long, by source and time.
    pub fn found(&self) -> Vec<Silence> {
        let one = |end: &End| {
            let (file, length_ms) = self.pauses.get(end)?;
            let source = serde_json::from_slice(&end.0).unwrap_or_default();
            Some(Silence { source, file: *file, from_ms: end.1 - length_ms, until_ms: end.1 })
        };
        self.too_long.iter().filter_map(one).collect()
    }
}
