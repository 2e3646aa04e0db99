//! From text to a checked expression: parses with the `cel` crate, resolves names, checks types.

use super::error::ExprError;
use super::functions::{Function, element};
use super::node::{Comparison, Fold, FoldKind, Node, Op, Operator};
use super::shape::{Record, Shape, Type};
use super::typing::{comparable, joined, ordered};
use super::value::Value;
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Longest expression, in bytes (T37).
pub const SOURCE_LIMIT_BYTES: usize = 4 * 1024;
/// How deep comprehensions may stand inside one another: one inside another, no third (T37).
const FOLD_DEPTH: usize = 2;
/// Largest compiled regular expression, in bytes.
const REGEX_LIMIT_BYTES: usize = 1 << 20;

/// A name an expression may use.
#[derive(Clone, Debug)]
struct Name {
    name: String,
    shape: Arc<Shape>,
    /// What a missing field of it is reported as, e.g. `users[]`.
    origin: String,
}

/// Where a name's values come from, for reporting what is missing.
pub type Origin = str;

/// The names an expression may use, in the order of the frame it is evaluated over.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    names: Vec<Name>,
}

impl Scope {
    /// Adds a name; its values stand in the frame at the returned slot. `origin` is how missing fields are reported.
    pub fn add(&mut self, name: &str, shape: Shape, origin: &Origin) -> usize {
        self.names.push(Name { name: name.to_owned(), shape: Arc::new(shape), origin: origin.to_owned() });
        self.names.len() - 1
    }

    /// Whether there is such a name.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|n| n.name == name)
    }

    /// How many names there are.
    pub const fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The slot and shape of a name; the latest of that name counts.
    pub fn find(&self, name: &str) -> Option<(usize, &Shape)> {
        let slot = self.names.iter().rposition(|n| n.name == name)?;
        self.names.get(slot).map(|n| (slot, n.shape.as_ref()))
    }
}

/// A compiled expression.
#[derive(Debug)]
pub struct Program {
    pub(super) root: Node,
    pub(super) sites: Vec<String>,
    source: String,
    ty: Type,
    origin: Option<String>,
    roots: BTreeSet<String>,
    paths: BTreeSet<String>,
}

impl Program {
    /// Compiles `source` over the names of `scope`.
    pub fn compile(source: &str, scope: &Scope) -> Result<Self, ExprError> {
        if source.len() > SOURCE_LIMIT_BYTES {
            return Err(ExprError::TooLong { size_bytes: source.len(), limit_bytes: SOURCE_LIMIT_BYTES });
        }
        let syntax = |reason: String| ExprError::Syntax { source_text: source.to_owned(), reason };
        // An environment without macros: comprehensions stay the calls they are written as.
        let ast = cel::Env::default().parser().parse(source).map_err(|e| {
            let first = e.errors.first().map_or_else(|| "it cannot be read".to_owned(), |e| e.msg.clone());
            syntax(first.trim_start_matches("Syntax error: ").to_owned())
        })?;
        let mut compiler = Compiler { scope: scope.clone(), ..Compiler::default() };
        let typed =
            compiler.node(&ast).map_err(|reason| ExprError::Meaning { source_text: source.to_owned(), reason })?;
        Ok(Self {
            root: typed.node,
            sites: compiler.sites,
            source: source.to_owned(),
            ty: typed.ty,
            origin: typed.origin,
            roots: compiler.roots,
            paths: compiler.paths,
        })
    }

    /// Compiles a condition: anything but true or false is an error.
    pub fn condition(source: &str, scope: &Scope) -> Result<Self, ExprError> {
        let program = Self::compile(source, scope)?;
        match program.ty {
            Type::Bool | Type::Dynamic => Ok(program),
            ref ty => Err(ExprError::Meaning {
                source_text: source.to_owned(),
                reason: format!("a condition must be true or false, but this is {}", ty.words()),
            }),
        }
    }

    /// The expression as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its type.
    pub const fn ty(&self) -> &Type {
        &self.ty
    }

    /// For a path into the evidence, where it leads, e.g. `users[].roles`.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// The names of the scope that it uses.
    pub const fn names(&self) -> &BTreeSet<String> {
        &self.roots
    }

    /// Every path it reads, as reported when missing, e.g. `users[].roles`, `params.exempt`.
    pub const fn paths(&self) -> &BTreeSet<String> {
        &self.paths
    }
}

/// Prints the expression in one spelling, whatever spelling it was written in.
impl std::fmt::Display for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.root.fmt(f)
    }
}

/// A compiled node with what is known of its value.
struct Typed {
    node: Node,
    ty: Type,
    origin: Option<String>,
    allowed: Vec<String>,
}

type Compiled = Result<Typed, String>;

#[derive(Default)]
struct Compiler {
    scope: Scope,
    sites: Vec<String>,
    fold_depth: usize,
    roots: BTreeSet<String>,
    paths: BTreeSet<String>,
    locals: usize,
}

impl Compiler {
    fn site(&mut self, text: String) -> usize {
        self.sites.push(text);
        self.sites.len() - 1
    }

    /// A node that is not a path: its site is named by its printed form.
    fn plain(&mut self, op: Op, ty: Type) -> Typed {
        let mut node = Node { op, site: 0 };
        node.site = self.site(node.to_string());
        Typed { node, ty, origin: None, allowed: Vec::new() }
    }

    /// A node that is a path leading to a place of `shape`.
    fn path(&mut self, op: Op, shape: &Shape, origin: Option<String>) -> Typed {
        let mut typed = self.plain(op, shape.ty.clone());
        if let Some(origin) = &origin {
            typed.node.site = self.site(origin.clone());
            self.paths.insert(origin.clone());
        }
        Typed { origin, allowed: shape.allowed.clone(), ..typed }
    }

    fn node(&mut self, ast: &IdedExpr) -> Compiled {
        match &ast.expr {
            Expr::Literal(literal) => self.literal(literal),
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                let nodes = list.elements.iter().map(|e| self.node(e)).collect::<Result<Vec<_>, _>>()?;
                let ty = nodes.iter().map(|n| n.ty.clone()).reduce(|a, b| joined(&a, &b)).unwrap_or(Type::Dynamic);
                Ok(self.plain(Op::List(nodes.into_iter().map(|n| n.node).collect()), Type::list_of(ty)))
            }
            Expr::Map(map) => {
                let mut entries = Vec::new();
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else {
                        return Err("this map cannot be read".to_owned());
                    };
                    entries.push((self.node(&entry.key)?.node, self.node(&entry.value)?.node));
                }
                Ok(self.plain(Op::Map(entries), Type::Map))
            }
            Expr::Struct(_) => Err("messages are not part of the language".to_owned()),
            Expr::Comprehension(_) | Expr::Unspecified => Err("this expression cannot be read".to_owned()),
        }
    }

    fn literal(&mut self, literal: &LiteralValue) -> Compiled {
        let (value, ty) = match literal {
            LiteralValue::Boolean(b) => (Value::Bool(*b.inner()), Type::Bool),
            LiteralValue::Int(i) => (Value::Int(*i.inner()), Type::Int),
            LiteralValue::Double(d) => (Value::Double(*d.inner()), Type::Double),
            LiteralValue::String(s) => (Value::text(s.inner()), Type::Text),
            LiteralValue::Null => (Value::Null, Type::Null),
            LiteralValue::UInt(_) | LiteralValue::Bytes(_) => {
                return Err("unsigned numbers and bytes are not part of the language".to_owned());
            }
        };
        Ok(self.plain(Op::Literal(value), ty))
    }

    fn name(&mut self, name: &str) -> Compiled {
        let Some(slot) = self.scope.names.iter().rposition(|n| n.name == name) else {
            let known: Vec<_> = self.scope.names.iter().map(|n| n.name.as_str()).collect();
            return Err(format!("there is no `{name}`{}", nearest(name, &known)));
        };
        let Some(found) = self.scope.names.get(slot).cloned() else { return Err(format!("there is no `{name}`")) };
        self.roots.insert(name.to_owned());
        Ok(self.path(Op::Variable { slot, name: name.to_owned() }, &found.shape, Some(found.origin)))
    }

    fn select(&mut self, select: &SelectExpr) -> Compiled {
        if select.test {
            return self.has(&select.operand, &select.field);
        }
        let of = self.node(&select.operand)?;
        match of.ty.clone() {
            Type::Record(record) => {
                let (at, shape) = field(&record, &select.field, &of.node)?;
                let origin = of.origin.map(|o| format!("{o}.{}", select.field));
                Ok(self.path(Op::Field { of: Box::new(of.node), at, name: select.field.clone() }, &shape, origin))
            }
            Type::Dynamic | Type::Map => {
                let origin = of.origin.map(|o| format!("{o}.{}", select.field));
                Ok(self.path(
                    Op::Key { of: Box::new(of.node), name: select.field.clone() },
                    &Shape::of(Type::Dynamic),
                    origin,
                ))
            }
            other => Err(format!("`{}` is {} and has no field `{}`", of.node, other.words(), select.field)),
        }
    }

    fn has(&mut self, of: &IdedExpr, name: &str) -> Compiled {
        let of = self.node(of)?;
        let Type::Record(record) = of.ty.clone() else {
            return Err(format!("has() needs a field of a record, but `{}` is {}", of.node, of.ty.words()));
        };
        let (at, _) = field(&record, name, &of.node)?;
        if let Some(origin) = &of.origin {
            self.paths.insert(format!("{origin}.{name}"));
        }
        Ok(self.plain(Op::Has { of: Box::new(of.node), at, name: name.to_owned() }, Type::Bool))
    }

    fn call(&mut self, call: &CallExpr) -> Compiled {
        match (&call.target, call.func_name.as_str(), call.args.as_slice()) {
            (None, "has", [IdedExpr { expr: Expr::Select(select), .. }]) => self.has(&select.operand, &select.field),
            (None, "has", _) => Err("has() needs a field, as in has(user.owner)".to_owned()),
            // The parser names operators with signs that no function's name has, as in `_&&_` and `@in`.
            (None, operator, args) if !operator.starts_with(char::is_alphabetic) => self.operator(operator, args),
            (Some(over), name, args) if fold_kind(name).is_some() => self.fold(over, name, args),
            (Some(text), "matches", [pattern]) => self.matches(text, pattern),
            (target, name, args) => self.function(target.as_deref(), name, args),
        }
    }

    fn function(&mut self, target: Option<&IdedExpr>, name: &str, args: &[IdedExpr]) -> Compiled {
        let Some((function, arity)) = Function::find(name, target.is_some()) else {
            return Err(format!(
                "there is no function `{name}()`{}",
                if target.is_some() { " to be called with a dot" } else { "" }
            ));
        };
        let typed = target.into_iter().chain(args).map(|a| self.node(a)).collect::<Result<Vec<_>, _>>()?;
        if typed.len() != arity {
            return Err(format!("{name}() takes {arity} argument(s), not {}", typed.len()));
        }
        let types: Vec<_> = typed.iter().map(|t| t.ty.clone()).collect();
        let ty = function.result(&types)?;
        let mut nodes: Vec<_> = typed.into_iter().map(|t| t.node).collect();
        if let (Function::Duration, [Node { op: Op::Literal(Value::Text(text)), .. }]) = (function, nodes.as_slice()) {
            let span = super::text::parse_duration(text)
                .ok_or_else(|| format!("{text:?} is not a duration such as \"36h\""))?;
            return Ok(self.plain(Op::Span(span), Type::Duration));
        }
        if let (Function::Timestamp, [Node { op: Op::Literal(Value::Text(text)), .. }]) = (function, nodes.as_slice()) {
            let at = text.parse().map_err(|e| format!("{e}"))?;
            return Ok(self.plain(Op::Literal(Value::Instant(at)), Type::Instant));
        }
        let printed = self.plain(Op::Call(function, Vec::new()), ty);
        if function == Function::AgeDays {
            nodes.push(self.name("now")?.node);
        }
        let mut node = Node { op: Op::Call(function, nodes), ..printed.node };
        node.site = self.site(node.to_string());
        Ok(Typed { node, ..printed })
    }

    fn matches(&mut self, text: &IdedExpr, pattern: &IdedExpr) -> Compiled {
        let text = self.node(text)?;
        if !matches!(text.ty, Type::Text | Type::Dynamic) {
            return Err(format!("matches() needs text, but `{}` is {}", text.node, text.ty.words()));
        }
        let Expr::Literal(LiteralValue::String(pattern)) = &pattern.expr else {
            return Err("the pattern of matches() must be written out, not computed".to_owned());
        };
        let regex = regex::RegexBuilder::new(pattern.inner())
            .size_limit(REGEX_LIMIT_BYTES)
            .build()
            .map_err(|e| format!("{:?} is not a regular expression: {e}", pattern.inner()))?;
        Ok(self.plain(Op::Matches(Box::new(text.node), Box::new(regex)), Type::Bool))
    }

    fn fold(&mut self, over: &IdedExpr, name: &str, args: &[IdedExpr]) -> Compiled {
        let kind = fold_kind(name).ok_or("unknown comprehension")?;
        let (variable, when, body) = match args {
            [IdedExpr { expr: Expr::Ident(v), .. }, body] => (v, None, body),
            [IdedExpr { expr: Expr::Ident(v), .. }, when, body] if kind == FoldKind::Map => (v, Some(when), body),
            _ => return Err(format!("{name}() needs a name and a condition, as in list.{name}(x, x > 1)")),
        };
        let over = self.node(over)?;
        let shape = match &over.ty {
            Type::List(_) | Type::Dynamic => element(&over.ty),
            Type::Map => Arc::new(Shape::of(Type::Dynamic)),
            other => return Err(format!("{name}() needs a list, but `{}` is {}", over.node, other.words())),
        };
        if self.scope.has(variable) {
            return Err(format!("the name `{variable}` is already taken; choose another in {name}()"));
        }
        self.fold_depth += 1;
        if self.fold_depth > FOLD_DEPTH {
            return Err("a comprehension inside a comprehension inside a comprehension is not allowed".to_owned());
        }
        let origin = over.origin.as_ref().map_or_else(|| variable.clone(), |o| format!("{o}[]"));
        let slot = self.scope.add(variable, shape.as_ref().clone(), &origin);
        let when = when.map(|w| self.boolean(w)).transpose()?;
        let body = if kind == FoldKind::Map { self.node(body)? } else { self.boolean(body)? };
        // The slot stays reserved (frames grow), but the name ends here.
        if let Some(name) = self.scope.names.get_mut(slot) {
            self.locals += 1;
            name.name = format!("({})", self.locals);
        }
        self.roots.remove(variable);
        self.fold_depth -= 1;
        let (ty, kept) = match kind {
            FoldKind::Filter => (over.ty.clone(), over.origin.clone()),
            FoldKind::Map => (Type::list_of(body.ty.clone()), None),
            _ => (Type::Bool, None),
        };
        let fold =
            Fold { kind, over: over.node, slot, name: variable.clone(), when: when.map(|w| w.node), body: body.node };
        let typed = self.plain(Op::Fold(Box::new(fold)), ty);
        Ok(Typed { origin: kept, ..typed })
    }

    fn boolean(&mut self, ast: &IdedExpr) -> Compiled {
        let typed = self.node(ast)?;
        match typed.ty {
            Type::Bool | Type::Dynamic => Ok(typed),
            ref other => Err(format!("`{}` must be true or false, but it is {}", typed.node, other.words())),
        }
    }

    fn operator(&mut self, operator: &str, args: &[IdedExpr]) -> Compiled {
        match (operator, args) {
            ("!_", [x]) => {
                let x = self.boolean(x)?;
                Ok(self.plain(Op::Not(Box::new(x.node)), Type::Bool))
            }
            ("-_", [x]) => self.negative(x),
            ("_&&_", [a, b]) => {
                let (a, b) = (self.boolean(a)?, self.boolean(b)?);
                Ok(self.plain(Op::And(Box::new(a.node), Box::new(b.node)), Type::Bool))
            }
            ("_||_", [a, b]) => {
                let (a, b) = (self.boolean(a)?, self.boolean(b)?);
                Ok(self.plain(Op::Or(Box::new(a.node), Box::new(b.node)), Type::Bool))
            }
            ("_?_:_", [c, a, b]) => {
                let (c, a, b) = (self.boolean(c)?, self.node(a)?, self.node(b)?);
                let ty = joined(&a.ty, &b.ty);
                Ok(self.plain(Op::Choice(Box::new(c.node), Box::new(a.node), Box::new(b.node)), ty))
            }
            ("_[_]", [of, at]) => self.index(of, at),
            ("@in" | "_in_", [a, b]) => self.membership(a, b),
            (_, [a, b]) => self.binary(operator, a, b),
            _ => Err(format!("the operator `{}` is not part of the language", operator.replace('_', " ").trim())),
        }
    }

    fn negative(&mut self, x: &IdedExpr) -> Compiled {
        let x = self.node(x)?;
        if !x.ty.is_number() && !matches!(x.ty, Type::Duration | Type::Dynamic) {
            return Err(format!("`-` needs a number, but `{}` is {}", x.node, x.ty.words()));
        }
        let ty = x.ty.clone();
        Ok(self.plain(Op::Negate(Box::new(x.node)), ty))
    }

    fn index(&mut self, of: &IdedExpr, at: &IdedExpr) -> Compiled {
        let (of, at) = (self.node(of)?, self.node(at)?);
        let fits = match &of.ty {
            Type::List(_) => matches!(at.ty, Type::Int | Type::Dynamic),
            Type::Map | Type::Dynamic => true,
            _ => false,
        };
        if !fits {
            return Err(format!("`{}` is {} and cannot be indexed with {}", of.node, of.ty.words(), at.ty.words()));
        }
        let shape = element(&of.ty);
        let origin = of.origin.map(|o| format!("{o}[]"));
        Ok(self.path(Op::Index { of: Box::new(of.node), at: Box::new(at.node) }, &shape, origin))
    }

    fn membership(&mut self, a: &IdedExpr, b: &IdedExpr) -> Compiled {
        let (a, b) = (self.node(a)?, self.node(b)?);
        match &b.ty {
            Type::List(of) => {
                comparable(&a.ty, &of.ty).map_err(|e| format!("`{} in {}`: {e}", a.node, b.node))?;
                if let Op::List(literals) = &b.node.op {
                    literals.iter().try_for_each(|l| known_word(&a, l))?;
                }
                if !of.allowed.is_empty() {
                    known_word(
                        &Typed {
                            allowed: of.allowed.clone(),
                            node: Node { op: Op::List(Vec::new()), site: 0 },
                            ty: Type::Text,
                            origin: b.origin.clone(),
                        },
                        &a.node,
                    )?;
                }
            }
            Type::Map | Type::Dynamic => {}
            other => return Err(format!("`in` needs a list, but `{}` is {}", b.node, other.words())),
        }
        Ok(self.plain(Op::In(Box::new(a.node), Box::new(b.node)), Type::Bool))
    }

    fn binary(&mut self, operator: &str, a: &IdedExpr, b: &IdedExpr) -> Compiled {
        let (mut a, mut b) = (self.node(a)?, self.node(b)?);
        if let Some(operator) = arithmetic(operator) {
            let ty = arithmetic_type(operator, &a.ty, &b.ty).ok_or_else(|| {
                format!(
                    "`{} {} {}`: {} and {} do not go together",
                    a.node,
                    operator.sign(),
                    b.node,
                    a.ty.words(),
                    b.ty.words()
                )
            })?;
            return Ok(self.plain(Op::Arithmetic(operator, Box::new(a.node), Box::new(b.node)), ty));
        }
        let op =
            comparison(operator).ok_or_else(|| format!("the operator `{operator}` is not part of the language"))?;
        read_time(&mut a, &b.ty);
        read_time(&mut b, &a.ty);
        let fits = match op {
            Comparison::Equal | Comparison::Unequal => comparable(&a.ty, &b.ty),
            _ => ordered(&a.ty, &b.ty),
        };
        fits.map_err(|e| format!("`{} {} {}`: {e}", a.node, op.sign(), b.node))?;
        known_word(&a, &b.node)?;
        known_word(&b, &a.node)?;
        Ok(self.plain(Op::Compare(op, Box::new(a.node), Box::new(b.node)), Type::Bool))
    }
}

/// A text literal compared with a time is read as one, so that instants compare by time and not by spelling.
fn read_time(text: &mut Typed, with: &Type) {
    let Op::Literal(Value::Text(t)) = &text.node.op else { return };
    let value = match with {
        Type::Instant | Type::Day => t.parse().map(Value::Instant).or_else(|_| t.parse().map(Value::Day)),
        _ => return,
    };
    if let Ok(value) = value {
        text.ty = if matches!(value, Value::Day(_)) { Type::Day } else { Type::Instant };
        text.node.op = Op::Literal(value);
    }
}

/// Refuses a literal that is none of the words a field can hold.
fn known_word(of: &Typed, literal: &Node) -> Result<(), String> {
    match &literal.op {
        Op::Literal(Value::Text(word)) if !of.allowed.is_empty() && !of.allowed.iter().any(|a| **a == **word) => {
            let what = of.origin.clone().unwrap_or_else(|| of.node.to_string());
            Err(format!("`{what}` is never {word:?}; it is one of {}", of.allowed.join(", ")))
        }
        _ => Ok(()),
    }
}

fn field(record: &Record, name: &str, of: &Node) -> Result<(usize, Shape), String> {
    record.find(name).map(|(at, field)| (at, field.shape.clone())).ok_or_else(|| {
        let known: Vec<_> = record.fields().iter().map(|f| f.name.as_str()).collect();
        format!("`{of}` has no field `{name}`; it has {}", known.join(", "))
    })
}

/// A hint at a known name that starts alike; empty when there is none.
fn nearest(name: &str, known: &[&str]) -> String {
    let start: String = name.chars().take(3).collect();
    known.iter().find(|k| k.starts_with(&start)).map_or(String::new(), |k| format!("; did you mean `{k}`"))
}

fn fold_kind(name: &str) -> Option<FoldKind> {
    [FoldKind::All, FoldKind::Exists, FoldKind::ExistsOne, FoldKind::Filter, FoldKind::Map]
        .into_iter()
        .find(|k| k.word() == name)
}

fn arithmetic(operator: &str) -> Option<Operator> {
    Some(match operator {
        "_+_" => Operator::Add,
        "_-_" => Operator::Subtract,
        "_*_" => Operator::Multiply,
        "_/_" => Operator::Divide,
        "_%_" => Operator::Remainder,
        _ => return None,
    })
}

fn comparison(operator: &str) -> Option<Comparison> {
    Some(match operator {
        "_==_" => Comparison::Equal,
        "_!=_" => Comparison::Unequal,
        "_<_" => Comparison::Less,
        "_<=_" => Comparison::AtMost,
        "_>_" => Comparison::Greater,
        "_>=_" => Comparison::AtLeast,
        _ => return None,
    })
}

fn arithmetic_type(operator: Operator, a: &Type, b: &Type) -> Option<Type> {
    use Operator::{Add, Remainder, Subtract};
    match (operator, a, b) {
        (_, Type::Int, Type::Int) => Some(Type::Int),
        (Remainder, ..) if *a != Type::Dynamic && *b != Type::Dynamic => None,
        _ if a.is_number() && b.is_number() => Some(Type::Double),
        (Add, Type::Text, Type::Text) => Some(Type::Text),
        (Add, Type::List(_), Type::List(_)) => Some(joined(a, b)),
        (Add | Subtract, Type::Duration, Type::Duration) => Some(Type::Duration),
        (Add, Type::Duration, t) | (Add | Subtract, t, Type::Duration) if t.is_time() => Some(Type::Instant),
        (Subtract, a, b) if a.is_time() && b.is_time() => Some(Type::Duration),
        (_, Type::Dynamic, _) | (_, _, Type::Dynamic) => Some(Type::Dynamic),
        _ => None,
    }
}
