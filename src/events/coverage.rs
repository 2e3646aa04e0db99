//! What was read and what was not: counts per source, first and last event, gaps, samples of bad lines.
//!
//! A line that could not be used is never lost silently: it is counted by its reason and, up to a few, told by its place.

use super::batch::Batch;
use super::keep::keep;
use super::line::Bad;
use super::place::Place;
use std::collections::BTreeMap;

/// Bad lines kept as samples for each reason.
pub const SAMPLES: usize = 5;

/// What was seen of a whole log, for whoever has to know whether a rule could have matched at all.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// Counts.
    pub tally: Tally,
    /// How many events each detection matched, by its number.
    pub matched: Vec<u64>,
    /// Which fields occurred with a value, by number.
    pub occurred: Vec<bool>,
    /// Events that came too late for the windows.
    pub late: u64,
}

keep!(Sight { tally, matched, occurred, late });

impl Sight {
    /// Adds a stretch.
    pub fn add(&mut self, batch: &Batch) {
        self.tally.add(&batch.tally);
        self.matched.resize(self.matched.len().max(batch.matched.len()), 0);
        self.occurred.resize(self.occurred.len().max(batch.occurred.len()), false);
        self.matched.iter_mut().zip(&batch.matched).for_each(|(a, b)| *a += b);
        self.occurred.iter_mut().zip(&batch.occurred).for_each(|(a, b)| *a |= b);
    }

    /// Adds another log.
    pub fn join(&mut self, other: &Self) {
        self.tally.add(&other.tally);
        self.matched.resize(self.matched.len().max(other.matched.len()), 0);
        self.occurred.resize(self.occurred.len().max(other.occurred.len()), false);
        self.matched.iter_mut().zip(&other.matched).for_each(|(a, b)| *a += b);
        self.occurred.iter_mut().zip(&other.occurred).for_each(|(a, b)| *a |= b);
        self.late += other.late;
    }
}

/// Counts of a stretch of log. Adding two is the count of both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines that were not empty.
    pub lines: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Lines that were used.
    pub events: u64,
    /// Lines not used because one with the same id came before.
    pub doubles: u64,
    /// Ids forgotten because there were too many: doubles of these would have counted.
    pub forgotten: u64,
    /// First and last instant of the used lines.
    pub span_ms: Option<(i64, i64)>,
    /// Lines not used, by reason, with samples.
    pub bad: BTreeMap<Bad, (u64, Vec<Place>)>,
}

keep!(Tally { lines, bytes, events, doubles, forgotten, span_ms, bad });

impl Tally {
    /// Counts a used line.
    pub fn event(&mut self, at_ms: i64) {
        self.events += 1;
        self.span_ms = Some(self.span_ms.map_or((at_ms, at_ms), |(a, b)| (a.min(at_ms), b.max(at_ms))));
    }

    /// Counts a line that cannot be used.
    pub fn bad(&mut self, why: Bad, place: Place) {
        let (count, samples) = self.bad.entry(why).or_default();
        *count += 1;
        if samples.len() < SAMPLES {
            samples.push(place);
        }
    }

    /// Adds what comes after.
    pub fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.bytes += other.bytes;
        self.events += other.events;
        self.doubles += other.doubles;
        self.forgotten += other.forgotten;
        self.span_ms = match (self.span_ms, other.span_ms) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
        for (why, (count, samples)) in &other.bad {
            let mine = self.bad.entry(*why).or_default();
            mine.0 += count;
            let room = SAMPLES.saturating_sub(mine.1.len());
            mine.1.extend(samples.iter().take(room));
        }
    }

    /// Lines that could not be used.
    pub fn bad_lines(&self) -> u64 {
        self.bad.values().map(|(n, _)| n).sum()
    }
}
