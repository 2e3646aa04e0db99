//! The fields and predicates that a set of rules speaks of, each once, by number.
//!
//! INVARIANT: two predicates with the same meaning written the same way share a number, so an event answers it once.

use crate::events::value::test::Test;
use std::collections::BTreeMap;

/// Number of a field of the event.
pub type FieldId = usize;
/// Number of a predicate.
pub type PredicateId = usize;

/// What is asked of a field.
#[derive(Debug)]
pub enum Question {
    /// The field is there, whatever its value.
    Exists,
    /// The field is absent or null.
    Null,
    /// One of the field's values passes.
    Any(Test),
    /// One of the field's values equals one of another field's, case ignored unless `cased`.
    SameAs(FieldId, bool),
    /// The instant in the field is later than the one in another field plus this many milliseconds.
    After(FieldId, i64),
    /// The instant in the field lies outside the hours that four fields of a row give.
    Outside(HourFields),
}

/// The fields of a row that give somebody's hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourFields {
    /// Days of the week, 1 Monday to 7 Sunday.
    pub days: FieldId,
    /// `HH:MM`.
    pub from: FieldId,
    /// `HH:MM`.
    pub to: FieldId,
    /// IANA time zone.
    pub zone: FieldId,
}

/// A question about one field.
#[derive(Debug)]
pub struct Predicate {
    /// The field asked; `None` asks every scalar of the event (keyword search).
    pub field: Option<FieldId>,
    /// The question.
    pub question: Question,
    /// How the rule writes it, for explanations.
    pub says: String,
}

/// A detection: predicates joined by and, or, not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expr {
    /// The predicate holds.
    Is(PredicateId),
    /// All hold; true when empty.
    All(Vec<Expr>),
    /// At least so many hold.
    AtLeast(usize, Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
}

impl Expr {
    /// At least one holds.
    pub fn any(mut of: Vec<Expr>) -> Self {
        if of.len() == 1 { of.swap_remove(0) } else { Self::AtLeast(1, of) }
    }

    /// All hold.
    pub fn all(mut of: Vec<Expr>) -> Self {
        if of.len() == 1 { of.swap_remove(0) } else { Self::All(of) }
    }

    /// The expression's value when `is` answers for the predicates; asks no more than needed, left to right.
    pub fn holds(&self, is: &mut impl FnMut(PredicateId) -> bool) -> bool {
        match self {
            Self::Is(p) => is(*p),
            Self::Not(e) => !e.holds(is),
            Self::All(of) => of.iter().all(|e| e.holds(is)),
            Self::AtLeast(1, of) => of.iter().any(|e| e.holds(is)),
            Self::AtLeast(n, of) => of.iter().filter(|e| e.holds(is)).take(*n).count() >= *n,
        }
    }
}

/// A look-up of a row of the context by a field of the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrichment {
    /// The name under which rules reach the row's fields: `name.field`.
    pub name: String,
    /// The table.
    pub table: String,
    /// The field (of the event, or of a row looked up before) that holds the row's key.
    pub key: FieldId,
}

/// A field that stands for the network of an address: its first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkOf {
    /// The field by its own number.
    pub field: FieldId,
    /// The field that holds the address.
    pub address: FieldId,
    /// Bits of an IPv4 network.
    pub v4: u32,
    /// Bits of an IPv6 network.
    pub v6: u32,
}

/// All fields and predicates of a rule set.
#[derive(Debug, Default)]
pub struct Vocabulary {
    fields: Vec<String>,
    field_ids: BTreeMap<String, FieldId>,
    predicates: Vec<Predicate>,
    predicate_ids: BTreeMap<String, PredicateId>,
    /// Look-ups, in the order in which they have to be made.
    pub enrichments: Vec<Enrichment>,
    /// Fields made from addresses.
    pub networks: Vec<NetworkOf>,
}

impl Vocabulary {
    /// The number of the field `name`.
    pub fn field(&mut self, name: &str) -> FieldId {
        if let Some(id) = self.field_ids.get(name) {
            return *id;
        }
        let id = self.fields.len();
        self.fields.push(name.to_owned());
        self.field_ids.insert(name.to_owned(), id);
        id
    }

    /// The number of the predicate that `says` spells; `question` is used only when it is new.
    pub fn predicate(&mut self, field: Option<FieldId>, question: Question, says: String) -> PredicateId {
        if let Some(id) = self.predicate_ids.get(&says) {
            return *id;
        }
        let id = self.predicates.len();
        self.predicate_ids.insert(says.clone(), id);
        self.predicates.push(Predicate { field, question, says });
        id
    }

    /// Names of the fields, by number.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The predicates, by number.
    pub fn predicates(&self) -> &[Predicate] {
        &self.predicates
    }
}
