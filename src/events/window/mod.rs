//! Second stage: the windows of correlations, group by group, in order of time.
//!
//! Assumes records in order of time, all of one instant together. Events of one instant are simultaneous: each of them lies
//! in the window of every other. State is bounded by the events inside the windows, never by the log's length.

mod baseline;
mod distinct;
mod group;
mod quantile;
mod ring;
mod sliding;
mod watch;

use super::batch::{Batch, Firing, Record};
use super::hash::Table;
use super::keep::{Keep, keep};
use super::plan::Plan;
use sliding::Window;

/// The windows of one partition of the keys, for the correlations of one level.
#[derive(Debug)]
pub struct Partition<'p> {
    plan: &'p Plan,
    spaces: Vec<SpaceState>,
    /// Numbers of the keys of the records at hand.
    numbers: Vec<u32>,
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

/// The groups of a space.
#[derive(Debug)]
struct SpaceState {
    keys: Keys,
    windows: Vec<Window>,
}

/// Keys by number, numbers of gone keys used again.
#[derive(Debug, Default)]
struct Keys {
    numbers: Table<u32>,
    known: Vec<Known>,
    free: Vec<u32>,
}

keep!(Keys { numbers, known, free });

#[derive(Debug, Default)]
struct Known {
    fingerprint: u128,
    bytes: Box<[u8]>,
    /// Entries of windows, and groups with a memory, that hold on to this key.
    holders: u32,
}

keep!(Known { fingerprint, bytes, holders });

impl Keys {
    fn number(&mut self, fingerprint: u128, bytes: &[u8]) -> u32 {
        if let Some(n) = self.numbers.get(&fingerprint) {
            return *n;
        }
        let known = Known { fingerprint, bytes: bytes.into(), holders: 0 };
        let n = self.free.pop().unwrap_or_else(|| {
            self.known.push(Known::default());
            u32::try_from(self.known.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(slot) = self.known.get_mut(n as usize) {
            *slot = known;
        }
        self.numbers.insert(fingerprint, n);
        n
    }

    fn hold(&mut self, n: u32) {
        if let Some(k) = self.known.get_mut(n as usize) {
            k.holders += 1;
        }
    }

    fn release(&mut self, n: u32) {
        let Some(k) = self.known.get_mut(n as usize) else { return };
        k.holders = k.holders.saturating_sub(1);
        if k.holders == 0 {
            let gone = std::mem::take(k);
            self.numbers.remove(&gone.fingerprint);
            self.free.push(n);
        }
    }

    fn bytes(&self, n: u32) -> &[u8] {
        self.known.get(n as usize).map_or(&[], |k| &k.bytes)
    }
}

impl<'p> Partition<'p> {
    /// Empty windows for all spaces of `plan`.
    pub fn new(plan: &'p Plan) -> Self {
        let window = |c: &usize| plan.correlations.get(*c).map(Window::new);
        let space = |s: &super::plan::Space| SpaceState {
            keys: Keys::default(),
            windows: s.correlations.iter().filter_map(window).collect(),
        };
        Self { plan, spaces: plan.spaces.iter().map(space).collect(), numbers: Vec::new() }
    }

    /// Appends what the windows hold.
    pub fn put(&self, out: &mut Vec<u8>) {
        for space in &self.spaces {
            space.keys.put(out);
            space.windows.iter().for_each(|w| w.put(out));
        }
    }

    /// Takes back what `put` wrote, into windows of the same plan.
    pub fn restore(&mut self, from: &mut &[u8]) -> Option<()> {
        for space in &mut self.spaces {
            space.keys = Keep::take(from)?;
            space.windows.iter_mut().try_for_each(|w| w.restore(from))?;
        }
        Some(())
    }

    /// Takes the records of one or more instants, in order of time and place, and then knows that nothing before `until_ms`
    /// can still come; hands each firing to `fire`.
    pub fn take<'b>(&mut self, records: &[Held<'b>], until_ms: i64, fire: &mut impl FnMut(Fired<'b>)) {
        let mut numbers = std::mem::take(&mut self.numbers);
        let mut rest = records;
        while !rest.is_empty() {
            let (block, after) = rest.split_at(whole_instants(rest, BLOCK));
            rest = after;
            numbers.clear();
            self.prepare(block, &mut numbers);
            let mut keys = numbers.as_slice();
            for now in block.chunk_by(|(a, _), (b, _)| a.at_ms == b.at_ms) {
                let (own, others) = keys.split_at_checked(now.len()).unwrap_or_default();
                keys = others;
                self.instant(now, own, fire);
            }
        }
        self.numbers = numbers;
        self.overdue(until_ms, fire);
    }

    /// Reports what fires because time has passed.
    fn overdue<'b>(&mut self, until_ms: i64, fire: &mut impl FnMut(Fired<'b>)) {
        for (state, space) in self.spaces.iter_mut().zip(&self.plan.spaces) {
            for (window, number) in state.windows.iter_mut().zip(&space.correlations) {
                let Some(correlation) = self.plan.correlations.get(*number) else { continue };
                let keys = &state.keys;
                window.overdue(until_ms, &mut |due| {
                    let firing = correlation.reports.then(|| Firing {
                        at_ms: due.at_ms,
                        last: due.last,
                        rule: correlation.rule,
                        key: keys.bytes(due.key).into(),
                        count: due.fires.count,
                        first: due.fires.first,
                        value: due.fires.value,
                    });
                    fire(Fired { firing, wakes: &[], batch: None });
                });
            }
        }
    }

    /// Gives the keys of a block their numbers and holds on to them, so that what leaves a window meanwhile cannot take a
    /// key along. What is kept of the groups is looked at once: far apart in memory, it comes sooner when asked for together.
    fn prepare(&mut self, block: &[Held<'_>], numbers: &mut Vec<u32>) {
        for (record, batch) in block {
            let number = self.spaces.get_mut(record.space as usize).map_or(0, |space| {
                let key = space.keys.number(record.key, batch.key_of(record));
                space.keys.hold(key);
                key
            });
            numbers.push(number);
        }
        let mut seen = 0;
        for ((record, batch), key) in block.iter().zip(&*numbers) {
            let Some(space) = self.spaces.get(record.space as usize) else { continue };
            let windows = batch.parts_of(record).iter().filter_map(|p| space.windows.get(p.seat as usize));
            seen ^= windows.fold(0, |seen, w| seen ^ w.glance(*key));
        }
        std::hint::black_box(seen);
    }

    /// All records of one instant: first every event enters its windows, then every event is judged.
    fn instant<'b>(&mut self, now: &[Held<'b>], numbers: &[u32], fire: &mut impl FnMut(Fired<'b>)) {
        for ((record, batch), key) in now.iter().zip(numbers) {
            let Some(space) = self.spaces.get_mut(record.space as usize) else { continue };
            for part in batch.parts_of(record) {
                let Some(window) = space.windows.get_mut(part.seat as usize) else { continue };
                let keys = &mut space.keys;
                window.leave(record.at_ms, &mut |gone| keys.release(gone));
                if window.enter(record, part, *key) {
                    keys.hold(*key);
                }
            }
        }
        for ((record, batch), key) in now.iter().zip(numbers) {
            self.judge(record, batch, *key, fire);
        }
        for ((record, _), key) in now.iter().zip(numbers) {
            if let Some(space) = self.spaces.get_mut(record.space as usize) {
                space.keys.release(*key);
            }
        }
    }

    fn judge<'b>(&mut self, record: &'b Record, batch: &'b Batch, key: u32, fire: &mut impl FnMut(Fired<'b>)) {
        let Some(space) = self.spaces.get_mut(record.space as usize) else { return };
        let seats = self.plan.spaces.get(record.space as usize).map_or(&[][..], |s| &s.correlations);
        for part in batch.parts_of(record) {
            let window = space.windows.get_mut(part.seat as usize);
            let Some(verdict) = window.and_then(|w| w.judge(record, part, batch.ids_of(part), key)) else { continue };
            let correlation = seats.get(part.seat as usize).and_then(|c| self.plan.correlations.get(*c));
            let Some(correlation) = correlation else { continue };
            let firing = correlation.reports.then(|| Firing {
                at_ms: record.at_ms,
                last: record.place,
                rule: correlation.rule,
                key: space.keys.bytes(key).into(),
                count: verdict.count,
                first: verdict.first,
                value: verdict.value,
            });
            fire(Fired { firing, batch: Some(batch), wakes: batch.deferred_by(part) });
        }
    }
}

/// What a firing gives: a report, unless the rule only serves others, and the records it brings to life.
pub struct Fired<'b> {
    /// The report.
    pub firing: Option<Firing>,
    /// The batch that holds the records; none when no event completed the firing.
    pub batch: Option<&'b Batch>,
    /// Records for the correlations that refer to this one.
    pub wakes: &'b [Record],
}
