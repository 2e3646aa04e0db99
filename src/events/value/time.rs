//! Instants as logs write them, to whole milliseconds since 1970.
//!
//! Digits after the millisecond are cut off, not rounded, so that an event never moves into the next window.

use super::raw::Raw;

const DAY_MS: i64 = 86_400_000;

/// The instant a field holds: RFC 3339 with `T` or a blank, with or without fractions and offset (none means UTC), or
/// epoch seconds, milliseconds, microseconds or nanoseconds, told apart by size. `None` when it is no instant.
pub fn instant_ms(value: Raw<'_>) -> Option<i64> {
    match value {
        Raw::Text { inner, escaped: false } => rfc3339_ms(inner).or_else(|| epoch_ms(std::str::from_utf8(inner).ok()?)),
        Raw::Number(n) => epoch_ms(std::str::from_utf8(n).ok()?),
        _ => None,
    }
}

/// Reads the instants of a log, whose lines come minute by minute: what the last one's minute came to is kept.
#[derive(Debug, Default)]
pub struct Instants {
    /// `YYYY-MM-DDTHH:MM:` of the last instant that had the usual form, and the instant at which its minute begins.
    minute: [u8; 17],
    minute_ms: i64,
}

impl Instants {
    /// The same as `instant_ms`.
    #[inline]
    pub fn of(&mut self, value: Raw<'_>) -> Option<i64> {
        if let Raw::Text { inner, escaped: false } = value
            && let Ok(text) = <&[u8; 24]>::try_from(inner)
            && let Some(within_ms) = within_minute_ms(text)
        {
            let (minute, _) = text.split_first_chunk::<17>()?;
            if *minute == self.minute {
                return Some(self.minute_ms + within_ms);
            }
            let ms = instant_ms(value)?;
            (self.minute, self.minute_ms) = (*minute, ms - within_ms);
            return Some(ms);
        }
        instant_ms(value)
    }
}

/// The milliseconds since its minute of an instant that ends in `:SS.mmmZ`; `None` of any other.
#[inline]
fn within_minute_ms(text: &[u8; 24]) -> Option<i64> {
    // Where digits are wanted, what is left of them; elsewhere nothing, if it is what it has to be.
    let left = u64::from_le_bytes(*text.last_chunk::<8>()?) ^ u64::from_le_bytes(*b":00.000Z");
    let above = left.wrapping_add(0x7f76_7676_7f76_767f);
    if (left | above) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let digit = |at: u32| i64::from((left >> (8 * at)) as u8);
    let second = digit(1) * 10 + digit(2);
    (second <= 60).then(|| second * 1000 + digit(4) * 100 + digit(5) * 10 + digit(6))
}

/// The instant of an RFC 3339 text.
pub fn rfc3339_ms(text: &[u8]) -> Option<i64> {
    let (head, rest) = text.split_at_checked(19)?;
    let head: &[u8; 19] = head.try_into().ok()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't' | b' ', h1, h2, b':', n1, n2, b':', s1, s2] = *head
    else {
        return None;
    };
    let year = i64::from(two(y1, y2)?) * 100 + i64::from(two(y3, y4)?);
    let (month, day) = (two(m1, m2)?, two(d1, d2)?);
    let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
    // A leap second is the first instant of the next minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_from_civil(year, month, day)?;
    let (fraction_ms, rest) = fraction(rest)?;
    let offset_min = offset_minutes(rest)?;
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second) - offset_min * 60;
    Some(days * DAY_MS + seconds * 1000 + fraction_ms)
}

fn two(a: u8, b: u8) -> Option<u32> {
    let (a, b) = (a.wrapping_sub(b'0'), b.wrapping_sub(b'0'));
    (a < 10 && b < 10).then(|| u32::from(a) * 10 + u32::from(b))
}

fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.' | b',', digits)) = rest.split_first() else { return Some((0, rest)) };
    let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let ms = (0..3).fold(0, |ms, i| {
        let digit = digits.get(i).filter(|_| i < count).map_or(0, |b| i64::from(b - b'0'));
        ms * 10 + digit
    });
    Some((ms, digits.get(count..)?))
}

fn offset_minutes(rest: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match *rest {
        [] | [b'Z' | b'z'] => return Some(0),
        [sign, a, b, b':', c, d] | [sign, a, b, c, d] => (sign, two(a, b)?, two(c, d)?),
        [sign, a, b] => (sign, two(a, b)?, 0),
        _ => return None,
    };
    let total = i64::from(hours) * 60 + i64::from(minutes);
    match sign {
        b'+' if hours < 24 && minutes < 60 => Some(total),
        b'-' if hours < 24 && minutes < 60 => Some(-total),
        _ => None,
    }
}

/// Days since 1970-01-01 of a day of the proleptic Gregorian calendar; `None` when there is no such day.
pub fn days_from_civil(year: i64, month: u32, day: u32) -> Option<i64> {
    const LENGTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = LENGTHS.get(month.checked_sub(1)? as usize)?;
    if day == 0 || day > *length || (month == 2 && day == 29 && !leap) {
        return None;
    }
    // Years are counted from March, so that the leap day is a year's last.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn epoch_ms(text: &str) -> Option<i64> {
    let value: f64 = match text.parse::<i64>() {
        Ok(whole) => return scaled_epoch_ms(whole),
        Err(_) => text.parse().ok()?,
    };
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
    #[expect(clippy::cast_possible_truncation, reason = "the magnitude is checked to be that of seconds")]
    (plain && value.abs() < 1e11).then_some((value * 1000.0).floor() as i64)
}

/// Seconds reach the year 5138 below 10^11, milliseconds 1973 above it; the other units follow in steps of a thousand.
fn scaled_epoch_ms(value: i64) -> Option<i64> {
    match value.unsigned_abs() {
        0..100_000_000_000 => Some(value * 1000),
        100_000_000_000..100_000_000_000_000 => Some(value),
        100_000_000_000_000..100_000_000_000_000_000 => Some(value.div_euclid(1000)),
        _ => Some(value.div_euclid(1_000_000)),
    }
}

/// Writes an instant as RFC 3339 in UTC with milliseconds.
pub fn write_rfc3339(ms: i64, out: &mut String) {
    use std::fmt::Write;
    let days = ms.div_euclid(DAY_MS);
    let of_day = ms.rem_euclid(DAY_MS);
    let (year, month, day) = civil_from_days(days);
    let (h, m, s, milli) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1000 % 60, of_day % 1000);
    if !(0..=9999).contains(&year) {
        // Writing to a string cannot fail.
        let _ = write!(out, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{milli:03}Z");
        return;
    }
    let d = |n: i64| u8::try_from(n % 10).map_or(b'0', |n| b'0' + n);
    let text = [
        [d(year / 1000), d(year / 100), d(year / 10), d(year), b'-', d(month / 10), d(month), b'-'],
        [d(day / 10), d(day), b'T', d(h / 10), d(h), b':', d(m / 10), d(m)],
        [b':', d(s / 10), d(s), b'.', d(milli / 100), d(milli / 10), d(milli), b'Z'],
    ];
    out.push_str(std::str::from_utf8(text.as_flattened()).unwrap_or_default());
}

/// Year, month and day of a day counted from 1970-01-01.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(json: &str) -> Option<i64> {
        instant_ms(Raw::of_json(json))
    }

    #[test]
    fn the_spellings_of_one_instant_agree() {
        let want = Some(1_772_703_000_123);
        for json in [
            r#""2026-03-05T09:30:00.123Z""#,
            r#""2026-03-05T10:30:00.123456789+01:00""#,
            r#""2026-03-05 04:00:00.123-0530""#,
            r#""2026-03-05T09:30:00.123""#,
            r#""1772703000123""#,
            "1772703000123",
            "1772703000.123",
            "1772703000123456",
            "1772703000123456789",
        ] {
            assert_eq!(ms(json), want, "{json}");
        }
        assert_eq!(ms("1772703000"), Some(1_772_703_000_000));
    }

    #[test]
    fn what_was_kept_of_the_last_instant_changes_nothing() {
        let mut instants = Instants::default();
        for json in [
            r#""2026-03-05T09:30:00.123Z""#,
            r#""2026-03-05T09:30:59.999Z""#,
            r#""2026-03-05T09:30:60.000Z""#,
            r#""2026-03-05T09:30:61.000Z""#,
            r#""2026-03-05T09:30:0x.000Z""#,
            r#""2026-03-05T09:30:00.1x3Z""#,
            r#""2026-03-05T09:30:00,123Z""#,
            r#""2026-03-05T09:30:00.1234""#,
            r#""2026-03-05t09:30:07.123Z""#,
            r#""2026-02-30T09:30:07.123Z""#,
            r#""2026-02-30T09:30:08.123Z""#,
            r#""2026-03-05T09:31:00.123Z""#,
            "1772703000123",
        ] {
            assert_eq!(instants.of(Raw::of_json(json)), ms(json), "{json}");
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for json in [
            r#""2026-02-29T00:00:00Z""#,
            r#""2026-03-05T24:00:00Z""#,
            r#""2026-03-05""#,
            r#""soon""#,
            "null",
            "true",
            r#""2026-03-05T09:30:00.Z""#,
            r#""2026-03-05T09:30:00+25:00""#,
            r#""2026-03-05T09:30:00Zjunk""#,
        ] {
            assert_eq!(ms(json), None, "{json}");
        }
    }

    #[test]
    fn days_and_back() {
        for days in (-200_000..200_000).step_by(37) {
            let (y, m, d) = civil_from_days(days);
            assert_eq!(days_from_civil(y, m as u32, d as u32), Some(days));
        }
        let mut text = String::new();
        write_rfc3339(1_772_703_000_123, &mut text);
        assert_eq!(text, "2026-03-05T09:30:00.123Z");
    }
}
