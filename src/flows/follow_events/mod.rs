//! Runs the event engine over lines as they come, through crashes: whoever brings lines, from a file, a pipe or the network.
//!
//! What comes is written down before it is looked at, and the state of the engine now and then. After a crash the engine takes
//! the last state and looks at what was written down since once more: the same firings come again, with the same numbers, so
//! that whoever passes them on knows which of them have left already.

mod state;

pub use state::FollowError;

use crate::connectors::logs::tail::Position;
use crate::events::batch::{Batch, Firing};
use crate::events::context::Context;
use crate::events::correlator::{Correlator, one_by_one};
use crate::events::coverage::Sight;
use crate::events::doubles::Doubles;
use crate::events::hash::Seed;
use crate::events::keep::{Bytes, Keep, keep};
use crate::events::line::Bad;
use crate::events::matching::Matcher;
use crate::events::place::Place;
use crate::events::plan::Plan;
use crate::events::slice::Setup;
use state::{Checkpoint, State};
use std::path::Path;

/// What was written down since the last checkpoint, beyond which it is time for another.
const MUCH_BYTES: u64 = 8 << 20;
/// The one source: what comes is one stream, whatever parts its log has.
const SOURCE: u16 = 0;

/// What is followed, and with which rules.
pub struct Following<'p> {
    /// The rules.
    pub plan: &'p Plan,
    /// Tables to enrich from.
    pub context: &'p Context,
    /// The same as texts, with the settings: a state of others is refused.
    pub setup: &'p Setup,
    /// Seed of fingerprints, for a new state.
    pub seed: Seed,
}

/// A firing and its number since following began, from 1: the same after every crash.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbered {
    /// The number.
    pub number: u64,
    /// The firing. Offsets are those of the stream: of everything that came since following began.
    pub firing: Firing,
}

/// Something that came.
enum Entry {
    /// Whole lines, and where their reader goes on.
    Lines(Bytes, Position),
    /// So many bytes of a line that is too long; whether they are its first; where their reader goes on.
    Skipped(u64, bool, Position),
    /// Time has passed as far as this instant.
    Passed(i64),
}

keep!(Entry [0: Lines(bytes, position), 1: Skipped(bytes, first, position), 2: Passed(ms)]);

/// The engine with its state on disk.
pub struct Follower<'p> {
    matcher: Matcher<'p>,
    correlator: Correlator<'p>,
    setup: &'p Setup,
    seed: Seed,
    state: State,
    position: Position,
    /// Bytes that came.
    stream: u64,
    fired: u64,
    sight: Sight,
    doubles: Doubles,
}

impl<'p> Follower<'p> {
    /// Opens the state in `folder`, or begins one; gives what fired since the last checkpoint once more.
    pub fn open(following: &Following<'p>, folder: &Path) -> Result<(Self, Vec<Numbered>), FollowError> {
        let (state, kept) = State::open(folder)?;
        if let Some(what) = kept.as_ref().and_then(|c| c.setup.difference(following.setup)) {
            return Err(FollowError::Other { folder: folder.to_path_buf(), what });
        }
        let seed = kept.as_ref().map_or(following.seed, |c| Seed([c.seed.0, c.seed.1]));
        let mut correlator = Correlator::new(following.plan, 1, following.setup.lateness_ms);
        correlator.open(SOURCE);
        let is_new = kept.is_none();
        let kept = kept.unwrap_or_else(|| Checkpoint::new(following.setup, seed));
        if !is_new {
            let mut engine = kept.engine.0.as_slice();
            let restored = correlator.restore(&mut engine).filter(|()| engine.is_empty());
            restored.ok_or_else(|| state.damaged("checkpoint", "it does not fit the rules"))?;
        }
        let mut follower = Self {
            matcher: Matcher::new(following.plan, following.context, seed),
            correlator,
            setup: following.setup,
            seed,
            state,
            position: kept.position,
            stream: kept.stream,
            fired: kept.fired,
            sight: kept.sight,
            doubles: kept.doubles,
        };
        if is_new {
            // The seed has to outlive a crash before the first real checkpoint.
            follower.checkpoint()?;
        }
        let mut again = Vec::new();
        for entry in follower.state.written_down()? {
            again.extend(follower.take(entry));
        }
        Ok((follower, again))
    }

    /// Takes whole lines; what fires comes back. When this returns, they are not lost any more. `next` is where their
    /// reader goes on.
    pub fn push(&mut self, lines: Vec<u8>, next: Position) -> Result<Vec<Numbered>, FollowError> {
        self.write_down(Entry::Lines(Bytes(lines), next))
    }

    /// Counts `bytes` of a line that is too long; `first` says whether they begin it.
    pub fn skip(&mut self, bytes: u64, first: bool, next: Position) -> Result<Vec<Numbered>, FollowError> {
        self.write_down(Entry::Skipped(bytes, first, next))
    }

    /// Lets time pass as far as `ms`: windows wait no longer for what lies more than the lateness before it.
    pub fn pass(&mut self, ms: i64) -> Result<Vec<Numbered>, FollowError> {
        self.write_down(Entry::Passed(ms))
    }

    /// Lets time pass so far that nothing waits: what comes now and lies before the latest event is late.
    pub fn pass_all(&mut self) -> Result<Vec<Numbered>, FollowError> {
        let Some(high) = self.correlator.high_ms(SOURCE) else { return Ok(Vec::new()) };
        self.pass(high.saturating_add(self.setup.lateness_ms).saturating_add(1))
    }

    /// Where the reader of lines goes on.
    pub const fn position(&self) -> &Position {
        &self.position
    }

    /// How much has fired since following began.
    pub const fn fired(&self) -> u64 {
        self.fired
    }

    /// What was seen since following began.
    pub fn sight(&self) -> Sight {
        Sight { late: self.correlator.late(), ..self.sight.clone() }
    }

    /// Whether so much was written down that a checkpoint is due.
    pub const fn is_checkpoint_due(&self) -> bool {
        self.state.written_bytes() > MUCH_BYTES
    }

    /// Writes the state down, so that less has to be looked at again after a crash.
    ///
    /// What fired up to now is not told again: it has to have left, or to be noted where it leaves from.
    pub fn checkpoint(&mut self) -> Result<(), FollowError> {
        let mut engine = Vec::new();
        self.correlator.put(&mut engine);
        let mut checkpoint = Checkpoint {
            setup: self.setup.clone(),
            seed: (self.seed.0[0], self.seed.0[1]),
            sequence: 0,
            position: self.position.clone(),
            stream: self.stream,
            fired: self.fired,
            sight: self.sight.clone(),
            doubles: std::mem::take(&mut self.doubles),
            engine: Bytes(engine),
        };
        let written = self.state.checkpoint(&mut checkpoint);
        self.doubles = checkpoint.doubles;
        written
    }

    fn write_down(&mut self, entry: Entry) -> Result<Vec<Numbered>, FollowError> {
        self.state.write_down(&entry.kept())?;
        Ok(self.take(entry))
    }

    fn take(&mut self, entry: Entry) -> Vec<Numbered> {
        let mut batch = Batch::default();
        match entry {
            Entry::Passed(ms) => self.correlator.pass(SOURCE, ms),
            Entry::Lines(Bytes(lines), next) => {
                self.matcher.stretch(&lines, SOURCE, self.stream, &mut batch);
                self.stream += lines.len() as u64;
                self.position = next;
            }
            Entry::Skipped(bytes, first, next) => {
                if first {
                    batch.tally.lines += 1;
                    batch.tally.bad(Bad::TooLong, Place::new(SOURCE, self.stream));
                }
                batch.tally.bytes += bytes;
                self.stream += bytes;
                self.position = next;
            }
        }
        self.doubles.drop_from(&mut batch);
        self.sight.add(&batch);
        // What fires on a single event does not have to wait for windows.
        let mut fired = std::mem::take(&mut batch.firings);
        batch.firings_behind_ms.clear();
        self.correlator.add(SOURCE, batch);
        self.correlator.settle(&one_by_one, &mut |firing| fired.push(firing));
        let before = self.fired;
        self.fired += fired.len() as u64;
        (before + 1..).zip(fired).map(|(number, firing)| Numbered { number, firing }).collect()
    }
}
