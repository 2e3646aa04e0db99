//! Three truth values, paths of what is missing, and explanations.

use super::*;

fn user() -> Type {
    record(vec![
        ("id", Shape::of(Type::Text)),
        ("mfa", Shape::of(Type::Bool)),
        ("len", Shape::of(Type::Int)),
        ("roles", Shape::of(Type::list_of(Type::Text))),
        ("kind", Shape { allowed: vec!["human".into(), "machine".into()], ..Shape::of(Type::Text) }),
        ("last", Shape { nullable: true, ..Shape::of(Type::Instant) }),
    ])
}

/// A record in the order of its fields' names: id, kind, last, len, mfa, roles.
fn made(id: &str, last: Value, len: Value, mfa: Value) -> Value {
    let roles = Value::List(Box::new([Value::text("sales")]));
    Value::Record(Box::new([Value::text(id), Value::text("human"), last, len, mfa, roles]))
}

fn world() -> World {
    let day: habeas::clock::Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let now: habeas::clock::Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
    let known = made("u1", Value::Instant(day), Value::Int(8), Value::Bool(false));
    let gappy = made("u2", Value::Null, Value::Absent, Value::Absent);
    let mut scope = Scope::default();
    let users = Shape::of(Type::list_of(user()));
    scope.add("users", users.clone(), "users");
    scope.add("gone", users, "gone");
    scope.add("u", Shape::of(user()), "users[]");
    scope.add("v", Shape::of(user()), "users[]");
    scope.add("now", Shape::of(Type::Instant), "now");
    let all = Value::List(Box::new([known.clone(), gappy.clone()]));
    World { scope, values: vec![all, Value::Absent, known, gappy, Value::Instant(now)] }
}

#[test]
fn unknown_is_absorbed_only_where_it_cannot_matter() {
    let world = world();
    for (source, wanted) in [
        ("v.mfa", "unknown: users[].mfa"),
        ("!v.mfa", "unknown: users[].mfa"),
        ("v.mfa && false", "false"),
        ("false && v.mfa", "false"),
        ("v.mfa && true", "unknown: users[].mfa"),
        ("v.mfa || true", "true"),
        ("true || v.mfa", "true"),
        ("v.mfa || false", "unknown: users[].mfa"),
        ("v.mfa || v.len > 3", "unknown: users[].len, users[].mfa"),
        ("v.len == v.len", "unknown: users[].len"),
        ("v.mfa ? 1 : 1", "unknown: users[].mfa"),
        ("u.mfa ? v.len : 7", "7"),
        ("gone.size() == 0", "unknown: gone"),
        ("gone.all(x, x.mfa)", "unknown: gone"),
        ("users.all(x, x.mfa)", "false"),
        ("users.exists(x, x.mfa)", "unknown: users[].mfa"),
        ("users.exists(x, x.id == 'u2')", "true"),
        ("users.all(x, x.len > 5)", "unknown: users[].len"),
        ("users.exists_one(x, x.len == 8)", "unknown: users[].len"),
        ("users.filter(x, x.len == 8).size()", "unknown: users[].len"),
        ("users.map(x, x.len)", "unknown: users[].len"),
        ("users.filter(x, x.id == 'u1').all(y, y.len > 100)", "false"),
        ("has(v.mfa)", "false"),
        ("has(u.mfa)", "true"),
        ("v.last == null", "true"),
        ("u.last == null", "false"),
        ("v.last == null || age_days(v.last) > 90.0", "true"),
        ("age_days(v.last) > 90.0", "unknown: users[].last"),
        ("age_days(u.last)", "22"),
        ("u.last < now - days(7)", "true"),
        ("u.last > '2026-10-31'", "true"),
        ("u.last >= timestamp('2026-11-01T02:00:00+02:00')", "true"),
        ("subset(u.roles, ['sales', 'support']) && !overlap(u.roles, ['admin'])", "true"),
        ("max(u.len, 15) - min(3, u.len) + ceil(0.2)", "13"),
        ("lower('ÄBC') == 'äbc'", "true"),
        ("users[0].id", "\"u1\""),
        ("users[7].id", "unknown: users[]"),
    ] {
        assert_eq!(world.say(source), wanted, "{source}");
    }
}

#[test]
fn mistakes_are_found_before_evaluation() {
    let world = world();
    for (source, wanted) in [
        ("u.mfa_enforced", "has no field `mfa_enforced`; it has id, kind, last, len, mfa, roles"),
        ("user.mfa", "there is no `user`; did you mean `users`"),
        ("u.len == 'x'", "a whole number is never equal to text"),
        ("u.last > 3", "an instant cannot be ordered against a whole number"),
        ("u.kind == 'robot'", "is never \"robot\"; it is one of human, machine"),
        ("u.kind in ['human', 'robot']", "is never \"robot\""),
        ("u.len && true", "must be true or false"),
        ("users.all(x, x.len)", "must be true or false"),
        ("u.mfa.all(x, true)", "needs a list"),
        ("u.roles + 1", "do not go together"),
        ("size(u.len)", "size() needs a list"),
        ("age_days('yesterday')", "age_days() needs an instant"),
        ("frobnicate(u)", "there is no function `frobnicate()`"),
        ("u.id.matches(u.id)", "must be written out"),
        ("users.all(u, u.mfa)", "already taken"),
        ("has(u)", "has() needs a field"),
        ("1u == 1u", "not part of the language"),
        ("u.mfa &&", "is not an expression"),
    ] {
        let said = world.say(source);
        assert!(said.starts_with("error") && said.contains(wanted), "{source}: {said}");
    }
    assert!(Program::condition("u.len", &world.scope).unwrap_err().to_string().contains("must be true or false"));
}

#[test]
fn a_false_result_names_what_failed_and_what_it_saw() {
    let world = world();
    for (source, wanted) in [
        ("u.mfa", "u.mfa is false"),
        ("u.id == 'u1' && (u.mfa || u.id in ['x'])", "u.mfa is false; `u.id in [\"x\"]` is false: u.id is \"u1\""),
        ("u.len >= 15", "`u.len >= 15` is false: u.len is 8"),
        ("!(u.len < 15)", "`u.len < 15` is true: u.len is 8"),
        ("users.all(x, x.mfa)", "x.mfa is false"),
        ("u.roles.all(r, r != 'sales')", "r is \"sales\"; `r != \"sales\"` is false: r is \"sales\""),
        ("u.roles.exists(r, r == 'admin')", "`u.roles.exists(r, r == \"admin\")` is false: u.roles is [\"sales\"]"),
        (
            "age_days(u.last) <= 7.0",
            "`age_days(u.last, now) <= 7` is false: age_days(u.last, now) is 22, u.last is 2026-11-01T00:00:00Z",
        ),
        ("v.mfa && u.mfa", "u.mfa is false"),
        ("u.len == 8", ""),
    ] {
        let program = Program::condition(source, &world.scope).unwrap();
        assert_eq!(program.explain(&mut world.frame()), wanted, "{source}");
    }
}

#[test]
fn sentences_print_values_and_own_up_to_what_is_unknown() {
    let world = world();
    let template =
        Template::compile("{{x}} {u.id} has {u.roles}, not {v.len}: {['}', 'b'].map(s, s + \"!\")}", &world.scope)
            .unwrap();
    assert_eq!(template.render(&mut world.frame()), "{x} u1 has sales, not ?: }!, b!");
    for broken in ["{u.id", "u.id}", "{}", "{u.nothing}"] {
        assert!(Template::compile(broken, &world.scope).is_err(), "{broken}");
    }
}
