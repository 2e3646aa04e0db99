//! Takes apart what a stretch left: the records that may be left out of the whole, and everything else.

use crate::events::batch::{Batch, Part, Record, Value};
use crate::events::place::Place;
use crate::events::plan::Plan;
use crate::events::rule::{Extension, Kind};
use std::collections::BTreeSet;

/// For each correlation whether its memory has no bound, or it feeds or is fed by one of such: all records of these are
/// put together by the whole.
pub fn folded(plan: &Plan) -> Vec<bool> {
    let mut folded: Vec<bool> = plan.correlations.iter().map(|c| !is_bounded(&c.kind)).collect();
    loop {
        let before = folded.clone();
        for (number, correlation) in plan.correlations.iter().enumerate() {
            for feed in &correlation.feeds {
                let both = [number, feed.correlation];
                if both.iter().any(|c| folded.get(*c) == Some(&true)) {
                    both.iter().filter_map(|c| folded.get_mut(*c).map(|f| *f = true)).for_each(drop);
                }
            }
        }
        // One window, and so one part of a record, serves all at a seat.
        for seat in plan.spaces.iter().flat_map(|s| &s.seats) {
            if seat.iter().any(|c| folded.get(*c) == Some(&true)) {
                seat.iter().filter_map(|c| folded.get_mut(*c).map(|f| *f = true)).for_each(drop);
            }
        }
        if folded == before {
            return folded;
        }
    }
}

/// Whether a firing depends on nothing before its window.
const fn is_bounded(kind: &Kind) -> bool {
    match kind {
        Kind::Extension(extension) => {
            matches!(extension, Extension::Distance { .. } | Extension::NotFollowed | Extension::FirstSeen { .. })
        }
        _ => true,
    }
}

/// Takes out of `batch` what goes to correlations with a bound: gives it, and leaves the rest.
pub fn split(batch: &mut Batch, plan: &Plan, folded: &[bool]) -> Batch {
    let (mut bounded, mut rest) = (Batch::default(), Batch::default());
    for record in &batch.records {
        let seats = plan.spaces.get(record.space as usize).map_or(&[][..], |s| &s.seats);
        let is_folded = |part: &&Part| {
            let one = seats.get(part.seat as usize).and_then(|sharing| sharing.first());
            one.and_then(|c| folded.get(*c)) == Some(&true)
        };
        let (far, near): (Vec<&Part>, Vec<&Part>) = batch.parts_of(record).iter().partition(is_folded);
        for (parts, to) in [(near, &mut bounded), (far, &mut rest)] {
            if !parts.is_empty() {
                let copied = copy(batch, record, &parts, to);
                to.records.push(copied);
            }
        }
    }
    let Batch { records, deferred, parts, keys, ids, .. } = rest;
    batch.records = records;
    batch.deferred = deferred;
    batch.parts = parts;
    batch.keys = keys;
    batch.ids = ids;
    bounded
}

/// Puts back what `split` took out.
pub fn rejoin(bounded: &Batch, rest: &mut Batch) {
    for record in &bounded.records {
        let parts: Vec<&Part> = bounded.parts_of(record).iter().collect();
        let copied = copy(bounded, record, &parts, rest);
        rest.records.push(copied);
    }
    rest.records.sort_by_key(|r| r.place);
}

/// The events that come too late for windows, after events up to `high_ms`.
pub fn late(batch: &Batch, high_ms: Option<i64>, lateness_ms: i64) -> BTreeSet<Place> {
    let is_late = |r: &&Record| r.is_late(high_ms, lateness_ms);
    batch.records.iter().filter(is_late).map(|r| r.place).collect()
}

/// Counts within a batch stay far below 2^32.
fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn copy(from: &Batch, record: &Record, parts: &[&Part], to: &mut Batch) -> Record {
    let key_at = (index(to.keys.len()), record.key_at.1);
    to.keys.extend_from_slice(from.key_of(record));
    let parts: Vec<Part> = parts.iter().map(|p| copy_part(from, p, to)).collect();
    let parts_at = (index(to.parts.len()), index(parts.len()));
    to.parts.extend(parts);
    Record { key_at, parts: parts_at, ..*record }
}

fn copy_part(from: &Batch, part: &Part, to: &mut Batch) -> Part {
    let value = match part.value {
        Value::Ids(_, count) => {
            let start = index(to.ids.len());
            to.ids.extend_from_slice(from.ids_of(part));
            Value::Ids(start, count)
        }
        value => value,
    };
    let all = |r: &Record| from.parts_of(r).iter().collect::<Vec<&Part>>();
    let deferred: Vec<Record> = from.deferred_by(part).iter().map(|r| copy(from, r, &all(r), to)).collect();
    let then = (index(to.deferred.len()), index(deferred.len()));
    to.deferred.extend(deferred);
    Part { value, then, ..*part }
}

/// Gives every place in `batch` the number that its source has in the whole.
pub fn moved(batch: &mut Batch, source: u16) {
    let place = |p: &mut Place| *p = Place::new(source, p.offset());
    batch.records.iter_mut().chain(&mut batch.deferred).for_each(|r| place(&mut r.place));
    batch.firings.iter_mut().for_each(|f| {
        place(&mut f.first);
        place(&mut f.last);
    });
    batch.identified.iter_mut().for_each(|e| place(&mut e.place));
    batch.tally.bad.values_mut().flat_map(|(_, samples)| samples).for_each(place);
}
