//! Puts batches in order of time and drives the windows, level by level.
//!
//! INVARIANT: the result depends on the lines and their order in their source alone, never on how they were cut into
//! stretches or on how many partitions there are.

use super::batch::{Batch, Firing, Record};
use super::keep::{Keep, keep};
use super::place::Place;
use super::plan::Plan;
use super::window::{Dealt, Fired, Held, Partition};
use std::collections::{BTreeMap, VecDeque};

/// Used batches kept to be filled anew.
const MOST_SPARE: usize = 8;

/// How many records before its turn a record's key is fetched from memory.
const AHEAD: usize = 24;

/// A correlator's share of work on one partition: may run on any thread.
pub struct Job<'j, 'b, 'p> {
    partition: &'j mut Partition<'p>,
    level: usize,
    dealt: &'j mut Dealt<'b>,
    until_ms: i64,
    firings: Vec<Firing>,
    wakes: Vec<Held<'b>>,
}

impl<'b> Job<'_, 'b, '_> {
    /// Does the work.
    pub fn run(&mut self) {
        let Self { partition, level, dealt, until_ms, firings, wakes } = self;
        let mut fire = |fired: Fired<'b>| {
            firings.extend(fired.firing);
            if let Some(batch) = fired.batch {
                let own = fired.wakes.iter().filter(|r| r.member as usize == fired.member);
                wakes.extend(own.map(|r| (r, batch)));
            }
        };
        partition.take(*level, dealt, &mut fire);
        partition.pass(*level, *until_ms, &mut fire);
    }
}

/// Runs jobs, in whatever order and on however many threads, and returns when all are done.
pub type Runner<'r> = &'r (dyn Fn(&mut [Job<'_, '_, '_>]) + 'r);

/// Runs jobs one after the other on this thread.
pub fn one_by_one(jobs: &mut [Job<'_, '_, '_>]) {
    jobs.iter_mut().for_each(Job::run);
}

struct Source {
    high_ms: Option<i64>,
    open: bool,
}

keep!(Source { high_ms, open });

/// A batch with records that wait for their turn.
struct Waiting {
    batch: Batch,
    /// Its records in order of time and place; `None` when they stand in that order and none came too late.
    order: Option<Vec<u32>>,
    /// How many of them have had their turn.
    done: usize,
}

impl Waiting {
    /// Tells also how many events came too late; one may have several records, one beside the other.
    fn new(batch: Batch, is_late: impl Fn(&Record) -> bool) -> (Self, u64) {
        let late =
            batch.records.chunk_by(|a, b| a.place == b.place).filter(|c| c.first().is_some_and(&is_late)).count();
        let order = (late > 0 || !batch.records.is_sorted_by_key(when)).then(|| {
            let all = (0u32..).zip(&batch.records).filter(|(_, r)| !is_late(r));
            let mut kept: Vec<(u32, &Record)> = all.collect();
            kept.sort_by_key(|(_, r)| when(r));
            kept.into_iter().map(|(n, _)| n).collect()
        });
        (Self { batch, order, done: 0 }, late as u64)
    }

    fn len(&self) -> usize {
        self.order.as_ref().map_or(self.batch.records.len(), Vec::len)
    }

    fn record(&self, at: usize) -> Option<&Record> {
        let index = self.order.as_ref().map_or(Some(at), |o| o.get(at).map(|n| *n as usize));
        index.and_then(|i| self.batch.records.get(i))
    }

    /// Gives the records from one in order up to another to `take`, each a first time somewhat before its turn.
    fn between<'w>(&'w self, from: usize, to: usize, take: &mut impl FnMut(Due<'w>)) {
        let records = &self.batch.records;
        match &self.order {
            None => in_turn(records.get(from..to).unwrap_or_default().iter(), take),
            Some(order) => {
                let numbers = order.get(from..to).unwrap_or_default().iter();
                in_turn(numbers.filter_map(|n| records.get(*n as usize)), take);
            }
        }
    }

    /// How many records have had their turn when all before `until_ms` have.
    fn due(&self, until_ms: i64) -> usize {
        if until_ms == i64::MAX {
            return self.len();
        }
        let is_due = |at: usize| self.record(at).is_some_and(|r| r.at_ms < until_ms);
        // Most often all of them or none.
        if self.len().checked_sub(1).is_none_or(is_due) {
            return self.len();
        }
        let (mut low, mut high) = (self.done, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if is_due(middle) { low = middle + 1 } else { high = middle }
        }
        low
    }
}

/// A record whose turn it is, or will be before long.
enum Due<'w> {
    Now(&'w Record),
    Soon(&'w Record),
}

fn in_turn<'w>(records: impl Iterator<Item = &'w Record> + Clone, take: &mut impl FnMut(Due<'w>)) {
    let mut ahead = records.clone();
    ahead.by_ref().take(AHEAD).for_each(|record| take(Due::Soon(record)));
    for record in records {
        ahead.next().into_iter().for_each(|record| take(Due::Soon(record)));
        take(Due::Now(record));
    }
}

const fn when(record: &Record) -> (i64, Place) {
    (record.at_ms, record.place)
}

keep!(Waiting { batch, order, done });

/// A firing and the instant at which its turn comes: its own, or for one that came too late the instant that was settled
/// when it came. So the order does not depend on how much was read at a time.
struct Turn {
    turn_ms: i64,
    firing: Firing,
}

keep!(Turn { turn_ms, firing });

/// Orders and correlates.
pub struct Correlator<'p> {
    plan: &'p Plan,
    lateness_ms: i64,
    /// Windows, parted by keys.
    partitions: Vec<Partition<'p>>,
    sources: BTreeMap<u16, Source>,
    waiting: VecDeque<Waiting>,
    firings: Vec<Turn>,
    late: u64,
    /// Batches that are not needed any more.
    spare: Vec<Batch>,
}

impl<'p> Correlator<'p> {
    /// A correlator over `partitions` parts that lets events come up to `lateness_ms` behind the latest of their source.
    pub fn new(plan: &'p Plan, partitions: usize, lateness_ms: i64) -> Self {
        Self {
            plan,
            lateness_ms,
            partitions: (0..partitions.max(1)).map(|_| Partition::new(plan)).collect(),
            sources: BTreeMap::new(),
            waiting: VecDeque::new(),
            firings: Vec::new(),
            late: 0,
            spare: Vec::new(),
        }
    }

    /// A batch that is not needed any more, empty, to be filled anew.
    pub fn spare(&mut self) -> Option<Batch> {
        let mut batch = self.spare.pop()?;
        batch.clear();
        Some(batch)
    }

    /// Announces a source: nothing is decided before it has been heard of, or closed.
    pub fn open(&mut self, source: u16) {
        self.sources.insert(source, Source { high_ms: None, open: true });
    }

    /// Says that a source has ended.
    pub fn close(&mut self, source: u16) {
        if let Some(s) = self.sources.get_mut(&source) {
            s.open = false;
        }
    }

    /// The latest instant seen of a source.
    pub fn high_ms(&self, source: u16) -> Option<i64> {
        self.sources.get(&source).and_then(|s| s.high_ms)
    }

    /// Events that came too late for the windows.
    pub const fn late(&self) -> u64 {
        self.late
    }

    /// Says that time has passed on `source` as far as `ms`, as an event of that instant would.
    pub fn pass(&mut self, source: u16, ms: i64) {
        if let Some(s) = self.sources.get_mut(&source) {
            s.high_ms = s.high_ms.max(Some(ms));
        }
    }

    /// Appends all that is held.
    pub fn put(&self, out: &mut Vec<u8>) {
        self.partitions.iter().for_each(|p| p.put(out));
        self.sources.put(out);
        self.waiting.put(out);
        self.firings.put(out);
        self.late.put(out);
    }

    /// Takes back what `put` wrote, into a correlator of the same plan, partitions and lateness.
    pub fn restore(&mut self, from: &mut &[u8]) -> Option<()> {
        self.partitions.iter_mut().try_for_each(|p| p.restore(from))?;
        self.sources = Keep::take(from)?;
        self.waiting = Keep::take(from)?;
        self.firings = Keep::take(from)?;
        self.late = Keep::take(from)?;
        Some(())
    }

    /// Takes the next stretch of `source` in.
    pub fn add(&mut self, source: u16, mut batch: Batch) {
        let high_before = self.high_ms(source);
        let behind = batch.firings_behind_ms.drain(..).chain(std::iter::repeat(0));
        for (firing, behind_ms) in batch.firings.drain(..).zip(behind) {
            let high = firing.at_ms.saturating_add(i64::from(behind_ms)).max(high_before.unwrap_or(i64::MIN));
            let turn_ms = firing.at_ms.max(high.saturating_sub(self.lateness_ms));
            self.firings.push(Turn { turn_ms, firing });
        }
        if let Some(s) = self.sources.get_mut(&source) {
            s.high_ms = s.high_ms.max(batch.tally.span_ms.map(|(_, last)| last));
        }
        let lateness_ms = self.lateness_ms;
        let (waiting, late) = Waiting::new(batch, |record| record.is_late(high_before, lateness_ms));
        self.late += late;
        self.waiting.push_back(waiting);
    }

    /// The instant before which nothing more can come; `None` when a source has not been heard of.
    fn settled_ms(&self) -> Option<i64> {
        let mut settled = i64::MAX;
        for source in self.sources.values().filter(|s| s.open) {
            settled = settled.min(source.high_ms?.saturating_sub(self.lateness_ms));
        }
        Some(settled)
    }

    /// Decides all that can be decided; `done` gets the firings in order of time, place and rule.
    pub fn settle(&mut self, run: Runner<'_>, done: &mut (dyn FnMut(Firing) + Send)) {
        self.settle_in_turn(run, &mut |_, firing| done(firing));
    }

    /// The same; `done` also gets the instant at which the firing's turn comes, by which firings of several correlators can
    /// be put in order.
    pub fn settle_in_turn(&mut self, run: Runner<'_>, done: &mut (dyn FnMut(i64, Firing) + Send)) {
        let Some(until) = self.settled_ms() else { return };
        let ends: Vec<usize> = self.waiting.iter().map(|w| w.due(until)).collect();
        // At the end of the log, what the log reaches to is known to have passed.
        let passed = if until == i64::MAX { self.end_ms() } else { until };
        self.correlate(&ends, passed, run);
        self.waiting.iter_mut().zip(ends).for_each(|(w, end)| w.done = end);
        // Those that are done stand at the front, but for logs that begin later and whose beginnings came before.
        let mut at = 0;
        while let Some(waiting) = self.waiting.get(at) {
            if waiting.done < waiting.len() {
                at += 1;
                continue;
            }
            let batch = self.waiting.remove(at).map(|w| w.batch);
            self.spare.extend(batch.filter(|_| self.spare.len() < MOST_SPARE));
        }
        let is_due = |turn: &mut Turn| turn.turn_ms < until || until == i64::MAX;
        let mut out: Vec<Turn> = self.firings.extract_if(.., is_due).collect();
        out.sort_by_key(|t| (t.turn_ms, t.firing.at_ms, t.firing.last, t.firing.rule));
        out.into_iter().for_each(|t| done(t.turn_ms, t.firing));
    }

    fn end_ms(&self) -> i64 {
        self.sources.values().filter_map(|s| s.high_ms).max().map_or(i64::MIN, |ms| ms.saturating_add(1))
    }

    /// Takes the records of each waiting batch up to `ends` through all levels.
    fn correlate(&mut self, ends: &[usize], until_ms: i64, run: Runner<'_>) {
        let Self { plan, partitions, waiting, firings, .. } = self;
        let mut dealt: Vec<Dealt<'_>> = partitions.iter_mut().map(Partition::begin).collect();
        let (mut before, mut in_order) = ((i64::MIN, Place::default()), true);
        for (w, end) in waiting.iter().zip(ends) {
            w.between(w.done, *end, &mut |due| match due {
                Due::Soon(record) => fetch(partitions, record),
                Due::Now(record) => {
                    in_order &= before <= when(record);
                    before = when(record);
                    deal(partitions, (record, &w.batch), &mut dealt);
                }
            });
        }
        for level in 1..=plan.levels {
            // What a firing brings to life comes after what was there before.
            if !in_order || level > 1 {
                dealt.iter_mut().for_each(Dealt::sort);
            }
            let job =
                |(partition, dealt)| Job { partition, level, dealt, until_ms, firings: Vec::new(), wakes: Vec::new() };
            let mut jobs: Vec<Job<'_, '_, '_>> = partitions.iter_mut().zip(&mut dealt).map(job).collect();
            run(&mut jobs);
            let mut wakes = Vec::new();
            for job in jobs {
                firings.extend(job.firings.into_iter().map(|firing| Turn { turn_ms: firing.at_ms, firing }));
                wakes.extend(job.wakes);
            }
            wakes.into_iter().for_each(|held| deal(partitions, held, &mut dealt));
        }
    }
}

/// The partition that all records of a record's key go to, of so many.
fn partition_of(record: &Record, partitions: usize) -> usize {
    usize::try_from((record.key >> 64) % partitions as u128).unwrap_or(0)
}

/// Has brought nearer what a record's key is found by.
#[inline]
fn fetch(partitions: &[Partition<'_>], record: &Record) {
    let partition = match partitions {
        [partition] => Some(partition),
        many => many.get(partition_of(record, many.len())),
    };
    partition.into_iter().for_each(|p| p.fetch(record));
}

/// Deals a record out to a partition by its key.
#[inline]
fn deal<'b>(partitions: &mut [Partition<'_>], held: Held<'b>, dealt: &mut [Dealt<'b>]) {
    if let ([partition], [dealt]) = (&mut *partitions, &mut *dealt) {
        return partition.deal(held, dealt);
    }
    let to = partition_of(held.0, partitions.len());
    if let (Some(partition), Some(dealt)) = (partitions.get_mut(to), dealt.get_mut(to)) {
        partition.deal(held, dealt);
    }
}
