//! Where scalars of JSON end. Shared by the general parser and the learned shapes, so that the two cannot disagree.

/// The position of the quote that closes a text whose first byte is at `at`, and whether the text holds escapes; `None`
/// when it is not closed or an escape is none of JSON's. Control characters are the caller's business.
#[inline]
pub(super) fn text_end(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let end = at + quote_or_backslash(bytes.get(at..)?)?;
    if bytes.get(end) == Some(&b'"') { Some((end, false)) } else { escaped_text_end(bytes, end) }
}

/// The same from the first backslash on.
#[cold]
fn escaped_text_end(bytes: &[u8], backslash: usize) -> Option<(usize, bool)> {
    let mut at = escape_end(bytes, backslash + 1)?;
    loop {
        let end = at + quote_or_backslash(bytes.get(at..)?)?;
        if bytes.get(end) == Some(&b'"') {
            return Some((end, true));
        }
        at = escape_end(bytes, end + 1)?;
    }
}

/// Texts are short, so what can be inlined is faster here than what uses the widest registers.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline]
fn quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    memchr::arch::x86_64::sse2::memchr::Two::new(b'"', b'\\')?.find(bytes)
}

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
#[inline]
fn quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    memchr::memchr2(b'"', b'\\', bytes)
}

/// Checks what follows a backslash; gives the position after it.
pub(super) fn escape_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Some(at + 1),
        Some(b'u') => {
            let digits = bytes.get(at + 1..at + 5)?;
            digits.iter().all(u8::is_ascii_hexdigit).then_some(at + 5)
        }
        _ => None,
    }
}

/// Where the number that begins at `at` ends; `None` when none begins there.
#[inline]
pub(super) fn number_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    if let Some(eight) = rest.first_chunk::<8>() {
        // Most numbers are whole and short: the digits among eight bytes are counted at once.
        let word = u64::from_le_bytes(*eight);
        let without = word ^ 0x3030_3030_3030_3030;
        let above_nine = (without & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676;
        let others = (above_nine | without) & 0x8080_8080_8080_8080;
        let digits = others.trailing_zeros() / 8;
        let after = word.checked_shr(digits * 8).unwrap_or_default() & 0xff;
        let starts_well = digits == 1 || without & 0xff != 0;
        if digits > 0 && digits < 8 && starts_well {
            if after != u64::from(b'.') && after | 0x20 != u64::from(b'e') {
                return Some(at + digits as usize);
            }
            // Or broken, and as short.
            let end = (others & others.wrapping_sub(1)).trailing_zeros() / 8;
            let next = word.checked_shr(end * 8).unwrap_or_default() & 0xff;
            if after == u64::from(b'.') && end < 8 && end > digits + 1 && next | 0x20 != u64::from(b'e') {
                return Some(at + end as usize);
            }
        }
    }
    any_number_end(bytes, at)
}

fn any_number_end(bytes: &[u8], at: usize) -> Option<usize> {
    let first = at + usize::from(bytes.get(at) == Some(&b'-'));
    let mut end = match bytes.get(first) {
        Some(b'0') => first + 1,
        Some(b'1'..=b'9') => digits_end(bytes, first + 1),
        _ => return None,
    };
    if bytes.get(end) == Some(&b'.') {
        end = some_digits_end(bytes, end + 1)?;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        end = some_digits_end(bytes, end + 1 + sign)?;
    }
    Some(end)
}

#[inline]
fn digits_end(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b'0'..=b'9')) {
        at += 1;
    }
    at
}

fn some_digits_end(bytes: &[u8], at: usize) -> Option<usize> {
    let end = digits_end(bytes, at);
    (end > at).then_some(end)
}

/// Whether the bytes from `start` to `end` are one number.
#[inline(always)]
pub(super) fn is_number(bytes: &[u8], start: usize, end: usize) -> bool {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let length = end.wrapping_sub(start);
    let eight = bytes.get(start..start.wrapping_add(8)).and_then(<[u8]>::first_chunk::<8>);
    let Some(eight) = eight.filter(|_| length.wrapping_sub(1) < 8) else { return is_any_number(bytes, start, end) };
    let without = u64::from_le_bytes(*eight) ^ ZEROS;
    // The number alone, at the upper end; zeros are digits. What a byte that is not ASCII carries only makes digits of others
    // pass for something else, and that is looked at again.
    let number = without << (64 - 8 * length);
    let others = (number.wrapping_add(0x7676_7676_7676_7676) | number) & TOPS;
    let starts_well = without & 0xff != 0 || length == 1;
    if others == 0 && starts_well {
        return true;
    }
    // Digits, one point with digits before and after it.
    let after = others.leading_zeros() as usize / 8;
    let is_point = number.wrapping_shl(8 * after as u32) >> 56 == u64::from(b'.' ^ b'0');
    let is_alone = others & others.wrapping_sub(1) == 0;
    let before = length.wrapping_sub(after).wrapping_sub(1);
    let usual = is_point & is_alone & (after > 0) & (after < 8) & (before > 0) & (before < 8);
    (usual && (before == 1 || starts_well)) || is_any_number(bytes, start, end)
}

#[inline(never)]
fn is_any_number(bytes: &[u8], start: usize, end: usize) -> bool {
    bytes.get(..end).is_some_and(|until| any_number_end(until, start) == Some(end))
}

/// Whether a byte below 0x20 occurs: raw control characters make a text malformed.
pub(super) fn has_control_characters(bytes: &[u8]) -> bool {
    // Whole pieces without a way out in the middle can be compared many bytes at a time.
    let found = |piece: &[u8]| piece.iter().fold(false, |found, b| found | (*b < 0x20));
    let mut pieces = bytes.chunks_exact(1024);
    pieces.by_ref().any(found) || found(pieces.remainder())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_digits_at_once_gives_what_counting_them_one_by_one_gives() {
        for number in [
            "0",
            "7",
            "00",
            "01",
            "12",
            "1234567",
            "12345678",
            "123456789",
            "-1",
            "-",
            "",
            "0.5",
            "12.5",
            "12.",
            "1e5",
            "1E+5",
            "0e0",
            "a",
            "\u{ff}1",
        ] {
            for after in [",", "}", "", "x", ".", "e", "E", "/", ":", "\u{b0}", ",12345678"] {
                for before in ["", "1", "\"a\":"] {
                    let text = format!("{before}{number}{after}");
                    let at = before.len();
                    let bytes = text.as_bytes();
                    assert_eq!(number_end(bytes, at), any_number_end(bytes, at), "{text} at {at}");
                    for end in at..=bytes.len() {
                        assert_eq!(is_number(bytes, at, end), is_any_number(bytes, at, end), "{text} {at}..{end}");
                    }
                }
            }
        }
    }
}
