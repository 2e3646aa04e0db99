//! Detections as conditions that are true or false and never NULL, so that `NOT` means what it says.

use super::dialect::sign;
use super::network;
use super::pattern::portable;
use super::schema::Type;
use super::scope::{Named, Scope};
use super::text::{self, Demand, OneForOne};
use crate::events::rule::{Expr, FieldId, PredicateId, Question};
use crate::events::value::Number;
use crate::events::value::test::{Order, Test};
use crate::events::value::text::TextTest;

/// Whole numbers from here on are not all different in double precision.
const EXACT: u64 = 1 << 53;

/// What of a rule cannot be said, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unsaid {
    pub(super) key: String,
    pub(super) why: String,
}

impl Scope<'_> {
    /// The expression as a condition.
    pub(super) fn condition(&mut self, expr: &Expr) -> Result<String, Unsaid> {
        Ok(match expr {
            Expr::Is(id) => self.predicate(*id)?,
            Expr::Not(inner) => format!("NOT {}", self.condition(inner)?),
            Expr::All(of) if of.is_empty() => "TRUE".to_owned(),
            Expr::All(of) => format!("({})", self.conditions(of)?.join(" AND ")),
            Expr::AtLeast(1, of) => format!("({})", self.conditions(of)?.join(" OR ")),
            Expr::AtLeast(least, of) => {
                let one = |c: &String| format!("CASE WHEN {c} THEN 1 ELSE 0 END");
                let sum: Vec<String> = self.conditions(of)?.iter().map(one).collect();
                format!("({} >= {least})", sum.join(" + "))
            }
        })
    }

    fn conditions(&mut self, of: &[Expr]) -> Result<Vec<String>, Unsaid> {
        of.iter().map(|e| self.condition(e)).collect()
    }

    fn predicate(&mut self, id: PredicateId) -> Result<String, Unsaid> {
        let plan = self.plan;
        let predicate = plan.set.vocabulary.predicates().get(id);
        let unsaid =
            |why: String| Unsaid { key: predicate.map_or("", |p| p.says.trim_start_matches(": ")).to_owned(), why };
        let Some(predicate) = predicate else { return Err(unsaid("the predicate was lost".to_owned())) };
        let Some(field) = predicate.field else {
            return Err(unsaid(
                "a keyword is looked for in the whole line, of which a table has only columns".to_owned(),
            ));
        };
        let made = self.ask(field, &predicate.question).map_err(unsaid)?;
        Ok(if made == "FALSE" || made == "TRUE" { made } else { format!("COALESCE({made}, FALSE)") })
    }

    fn ask(&mut self, field: FieldId, question: &Question) -> Result<String, String> {
        let column = self.column(field)?;
        let value = column.value();
        match question {
            Question::Exists if column.nulls => Err(
                "in a column NULL does not tell an absent field from null; if the log never writes null for it, say `\"nulls\": false` in the schema"
                    .to_owned(),
            ),
            Question::Exists => Ok(format!("{value} IS NOT NULL")),
            Question::Null => Ok(format!("{value} IS NULL")),
            Question::Any(test) if column.ty == Type::Texts => self.any(&column, test),
            Question::Any(test) => self.test(&column, test),
            Question::SameAs(other, cased) => {
                let other = self.column(*other)?;
                self.same(&column, &other, *cased)
            }
            Question::After(other, plus_ms) => {
                let other = self.column(*other)?;
                if (column.ty, other.ty) != (Type::Time, Type::Time) {
                    return Err("`after` compares instants; say `time` in the schema for both columns".to_owned());
                }
                Ok(format!("{value} > {} + {}", other.value(), self.dialect.whole(*plus_ms)))
            }
            Question::Outside(_) => Err("the hours of a row need its time zone, event by event".to_owned()),
        }
    }

    fn test(&mut self, column: &Named, test: &Test) -> Result<String, String> {
        match test {
            Test::Text(test) => self.text(column, test),
            Test::Regex(regex) => {
                let pattern = portable(regex.as_str(), self.dialect)?;
                Ok(self.dialect.matches(&self.as_text(column)?, &self.dialect.text(&pattern)?))
            }
            Test::Cidr(network) if column.ty == Type::Text => {
                let pattern = network::pattern(network)?;
                Ok(self.dialect.matches(&column.value(), &self.dialect.text(&pattern)?))
            }
            // A number or a boolean is no address.
            Test::Cidr(_) => Ok("FALSE".to_owned()),
            Test::Flag(want) => Ok(match column.ty {
                Type::Flag if *want => column.value(),
                Type::Flag => format!("NOT {}", column.value()),
                Type::Text => format!("lower({}) = '{want}'", column.value()),
                _ => "FALSE".to_owned(),
            }),
            Test::Equal(want) => self.compare(column, Order::Equal, *want),
            Test::Compare(order, want) => self.compare(column, *order, *want),
            Test::Time(part, order, want) if column.ty == Type::Time => {
                let made = self.dialect.time_part(&column.value(), *part);
                Ok(format!("{made} {} {}", sign(*order), self.dialect.whole(*want)))
            }
            Test::Time(..) => Err("the column holds no instants; say `time` in the schema".to_owned()),
        }
    }

    fn text(&mut self, column: &Named, test: &TextTest) -> Result<String, String> {
        let (pattern, cased) = test.pattern();
        if column.ty != Type::Text || cased {
            return text::test(&self.as_text(column)?, &pattern, self.dialect);
        }
        let mut demand = Demand::default();
        demand.add(&pattern);
        self.fold(column, &demand);
        let folded = text::test(&column.folded(), &pattern, self.dialect)?;
        let Some(by_char) = test.by_char() else { return Ok(folded) };
        let mut demand = OneForOne::default();
        demand.add(&by_char);
        self.fold_one_for_one(column, &demand);
        Ok(format!("({folded} OR {})", text::test(&column.one_for_one(), &by_char, self.dialect)?))
    }

    /// A test of the elements of a list of texts.
    fn any(&self, column: &Named, test: &Test) -> Result<String, String> {
        let made = match test {
            Test::Text(test) => self.element(test)?,
            Test::Regex(regex) => {
                self.dialect.matches("y", &self.dialect.text(&portable(regex.as_str(), self.dialect)?)?)
            }
            Test::Cidr(network) => self.dialect.matches("y", &self.dialect.text(&network::pattern(network)?)?),
            Test::Flag(want) => format!("lower(y) = '{want}'"),
            Test::Equal(_) | Test::Compare(..) | Test::Time(..) => {
                return Err("the elements of a list are texts and are not read as numbers or instants".to_owned());
            }
        };
        self.dialect.any(&column.value(), &made)
    }

    /// A test of the element `y` of a list of texts.
    fn element(&self, test: &TextTest) -> Result<String, String> {
        let (pattern, cased) = test.pattern();
        if cased {
            return text::test("y", &pattern, self.dialect);
        }
        let mut demand = Demand::default();
        demand.add(&pattern);
        let folded = text::test(&format!("({})", demand.folded("y", self.dialect)?), &pattern, self.dialect)?;
        let Some(by_char) = test.by_char() else { return Ok(folded) };
        let mut demand = OneForOne::default();
        demand.add(&by_char);
        let other = text::test(&demand.folded("y", self.dialect)?, &by_char, self.dialect)?;
        Ok(format!("({folded} OR {other})"))
    }

    fn compare(&mut self, column: &Named, order: Order, want: Number) -> Result<String, String> {
        let value = column.value();
        match column.ty {
            Type::Whole => Ok(whole(self, &value, order, want)),
            Type::Real => Ok(real(self, &value, order, want)),
            Type::Text => {
                self.read_numbers(column);
                let (w, d) = (column.whole(), column.real());
                let (is_whole, is_real) = (whole(self, &w, order, want), real(self, &d, order, want));
                Ok(format!("CASE WHEN {w} IS NOT NULL THEN {is_whole} ELSE {is_real} END"))
            }
            Type::Flag => Ok("FALSE".to_owned()),
            Type::Time => Err("an instant is compared with `after` or by its parts".to_owned()),
            Type::Texts => Err("a list is no single number".to_owned()),
        }
    }

    fn same(&mut self, a: &Named, b: &Named, cased: bool) -> Result<String, String> {
        let (x, y) = (a.value(), b.value());
        match (a.ty, b.ty) {
            (Type::Whole, Type::Whole) | (Type::Real, Type::Real) => Ok(format!("{x} = {y}")),
            (Type::Whole, Type::Real) => Ok(same_number(&x, &y)),
            (Type::Real, Type::Whole) => Ok(same_number(&y, &x)),
            (Type::Text, Type::Text) if !cased => {
                for column in [a, b] {
                    self.fold(column, &Demand::of_all());
                }
                Ok(format!("{} = {}", a.folded(), b.folded()))
            }
            (Type::Text | Type::Whole | Type::Flag, Type::Text | Type::Whole | Type::Flag) if cased => {
                Ok(format!("{} = {}", self.as_text(a)?, self.as_text(b)?))
            }
            // Digits have no case, and `true` is the folded form of itself.
            (Type::Whole | Type::Flag, Type::Whole | Type::Flag) => {
                Ok(format!("{} = {}", self.as_text(a)?, self.as_text(b)?))
            }
            (Type::Text, Type::Whole | Type::Flag) => {
                self.fold(a, &Demand::of_all());
                Ok(format!("{} = {}", a.folded(), self.as_text(b)?))
            }
            (Type::Whole | Type::Flag, Type::Text) => {
                self.fold(b, &Demand::of_all());
                Ok(format!("{} = {}", self.as_text(a)?, b.folded()))
            }
            _ => Err("how one of the two values is spelled in the log is not kept in a column".to_owned()),
        }
    }
}

/// A whole number is the same as one of double precision when both are whole and small enough to be exact.
fn same_number(whole: &str, real: &str) -> String {
    format!("(CAST({whole} AS DOUBLE) = {real} AND abs({real}) < CAST('{EXACT}' AS DOUBLE))")
}

/// Compares a whole number as the engine does: with a whole one exactly, with another in double precision.
pub(super) fn whole(scope: &Scope<'_>, x: &str, order: Order, want: Number) -> String {
    match (want, order) {
        (Number::Whole(n), _) => format!("{x} {} {}", sign(order), scope.dialect.whole(n)),
        (Number::Real(_), Order::Equal) => "FALSE".to_owned(),
        (Number::Real(_), Order::NotEqual) => "TRUE".to_owned(),
        (Number::Real(r), _) => format!("CAST({x} AS DOUBLE) {} {}", sign(order), scope.dialect.real(r)),
    }
}

/// Compares a number of double precision, which is a whole one when it is below 2^53 and has no fraction.
pub(super) fn real(scope: &Scope<'_>, x: &str, order: Order, want: Number) -> String {
    let far = matches!(want, Number::Whole(n) if n.unsigned_abs() >= EXACT);
    match order {
        Order::Equal if far => "FALSE".to_owned(),
        Order::NotEqual if far => "TRUE".to_owned(),
        _ => format!("{x} {} {}", sign(order), scope.dialect.real(want.real())),
    }
}
