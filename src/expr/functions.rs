//! The functions of the language: their names, their types, and what they do.

use super::eval::Why;
use super::shape::{Shape, Type};
use super::text;
use super::val::{List, Val};
use crate::clock::Timestamp;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    StartsWith,
    EndsWith,
    Contains,
    Timestamp,
    Duration,
    ToText,
    ToInt,
    ToDouble,
    /// Its second argument, `now`, is put there by the compiler.
    AgeDays,
    Days,
    Min,
    Max,
    Ceil,
    Subset,
    Overlap,
    Lower,
}

/// Name, function, number of arguments (the target of a method counts), whether it is written as a method.
const TABLE: [(&str, Function, usize, Style); 17] = [
    ("size", Function::Size, 1, Style::Either),
    ("startsWith", Function::StartsWith, 2, Style::Method),
    ("endsWith", Function::EndsWith, 2, Style::Method),
    ("contains", Function::Contains, 2, Style::Method),
    ("timestamp", Function::Timestamp, 1, Style::Plain),
    ("duration", Function::Duration, 1, Style::Plain),
    ("string", Function::ToText, 1, Style::Plain),
    ("int", Function::ToInt, 1, Style::Plain),
    ("double", Function::ToDouble, 1, Style::Plain),
    ("age_days", Function::AgeDays, 1, Style::Plain),
    ("days", Function::Days, 1, Style::Plain),
    ("min", Function::Min, 2, Style::Plain),
    ("max", Function::Max, 2, Style::Plain),
    ("ceil", Function::Ceil, 1, Style::Plain),
    ("subset", Function::Subset, 2, Style::Plain),
    ("overlap", Function::Overlap, 2, Style::Plain),
    ("lower", Function::Lower, 1, Style::Either),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Method,
    Either,
}

impl Function {
    /// The function called `name`, written as a method or not, with the number of arguments it takes.
    pub(super) fn find(name: &str, is_method: bool) -> Option<(Self, usize)> {
        let wanted = if is_method { Style::Method } else { Style::Plain };
        let row = TABLE.iter().find(|(n, _, _, s)| *n == name && (*s == wanted || *s == Style::Either))?;
        Some((row.1, row.2))
    }

    pub(super) fn name(self) -> &'static str {
        TABLE.iter().find(|(_, f, _, _)| *f == self).map_or("?", |(n, _, _, _)| n)
    }

    /// The type of the result, or what is wrong with the arguments.
    pub(super) fn result(self, args: &[Type]) -> Result<Type, String> {
        let first = args.first().unwrap_or(&Type::Dynamic);
        let second = args.get(1).unwrap_or(&Type::Dynamic);
        let need = |ok: bool, at: &Type, wanted: &str| {
            if ok || *at == Type::Dynamic {
                Ok(())
            } else {
                Err(format!("{}() needs {wanted}, not {}", self.name(), at.words()))
            }
        };
        let is_list = |t: &Type| matches!(t, Type::List(_));
        match self {
            Self::Size => {
                need(is_list(first) || matches!(first, Type::Text | Type::Map), first, "a list, a map or text")
                    .map(|()| Type::Int)
            }
            Self::StartsWith | Self::EndsWith | Self::Contains => {
                need(*first == Type::Text, first, "text")?;
                need(*second == Type::Text, second, "text").map(|()| Type::Bool)
            }
            Self::Timestamp => {
                need(first.is_time() || *first == Type::Text, first, "an instant or text").map(|()| Type::Instant)
            }
            Self::Duration => {
                need(matches!(first, Type::Text | Type::Duration), first, "text").map(|()| Type::Duration)
            }
            Self::ToText => {
                need(!is_list(first) && !matches!(first, Type::Record(_) | Type::Map), first, "a single value")
                    .map(|()| Type::Text)
            }
            Self::ToInt => {
                need(first.is_number() || *first == Type::Text || first.is_time(), first, "a number or text")
                    .map(|()| Type::Int)
            }
            Self::ToDouble => {
                need(first.is_number() || *first == Type::Text, first, "a number or text").map(|()| Type::Double)
            }
            Self::AgeDays => need(first.is_time(), first, "an instant or a day").map(|()| Type::Double),
            Self::Days => need(first.is_number(), first, "a number").map(|()| Type::Duration),
            Self::Ceil => need(first.is_number(), first, "a number").map(|()| Type::Int),
            Self::Lower => need(*first == Type::Text, first, "text").map(|()| Type::Text),
            Self::Min | Self::Max => {
                super::typing::ordered(first, second).map(|()| super::typing::joined(first, second))
            }
            Self::Subset | Self::Overlap => {
                need(is_list(first), first, "two lists")?;
                need(is_list(second), second, "two lists").map(|()| Type::Bool)
            }
        }
    }

    /// Applies the function. None of the arguments is absent.
    pub(super) fn apply<'a>(self, args: &[Val<'a>]) -> Result<Val<'a>, Why> {
        let mut args = args.iter();
        let first = args.next().ok_or(Why::Kind("an argument"))?;
        let second = args.next().unwrap_or(&Val::Null);
        if matches!(first, Val::Null) {
            return Err(Why::Null);
        }
        match self {
            Self::Size => size(first),
            Self::StartsWith | Self::EndsWith | Self::Contains => self.on_text(first, second),
            Self::Timestamp => timestamp(first),
            Self::Duration => match first {
                Val::Duration(ms) => Ok(Val::Duration(*ms)),
                Val::Text(t) => {
                    text::parse_duration(t).map(Val::Duration).ok_or(Why::Kind("a duration such as \"36h\""))
                }
                _ => Err(Why::Kind("text")),
            },
            Self::ToText => match first {
                Val::List(_) | Val::Record(_) | Val::Map(_) => Err(Why::Kind("a single value")),
                single => Ok(Val::Text(Cow::Owned(text::plain(single)))),
            },
            Self::ToInt => to_int(first),
            Self::ToDouble => match first {
                Val::Text(t) => {
                    t.trim().parse().ok().filter(|d: &f64| d.is_finite()).map(Val::Double).ok_or(Why::Kind("a number"))
                }
                number => number.number().map(Val::Double).ok_or(Why::Kind("a number")),
            },
            Self::AgeDays => age_days(first, second),
            Self::Days => first.number().and_then(|n| whole(n * DAY_MS)).map(Val::Duration).ok_or(Why::Overflow),
            Self::Ceil => match first {
                Val::Int(i) => Ok(Val::Int(*i)),
                other => other.number().and_then(|n| whole(n.ceil())).map(Val::Int).ok_or(Why::Overflow),
            },
            Self::Min => smaller(first, second, Ordering::Less),
            Self::Max => smaller(first, second, Ordering::Greater),
            Self::Subset | Self::Overlap => self.on_lists(first, second),
            Self::Lower => match first {
                Val::Text(t) => Ok(Val::Text(Cow::Owned(t.to_lowercase()))),
                _ => Err(Why::Kind("text")),
            },
        }
    }

    fn on_text<'a>(self, whole: &Val<'a>, part: &Val<'a>) -> Result<Val<'a>, Why> {
        let (Val::Text(whole), Val::Text(part)) = (whole, part) else {
            return Err(if matches!(part, Val::Null) { Why::Null } else { Why::Kind("text") });
        };
        Ok(Val::Bool(match self {
            Self::StartsWith => whole.starts_with(part.as_ref()),
            Self::EndsWith => whole.ends_with(part.as_ref()),
            _ => whole.contains(part.as_ref()),
        }))
    }

    fn on_lists<'a>(self, a: &Val<'a>, b: &Val<'a>) -> Result<Val<'a>, Why> {
        let (Val::List(a), Val::List(b)) = (a, b) else {
            return Err(if matches!(b, Val::Null) { Why::Null } else { Why::Kind("a list") });
        };
        Ok(Val::Bool(if self == Self::Subset { a.iter().all(|x| has(b, &x)) } else { a.iter().any(|x| has(b, &x)) }))
    }
}

/// Whether `list` has an element equal to `wanted`.
pub(super) fn has(list: &List<'_>, wanted: &Val<'_>) -> bool {
    list.iter().any(|x| x.equals(wanted))
}

fn size<'a>(of: &Val<'a>) -> Result<Val<'a>, Why> {
    let size = match of {
        Val::List(l) => l.len(),
        Val::Map(m) => m.len(),
        Val::Text(t) => t.chars().count(),
        _ => return Err(Why::Kind("a list, a map or text")),
    };
    i64::try_from(size).map(Val::Int).map_err(|_| Why::Overflow)
}

fn timestamp<'a>(of: &Val<'a>) -> Result<Val<'a>, Why> {
    let at = match of {
        Val::Text(t) => t.parse().ok(),
        other => other.time_millis().and_then(Timestamp::from_millis),
    };
    at.map(Val::Instant).ok_or(Why::Kind("an instant such as 2026-03-05T09:30:00Z"))
}

fn to_int<'a>(of: &Val<'a>) -> Result<Val<'a>, Why> {
    let int = match of {
        Val::Int(i) => Some(*i),
        Val::Double(d) => whole(d.trunc()),
        Val::Text(t) => t.trim().parse().ok(),
        other => other.time_millis().map(|ms| ms.div_euclid(1000)),
    };
    int.map(Val::Int).ok_or(Why::Kind("a whole number"))
}

/// Days from `at` to `now`, with fractions; negative when `at` is still to come.
#[expect(clippy::cast_precision_loss, reason = "milliseconds between 1900 and 2200 are far below 2^53")]
fn age_days<'a>(at: &Val<'a>, now: &Val<'a>) -> Result<Val<'a>, Why> {
    match (at.time_millis(), now.time_millis()) {
        (Some(at), Some(now)) => Ok(Val::Double((now - at) as f64 / DAY_MS)),
        _ => Err(Why::Kind("an instant or a day")),
    }
}

/// A whole double as an integer, if it fits.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn whole(number: f64) -> Option<i64> {
    (number.is_finite() && number.abs() < 9.2e18).then_some(number as i64)
}

fn smaller<'a>(a: &Val<'a>, b: &Val<'a>, wanted: Ordering) -> Result<Val<'a>, Why> {
    let order = compare(a, b)?;
    Ok(if order == wanted || order == Ordering::Equal { a.clone() } else { b.clone() })
}

/// The order of two values of the same kind.
pub(super) fn compare(a: &Val<'_>, b: &Val<'_>) -> Result<Ordering, Why> {
    let order = match (a, b) {
        (Val::Null, _) | (_, Val::Null) => return Err(Why::Null),
        (Val::Int(a), Val::Int(b)) | (Val::Duration(a), Val::Duration(b)) => Some(a.cmp(b)),
        (Val::Bool(a), Val::Bool(b)) => Some(a.cmp(b)),
        (Val::Text(a), Val::Text(b)) => Some(a.cmp(b)),
        _ => match (a.number(), b.number(), a.time_millis(), b.time_millis()) {
            (Some(a), Some(b), ..) => a.partial_cmp(&b),
            (.., Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => None,
        },
    };
    order.ok_or(Why::Kind("two values of one kind"))
}

/// The type of the elements of a list type.
pub(super) fn element(of: &Type) -> Arc<Shape> {
    match of {
        Type::List(shape) => Arc::clone(shape),
        _ => Arc::new(Shape::of(Type::Dynamic)),
    }
}
