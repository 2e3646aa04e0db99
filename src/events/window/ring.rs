//! The events inside a window, oldest first, each linked to another one of its group.
//!
//! An event that enters is linked to its group's one before it, which is not looked at for that: it lies far away in memory.
//! Most groups leave the window again without anybody having asked for their events. Who asks has the links turned round,
//! once for each event, so that they lead from the oldest to the newest.

use crate::events::keep::{Keep, keep};
use crate::events::place::Place;

/// One event inside a window, and what the kind of correlation keeps of it besides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<D> {
    pub at_ms: i64,
    pub place: Place,
    pub key: u32,
    /// How many entries further back the group's one before is; of an entry whose link was turned round, how many entries
    /// further on its next one is. Of no meaning where there is none.
    link: u32,
    pub detail: D,
}

/// Which of the events are a group's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Chained {
    /// How many.
    pub count: u32,
    /// Number of the newest, when there is one.
    tail: u32,
    /// Of how many of them, the oldest ones, the links are turned round.
    turned: u32,
    /// Number of the oldest, when its link is.
    head: u32,
}

keep!(Chained { count, tail, turned, head });

/// A queue whose entries keep their number from entering to leaving. Numbers begin anew after 2^32, which is more entries than
/// fit in memory.
#[derive(Debug)]
pub(super) struct Ring<D> {
    /// A power of two of them or none; an entry stands where the low bits of its number point.
    entries: Vec<Entry<D>>,
    /// Number of the oldest entry.
    first: u32,
    /// How many there are.
    count: usize,
}

impl<D> Default for Ring<D> {
    fn default() -> Self {
        Self { entries: Vec::new(), first: 0, count: 0 }
    }
}

impl<D: Copy> Ring<D> {
    /// Adds the newest event, one of the group that has `chained`.
    #[inline]
    pub(super) fn push(&mut self, (at_ms, place): (i64, Place), key: u32, detail: D, chained: &mut Chained) {
        let number = self.after(self.count);
        let entry = Entry { at_ms, place, key, link: number.wrapping_sub(chained.tail), detail };
        if self.count == self.entries.len() {
            self.widen(entry);
        }
        if let Some(slot) = self.slot(number) {
            *slot = entry;
        }
        self.count += 1;
        chained.count += 1;
        chained.tail = number;
    }

    /// The oldest event, when it is not later than `until_ms`.
    #[inline]
    pub(super) fn oldest_until(&self, until_ms: i64) -> Option<Entry<D>> {
        let oldest = self.get(self.first).filter(|e| e.at_ms <= until_ms);
        oldest.filter(|_| self.count > 0).copied()
    }

    /// Takes the oldest event out, which is `entry`, of the group that has `chained`.
    #[inline]
    pub(super) fn pop(&mut self, entry: &Entry<D>, chained: &mut Chained) {
        self.first = self.after(1);
        self.count -= 1;
        chained.count = chained.count.saturating_sub(1);
        if chained.turned > 0 {
            chained.turned -= 1;
            chained.head = chained.head.wrapping_add(entry.link);
        }
    }

    /// The event that is so many after the oldest.
    #[inline]
    pub(super) fn ahead(&self, count: usize) -> Option<&Entry<D>> {
        self.get(self.after(count)).filter(|_| count < self.count)
    }

    /// The events of a group, oldest first.
    pub(super) fn of(&mut self, chained: &mut Chained) -> impl Iterator<Item = &Entry<D>> {
        self.turn(chained);
        let (ring, mut at) = (&*self, chained.head);
        (0..chained.count).map_while(move |_| {
            let entry = ring.get(at)?;
            at = at.wrapping_add(entry.link);
            Some(entry)
        })
    }

    /// Turns the links of a group's events round where they are not yet.
    fn turn(&mut self, chained: &mut Chained) {
        let (mut at, mut next) = (chained.tail, 0);
        for left in (chained.turned..chained.count).rev() {
            let Some(entry) = self.slot(at) else { return };
            let before = std::mem::replace(&mut entry.link, next);
            next = before;
            if left == 0 {
                chained.head = at;
            }
            at = at.wrapping_sub(before);
        }
        if let Some(newest_turned) = self.slot(at).filter(|_| (1..chained.count).contains(&chained.turned)) {
            newest_turned.link = next;
        }
        chained.turned = chained.count;
    }

    /// The number of the entry so many after the oldest.
    #[expect(clippy::cast_possible_truncation, reason = "numbers begin anew")]
    const fn after(&self, count: usize) -> u32 {
        self.first.wrapping_add(count as u32)
    }

    fn get(&self, number: u32) -> Option<&Entry<D>> {
        self.entries.get(number as usize & self.entries.len().wrapping_sub(1))
    }

    fn slot(&mut self, number: u32) -> Option<&mut Entry<D>> {
        let mask = self.entries.len().wrapping_sub(1);
        self.entries.get_mut(number as usize & mask)
    }

    /// Makes room for twice as many, with any entry for those to come.
    #[cold]
    fn widen(&mut self, any: Entry<D>) {
        let wider = vec![any; (2 * self.entries.len()).max(16)];
        let before = std::mem::replace(&mut self.entries, wider);
        for n in 0..self.count {
            let number = self.after(n);
            let entry = before.get(number as usize & before.len().wrapping_sub(1)).copied();
            if let (Some(slot), Some(entry)) = (self.slot(number), entry) {
                *slot = entry;
            }
        }
    }
}

impl<D: Keep> Keep for Entry<D> {
    fn put(&self, out: &mut Vec<u8>) {
        let Self { at_ms, place, key, link, detail } = self;
        (*at_ms, *place).put(out);
        (*key, *link).put(out);
        detail.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let ((at_ms, place), (key, link)) = Keep::take(from)?;
        Some(Self { at_ms, place, key, link, detail: D::take(from)? })
    }
}

impl<D: Copy + Keep> Keep for Ring<D> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.first, self.count).put(out);
        (0..self.count).filter_map(|n| self.get(self.after(n))).for_each(|e| e.put(out));
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let (first, count): (u32, usize) = Keep::take(from)?;
        let mut ring = Self { first, ..Self::default() };
        for _ in 0..count {
            let entry = Entry::take(from)?;
            if ring.count == ring.entries.len() {
                ring.widen(entry);
            }
            let number = ring.after(ring.count);
            *ring.slot(number)? = entry;
            ring.count += 1;
        }
        Some(ring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::hash::Seed;
    use std::collections::VecDeque;

    /// Against a plain queue, with groups asked for their events now and then, and numbers that begin anew.
    #[test]
    fn a_group_has_its_events_in_order() {
        const GROUPS: usize = 7;
        let mut ring: Ring<u64> = Ring { first: u32::MAX - 2000, ..Ring::default() };
        let mut chained = [Chained::default(); GROUPS];
        let mut plain: VecDeque<(u32, u64)> = VecDeque::new();
        for step in 0..20_000u64 {
            let random = Seed::default().of(&step.to_le_bytes()) as u64;
            let group = (random >> 8) as usize % GROUPS;
            // Fills and empties by turns.
            if random % 16 < 6 + 4 * (step / 1500 % 2) {
                let when = (step as i64, Place::new(0, step));
                ring.push(when, group as u32, step, &mut chained[group]);
                plain.push_back((group as u32, step));
            } else if let Some(entry) = ring.oldest_until(i64::MAX) {
                assert_eq!(plain.pop_front(), Some((entry.key, entry.detail)));
                assert_eq!(ring.oldest_until(entry.at_ms - 1).map(|e| e.key), None);
                ring.pop(&entry, &mut chained[entry.key as usize]);
            } else {
                assert!(plain.is_empty());
            }
            if random >> 16 & 7 == 0 {
                let own: Vec<u64> = ring.of(&mut chained[group]).map(|e| e.detail).collect();
                let all = plain.iter().filter(|(g, _)| *g == group as u32);
                assert_eq!(own, all.map(|(_, n)| *n).collect::<Vec<_>>());
            }
            if random >> 20 & 1023 == 0 {
                ring = Keep::of(&ring.kept()).unwrap();
            }
            let ahead = (random >> 32) as usize % 100;
            assert_eq!(ring.ahead(ahead).map(|e| (e.key, e.detail)), plain.get(ahead).copied());
        }
        assert!(ring.first < u32::MAX - 2000, "numbers have begun anew");
    }
}
