//! Fingerprints with a number each, in one table: a look finds both at once.

use crate::events::keep::Keep;
use crate::events::line::fetch;

/// Fingerprints and their numbers, which are above 0.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// A power of two of them or none, at most five eighths taken: a fingerprint stands in the first free one from where it
    /// points. Fingerprints are mixed with the seed of the run, so that nobody can make many point to one place.
    slots: Vec<Slot>,
    taken: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    fingerprint: [u64; 2],
    /// 0 when the slot is free.
    number: u32,
}

const FREE: Slot = Slot { fingerprint: [0; 2], number: 0 };

/// The fewest slots, when there are any.
const FEWEST: usize = 8;

impl Numbers {
    /// How many fingerprints there are.
    pub(super) const fn len(&self) -> usize {
        self.taken
    }

    /// The fingerprints and their numbers, in an order of the table's own.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u128, u32)> {
        let taken = self.slots.iter().filter(|s| s.number > 0);
        taken.map(|s| (u128::from(s.fingerprint[1]) << 64 | u128::from(s.fingerprint[0]), s.number))
    }

    /// Has the place where a fingerprint would be brought nearer.
    #[inline]
    pub(super) fn fetch(&self, fingerprint: u128) {
        let at = home(halves(fingerprint)) & self.mask();
        if let Some(slot) = self.slots.get(at) {
            fetch(&slot.fingerprint);
            // A slot may begin in one line of memory and end in the next.
            fetch(&slot.number);
        }
    }

    /// The number of a fingerprint; 0 when it is not there.
    #[inline]
    pub(super) fn get(&self, fingerprint: u128) -> u32 {
        self.slots.get(self.find(halves(fingerprint))).map_or(0, |s| s.number)
    }

    /// Adds a fingerprint that is not there.
    pub(super) fn add(&mut self, fingerprint: u128, number: u32) {
        self.taken += 1;
        if self.taken * 8 > self.slots.len() * 5 {
            self.lay_out((self.slots.len() * 2).max(FEWEST), |_| true);
        }
        self.place(Slot { fingerprint: halves(fingerprint), number });
    }

    /// Makes a fingerprint's number one more.
    #[inline]
    pub(super) fn raise(&mut self, fingerprint: u128) {
        let at = self.find(halves(fingerprint));
        match self.slots.get_mut(at).filter(|s| s.number > 0) {
            Some(slot) => slot.number += 1,
            None => self.add(fingerprint, 1),
        }
    }

    /// Makes a fingerprint's number one less; takes it out when nothing is left.
    #[inline]
    pub(super) fn lower(&mut self, fingerprint: u128) {
        let at = self.find(halves(fingerprint));
        if let Some(slot) = self.slots.get_mut(at).filter(|s| s.number > 0) {
            slot.number -= 1;
            if slot.number == 0 {
                self.close_up(at);
                self.taken -= 1;
            }
        }
    }

    /// Takes out all whose numbers do not stay.
    pub(super) fn retain(&mut self, stays: impl Fn(u32) -> bool) {
        self.lay_out(self.slots.len(), stays);
        self.taken = self.slots.iter().filter(|s| s.number > 0).count();
    }

    fn mask(&self) -> usize {
        self.slots.len().wrapping_sub(1)
    }

    /// Where a fingerprint is, or the free slot where it would be: there is one always, unless there are no slots at all.
    #[inline]
    fn find(&self, own: [u64; 2]) -> usize {
        let mask = self.mask();
        let mut at = home(own) & mask;
        while self.slots.get(at).is_some_and(|s| s.number > 0 && s.fingerprint != own) {
            at = (at + 1) & mask;
        }
        at
    }

    /// Puts a fingerprint that is not there in its slot.
    fn place(&mut self, new: Slot) {
        let at = self.find(new.fingerprint);
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = new;
        }
    }

    /// Moves what stands behind a free slot, up to the next free one, to where it will be found without it.
    fn close_up(&mut self, mut free: usize) {
        let mask = self.mask();
        let mut at = free;
        loop {
            at = (at + 1) & mask;
            let Some(slot) = self.slots.get(at).copied().filter(|s| s.number > 0) else { break };
            let from_home = at.wrapping_sub(home(slot.fingerprint)) & mask;
            if from_home >= at.wrapping_sub(free) & mask {
                if let Some(to) = self.slots.get_mut(free) {
                    *to = slot;
                }
                free = at;
            }
        }
        if let Some(slot) = self.slots.get_mut(free) {
            *slot = FREE;
        }
    }

    /// Lays so many slots out anew, with those of the numbers that stay.
    fn lay_out(&mut self, wide: usize, stays: impl Fn(u32) -> bool) {
        let before = std::mem::replace(&mut self.slots, vec![FREE; wide]);
        before.into_iter().filter(|s| s.number > 0 && stays(s.number)).for_each(|slot| self.place(slot));
    }
}

/// The two halves, the lower first.
#[expect(clippy::cast_possible_truncation, reason = "one half after the other")]
const fn halves(fingerprint: u128) -> [u64; 2] {
    [fingerprint as u64, (fingerprint >> 64) as u64]
}

/// Where a fingerprint would best be. Keys of one group may have different peers, and then one half alone is not enough.
#[expect(clippy::cast_possible_truncation, reason = "any bits of a well mixed fingerprint will do")]
const fn home([low, high]: [u64; 2]) -> usize {
    (low ^ high.rotate_left(32)) as usize
}

impl Keep for Numbers {
    /// In the order of the fingerprints, so that equal tables are equal bytes.
    fn put(&self, out: &mut Vec<u8>) {
        let mut all: Vec<(u128, u32)> = self.iter().collect();
        all.sort_unstable();
        all.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let all: Vec<(u128, u32)> = Keep::take(from)?;
        let mut slots = Self::default();
        for (fingerprint, number) in all {
            if number == 0 || slots.get(fingerprint) > 0 {
                return None;
            }
            slots.add(fingerprint, number);
        }
        Some(slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::hash::Seed;
    use std::collections::BTreeMap;

    #[test]
    fn numbers_are_those_of_a_plain_table() {
        let seed = Seed::default();
        let (mut slots, mut plain) = (Numbers::default(), BTreeMap::<u128, u32>::new());
        for step in 0..60_000u64 {
            let random = seed.of(&step.to_le_bytes());
            let name = (random >> 7) as u64 % 1500;
            let fingerprint = seed.of(&name.to_le_bytes()) & u128::from(u64::MAX) | seed.of(&[name as u8 % 3]) << 64;
            assert_eq!(slots.get(fingerprint), plain.get(&fingerprint).copied().unwrap_or(0));
            // Fills and empties by turns.
            if random % 16 < 6 + 4 * (u128::from(step) / 9000 % 2) {
                slots.raise(fingerprint);
                *plain.entry(fingerprint).or_default() += 1;
            } else {
                slots.lower(fingerprint);
                match plain.get_mut(&fingerprint) {
                    Some(n) if *n > 1 => *n -= 1,
                    _ => drop(plain.remove(&fingerprint)),
                }
            }
            assert_eq!(slots.len(), plain.len());
            if step % 3000 == 0 {
                slots.retain(|n| n % 5 > 0);
                plain.retain(|_, n| *n % 5 > 0);
                slots = Keep::of(&slots.kept()).unwrap();
                let mut all: Vec<_> = slots.iter().collect();
                all.sort_unstable();
                assert_eq!(all, plain.clone().into_iter().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn one_half_in_common_is_spread() {
        let seed = Seed::default();
        let mut slots = Numbers::default();
        (0..4096u128).for_each(|n| slots.add(seed.of(&n.to_le_bytes()) << 64 | 7, 1));
        let from_home = |(at, slot): (usize, &Slot)| at.wrapping_sub(home(slot.fingerprint)) & slots.mask();
        let taken = slots.slots.iter().enumerate().filter(|(_, s)| s.number > 0);
        assert!(taken.map(from_home).sum::<usize>() < 3 * 4096);
    }

    #[test]
    fn slots_that_nobody_wrote_are_refused() {
        assert!(Numbers::of(&vec![(1u128, 1u32), (2, 9)].kept()).is_some());
        assert!(Numbers::of(&vec![(1u128, 1u32), (1, 9)].kept()).is_none());
        assert!(Numbers::of(&vec![(1u128, 0u32)].kept()).is_none());
    }
}
