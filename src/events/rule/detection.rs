//! The `detection` section of a rule: searches and their condition.

use super::condition;
use super::modifier::{Placeholders, compile};
use super::vocabulary::{Expr, Vocabulary};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Depth of maps inside lists inside maps beyond which a search is refused (threats.md T37).
const DEEPEST: usize = 32;

/// The keys that lead to what is wrong, outermost first, and what it is.
pub(super) type Misfit = (Vec<String>, String);

/// A detection as its author wrote it, for explanations: what the matcher runs has lost the names.
#[derive(Clone, Debug)]
pub struct Written {
    /// Names of the searches, and what each asks.
    pub searches: Vec<(String, Expr)>,
    /// The conditions, one of which has to hold: their text, and the expression over the searches by number.
    pub conditions: Vec<(String, Expr)>,
}

/// Compiles a detection or a filter: every key but `condition` (and those in `not_searches`) is a search.
/// The error is the keys that lead to what it is about, outermost first, and what is wrong.
pub(super) fn compile_section(
    section: &Map<String, Value>,
    not_searches: &[&str],
    vocabulary: &mut Vocabulary,
    placeholders: &Placeholders,
) -> Result<(Expr, Written), Misfit> {
    let mut searches = BTreeMap::new();
    for (name, body) in section {
        if name == "condition" || not_searches.contains(&name.as_str()) {
            continue;
        }
        if name == "timeframe" {
            return Err((
                vec![name.clone()],
                "`timeframe` is obsolete in Sigma 2; use a correlation with `timespan`".to_owned(),
            ));
        }
        let expr = search(body, vocabulary, placeholders, 0)
            .map_err(|(below, e)| ([vec![name.clone()], below].concat(), format!("in `{name}`: {e}")))?;
        searches.insert(name.clone(), expr);
    }
    let texts: Vec<&Value> = match section.get("condition") {
        Some(Value::Array(list)) => list.iter().collect(),
        one => one.into_iter().collect(),
    };
    if texts.is_empty() {
        return Err((Vec::new(), "the detection has no `condition`".to_owned()));
    }
    let numbers = searches.keys().enumerate().map(|(n, name)| (name.clone(), Expr::Is(n))).collect();
    let (mut exprs, mut conditions) = (Vec::new(), Vec::new());
    for text in texts {
        let parsed = text
            .as_str()
            .ok_or_else(|| "a condition is not text".to_owned())
            .and_then(|t| Ok((condition::parse(t, &searches)?, (t.to_owned(), condition::parse(t, &numbers)?))));
        let (expr, written) = parsed.map_err(|e| (vec!["condition".to_owned()], e))?;
        exprs.push(expr);
        conditions.push(written);
    }
    Ok((Expr::any(exprs), Written { searches: searches.into_iter().collect(), conditions }))
}

/// Maps join by and, lists by or, and a bare value is a keyword.
fn search(body: &Value, vocabulary: &mut Vocabulary, lists: &Placeholders, depth: usize) -> Result<Expr, Misfit> {
    let here = |what: &str| (Vec::new(), what.to_owned());
    if depth > DEEPEST {
        return Err(here(&format!("nested deeper than {DEEPEST} levels")));
    }
    match body {
        Value::Object(map) if map.is_empty() => Err(here("an empty map matches everything; remove it")),
        Value::Object(map) => {
            let all: Result<Vec<_>, _> =
                map.iter().map(|(k, v)| compile(k, v, vocabulary, lists).map_err(|e| (vec![k.clone()], e))).collect();
            all.map(Expr::all)
        }
        Value::Array(list) if list.is_empty() => Err(here("an empty list matches nothing; remove it")),
        Value::Array(list) => {
            let any: Result<Vec<_>, _> = list.iter().map(|v| search(v, vocabulary, lists, depth + 1)).collect();
            any.map(Expr::any)
        }
        keyword => compile("", keyword, vocabulary, lists).map_err(|e| here(&e)),
    }
}
