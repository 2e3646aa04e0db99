//! Evaluates compiled expressions with three truth values and a step budget.
//!
//! INVARIANT: nothing here recurses deeper than the expression nests, and every element visited costs a step.

use super::compile::Program;
use super::functions::{Function, compare, has};
use super::node::{Comparison, Fold, FoldKind, Node, Op, Operator};
use super::val::{List, Val};
use super::value::Value;
use crate::clock::Timestamp;
use chrono::TimeDelta;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Steps one evaluation may take; about a quarter of a second.
pub const STEP_LIMIT: u64 = 10_000_000;
/// Longest text an expression may build, in bytes.
const TEXT_LIMIT_BYTES: usize = 64 * 1024;
/// Longest list an expression may build, in elements.
const LIST_LIMIT: usize = 1_000_000;

/// The values of the names in scope, in the order of the scope.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    slots: Vec<Val<'a>>,
    steps_left: u64,
}

impl<'a> Frame<'a> {
    /// A frame with the values of a scope's names, in its order.
    pub const fn new(values: Vec<Val<'a>>) -> Self {
        Self { slots: values, steps_left: STEP_LIMIT }
    }

    /// Sets the value of the name at `slot`.
    pub fn set(&mut self, slot: usize, value: Val<'a>) {
        if self.slots.len() <= slot {
            self.slots.resize(slot + 1, Val::Absent);
        }
        if let Some(place) = self.slots.get_mut(slot) {
            *place = value;
        }
    }

    fn get(&self, slot: usize) -> Val<'a> {
        self.slots.get(slot).cloned().unwrap_or(Val::Absent)
    }

    fn step(&mut self, count: usize) -> Result<(), Stop> {
        self.steps_left = self.steps_left.checked_sub(count as u64).ok_or(Stop::Spent)?;
        Ok(())
    }

    pub(super) const fn refill(&mut self) {
        self.steps_left = STEP_LIMIT;
    }
}

/// Why a place has no usable value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The evidence does not have it.
    Missing,
    /// It is known to be none, but a value is needed.
    Null,
    /// There is no such element.
    NoElement,
    /// The result does not fit into a number, text or list.
    Overflow,
    /// Division by zero.
    Zero,
    /// It is not what is needed, which is named.
    Kind(&'static str),
}

/// A place without a usable value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// Its path, e.g. `users[].mfa_enforced`; for computed values the expression.
    pub path: String,
    /// Why.
    pub why: Why,
}

/// The step budget was spent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{source_text}` takes more than {STEP_LIMIT} steps; make the expression simpler, or check element by element with `each`"
)]
pub struct Spent {
    /// The expression.
    pub source_text: String,
}

/// What an expression comes to.
#[derive(Clone, Debug)]
pub enum Outcome<'a> {
    /// A value.
    Value(Val<'a>),
    /// It cannot be known; lists what is missing, without repetition, in order.
    Unknown(Vec<Missing>),
}

/// What a condition comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It cannot be known; lists what is missing.
    Unknown(Vec<Missing>),
}

/// Places (by site number) and why they have no value.
pub(super) type Reasons = BTreeSet<(usize, Why)>;

#[derive(Debug)]
pub(super) enum Stop {
    Unknown(Box<Reasons>),
    Spent,
}

type Step<'a> = Result<Val<'a>, Stop>;

fn unknown(site: usize, why: Why) -> Stop {
    Stop::Unknown(Box::new(Reasons::from([(site, why)])))
}

/// Merges two stops; a spent budget wins.
fn both(a: Stop, b: Stop) -> Stop {
    match (a, b) {
        (Stop::Unknown(mut a), Stop::Unknown(b)) => {
            a.extend(*b);
            Stop::Unknown(a)
        }
        _ => Stop::Spent,
    }
}

impl Program {
    /// Evaluates over `frame`, whose values must be in the order of the program's scope.
    pub fn run<'a>(&'a self, frame: &mut Frame<'a>) -> Result<Outcome<'a>, Spent> {
        frame.refill();
        match eval(&self.root, frame) {
            Ok(value) => Ok(Outcome::Value(value)),
            Err(Stop::Unknown(reasons)) => Ok(Outcome::Unknown(self.named(&reasons))),
            Err(Stop::Spent) => Err(Spent { source_text: self.source().to_owned() }),
        }
    }

    /// Evaluates a condition.
    pub fn test<'a>(&'a self, frame: &mut Frame<'a>) -> Result<Truth, Spent> {
        frame.refill();
        match truth(&self.root, frame) {
            Ok(true) => Ok(Truth::True),
            Ok(false) => Ok(Truth::False),
            Err(Stop::Unknown(reasons)) => Ok(Truth::Unknown(self.named(&reasons))),
            Err(Stop::Spent) => Err(Spent { source_text: self.source().to_owned() }),
        }
    }

    fn named(&self, reasons: &Reasons) -> Vec<Missing> {
        let place = |site: usize| self.sites.get(site).cloned().unwrap_or_else(|| self.source().to_owned());
        let named: BTreeSet<Missing> = reasons.iter().map(|&(site, why)| Missing { path: place(site), why }).collect();
        named.into_iter().collect()
    }
}

/// Evaluates one node.
pub(super) fn eval<'a>(node: &'a Node, frame: &mut Frame<'a>) -> Step<'a> {
    frame.step(1)?;
    match &node.op {
        Op::Literal(v) => Ok(Val::of(v)),
        Op::Span(ms) => Ok(Val::Duration(*ms)),
        Op::Variable { slot, .. } => present(frame.get(*slot), node.site),
        Op::Field { of, at, .. } => match eval(of, frame)? {
            Val::Record(slots) => present(slots.get(*at).map_or(Val::Absent, Val::of), node.site),
            other => Err(not_a_record(of, &other)),
        },
        Op::Key { of, name } => entry(eval(of, frame)?, &Val::Text(Cow::Borrowed(name)), node),
        Op::Has { of, at, .. } => match eval(of, frame)? {
            Val::Record(slots) => Ok(Val::Bool(!matches!(slots.get(*at), None | Some(Value::Absent)))),
            other => Err(not_a_record(of, &other)),
        },
        Op::Index { of, at } => {
            let of = eval(of, frame)?;
            let at = eval(at, frame)?;
            entry(of, &at, node)
        }
        Op::Not(x) => truth(x, frame).map(|b| Val::Bool(!b)),
        Op::Negate(x) => negate(eval(x, frame)?, node.site),
        Op::And(a, b) => connect(a, b, frame, false).map(Val::Bool),
        Op::Or(a, b) => connect(a, b, frame, true).map(Val::Bool),
        Op::Choice(c, a, b) => {
            if truth(c, frame)? {
                eval(a, frame)
            } else {
                eval(b, frame)
            }
        }
        Op::Compare(op, a, b) => {
            let (a, b) = pair(a, b, frame)?;
            compared(*op, &a, &b).map(Val::Bool).map_err(|why| unknown(node.site, why))
        }
        Op::In(a, b) => {
            let (a, b) = pair(a, b, frame)?;
            contains(&a, &b, frame, node.site)
        }
        Op::Arithmetic(op, a, b) => {
            let (a, b) = pair(a, b, frame)?;
            arithmetic(*op, a, b).map_err(|why| unknown(node.site, why))
        }
        Op::List(nodes) => all_of(nodes.iter(), frame).map(|v| Val::List(List::of(v))),
        Op::Map(entries) => {
            let keys = all_of(entries.iter().map(|(k, _)| k), frame)?;
            let values = all_of(entries.iter().map(|(_, v)| v), frame)?;
            Ok(Val::Map(Arc::new(keys.into_iter().zip(values).collect())))
        }
        Op::Fold(fold) => run_fold(fold, frame, node.site),
        Op::Call(function, nodes) => call(*function, nodes, frame, node.site),
        Op::Matches(x, regex) => match eval(x, frame)? {
            Val::Text(t) => {
                frame.step(t.len() / 8)?;
                Ok(Val::Bool(regex.is_match(&t)))
            }
            Val::Null => Err(unknown(x.site, Why::Null)),
            _ => Err(unknown(x.site, Why::Kind("text"))),
        },
    }
}

fn present(value: Val<'_>, site: usize) -> Step<'_> {
    if matches!(value, Val::Absent) { Err(unknown(site, Why::Missing)) } else { Ok(value) }
}

fn not_a_record(of: &Node, found: &Val<'_>) -> Stop {
    unknown(of.site, if matches!(found, Val::Null) { Why::Null } else { Why::Kind("a record") })
}

/// The evidence at a path of plain fields, without copying anything; `None` where the path leads nowhere.
fn peek<'a>(node: &'a Node, frame: &Frame<'a>) -> Option<&'a Value> {
    let Op::Field { of, at, .. } = &node.op else { return None };
    match &of.op {
        Op::Variable { slot, .. } => match frame.slots.get(*slot) {
            Some(Val::Record(slots)) => slots.get(*at),
            _ => None,
        },
        _ => match peek(of, frame) {
            Some(Value::Record(slots)) => slots.get(*at),
            _ => None,
        },
    }
}

/// Equality of a path with a literal, the most common comparison; `None` where the general way must decide.
fn quick_equal<'a>(a: &'a Node, b: &'a Node, frame: &Frame<'a>) -> Option<bool> {
    let Op::Literal(literal) = &b.op else { return None };
    match (peek(a, frame)?, literal) {
        (Value::Absent, _) => None,
        (Value::Text(a), Value::Text(b)) => Some(a == b),
        (Value::Int(a), Value::Int(b)) => Some(a == b),
        (Value::Null, Value::Null) => Some(true),
        (_, Value::Null) | (Value::Null, _) => Some(false),
        _ => None,
    }
}

/// A condition; null and other values are unknown.
fn truth<'a>(node: &'a Node, frame: &mut Frame<'a>) -> Result<bool, Stop> {
    match &node.op {
        Op::Field { .. } => {
            if let Some(Value::Bool(b)) = peek(node, frame) {
                frame.step(1)?;
                return Ok(*b);
            }
        }
        Op::Compare(op @ (Comparison::Equal | Comparison::Unequal), a, b) => {
            if let Some(equal) = quick_equal(a, b, frame) {
                frame.step(3)?;
                return Ok(equal == (*op == Comparison::Equal));
            }
        }
        Op::Not(x) => {
            frame.step(1)?;
            return truth(x, frame).map(|b| !b);
        }
        Op::And(a, b) | Op::Or(a, b) => {
            frame.step(1)?;
            return connect(a, b, frame, matches!(node.op, Op::Or(..)));
        }
        _ => {}
    }
    match eval(node, frame)? {
        Val::Bool(b) => Ok(b),
        Val::Null => Err(unknown(node.site, Why::Null)),
        _ => Err(unknown(node.site, Why::Kind("true or false"))),
    }
}

/// `&&` (decided by false) and `||` (decided by true): a decisive side wins over an unknown one, whichever comes first.
fn connect<'a>(a: &'a Node, b: &'a Node, frame: &mut Frame<'a>, decisive: bool) -> Result<bool, Stop> {
    let a = match truth(a, frame) {
        Ok(value) if value == decisive => return Ok(decisive),
        Err(Stop::Spent) => return Err(Stop::Spent),
        other => other,
    };
    match (a, truth(b, frame)) {
        (_, Ok(value)) if value == decisive => Ok(decisive),
        (Ok(_), Ok(_)) => Ok(!decisive),
        (Err(a), Err(b)) => Err(both(a, b)),
        (Err(stop), Ok(_)) | (Ok(_), Err(stop)) => Err(stop),
    }
}

/// Both operands; when both are unknown, so that all gaps are told at once, the union of their reasons.
fn pair<'a>(a: &'a Node, b: &'a Node, frame: &mut Frame<'a>) -> Result<(Val<'a>, Val<'a>), Stop> {
    match (eval(a, frame), eval(b, frame)) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(a), Err(b)) => Err(both(a, b)),
        (Err(stop), Ok(_)) | (Ok(_), Err(stop)) => Err(stop),
    }
}

fn all_of<'a>(nodes: impl Iterator<Item = &'a Node>, frame: &mut Frame<'a>) -> Result<Vec<Val<'a>>, Stop> {
    let mut values = Vec::new();
    let mut stop: Option<Stop> = None;
    for node in nodes {
        match eval(node, frame) {
            Ok(value) => values.push(value),
            Err(new) => stop = Some(merged(stop, new)),
        }
    }
    stop.map_or(Ok(values), Err)
}

fn merged(old: Option<Stop>, new: Stop) -> Stop {
    match old {
        Some(old) => both(old, new),
        None => new,
    }
}

fn entry<'a>(of: Val<'a>, at: &Val<'a>, node: &Node) -> Step<'a> {
    let found = match (&of, at) {
        (Val::Null, _) | (_, Val::Null) => return Err(unknown(node.site, Why::Null)),
        (Val::List(list), Val::Int(i)) => usize::try_from(*i).ok().and_then(|i| list.get(i)),
        (Val::Map(entries), key) => entries.iter().find(|(k, _)| k.equals(key)).map(|(_, v)| v.clone()),
        _ => return Err(unknown(node.site, Why::Kind("a list or a map"))),
    };
    found.ok_or_else(|| unknown(node.site, Why::NoElement))
}

fn negate(value: Val<'_>, site: usize) -> Step<'_> {
    let negated = match value {
        Val::Int(i) => i.checked_neg().map(Val::Int).ok_or(Why::Overflow),
        Val::Double(d) => Ok(Val::Double(-d)),
        Val::Duration(ms) => ms.checked_neg().map(Val::Duration).ok_or(Why::Overflow),
        Val::Null => Err(Why::Null),
        _ => Err(Why::Kind("a number")),
    };
    negated.map_err(|why| unknown(site, why))
}

fn compared(op: Comparison, a: &Val<'_>, b: &Val<'_>) -> Result<bool, Why> {
    Ok(match op {
        Comparison::Equal => a.equals(b),
        Comparison::Unequal => !a.equals(b),
        Comparison::Less => compare(a, b)? == Ordering::Less,
        Comparison::AtMost => compare(a, b)? != Ordering::Greater,
        Comparison::Greater => compare(a, b)? == Ordering::Greater,
        Comparison::AtLeast => compare(a, b)? != Ordering::Less,
    })
}

fn contains<'a>(wanted: &Val<'a>, within: &Val<'a>, frame: &mut Frame<'a>, site: usize) -> Step<'a> {
    match within {
        Val::List(list) => {
            frame.step(list.len() / 4)?;
            Ok(Val::Bool(has(list, wanted)))
        }
        Val::Map(entries) => Ok(Val::Bool(entries.iter().any(|(k, _)| k.equals(wanted)))),
        Val::Null => Err(unknown(site, Why::Null)),
        _ => Err(unknown(site, Why::Kind("a list or a map"))),
    }
}

fn arithmetic<'a>(op: Operator, a: Val<'a>, b: Val<'a>) -> Result<Val<'a>, Why> {
    use Operator::{Add, Subtract};
    match (op, a, b) {
        (_, Val::Null, _) | (_, _, Val::Null) => Err(Why::Null),
        (_, Val::Int(a), Val::Int(b)) => integers(op, a, b).map(Val::Int),
        (Add, Val::Text(a), Val::Text(b)) if a.len() + b.len() <= TEXT_LIMIT_BYTES => {
            Ok(Val::Text(Cow::Owned(format!("{a}{b}"))))
        }
        (Add, Val::List(a), Val::List(b)) if a.len() + b.len() <= LIST_LIMIT => {
            Ok(Val::List(List::of(a.iter().chain(b.iter()).collect())))
        }
        (Add, Val::Text(_), Val::Text(_)) | (Add, Val::List(_), Val::List(_)) => Err(Why::Overflow),
        (Add, Val::Duration(a), Val::Duration(b)) => a.checked_add(b).map(Val::Duration).ok_or(Why::Overflow),
        (Subtract, Val::Duration(a), Val::Duration(b)) => a.checked_sub(b).map(Val::Duration).ok_or(Why::Overflow),
        (Add, Val::Duration(span), time) | (Add, time, Val::Duration(span)) => moved(&time, Some(span)),
        (Subtract, time, Val::Duration(span)) => moved(&time, span.checked_neg()),
        (op, a, b) => match (a.time_millis(), b.time_millis(), a.number(), b.number()) {
            (Some(a), Some(b), ..) if op == Subtract => Ok(Val::Duration(a - b)),
            (.., Some(a), Some(b)) => doubles(op, a, b),
            _ => Err(Why::Kind("two numbers")),
        },
    }
}

fn integers(op: Operator, a: i64, b: i64) -> Result<i64, Why> {
    let result = match op {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide | Operator::Remainder if b == 0 => return Err(Why::Zero),
        Operator::Divide => a.checked_div(b),
        Operator::Remainder => a.checked_rem(b),
    };
    result.ok_or(Why::Overflow)
}

fn doubles<'a>(op: Operator, a: f64, b: f64) -> Result<Val<'a>, Why> {
    let result = match op {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide if b == 0.0 => return Err(Why::Zero),
        Operator::Divide => a / b,
        Operator::Remainder => return Err(Why::Kind("two whole numbers")),
    };
    if result.is_finite() { Ok(Val::Double(result)) } else { Err(Why::Overflow) }
}

fn moved<'a>(time: &Val<'_>, by_ms: Option<i64>) -> Result<Val<'a>, Why> {
    let at = time.time_millis().and_then(Timestamp::from_millis).ok_or(Why::Kind("an instant"))?;
    by_ms.and_then(TimeDelta::try_milliseconds).and_then(|d| at.plus(d)).map(Val::Instant).ok_or(Why::Overflow)
}

fn call<'a>(function: Function, nodes: &'a [Node], frame: &mut Frame<'a>, site: usize) -> Step<'a> {
    let args = all_of(nodes.iter(), frame)?;
    let weight = |v: &Val<'_>| match v {
        Val::List(l) => l.len(),
        Val::Text(t) => t.len() / 16,
        _ => 0,
    };
    match (function, args.as_slice()) {
        (Function::Subset | Function::Overlap, [a, b]) => frame.step(weight(a).saturating_mul(weight(b)) / 2)?,
        (Function::Size, [Val::List(_)]) => {}
        (_, args) => frame.step(args.iter().map(weight).sum())?,
    }
    let place = match nodes.first() {
        Some(only) if only.is_path() => only.site,
        _ => site,
    };
    function.apply(&args).map_err(|why| unknown(place, why))
}

fn run_fold<'a>(fold: &'a Fold, frame: &mut Frame<'a>, site: usize) -> Step<'a> {
    let list = match eval(&fold.over, frame)? {
        Val::List(list) => list,
        Val::Map(entries) => List::of(entries.iter().map(|(k, _)| k.clone()).collect()),
        Val::Null => return Err(unknown(fold.over.site, Why::Null)),
        _ => return Err(unknown(fold.over.site, Why::Kind("a list"))),
    };
    match fold.kind {
        FoldKind::All => quantify(fold, &list, frame, false),
        FoldKind::Exists => quantify(fold, &list, frame, true),
        FoldKind::ExistsOne => exactly_one(fold, &list, frame),
        FoldKind::Filter | FoldKind::Map => gather(fold, &list, frame, site),
    }
}

/// `all` (decided by a false element) and `exists` (decided by a true one).
fn quantify<'a>(fold: &'a Fold, list: &List<'a>, frame: &mut Frame<'a>, decisive: bool) -> Step<'a> {
    let mut stop: Option<Stop> = None;
    for element in list.iter() {
        frame.set(fold.slot, element);
        match truth(&fold.body, frame) {
            Ok(value) if value == decisive => return Ok(Val::Bool(decisive)),
            Ok(_) => {}
            Err(Stop::Spent) => return Err(Stop::Spent),
            Err(new) => stop = Some(merged(stop, new)),
        }
    }
    stop.map_or(Ok(Val::Bool(!decisive)), Err)
}

/// `exists_one`: as in CEL, unknown as soon as one element is.
fn exactly_one<'a>(fold: &'a Fold, list: &List<'a>, frame: &mut Frame<'a>) -> Step<'a> {
    let mut count = 0;
    let mut stop: Option<Stop> = None;
    for element in list.iter() {
        frame.set(fold.slot, element);
        match truth(&fold.body, frame) {
            Ok(true) => count += 1,
            Ok(false) => {}
            Err(Stop::Spent) => return Err(Stop::Spent),
            Err(new) => stop = Some(merged(stop, new)),
        }
    }
    stop.map_or(Ok(Val::Bool(count == 1)), Err)
}

/// `filter` and `map`: unknown as soon as one element is.
fn gather<'a>(fold: &'a Fold, list: &List<'a>, frame: &mut Frame<'a>, site: usize) -> Step<'a> {
    if list.len() > LIST_LIMIT {
        return Err(unknown(site, Why::Overflow));
    }
    let mut made = Vec::new();
    let mut stop: Option<Stop> = None;
    for element in list.iter() {
        frame.set(fold.slot, element.clone());
        let kept = match (fold.kind, &fold.when) {
            (FoldKind::Filter, _) => truth(&fold.body, frame).map(|b| b.then_some(element)),
            (_, Some(when)) => {
                truth(when, frame).and_then(|b| if b { eval(&fold.body, frame).map(Some) } else { Ok(None) })
            }
            (_, None) => eval(&fold.body, frame).map(Some),
        };
        match kept {
            Ok(kept) => made.extend(kept),
            Err(Stop::Spent) => return Err(Stop::Spent),
            Err(new) => stop = Some(merged(stop, new)),
        }
    }
    stop.map_or_else(|| Ok(Val::List(List::of(made))), Err)
}
