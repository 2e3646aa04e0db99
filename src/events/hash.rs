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
        let [a, b] = self.0;
        Self::from([a ^ 0x9216_d5d9_8979_fb1b, b], text)
    }

    fn from([mut a, mut b]: [u64; 2], bytes: &[u8]) -> u128 {
        let (blocks, rest) = bytes.as_chunks::<8>();
        for block in blocks {
            let word = u64::from_le_bytes(*block);
            a = folded(a ^ word, 0xa409_3822_299f_31d0);
            b = folded(b ^ word.rotate_left(32), 0x082e_fa98_ec4e_6c89);
        }
        // What is left, or the last eight bytes, which with the length tell it just as well.
        let word = match bytes.last_chunk::<8>() {
            Some(last) if !rest.is_empty() => u64::from_le_bytes(*last),
            Some(_) => 0,
            None => short(rest),
        };
        let length = bytes.len() as u64;
        a = folded(a ^ word, 0x4528_21e6_38d0_1377 ^ length);
        b = folded(b ^ word.rotate_left(32), 0xbe54_66cf_34e9_0c6c ^ length.rotate_left(17));
        u128::from(folded(a, 0xc0ac_29b7_c97c_50dd)) << 64 | u128::from(folded(b ^ a, 0x3f84_d5b5_b547_0917))
    }
}

/// Up to seven bytes as a number, lowest first.
fn short(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(low), Some(high)) => {
            let above = 8 * (bytes.len() - 4);
            u64::from(u32::from_le_bytes(*low)) | u64::from(u32::from_le_bytes(*high)) << above
        }
        _ => bytes.iter().rev().fold(0, |w, byte| w << 8 | u64::from(*byte)),
    }
}

/// A number that few of a log's values share, soon computed: from their length, beginning, middle and end. For tables whose
/// entries are compared byte by byte, and whose owner can bear that somebody makes values that share one.
pub fn quick(bytes: &[u8]) -> u64 {
    let length = bytes.len() as u64;
    let (first, last, middle) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => {
            let middle =
                bytes.get(bytes.len() / 2 - 4..).and_then(<[u8]>::first_chunk::<8>).copied().unwrap_or_default();
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last), u64::from_le_bytes(middle))
        }
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into(), 0),
            _ => (bytes.iter().fold(1, |w, b| w << 8 | u64::from(*b)), 0, 0),
        },
    };
    folded(
        folded(first ^ 0xa409_3822_299f_31d0, last ^ length.rotate_left(56) ^ 0x082e_fa98_ec4e_6c89),
        middle ^ 0x4528_21e6_38d0_1377,
    )
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
    fn near_values_have_far_fingerprints() {
        let seed = Seed::default();
        let mut seen = std::collections::BTreeSet::new();
        for n in 0..20_000u32 {
            assert!(seen.insert(seed.of(format!("\"u{n}\"").as_bytes())));
            assert!(seen.insert(seed.of(&n.to_le_bytes())));
        }
        for zeros in 5..40 {
            assert!(seen.insert(seed.of(&vec![0; zeros])));
        }
        assert_ne!(seed.of(b"a"), Seed([1, 2]).of(b"a"));
    }
}
