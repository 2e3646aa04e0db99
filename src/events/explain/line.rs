//! Why a line is no event, with the byte at which it ceases to be one.

use crate::events::line::{Bad, Paths, Slots, Walker};
use crate::events::matching::LONGEST_LINE_BYTES;
use crate::events::plan::Plan;
use crate::events::value::Raw;
use crate::events::value::time::instant_ms;
use serde::de::IgnoredAny;

/// What is wrong with the line; `None` when it is an event.
pub fn unreadable(plan: &Plan, line: &[u8]) -> Option<String> {
    if line.len() > LONGEST_LINE_BYTES {
        return Some(format!("the line has {} bytes; at most {LONGEST_LINE_BYTES} are read", line.len()));
    }
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(e) => return Some(format!("not UTF-8 from byte {} of the line on", e.valid_up_to())),
    };
    let names = plan.set.vocabulary.fields();
    let mut slots = Slots::new(plan.paths.field_count());
    match Walker::read(text, &plan.paths, &mut slots) {
        Ok(()) => no_time(plan, &slots),
        Err(Bad::DuplicateField) => {
            let twice = |name: &&String| {
                let paths = Paths::new(&[(*name).clone()], false, |_| false);
                Walker::read(text, &paths, &mut Slots::new(1)) == Err(Bad::DuplicateField)
            };
            let field = names.iter().find(twice).map_or("a field", String::as_str);
            Some(format!("the field `{field}` is there twice, so it is not clear which one counts"))
        }
        Err(Bad::TooDeep) => Some("nested deeper than 128 levels".to_owned()),
        Err(_) => Some(match serde_json::from_str::<IgnoredAny>(text) {
            Err(e) => format!("not JSON: {}, at byte {} of the line", said(&e), e.column().saturating_sub(1)),
            Ok(_) => "JSON, but no object".to_owned(),
        }),
    }
}

/// The parser's words without its own place, which counts lines of a text that is one line.
fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

fn no_time(plan: &Plan, slots: &Slots<'_>) -> Option<String> {
    let names = plan.set.vocabulary.fields();
    let name = |f: &usize| names.get(*f).map_or("", String::as_str);
    let found = plan.time_fields.iter().find(|f| !matches!(slots.get(**f), Raw::Absent | Raw::Null));
    let Some(field) = found else {
        let wanted: Vec<&str> = plan.time_fields.iter().map(name).collect();
        return Some(format!(
            "no time: none of the fields {} is there; name yours with --time-field",
            wanted.join(", ")
        ));
    };
    if instant_ms(slots.get(*field)).is_some() {
        return None;
    }
    let mut value = Vec::new();
    slots.get(*field).write_canonical(&mut value);
    Some(format!("no time: `{}` is {}, which is no instant", name(field), String::from_utf8_lossy(&value)))
}
