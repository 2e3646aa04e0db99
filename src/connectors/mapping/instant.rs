//! Instants in every form that logs write them.
//!
//! A form without a zone is taken in the zone of [`Hints`], UTC unless told; one without a year (RFC 3164) needs to know
//! about when the log was taken. What is not an instant stays unknown: there is no default time.

use crate::clock::Timestamp;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta};

/// What a log does not say of its times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// When the log was taken: instants without a year lie in the year before it, or at most a day after it.
    pub taken_at: Option<Timestamp>,
    /// Minutes east of UTC for times without a zone.
    pub utc_offset_min: i32,
}

/// Forms with a zone.
const ZONED: [&str; 5] = [
    "%Y-%m-%dT%H:%M:%S%.f%z",
    "%Y-%m-%d %H:%M:%S%.f%z",
    "%Y-%m-%d %H:%M:%S%.f %z",
    "%d/%b/%Y:%H:%M:%S %z",
    "%b %d %Y %H:%M:%S%.f %z",
];
/// Forms without one.
const LOCAL: [&str; 5] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S,%f",
    "%b %d %Y %H:%M:%S%.f",
    "%d %b %Y %H:%M:%S",
];

/// The instant that `text` writes.
pub(super) fn instant(text: &str, hints: Hints) -> Option<Timestamp> {
    let text = text.trim();
    if !text.is_ascii() || text.len() > 64 {
        return None;
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return digits(text, hints);
    }
    let zoned = text.strip_suffix(" UTC").or_else(|| text.strip_suffix(" GMT"));
    let (text, hints) = zoned.map_or((text, hints), |t| (t, Hints { utc_offset_min: 0, ..hints }));
    let with_zone = ZONED.iter().find_map(|form| DateTime::parse_from_str(text, form).ok());
    if let Some(at) = with_zone {
        return Timestamp::bounded(at.to_utc());
    }
    // With a `Z` the form is UTC, whatever the log's own zone.
    let (text, hints) = text.strip_suffix('Z').map_or((text, hints), |t| (t, Hints { utc_offset_min: 0, ..hints }));
    let local = LOCAL.iter().find_map(|form| NaiveDateTime::parse_from_str(&comma(text, form), form).ok());
    local.map_or_else(|| yearless(text, hints), |at| in_zone(at, hints))
}

/// chrono reads `%f` as nanoseconds without scale: `,674` has to become `,674000000`.
fn comma(text: &str, form: &str) -> String {
    match text.split_once(',') {
        Some((head, fraction)) if form.contains(',') && fraction.len() <= 9 => format!("{head},{fraction:0<9}"),
        _ => text.to_owned(),
    }
}

fn in_zone(at: NaiveDateTime, hints: Hints) -> Option<Timestamp> {
    let utc = at.checked_sub_signed(TimeDelta::try_minutes(hints.utc_offset_min.into())?)?;
    Timestamp::bounded(utc.and_utc())
}

/// Seconds, milliseconds, micro- or nanoseconds since 1970, told apart by their length, or `20220913052243.429`.
fn digits(text: &str, hints: Hints) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.contains('.') || whole.is_empty() {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    // Tenths, hundredths or thousandths; what is finer is cut off.
    let millis = || format!("{fraction:0<3}").get(..3).and_then(|f| f.parse::<i64>().ok()).unwrap_or(0);
    match whole.len() {
        // Until 2286 an instant in seconds has at most 10 digits.
        1..=10 => Timestamp::from_millis(number.checked_mul(1000)?.checked_add(millis())?),
        11..=13 => Timestamp::from_millis(number),
        14 => {
            let (day, time) = (number / 1_000_000, u32::try_from(number % 1_000_000).ok()?);
            let day = NaiveDate::parse_from_str(&day.to_string(), "%Y%m%d").ok()?;
            let at =
                day.and_hms_milli_opt(time / 10_000, time / 100 % 100, time % 100, u32::try_from(millis()).ok()?)?;
            in_zone(at, hints)
        }
        16 => Timestamp::from_millis(number / 1000),
        19 => Timestamp::from_millis(number / 1_000_000),
        _ => None,
    }
}

/// `Nov 23 15:55:31` (RFC 3164 section 4.1.2): the latest such instant that is not more than a day after the log was taken.
fn yearless(text: &str, hints: Hints) -> Option<Timestamp> {
    let taken_at = hints.taken_at?;
    let latest = taken_at.plus(TimeDelta::try_days(1)?)?;
    let year = latest.utc().year();
    // A 29 February may lie up to eight years back, around 2100.
    (year - 8..=year).rev().find_map(|year| {
        let at = NaiveDateTime::parse_from_str(&format!("{year} {text}"), "%Y %b %d %H:%M:%S%.f").ok()?;
        in_zone(at, hints).filter(|at| *at <= latest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let hints = Hints { taken_at: Some("2026-01-05T00:00:00Z".parse().unwrap()), utc_offset_min: 0 };
        instant(text, hints).map(|t| t.to_string())
    }

    #[test]
    fn every_form_that_sources_write_is_the_same_instant() {
        let forms = [
            "2026-11-20T08:01:02.123Z",
            "2026-11-20T08:01:02.123+0000",
            "2026-11-20T09:01:02.123+01:00",
            "2026-11-20T08:01:02.123",
            "2026-11-20 08:01:02.123",
            "2026-11-20 08:01:02,123",
            "2026-11-20 09:01:02.123 +0100",
            "1795161662.123",
            "1795161662123",
            "1795161662123456",
            "20261120080102.123",
            "Nov 20 2026 08:01:02.123",
            "Nov 20 2026 08:01:02.123 UTC",
            "2026-11-20 08:01:02.123 UTC",
        ];
        for form in forms {
            assert_eq!(read(form).as_deref(), Some("2026-11-20T08:01:02.123Z"), "{form}");
        }
        assert_eq!(read("20/Nov/2026:09:01:02 +0100").as_deref(), Some("2026-11-20T08:01:02Z"));
        assert_eq!(read("1795161662").as_deref(), Some("2026-11-20T08:01:02Z"));
        assert_eq!(read("20261120080102").as_deref(), Some("2026-11-20T08:01:02Z"));
        assert_eq!(read("1795161662.7").as_deref(), Some("2026-11-20T08:01:02.700Z"));
    }

    #[test]
    fn a_time_without_a_year_is_the_latest_that_can_be() {
        assert_eq!(read("Jan  4 08:01:02").as_deref(), Some("2026-01-04T08:01:02Z"));
        assert_eq!(read("Jan 5 23:59:59").as_deref(), Some("2026-01-05T23:59:59Z"));
        assert_eq!(read("Dec 31 08:01:02").as_deref(), Some("2025-12-31T08:01:02Z"));
        assert_eq!(read("Feb 29 08:01:02").as_deref(), Some("2024-02-29T08:01:02Z"));
        assert_eq!(instant("Jan  4 08:01:02", Hints::default()), None, "no year, and nobody says when it was taken");
    }

    #[test]
    fn the_zone_of_the_log_holds_only_where_it_names_none() {
        let hints = Hints { taken_at: None, utc_offset_min: 60 };
        let read = |t: &str| instant(t, hints).map(|t| t.to_string());
        assert_eq!(read("2026-11-20 09:01:02").as_deref(), Some("2026-11-20T08:01:02Z"));
        assert_eq!(read("2026-11-20T08:01:02Z").as_deref(), Some("2026-11-20T08:01:02Z"));
        assert_eq!(read("2026-11-20 08:01:02Z").as_deref(), Some("2026-11-20T08:01:02Z"));
        assert_eq!(read("1795161662").as_deref(), Some("2026-11-20T08:01:02Z"));
    }

    #[test]
    fn what_is_no_instant_stays_unknown() {
        let wrong = [
            "",
            "soon",
            "23.11.2026",
            "2026-13-01 00:00:00",
            "2026-02-30T00:00:00Z",
            "99999999999999",
            "1.2.3",
            ".5",
            "2026-11-20",
            "20261301000000",
            "９",
            "1e9",
            "-1",
            "2026-11-20T25:00:00Z",
            "1800-01-01T00:00:00Z",
        ];
        for text in wrong {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
