//! What is left to ask of an event once one field has been heard: most often that most of what could be is not.
//!
//! The field that most detections ask about, such as the kind of an event, decides which of the other fields matter, and of these
//! which predicates. That is worked out once for all values of it of which the same holds.

use super::ask::ask;
use super::guard::{self, Edge};
use super::judge::{Asked, Asking, MOST_PASSING, value, which};
use crate::events::line::Slots;
use crate::events::plan::Plan;
use crate::events::rule::{FieldId, PredicateId};
use crate::events::value::test::Order;
use crate::events::value::{Number, Raw};
use std::collections::BTreeMap;

/// Programs kept; what a log brings beyond them is judged without.
const MOST_KEPT: usize = 256;

/// Values without bytes, in the order of their kinds told in brief.
const BARE: [Raw<'static>; 5] = [Raw::Absent, Raw::Null, Raw::Bool(false), Raw::Bool(true), Raw::Hollow];

/// What to ask after the first field.
pub(super) struct Program {
    /// A bit for each detection that is still possible.
    pub possible: Box<[u64]>,
    /// A bit for each that is certain.
    pub sure: Box<[u64]>,
    /// The fields to ask about, one after the other.
    pub steps: Box<[Step]>,
}

impl Program {
    /// What to ask of the other fields when these are the answers about the first.
    fn new(plan: &Plan, answer: &impl Fn(PredicateId) -> Option<bool>, others: &[Asked<'_>]) -> Self {
        let possible = which(plan, |e| value(e, answer) != Some(false));
        let sure = which(plan, |e| value(e, answer) == Some(true));
        let steps = (1..).zip(others).filter_map(|other| Step::new(plan, other, &possible, answer)).collect();
        Self { possible: possible.into(), sure: sure.into(), steps }
    }
}

/// A field to ask about.
pub(super) struct Step {
    /// Its number among those that are asked about.
    pub number: usize,
    pub field: FieldId,
    /// What it means to detections.
    word: Word,
    /// The same for detections beyond the first 64.
    words: Box<[Word]>,
    glance: Glance,
    /// Whether letters are folded, so that the ends of a value beyond ASCII tell nothing.
    folds: bool,
    /// Whether addresses of IPv6 may be meant, whose ends tell nothing.
    addresses: bool,
    /// What a value has to be for any predicate to hold, seen at a glance.
    checks: Box<[Check]>,
    /// What a value without bytes means, by its kind; none when there are too many predicates or detections.
    bare: Option<Box<[Bare; BARE.len()]>>,
}

/// A bit each for 64 detections.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// Those that ask about the field and are possible after the first one.
    concerns: u64,
    /// Those that are possible when nothing holds of it that they ask.
    none: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bare {
    /// A bit for each detection that is possible then.
    possible: u64,
    /// A bit for each predicate that holds.
    passing: u64,
}

/// What a glance can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Glance {
    /// Nothing.
    No,
    /// That no text or number fits, by its ends.
    Ends,
    /// That no number fits, by its size.
    Sizes,
}

#[derive(Clone, Copy, Debug)]
enum Check {
    First(Edge),
    Last(Edge),
    Size(Order, Number),
}

impl Step {
    /// Whether a detection that is still possible asks about the field.
    #[inline(always)]
    pub(super) fn matters(&self, possible: &[u64]) -> bool {
        let Some((first, others)) = possible.split_first() else { return false };
        first & self.word.concerns != 0
            || (!others.is_empty() && others.iter().zip(&self.words).any(|(p, word)| p & word.concerns != 0))
    }

    /// Leaves possible what is when a value, told in brief, is what a glance can tell; gives a bit for each predicate that holds
    /// of it. `None`, and nothing is changed, when it takes a closer look.
    #[inline(always)]
    pub(super) fn glance(&self, brief: (u8, &[u8]), possible: &mut [u64]) -> Option<u64> {
        let (first, others) = possible.split_first_mut()?;
        if let (Some(kind), Some(bare)) = (brief.0.checked_sub(Raw::BARE), &self.bare) {
            let bare = bare.get(usize::from(kind))?;
            *first &= bare.possible;
            return Some(bare.passing);
        }
        let is_none = match self.glance {
            Glance::No => false,
            Glance::Ends => self.is_none_by_ends(brief),
            Glance::Sizes => self.is_none_by_size(brief),
        };
        if !is_none {
            return None;
        }
        *first &= self.word.none;
        if !others.is_empty() {
            others.iter_mut().zip(&self.words).for_each(|(p, word)| *p &= word.none);
        }
        Some(0)
    }

    #[inline(always)]
    fn is_none_by_ends(&self, brief: (u8, &[u8])) -> bool {
        let Some(gist) = guard::of_value(brief) else { return false };
        if (self.folds && guard::is_beyond_ascii(&gist)) || (self.addresses && guard::has_colon(gist.first)) {
            return false;
        }
        !self.checks.iter().any(|check| match check {
            Check::First(edge) => edge.lets(gist.first),
            Check::Last(edge) => edge.lets(gist.last),
            Check::Size(..) => true,
        })
    }

    #[inline(always)]
    fn is_none_by_size(&self, brief: (u8, &[u8])) -> bool {
        let number = if brief.0 == Raw::NUMBER { Number::few_digits(brief.1) } else { None };
        let holds = |n: &Number, check: &Check| matches!(check, Check::Size(order, with) if order.holds(n, with));
        number.is_some_and(|n| !self.checks.iter().any(|check| holds(&n, check)))
    }

    /// What to ask about a field when `possible` detections are; nothing when none of them asks about it.
    fn new(
        plan: &Plan,
        (number, asked): (usize, &Asked<'_>),
        possible: &[u64],
        first: &impl Fn(PredicateId) -> Option<bool>,
    ) -> Option<Self> {
        let bit = |p: PredicateId| asked.predicates.iter().position(|a| a.number == p);
        let when = |passing: u64| {
            let answer = |p: PredicateId| bit(p).map_or_else(|| first(p), |bit| Some(passing >> bit & 1 == 1));
            which(plan, |e| value(e, &answer) != Some(false))
        };
        let is_small = asked.predicates.len() <= MOST_PASSING;
        let none = if is_small { when(0) } else { possible.to_vec() };
        let words = asked.concerns.iter().zip(possible).zip(none);
        let words: Vec<Word> = words.map(|((asks, p), none)| Word { concerns: asks & p, none }).collect();
        if words.iter().all(|w| w.concerns == 0) {
            return None;
        }
        let (word, words) = words.split_first()?;
        let matter: Vec<&Asking<'_>> = asked.predicates.iter().filter(|a| a.matters(possible)).collect();
        let (glance, checks) = if is_small { checks(&matter) } else { (Glance::No, Vec::new()) };
        let bare = |value| {
            let passing = passing(plan, asked, value);
            Bare { possible: when(passing).first().copied().unwrap_or_default(), passing }
        };
        Some(Self {
            number,
            field: asked.field,
            word: *word,
            words: words.into(),
            glance,
            folds: matter.iter().any(|a| a.guard.folds),
            addresses: matter.iter().any(|a| a.guard.addresses),
            checks: checks.into(),
            bare: (is_small && words.is_empty()).then(|| Box::new(BARE.map(bare))),
        })
    }
}

/// How to tell at a glance that none of the predicates holds.
fn checks(predicates: &[&Asking<'_>]) -> (Glance, Vec<Check>) {
    let size = |a: &&Asking<'_>| a.compared.map(|(order, with)| Check::Size(order, with));
    if let Some(checks) = predicates.iter().map(size).collect() {
        return (Glance::Sizes, checks);
    }
    let end = |a: &&Asking<'_>| match (a.guard.first, a.guard.last) {
        (first, _) if first != Edge::default() => Some(Check::First(first)),
        (_, last) if last != Edge::default() => Some(Check::Last(last)),
        _ => None,
    };
    predicates.iter().map(end).collect::<Option<_>>().map_or((Glance::No, Vec::new()), |checks| (Glance::Ends, checks))
}

/// A bit for each predicate of a field that holds of a value.
fn passing(plan: &Plan, asked: &Asked<'_>, value: Raw<'_>) -> u64 {
    let mut slots = Slots::new(plan.paths.field_count());
    slots.set(asked.field, value);
    let holds = |a: &Asking<'_>| u64::from(ask(a.predicate, &slots, &mut String::new()));
    asked.predicates.iter().zip(0..).fold(0, |bits, (a, bit)| bits | holds(a) << bit)
}

/// The programs made so far.
#[derive(Default)]
pub(super) struct Programs {
    /// For each entry of the first field's memo, the program's number, if one was made.
    of_entry: Vec<Option<u16>>,
    /// Their numbers by what the first field's predicates come to.
    numbers: BTreeMap<Box<[u64]>, u16>,
    made: Vec<Program>,
}

impl Programs {
    /// Forgets which program belongs to an entry, since it is another value's now.
    pub(super) fn forget(&mut self, entry: u32) {
        if let Some(slot) = self.of_entry.get_mut(entry as usize) {
            *slot = None;
        }
    }

    /// The program after an entry of the first field's memo.
    #[inline]
    pub(super) fn of(&self, entry: u32) -> Option<&Program> {
        self.made.get(usize::from((*self.of_entry.get(entry as usize)?)?))
    }

    /// Makes the program after an entry; `None` when there are too many.
    #[cold]
    pub(super) fn make(&mut self, entry: u32, plan: &Plan, asked: &[Asked<'_>]) -> Option<()> {
        let (first, others) = asked.split_first()?;
        let number = match self.numbers.get(first.answers(entry)) {
            Some(number) => *number,
            None if self.made.len() >= MOST_KEPT => return None,
            None => {
                let number = u16::try_from(self.made.len()).ok()?;
                self.made.push(Program::new(plan, &|p| first.kept(entry, p), others));
                self.numbers.insert(first.answers(entry).into(), number);
                number
            }
        };
        let at = entry as usize;
        if self.of_entry.len() <= at {
            self.of_entry.resize(at + 1, None);
        }
        *self.of_entry.get_mut(at)? = Some(number);
        Some(())
    }
}
