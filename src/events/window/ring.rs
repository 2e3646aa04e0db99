//! The events inside a window, oldest first, each linked to the next one of its group.

use crate::events::batch::Value;
use crate::events::keep::keep;
use crate::events::place::Place;
use std::collections::VecDeque;

/// One event inside a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub at_ms: i64,
    pub place: Place,
    pub key: u32,
    /// How many entries further the group's next one is; 0 when this is its last.
    next: u32,
}

keep!(Entry { at_ms, place, key, next });

/// What some kinds of correlation keep of an event besides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Detail {
    pub rules: u64,
    pub value: Value,
}

keep!(Detail { rules, value });

/// A queue whose entries keep their number from entering to leaving.
#[derive(Debug, Default)]
pub(super) struct Ring {
    entries: VecDeque<Entry>,
    /// As long as `entries` when details are kept, else empty.
    details: VecDeque<Detail>,
    /// Number of the oldest entry.
    base: u64,
}

keep!(Ring { entries, details, base });

impl Ring {
    /// Adds the newest event; gives its number. `before` is the group's entry before it.
    pub(super) fn push(&mut self, entry: (i64, Place, u32), detail: Option<Detail>, before: Option<u64>) -> u64 {
        let number = self.base + self.entries.len() as u64;
        if let Some(before) = before
            && let Some(last) = self.slot_mut(before)
        {
            last.next = u32::try_from(number - before).unwrap_or(u32::MAX);
        }
        let (at_ms, place, key) = entry;
        self.entries.push_back(Entry { at_ms, place, key, next: 0 });
        self.details.extend(detail);
        number
    }

    /// Takes the oldest event out when it is not later than `until_ms`; with its number and that of its group's next.
    pub(super) fn pop_until(&mut self, until_ms: i64) -> Option<(Entry, Option<Detail>, u64)> {
        let entry = *self.entries.front().filter(|e| e.at_ms <= until_ms)?;
        self.entries.pop_front();
        let detail = self.details.pop_front();
        let number = self.base;
        self.base += 1;
        Some((entry, detail, number + u64::from(entry.next)))
    }

    /// The entry with this number.
    pub(super) fn get(&self, number: u64) -> Option<&Entry> {
        self.entries.get(self.index(number)?)
    }

    /// The details of the entries of a group from `head` on, oldest first.
    pub(super) fn details_from(&self, head: u64) -> impl Iterator<Item = Detail> + '_ {
        let mut at = Some(head);
        std::iter::from_fn(move || {
            let number = at?;
            let index = self.index(number)?;
            let step = self.entries.get(index)?.next;
            at = (step > 0).then(|| number + u64::from(step));
            self.details.get(index).copied()
        })
    }

    fn slot_mut(&mut self, number: u64) -> Option<&mut Entry> {
        let index = self.index(number)?;
        self.entries.get_mut(index)
    }

    fn index(&self, number: u64) -> Option<usize> {
        number.checked_sub(self.base).and_then(|n| usize::try_from(n).ok())
    }
}
