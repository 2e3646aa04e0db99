//! Says why a condition came out false: the sub-expression that failed and the values it saw.

use super::compile::Program;
use super::eval::{Frame, eval};
use super::node::{Fold, FoldKind, Node, Op};
use super::text::quoted;
use super::val::{List, Val};

/// How many failing parts are told at most.
const PARTS: usize = 4;

impl Program {
    /// Why the condition is false over `frame`: compact, in the order of the expression, the same every time.
    /// Empty when it is not false.
    pub fn explain<'a>(&'a self, frame: &mut Frame<'a>) -> String {
        frame.refill();
        let mut parts = Vec::new();
        because(&self.root, frame, false, &mut parts);
        parts.dedup();
        parts.truncate(PARTS);
        parts.join("; ")
    }
}

fn is<'a>(node: &'a Node, frame: &mut Frame<'a>, wanted: bool) -> bool {
    matches!(eval(node, frame), Ok(Val::Bool(b)) if b == wanted)
}

/// Collects why `node` came out as `outcome`.
fn because<'a>(node: &'a Node, frame: &mut Frame<'a>, outcome: bool, parts: &mut Vec<String>) {
    if !is(node, frame, outcome) {
        return;
    }
    match &node.op {
        Op::And(a, b) | Op::Or(a, b) => {
            because(a, frame, outcome, parts);
            because(b, frame, outcome, parts);
        }
        Op::Not(x) => because(x, frame, !outcome, parts),
        Op::Choice(c, a, b) => {
            let taken = is(c, frame, true);
            let branch = if taken { a } else { b };
            leaf(c, frame, taken, parts);
            because(branch, frame, outcome, parts);
        }
        Op::Fold(fold) => because_fold(node, fold, frame, outcome, parts),
        _ => leaf(node, frame, outcome, parts),
    }
}

fn because_fold<'a>(node: &'a Node, fold: &'a Fold, frame: &mut Frame<'a>, outcome: bool, parts: &mut Vec<String>) {
    let Ok(Val::List(list)) = eval(&fold.over, frame) else { return leaf(node, frame, outcome, parts) };
    // One element decides `all` when false and `exists` when true; otherwise the whole list does.
    let decisive = match (fold.kind, outcome) {
        (FoldKind::All, false) => false,
        (FoldKind::Exists, true) => true,
        _ => return whole_list(node, &list, fold, outcome, parts),
    };
    for element in list.iter() {
        frame.set(fold.slot, element.clone());
        if is(&fold.body, frame, decisive) {
            if !matches!(element, Val::Record(_)) {
                parts.push(format!("{} is {}", fold.name, quoted(&element)));
            }
            because(&fold.body, frame, decisive, parts);
            return;
        }
    }
}

fn whole_list(node: &Node, list: &List<'_>, fold: &Fold, outcome: bool, parts: &mut Vec<String>) {
    let simple = list.iter().all(|v| !matches!(v, Val::Record(_) | Val::Map(_)));
    let saw = if simple { quoted(&Val::List(list.clone())) } else { format!("{} elements", list.len()) };
    parts.push(format!("`{node}` is {outcome}: {} is {saw}", fold.over));
}

fn leaf<'a>(node: &'a Node, frame: &mut Frame<'a>, outcome: bool, parts: &mut Vec<String>) {
    if node.is_path() {
        parts.push(format!("{node} is {outcome}"));
        return;
    }
    let mut seen = Vec::new();
    values(node, frame, &mut seen);
    seen.dedup();
    let saw = if seen.is_empty() { String::new() } else { format!(": {}", seen.join(", ")) };
    parts.push(format!("`{node}` is {outcome}{saw}"));
}

/// The paths and calls inside a sub-expression, with the values they had.
fn values<'a>(node: &'a Node, frame: &mut Frame<'a>, seen: &mut Vec<String>) {
    match &node.op {
        Op::Literal(_) | Op::Span(_) => {}
        _ if node.is_path() => show(node, frame, seen),
        Op::Call(_, args) => {
            show(node, frame, seen);
            args.iter().filter(|a| !matches!(&a.op, Op::Variable { name, .. } if name == "now")).for_each(|a| {
                if a.is_path() {
                    show(a, frame, seen);
                }
            });
        }
        Op::Compare(_, a, b) | Op::In(a, b) | Op::Arithmetic(_, a, b) => {
            values(a, frame, seen);
            values(b, frame, seen);
        }
        Op::Matches(x, _) | Op::Negate(x) | Op::Not(x) => values(x, frame, seen),
        _ => {}
    }
}

fn show<'a>(node: &'a Node, frame: &mut Frame<'a>, seen: &mut Vec<String>) {
    match eval(node, frame) {
        Ok(Val::Record(_)) | Err(_) => {}
        Ok(Val::List(list)) if list.iter().any(|v| matches!(v, Val::Record(_))) => {
            seen.push(format!("{node} has {} elements", list.len()))
        }
        Ok(value) => seen.push(format!("{node} is {}", quoted(&value))),
    }
}
