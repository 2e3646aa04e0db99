//! Which detections an event matches, asking as little as possible.
//!
//! A value of one field alone often rules most detections out: an event that is a `read` matches no rule on exports. For
//! each field with few values, a memo keeps which detections a value leaves possible, and of the field that most ask about
//! also what is left to ask after it (`program.rs`); what is left after all of them is evaluated in full. So the result is
//! that of asking every detection, whatever the memos hold.

use super::ask::ask;
use super::guard::{self, Guard};
use super::memo::{Found, Memo};
use super::program::Programs;
use crate::events::line::Slots;
use crate::events::plan::Plan;
use crate::events::rule::{Expr, FieldId, Predicate, PredicateId, Question};
use crate::events::value::test::{Order, Test};
use crate::events::value::{Number, Raw};

/// The entry of a value that is not kept: its answers stand beside the memo.
const PASSING: u32 = u32::MAX;
/// Predicates of a field whose answers about such a value are kept while its event is judged.
pub(super) const MOST_PASSING: usize = 64;

/// Judges events.
pub(super) struct Judge<'p> {
    asked: Vec<Asked<'p>>,
    /// A bit for each of them.
    fields: u64,
    programs: Programs,
    bench: Bench<'p>,
    /// A bit for each detection that is certain before any is evaluated.
    sure: Vec<u64>,
}

/// What a field's value is judged with.
struct Bench<'p> {
    plan: &'p Plan,
    answers: Answers,
    /// A bit for each detection that is still possible.
    possible: Vec<u64>,
    /// What each field in `asked` concerns.
    bits_of: Vec<Vec<u64>>,
    scratch: String,
}

/// A field that predicates ask about alone.
pub(super) struct Asked<'p> {
    pub field: FieldId,
    pub predicates: Vec<Asking<'p>>,
    /// A bit for each detection that asks about it.
    pub concerns: Vec<u64>,
    memo: Memo,
}

/// A predicate that is asked of a field.
pub(super) struct Asking<'p> {
    pub number: PredicateId,
    pub predicate: &'p Predicate,
    /// What keeps a value from it at once.
    pub guard: Guard,
    /// The number to compare with, when that is all.
    pub compared: Option<(Order, Number)>,
    effects: Effects,
}

/// What the answer to a predicate means: a bit for each detection that asks it, that a no rules out, and that a yes rules out.
#[derive(Debug, Default)]
struct Effects {
    first: [u64; 3],
    /// The same for detections beyond the first 64.
    rest: Box<[[u64; 3]]>,
}

/// Answers of single predicates to one event.
struct Answers {
    /// For each predicate, the number of its field in `asked` and its bit there.
    kept: Vec<Option<(usize, usize)>>,
    /// For each predicate, the number of the event twice, plus one for yes.
    given: Vec<u32>,
    /// For each field in `asked`, what is known of its value.
    said: Vec<Said>,
    /// The number of the event twice.
    event: u32,
}

/// What is known of a field's value.
#[derive(Clone, Copy, Default)]
struct Said {
    /// The number of the event whose value it is, twice.
    event: u32,
    /// What the memo has on it.
    entry: u32,
    /// A bit for each predicate that holds of it, when the memo has nothing.
    passing: u64,
}

impl<'p> Judge<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        let count = plan.detections.len();
        let words = count.div_ceil(64);
        let mut asked: Vec<Asked<'p>> = Vec::new();
        for (number, predicate) in plan.set.vocabulary.predicates().iter().enumerate() {
            let alone = matches!(predicate.question, Question::Exists | Question::Null | Question::Any(_));
            let Some(field) = predicate.field.filter(|_| alone) else { continue };
            let at = asked.iter().position(|a| a.field == field).unwrap_or_else(|| {
                let (concerns, memo) = (vec![0; words], Memo::new((0, 0)));
                asked.push(Asked { field, predicates: Vec::new(), concerns, memo });
                asked.len() - 1
            });
            if let Some(a) = asked.get_mut(at) {
                let (guard, effects) = (Guard::of(&predicate.question), Effects::of(plan, number));
                let compared = match &predicate.question {
                    Question::Any(Test::Compare(order, with)) => Some((*order, *with)),
                    _ => None,
                };
                a.predicates.push(Asking { number, predicate, guard, compared, effects });
            }
        }
        for a in &mut asked {
            let numbers: Vec<PredicateId> = a.predicates.iter().map(|p| p.number).collect();
            a.concerns = which(plan, |e| asks(e, &numbers));
            a.memo = Memo::new((numbers.len().div_ceil(64), words));
        }
        // What concerns most comes first, so that little is left to ask the others about.
        asked.sort_by_key(|a| std::cmp::Reverse(a.concerns.iter().map(|w| w.count_ones()).sum::<u32>()));
        let mut kept = vec![None; plan.set.vocabulary.predicates().len()];
        for (n, a) in asked.iter().enumerate() {
            for (bit, p) in a.predicates.iter().enumerate() {
                if let Some(slot) = kept.get_mut(p.number) {
                    *slot = Some((n, bit));
                }
            }
        }
        let (given, said) = (vec![0; kept.len()], vec![Said::default(); asked.len()]);
        let answers = Answers { kept, given, said, event: 0 };
        let bits_of = asked.iter().map(|a| a.concerns.clone()).collect();
        let fields = (0..asked.len()).fold(0, |bits, n| bits | 1 << n.min(LAST_BIT));
        let bench = Bench { plan, answers, possible: vec![0; words], bits_of, scratch: String::new() };
        Self { asked, fields, programs: Programs::default(), bench, sure: vec![0; words] }
    }

    /// Gives the numbers of the detections that the event in `slots` matches, in order, to `matched`.
    pub(super) fn event(&mut self, slots: &Slots<'_>, matched: &mut impl FnMut(usize)) {
        self.bench.answers.next();
        self.narrow(slots);
        let Self { asked, bench, sure, .. } = self;
        let Bench { plan, answers, possible, scratch, .. } = bench;
        for ((bits, sure), word) in possible.iter().zip(sure).zip(0..) {
            let mut left = *bits;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left.wrapping_sub(1);
                let number = word * 64 + bit as usize;
                let Some(detection) = plan.detections.get(number) else { break };
                let is_sure = *sure >> bit & 1 == 1;
                if is_sure || detection.expr.holds(&mut |p| answers.of(p, asked, plan, slots, scratch)) {
                    matched(number);
                }
            }
        }
    }

    /// Leaves possible what no single field rules out.
    #[inline(never)]
    fn narrow(&mut self, slots: &Slots<'_>) {
        self.bench.possible.fill(u64::MAX);
        self.sure.fill(0);
        let Some(first) = self.asked.first_mut() else { return };
        let (further, found) = first.visit((0, slots.brief(first.field)), slots, &mut self.bench);
        match found {
            Found::Known(entry) if !slots.is_multiple() && self.follow(entry, slots).is_some() => return,
            // Another value has the entry now.
            Found::New(entry) => self.programs.forget(entry),
            _ => {}
        }
        let mut left = self.fields & further & !1;
        while left != 0 {
            let number = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            left &= self.visit(number, slots);
            if number == LAST_BIT {
                for number in LAST_BIT + 1..self.asked.len() {
                    self.visit(number, slots);
                }
            }
        }
    }

    fn visit(&mut self, number: usize, slots: &Slots<'_>) -> u64 {
        let asked = self.asked.get_mut(number);
        asked.map_or(u64::MAX, |a| a.visit((number, slots.brief(a.field)), slots, &mut self.bench).0)
    }

    /// Asks what is left to be asked when the memo of the first field has the entry `heard`; `None` when that is not known.
    #[inline(always)]
    fn follow(&mut self, heard: u32, slots: &Slots<'_>) -> Option<()> {
        let Self { asked, programs, bench, sure, .. } = self;
        if programs.of(heard).is_none() {
            programs.make(heard, bench.plan, asked)?;
        }
        let program = programs.of(heard)?;
        copy(&program.possible, &mut bench.possible);
        copy(&program.sure, sure);
        for step in &program.steps {
            if !step.matters(&bench.possible) {
                continue;
            }
            let brief = slots.brief(step.field);
            if let Some(passing) = step.glance(brief, &mut bench.possible) {
                bench.answers.say(step.number, PASSING, passing);
            } else if let Some(asked) = asked.get_mut(step.number) {
                asked.look(step.number, slots, bench);
            }
        }
        Some(())
    }
}

/// The bit that stands for all fields from its number on.
const LAST_BIT: usize = 63;

#[inline]
fn overlap(a: &[u64], b: &[u64]) -> bool {
    match (a, b) {
        ([a], [b]) => a & b != 0,
        _ => a.iter().zip(b).any(|(a, b)| a & b != 0),
    }
}

/// Leaves of the `possible` detections those in `left`.
#[inline]
fn leave(left: &[u64], possible: &mut [u64]) {
    match (possible, left) {
        ([possible], [left]) => *possible &= left,
        (possible, left) => possible.iter_mut().zip(left).for_each(|(p, left)| *p &= left),
    }
}

#[inline]
fn copy(from: &[u64], to: &mut [u64]) {
    match (from, to) {
        ([from], [to]) => *to = *from,
        (from, to) => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
    }
}

impl Effects {
    fn of(plan: &Plan, number: PredicateId) -> Self {
        let if_it = |holds| which(plan, |e| value(e, &|q| (q == number).then_some(holds)) == Some(false));
        let asks = which(plan, |e| asks(e, &[number]));
        let all = asks.into_iter().zip(if_it(false)).zip(if_it(true)).map(|((a, no), yes)| [a, no, yes]);
        let all: Vec<[u64; 3]> = all.collect();
        let (first, rest) = all.split_first().map_or(([0; 3], &[][..]), |(first, rest)| (*first, rest));
        Self { first, rest: rest.into() }
    }

    /// Whether a detection that is still possible asks.
    #[inline]
    fn matter(&self, possible: &[u64]) -> bool {
        let Some((word, words)) = possible.split_first() else { return false };
        let [asks, ..] = self.first;
        word & asks != 0 || (!words.is_empty() && self.matter_further(words))
    }

    fn matter_further(&self, words: &[u64]) -> bool {
        self.rest.iter().zip(words).any(|([asks, ..], word)| word & asks != 0)
    }

    /// Rules out what the answer rules out.
    #[inline]
    fn rule_out(&self, holds: bool, possible: &mut [u64]) {
        let Some((word, words)) = possible.split_first_mut() else { return };
        let [_, no, yes] = self.first;
        *word &= !(if holds { yes } else { no });
        if !words.is_empty() {
            self.rule_out_further(holds, words);
        }
    }

    fn rule_out_further(&self, holds: bool, words: &mut [u64]) {
        for ([_, no, yes], word) in self.rest.iter().zip(words) {
            *word &= !(if holds { yes } else { no });
        }
    }
}

impl Asking<'_> {
    /// Whether one of the `possible` detections asks it.
    #[inline]
    pub(super) fn matters(&self, possible: &[u64]) -> bool {
        self.effects.matter(possible)
    }

    /// Makes the test itself, which most values do not come to.
    #[inline(never)]
    fn passes(&self, field: FieldId, is_list: bool, slots: &Slots<'_>, scratch: &mut String) -> bool {
        match &self.predicate.question {
            Question::Any(test) if !is_list => test.passes(slots.get(field), scratch),
            _ => ask(self.predicate, slots, scratch),
        }
    }
}

impl Asked<'_> {
    /// The same as `visit`, whatever comes of it. The value is told anew: that is less than to hand it on.
    #[inline(never)]
    fn look(&mut self, number: usize, slots: &Slots<'_>, bench: &mut Bench<'_>) {
        self.visit((number, slots.brief(self.field)), slots, bench);
    }

    /// Asks about the field, whose number is told and its value in brief; gives the fields, a bit for each, that still matter, and
    /// what the memo has on the value.
    #[inline(always)]
    fn visit(
        &mut self,
        (number, brief): (usize, (u8, &[u8])),
        slots: &Slots<'_>,
        bench: &mut Bench<'_>,
    ) -> (u64, Found) {
        let found = if slots.has_more(self.field) { Found::Not } else { self.memo.find(brief) };
        let entry = match found {
            Found::Known(entry) => entry,
            Found::New(entry) => {
                self.fill(entry, slots, bench);
                entry
            }
            Found::Not => {
                self.answer((number, brief), slots, bench);
                return (u64::MAX, found);
            }
        };
        bench.answers.say(number, entry, 0);
        leave(self.memo.possible(entry), &mut bench.possible);
        (self.memo.further(entry), found)
    }

    /// What the memo's entry answers to a predicate about the field; `None` when it is about another.
    pub(super) fn kept(&self, entry: u32, p: PredicateId) -> Option<bool> {
        let bit = self.predicates.iter().position(|q| q.number == p)?;
        Some(is_set(self.answers(entry), bit))
    }

    /// A bit for each predicate that holds of the value of the memo's entry.
    pub(super) fn answers(&self, entry: u32) -> &[u64] {
        self.memo.answers(entry)
    }

    /// Answers what detections that are still possible ask about a value that is not kept, and narrows them down by it.
    #[inline(never)]
    fn answer(&mut self, (number, brief): (usize, (u8, &[u8])), slots: &Slots<'_>, bench: &mut Bench<'_>) {
        let Bench { answers, possible, scratch, .. } = bench;
        let is_list = slots.has_more(self.field);
        let gist = if is_list { None } else { guard::of_value(brief) };
        let whole = if is_list || brief.0 != Raw::NUMBER { None } else { Number::few_digits(brief.1) };
        let (mut passing, mut bit) = (0u64, 1u64);
        for asking in &self.predicates {
            if asking.matters(possible) {
                let holds = match (&whole, &asking.compared, &gist) {
                    (Some(whole), Some((order, with)), _) => order.holds(whole, with),
                    (_, _, Some(gist)) if !asking.guard.lets(gist) => false,
                    _ => asking.passes(self.field, is_list, slots, scratch),
                };
                passing |= if holds { bit } else { 0 };
                asking.effects.rule_out(holds, possible);
            }
            bit = bit.rotate_left(1);
        }
        if self.predicates.len() <= MOST_PASSING {
            answers.say(number, PASSING, passing);
        }
    }

    /// Answers all predicates about the field's value and works out which detections they leave possible, and which fields
    /// those ask about.
    #[cold]
    fn fill(&mut self, entry: u32, slots: &Slots<'_>, bench: &mut Bench<'_>) {
        let Self { predicates, concerns, memo, .. } = self;
        let Bench { plan, bits_of, scratch, .. } = bench;
        let (answers, possible) = memo.entry_mut(entry);
        answers.fill(0);
        for (bit, asking) in predicates.iter().enumerate() {
            if ask(asking.predicate, slots, scratch) {
                set(answers, bit);
            }
        }
        possible.fill(u64::MAX);
        for (number, detection) in plan.detections.iter().enumerate().filter(|(n, _)| is_set(concerns, *n)) {
            let answer = |p: PredicateId| predicates.iter().position(|q| q.number == p).map(|bit| is_set(answers, bit));
            if value(&detection.expr, &answer) == Some(false)
                && let Some(word) = possible.get_mut(number / 64)
            {
                *word &= !(1 << (number % 64));
            }
        }
        let left = memo.possible(entry);
        let fields = bits_of.iter().zip(0..).filter(|(concerns, _)| overlap(concerns, left));
        let bits = fields.fold(0, |bits, (_, n): (_, usize)| bits | 1 << n.min(LAST_BIT));
        memo.set_further(entry, bits);
    }
}

impl Answers {
    /// Forgets the answers to the last event.
    fn next(&mut self) {
        self.event += 2;
        if self.event >= u32::MAX - 2 {
            self.given.fill(0);
            self.said.fill(Said::default());
            self.event = 2;
        }
    }

    /// Keeps what is known of this event's value of a field.
    #[inline]
    fn say(&mut self, number: usize, entry: u32, passing: u64) {
        if let Some(said) = self.said.get_mut(number) {
            *said = Said { event: self.event, entry, passing };
        }
    }

    fn of(
        &mut self,
        p: PredicateId,
        asked: &[Asked<'_>],
        plan: &Plan,
        slots: &Slots<'_>,
        scratch: &mut String,
    ) -> bool {
        if let Some((n, bit)) = self.kept.get(p).copied().flatten()
            && let Some(said) = self.said.get(n).filter(|said| said.event == self.event)
        {
            let is_kept = || asked.get(n).is_some_and(|a| is_set(a.answers(said.entry), bit));
            return if said.entry == PASSING { said.passing >> bit & 1 == 1 } else { is_kept() };
        }
        let Some(given) = self.given.get_mut(p) else { return false };
        if *given & !1 != self.event {
            let holds = plan.set.vocabulary.predicates().get(p).is_some_and(|p| ask(p, slots, scratch));
            *given = self.event | u32::from(holds);
        }
        *given & 1 == 1
    }
}

/// A bit for each detection whose expression is `such`.
pub(super) fn which(plan: &Plan, such: impl Fn(&Expr) -> bool) -> Vec<u64> {
    let mut bits = vec![0; plan.detections.len().div_ceil(64)];
    for (number, _) in plan.detections.iter().enumerate().filter(|(_, d)| such(&d.expr)) {
        set(&mut bits, number);
    }
    bits
}

/// Whether the expression asks one of the predicates.
fn asks(expr: &Expr, predicates: &[PredicateId]) -> bool {
    match expr {
        Expr::Is(p) => predicates.contains(p),
        Expr::Not(e) => asks(e, predicates),
        Expr::All(of) | Expr::AtLeast(_, of) => of.iter().any(|e| asks(e, predicates)),
    }
}

/// The expression's value when only some predicates' answers are known; `None` when the others decide.
pub(super) fn value(expr: &Expr, answer: &impl Fn(PredicateId) -> Option<bool>) -> Option<bool> {
    match expr {
        Expr::Is(p) => answer(*p),
        Expr::Not(e) => value(e, answer).map(|v| !v),
        Expr::All(of) => at_least(of.len(), of, answer),
        Expr::AtLeast(n, of) => at_least(*n, of, answer),
    }
}

fn at_least(n: usize, of: &[Expr], answer: &impl Fn(PredicateId) -> Option<bool>) -> Option<bool> {
    let (mut sure, mut perhaps) = (0, 0);
    for e in of {
        match value(e, answer) {
            Some(true) => sure += 1,
            Some(false) => {}
            None => perhaps += 1,
        }
    }
    if sure >= n {
        Some(true)
    } else if sure + perhaps < n {
        Some(false)
    } else {
        None
    }
}

fn set(words: &mut [u64], bit: usize) {
    if let Some(word) = words.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}

fn is_set(words: &[u64], bit: usize) -> bool {
    words.get(bit / 64).is_some_and(|w| w >> (bit % 64) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_in_part_is_decided_only_when_the_rest_cannot_change_it() {
        let known = |p: PredicateId| match p {
            0 => Some(true),
            1 => Some(false),
            _ => None,
        };
        let is = Expr::Is;
        for (expr, want) in [
            (Expr::All(vec![is(0), is(2)]), None),
            (Expr::All(vec![is(1), is(2)]), Some(false)),
            (Expr::All(vec![]), Some(true)),
            (Expr::AtLeast(1, vec![is(1), is(2)]), None),
            (Expr::AtLeast(1, vec![is(0), is(2)]), Some(true)),
            (Expr::AtLeast(2, vec![is(1), is(2), is(0)]), None),
            (Expr::AtLeast(2, vec![is(1), is(1), is(2)]), Some(false)),
            (Expr::AtLeast(1, vec![]), Some(false)),
            (Expr::Not(Box::new(is(1))), Some(true)),
            (Expr::Not(Box::new(is(2))), None),
        ] {
            assert_eq!(value(&expr, &known), want, "{expr:?}");
        }
    }
}
