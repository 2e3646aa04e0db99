//! The events inside a window, oldest first, each linked to the next one of its group.

use crate::events::keep::Keep;
use crate::events::place::Place;
use std::collections::VecDeque;

/// One event inside a window, and what the kind of correlation keeps of it besides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<D> {
    pub at_ms: i64,
    pub place: Place,
    pub key: u32,
    /// How many entries further the group's next one is; 0 when this is its last.
    next: u32,
    pub detail: D,
}

/// A queue whose entries keep their number from entering to leaving.
#[derive(Debug)]
pub(super) struct Ring<D> {
    entries: VecDeque<Entry<D>>,
    /// Number of the oldest entry.
    base: u64,
}

impl<D> Default for Ring<D> {
    fn default() -> Self {
        Self { entries: VecDeque::new(), base: 0 }
    }
}

impl<D: Copy> Ring<D> {
    /// Adds the newest event; gives its number. `before` is the group's entry before it.
    #[inline]
    pub(super) fn push(&mut self, (at_ms, place): (i64, Place), key: u32, detail: D, before: Option<u64>) -> u64 {
        let number = self.base + self.entries.len() as u64;
        if let Some(before) = before
            && let Some(last) = self.index(before).and_then(|i| self.entries.get_mut(i))
        {
            last.next = u32::try_from(number - before).unwrap_or(u32::MAX);
        }
        self.entries.push_back(Entry { at_ms, place, key, next: 0, detail });
        number
    }

    /// Takes the oldest event out when it is not later than `until_ms`; with the number of its group's next.
    #[inline]
    pub(super) fn pop_until(&mut self, until_ms: i64) -> Option<(Entry<D>, u64)> {
        let entry = *self.entries.front().filter(|e| e.at_ms <= until_ms)?;
        self.entries.pop_front();
        let number = self.base;
        self.base += 1;
        Some((entry, number + u64::from(entry.next)))
    }

    /// The entry with this number.
    #[inline]
    pub(super) fn get(&self, number: u64) -> Option<&Entry<D>> {
        self.entries.get(self.index(number)?)
    }

    /// The entries of a group from `head` on, oldest first.
    pub(super) fn from(&self, head: u64) -> impl Iterator<Item = &Entry<D>> {
        let mut at = Some(head);
        std::iter::from_fn(move || {
            let number = at?;
            let entry = self.get(number)?;
            at = (entry.next > 0).then(|| number + u64::from(entry.next));
            Some(entry)
        })
    }

    #[inline]
    fn index(&self, number: u64) -> Option<usize> {
        number.checked_sub(self.base).and_then(|n| usize::try_from(n).ok())
    }
}

impl<D: Keep> Keep for Entry<D> {
    fn put(&self, out: &mut Vec<u8>) {
        let Self { at_ms, place, key, next, detail } = self;
        (*at_ms, *place).put(out);
        (*key, *next).put(out);
        detail.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let ((at_ms, place), (key, next)) = Keep::take(from)?;
        Some(Self { at_ms, place, key, next, detail: D::take(from)? })
    }
}

impl<D: Keep> Keep for Ring<D> {
    fn put(&self, out: &mut Vec<u8>) {
        self.entries.put(out);
        self.base.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self { entries: Keep::take(from)?, base: Keep::take(from)? })
    }
}
