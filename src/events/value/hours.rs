//! Hours of the week: when somebody works, or when a system is in service.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// Longest time over which hours are added up, in days; a longer silence counts as this long.
const LONGEST_DAYS: u64 = 400;

/// The same hours on some days of the week, in a time zone. Hours that end before they begin reach into the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Monday first.
    days: [bool; 7],
    from_min: u32,
    to_min: u32,
    zone: Tz,
}

impl Hours {
    /// Hours on `days` (1 Monday to 7 Sunday) from and to a time `HH:MM` (24:00 is the day's end) in the IANA zone `zone`.
    /// `None` when one of them is not that.
    pub fn new(days: &[i64], from: &str, to: &str, zone: &str) -> Option<Self> {
        let mut on = [false; 7];
        for day in days {
            *on.get_mut(usize::try_from(day - 1).ok()?)? = true;
        }
        Some(Self { days: on, from_min: minutes(from)?, to_min: minutes(to)?, zone: zone.parse().ok()? })
    }

    /// Whether the instant lies in the hours.
    pub fn contain(&self, ms: i64) -> bool {
        let Some(local) = Utc.timestamp_millis_opt(ms).single().map(|t| t.with_timezone(&self.zone)) else {
            return false;
        };
        let minute = local.hour() * 60 + local.minute();
        let today = self.on(local.date_naive());
        if self.from_min <= self.to_min {
            return today && (self.from_min..self.to_min).contains(&minute);
        }
        let yesterday = local.date_naive().checked_sub_days(Days::new(1)).is_some_and(|d| self.on(d));
        (today && minute >= self.from_min) || (yesterday && minute < self.to_min)
    }

    fn on(&self, day: NaiveDate) -> bool {
        self.days.get(day.weekday().num_days_from_monday() as usize).copied().unwrap_or(false)
    }

    /// How many milliseconds between two instants lie in the hours.
    pub fn elapsed_ms(&self, from_ms: i64, to_ms: i64) -> i64 {
        let Some(start) = Utc.timestamp_millis_opt(from_ms).single() else { return 0 };
        let mut total = 0;
        let mut day = start.with_timezone(&self.zone).date_naive().checked_sub_days(Days::new(1));
        for _ in 0..LONGEST_DAYS {
            let Some(today) = day else { break };
            if let Some((open, close)) = self.interval(today) {
                if open >= to_ms {
                    break;
                }
                total += (close.min(to_ms) - open.max(from_ms)).max(0);
            }
            day = today.checked_add_days(Days::new(1));
            if self.midnight_ms(today).is_some_and(|m| m > to_ms) {
                break;
            }
        }
        total
    }

    fn midnight_ms(&self, day: NaiveDate) -> Option<i64> {
        self.instant(day, 0)
    }

    fn interval(&self, day: NaiveDate) -> Option<(i64, i64)> {
        if !self.on(day) {
            return None;
        }
        let last = if self.from_min <= self.to_min { day } else { day.checked_add_days(Days::new(1))? };
        Some((self.instant(day, self.from_min)?, self.instant(last, self.to_min)?))
    }

    /// The instant of a local time; a time that daylight saving skips is the first after it.
    fn instant(&self, day: NaiveDate, minute: u32) -> Option<i64> {
        let (day, minute) =
            if minute >= 1440 { (day.checked_add_days(Days::new(1))?, minute - 1440) } else { (day, minute) };
        (0..4u32).find_map(|later| {
            let shifted = minute + later * 30;
            let time = NaiveTime::from_hms_opt(shifted / 60 % 24, shifted % 60, 0)?;
            self.zone.from_local_datetime(&day.and_time(time)).earliest().map(|t| t.timestamp_millis())
        })
    }
}

fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (minutes < 60 && hours * 60 + minutes <= 1440 && hours <= 24).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::value::time::rfc3339_ms;

    fn ms(text: &str) -> i64 {
        rfc3339_ms(text.as_bytes()).unwrap()
    }

    #[test]
    fn office_hours_follow_the_zone_and_its_summer() {
        let office = Hours::new(&[1, 2, 3, 4, 5], "08:00", "18:00", "Europe/Berlin").unwrap();
        assert!(office.contain(ms("2026-07-06T06:00:00Z")) && !office.contain(ms("2026-07-06T05:59:59Z")));
        assert!(office.contain(ms("2026-01-05T07:00:00Z")) && !office.contain(ms("2026-01-05T06:59:59Z")));
        assert!(!office.contain(ms("2026-07-05T10:00:00Z")), "a Sunday");
        assert!(!office.contain(ms("2026-07-06T16:00:00Z")), "the end is outside");
    }

    #[test]
    fn night_shifts_reach_into_the_next_day() {
        let night = Hours::new(&[5], "22:00", "06:00", "UTC").unwrap();
        assert!(night.contain(ms("2026-07-03T23:00:00Z")) && night.contain(ms("2026-07-04T05:59:00Z")));
        assert!(!night.contain(ms("2026-07-03T05:00:00Z")) && !night.contain(ms("2026-07-04T23:00:00Z")));
    }

    #[test]
    fn only_hours_of_service_count() {
        let office = Hours::new(&[1, 2, 3, 4, 5], "08:00", "18:00", "UTC").unwrap();
        let hours = |a: &str, b: &str| office.elapsed_ms(ms(a), ms(b)) / 3_600_000;
        // Friday 17:00 to Monday 09:00: one hour on Friday, one on Monday.
        assert_eq!(hours("2026-07-03T17:00:00Z", "2026-07-06T09:00:00Z"), 2);
        assert_eq!(hours("2026-07-06T10:00:00Z", "2026-07-06T12:00:00Z"), 2);
        assert_eq!(hours("2026-07-04T00:00:00Z", "2026-07-05T23:00:00Z"), 0);
        assert_eq!(hours("2026-07-06T19:00:00Z", "2026-07-06T23:00:00Z"), 0);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        assert!(Hours::new(&[8], "08:00", "18:00", "UTC").is_none());
        assert!(Hours::new(&[1], "8", "18:00", "UTC").is_none());
        assert!(Hours::new(&[1], "08:00", "24:01", "UTC").is_none());
        assert!(Hours::new(&[1], "08:00", "24:00", "Mars/Base").is_none());
    }
}
