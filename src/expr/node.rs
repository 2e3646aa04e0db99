//! A compiled expression: names resolved to places in the frame, fields to positions, functions to variants.

use super::functions::Function;
use super::val::Val;
use super::value::Value;
use regex::Regex;
use std::fmt;

/// One node; `site` numbers the places that can be unknown.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) op: Op,
    pub(super) site: usize,
}

#[derive(Debug)]
pub(super) enum Op {
    Literal(Value),
    /// A span of time in milliseconds.
    Span(i64),
    Variable {
        slot: usize,
        name: String,
    },
    Field {
        of: Box<Node>,
        at: usize,
        name: String,
    },
    /// A field of something whose fields are not known before evaluation.
    Key {
        of: Box<Node>,
        name: String,
    },
    Has {
        of: Box<Node>,
        at: usize,
        name: String,
    },
    Index {
        of: Box<Node>,
        at: Box<Node>,
    },
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Choice(Box<Node>, Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    In(Box<Node>, Box<Node>),
    Arithmetic(Operator, Box<Node>, Box<Node>),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    Fold(Box<Fold>),
    Call(Function, Vec<Node>),
    Matches(Box<Node>, Box<Regex>),
}

/// A comprehension.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) kind: FoldKind,
    pub(super) over: Node,
    pub(super) slot: usize,
    pub(super) name: String,
    /// Condition of a three-argument `map`.
    pub(super) when: Option<Node>,
    pub(super) body: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoldKind {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

impl FoldKind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Exists => "exists",
            Self::ExistsOne => "exists_one",
            Self::Filter => "filter",
            Self::Map => "map",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Comparison {
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

impl Node {
    /// How strongly the printed form binds; parentheses go around anything weaker than its place needs.
    const fn strength(&self) -> u8 {
        match &self.op {
            Op::Choice(..) => 0,
            Op::Or(..) => 1,
            Op::And(..) => 2,
            Op::Compare(..) | Op::In(..) => 3,
            Op::Arithmetic(Operator::Add | Operator::Subtract, ..) => 4,
            Op::Arithmetic(..) => 5,
            Op::Not(_) | Op::Negate(_) => 6,
            _ => 7,
        }
    }

    /// Whether this is a name or a path of fields.
    pub(super) const fn is_path(&self) -> bool {
        matches!(self.op, Op::Variable { .. } | Op::Field { .. } | Op::Key { .. } | Op::Index { .. })
    }
}

/// Prints a node in a place that needs at least `strength`.
struct In<'n>(&'n Node, u8);

impl fmt::Display for In<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.strength() < self.1 { write!(f, "({})", self.0) } else { write!(f, "{}", self.0) }
    }
}

fn list(f: &mut fmt::Formatter<'_>, nodes: &[Node]) -> fmt::Result {
    for (i, node) in nodes.iter().enumerate() {
        write!(f, "{}{node}", if i == 0 { "" } else { ", " })?;
    }
    Ok(())
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.op {
            Op::Literal(v) => f.write_str(&super::text::quoted(&Val::of(v))),
            Op::Span(ms) => write!(f, "duration({:?})", super::text::duration(*ms)),
            Op::Variable { name, .. } => f.write_str(name),
            Op::Field { of, name, .. } | Op::Key { of, name } => write!(f, "{}.{name}", In(of, 7)),
            Op::Has { of, name, .. } => write!(f, "has({}.{name})", In(of, 7)),
            Op::Index { of, at } => write!(f, "{}[{at}]", In(of, 7)),
            Op::Not(x) => write!(f, "!{}", In(x, 6)),
            Op::Negate(x) => write!(f, "-{}", In(x, 6)),
            Op::And(a, b) => write!(f, "{} && {}", In(a, 2), In(b, 2)),
            Op::Or(a, b) => write!(f, "{} || {}", In(a, 1), In(b, 1)),
            Op::Choice(c, a, b) => write!(f, "{} ? {} : {}", In(c, 1), In(a, 1), In(b, 0)),
            Op::Compare(op, a, b) => write!(f, "{} {} {}", In(a, 4), op.sign(), In(b, 4)),
            Op::In(a, b) => write!(f, "{} in {}", In(a, 4), In(b, 4)),
            Op::Arithmetic(op, a, b) => {
                write!(f, "{} {} {}", In(a, self.strength()), op.sign(), In(b, self.strength() + 1))
            }
            Op::List(nodes) => {
                f.write_str("[")?;
                list(f, nodes)?;
                f.write_str("]")
            }
            Op::Map(entries) => {
                f.write_str("{")?;
                for (i, (k, v)) in entries.iter().enumerate() {
                    write!(f, "{}{k}: {v}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
            Op::Fold(fold) => print_fold(f, fold),
            Op::Call(function, args) => {
                write!(f, "{}(", function.name())?;
                list(f, args)?;
                f.write_str(")")
            }
            Op::Matches(x, regex) => write!(f, "{}.matches({:?})", In(x, 7), regex.as_str()),
        }
    }
}

fn print_fold(f: &mut fmt::Formatter<'_>, fold: &Fold) -> fmt::Result {
    write!(f, "{}.{}({}, ", In(&fold.over, 7), fold.kind.word(), fold.name)?;
    if let Some(when) = &fold.when {
        write!(f, "{when}, ")?;
    }
    write!(f, "{})", fold.body)
}
