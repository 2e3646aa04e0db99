//! Puts slices together: the firings and the coverage of a run over the whole logs.

use super::SliceError;
use super::block::{BlockKind, Reader};
use crate::connectors::logs::{Coverage, Input, LogError};
use crate::events::batch::{Batch, Firing};
use crate::events::correlator::{Correlator, one_by_one};
use crate::events::coverage::Sight;
use crate::events::doubles::Doubles;
use crate::events::plan::Plan;
use crate::events::slice::inside::{self, Inside};
use crate::events::slice::{Index, Setup, Source, Stretch, folded, join, moved, rejoin};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Slices that make a whole.
pub struct Whole {
    slices: Vec<(String, Setup, Index)>,
    readers: Vec<Reader>,
    sources: Vec<Source>,
}

impl Whole {
    /// Opens `paths` and checks that they are parts of the same, none missing and none there twice.
    pub fn open(paths: &[PathBuf]) -> Result<Self, SliceError> {
        let (mut slices, mut readers) = (Vec::new(), Vec::new());
        for path in paths {
            let (reader, setup, index) = Reader::open(path)?;
            slices.push((path.display().to_string(), setup, index));
            readers.push(reader);
        }
        let sources = join(&slices)?;
        u16::try_from(sources.len()).map_err(|_| LogError::TooMany(sources.len()))?;
        Ok(Self { slices, readers, sources })
    }

    /// The rules and settings of all.
    pub fn setup(&self) -> Option<&Setup> {
        self.slices.first().map(|(_, setup, _)| setup)
    }

    /// Names of the logs, in the order of their numbers.
    pub fn files(&self) -> Vec<String> {
        self.sources.iter().map(|s| s.file.clone()).collect()
    }

    /// How many stretches there are, and of how many the records are left out because the slice's own firings stand.
    pub fn left_out(&self, plan: &Plan) -> (usize, usize) {
        let (inside, look_back_ms) = self.inside(plan, &folded(plan));
        let (mut all, mut left) = (0, 0);
        for ((_, _, index), own) in self.slices.iter().zip(inside) {
            let is_left_out = |s: &&Stretch| s.span_ms.is_some_and(|t| inside::is_left_out(own, t, look_back_ms));
            all += index.stretches.len();
            left += index.stretches.iter().filter(is_left_out).count();
        }
        (all, left)
    }

    /// Where each slice's own firings stand, and how far back they look.
    fn inside(&self, plan: &Plan, folded: &[bool]) -> (Vec<Inside>, i64) {
        let look_back_ms = inside::look_back_ms(plan, folded);
        let indices: Vec<&Index> = self.slices.iter().map(|(_, _, index)| index).collect();
        let lateness_ms = self.setup().map_or(0, |s| s.lateness_ms);
        // Whether an event is a double may be known only from its neighbours.
        let doubles = self.setup().is_some_and(|s| !s.event_id.is_empty());
        let none = || vec![None; indices.len()];
        let inside = if doubles { none() } else { inside::inside(&indices, &self.sources, lateness_ms, look_back_ms) };
        (inside, look_back_ms)
    }

    /// Hands the firings to `sink` in their order; `plan` is that of the setup.
    pub fn run(mut self, plan: &Plan, sink: &mut (dyn FnMut(Firing) + Send)) -> Result<Coverage, SliceError> {
        let lateness_ms = self.setup().map_or(0, |s| s.lateness_ms);
        let folded = folded(plan);
        let (inside, look_back_ms) = self.inside(plan, &folded);
        let indices: Vec<&Index> = self.slices.iter().map(|(_, _, index)| index).collect();
        let mut correlator = Correlator::new(plan, 1, lateness_ms);
        let mut logs: Vec<Log> = self.sources.iter().map(|s| Log::new(s, &indices)).collect();
        (0u16..).zip(&logs).for_each(|(number, _)| correlator.open(number));
        let mut own = Own::new(&self, &inside);
        while let Some((number, log)) = furthest_behind(&mut logs) {
            let Some((slice, stretch)) = log.stretches.pop_front() else {
                log.ended = true;
                log.doubles = Doubles::default();
                correlator.close(number);
                continue;
            };
            log.high_ms = log.high_ms.max(stretch.high_ms);
            let Some(reader) = self.readers.get_mut(slice) else { continue };
            let taken_over = inside.get(slice).copied().flatten();
            let left_out = stretch.span_ms.is_none_or(|span| inside::is_left_out(taken_over, span, look_back_ms));
            let mut rest: Batch;
            if left_out {
                log.sight.late += stretch.late;
                let after = reader.after(BlockKind::Bounded, stretch.at)?;
                rest = reader.block(BlockKind::Rest, after)?;
            } else {
                let (bounded, after): (Batch, u64) = reader.block_after(BlockKind::Bounded, stretch.at)?;
                rest = reader.block(BlockKind::Rest, after)?;
                rejoin(&bounded, &mut rest);
            }
            moved(&mut rest, number);
            log.doubles.drop_from(&mut rest);
            log.sight.add(&rest);
            let late_before = correlator.late();
            correlator.add(number, rest);
            log.sight.late += correlator.late() - late_before;
            settle(&mut correlator, (plan, &folded, &inside), (&mut own, &mut self.readers), sink)?;
        }
        settle(&mut correlator, (plan, &folded, &inside), (&mut own, &mut self.readers), sink)?;
        own.before(None, &mut self.readers, sink)?;
        let late = logs.iter().map(|l| l.sight.late).sum();
        let sources = self.sources.iter().map(|s| s.file.clone()).zip(logs.into_iter().map(|l| l.sight)).collect();
        Ok(Coverage { sources, late })
    }
}

/// Moves the windows on; firings that a slice made itself are taken from there.
fn settle(
    correlator: &mut Correlator<'_>,
    (plan, folded, inside): (&Plan, &[bool], &[Inside]),
    (own, readers): (&mut Own, &mut [Reader]),
    sink: &mut (dyn FnMut(Firing) + Send),
) -> Result<(), SliceError> {
    let is_taken_over = |f: &Firing| {
        let correlation = plan.correlations.iter().position(|c| c.rule == f.rule);
        let bounded = correlation.and_then(|c| folded.get(c)) == Some(&false);
        bounded && inside.iter().flatten().any(|(from, to)| (*from..*to).contains(&f.at_ms))
    };
    let mut firings = Vec::new();
    correlator.settle_in_turn(&one_by_one, &mut |turn_ms, f| firings.push((turn_ms, f)));
    for (turn_ms, firing) in firings {
        if !is_taken_over(&firing) {
            own.before(Some((turn_ms, &firing)), readers, sink)?;
            sink(firing);
        }
    }
    Ok(())
}

struct Log {
    stretches: VecDeque<(usize, Stretch)>,
    high_ms: Option<i64>,
    ended: bool,
    sight: Sight,
    doubles: Doubles,
}

impl Log {
    fn new(source: &Source, indices: &[&Index]) -> Self {
        let of_part = |(slice, piece): &(usize, u16)| {
            let (slice, piece) = (*slice, *piece);
            let stretches = indices.get(slice).map_or(&[][..], |i| &i.stretches);
            stretches.iter().filter(move |s| s.piece == piece).map(move |s| (slice, s.clone()))
        };
        let stretches = source.parts.iter().flat_map(of_part).collect();
        Self { stretches, high_ms: None, ended: false, sight: Sight::default(), doubles: Doubles::default() }
    }
}

fn furthest_behind(logs: &mut [Log]) -> Option<(u16, &mut Log)> {
    (0u16..).zip(logs).filter(|(_, l)| !l.ended).min_by_key(|(_, l)| l.high_ms)
}

/// The firings that slices made themselves, where they are taken over, in their order.
struct Own {
    /// Blocks to come: number of the slice, place of the block, and where it is taken over.
    blocks: VecDeque<(usize, u64, (i64, i64))>,
    /// Those of the block at hand.
    next: VecDeque<Firing>,
    /// For each slice the numbers that its pieces have in the whole.
    numbers: Vec<Vec<u16>>,
}

impl Own {
    fn new(whole: &Whole, inside: &[Inside]) -> Self {
        let number = |slice: usize, piece: u16| {
            let of = |s: &Source| s.parts.contains(&(slice, piece));
            whole.sources.iter().position(of).and_then(|n| u16::try_from(n).ok()).unwrap_or_default()
        };
        let mut blocks = Vec::new();
        let mut numbers = Vec::new();
        for (slice, ((_, _, index), inside)) in whole.slices.iter().zip(inside).enumerate() {
            let pieces = 0..u16::try_from(index.pieces.len()).unwrap_or(u16::MAX);
            numbers.push(pieces.map(|piece| number(slice, piece)).collect());
            let Some(range) = *inside else { continue };
            let wanted = index.own.iter().filter(|(_, last)| *last >= range.0);
            blocks.extend(wanted.map(|(at, _)| (slice, *at, range)));
        }
        // Where slices are taken over does not overlap in time.
        blocks.sort_by_key(|(_, at, range)| (range.0, *at));
        Self { blocks: blocks.into(), next: VecDeque::new(), numbers }
    }

    /// Hands over those that come before `firing`, or all.
    fn before(
        &mut self,
        firing: Option<(i64, &Firing)>,
        readers: &mut [Reader],
        sink: &mut (dyn FnMut(Firing) + Send),
    ) -> Result<(), SliceError> {
        let key = |turn_ms: i64, f: &Firing| (turn_ms, f.at_ms, f.last, f.rule);
        loop {
            while let Some(own) = self.next.front() {
                if firing.is_some_and(|(turn_ms, f)| key(turn_ms, f) < key(own.at_ms, own)) {
                    return Ok(());
                }
                self.next.pop_front().into_iter().for_each(&mut *sink);
            }
            let Some((slice, at, range)) = self.blocks.front().copied() else { return Ok(()) };
            if firing.is_some_and(|(turn_ms, _)| turn_ms < range.0) {
                return Ok(());
            }
            self.blocks.pop_front();
            let Some(reader) = readers.get_mut(slice) else { continue };
            let mut batch = Batch { firings: reader.block(BlockKind::Own, at)?, ..Batch::default() };
            self.renumber(slice, &mut batch);
            let within = |f: &Firing| (range.0..range.1).contains(&f.at_ms);
            self.next = batch.firings.into_iter().filter(within).collect();
        }
    }

    fn renumber(&self, slice: usize, batch: &mut Batch) {
        use crate::events::place::Place;
        let number = |source: u16| self.numbers.get(slice).and_then(|n| n.get(usize::from(source))).copied();
        let place = |p: &mut Place| *p = Place::new(number(p.source()).unwrap_or_default(), p.offset());
        batch.firings.iter_mut().for_each(|f| {
            place(&mut f.first);
            place(&mut f.last);
        });
    }
}

/// The size of a log's content; `None` when it is compressed, so that only reading all of it would tell.
pub fn size_of(path: &Path) -> Result<Option<u64>, LogError> {
    let failed = |source| LogError::Open { path: path.to_path_buf(), source };
    if Input::open(path)?.packed {
        return Ok(None);
    }
    path.metadata().map(|m| Some(m.len())).map_err(failed)
}
