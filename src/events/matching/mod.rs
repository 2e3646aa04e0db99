//! First stage: a stretch of whole lines becomes matches and records. Stretches are independent of each other.
//!
//! Assumes that stretches begin and end at line ends. Holds no state from one event to the next that could change a result:
//! what it learns of the log's lines and values only makes it faster.

mod ask;
mod form;
mod guard;
mod judge;
mod memo;
mod program;
mod records;

pub(super) use ask::ask;

use super::batch::{Batch, Firing, Identified};
use super::context::{Context, Rows};
use super::hash::Seed;
use super::line::{Bad, Reader, Slots, Stretch};
use super::place::Place;
use super::plan::Plan;
use super::rule::FieldId;
use super::value::Raw;
use super::value::time::Instants;
use judge::Judge;
use records::{Moment, Recorder, index};

/// Length beyond which a line is not read (threats.md Numbers).
pub const LONGEST_LINE_BYTES: usize = 1 << 20;

/// Shapes of lines that are remembered as looked through.
const LOOKED_THROUGH: usize = 64;

/// Matches lines against the rules of a plan. One per thread.
pub struct Matcher<'p> {
    plan: &'p Plan,
    rows: Rows<'p>,
    reader: Reader<'p>,
    instants: Instants,
    judge: Judge<'p>,
    recorder: Recorder<'p>,
    /// Fields that had no value yet in this batch.
    unseen: Vec<FieldId>,
    /// Shapes of lines that were looked through for them.
    looked_through: [Option<u32>; LOOKED_THROUGH],
}

impl<'p> Matcher<'p> {
    /// A matcher for `plan`, enriching from `context`.
    pub fn new(plan: &'p Plan, context: &'p Context, seed: Seed) -> Self {
        Self {
            plan,
            rows: Rows::new(&plan.set.vocabulary, context),
            reader: Reader::new(&plan.paths),
            instants: Instants::default(),
            judge: Judge::new(plan),
            recorder: Recorder::new(plan, seed),
            unseen: Vec::new(),
            looked_through: [None; LOOKED_THROUGH],
        }
    }

    /// Reads the lines of `bytes`, which begin at `offset` of source number `source`, and adds what they give to `out`.
    pub fn stretch(&mut self, bytes: &[u8], source: u16, offset: u64, out: &mut Batch) {
        self.prepare(bytes, out);
        self.lines(bytes, out, |start| Some(Place::new(source, offset + start as u64)));
    }

    /// The same for lines that a mapping made: `places` tells where each begins in `bytes`, and where its record begins in
    /// the log. Bytes are for the caller to count, who knows how many the log had.
    pub fn stretch_at(&mut self, bytes: &[u8], source: u16, places: &[(usize, u64)], out: &mut Batch) {
        let read = out.tally.bytes;
        self.prepare(bytes, out);
        out.tally.bytes = read;
        let mut places = places.iter().peekable();
        let mut record = None;
        self.lines(bytes, out, |start| {
            while let Some((_, offset)) = places.next_if(|(line, _)| *line <= start) {
                record = Some(*offset);
            }
            record.map(|offset| Place::new(source, offset))
        });
    }

    /// Reads the lines of `bytes`; `place` tells where one that begins at some byte of them came from.
    fn lines(&mut self, bytes: &[u8], out: &mut Batch, mut place: impl FnMut(usize) -> Option<Place>) {
        let mut slots = Slots::new(self.plan.paths.field_count());
        let mut high_ms = i64::MIN;
        let mut stretch = Stretch::new(bytes);
        while let Some((start, read)) = self.reader.next(&mut stretch, LONGEST_LINE_BYTES, &mut slots) {
            let Some(place) = place(start) else { continue };
            let result = read.and_then(|()| self.line((place, &mut high_ms), &mut slots, out));
            count(result, place, out);
        }
    }

    fn prepare(&mut self, bytes: &[u8], out: &mut Batch) {
        out.tally.bytes += bytes.len() as u64;
        out.matched.resize(self.plan.detections.len(), 0);
        out.occurred.resize(self.plan.paths.field_count(), false);
        self.unseen.clear();
        self.looked_through.fill(None);
        self.unseen.extend(out.occurred.iter().enumerate().filter(|(_, seen)| !**seen).map(|(field, _)| field));
    }

    fn line<'a>(
        &mut self,
        (place, high_ms): (Place, &mut i64),
        slots: &mut Slots<'a>,
        out: &mut Batch,
    ) -> Result<i64, Bad>
    where
        'p: 'a,
    {
        let found = self.plan.time_fields.iter().map(|f| slots.get(*f)).find(|v| !matches!(v, Raw::Absent | Raw::Null));
        let at_ms = found.and_then(|v| self.instants.of(v)).ok_or(Bad::NoTime)?;
        *high_ms = (*high_ms).max(at_ms);
        let behind_ms = u32::try_from(high_ms.saturating_sub(at_ms)).unwrap_or(u32::MAX);
        self.rows.fill(slots);
        if !self.unseen.is_empty() {
            self.look_for_unseen(slots, out);
        }
        self.event(Moment { at_ms, place, behind_ms }, slots, out);
        Ok(at_ms)
    }

    /// Notes which fields have a value for the first time in this batch.
    fn look_for_unseen(&mut self, slots: &Slots<'_>, out: &mut Batch) {
        // What one line of a shape has, the next one has too, unless rows of tables come in.
        let shape = slots.shape().filter(|_| self.rows.is_empty());
        if let Some(number) = shape {
            let known = self.looked_through.get_mut(number as usize % LOOKED_THROUGH);
            if known.is_some_and(|known| known.replace(number) == shape) {
                return;
            }
        }
        self.unseen.retain(|field| {
            let there = !matches!(slots.get(*field), Raw::Absent | Raw::Null);
            if let Some(seen) = out.occurred.get_mut(*field).filter(|_| there) {
                *seen = true;
            }
            !there
        });
    }

    fn event(&mut self, now: Moment, slots: &Slots<'_>, out: &mut Batch) {
        let Self { plan, judge, recorder, .. } = self;
        let Batch { matched, firings, firings_behind_ms, identified, hits, .. } = out;
        recorder.clear();
        let id = plan.event_id.and_then(|field| recorder.identity(field, slots));
        let first_hit = hits.len();
        judge.event(slots, &mut |number| {
            if id.is_some() {
                hits.push(index(number));
            }
            if let Some(n) = matched.get_mut(number) {
                *n += 1;
            }
            let Some(detection) = plan.detections.get(number) else { return };
            for (rule, _) in detection.rules.iter().filter(|(_, reports)| *reports) {
                let (at_ms, last, first) = (now.at_ms, now.place, now.place);
                firings.push(Firing { at_ms, last, rule: *rule, key: Box::default(), count: 1, first, value: None });
                firings_behind_ms.push(now.behind_ms);
            }
            recorder.hit(number);
        });
        if let Some(id) = id {
            let hits = (index(first_hit), index(hits.len() - first_hit));
            identified.push(Identified { id, place: now.place, hits });
        }
        recorder.write(now, slots, out);
    }
}

fn count(result: Result<i64, Bad>, place: Place, out: &mut Batch) {
    out.tally.lines += 1;
    match result {
        Ok(at_ms) => out.tally.event(at_ms),
        Err(why) => out.tally.bad(why, place),
    }
}

#[cfg(test)]
mod tests;
