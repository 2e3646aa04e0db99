//! Rules as SQL statements, for logs that already lie in a database or a lakehouse. Documented in `docs/sql.md`.
//!
//! Every rule is one statement of its own. What a dialect cannot say exactly as the engine means it is refused by name
//! with the reason; no part of a rule is ever dropped. Pure: statements go out as text and nothing is run here.

mod correlation;
mod detection;
mod dialect;
mod extension;
mod infer;
mod load;
mod network;
mod pattern;
mod schema;
mod scope;
mod text;

pub use dialect::Dialect;
pub use infer::{from_event_schema, inferred};
pub use load::load;
pub use schema::{Column, Schema, Table, Type};

use crate::events::plan::Plan;
use crate::events::rule::Body;
use detection::Unsaid;
use scope::Scope;

/// The longest statement written.
const LONGEST_BYTES: usize = 4 << 20;

/// A rule as a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The rule's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The statement, without a semicolon.
    pub sql: String,
}

/// A rule that the dialect cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What of it: a predicate as the rule writes it, or a key of the correlation.
    pub key: String,
    /// Why, and what to do about it.
    pub why: String,
}

/// What became of a rule set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// Rules as statements.
    pub statements: Vec<Statement>,
    /// Rules that were refused.
    pub refused: Vec<Refusal>,
}

/// What a statement gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// One row for each rule and group that fired: `rule`, `key`, `firings`, `first_ms`.
    Groups,
    /// One row for each firing: `rule`, `key`, `at_ms`.
    Firings,
}

/// Compiles every rule of the plan that reports.
pub fn compile(plan: &Plan, schema: &Schema, dialect: Dialect, rows: Rows) -> Export {
    let mut export = Export::default();
    for (number, rule) in plan.set.rules.iter().enumerate().filter(|(_, r)| r.reports) {
        let (id, title) = (rule.id.clone(), rule.title.clone());
        match statement(plan, schema, dialect, rows, number) {
            Ok(sql) => export.statements.push(Statement { id, title, sql }),
            Err(Unsaid { key, why }) => export.refused.push(Refusal { id, title, key, why }),
        }
    }
    export
}

fn statement(plan: &Plan, schema: &Schema, dialect: Dialect, rows: Rows, rule: usize) -> Result<String, Unsaid> {
    let general = |why: String| Unsaid { key: "rule".to_owned(), why };
    let mut scope = Scope::new(plan, schema, dialect);
    // The first time finds the columns in use; the second time every step can carry all of them.
    written(&mut scope, rule, rows)?;
    let body = written(&mut scope, rule, rows)?;
    let source = scope.source().map_err(general)?;
    let sql = format!("WITH {source}{body}\n");
    if sql.len() > LONGEST_BYTES {
        return Err(general(format!("the statement would be longer than {LONGEST_BYTES} bytes")));
    }
    Ok(sql)
}

fn written(scope: &mut Scope<'_>, rule: usize, rows: Rows) -> Result<String, Unsaid> {
    let general = |why: String| Unsaid { key: "rule".to_owned(), why };
    let dialect = scope.dialect;
    let id = scope.plan.set.rules.get(rule).map_or("", |r| &r.id);
    let id = dialect.text(id).map_err(general)?;
    if let Some((steps, from, keys)) = correlation::steps_of(scope, rule)? {
        let steps: String = steps.iter().map(|(name, sql)| format!(",\n{name} AS (\n  {sql}\n)")).collect();
        let cast = |k: &String| format!("CAST({k} AS {})", dialect.text_type());
        let list = dialect.list(&keys.iter().map(cast).collect::<Vec<_>>());
        let by =
            if keys.is_empty() { "HAVING count(*) > 0".to_owned() } else { format!("GROUP BY {}", keys.join(", ")) };
        return Ok(match rows {
            Rows::Groups => format!(
                "{steps}\nSELECT {id} AS rule, {list} AS key, count(*) AS firings, min(t_ms) AS first_ms\nFROM {from}\n{by}"
            ),
            Rows::Firings => format!("{steps}\nSELECT {id} AS rule, {list} AS key, t_ms AS at_ms\nFROM {from}"),
        });
    }
    let Some(Body::Detection(expr)) = scope.plan.set.rules.get(rule).map(|r| &r.body) else {
        return Err(general("the rule was lost".to_owned()));
    };
    let condition = scope.condition(expr)?;
    let list = dialect.list(&[]);
    Ok(match rows {
        Rows::Groups => format!(
            "\nSELECT {id} AS rule, {list} AS key, count(*) AS firings, min(t_ms) AS first_ms\nFROM e\nWHERE {condition}\nHAVING count(*) > 0"
        ),
        Rows::Firings => format!("\nSELECT {id} AS rule, {list} AS key, t_ms AS at_ms\nFROM e\nWHERE {condition}"),
    })
}
