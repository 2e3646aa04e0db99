//! Generated expressions against the `cel` crate's own interpreter, on the part of CEL that both have.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Pairs of expression and values that are compared.
const PAIRS: u32 = 12_000;

/// Values of the names that generated expressions use.
#[derive(Clone, Debug)]
struct Inputs {
    i: i64,
    j: i64,
    d: f64,
    s: String,
    t: String,
    b: bool,
    c: bool,
    l: Vec<i64>,
    w: Vec<String>,
}

fn inputs() -> impl Strategy<Value = Inputs> {
    let word = || prop::sample::select(vec!["", "a", "ab", "b", "ä", "admin"]).prop_map(str::to_owned);
    let int = || prop_oneof![4 => -5_i64..6, 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    let double = prop::sample::select(vec![0.0, 1.0, -1.5, 2.25, 1e100]);
    let lists = (prop::collection::vec(-3_i64..4, 0..4), prop::collection::vec(word(), 0..4));
    (int(), int(), double, word(), word(), any::<bool>(), any::<bool>(), lists)
        .prop_map(|(i, j, d, s, t, b, c, (l, w))| Inputs { i, j, d, s, t, b, c, l, w })
}

fn int_expression(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        Just("i".to_owned()),
        Just("j".to_owned()),
        (-9_i64..10).prop_map(|n| if n < 0 { format!("({n})") } else { n.to_string() })
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let sub = || int_expression(depth - 1);
    let operators = prop::sample::select(vec!["+", "-", "*", "/", "%"]);
    prop_oneof![
        2 => leaf,
        4 => (sub(), operators, sub()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        1 => (condition(depth - 1), sub(), sub()).prop_map(|(c, a, b)| format!("({c} ? {a} : {b})")),
        1 => list_expression(depth - 1).prop_map(|l| format!("size({l})")),
        1 => text_expression(depth - 1).prop_map(|t| format!("size({t})")),
        1 => (list_expression(depth - 1), 0..3_u8).prop_map(|(l, n)| format!("{l}[{n}]")),
        1 => sub().prop_map(|a| format!("(-({a}))")),
    ]
    .boxed()
}

fn list_expression(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![Just("l".to_owned()), prop::collection::vec(-3_i64..4, 1..4).prop_map(|v| format!("{v:?}"))];
    if depth == 0 {
        return leaf.boxed();
    }
    let sub = || list_expression(depth - 1);
    prop_oneof![
        2 => leaf,
        1 => (sub(), sub()).prop_map(|(a, b)| format!("({a} + {b})")),
        1 => (sub(), int_expression(0)).prop_map(|(l, n)| format!("{l}.filter(x{0}, x{0} > {n})", l.len())),
        1 => (sub(), int_expression(0)).prop_map(|(l, n)| format!("{l}.map(x{0}, x{0} * {n})", l.len())),
    ]
    .boxed()
}

fn text_expression(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop::sample::select(vec!["s", "t", "'a'", "'ab'", "''", "'ä'"]).prop_map(str::to_owned);
    if depth == 0 {
        return leaf.boxed();
    }
    prop_oneof![2 => leaf, 1 => (text_expression(depth - 1), text_expression(depth - 1)).prop_map(|(a, b)| format!("({a} + {b})"))].boxed()
}

fn condition(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop::sample::select(vec!["b", "c", "true", "false"]).prop_map(str::to_owned);
    if depth == 0 {
        return leaf.boxed();
    }
    let compare = || prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let equal = || prop::sample::select(vec!["==", "!="]);
    let (n, sub) = (depth - 1, move || condition(depth - 1));
    let tests = prop::sample::select(vec!["startsWith", "endsWith", "contains"]);
    let quantifier = prop::sample::select(vec!["all", "exists", "exists_one"]);
    prop_oneof![
        1 => leaf,
        3 => (sub(), sub()).prop_map(|(a, b)| format!("({a} && {b})")),
        3 => (sub(), sub()).prop_map(|(a, b)| format!("({a} || {b})")),
        1 => sub().prop_map(|a| format!("!{a}")),
        3 => (int_expression(n), compare(), int_expression(n)).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        1 => (int_expression(n), compare()).prop_map(|(a, op)| format!("(d {op} {a})")),
        1 => (compare(), prop::sample::select(vec!["(d + 0.5)", "(d * d)", "(d - 1.0)", "(d / 2.0)"])).prop_map(|(op, e)| format!("(d {op} {e})")),
        2 => (text_expression(n), compare(), text_expression(n)).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        1 => (text_expression(n), tests, text_expression(n)).prop_map(|(a, f, b)| format!("{a}.{f}({b})")),
        1 => (int_expression(n), list_expression(n)).prop_map(|(a, l)| format!("({a} in {l})")),
        1 => text_expression(n).prop_map(|a| format!("({a} in w)")),
        1 => (list_expression(n), equal(), list_expression(n)).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        2 => (list_expression(n), quantifier, compare(), int_expression(0)).prop_map(|(l, q, op, k)| format!("{l}.{q}(q, (6 / q) {op} {k})")),
        1 => (text_expression(n), prop::sample::select(vec!["^a", "b$", "a+b?", "."])).prop_map(|(t, r)| format!("{t}.matches('{r}')")),
    ]
    .boxed()
}

fn ours(source: &str, v: &Inputs) -> Result<bool, String> {
    let words = |w: &[String]| Value::List(w.iter().map(|t| Value::text(t)).collect());
    let world = World::new(vec![
        ("i", Shape::of(Type::Int), Value::Int(v.i)),
        ("j", Shape::of(Type::Int), Value::Int(v.j)),
        ("d", Shape::of(Type::Double), Value::Double(v.d)),
        ("s", Shape::of(Type::Text), Value::text(&v.s)),
        ("t", Shape::of(Type::Text), Value::text(&v.t)),
        ("b", Shape::of(Type::Bool), Value::Bool(v.b)),
        ("c", Shape::of(Type::Bool), Value::Bool(v.c)),
        ("l", Shape::of(Type::list_of(Type::Int)), Value::List(v.l.iter().map(|n| Value::Int(*n)).collect())),
        ("w", Shape::of(Type::list_of(Type::Text)), words(&v.w)),
    ]);
    let program = Program::condition(source, &world.scope).map_err(|e| panic!("{source}: {e}")).unwrap();
    match program.test(&mut world.frame()).unwrap() {
        Truth::True => Ok(true),
        Truth::False => Ok(false),
        Truth::Unknown(missing) => Err(format!("{missing:?}")),
    }
}

fn theirs(source: &str, v: &Inputs) -> Result<bool, String> {
    let program = cel::Program::compile(source).unwrap();
    let mut context = cel::Context::default();
    context.add_variable_from_value("i", v.i);
    context.add_variable_from_value("j", v.j);
    context.add_variable_from_value("d", v.d);
    context.add_variable_from_value("s", v.s.clone());
    context.add_variable_from_value("t", v.t.clone());
    context.add_variable_from_value("b", v.b);
    context.add_variable_from_value("c", v.c);
    context.add_variable_from_value("l", v.l.clone());
    context.add_variable_from_value("w", v.w.clone());
    match program.execute(&context) {
        Ok(cel::Value::Bool(b)) => Ok(b),
        Ok(other) => Err(format!("{other:?}")),
        Err(e) => Err(e.to_string()),
    }
}

/// Both must agree on every value (fractions stay finite here: infinity is unknown with us, a value in CEL). Where CEL's interpreter stops with an error (overflow, division by zero, no such
/// element), ours must be unknown; the reverse, an unknown where CEL has a value, is a disagreement too.
#[test]
fn generated_conditions_agree_with_the_cel_interpreter() {
    let mut runner = TestRunner::new_with_rng(
        Config { cases: PAIRS, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let counts = std::cell::RefCell::new([0_u32; 3]);
    let result = runner.run(&(condition(3), inputs()), |(source, values)| {
        let (ours, theirs) = (ours(&source, &values), theirs(&source, &values));
        match (&ours, &theirs) {
            (Ok(a), Ok(b)) if a == b => counts.borrow_mut()[usize::from(*a)] += 1,
            (Err(_), Err(_)) => counts.borrow_mut()[2] += 1,
            _ => return Err(TestCaseError::fail(format!("`{source}` over {values:?}: ours {ours:?}, cel {theirs:?}"))),
        }
        Ok(())
    });
    result.unwrap_or_else(|e| panic!("{e}"));
    let [no, yes, neither] = counts.into_inner();
    println!("{PAIRS} pairs agree: {yes} true, {no} false, {neither} error or unknown");
    assert!(no > 1_000 && yes > 1_000 && neither > 100, "the generator is one-sided: {no} {yes} {neither}");
}
