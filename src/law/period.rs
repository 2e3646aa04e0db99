//! Arithmetic of legal periods on calendar days: months, days, working days.
//!
//! Knows no law and no number of days: counts, units and rules come from the regimes. Must never return a day later than
//! the rules it is given allow; every function is total within the years that `Day` has.

use crate::clock::Day;
use chrono::Datelike;
use serde::Deserialize;

/// What a period is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Hours from an instant.
    Hours,
    /// Calendar days.
    Days,
    /// Days that are working days of a calendar.
    WorkingDays,
    /// Calendar months.
    Months,
}

/// Which day stands for one that the month does not have, such as 31 September.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoSuchDay {
    /// The last day of that month: the earlier choice, right for duties.
    #[default]
    LastDay,
    /// The first day of the month after: the later choice, right where something must last *at least* so long.
    NextDay,
}

/// The day `months` after `from`, and whether the same-numbered day had to be replaced.
pub fn plus_months(from: Day, months: u32, no_such_day: NoSuchDay) -> Option<(Day, bool)> {
    let date = from.date();
    let month0 = i64::from(date.year()) * 12 + i64::from(date.month0()) + i64::from(months);
    let year = i32::try_from(month0.div_euclid(12)).ok()?;
    let month = u32::try_from(month0.rem_euclid(12)).ok()? + 1;
    if let Some(day) = Day::new(year, month, date.day()) {
        return Some((day, false));
    }
    let last = (28..=31).rev().find_map(|number| Day::new(year, month, number))?;
    match no_such_day {
        NoSuchDay::LastDay => Some((last, true)),
        NoSuchDay::NextDay => Some((last.plus_days(1)?, true)),
    }
}

/// The `count`-th working day after `from`; with `first_counted` a working `from` is itself the first.
///
/// `is_working` judges a day or says why it cannot be judged. `None` when the years that `Day` has are left.
pub fn plus_working_days<E>(
    from: Day,
    count: u32,
    first_counted: bool,
    mut is_working: impl FnMut(Day) -> Result<bool, E>,
) -> Result<Option<Day>, E> {
    let mut day = from;
    let mut left = count;
    if first_counted && left > 0 && is_working(day)? {
        left -= 1;
    }
    while left > 0 {
        let Some(next) = day.plus_days(1) else { return Ok(None) };
        day = next;
        if is_working(day)? {
            left -= 1;
        }
    }
    Ok(Some(day))
}

/// `day` itself when it is a working day, else the next one.
pub fn next_working_day<E>(day: Day, is_working: impl FnMut(Day) -> Result<bool, E>) -> Result<Option<Day>, E> {
    plus_working_days(day, 1, true, is_working)
}

/// Days from `from` to `to`; negative when `to` is earlier.
pub fn days_between(from: Day, to: Day) -> i64 {
    (to.date() - from.date()).num_days()
}

/// A period that stands still from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standstill {
    /// First day that does not count.
    pub first: Day,
    /// Last day that does not count; before `first` when no day is left out.
    pub last: Day,
}

/// Where a period that began on `begin` and would end on `end` ends when `standstill` is left out, and by how many days
/// that moves it. `covered` is the last day that earlier standstills already left out, so that no day is left out twice.
pub fn leave_out(begin: Day, end: Day, standstill: Standstill, covered: Option<Day>) -> Option<(Day, i64)> {
    let mut first = standstill.first.max(begin);
    if let Some(covered) = covered
        && covered >= first
    {
        first = covered.plus_days(1)?;
    }
    let count = days_between(first, standstill.last) + 1;
    if count <= 0 { Some((end, 0)) } else { Some((end.plus_days(count)?, count)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn weekdays_only(day: Day) -> Result<bool, Infallible> {
        Ok(day.date().weekday().number_from_monday() <= 5)
    }

    #[test]
    fn a_month_ends_on_the_same_number_or_on_what_stands_for_it() {
        for (from, months, last, next) in [
            ("2026-05-08", 1, "2026-06-08", "2026-06-08"),
            ("2026-08-31", 1, "2026-09-30", "2026-10-01"),
            ("2026-01-31", 1, "2026-02-28", "2026-03-01"),
            ("2028-01-31", 1, "2028-02-29", "2028-03-01"),
            ("2028-02-29", 12, "2029-02-28", "2029-03-01"),
            ("2026-12-31", 2, "2027-02-28", "2027-03-01"),
        ] {
            assert_eq!(plus_months(day(from), months, NoSuchDay::LastDay).unwrap().0, day(last), "{from}");
            assert_eq!(plus_months(day(from), months, NoSuchDay::NextDay).unwrap().0, day(next), "{from}");
        }
        assert_eq!(plus_months(day("2200-12-15"), 1, NoSuchDay::LastDay), None);
    }

    #[test]
    fn days_left_out_twice_count_once() {
        let first = Standstill { first: day("2026-06-03"), last: day("2026-06-10") };
        let second = Standstill { first: day("2026-06-08"), last: day("2026-06-12") };
        let (end, count) = leave_out(day("2026-06-01"), day("2026-07-01"), first, None).unwrap();
        assert_eq!((end, count), (day("2026-07-09"), 8));
        assert_eq!(leave_out(day("2026-06-01"), end, second, Some(first.last)).unwrap(), (day("2026-07-11"), 2));
    }

    proptest! {
        #[test]
        fn a_month_is_28_to_31_days_and_a_later_start_never_ends_earlier(offset in 0i64..90_000, months in 1u32..40) {
            let from = day("1901-01-01").plus_days(offset).unwrap();
            let (end, _) = plus_months(from, months, NoSuchDay::LastDay).unwrap();
            let length = days_between(from, end);
            prop_assert!(length >= 28 * i64::from(months) && length <= 31 * i64::from(months));
            let (after, _) = plus_months(from.plus_days(1).unwrap(), months, NoSuchDay::LastDay).unwrap();
            prop_assert!(after >= end);
        }

        #[test]
        fn exactly_the_asked_number_of_working_days_lies_behind_the_end(offset in 0i64..90_000, count in 1u32..60) {
            let from = day("1901-01-01").plus_days(offset).unwrap();
            let end = plus_working_days(from, count, false, weekdays_only).unwrap().unwrap();
            let passed = (1..=days_between(from, end)).filter(|n| weekdays_only(from.plus_days(*n).unwrap()).unwrap()).count();
            prop_assert_eq!(passed, count as usize);
            prop_assert!(weekdays_only(end).unwrap());
        }
    }
}
