//! The index by registers of 32 bytes, where the processor has them (AVX2: most since 2013).
//!
//! Why this is the one place with `unsafe` code: the compiler makes masks of comparisons neither of plain Rust nor, safely, of
//! what the standard library offers, for a function that needs more than the least processor can be called in an unsafe block
//! only. What that saves is told in docs/performance.md. All that is asserted is that the processor was asked first; no pointer
//! is followed, and everything that is called is safe code, which the tests compare with the portable form.

use super::{BLOCK_BYTES, Bits, Index};

/// Makes the index if this processor can; false when it cannot.
#[cfg(target_arch = "x86_64")]
pub(super) fn look_through(index: &mut Index, bytes: &[u8], longest: usize, keys: bool) -> bool {
    let there = std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("bmi1")
        && std::is_x86_feature_detected!("popcnt");
    if there {
        // SAFETY: all that `by_32` needs of the processor has just been found there.
        unsafe { x86::by_32(index, bytes, longest, keys) }
    }
    there
}

/// There is no wider form for other processors.
#[cfg(not(target_arch = "x86_64"))]
pub(super) const fn look_through(_: &mut Index, _: &[u8], _: usize, _: bool) -> bool {
    false
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{BLOCK_BYTES, Bits, Index};
    use std::arch::x86_64::{
        __m256i, _mm_set_epi64x, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_movemask_epi8, _mm256_set_m128i,
        _mm256_set1_epi8, _mm256_setzero_si256,
    };

    #[target_feature(enable = "avx2,bmi1,popcnt")]
    pub(super) fn by_32(index: &mut Index, bytes: &[u8], longest: usize, keys: bool) {
        index.look_through(bytes, longest, keys, |block| bits(block));
    }

    #[inline]
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    pub(super) fn bits(block: &[u8; BLOCK_BYTES]) -> Bits {
        let ([first, second], _) = block.as_chunks::<32>() else { return Bits::default() };
        let halves = [loaded(first), loaded(second)];
        let is = |byte: i8| masks(halves.map(|half| _mm256_cmpeq_epi8(half, _mm256_set1_epi8(byte))));
        Bits {
            quote: is(0x22),
            colon: is(0x3a),
            backslash: is(0x5c),
            // As signed numbers, bytes that are not ASCII lie below all others.
            low: masks(halves.map(|half| _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), half))),
            high: masks(halves),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn loaded(bytes: &[u8; 32]) -> __m256i {
        let ([low, high], _) = bytes.as_chunks::<16>() else { return _mm256_setzero_si256() };
        let half = |bytes: &[u8; 16]| {
            let whole = i128::from_le_bytes(*bytes);
            #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
            _mm_set_epi64x((whole >> 64) as i64, whole as i64)
        };
        _mm256_set_m128i(half(high), half(low))
    }

    /// The top bits of all bytes.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn masks([first, second]: [__m256i; 2]) -> u64 {
        let bits = |half| u64::from(_mm256_movemask_epi8(half).cast_unsigned());
        bits(first) | bits(second) << 32
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
pub(super) fn bits(block: &[u8; BLOCK_BYTES]) -> Option<Bits> {
    let there = std::is_x86_feature_detected!("avx2");
    // SAFETY: what `bits` needs of the processor has just been found there.
    there.then(|| unsafe { x86::bits(block) })
}
