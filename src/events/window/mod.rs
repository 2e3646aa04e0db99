//! Second stage: the windows of correlations, group by group, in order of time.
//!
//! Assumes records in order of time, all of one instant together. Events of one instant are simultaneous: each of them lies
//! in the window of every other. State is bounded by the events inside the windows, never by the log's length. Spaces do not
//! know of each other, nor do seats, so the records of one are taken through all their time before those of the next.

mod baseline;
mod distinct;
mod keys;
mod measure;
mod memory;
mod numbers;
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
    /// How much was last dealt out to each seat of all spaces.
    last: Vec<usize>,
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

/// What is dealt out to seats, in order of time and place.
pub struct Dealt<'b> {
    seats: Vec<Vec<Item<'b>>>,
}

impl Dealt<'_> {
    /// Puts in order what was dealt out otherwise.
    pub fn sort(&mut self) {
        self.seats.iter_mut().for_each(|items| items.sort_by_key(|i| (i.record.at_ms, i.record.place)));
    }
}

/// The groups of a space.
#[derive(Debug)]
struct Space<'p> {
    level: usize,
    /// Place of its first seat among those of all spaces.
    first_seat: usize,
    keys: Keys,
    seats: Vec<Seat>,
    /// For each seat the correlations that share it.
    sharing: Vec<Vec<&'p Correlating>>,
}

impl<'p> Partition<'p> {
    /// Empty windows for all spaces of `plan`.
    pub fn new(plan: &'p Plan) -> Self {
        let correlations = |seat: &Vec<usize>| seat.iter().filter_map(|c| plan.correlations.get(*c)).collect();
        let mut next_seat = 0;
        let space = |s: &'p super::plan::Space| {
            let sharing: Vec<Vec<&'p Correlating>> = s.seats.iter().map(correlations).collect();
            let seats: Vec<Seat> = sharing.iter().filter_map(|sharing| Seat::new(sharing)).collect();
            let first_seat = next_seat;
            next_seat += seats.len();
            Space { level: s.level, first_seat, keys: Keys::default(), seats, sharing }
        };
        let spaces = plan.spaces.iter().map(space).collect();
        Self { spaces, last: vec![0; next_seat] }
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

    /// Begins to deal out: nothing yet. What was dealt out before has to have been taken.
    pub fn begin<'b>(&mut self) -> Dealt<'b> {
        self.spaces.iter_mut().for_each(|s| s.keys.forget());
        // About as much as the last time.
        let room = |items: &usize| Vec::with_capacity(*items);
        Dealt { seats: self.last.iter().map(room).collect() }
    }

    /// Has brought nearer what a record's key is found by.
    #[inline]
    pub fn fetch(&self, record: &Record) {
        self.spaces.get(record.space as usize).into_iter().for_each(|space| space.keys.fetch(record.key));
    }

    /// Deals a record out to the seats that its parts are for.
    #[inline]
    pub fn deal<'b>(&mut self, (record, batch): Held<'b>, to: &mut Dealt<'b>) {
        let Some(space) = self.spaces.get_mut(record.space as usize) else { return };
        let key = space.keys.number(record.key, || batch.key_of(record));
        for part in batch.parts_of(record) {
            if let Some(items) = to.seats.get_mut(space.first_seat + part.seat as usize) {
                items.push(Item { record, part, batch, key });
            }
        }
    }

    /// Takes what was dealt out to the spaces of a level, whole instants, each seat's through all their time before those of
    /// the next; hands each firing to `fire`.
    pub fn take<'b>(&mut self, level: usize, dealt: &mut Dealt<'b>, fire: &mut impl FnMut(Fired<'b>)) {
        for space in self.spaces.iter_mut().filter(|s| s.level == level) {
            let Space { first_seat, keys, seats, sharing, .. } = space;
            let items = dealt.seats.iter_mut().zip(&mut self.last).skip(*first_seat);
            for ((seat, sharing), (items, last)) in seats.iter_mut().zip(sharing).zip(items) {
                *last = items.len();
                seat.take(&std::mem::take(items), keys, &mut |item, keys, member, fires| {
                    if let Some(correlation) = sharing.get(member) {
                        fire(fired(item, correlation, keys.bytes(item.key), fires));
                    }
                });
            }
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
