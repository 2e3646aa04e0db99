//! Makes a slice of parts of logs.

use super::super::stretch::{Cutter, Room};
use super::block::{BlockKind, Writer};
use super::range::{self, Progress, seam};
use super::{LogError, SliceError};
use crate::events::batch::{Batch, Firing};
use crate::events::context::Context;
use crate::events::correlator::{Correlator, one_by_one};
use crate::events::coverage::Sight;
use crate::events::hash::Seed;
use crate::events::line::Bad;
use crate::events::matching::Matcher;
use crate::events::place::Place;
use crate::events::plan::Plan;
use crate::events::slice::{Index, Piece, Setup, Stretch, folded, late, split};
use crate::files::{self, FileError};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Firings in one block.
const FIRINGS_EACH: usize = 8192;

/// A part of a log: from the cut at the first byte to the one at the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The log.
    pub path: PathBuf,
    /// First byte wanted.
    pub from: u64,
    /// The byte after the last one wanted.
    pub to: u64,
}

/// What a slice is made with.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// The rules.
    pub plan: &'a Plan,
    /// Tables to enrich from.
    pub context: &'a Context,
    /// The same, and all settings, as they are written into the slice.
    pub setup: &'a Setup,
    /// The seed that the setup has the digest of.
    pub seed: Seed,
    /// About how much of a log is one stretch: what is left out of the whole is left out stretch by stretch.
    pub stretch_bytes: usize,
}

/// Length of a stretch, unless told otherwise.
pub const STRETCH_BYTES: usize = 1 << 18;

struct Log {
    cutter: Cutter,
    path: PathBuf,
    high_ms: Option<i64>,
    ended: bool,
    progress: Progress,
    piece: Piece,
}

impl Log {
    fn open(part: &Part, stretch_bytes: usize) -> Result<Self, LogError> {
        let range = range::open(&part.path, part.from, part.to)?;
        let piece = Piece {
            file: part.path.display().to_string(),
            head: range.head,
            from: range.from,
            to: range.from,
            seam_from: range.seam_from,
            seam_to: String::new(),
            ends: false,
        };
        let (cutter, progress) = (Cutter::by(range.reader, stretch_bytes), range.progress);
        Ok(Self { cutter, path: part.path.clone(), high_ms: None, ended: false, progress, piece })
    }

    /// The piece as it was read.
    fn into_piece(self) -> Piece {
        let done = self.progress.done();
        Piece { to: done.to, seam_to: seam(&done.seam), ends: done.ends, ..self.piece }
    }
}

/// Makes the slice of `parts`, one for each log, and writes it to `out`.
pub fn make(making: Making<'_>, parts: &[Part], out: &Path) -> Result<Index, SliceError> {
    let logs: Vec<Log> = parts.iter().map(|p| Log::open(p, making.stretch_bytes)).collect::<Result<_, _>>()?;
    if u16::try_from(logs.len()).is_err() {
        return Err(LogError::TooMany(logs.len()).into());
    }
    files::write_by(out, |file| {
        let writer = Writer::new(BufWriter::new(file), making.setup);
        let run = Run::new(making, logs, writer.map_err(|e| FileError::new("write", out, e))?, out);
        run.finish()
    })
}

struct Run<'a, W> {
    making: Making<'a>,
    logs: Vec<Log>,
    writer: Writer<W>,
    out: &'a Path,
    matcher: Matcher<'a>,
    correlator: Correlator<'a>,
    folded: Vec<bool>,
    own: Vec<Firing>,
    index: Index,
}

impl<'a, W: Write> Run<'a, W> {
    fn new(making: Making<'a>, logs: Vec<Log>, writer: Writer<W>, out: &'a Path) -> Self {
        let mut correlator = Correlator::new(making.plan, 1, making.setup.lateness_ms);
        (0u16..).zip(&logs).for_each(|(n, _)| correlator.open(n));
        let index = Index {
            pieces: Vec::new(),
            sights: vec![Sight::default(); logs.len()],
            stretches: Vec::new(),
            own: Vec::new(),
            span_ms: None,
            high_ms: None,
        };
        let matcher = Matcher::new(making.plan, making.context, making.seed);
        let folded = folded(making.plan);
        Self { making, logs, writer, out, matcher, correlator, folded, own: Vec::new(), index }
    }

    fn finish(mut self) -> Result<Index, SliceError> {
        let mut room = Room::default();
        while let Some((number, log)) = furthest_behind(&mut self.logs) {
            let cut = log.cutter.next(&mut room).map_err(|source| LogError::Read {
                name: log.path.display().to_string(),
                offset: log.piece.from + log.cutter.offset(),
                source,
            })?;
            let Some(cut) = cut else {
                log.ended = true;
                self.correlator.close(number);
                continue;
            };
            let mut batch = Batch::default();
            for (offset, bytes) in cut.too_long {
                batch.tally.lines += 1;
                batch.tally.bytes += bytes;
                batch.tally.bad(Bad::TooLong, Place::new(number, log.piece.from + offset));
            }
            let offset = log.piece.from + cut.offset;
            self.matcher.stretch(room.content(), number, offset, &mut batch);
            let before = log.high_ms;
            log.high_ms = log.high_ms.max(batch.tally.span_ms.map(|(_, last)| last));
            self.stretch(number, batch, before)?;
        }
        self.settle()?;
        self.write_own(1)?;
        let Self { mut index, logs, writer, out, .. } = self;
        index.pieces = logs.into_iter().map(Log::into_piece).collect();
        writer.end(&index).map_err(|e| FileError::new("write", out, e))?;
        Ok(index)
    }

    fn stretch(&mut self, source: u16, mut batch: Batch, before_ms: Option<i64>) -> Result<(), SliceError> {
        if let Some(sight) = self.index.sights.get_mut(usize::from(source)) {
            sight.add(&batch);
        }
        let mut bounded = split(&mut batch, self.making.plan, &self.folded);
        let at = self.writer.at();
        self.block(BlockKind::Bounded, &bounded)?;
        self.block(BlockKind::Rest, &batch)?;
        let times = || bounded.records.iter().map(|r| r.at_ms);
        let span_ms = times().min().zip(times().max());
        let high_ms = batch.tally.span_ms.map(|(_, last)| last);
        // The slice's own windows have to know how far its time has come.
        bounded.tally.span_ms = batch.tally.span_ms;
        let late = |batch: &Batch| late(batch, before_ms, self.making.setup.lateness_ms);
        let late = late(&bounded).difference(&late(&batch)).count() as u64;
        self.correlator.add(source, bounded);
        self.index.stretches.push(Stretch { piece: source, at, span_ms, late, high_ms });
        self.index.high_ms = self.index.high_ms.max(high_ms);
        self.index.span_ms = match (self.index.span_ms, span_ms) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
        self.settle()?;
        self.write_own(FIRINGS_EACH)
    }

    fn settle(&mut self) -> Result<(), SliceError> {
        let own = &mut self.own;
        self.correlator.settle(&one_by_one, &mut |f| own.push(f));
        Ok(())
    }

    /// Writes the slice's own firings once there are `enough`.
    fn write_own(&mut self, enough: usize) -> Result<(), SliceError> {
        if self.own.len() < enough {
            return Ok(());
        }
        let own = std::mem::take(&mut self.own);
        let last = own.last().map_or(i64::MIN, |f| f.at_ms);
        self.index.own.push((self.writer.at(), last));
        self.block(BlockKind::Own, &own)
    }

    fn block(&mut self, kind: BlockKind, content: &impl crate::events::keep::Keep) -> Result<(), SliceError> {
        self.writer.block(kind, content).map_err(|e| FileError::new("write", self.out, e).into())
    }
}

/// The open log whose time has come least far, as in a run over whole logs.
fn furthest_behind(logs: &mut [Log]) -> Option<(u16, &mut Log)> {
    (0u16..).zip(logs).filter(|(_, l)| !l.ended).min_by_key(|(_, l)| l.high_ms)
}
