//! Second stage: the windows of correlations, group by group, in order of time.
//!
//! Assumes records in order of time, all of one instant together. Events of one instant are simultaneous: each of them lies
//! in the window of every other. State is bounded by the events inside the windows, never by the log's length. Spaces do not
//! know of each other, so the records of one are taken through all their time before those of the next.

mod baseline;
mod distinct;
mod keys;
mod measure;
mod memory;
mod quantile;
mod ring;
mod seat;
mod sliding;
mod watch;

use super::batch::{Batch, Firing, Part, Record};
use super::keep::Keep;
use super::plan::{Correlating, Plan};
use keys::Keys;
use seat::Seat;
use sliding::Fires;

/// The windows of one partition of the keys.
#[derive(Debug)]
pub struct Partition<'p> {
    spaces: Vec<Space<'p>>,
}

/// Records whose groups are fetched together.
const BLOCK: usize = 64;

/// How many of the first `records` make up whole instants, at least `least` if there are as many.
fn whole_instants(records: &[Held<'_>], least: usize) -> usize {
    let Some((last, _)) = records.get(least) else { return records.len() };
    let same = records.iter().skip(least).take_while(|(r, _)| r.at_ms == last.at_ms).count();
    least + same
}

/// A record and the batch that holds its parts and key.
pub type Held<'b> = (&'b Record, &'b Batch);

/// What a seat gets of an event, and the number of its group's key.
#[derive(Clone, Copy)]
struct Item<'b> {
    record: &'b Record,
    part: &'b Part,
    batch: &'b Batch,
    key: u32,
}

/// The groups of a space.
#[derive(Debug)]
struct Space<'p> {
    level: usize,
    keys: Keys,
    seats: Vec<Seat>,
    /// For each seat the correlations that share it.
    sharing: Vec<Vec<&'p Correlating>>,
}

impl<'p> Partition<'p> {
    /// Empty windows for all spaces of `plan`.
    pub fn new(plan: &'p Plan) -> Self {
        let correlations = |seat: &Vec<usize>| seat.iter().filter_map(|c| plan.correlations.get(*c)).collect();
        let space = |s: &'p super::plan::Space| {
            let sharing: Vec<Vec<&'p Correlating>> = s.seats.iter().map(correlations).collect();
            let seats = sharing.iter().filter_map(|sharing| Seat::new(sharing)).collect();
            Space { level: s.level, keys: Keys::default(), seats, sharing }
        };
        Self { spaces: plan.spaces.iter().map(space).collect() }
    }

    /// Appends what the windows hold.
    pub fn put(&self, out: &mut Vec<u8>) {
        for space in &self.spaces {
            space.keys.put(out);
            space.seats.iter().for_each(|s| s.put(out));
        }
    }

    /// Takes back what `put` wrote, into windows of the same plan.
    pub fn restore(&mut self, from: &mut &[u8]) -> Option<()> {
        for space in &mut self.spaces {
            space.keys = Keep::take(from)?;
            space.seats.iter_mut().try_for_each(|s| s.restore(from))?;
        }
        Some(())
    }

    /// Takes the records of one or more instants for a space, in order of time and place; hands each firing to `fire`.
    pub fn take<'b>(&mut self, space: usize, records: &[Held<'b>], fire: &mut impl FnMut(Fired<'b>)) {
        let Some(space) = self.spaces.get_mut(space) else { return };
        let mut items: Vec<Vec<Item<'b>>> = space.seats.iter().map(|_| Vec::new()).collect();
        let mut rest = records;
        while !rest.is_empty() {
            let (block, after) = rest.split_at(whole_instants(rest, BLOCK));
            rest = after;
            space.block(block, &mut items, fire);
        }
    }

    /// Says of the spaces of a level that nothing before `until_ms` can still come; hands what fires because time has passed
    /// to `fire`.
    pub fn pass<'b>(&mut self, level: usize, until_ms: i64, fire: &mut impl FnMut(Fired<'b>)) {
        for space in self.spaces.iter_mut().filter(|s| s.level == level) {
            space.overdue(until_ms, fire);
        }
    }
}

impl Space<'_> {
    fn overdue<'b>(&mut self, until_ms: i64, fire: &mut impl FnMut(Fired<'b>)) {
        for (seat, sharing) in self.seats.iter_mut().zip(&self.sharing) {
            // What fires as time passes is remembered for one correlation alone.
            let Some(correlation) = sharing.first() else { continue };
            let keys = &self.keys;
            seat.overdue(until_ms, &mut |due| {
                let firing = correlation.reports.then(|| Firing {
                    at_ms: due.at_ms,
                    last: due.last,
                    rule: correlation.rule,
                    key: keys.bytes(due.key).into(),
                    count: due.fires.count,
                    first: due.fires.first,
                    value: due.fires.value,
                });
                fire(Fired { firing, wakes: &[], member: 0, batch: None });
            });
        }
    }

    /// Takes the records of whole instants to their seats, and then each seat's through all their time.
    fn block<'b>(&mut self, block: &[Held<'b>], items: &mut [Vec<Item<'b>>], fire: &mut impl FnMut(Fired<'b>)) {
        let Self { keys, seats, sharing, .. } = self;
        // The numbers given to the keys of the block are theirs until it is done.
        keys.forget();
        for (record, batch) in block {
            let key = keys.number(record.key, || batch.key_of(record));
            for part in batch.parts_of(record) {
                if let Some(items) = items.get_mut(part.seat as usize) {
                    items.push(Item { record, part, batch, key });
                }
            }
        }
        for ((seat, sharing), items) in seats.iter_mut().zip(sharing).zip(items) {
            if items.is_empty() {
                continue;
            }
            seat.take(items, keys, &mut |item, keys, member, fires| {
                if let Some(correlation) = sharing.get(member) {
                    fire(fired(item, correlation, keys.bytes(item.key), fires));
                }
            });
            items.clear();
        }
    }
}

fn fired<'b>(item: &Item<'b>, correlation: &Correlating, key: &[u8], fires: Fires) -> Fired<'b> {
    let Item { record, part, batch, .. } = *item;
    let firing = correlation.reports.then(|| Firing {
        at_ms: record.at_ms,
        last: record.place,
        rule: correlation.rule,
        key: key.into(),
        count: fires.count,
        first: fires.first,
        value: fires.value,
    });
    Fired { firing, batch: Some(batch), wakes: batch.deferred_by(part), member: correlation.member }
}

/// What a firing gives: a report, unless the rule only serves others, and the records it brings to life.
pub struct Fired<'b> {
    /// The report.
    pub firing: Option<Firing>,
    /// The batch that holds the records; none when no event completed the firing.
    pub batch: Option<&'b Batch>,
    /// Records for the correlations that refer to those at the seat.
    pub wakes: &'b [Record],
    /// Which of those fired, and so which of the records come to life.
    pub member: usize,
}
