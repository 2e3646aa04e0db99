//! The keys of a space by number. Groups are kept in lists by these numbers.
//!
//! A key that nothing holds on to stays for a while, for it will most likely come again; when such keys have become as many
//! as the held ones, they are forgotten and their numbers used again. When that happens changes no result.

use crate::events::hash::Table;
use crate::events::keep::keep;

/// Keys that nothing holds on to and that are kept in any case.
const FEW: usize = 1024;

/// Keys by number.
#[derive(Debug, Default)]
pub(super) struct Keys {
    numbers: Table<u32>,
    known: Vec<Known>,
    free: Vec<u32>,
    /// How many known keys nothing holds on to.
    idle: usize,
}

keep!(Keys { numbers, known, free, idle });

#[derive(Debug, Default)]
struct Known {
    fingerprint: u128,
    bytes: Box<[u8]>,
    /// Windows that hold on to this key.
    holders: u32,
}

keep!(Known { fingerprint, bytes, holders });

impl Keys {
    /// The number of a key. It stays that key's at least until `forget` is called.
    #[inline]
    pub(super) fn number<'k>(&mut self, fingerprint: u128, bytes: impl Fn() -> &'k [u8]) -> u32 {
        match self.numbers.get(&fingerprint) {
            Some(n) => *n,
            None => self.add(fingerprint, bytes()),
        }
    }

    fn add(&mut self, fingerprint: u128, bytes: &[u8]) -> u32 {
        let known = Known { fingerprint, bytes: bytes.into(), holders: 0 };
        let n = self.free.pop().unwrap_or_else(|| {
            self.known.push(Known::default());
            u32::try_from(self.known.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(slot) = self.known.get_mut(n as usize) {
            *slot = known;
        }
        self.numbers.insert(fingerprint, n);
        self.idle += 1;
        n
    }

    /// Holds on to a key.
    #[inline]
    pub(super) fn hold(&mut self, n: u32) {
        if let Some(k) = self.known.get_mut(n as usize) {
            self.idle -= usize::from(k.holders == 0);
            k.holders += 1;
        }
    }

    /// Lets go of a key held on to.
    #[inline]
    pub(super) fn release(&mut self, n: u32) {
        if let Some(k) = self.known.get_mut(n as usize).filter(|k| k.holders > 0) {
            k.holders -= 1;
            self.idle += usize::from(k.holders == 0);
        }
    }

    /// Forgets keys that nothing holds on to, when there are many.
    pub(super) fn forget(&mut self) {
        if self.idle < FEW + self.numbers.len() / 2 {
            return;
        }
        let Self { numbers, known, free, idle } = self;
        numbers.retain(|_, n| {
            let gone = known.get_mut(*n as usize).filter(|k| k.holders == 0);
            let stays = gone.is_none();
            if let Some(k) = gone {
                *k = Known::default();
                free.push(*n);
            }
            stays
        });
        // A table is gone through in an order of its own; which number is used next is to be the same in every run.
        free.sort_unstable_by(|a, b| b.cmp(a));
        *idle = 0;
    }

    /// The key's bytes.
    pub(super) fn bytes(&self, n: u32) -> &[u8] {
        self.known.get(n as usize).map_or(&[], |k| &k.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_key_keeps_its_number_and_others_make_room() {
        let mut keys = Keys::default();
        let held = keys.number(1, || b"held");
        keys.hold(held);
        for n in 2..10_000u128 {
            keys.forget();
            let bytes = n.to_le_bytes();
            let number = keys.number(n, || &bytes);
            assert_ne!(number, held);
            assert_eq!(keys.bytes(number), bytes);
        }
        assert!(keys.known.len() <= 2 * FEW + 2, "{} keys for one that is held", keys.known.len());
        assert_eq!((keys.number(1, || b""), keys.bytes(held)), (held, b"held".as_slice()));
        keys.release(held);
        assert_eq!(keys.idle, keys.numbers.len());
    }
}
