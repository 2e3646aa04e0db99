//! The language against a table of cases, against CEL's own interpreter, and against hostile input.

use habeas::expr::*;
use std::sync::Arc;

mod conformance;
mod differential;
mod unknowns;

/// A scope over JSON-like test data: a name, its shape, its value.
pub struct World {
    pub scope: Scope,
    values: Vec<Value>,
}

impl World {
    pub fn new(names: Vec<(&str, Shape, Value)>) -> Self {
        let mut scope = Scope::default();
        let mut values = Vec::new();
        for (name, shape, value) in names {
            scope.add(name, shape, name);
            values.push(value);
        }
        Self { scope, values }
    }

    pub fn frame(&self) -> Frame<'_> {
        Frame::new(self.values.iter().map(Val::of).collect())
    }

    /// What an expression comes to, in one word or its value as JSON; problems begin with `error` or `unknown`.
    pub fn say(&self, source: &str) -> String {
        let program = match Program::compile(source, &self.scope) {
            Ok(program) => program,
            Err(e) => return format!("error: {e}"),
        };
        match program.run(&mut self.frame()) {
            Ok(Outcome::Value(value)) => value.to_json(program.ty()).to_string(),
            Ok(Outcome::Unknown(missing)) => {
                format!("unknown: {}", missing.iter().map(|m| m.path.clone()).collect::<Vec<_>>().join(", "))
            }
            Err(spent) => format!("spent: {spent}"),
        }
    }
}

pub fn record(fields: Vec<(&str, Shape)>) -> Type {
    let field = |(name, shape): (&str, Shape)| Field { name: name.to_owned(), shape, required: false };
    Type::Record(Arc::new(Record::new(fields.into_iter().map(field).collect())))
}

#[test]
fn hostile_expressions_are_refused_or_stopped() {
    let world = World::new(vec![
        ("n", Shape::of(Type::Int), Value::Int(1)),
        ("big", Shape::of(Type::list_of(Type::Int)), Value::List(vec![Value::Int(1); 4_000].into_boxed_slice())),
    ]);
    let long = format!("n == {}", "1 + ".repeat(2_000) + "1");
    assert!(world.say(&long).contains("the limit is 4096"));
    for deep in [
        "(".repeat(2_000) + "n" + &")".repeat(2_000),
        "!".repeat(4_000) + "true",
        "[".repeat(2_000),
        "-".repeat(4_000) + "n",
    ] {
        let said = world.say(&deep);
        assert!(said.starts_with("error") || said == "true" || said == "1", "{said}");
    }
    assert!(world.say("big.all(a, big.all(b, big.all(c, c > 0)))").contains("is not allowed"));
    assert!(
        world.say("big.all(a, big.all(b, a == b))").starts_with("spent"),
        "16 million pairs are more than the budget"
    );
    assert!(world.say("big.map(a, big.map(b, b)).size()").starts_with("spent"));
    assert!(world.say("'a'.matches('(a+)+$')").contains("true"));
    assert!(world.say("'a'.matches('a{5000}{5000}')").starts_with("error"));
    assert_eq!(world.say("9223372036854775807 + n"), "unknown: 9223372036854775807 + n");
    assert_eq!(world.say("n / 0"), "unknown: n / 0");
    assert_eq!(world.say("-(-9223372036854775807 - 1)"), "unknown: -(-9223372036854775807 - 1)");
    assert_eq!(world.say("(-9223372036854775807 - 1) / -1 == n"), "unknown: (-9223372036854775807 - 1) / -1");
}

#[test]
fn what_is_printed_means_the_same_again() {
    let world = World::new(vec![
        ("a", Shape::of(Type::Int), Value::Int(3)),
        ("b", Shape::of(Type::Int), Value::Int(4)),
        ("l", Shape::of(Type::list_of(Type::Int)), Value::List(Box::new([Value::Int(3), Value::Int(9)]))),
    ]);
    for source in [
        "a - (b - 1)",
        "(a - b) - 1",
        "a * (b + 1)",
        "!(a == b && b == 4) || a < b",
        "-(a + b)",
        "(a > b ? a : b) + 1",
        "a == 3 ? b == 4 : a == 4",
        "l.filter(x, x > a).map(x, x * 2)[0]",
        "a in l && !(b in l)",
        "(a == b) == (b == a)",
        "{'k': [1, 2]}['k'].size() + a % 2",
        "l.exists_one(x, x == 3)",
        "a / (b / 2)",
        "(a == 1 || b == 1) && a == 3",
    ] {
        let program = Program::compile(source, &world.scope).unwrap();
        let printed = program.to_string();
        assert_eq!(world.say(source), world.say(&printed), "{source} printed as {printed}");
        assert_eq!(Program::compile(&printed, &world.scope).unwrap().to_string(), printed);
    }
}
