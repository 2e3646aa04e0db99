//! Runs the engine over logs: threads take stretches, match them, and whoever finds the next one in order ready moves the
//! windows on. No thread waits for another unless it is far ahead, or nothing of a packed log is unpacked yet.

use super::ahead::{Ahead, Step, Unpacked, Unpacking};
use super::mapped::MappedLog;
use super::stretch::{Cut, Cutter, Room};
use super::stripes::{Stripe, Stripes};
use super::{Input, LogError};
use crate::connectors::mapping::{Hints, Mapping};
use crate::events::batch::{Batch, Firing};
use crate::events::context::Context;
use crate::events::correlator::{Correlator, one_by_one};
use crate::events::coverage::Sight;
use crate::events::doubles::Doubles;
use crate::events::hash::Seed;
use crate::events::line::Bad;
use crate::events::matching::Matcher;
use crate::events::place::Place;
use crate::events::plan::Plan;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Finished stretches beyond which threads stop reading ahead.
const FAR_AHEAD: usize = 8;

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads to run on; at least 1. The result does not depend on it.
    pub threads: usize,
    /// How far events may lie behind the latest of their log and still take part in windows.
    pub lateness_ms: i64,
    /// Seed of fingerprints. The result does not depend on it.
    pub seed: Seed,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Each log by name, with what was seen of it.
    pub sources: Vec<(String, Sight)>,
    /// Events that lay further behind than the lateness: single-event rules saw them, windows did not.
    pub late: u64,
}

/// Runs `plan` over `inputs`, whose records `mapping` turns into events; `sink` gets the firings in order of time, place and rule.
pub fn scan(
    (plan, context): (&Plan, &Context),
    inputs: Vec<Input>,
    mapping: Option<(&Mapping, Hints)>,
    options: Options,
    sink: &mut (dyn FnMut(Firing) + Send),
) -> Result<Coverage, LogError> {
    let count = u16::try_from(inputs.len()).map_err(|_| LogError::TooMany(inputs.len()))?;
    let mut correlator = Correlator::new(plan, 1, options.lateness_ms);
    (0..count).for_each(|source| correlator.open(source));
    let names: Vec<String> = inputs.iter().map(|i| i.name.clone()).collect();
    let log = |(source, input)| Log::new(input, source, mapping, options.threads);
    let logs = (0..count).zip(inputs).map(log).collect::<Result<_, _>>()?;
    let run = Run {
        reading: Mutex::new(Reading { logs, next: 0, used: Vec::new(), failed: None }),
        unpacked: Condvar::new(),
        finished: Mutex::new(BTreeMap::new()),
        spare: Mutex::new(Vec::new()),
        deciding: Mutex::new(Deciding {
            correlator,
            next: 0,
            seen: vec![Sight::default(); names.len()],
            doubles: names.iter().map(|_| Doubles::default()).collect(),
            sink,
        }),
        names: &names,
    };
    std::thread::scope(|scope| {
        for _ in 1..options.threads.max(1) {
            scope.spawn(|| run.work(Matcher::new(plan, context, options.seed)));
        }
        run.work(Matcher::new(plan, context, options.seed));
    });
    let Run { reading, deciding, .. } = run;
    if let Some(failed) = reading.into_inner().unwrap_or_else(PoisonError::into_inner).failed {
        return Err(failed);
    }
    let deciding = deciding.into_inner().unwrap_or_else(PoisonError::into_inner);
    let late = deciding.correlator.late();
    Ok(Coverage { sources: names.into_iter().zip(deciding.seen).collect(), late })
}

struct Log<'m> {
    source: Source<'m>,
    /// Latest instant seen so far; logs behind are read first.
    high_ms: Option<i64>,
    /// Whether a stretch of it was taken. Until it is matched, one of a log of which nothing is known is of more use than its next.
    begun: bool,
}

/// The lines of a log.
enum Source<'m> {
    /// As they stand, of a file.
    Stripes(Stripes),
    /// As they come.
    Plain(Cutter),
    /// The same, of a packed log.
    Ahead(Ahead),
    /// As a mapping makes them of the log's records.
    Mapped(Box<MappedLog<'m>>),
    /// There are no more, and what they were read with is let go of.
    Ended,
}

impl<'m> Log<'m> {
    /// With more than one thread, a packed log is unpacked by one while others match.
    fn new(input: Input, number: u16, mapping: Option<(&'m Mapping, Hints)>, threads: usize) -> Result<Self, LogError> {
        let name = input.name;
        let failed = |source| LogError::Read { name, offset: 0, source };
        let source = match (mapping, input.plain) {
            (None, Some((file, size))) => Source::Stripes(Stripes::new(file, size)),
            (None, None) if input.packed && threads > 1 => Source::Ahead(Ahead::new(Cutter::new(input.reader))),
            (None, None) => Source::Plain(Cutter::new(input.reader)),
            (Some(mapping), _) => {
                Source::Mapped(Box::new(MappedLog::new(input.reader, number, mapping).map_err(failed)?))
            }
        };
        Ok(Self { source, high_ms: None, begun: false })
    }
}

impl Source<'_> {
    fn next(&mut self, room: &mut Room, used: &mut Vec<Room>) -> io::Result<Next> {
        let cut = match self {
            Self::Ended => return Ok(Next::End),
            Self::Stripes(stripes) => return Ok(stripes.next().map_or(Next::End, |s| Next::Taken(Taken::Stripe(s)))),
            Self::Ahead(ahead) => {
                return ahead.next(room, used).map(|step| match step {
                    Step::Match(cut) => Next::Taken(Taken::Cut(cut)),
                    Step::Unpack(unpacking) => Next::Unpack(unpacking),
                    Step::Wait => Next::Wait,
                    Step::End => Next::End,
                });
            }
            Self::Plain(cutter) => cutter.next(room),
            Self::Mapped(log) => room.fill_with(|bytes| log.next(bytes)),
        };
        cut.map(|cut| cut.map_or(Next::End, |cut| Next::Taken(Taken::Cut(cut))))
    }

    fn offset(&self) -> u64 {
        match self {
            Self::Stripes(stripes) => stripes.offset(),
            Self::Plain(cutter) => cutter.offset(),
            Self::Ahead(ahead) => ahead.offset(),
            Self::Mapped(log) => log.offset(),
            Self::Ended => 0,
        }
    }
}

/// What comes next of a log.
enum Next {
    /// A stretch.
    Taken(Taken),
    /// One that has to be unpacked first.
    Unpack(Unpacking),
    /// One that another thread unpacks.
    Wait,
    End,
}

/// The next stretch of a log.
enum Taken {
    /// It is in the room.
    Cut(Cut),
    /// It has still to be read.
    Stripe(Stripe),
}

struct Reading<'m> {
    logs: Vec<Log<'m>>,
    next: u64,
    /// Rooms to be filled anew.
    used: Vec<Room>,
    failed: Option<LogError>,
}

struct Deciding<'p, 's> {
    correlator: Correlator<'p>,
    next: u64,
    seen: Vec<Sight>,
    /// The ids of each log.
    doubles: Vec<Doubles>,
    sink: &'s mut (dyn FnMut(Firing) + Send),
}

/// A stretch that is matched, or the news that its log has ended.
enum Finished {
    Stretch(u16, Box<Batch>),
    End(u16),
}

struct Run<'p, 's, 'n> {
    reading: Mutex<Reading<'n>>,
    /// Told when something was unpacked for `reading`.
    unpacked: Condvar,
    finished: Mutex<BTreeMap<u64, Finished>>,
    /// Used batches, emptied.
    spare: Mutex<Vec<Batch>>,
    deciding: Mutex<Deciding<'p, 's>>,
    names: &'n [String],
}

/// Gives back what was unpacked of a log, or if unpacking panics the news that nothing was, for which others may wait.
struct Returned<'r, 'p, 's, 'n> {
    run: &'r Run<'p, 's, 'n>,
    log: usize,
    unpacked: Unpacked,
}

impl Returned<'_, '_, '_, '_> {
    fn unpack(mut self, unpacking: Unpacking) {
        self.unpacked = unpacking.run();
    }
}

impl Drop for Returned<'_, '_, '_, '_> {
    fn drop(&mut self) {
        let unpacked = std::mem::replace(&mut self.unpacked, Unpacked::nothing());
        if let Some(Source::Ahead(ahead)) = lock(&self.run.reading).logs.get_mut(self.log).map(|l| &mut l.source) {
            ahead.put(unpacked);
        }
        self.run.unpacked.notify_all();
    }
}

/// A panic of another thread is passed on by the scope; until then its lock is as good as any.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Run<'_, '_, '_> {
    fn work(&self, mut matcher: Matcher<'_>) {
        let mut room = Room::default();
        while let Some((number, source, taken)) = self.take(&mut room) {
            let cut = match taken {
                None => None,
                Some(Taken::Cut(cut)) => Some(cut),
                Some(Taken::Stripe(stripe)) => match stripe.read(&mut room) {
                    Ok(cut) => Some(cut),
                    Err(error) => {
                        self.fail(&mut lock(&self.reading), source, (stripe.offset(), error));
                        break;
                    }
                },
            };
            let done = match cut {
                None => Finished::End(source),
                Some(cut) => {
                    let mut batch = Box::new(lock(&self.spare).pop().unwrap_or_default());
                    for (offset, bytes) in cut.too_long {
                        batch.tally.lines += 1;
                        batch.tally.bytes += bytes;
                        batch.tally.bad(Bad::TooLong, Place::new(source, offset));
                    }
                    match &cut.mapped {
                        None => matcher.stretch(room.content(), source, cut.offset, &mut batch),
                        Some(mapped) => {
                            batch.tally.add(&mapped.left);
                            matcher.stretch_at(room.content(), source, &mapped.places, &mut batch);
                        }
                    }
                    if let Some((_, last)) = batch.tally.span_ms
                        && let Some(log) = lock(&self.reading).logs.get_mut(usize::from(source))
                    {
                        log.high_ms = log.high_ms.max(Some(last));
                    }
                    Finished::Stretch(source, batch)
                }
            };
            let ahead = {
                let mut finished = lock(&self.finished);
                finished.insert(number, done);
                finished.len()
            };
            if ahead > FAR_AHEAD {
                self.decide(&mut lock(&self.deciding));
            } else if let Ok(mut deciding) = self.deciding.try_lock() {
                self.decide(&mut deciding);
            }
        }
        self.decide(&mut lock(&self.deciding));
    }

    /// The next stretch of the log that is furthest behind; `None` in the middle at its end, and outside when all ended.
    fn take(&self, room: &mut Room) -> Option<(u64, u16, Option<Taken>)> {
        let mut reading = lock(&self.reading);
        loop {
            if reading.failed.is_some() {
                return None;
            }
            let Reading { logs, used, .. } = &mut *reading;
            let open = logs.iter().enumerate().filter(|(_, l)| !matches!(l.source, Source::Ended));
            let index = open.min_by_key(|(_, l)| (l.high_ms, l.begun))?.0;
            let log = logs.get_mut(index)?;
            let taken = match log.source.next(room, used) {
                Ok(Next::Taken(taken)) => {
                    log.begun = true;
                    Some(taken)
                }
                Ok(Next::End) => {
                    log.source = Source::Ended;
                    None
                }
                Ok(Next::Wait) => {
                    reading = self.unpacked.wait(reading).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                Ok(Next::Unpack(unpacking)) => {
                    drop(reading);
                    Returned { run: self, log: index, unpacked: Unpacked::nothing() }.unpack(unpacking);
                    reading = lock(&self.reading);
                    continue;
                }
                Err(error) => {
                    let offset = log.source.offset();
                    self.fail(&mut reading, u16::try_from(index).ok()?, (offset, error));
                    return None;
                }
            };
            let number = reading.next;
            reading.next += 1;
            return Some((number, u16::try_from(index).ok()?, taken));
        }
    }

    /// A log cannot be read beyond some byte: nothing more is read. Of one log's failures the one nearest to its beginning is told,
    /// whichever thread met its own first.
    fn fail(&self, reading: &mut Reading<'_>, log: u16, (offset, source): (u64, io::Error)) {
        let name = self.names.get(usize::from(log)).cloned().unwrap_or_default();
        let is_told =
            |told: &LogError| !matches!(told, LogError::Read { name: n, offset: at, .. } if *n == name && *at > offset);
        if !reading.failed.as_ref().is_some_and(is_told) {
            reading.failed = Some(LogError::Read { name, offset, source });
        }
    }

    /// Moves the windows on over all stretches that are next in order.
    fn decide(&self, deciding: &mut Deciding<'_, '_>) {
        let mut moved = false;
        loop {
            let Some(done) = lock(&self.finished).remove(&deciding.next) else { break };
            deciding.next += 1;
            moved = true;
            match done {
                Finished::End(source) => {
                    deciding.correlator.close(source);
                    // A year of daily logs holds the ids of those that are still read, not of all.
                    if let Some(doubles) = deciding.doubles.get_mut(usize::from(source)) {
                        *doubles = Doubles::default();
                    }
                }
                Finished::Stretch(source, mut batch) => {
                    if let Some(doubles) = deciding.doubles.get_mut(usize::from(source)) {
                        doubles.drop_from(&mut batch);
                    }
                    let seen = deciding.seen.get_mut(usize::from(source));
                    let before = deciding.correlator.late();
                    if let Some(seen) = seen {
                        seen.add(&batch);
                        deciding.correlator.add(source, *batch);
                        seen.late += deciding.correlator.late() - before;
                    }
                }
            }
        }
        if moved {
            deciding.correlator.settle(&one_by_one, deciding.sink);
            let mut spare = lock(&self.spare);
            while let Some(batch) = deciding.correlator.spare().filter(|_| spare.len() < FAR_AHEAD) {
                spare.push(batch);
            }
        }
    }
}
