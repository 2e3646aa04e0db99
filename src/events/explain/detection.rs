//! A rule on single events: its condition over its searches, each search over its entries.

use super::Node;
use super::line::unreadable;
use crate::events::context::{Context, Rows};
use crate::events::line::{Slots, Walker};
use crate::events::matching::ask;
use crate::events::plan::Plan;
use crate::events::rule::{Expr, FieldId, PredicateId, Question, Written};
use crate::events::value::Raw;
use crate::events::value::time::instant_ms;

/// Longest value that is shown whole, in characters.
const LONGEST_SHOWN: usize = 120;

/// The event, read.
pub(super) struct Reading<'a> {
    plan: &'a Plan,
    slots: Slots<'a>,
    pub(super) at_ms: i64,
}

impl<'a> Reading<'a> {
    /// Reads the line, or says why it cannot be.
    pub(super) fn new(plan: &'a Plan, context: &'a Context, line: &'a [u8]) -> Result<Self, String> {
        let why = || unreadable(plan, line).unwrap_or_else(|| "the line is no event".to_owned());
        let text = std::str::from_utf8(line).map_err(|_| why())?;
        let mut slots = Slots::new(plan.paths.field_count());
        Walker::read(text, &plan.paths, &mut slots).map_err(|_| why())?;
        let time = plan.time_fields.iter().map(|f| slots.get(*f)).find(|v| !matches!(v, Raw::Absent | Raw::Null));
        let at_ms = time.and_then(instant_ms).ok_or_else(why)?;
        Rows::new(&plan.set.vocabulary, context).fill(&mut slots);
        Ok(Self { plan, slots, at_ms })
    }

    /// Whether the rule matches, and why.
    pub(super) fn rule(&self, rule: usize) -> (bool, Vec<Node>) {
        let Some(rule) = self.plan.set.rules.get(rule) else { return (false, Vec::new()) };
        let mut nodes: Vec<Node> = Vec::new();
        let mut holds = true;
        for (n, written) in rule.written.iter().enumerate() {
            let mut node = self.written(written);
            if n > 0 {
                node = Node { says: "filter".to_owned(), holds: !node.holds, value: None, of: vec![node] };
            }
            holds &= node.holds;
            nodes.push(node);
        }
        (holds, nodes)
    }

    fn written(&self, written: &Written) -> Node {
        let searches: Vec<Node> = written
            .searches
            .iter()
            .map(|(name, expr)| {
                let inner = self.asked(expr);
                let of = if inner.of.is_empty() { vec![inner.clone()] } else { inner.of };
                Node { says: name.clone(), holds: inner.holds, value: None, of }
            })
            .collect();
        let condition = |(text, expr): &(String, Expr)| {
            let holds = expr.holds(&mut |n| searches.get(n).is_some_and(|s| s.holds));
            Node { says: format!("condition: {text}"), holds, value: None, of: vec![over(expr, &searches)] }
        };
        let mut conditions: Vec<Node> = written.conditions.iter().map(condition).collect();
        let holds = conditions.iter().any(|c| c.holds);
        if conditions.len() == 1 {
            return conditions.swap_remove(0);
        }
        Node { says: "one of the conditions".to_owned(), holds, value: None, of: conditions }
    }

    fn asked(&self, expr: &Expr) -> Node {
        match expr {
            Expr::Is(p) => self.predicate(*p),
            Expr::Not(inner) => {
                let inner = self.asked(inner);
                Node { says: "not".to_owned(), holds: !inner.holds, value: None, of: vec![inner] }
            }
            Expr::All(of) => self.joined("all of", of, of.len()),
            Expr::AtLeast(1, of) => self.joined("one of", of, 1),
            Expr::AtLeast(n, of) => self.joined(&format!("{n} of"), of, *n),
        }
    }

    fn joined(&self, says: &str, of: &[Expr], least: usize) -> Node {
        let of: Vec<Node> = of.iter().map(|e| self.asked(e)).collect();
        let holds = of.iter().filter(|n| n.holds).count() >= least;
        Node { says: says.to_owned(), holds, value: None, of }
    }

    fn predicate(&self, id: PredicateId) -> Node {
        let Some(predicate) = self.plan.set.vocabulary.predicates().get(id) else { return Node::default() };
        let holds = ask(predicate, &self.slots, &mut String::new());
        let names = self.plan.set.vocabulary.fields();
        let name = |f: FieldId| names.get(f).map_or("", String::as_str);
        let value = predicate.field.map(|field| {
            let own = format!("{} is {}", name(field), self.shown(field));
            match &predicate.question {
                Question::SameAs(other, _) | Question::After(other, _) => {
                    format!("{own}, {} is {}", name(*other), self.shown(*other))
                }
                Question::Outside(h) => {
                    let hours = [h.days, h.from, h.to, h.zone].map(|f| format!("{} is {}", name(f), self.shown(f)));
                    format!("{own}, {}", hours.join(", "))
                }
                _ => own,
            }
        });
        // A keyword has no field: its question says what was looked for.
        let says =
            if predicate.field.is_none() { format!("keyword{}", predicate.says) } else { predicate.says.clone() };
        Node { says, holds, value, of: Vec::new() }
    }

    fn shown(&self, field: FieldId) -> String {
        let values: Vec<String> = self.slots.values(field).map(shown).collect();
        match values.as_slice() {
            [] => "absent".to_owned(),
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        }
    }
}

fn shown(value: Raw<'_>) -> String {
    let text = match value {
        Raw::Absent => return "absent".to_owned(),
        Raw::Hollow => return "an object or an empty list".to_owned(),
        value => {
            let mut out = Vec::new();
            value.write_canonical(&mut out);
            String::from_utf8_lossy(&out).into_owned()
        }
    };
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((cut, _)) => format!("{}... ({} bytes)", text.get(..cut).unwrap_or_default(), text.len()),
        None => text,
    }
}

/// The tree of a condition over its searches.
fn over(expr: &Expr, searches: &[Node]) -> Node {
    let joined = |says: &str, of: &[Expr], least: usize| {
        let of: Vec<Node> = of.iter().map(|e| over(e, searches)).collect();
        Node { says: says.to_owned(), holds: of.iter().filter(|n| n.holds).count() >= least, value: None, of }
    };
    match expr {
        Expr::Is(n) => searches.get(*n).cloned().unwrap_or_default(),
        Expr::Not(inner) => {
            let inner = over(inner, searches);
            Node { says: "not".to_owned(), holds: !inner.holds, value: None, of: vec![inner] }
        }
        Expr::All(of) => joined("all of", of, of.len()),
        Expr::AtLeast(1, of) => joined("one of", of, 1),
        Expr::AtLeast(n, of) => joined(&format!("{n} of"), of, *n),
    }
}
