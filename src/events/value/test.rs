//! Tests that a rule makes of one scalar.

use super::network::{Network, address_bits};
use super::raw::{Number, Raw};
use super::text::TextTest;
use super::time::{civil_from_days, days_from_civil, instant_ms};

/// How two ordered things are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
}

impl Order {
    /// The word used in rules, e.g. `gte`.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "lt" => Self::Less,
            "lte" => Self::LessOrEqual,
            "gt" => Self::Greater,
            "gte" => Self::GreaterOrEqual,
            "eq" => Self::Equal,
            "neq" => Self::NotEqual,
            _ => return None,
        })
    }

    /// Whether `a` stands in this order to `b`.
    pub fn holds<T: PartialOrd>(self, a: &T, b: &T) -> bool {
        match self {
            Self::Less => a < b,
            Self::LessOrEqual => a <= b,
            Self::Greater => a > b,
            Self::GreaterOrEqual => a >= b,
            Self::Equal => a == b,
            Self::NotEqual => a != b,
        }
    }
}

/// A part of an instant in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimePart {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// Day of the month, 1 to 31.
    Day,
    /// ISO 8601 week, 1 to 53.
    Week,
    /// 1 to 12.
    Month,
    /// The year.
    Year,
}

impl TimePart {
    /// The modifier's word.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "year" => Self::Year,
            _ => return None,
        })
    }

    /// This part of the instant `ms`.
    pub fn of(self, ms: i64) -> i64 {
        let days = ms.div_euclid(86_400_000);
        let (year, month, day) = civil_from_days(days);
        match self {
            Self::Minute => ms.rem_euclid(3_600_000) / 60_000,
            Self::Hour => ms.rem_euclid(86_400_000) / 3_600_000,
            Self::Day => day,
            Self::Month => month,
            Self::Year => year,
            Self::Week => {
                // A week belongs to the year that holds its Thursday.
                let thursday = days - (days + 3).rem_euclid(7) + 3;
                let first = days_from_civil(civil_from_days(thursday).0, 1, 1).unwrap_or(thursday);
                (thursday - first) / 7 + 1
            }
        }
    }
}

/// A test of one scalar that is there. Null and existence are the event's business, not the scalar's.
#[derive(Debug)]
pub enum Test {
    /// Text equals or matches a pattern; numbers and booleans are taken as written.
    Text(TextTest),
    /// The number equals, also when the event holds it as text.
    Equal(Number),
    /// `true` or `false`, also when the event holds it as text.
    Flag(bool),
    /// The number stands in this order to the given one.
    Compare(Order, Number),
    /// The address lies in the network.
    Cidr(Network),
    /// The text contains a match of the regular expression.
    Regex(Box<regex::Regex>),
    /// A part of the instant stands in this order to a number.
    Time(TimePart, Order, i64),
}

/// A scalar with what tests make of it, made once for all of them.
#[derive(Clone, Copy, Debug)]
pub struct Decoded<'a> {
    value: Raw<'a>,
    number: Option<Option<Number>>,
    address: Option<Option<(bool, u128)>>,
}

impl<'a> Decoded<'a> {
    /// The scalar, of which nothing was made yet.
    pub const fn new(value: Raw<'a>) -> Self {
        Self { value, number: None, address: None }
    }

    fn number(&mut self) -> Option<Number> {
        *self.number.get_or_insert_with(|| self.value.number())
    }

    fn address(&mut self) -> Option<(bool, u128)> {
        *self.address.get_or_insert_with(|| self.value.text().and_then(|t| address_bits(&t)))
    }
}

impl Test {
    /// Whether the scalar passes. `scratch` is overwritten.
    pub fn passes(&self, value: Raw<'_>, scratch: &mut String) -> bool {
        self.passes_decoded(&mut Decoded::new(value), scratch)
    }

    /// The same for one of several tests of a scalar.
    pub fn passes_decoded(&self, decoded: &mut Decoded<'_>, scratch: &mut String) -> bool {
        let value = decoded.value;
        match self {
            Self::Equal(want) => decoded.number() == Some(*want),
            Self::Compare(order, want) => decoded.number().is_some_and(|n| order.holds(&n, want)),
            Self::Time(part, order, want) => instant_ms(value).is_some_and(|ms| order.holds(&part.of(ms), want)),
            Self::Flag(want) => match value {
                Raw::Bool(b) => b == *want,
                Raw::Text { .. } => {
                    value.text().is_some_and(|t| t.eq_ignore_ascii_case(if *want { "true" } else { "false" }))
                }
                _ => false,
            },
            Self::Text(test) => value.text().is_some_and(|t| test.matches(&t, scratch)),
            Self::Cidr(network) => decoded.address().is_some_and(|a| network.holds(a)),
            Self::Regex(regex) => value.text().is_some_and(|t| regex.is_match(&t)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::value::time::rfc3339_ms;

    #[test]
    fn parts_of_an_instant() {
        let ms = rfc3339_ms(b"2026-01-01T23:59:30Z").unwrap();
        let part = |p: &str| TimePart::of_word(p).unwrap().of(ms);
        assert_eq!(["minute", "hour", "day", "week", "month", "year"].map(part), [59, 23, 1, 1, 1, 2026]);
        // 1 January 2027 is a Friday of the 53rd week of 2026.
        assert_eq!(TimePart::Week.of(rfc3339_ms(b"2027-01-01T00:00:00Z").unwrap()), 53);
    }

    #[test]
    fn numbers_match_across_spellings() {
        let mut s = String::new();
        let equal = Test::Equal(Number::Whole(517));
        for json in ["517", "517.0", "5.17e2", "\"517\""] {
            assert!(equal.passes(Raw::of_json(json), &mut s), "{json}");
        }
        assert!(!equal.passes(Raw::of_json("\"x517\""), &mut s));
        assert!(!Test::Compare(Order::Greater, Number::Whole(0)).passes(Raw::Null, &mut s));
    }
}
