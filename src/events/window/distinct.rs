//! Counting different values without keeping a set until one is needed.

use super::numbers::Numbers;
use crate::events::keep::keep;

/// How often each value occurs in a group's window; built only when the window holds enough events to matter.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    counts: Option<Box<Numbers>>,
}

keep!(Distinct { counts });

impl Distinct {
    /// Counts a value that entered, if counting.
    #[inline]
    pub(super) fn enter(&mut self, id: u128) {
        if let Some(counts) = &mut self.counts {
            counts.raise(id);
        }
    }

    /// Forgets a value that left; stops counting when fewer than `least` events are left.
    #[inline]
    pub(super) fn leave(&mut self, id: u128, left: u64, least: u64) {
        // Half, so that a group at the edge does not build its table again and again.
        if left * 2 < least {
            self.counts = None;
        } else if let Some(counts) = &mut self.counts {
            counts.lower(id);
        }
    }

    /// How many different values there are; `all` gives them when counting has to begin.
    pub(super) fn count<I: Iterator<Item = u128>>(&mut self, all: impl FnOnce() -> I) -> u64 {
        let counts = self.counts.get_or_insert_with(|| {
            let mut counts = Box::<Numbers>::default();
            all().for_each(|id| counts.raise(id));
            counts
        });
        counts.len() as u64
    }

    /// How often a value occurs, while counting.
    pub(super) fn times(&self, id: u128) -> u32 {
        self.counts.as_ref().map_or(0, |c| c.get(id))
    }
}
