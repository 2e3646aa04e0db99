//! Whether a predicate holds of an event.

use crate::events::line::Slots;
use crate::events::rule::{FieldId, HourFields, Predicate, Question};
use crate::events::value::fold::fold;
use crate::events::value::hours::Hours;
use crate::events::value::time::instant_ms;
use crate::events::value::{Number, Raw};

/// Whether the predicate holds of the event.
pub(in crate::events) fn ask(predicate: &Predicate, slots: &Slots<'_>, scratch: &mut String) -> bool {
    let Some(field) = predicate.field else {
        let Question::Any(test) = &predicate.question else { return false };
        return slots.scalars().iter().any(|v| test.passes(*v, scratch));
    };
    match &predicate.question {
        Question::Exists => slots.get(field) != Raw::Absent,
        Question::Null if slots.is_multiple() => {
            slots.get(field) == Raw::Absent || slots.values(field).any(|v| v == Raw::Null)
        }
        Question::Null => matches!(slots.get(field), Raw::Absent | Raw::Null),
        Question::Any(test) if !slots.is_multiple() => test.passes(slots.get(field), scratch),
        Question::Any(test) => slots.values(field).any(|v| test.passes(v, scratch)),
        Question::SameAs(other, cased) => slots.values(field).any(|a| slots.values(*other).any(|b| same(a, b, *cased))),
        Question::After(other, plus_ms) => {
            let (a, b) = (instant_ms(slots.get(field)), instant_ms(slots.get(*other)));
            a.zip(b).is_some_and(|(a, b)| a > b.saturating_add(*plus_ms))
        }
        Question::Outside(fields) => is_outside(slots, field, fields).unwrap_or(false),
    }
}

/// Whether the instant lies outside the hours of the row; `None` when the row gives none.
fn is_outside(slots: &Slots<'_>, field: FieldId, fields: &HourFields) -> Option<bool> {
    let at_ms = instant_ms(slots.get(field))?;
    let day = |v: Raw<'_>| if let Some(Number::Whole(n)) = v.number() { Some(n) } else { None };
    let days: Vec<i64> = slots.values(fields.days).filter_map(day).collect();
    if slots.get(fields.days) == Raw::Absent {
        return None;
    }
    let zone = slots.get(fields.zone).text();
    let (from, to) = (slots.get(fields.from).text()?, slots.get(fields.to).text()?);
    Hours::new(&days, &from, &to, zone.as_deref().unwrap_or("UTC")).map(|h| !h.contain(at_ms))
}

fn same(a: Raw<'_>, b: Raw<'_>, cased: bool) -> bool {
    if let (Raw::Number(_), Raw::Number(_)) = (a, b) {
        return a.number() == b.number();
    }
    match (a.text(), b.text()) {
        (Some(a), Some(b)) if cased => a == b,
        (Some(a), Some(b)) => fold(&a) == fold(&b),
        _ => false,
    }
}
