//! Puts batches in order of time and drives the windows, level by level.
//!
//! INVARIANT: the result depends on the lines and their order in their source alone, never on how they were cut into
//! stretches or on how many partitions there are.

use super::batch::{Batch, Firing, Record};
use super::keep::{Keep, keep};
use super::plan::Plan;
use super::window::{Held, Partition};
use std::collections::{BTreeMap, VecDeque};

/// A correlator's share of work on one partition: may run on any thread.
pub struct Job<'j, 'p> {
    partition: &'j mut Partition<'p>,
    records: Vec<Held<'j>>,
    until_ms: i64,
    firings: Vec<Firing>,
    wakes: Vec<Held<'j>>,
}

impl Job<'_, '_> {
    /// Does the work.
    pub fn run(&mut self) {
        let Self { partition, records, until_ms, firings, wakes } = self;
        partition.take(records, *until_ms, &mut |fired| {
            firings.extend(fired.firing);
            if let Some(batch) = fired.batch {
                wakes.extend(fired.wakes.iter().map(|r| (r, batch)));
            }
        });
    }
}

/// Runs jobs, in whatever order and on however many threads, and returns when all are done.
pub type Runner<'r> = &'r (dyn Fn(&mut [Job<'_, '_>]) + 'r);

/// Runs jobs one after the other on this thread.
pub fn one_by_one(jobs: &mut [Job<'_, '_>]) {
    jobs.iter_mut().for_each(Job::run);
}

struct Source {
    high_ms: Option<i64>,
    open: bool,
}

keep!(Source { high_ms, open });

struct Waiting {
    at_ms: i64,
    place: super::place::Place,
    batch: u64,
    index: u32,
}

keep!(Waiting { at_ms, place, batch, index });

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
    /// Partitions of each level.
    levels: Vec<Vec<Partition<'p>>>,
    sources: BTreeMap<u16, Source>,
    batches: VecDeque<Batch>,
    /// Records of each batch that still wait.
    left: VecDeque<u32>,
    /// Number of the oldest batch held.
    base: u64,
    waiting: Vec<Waiting>,
    firings: Vec<Turn>,
    late: u64,
}

impl<'p> Correlator<'p> {
    /// A correlator over `partitions` parts that lets events come up to `lateness_ms` behind the latest of their source.
    pub fn new(plan: &'p Plan, partitions: usize, lateness_ms: i64) -> Self {
        let level = |_| (0..partitions.max(1)).map(|_| Partition::new(plan)).collect();
        Self {
            plan,
            lateness_ms,
            levels: (0..plan.levels).map(level).collect(),
            sources: BTreeMap::new(),
            batches: VecDeque::new(),
            left: VecDeque::new(),
            base: 0,
            waiting: Vec::new(),
            firings: Vec::new(),
            late: 0,
        }
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
        self.levels.iter().flatten().for_each(|p| p.put(out));
        self.sources.put(out);
        self.batches.put(out);
        self.left.put(out);
        self.base.put(out);
        self.waiting.put(out);
        self.firings.put(out);
        self.late.put(out);
    }

    /// Takes back what `put` wrote, into a correlator of the same plan, partitions and lateness.
    pub fn restore(&mut self, from: &mut &[u8]) -> Option<()> {
        self.levels.iter_mut().flatten().try_for_each(|p| p.restore(from))?;
        self.sources = Keep::take(from)?;
        self.batches = Keep::take(from)?;
        self.left = Keep::take(from)?;
        self.base = Keep::take(from)?;
        self.waiting = Keep::take(from)?;
        self.firings = Keep::take(from)?;
        self.late = Keep::take(from)?;
        Some(())
    }

    /// Takes the next stretch of `source` in.
    pub fn add(&mut self, source: u16, mut batch: Batch) {
        let high_before = self.high_ms(source);
        let number = self.base + self.batches.len() as u64;
        let mut kept = 0;
        let mut late = None;
        for (index, record) in (0u32..).zip(&batch.records) {
            if !record.is_late(high_before, self.lateness_ms) {
                kept += 1;
                self.waiting.push(Waiting { at_ms: record.at_ms, place: record.place, batch: number, index });
            } else if late.replace(record.place) != Some(record.place) {
                // An event may have several records, one beside the other.
                self.late += 1;
            }
        }
        let behind = batch.firings_behind_ms.drain(..).chain(std::iter::repeat(0));
        for (firing, behind_ms) in batch.firings.drain(..).zip(behind) {
            let high = firing.at_ms.saturating_add(i64::from(behind_ms)).max(high_before.unwrap_or(i64::MIN));
            let turn_ms = firing.at_ms.max(high.saturating_sub(self.lateness_ms));
            self.firings.push(Turn { turn_ms, firing });
        }
        if let Some(s) = self.sources.get_mut(&source) {
            s.high_ms = s.high_ms.max(batch.tally.span_ms.map(|(_, last)| last));
        }
        self.batches.push_back(batch);
        self.left.push_back(kept);
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
        let mut due = self.take_due(until);
        if !due.is_sorted_by_key(|w| (w.at_ms, w.place)) {
            due.sort_by_key(|w| (w.at_ms, w.place));
        }
        // At the end of the log, what the log reaches to is known to have passed.
        let passed = if until == i64::MAX { self.end_ms() } else { until };
        self.correlate(&due, passed, run);
        self.drop_used(&due);
        let all = std::mem::take(&mut self.firings);
        let (mut out, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|t| t.turn_ms < until || until == i64::MAX);
        self.firings = rest;
        out.sort_by_key(|t| (t.turn_ms, t.firing.at_ms, t.firing.last, t.firing.rule));
        out.into_iter().for_each(|t| done(t.turn_ms, t.firing));
    }

    fn end_ms(&self) -> i64 {
        self.sources.values().filter_map(|s| s.high_ms).max().map_or(i64::MIN, |ms| ms.saturating_add(1))
    }

    fn take_due(&mut self, until: i64) -> Vec<Waiting> {
        let all = std::mem::take(&mut self.waiting);
        let (due, rest) = all.into_iter().partition(|w| w.at_ms < until || until == i64::MAX);
        self.waiting = rest;
        due
    }

    fn correlate(&mut self, due: &[Waiting], until_ms: i64, run: Runner<'_>) {
        let Self { plan, levels, batches, base, firings, .. } = self;
        let find = |w: &Waiting| {
            let batch = batches.get(usize::try_from(w.batch - *base).ok()?)?;
            Some((batch.records.get(w.index as usize)?, batch))
        };
        let level_of = |r: &Record| plan.spaces.get(r.space as usize).map_or(0, |s| s.level);
        let mut woken: Vec<Held<'_>> = Vec::new();
        for (number, partitions) in levels.iter_mut().enumerate() {
            let (now, later) = woken.into_iter().partition(|(r, _)| level_of(r) == number + 1);
            woken = later;
            let mut records: Vec<Held<'_>> = now;
            records.extend(due.iter().filter_map(find).filter(|(r, _)| level_of(r) == number + 1));
            if !records.is_sorted_by_key(|(r, _)| (r.at_ms, r.place)) {
                records.sort_by_key(|(r, _)| (r.at_ms, r.place));
            }
            let mut jobs = jobs(partitions, records, until_ms);
            run(&mut jobs);
            for job in jobs {
                firings.extend(job.firings.into_iter().map(|firing| Turn { turn_ms: firing.at_ms, firing }));
                woken.extend(job.wakes);
            }
        }
    }

    fn drop_used(&mut self, due: &[Waiting]) {
        for w in due {
            let index = usize::try_from(w.batch - self.base).ok();
            if let Some(left) = index.and_then(|i| self.left.get_mut(i)) {
                *left -= 1;
            }
        }
        while self.left.front() == Some(&0) {
            self.left.pop_front();
            self.batches.pop_front();
            self.base += 1;
        }
    }
}

/// Deals records out to partitions by key; all records of a key go to the same one, in order.
fn jobs<'j, 'p>(partitions: &'j mut [Partition<'p>], records: Vec<Held<'j>>, until_ms: i64) -> Vec<Job<'j, 'p>> {
    let count = partitions.len() as u128;
    let mut jobs: Vec<Job<'_, '_>> = partitions
        .iter_mut()
        .map(|partition| Job { partition, records: Vec::new(), until_ms, firings: Vec::new(), wakes: Vec::new() })
        .collect();
    for held in records {
        // The low half finds a key in its table, so the high half deals.
        let to = usize::try_from((held.0.key >> 64) % count).unwrap_or(0);
        if let Some(job) = jobs.get_mut(to) {
            job.records.push(held);
        }
    }
    jobs
}
