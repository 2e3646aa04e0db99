//! What a correlation keeps of one group.

use super::distinct::Distinct;
use crate::events::batch::Value;
use crate::events::keep::keep;
use crate::events::value::Number;

/// A group: its events in the window and what is computed over them.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Events in the window.
    pub count: u64,
    /// Number of the oldest entry, when there is one.
    pub head: u64,
    /// Number of the newest.
    pub tail: u64,
    /// What the kind needs besides.
    pub memory: Memory,
}

keep!(Group { count, head, tail, memory });

/// What the kinds need besides the count.
#[derive(Debug, Default)]
pub(super) enum Memory {
    /// Nothing.
    #[default]
    None,
    /// Different values.
    Distinct(Distinct),
    /// A sum.
    Sum(Sum),
    /// How many events of each referred rule.
    Rules(Box<[u32]>),
    /// Chains of the referred rules, in order.
    Chain(Chain),
}

keep!(Memory [0: None, 1: Distinct(d), 2: Sum(s), 3: Rules(counts), 4: Chain(c)]);

impl Memory {
    /// Forgets what was, and stays of its kind.
    pub(super) fn clear(&mut self) {
        match self {
            Self::None => {}
            Self::Distinct(d) => *d = Distinct::default(),
            Self::Sum(s) => *s = Sum::default(),
            Self::Rules(counts) => counts.fill(0),
            Self::Chain(chain) => chain.clear(),
        }
    }
}

/// For each referred rule, the latest start of a chain that ends with it.
#[derive(Debug)]
pub(super) struct Chain {
    starts: Box<[Option<i64>]>,
    /// The instant of the newest event, and all rules matched at it.
    now: (i64, u64),
}

keep!(Chain { starts, now });

impl Chain {
    pub(super) fn new(rules: usize) -> Self {
        Self { starts: vec![None; rules].into(), now: (i64::MIN, 0) }
    }

    fn clear(&mut self) {
        self.starts.fill(None);
        self.now = (i64::MIN, 0);
    }

    /// A chain that ends with rule i at this instant began where the latest chain up to rule i - 1 began. Simultaneous
    /// events follow each other in either order, so all rules matched at the instant are looked at together.
    pub(super) fn extend(&mut self, at_ms: i64, rules: u64) {
        self.now = if self.now.0 == at_ms { (at_ms, self.now.1 | rules) } else { (at_ms, rules) };
        let mut before = Some(at_ms);
        for (i, start) in self.starts.iter_mut().enumerate() {
            if self.now.1 >> i & 1 == 1 {
                *start = (*start).max(before);
            }
            before = *start;
        }
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
    pub(super) fn enter(&mut self, value: Value) {
        match value {
            Value::Number(Number::Whole(n)) => self.whole += i128::from(n),
            _ => self.reals += 1,
        }
    }

    pub(super) fn leave(&mut self, value: Value) {
        match value {
            Value::Number(Number::Whole(n)) => self.whole -= i128::from(n),
            _ => self.reals = self.reals.saturating_sub(1),
        }
    }

    /// The sum; `all` gives the window's values, oldest first, when they have to be added anew.
    pub(super) fn of(&self, all: impl Iterator<Item = Value>) -> Number {
        if self.reals > 0 {
            let real = |v: Value| if let Value::Number(n) = v { n.real() } else { 0.0 };
            return Number::of(all.map(real).sum());
        }
        #[expect(clippy::cast_precision_loss, reason = "beyond 64 bits the nearest float is near enough")]
        i64::try_from(self.whole).map_or_else(|_| Number::Real(self.whole as f64), Number::Whole)
    }
}
