//! The keys of a space by number. Groups are kept in lists by these numbers.
//!
//! A key that nothing holds on to stays for a while, for it will most likely come again; when such keys have become as many
//! as the held ones, they are forgotten and their numbers used again. When that happens changes no result.

use super::numbers::Numbers;
use crate::events::keep::{Bytes, Keep};
use crate::events::line::fetch;

/// Keys that nothing holds on to and that are kept in any case.
const FEW: usize = 1024;

/// Instead of how many windows hold on to a key: that the number is nobody's.
const NONE: u32 = u32::MAX;

/// Keys by number.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Each key's fingerprint, with one more than its number.
    numbers: Numbers,
    /// For each number how many windows hold on to its key; `NONE` where it is nobody's.
    holders: Vec<u32>,
    /// For each number where its key's bytes are in `bytes`: first and length.
    at: Vec<(usize, usize)>,
    bytes: Vec<u8>,
    free: Vec<u32>,
    /// How many known keys nothing holds on to.
    idle: usize,
}

impl Keys {
    /// The number of a key. It stays that key's at least until `forget` is called.
    #[inline]
    pub(super) fn number<'k>(&mut self, fingerprint: u128, bytes: impl Fn() -> &'k [u8]) -> u32 {
        match self.numbers.get(fingerprint).checked_sub(1) {
            Some(n) => n,
            None => self.add(fingerprint, bytes()),
        }
    }

    /// Has the place where a key would be brought nearer.
    #[inline]
    pub(super) fn fetch(&self, fingerprint: u128) {
        self.numbers.fetch(fingerprint);
    }

    #[inline(never)]
    fn add(&mut self, fingerprint: u128, bytes: &[u8]) -> u32 {
        let at = (self.bytes.len(), bytes.len());
        self.bytes.extend_from_slice(bytes);
        let number = self.free.pop().unwrap_or_else(|| {
            self.holders.push(NONE);
            self.at.push((0, 0));
            u32::try_from(self.holders.len() - 1).unwrap_or(NONE)
        });
        let n = number as usize;
        if let (Some(holders), Some(own)) = (self.holders.get_mut(n), self.at.get_mut(n)) {
            (*holders, *own) = (0, at);
        }
        self.idle += 1;
        self.numbers.add(fingerprint, number + 1);
        number
    }

    /// Has what tells how many windows hold on to a key brought nearer.
    #[inline]
    pub(super) fn fetch_holders(&self, n: u32) {
        self.holders.get(n as usize).into_iter().for_each(fetch);
    }

    /// Holds on to a key.
    #[inline]
    pub(super) fn hold(&mut self, n: u32) {
        if let Some(holders) = self.holders.get_mut(n as usize) {
            self.idle -= usize::from(*holders == 0);
            *holders += 1;
        }
    }

    /// Lets go of a key held on to.
    #[inline]
    pub(super) fn release(&mut self, n: u32) {
        if let Some(holders) = self.holders.get_mut(n as usize).filter(|h| **h > 0) {
            *holders -= 1;
            self.idle += usize::from(*holders == 0);
        }
    }

    /// Forgets keys that nothing holds on to, when there are many.
    pub(super) fn forget(&mut self) {
        if self.idle < FEW + self.numbers.len() / 2 {
            return;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len());
        self.free.clear();
        for ((n, holders), at) in (0u32..).zip(&mut self.holders).zip(&mut self.at) {
            if matches!(*holders, 0 | NONE) {
                *holders = NONE;
                self.free.push(n);
            } else {
                let own = self.bytes.get(at.0..at.0 + at.1).unwrap_or_default();
                *at = (bytes.len(), own.len());
                bytes.extend_from_slice(own);
            }
        }
        // The lowest is used next.
        self.free.reverse();
        self.bytes = bytes;
        self.idle = 0;
        let Self { numbers, holders, .. } = self;
        numbers.retain(|n| holders.get(n as usize - 1).is_some_and(|h| *h != NONE));
    }

    /// The key's bytes.
    pub(super) fn bytes(&self, n: u32) -> &[u8] {
        let at = self.at.get(n as usize);
        at.and_then(|(start, length)| self.bytes.get(*start..start + length)).unwrap_or_default()
    }
}

impl Keep for Keys {
    /// Key by key in the order of their numbers.
    fn put(&self, out: &mut Vec<u8>) {
        let mut fingerprints = vec![0; self.holders.len()];
        for (fingerprint, number) in self.numbers.iter() {
            if let Some(own) = fingerprints.get_mut(number as usize - 1) {
                *own = fingerprint;
            }
        }
        self.holders.len().put(out);
        for ((n, holders), fingerprint) in (0u32..).zip(&self.holders).zip(fingerprints) {
            let known = (*holders != NONE).then(|| (*holders, fingerprint, Bytes(self.bytes(n).to_vec())));
            known.put(out);
        }
        self.free.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let all: Vec<Option<(u32, u128, Bytes)>> = Keep::take(from)?;
        let mut keys = Self { free: Keep::take(from)?, ..Self::default() };
        for (number, known) in (1u32..).zip(all) {
            let Some((holders, fingerprint, Bytes(bytes))) = known else {
                keys.holders.push(NONE);
                keys.at.push((0, 0));
                continue;
            };
            keys.idle += usize::from(holders == 0);
            keys.holders.push(holders);
            keys.at.push((keys.bytes.len(), bytes.len()));
            keys.bytes.extend(bytes);
            keys.numbers.add(fingerprint, number);
        }
        let is_free = |n: &u32| keys.holders.get(*n as usize) == Some(&NONE);
        let all_told = keys.numbers.len() + keys.free.len() == keys.holders.len();
        (all_told && keys.free.iter().all(is_free)).then_some(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::hash::Seed;
    use std::collections::BTreeMap;

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
        assert!(keys.numbers.len() <= 2 * FEW + 2, "{} keys for one that is held", keys.numbers.len());
        assert!(keys.bytes.len() <= 16 * (2 * FEW + 2), "{} bytes for one that is held", keys.bytes.len());
        assert_eq!((keys.number(1, || b""), keys.bytes(held)), (held, b"held".as_slice()));
        keys.release(held);
        assert_eq!(keys.idle, keys.numbers.len());
    }

    /// Against a plain table, with keys of which many share a half, and through being kept and taken back.
    #[test]
    fn numbers_are_those_of_a_plain_table() {
        let seed = Seed::default();
        let mut keys = Keys::default();
        let mut plain: BTreeMap<u128, (u32, u32)> = BTreeMap::new();
        for step in 0..40_000u64 {
            let random = seed.of(&step.to_le_bytes());
            let name = (random >> 7) as u64 % 5000;
            let fingerprint = seed.of(&name.to_le_bytes()) & u128::from(u64::MAX) | seed.of(&[name as u8 % 3]) << 64;
            let bytes = format!("\"{name}\"");
            let number = keys.number(fingerprint, || bytes.as_bytes());
            assert_eq!(keys.bytes(number), bytes.as_bytes());
            let known = plain.entry(fingerprint).or_insert((number, 0));
            assert_eq!(known.0, number);
            if random & 3 == 0 && known.1 > 0 {
                keys.release(number);
                known.1 -= 1;
            } else if random & 3 == 1 {
                keys.hold(number);
                known.1 += 1;
            }
            if step % 1000 == 0 {
                keys = Keep::of(&keys.kept()).unwrap();
            }
            let idle = keys.idle;
            keys.forget();
            if keys.idle < idle {
                plain.retain(|_, (_, held)| *held > 0);
            }
            assert_eq!(keys.numbers.len(), plain.len());
            if step % 100 == 0 {
                assert_eq!(keys.idle, plain.values().filter(|(_, held)| *held == 0).count());
            }
        }
        assert!(plain.len() > 1000);
    }

    #[test]
    fn keys_that_nobody_wrote_are_refused() {
        let mut keys = Keys::default();
        for n in 0..3u128 {
            keys.number(n, || b"k");
        }
        let mut bytes = keys.kept();
        assert!(Keys::of(&bytes).is_some());
        *bytes.last_mut().unwrap() = 1;
        bytes.push(2);
        assert!(Keys::of(&bytes).is_none(), "a number that is somebody's is not free");
    }
}
