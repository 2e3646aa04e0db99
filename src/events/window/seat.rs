//! What is kept at a seat of a space: a window of events, or what our extensions remember of each group.

use super::Item;
use super::baseline::{Histories, Overdue};
use super::keys::Keys;
use super::measure::{Events, InOrder, Percentiles, Sums, Together, Values};
use super::sliding::{Fires, Sliding};
use super::watch::Watch;
use crate::events::plan::Correlating;
use crate::events::rule::{Extension, Kind};

/// Keeps what correlations that share a seat need to know.
pub(super) trait Keeper {
    /// Appends what is held; what the rules say is not part of it.
    fn put(&self, out: &mut Vec<u8>);

    /// Takes back what `put` wrote, into a keeper for the same correlations.
    fn restore(&mut self, from: &mut &[u8]) -> Option<()>;

    /// Lets go of what does not matter any more at `now_ms`, and of the key of each group that is forgotten.
    fn leave(&mut self, now_ms: i64, keys: &mut Keys);

    /// Has what is kept of a group brought nearer.
    fn fetch(&self, _key: u32, _keys: &Keys) {}

    /// Takes an event in. True when its group is new and so holds on to its key.
    fn enter(&mut self, item: &Item<'_>) -> bool;

    /// Which of the correlations fire at this event, which has entered; `fire` gets the place of each among them.
    fn judge(&mut self, item: &Item<'_>, fire: &mut impl FnMut(usize, Fires));
}

/// What is kept at a seat.
#[derive(Debug)]
pub(super) enum Seat {
    Events(Sliding<Events>),
    Values(Sliding<Values>),
    Sums(Sliding<Sums>),
    Percentiles(Sliding<Percentiles>),
    Together(Sliding<Together>),
    InOrder(Sliding<InOrder>),
    Watch(Watch),
    Histories(Histories),
}

/// Does the same with whatever is kept.
macro_rules! each {
    ($seat:expr, $kept:ident => $do:expr) => {
        match $seat {
            Seat::Events($kept) => $do,
            Seat::Values($kept) => $do,
            Seat::Sums($kept) => $do,
            Seat::Percentiles($kept) => $do,
            Seat::Together($kept) => $do,
            Seat::InOrder($kept) => $do,
            Seat::Watch($kept) => $do,
            Seat::Histories($kept) => $do,
        }
    };
}

impl Seat {
    /// An empty seat for correlations that share it; `None` when there is none.
    pub(super) fn new(sharing: &[&Correlating]) -> Option<Self> {
        let one = *sharing.first()?;
        Some(match &one.kind {
            Kind::EventCount(_) => Self::Events(Sliding::new(sharing)),
            Kind::ValueCount(_) | Kind::Extension(Extension::FirstSeen { .. }) => Self::Values(Sliding::new(sharing)),
            Kind::ValueSum(_) | Kind::ValueAvg(_) => Self::Sums(Sliding::new(sharing)),
            Kind::ValuePercentile(..) => Self::Percentiles(Sliding::new(sharing)),
            Kind::Temporal(_) => Self::Together(Sliding::new(sharing)),
            Kind::TemporalOrdered => Self::InOrder(Sliding::new(sharing)),
            Kind::Extension(Extension::Baseline(rule)) => Self::Histories(Histories::new(rule, one)),
            Kind::Extension(extension) => Self::Watch(Watch::new(extension, one)),
        })
    }

    /// See `Keeper::put`.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        each!(self, kept => kept.put(out));
    }

    /// See `Keeper::restore`.
    pub(super) fn restore(&mut self, from: &mut &[u8]) -> Option<()> {
        each!(self, kept => kept.restore(from))
    }

    /// Takes events of whole instants, in order of time; `fire` gets the place of each correlation that fires among those that
    /// share the seat.
    pub(super) fn take<'b>(
        &mut self,
        items: &[Item<'b>],
        keys: &mut Keys,
        fire: &mut impl FnMut(&Item<'b>, &Keys, usize, Fires),
    ) {
        each!(self, kept => take(kept, items, keys, fire));
    }

    /// What fires because time has passed; see `Watch::overdue` and `Histories::overdue`.
    pub(super) fn overdue(&mut self, until_ms: i64, fire: &mut impl FnMut(Overdue)) {
        match self {
            Self::Watch(w) => w.overdue(until_ms, fire),
            Self::Histories(h) => h.overdue(until_ms, fire),
            _ => {}
        }
    }
}

/// How many events before its turn an event's group is fetched from memory.
const AHEAD: usize = 24;

fn take<'b, K: Keeper>(
    kept: &mut K,
    items: &[Item<'b>],
    keys: &mut Keys,
    fire: &mut impl FnMut(&Item<'b>, &Keys, usize, Fires),
) {
    let mut ahead = items.iter();
    ahead.by_ref().take(AHEAD).for_each(|item| kept.fetch(item.key, keys));
    for now in items.chunk_by(|a, b| a.record.at_ms == b.record.at_ms) {
        // First every event of an instant enters, then every one is judged.
        for item in now {
            ahead.next().into_iter().for_each(|item| kept.fetch(item.key, keys));
            kept.leave(item.record.at_ms, keys);
            if kept.enter(item) {
                keys.hold(item.key);
            }
        }
        for item in now {
            kept.judge(item, &mut |member, fires| fire(item, keys, member, fires));
        }
    }
}
