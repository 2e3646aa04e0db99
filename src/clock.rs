//! Instants and calendar days, and the one place that reads the machine's clock.
//!
//! Dates are bounded to 1900-2200: no law we know needs more, and chrono's arithmetic panics at its own, wider bounds.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, TimeDelta, Utc};
use std::fmt;
use std::str::FromStr;

/// First year a `Day` or `Timestamp` may have.
pub const FIRST_YEAR: i32 = 1900;
/// Last year a `Day` or `Timestamp` may have.
pub const LAST_YEAR: i32 = 2200;

/// A date or instant that is not one, or lies outside 1900-2200.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct ClockError {
    text: String,
    expected: &'static str,
}

fn error(text: &str, expected: &'static str) -> ClockError {
    ClockError { text: text.to_owned(), expected }
}

/// An instant, in UTC, with millisecond resolution when printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The instant `ms` milliseconds after 1970-01-01T00:00:00Z; `None` outside 1900-2200.
    pub fn from_millis(ms: i64) -> Option<Self> {
        DateTime::from_timestamp_millis(ms).and_then(Self::bounded)
    }

    /// An instant from chrono's; `None` outside 1900-2200.
    pub fn bounded(at: DateTime<Utc>) -> Option<Self> {
        (FIRST_YEAR..=LAST_YEAR).contains(&at.year()).then_some(Self(at))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// Chrono's form of it.
    pub const fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// This instant moved by `delta`; `None` when the result leaves 1900-2200.
    pub fn plus(self, delta: TimeDelta) -> Option<Self> {
        self.0.checked_add_signed(delta).and_then(Self::bounded)
    }

    /// The calendar day in UTC.
    pub fn day_utc(self) -> Day {
        Day(self.0.date_naive())
    }
}

impl FromStr for Timestamp {
    type Err = ClockError;

    /// Reads RFC 3339, with any offset.
    fn from_str(text: &str) -> Result<Self, ClockError> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .and_then(|t| Self::bounded(t.with_timezone(&Utc)))
            .ok_or_else(|| error(text, "an instant such as 2026-03-05T09:30:00Z between the years 1900 and 2200"))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// A calendar day, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

impl Day {
    /// The day `day` of `month` of `year`; `None` when there is no such day or it lies outside 1900-2200.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).and_then(Self::bounded)
    }

    /// A day from chrono's; `None` outside 1900-2200.
    pub fn bounded(day: NaiveDate) -> Option<Self> {
        (FIRST_YEAR..=LAST_YEAR).contains(&day.year()).then_some(Self(day))
    }

    /// Chrono's form of it.
    pub const fn date(self) -> NaiveDate {
        self.0
    }

    /// This day moved by `days`; `None` when the result leaves 1900-2200.
    pub fn plus_days(self, days: i64) -> Option<Self> {
        TimeDelta::try_days(days).and_then(|d| self.0.checked_add_signed(d)).and_then(Self::bounded)
    }
}

impl FromStr for Day {
    type Err = ClockError;

    /// Reads `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, ClockError> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .filter(|_| text.len() == 10)
            .and_then(Self::bounded)
            .ok_or_else(|| error(text, "a day such as 2026-03-05 between the years 1900 and 2200"))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

macro_rules! serde_as_text {
    ($($name:ident),*) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
serde_as_text!(Timestamp, Day);

/// Where the time comes from: the machine, or a test.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock.
    Real,
    /// A clock that stands still.
    Fixed(Timestamp),
}

impl Clock {
    /// The present instant.
    #[expect(clippy::disallowed_methods, reason = "the one place that may read the machine's clock")]
    pub fn now(self) -> Timestamp {
        match self {
            Self::Real => Timestamp(Utc::now()),
            Self::Fixed(at) => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_outside_the_bounds_are_refused() {
        assert_eq!("1900-01-01".parse::<Day>().unwrap().to_string(), "1900-01-01");
        assert_eq!("2200-12-31".parse::<Day>().unwrap().plus_days(1), None);
        for bad in ["1899-12-31", "2201-01-01", "2026-02-29", "2026-2-9", "+262142-01-01", "today"] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
    }

    #[test]
    fn instants_keep_their_meaning_across_offsets() {
        let a: Timestamp = "2026-04-01T00:30:00+02:00".parse().unwrap();
        assert_eq!(a.to_string(), "2026-03-31T22:30:00Z");
        assert_eq!(Timestamp::from_millis(a.millis()), Some(a));
        assert!("2026-04-01 00:30".parse::<Timestamp>().is_err());
    }
}
