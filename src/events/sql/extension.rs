//! The correlation types beyond Sigma that SQL can say, and why it cannot say the others.

use super::correlation::{Computed, Making};
use super::detection::Unsaid;
use super::schema::Type;
use super::scope::{Named, Scope};
use crate::events::rule::{Extension, Kind};

/// Whether an event without the value takes part all the same.
pub(super) const fn may_lack_value(kind: &Kind) -> bool {
    matches!(kind, Kind::Extension(Extension::Silence { .. }))
}

/// The values an extension looks at, from their columns.
pub(super) fn values(kind: &Extension, columns: &[Named], scope: &Scope<'_>) -> Result<Vec<String>, String> {
    let each = || columns.iter().map(Named::value).collect();
    match kind {
        Extension::FirstSeen { .. } => scope.one_value(columns),
        Extension::Missing if columns.iter().any(|c| c.ty != Type::Whole) => {
            Err("the column holds no whole numbers; say `whole` in the schema".to_owned())
        }
        Extension::Silence { .. } if columns.iter().any(|c| c.ty != Type::Time) => {
            Err("the column holds no instants; say `time` in the schema".to_owned())
        }
        Extension::HashChain if columns.iter().any(|c| c.ty != Type::Text) => {
            Err("hashes are compared as text; say `text` in the schema".to_owned())
        }
        Extension::Missing
        | Extension::Silence { .. }
        | Extension::HashChain
        | Extension::Distance { .. }
        | Extension::Concurrent { .. }
        | Extension::Overlap
        | Extension::Span
        | Extension::NotFollowed
        | Extension::Baseline(_) => Ok(each()),
    }
}

/// What an extension computes, or why SQL cannot.
pub(super) fn computed(kind: &Extension, making: &Making<'_>, scope: &Scope<'_>) -> Result<Computed, Unsaid> {
    let timespan = making.correlation.timespan_ms;
    let refuse = |why: &str| Err(making.unsaid("type", why));
    let by_line = making.by_line();
    let before = |value: &str| format!("lag({value}) OVER ({by_line})");
    let needs_line = match kind {
        Extension::Missing | Extension::HashChain | Extension::Silence { .. } => scope.schema.line.is_none(),
        Extension::Distance { .. }
        | Extension::Concurrent { .. }
        | Extension::Overlap
        | Extension::Span
        | Extension::NotFollowed
        | Extension::FirstSeen { .. }
        | Extension::Baseline(_) => false,
    };
    if needs_line {
        return refuse(
            "it looks at the event before, and simultaneous events are told apart by their line; name a column that ascends with the lines under `line` in the schema",
        );
    }
    match kind {
        Extension::FirstSeen { after } => Ok(Computed::of(
            vec![
                ("n", scope.dialect.distinct("v0", &making.window(None))),
                ("u", format!("count(*) OVER ({})", making.window(Some("v0")))),
            ],
            format!("n > {after} AND u = 1"),
        )),
        Extension::Missing => Ok(Computed::of(vec![("b", before("v0"))], "v0 - b > 1".to_owned())),
        Extension::HashChain => Ok(Computed::of(vec![("b", before("v1"))], "v0 <> b".to_owned())),
        Extension::Silence { factor, hours: None } if *factor == 0.0 => {
            let known = if making.correlation.values.is_empty() { "NULL" } else { "v0" };
            let others: Vec<String> = (1..making.correlation.rules).map(|r| format!(" AND r{r} = 0")).collect();
            Ok(Computed::of(
                vec![("b", before("t_ms"))],
                format!("t_ms - COALESCE(b, {known}) >= {timespan} AND r0 = 1{}", others.concat()),
            ))
        }
        Extension::Silence { hours: Some(_), .. } => refuse("the hours of a time zone are not counted in SQL"),
        Extension::Silence { .. } => refuse("the median interval so far is not kept in SQL"),
        Extension::Span => refuse("it fires once in the life of a group, which ends when the engine forgets it"),
        Extension::NotFollowed => {
            refuse("it depends on which of two simultaneous events stands first, and on the log's end")
        }
        Extension::Distance { .. } => {
            refuse("trigonometric functions differ from engine to engine in their last digits")
        }
        Extension::Concurrent { .. } => refuse("how long sessions live together needs a state from event to event"),
        Extension::Overlap => refuse("which sessions live together needs a state from event to event"),
        Extension::Baseline(_) => refuse("a baseline needs what earlier periods left behind"),
    }
}
