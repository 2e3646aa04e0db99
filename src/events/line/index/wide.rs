//! The index by the registers of x86-64: of 64 bytes where the processor has them (AVX-512 with VBMI2: servers since 2019), of
//! 32 where it has those (AVX2: most since 2013), else of 16.
//!
//! Why this is the one place with `unsafe` code: the compiler makes masks of comparisons neither of plain Rust nor, safely, of
//! what the standard library offers, for a function that names what it needs of the processor can be called from others in an
//! unsafe block only. Without it an event takes half as many instructions again (docs/performance.md). All that is asserted is
//! that the processor was asked first; no pointer is followed, and everything that is called is safe code, which the tests
//! compare with the portable form. Beside it stands `fetch`, which reads nothing and changes nothing, and which the library
//! offers in no safe form either.

use super::Index;

/// Makes the index if this processor can; false when it cannot.
#[cfg(target_arch = "x86_64")]
pub(super) fn look_through(index: &mut Index, bytes: &[u8], longest: usize, keys: bool) -> bool {
    let (has_64, has_32) = (has_64(), has_32());
    // SAFETY: all that `by_64` and `by_32` need of the processor has been found there; what `by_16` needs is part of x86-64.
    unsafe {
        if has_64 {
            x86::by_64(index, bytes, longest, keys);
        } else if has_32 {
            x86::by_32(index, bytes, longest, keys);
        } else {
            x86::by_16(index, bytes, longest, keys);
        }
    }
    true
}

/// There is no wider form for other processors.
#[cfg(not(target_arch = "x86_64"))]
pub(super) const fn look_through(_: &mut Index, _: &[u8], _: usize, _: bool) -> bool {
    false
}

/// Asks the processor to bring what is referred to nearer, so that it is at hand when it is needed. Nothing waits for that.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(in crate::events) fn fetch<T>(wanted: &T) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: every x86-64 processor has the instruction. It is a hint that may be given of any address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(wanted).cast()) }
}

/// Other processors bring it when it is needed.
#[cfg(not(target_arch = "x86_64"))]
pub(in crate::events) const fn fetch<T>(_: &T) {}

#[cfg(target_arch = "x86_64")]
fn has_32() -> bool {
    std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("bmi1")
        && std::is_x86_feature_detected!("popcnt")
}

#[cfg(target_arch = "x86_64")]
fn has_64() -> bool {
    has_32()
        && std::is_x86_feature_detected!("bmi2")
        && std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512vl")
        && std::is_x86_feature_detected!("avx512vbmi2")
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::super::{BLOCK_BYTES, Bits, Index, Places, write_one_by_one};
    use std::arch::x86_64::{
        __m128i, __m256i, __m512i, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8,
        _mm256_add_epi32, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_cvtepu8_epi32, _mm256_extract_epi32,
        _mm256_movemask_epi8, _mm256_set_m128i, _mm256_set1_epi8, _mm256_set1_epi32, _mm256_setzero_si256,
        _mm512_castsi256_si512, _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask, _mm512_cmplt_epi8_mask,
        _mm512_inserti64x4, _mm512_maskz_compress_epi8, _mm512_movepi8_mask, _mm512_permutexvar_epi64,
        _mm512_set_epi64, _mm512_set1_epi8, _mm512_setzero_si512,
    };

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,popcnt")]
    pub(super) fn by_64(index: &mut Index, bytes: &[u8], longest: usize, keys: bool) {
        let look = |block: &[u8; BLOCK_BYTES]| bits_by_64(block);
        // More quotes than keys are in a block.
        let usual = if keys { 8 } else { 16 };
        index.look_through(
            bytes,
            longest,
            keys,
            (look, |room: &mut Places, base, bits| write_by_8(room, base, bits, usual)),
        );
    }

    #[target_feature(enable = "avx2,bmi1,popcnt")]
    pub(super) fn by_32(index: &mut Index, bytes: &[u8], longest: usize, keys: bool) {
        index.look_through(bytes, longest, keys, (|block: &[u8; BLOCK_BYTES]| bits_by_32(block), write_one_by_one));
    }

    #[target_feature(enable = "sse2")]
    pub(super) fn by_16(index: &mut Index, bytes: &[u8], longest: usize, keys: bool) {
        index.look_through(bytes, longest, keys, (|block: &[u8; BLOCK_BYTES]| bits_by_16(block), write_one_by_one));
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,popcnt")]
    pub(super) fn bits_by_64(block: &[u8; BLOCK_BYTES]) -> Bits {
        let all = loaded_64(block);
        let is = |byte: i8| _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(byte));
        Bits {
            quote: is(0x22),
            colon: is(0x3a),
            backslash: is(0x5c),
            // As signed numbers, bytes that are not ASCII lie below all others.
            low: _mm512_cmplt_epi8_mask(all, _mm512_set1_epi8(0x20)),
            high: _mm512_movepi8_mask(all),
        }
    }

    /// Writes down where the `bits` of the block at `base` are, eight at once, and so many (`usual`) without asking how many there
    /// are; what it writes after them does not count.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi1,bmi2,popcnt")]
    pub(super) fn write_by_8(room: &mut Places, base: u32, bits: u64, usual: usize) {
        const BYTES: [u8; BLOCK_BYTES] = {
            let mut bytes = [0; BLOCK_BYTES];
            let mut rest = bytes.as_mut_slice();
            let mut n = 0;
            while let Some((byte, after)) = rest.split_first_mut() {
                (*byte, rest) = (n, after);
                n += 1;
            }
            bytes
        };
        let mut packed = _mm512_maskz_compress_epi8(bits, loaded_64(&BYTES));
        let base = _mm256_set1_epi32(base.cast_signed());
        for (slots, n) in room.as_chunks_mut::<8>().0.iter_mut().zip((0..).step_by(8)) {
            if n > 0 {
                if n >= usual && bits.count_ones() as usize <= n {
                    break;
                }
                packed = _mm512_permutexvar_epi64(_mm512_set_epi64(0, 7, 6, 5, 4, 3, 2, 1), packed);
            }
            *slots = stored_32(_mm256_add_epi32(base, _mm256_cvtepu8_epi32(_mm512_castsi512_si128(packed))));
        }
    }

    #[inline]
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    pub(super) fn bits_by_32(block: &[u8; BLOCK_BYTES]) -> Bits {
        let ([first, second], _) = block.as_chunks::<32>() else { return Bits::default() };
        let halves = [loaded_32(first), loaded_32(second)];
        let is = |byte: i8| masks_of_32(halves.map(|half| _mm256_cmpeq_epi8(half, _mm256_set1_epi8(byte))));
        Bits {
            quote: is(0x22),
            colon: is(0x3a),
            backslash: is(0x5c),
            // As signed numbers, bytes that are not ASCII lie below all others.
            low: masks_of_32(halves.map(|half| _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), half))),
            high: masks_of_32(halves),
        }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn bits_by_16(block: &[u8; BLOCK_BYTES]) -> Bits {
        let ([a, b, c, d], _) = block.as_chunks::<16>() else { return Bits::default() };
        let quarters = [loaded_16(a), loaded_16(b), loaded_16(c), loaded_16(d)];
        let is = |byte: i8| masks_of_16(quarters.map(|quarter| _mm_cmpeq_epi8(quarter, _mm_set1_epi8(byte))));
        Bits {
            quote: is(0x22),
            colon: is(0x3a),
            backslash: is(0x5c),
            low: masks_of_16(quarters.map(|quarter| _mm_cmplt_epi8(quarter, _mm_set1_epi8(0x20)))),
            high: masks_of_16(quarters),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx2")]
    fn loaded_64(bytes: &[u8; 64]) -> __m512i {
        let ([low, high], _) = bytes.as_chunks::<32>() else { return _mm512_setzero_si512() };
        _mm512_inserti64x4::<1>(_mm512_castsi256_si512(loaded_32(low)), loaded_32(high))
    }

    /// The eight numbers of a register.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn stored_32(all: __m256i) -> [u32; 8] {
        let numbers = [
            _mm256_extract_epi32::<0>(all),
            _mm256_extract_epi32::<1>(all),
            _mm256_extract_epi32::<2>(all),
            _mm256_extract_epi32::<3>(all),
            _mm256_extract_epi32::<4>(all),
            _mm256_extract_epi32::<5>(all),
            _mm256_extract_epi32::<6>(all),
            _mm256_extract_epi32::<7>(all),
        ];
        numbers.map(i32::cast_unsigned)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn loaded_32(bytes: &[u8; 32]) -> __m256i {
        let ([low, high], _) = bytes.as_chunks::<16>() else { return _mm256_setzero_si256() };
        _mm256_set_m128i(loaded_16(high), loaded_16(low))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn loaded_16(bytes: &[u8; 16]) -> __m128i {
        let whole = i128::from_le_bytes(*bytes);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        _mm_set_epi64x((whole >> 64) as i64, whole as i64)
    }

    /// The top bits of all bytes.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn masks_of_32([first, second]: [__m256i; 2]) -> u64 {
        let bits = |half| u64::from(_mm256_movemask_epi8(half).cast_unsigned());
        bits(first) | bits(second) << 32
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn masks_of_16([a, b, c, d]: [__m128i; 4]) -> u64 {
        let bits = |quarter| u64::from(_mm_movemask_epi8(quarter).cast_unsigned());
        bits(a) | bits(b) << 16 | bits(c) << 32 | bits(d) << 48
    }
}

/// The bits of a block by all forms that this processor has.
#[cfg(all(test, target_arch = "x86_64"))]
pub(super) fn bits(block: &[u8; super::BLOCK_BYTES]) -> Vec<super::Bits> {
    // SAFETY: as above.
    unsafe {
        let mut all = vec![x86::bits_by_16(block)];
        if has_32() {
            all.push(x86::bits_by_32(block));
        }
        if has_64() {
            all.push(x86::bits_by_64(block));
        }
        all
    }
}

/// Makes the index by so many bytes; false when this processor cannot.
#[cfg(all(test, target_arch = "x86_64"))]
pub(super) fn look_through_by(width: usize, index: &mut Index, bytes: &[u8], longest: usize, keys: bool) -> bool {
    // SAFETY: as above.
    unsafe {
        match width {
            16 => x86::by_16(index, bytes, longest, keys),
            32 if has_32() => x86::by_32(index, bytes, longest, keys),
            64 if has_64() => x86::by_64(index, bytes, longest, keys),
            _ => return false,
        }
    }
    true
}
