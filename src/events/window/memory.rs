//! What is remembered of a group besides how many events it has.

use crate::events::keep::keep;
use crate::events::value::Number;

/// For each referred rule, the latest start of a chain that ends with it.
#[derive(Debug, Default)]
pub(super) struct Chain {
    starts: Box<[Option<i64>]>,
    /// The instant of the newest event, and all rules matched at it.
    now: Option<(i64, u64)>,
}

keep!(Chain { starts, now });

impl Chain {
    /// Takes an event in, of a correlation on so many rules. A chain that ends with rule i at this instant began where the
    /// latest chain up to rule i - 1 began. Simultaneous events follow each other in either order, so all rules matched at the
    /// instant are looked at together.
    pub(super) fn extend(&mut self, at_ms: i64, matched: u64, rules: usize) {
        if self.starts.len() != rules {
            self.starts = vec![None; rules].into();
        }
        let now = self.now.filter(|(ms, _)| *ms == at_ms).map_or(matched, |(_, before)| before | matched);
        self.now = Some((at_ms, now));
        let mut before = Some(at_ms);
        for (i, start) in self.starts.iter_mut().enumerate() {
            if now >> i & 1 == 1 {
                *start = (*start).max(before);
            }
            before = *start;
        }
    }

    /// Forgets what was.
    pub(super) fn clear(&mut self) {
        self.starts.fill(None);
        self.now = None;
    }

    /// The start of the latest whole chain.
    pub(super) fn start(&self) -> Option<i64> {
        self.starts.last().copied().flatten()
    }
}

/// A sum that does not drift: whole numbers are added exactly, and others are summed anew from the window.
#[derive(Debug, Default)]
pub(super) struct Sum {
    whole: i128,
    reals: u64,
}

keep!(Sum { whole, reals });

impl Sum {
    pub(super) fn enter(&mut self, value: Number) {
        match value {
            Number::Whole(n) => self.whole += i128::from(n),
            Number::Real(_) => self.reals += 1,
        }
    }

    pub(super) fn leave(&mut self, value: Number) {
        match value {
            Number::Whole(n) => self.whole -= i128::from(n),
            Number::Real(_) => self.reals = self.reals.saturating_sub(1),
        }
    }

    /// The sum; `all` gives the window's numbers, oldest first, when they have to be added anew.
    pub(super) fn of<I: Iterator<Item = Number>>(&self, all: impl FnOnce() -> I) -> Number {
        if self.reals > 0 {
            return Number::of(all().map(Number::real).sum());
        }
        #[expect(clippy::cast_precision_loss, reason = "beyond 64 bits the nearest float is near enough")]
        i64::try_from(self.whole).map_or_else(|_| Number::Real(self.whole as f64), Number::Whole)
    }
}
