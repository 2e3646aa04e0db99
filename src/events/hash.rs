//! A 128-bit fingerprint of group keys and counted values.
//!
//! Two different values with one fingerprint would be taken for one; with 128 bits and a seed of the run's own that does
//! not happen by chance, and nobody who writes log lines can bring it about without the seed.

/// The seed of a run.
#[derive(Clone, Copy, Debug)]
pub struct Seed(pub [u64; 2]);

impl Default for Seed {
    /// A fixed seed, for tests and where nothing hostile is read.
    fn default() -> Self {
        Self([0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344])
    }
}

impl Seed {
    /// The fingerprint of `bytes`.
    pub fn of(self, bytes: &[u8]) -> u128 {
        Self::from(self.0, bytes)
    }

    /// The fingerprint of a text, another one than that of the same bytes.
    pub fn of_text(self, text: &[u8]) -> u128 {
        self.of_text_with(Gist::of(text), text)
    }

    /// The same, given the text's gist.
    pub fn of_text_with(self, gist: Gist, text: &[u8]) -> u128 {
        let [a, b] = self.0;
        Self::with([a ^ 0x9216_d5d9_8979_fb1b, b], gist, text)
    }

    fn from(seed: [u64; 2], bytes: &[u8]) -> u128 {
        Self::with(seed, Gist::of(bytes), bytes)
    }

    #[inline]
    fn with([a, b]: [u64; 2], Gist { first, last, length }: Gist, bytes: &[u8]) -> u128 {
        let [a, b] = if length <= Gist::WHOLE_BYTES {
            [
                folded(a ^ first, b ^ last ^ 0xa409_3822_299f_31d0),
                folded(b ^ first.rotate_left(32) ^ 0x082e_fa98_ec4e_6c89, a ^ last.rotate_left(32)),
            ]
        } else {
            Self::many([a, b], bytes)
        };
        let length = length as u64;
        let a = folded(a ^ length, 0xc0ac_29b7_c97c_50dd);
        u128::from(a) << 64 | u128::from(folded(b ^ a ^ length.rotate_left(17), 0x3f84_d5b5_b547_0917))
    }

    fn many([mut a, mut b]: [u64; 2], bytes: &[u8]) -> [u64; 2] {
        let mut one = |word: u64| {
            a = folded(a ^ word, 0x4528_21e6_38d0_1377);
            b = folded(b ^ word.rotate_left(32), 0xbe54_66cf_34e9_0c6c);
        };
        bytes.as_chunks::<8>().0.iter().for_each(|block| one(u64::from_le_bytes(*block)));
        // The last eight bytes, which with the length tell what is left just as well.
        one(bytes.last_chunk::<8>().map_or(0, |last| u64::from_le_bytes(*last)));
        [a, b]
    }
}

/// What a value is told apart by at once: its beginning, its end and its length. Up to 16 bytes that is all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gist {
    /// The first eight bytes, the first lowest; zeros after a shorter value.
    pub first: u64,
    /// The last eight bytes, the last highest; zeros before a shorter value.
    pub last: u64,
    /// The length.
    pub length: usize,
}

impl Gist {
    /// The longest value that it is all of, in bytes.
    pub const WHOLE_BYTES: usize = 16;

    /// The gist of `bytes`.
    #[inline]
    pub fn of(bytes: &[u8]) -> Self {
        let length = bytes.len();
        if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            return Self { first: u64::from_le_bytes(*first), last: u64::from_le_bytes(*last), length };
        }
        let first = match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                // Bytes that are in both are the same in both.
                let shift = 8 * (length as u32 & 7).wrapping_sub(4);
                u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)).wrapping_shl(shift)
            }
            _ => bytes.iter().rev().fold(0, |word, b| word << 8 | u64::from(*b)),
        };
        let last = if length == 0 { 0 } else { first.wrapping_shl(64u32.wrapping_sub(8 * (length as u32 & 7))) };
        Self { first, last, length }
    }

    /// The value between quotes, the first byte lowest, and zeros after it; `None` when that is more than 16 bytes.
    #[inline]
    pub const fn quoted(self) -> Option<u128> {
        let quote = b'"' as u128;
        let whole = match self.length {
            0..=8 => self.first as u128,
            9..=14 => self.first as u128 | (self.last as u128) << (8 * (self.length - 8)),
            _ => return None,
        };
        Some(quote | whole << 8 | quote << (8 * (self.length + 1)))
    }

    /// The gist of the bytes from `start` to `end`; `None` when they are not there. Quicker where others are around them, for then
    /// it takes no branch on their number.
    #[inline(always)]
    pub fn within(bytes: &[u8], start: usize, end: usize) -> Option<Self> {
        let length = end.wrapping_sub(start);
        let first = bytes.get(start..start.wrapping_add(8)).and_then(<[u8]>::first_chunk::<8>);
        let last = bytes.get(end.wrapping_sub(8)..end).and_then(<[u8]>::first_chunk::<8>);
        let (Some(first), Some(last), 1..) = (first, last, length) else {
            return bytes.get(start..end).map(Self::of);
        };
        let unused = 64 - 8 * (length.min(8) as u32);
        let first = u64::from_le_bytes(*first) & (u64::MAX >> unused);
        let last = u64::from_le_bytes(*last) & (u64::MAX << unused);
        Some(Self { first, last, length })
    }

    /// A number that few of a log's values share. For tables whose entries are compared byte by byte, and whose owner can bear
    /// that somebody makes values that share one.
    #[inline]
    pub fn mixed(self) -> u64 {
        let length = (self.length as u64).rotate_left(56);
        folded(self.first ^ 0xa409_3822_299f_31d0, self.last ^ length ^ 0x082e_fa98_ec4e_6c89)
    }
}

fn folded(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    #[expect(clippy::cast_possible_truncation, reason = "the two halves are mixed")]
    let (low, high) = (wide as u64, (wide >> 64) as u64);
    low ^ high
}

/// Passes fingerprints through as hashes: they are well mixed already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mixed(u64);

impl std::hash::Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*b);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "half of a well mixed fingerprint is enough for a table")]
    fn write_u128(&mut self, fingerprint: u128) {
        self.0 = fingerprint as u64;
    }
}

/// A table keyed by fingerprints. Never iterated where the order could be seen.
pub type Table<V> = std::collections::HashMap<u128, V, std::hash::BuildHasherDefault<Mixed>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_have_a_gist_of_their_own() {
        let mut seen = std::collections::BTreeMap::new();
        for length in 0..=Gist::WHOLE_BYTES {
            for at in 0..length.max(1) {
                for byte in [0, 1, b'a', 0xff] {
                    let mut bytes = vec![b'x'; length];
                    bytes.iter_mut().skip(at).take(1).for_each(|b| *b = byte);
                    let gist = Gist::of(&bytes);
                    let mut whole = bytes.clone();
                    whole.resize(length.max(8), 0);
                    assert_eq!(gist.first.to_le_bytes(), whole[..8], "{bytes:?}");
                    let mut end = vec![0; 8];
                    end.extend(&bytes);
                    assert_eq!(gist.last.to_le_bytes(), end[end.len() - 8..], "{bytes:?}");
                    let quoted = (length < 15).then(|| {
                        let mut quoted = [b"\"".as_slice(), &bytes, b"\""].concat();
                        quoted.resize(16, 0);
                        quoted
                    });
                    assert_eq!(gist.quoted().map(|q| q.to_le_bytes().to_vec()), quoted);
                    for before in [b"!".as_slice(), b"1234567\xff"] {
                        for after in [b"".as_slice(), b"\xff2345678"] {
                            let among = [before, &bytes, after].concat();
                            let start = before.len();
                            assert_eq!(Gist::within(&among, start, start + length), Some(gist));
                            assert_eq!(Gist::within(&among, start, among.len() + 1), None);
                            assert_eq!(Gist::within(&among, start, start - 1), None);
                        }
                    }
                    let before = seen.insert((gist.first, gist.last, gist.length), bytes.clone());
                    assert!(before.is_none_or(|b| b == bytes));
                }
            }
        }
    }

    #[test]
    fn near_values_have_far_fingerprints() {
        let seed = Seed::default();
        let mut seen = std::collections::BTreeSet::new();
        for n in 0..20_000u32 {
            assert!(seen.insert(seed.of(format!("\"u{n}\"").as_bytes())));
            assert!(seen.insert(seed.of(&n.to_le_bytes())));
        }
        for zeros in 5..40 {
            assert!(seen.insert(seed.of(&vec![0; zeros])));
            assert!(seen.insert(seed.of_text(&vec![0; zeros])));
        }
        // Every bit of a value of any length changes both halves.
        for length in 1..50 {
            let whole = seed.of(&vec![b'x'; length]);
            for bit in 0..8 * length {
                let mut bytes = vec![b'x'; length];
                bytes[bit / 8] ^= 1 << (bit % 8);
                let other = seed.of(&bytes);
                assert!(seen.insert(other) && other >> 64 != whole >> 64 && other << 64 != whole << 64);
            }
        }
        assert_ne!(seed.of(b"a"), Seed([1, 2]).of(b"a"));
    }
}
