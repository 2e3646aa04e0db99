//! The columns that one statement uses, under names of its own: `c0`, folded as `f0` and `g0`, as numbers
//! `w0` and `d0`.

use super::Dialect;
use super::schema::{AT, Column, Origin, Schema, Type};
use super::text::{Demand, OneForOne};
use crate::events::plan::Plan;
use crate::events::rule::FieldId;
use std::collections::BTreeSet;

/// A number's text as the engine reads it: with blanks around it, but no words.
const NUMBER: &str = r"\A[\x{9}-\x{D} \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]*[+\-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+\-]?[0-9]+)?[\x{9}-\x{D} \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]*\z";
/// What of such a text is not part of the number.
const NO_DIGIT: &str = r"[^0-9eE.\-]";
/// What only a fraction or an exponent has.
const NOT_WHOLE: &str = "[eE.]";

/// A column in use.
#[derive(Clone, Debug)]
struct Used {
    field: FieldId,
    source: String,
    column: Column,
    folded: Option<Demand>,
    one_for_one: Option<OneForOne>,
    numeric: bool,
}

/// The columns in use.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) plan: &'a Plan,
    pub(super) schema: &'a Schema,
    pub(super) dialect: Dialect,
    used: Vec<Used>,
    lookups: BTreeSet<usize>,
}

/// A column as a statement names it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    at: usize,
    pub(super) ty: Type,
    pub(super) nulls: bool,
}

impl Named {
    /// The value.
    pub(super) fn value(&self) -> String {
        format!("c{}", self.at)
    }

    /// A numeric text's whole number, if it is one.
    pub(super) fn whole(&self) -> String {
        format!("w{}", self.at)
    }

    /// A numeric text's number.
    pub(super) fn real(&self) -> String {
        format!("d{}", self.at)
    }

    /// The text, folded.
    pub(super) fn folded(&self) -> String {
        format!("f{}", self.at)
    }

    /// The text, each letter folded to one.
    pub(super) fn one_for_one(&self) -> String {
        format!("g{}", self.at)
    }
}

impl<'a> Scope<'a> {
    pub(super) const fn new(plan: &'a Plan, schema: &'a Schema, dialect: Dialect) -> Self {
        Self { plan, schema, dialect, used: Vec::new(), lookups: BTreeSet::new() }
    }

    /// The column of a field.
    pub(super) fn column(&mut self, field: FieldId) -> Result<Named, String> {
        if let Some(at) = self.used.iter().position(|u| u.field == field) {
            return self.named(at);
        }
        if self.plan.set.vocabulary.networks.iter().any(|n| n.field == field) {
            return Err("the network of an address is not made in SQL".to_owned());
        }
        let (origin, column) = self.schema.column(self.plan, field)?;
        let source = match &origin {
            Origin::Instant => format!("e.{}", self.dialect.name(AT)?),
            Origin::Event(name) => {
                self.no_clash(name, self.schema.fields.keys())?;
                format!("e.{}", self.dialect.name(name)?)
            }
            Origin::Row(number, name) => {
                self.look_up(*number)?;
                let fields = self.schema.table_of(self.plan, *number).map(|t| &t.fields);
                self.no_clash(name, fields.into_iter().flat_map(|f| f.keys()))?;
                format!("t{number}.{}", self.dialect.name(name)?)
            }
        };
        self.used.push(Used { field, source, column, folded: None, one_for_one: None, numeric: false });
        self.named(self.used.len() - 1)
    }

    fn no_clash<'n>(&self, name: &'n str, others: impl Iterator<Item = &'n String>) -> Result<(), String> {
        match Schema::clash(self.dialect, name, others) {
            Some(other) => {
                Err(format!("the columns `{name}` and `{other}` differ only in case, which are one in this dialect"))
            }
            None => Ok(()),
        }
    }

    fn named(&self, at: usize) -> Result<Named, String> {
        let used = self.used.get(at).ok_or("a column was lost")?;
        Ok(Named { at, ty: used.column.ty, nulls: used.column.nulls })
    }

    /// Sees to it that the row is looked up, and those that lead to its key.
    fn look_up(&mut self, number: usize) -> Result<(), String> {
        let lookup = self.plan.set.vocabulary.enrichments.get(number).ok_or("a look-up was lost")?;
        if self.lookups.insert(number) {
            let key = self.column(lookup.key)?;
            if !matches!(key.ty, Type::Text | Type::Whole | Type::Flag) {
                return Err(format!(
                    "the key of `{}` is no text, and its spelling in the log is not kept",
                    lookup.name
                ));
            }
        }
        Ok(())
    }

    /// Asks for the folded form of a text column.
    pub(super) fn fold(&mut self, named: &Named, demand: &Demand) {
        if let Some(used) = self.used.get_mut(named.at) {
            used.folded.get_or_insert_default().join(demand);
        }
    }

    /// Asks for the form of a text column in which each letter is folded to one.
    pub(super) fn fold_one_for_one(&mut self, named: &Named, demand: &OneForOne) {
        if let Some(used) = self.used.get_mut(named.at) {
            used.one_for_one.get_or_insert_default().join(demand);
        }
    }

    /// Asks for the numbers in a text column.
    pub(super) fn read_numbers(&mut self, named: &Named) {
        if let Some(used) = self.used.get_mut(named.at) {
            used.numeric = true;
        }
    }

    /// A column's value as text.
    pub(super) fn as_text(&self, named: &Named) -> Result<String, String> {
        let value = named.value();
        match named.ty {
            Type::Text => Ok(value),
            Type::Whole => Ok(format!("CAST({value} AS {})", self.dialect.text_type())),
            Type::Flag => Ok(format!("CASE WHEN {value} THEN 'true' WHEN NOT {value} THEN 'false' END")),
            Type::Real => Err("how a number with a fraction is spelled in the log is not kept in a column".to_owned()),
            Type::Time => Err("how an instant is spelled in the log is not kept in a column".to_owned()),
            Type::Texts => Err("a list is no single value".to_owned()),
        }
    }

    /// Names of all columns in use, as a list to select.
    pub(super) fn carried(&self) -> String {
        let mut names = vec!["t_ms".to_owned()];
        for (at, used) in self.used.iter().enumerate() {
            names.push(format!("c{at}"));
            names.extend(used.folded.is_some().then(|| format!("f{at}")));
            names.extend(used.one_for_one.is_some().then(|| format!("g{at}")));
            names.extend(used.numeric.then(|| format!("w{at}, d{at}")));
        }
        if self.schema.line.is_some() {
            names.push("line".to_owned());
        }
        names.join(", ")
    }

    /// The common table expressions `x` and `e` that give the columns in use.
    pub(super) fn source(&self) -> Result<String, String> {
        let dialect = self.dialect;
        let at = dialect.name(AT)?;
        let mut raw = vec![format!("e.{at} AS t_ms")];
        let mut made = vec!["x.*".to_owned()];
        for (n, used) in self.used.iter().enumerate() {
            raw.push(format!("{} AS c{n}", used.source));
            if let Some(demand) = &used.folded {
                made.push(format!("{} AS f{n}", demand.folded(&format!("x.c{n}"), dialect)?));
            }
            if let Some(demand) = &used.one_for_one {
                made.push(format!("{} AS g{n}", demand.folded(&format!("x.c{n}"), dialect)?));
            }
            if used.numeric {
                made.extend(numbers(&format!("x.c{n}"), n, dialect)?);
            }
        }
        if let Some(line) = &self.schema.line {
            raw.push(format!("e.{} AS line", dialect.name(line)?));
        }
        let joins = self.joins()?;
        let table = dialect.table(&self.schema.table)?;
        let raw = raw.join(", ");
        let made = made.join(",\n    ");
        Ok(format!(
            "x AS (\n  SELECT {raw}\n  FROM {table} AS e{joins}\n  WHERE e.{at} IS NOT NULL\n),\ne AS (\n  SELECT {made}\n  FROM x\n)"
        ))
    }

    fn joins(&self) -> Result<String, String> {
        let mut out = String::new();
        for (number, lookup) in self.plan.set.vocabulary.enrichments.iter().enumerate() {
            if !self.lookups.contains(&number) {
                continue;
            }
            let table = self
                .schema
                .table_of(self.plan, number)
                .ok_or_else(|| format!("the schema has no table `{}`; add it", lookup.table))?;
            let key = self.used.iter().find(|u| u.field == lookup.key).ok_or("a look-up was lost")?;
            let key = match key.column.ty {
                Type::Whole => format!("CAST({} AS {})", key.source, self.dialect.text_type()),
                Type::Flag => format!("CASE WHEN {0} THEN 'true' WHEN NOT {0} THEN 'false' END", key.source),
                _ => key.source.clone(),
            };
            let (name, column) = (self.dialect.table(&lookup.table)?, self.dialect.name(&table.key)?);
            out.push_str(&format!("\n  LEFT JOIN {name} AS t{number} ON t{number}.{column} = {key}"));
        }
        Ok(out)
    }
}

/// The numbers in a text: `w` when it is a whole one of 64 bits, `d` in any case.
fn numbers(x: &str, n: usize, dialect: Dialect) -> Result<[String; 2], String> {
    let is_number = dialect.matches(x, &dialect.text(NUMBER)?);
    let is_whole = format!("NOT {}", dialect.matches(x, &dialect.text(NOT_WHOLE)?));
    let digits = dialect.without(x, &dialect.text(NO_DIGIT)?);
    let real = format!("TRY_CAST({digits} AS DOUBLE)");
    let finite = format!("NULLIF(NULLIF({real}, CAST('Infinity' AS DOUBLE)), CAST('-Infinity' AS DOUBLE))");
    Ok([
        format!("CASE WHEN {is_number} AND {is_whole} THEN TRY_CAST({digits} AS BIGINT) END AS w{n}"),
        format!("CASE WHEN {is_number} THEN {finite} END AS d{n}"),
    ])
}
