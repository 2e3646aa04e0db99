//! Learned shapes: what lines of one kind have in common is compared, and only what differs is looked at.
//!
//! A log has few sequences of keys. The general parser takes the first line of each and tells where its values stood; the
//! bytes between them (keys, braces, commas, quotes) and the kinds of the values become a path in a tree. A later line is
//! taken here only if every byte of it is accounted for: the bytes between values are those of the path, and every value is a
//! whole scalar of JSON of the same kind. So what a path accepts, the general parser accepts too and gives the same fields;
//! whatever fits no path is left to it, and it alone decides what is malformed.
//!
//! INVARIANT: which fields a line fills depends on its path alone, since double keys, nesting and empty arrays are part of it.

use super::Slots;
use super::paths::Paths;
use super::scalar::{number_end, text_end};
use super::walk::{Scalar, Seen};
use crate::events::rule::FieldId;
use crate::events::value::Raw;

/// Steps kept in all; a log with more kinds of lines than fit is left to the general parser where they do not.
const MOST_STEPS: usize = 8192;
/// Bytes between values kept in all.
const MOST_BYTES: usize = 1 << 20;
/// Ways on from one place.
const MOST_WAYS: usize = 24;
/// Values of a line beyond which it is not learned.
const MOST_VALUES: usize = 512;
/// After so many lines it is seen whether learning pays.
const TRIAL_LINES: u32 = 4096;
/// If it does not, this many lines go to the general parser before it is tried anew.
const REST_LINES: u32 = 16 * TRIAL_LINES;

/// Fixed bytes that are compared at once. So many have to follow a line for it to be taken.
const HEAD_BYTES: usize = 16;

/// No step.
const NONE: u32 = u32::MAX;

/// What comes next in a line: fixed bytes, then a value, or the end.
#[derive(Debug)]
struct Step {
    /// The first 16 of the fixed bytes, and which bits of them count.
    head: u128,
    mask: u128,
    /// The fixed bytes in all.
    length: usize,
    /// The first step after this one.
    next: u32,
    /// Another step from the same place.
    other: u32,
    /// The value's kind; none at the end of the line.
    kind: Option<Scalar>,
    /// Whether anybody wants the value, or is told that something is there.
    wanted: bool,
    /// The fixed bytes beyond 16.
    tail: Box<[u8]>,
    /// Fields that are there without a value of their own, in their order.
    hollow: Box<[FieldId]>,
    /// Fields that get the value.
    fields: Box<[FieldId]>,
}

/// The paths learned so far.
#[derive(Debug)]
pub(super) struct Shapes {
    steps: Vec<Step>,
    first: u32,
    bytes: usize,
    keywords: bool,
    tried: u32,
    taken: u32,
    /// Taken before the present trial.
    taken_before: u32,
    resting: u32,
}

impl Shapes {
    pub(super) fn new(paths: &Paths) -> Self {
        let keywords = paths.keywords;
        let (tried, taken, taken_before, resting) = (0, 0, 0, 0);
        Self { steps: Vec::new(), first: NONE, bytes: 0, keywords, tried, taken, taken_before, resting }
    }

    /// Whether lines are to be tried at all; false for a while after lines that seldom fitted.
    pub(super) fn wanted(&mut self) -> bool {
        if self.resting > 0 {
            self.resting -= 1;
            return false;
        }
        if self.tried == TRIAL_LINES {
            if self.taken < TRIAL_LINES / 2 {
                (self.steps, self.first, self.bytes) = (Vec::new(), NONE, 0);
                self.resting = REST_LINES;
            }
            self.taken_before = self.taken_before.wrapping_add(self.taken);
            (self.tried, self.taken) = (0, 0);
        }
        self.tried += 1;
        true
    }

    /// Fills `slots` from the first `length` bytes of `text`, a line without control characters; false when the line fits
    /// no path, and then `slots` hold nothing to be used. What follows the line is not looked at, only loaded; when nothing
    /// follows, the line is not taken.
    pub(super) fn read<'a>(&mut self, text: &'a str, length: usize, slots: &mut Slots<'a>) -> bool {
        let taken = self.follow(text, length, slots).is_some();
        self.taken += u32::from(taken);
        taken
    }

    fn follow<'a>(&self, text: &'a str, length: usize, slots: &mut Slots<'a>) -> Option<()> {
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut step = self.steps.get(self.first as usize)?;
        loop {
            let start = at + step.length;
            let end = if step.begins(bytes, at) { step.end(bytes, start, length) } else { None };
            let Some((end, escaped)) = end else {
                step = self.steps.get(step.other as usize)?;
                continue;
            };
            if step.wanted || self.keywords {
                step.give(text.get(start..end)?, escaped, self.keywords, slots);
            }
            if step.kind.is_none() {
                return Some(());
            }
            at = end;
            step = self.steps.get(step.next as usize)?;
        }
    }

    /// How many lines fitted so far.
    #[cfg(test)]
    pub(super) const fn taken_in_all(&self) -> u32 {
        self.taken_before + self.taken
    }

    /// Steps and bytes kept.
    #[cfg(test)]
    pub(super) const fn size(&self) -> (usize, usize) {
        (self.steps.len(), self.bytes)
    }

    /// Learns the path of `line`, a well-formed one, in which `seen` was met.
    pub(super) fn learn(&mut self, line: &str, seen: &[Seen], paths: &Paths) {
        if seen.len() > MOST_VALUES
            || self.steps.len() + seen.len() >= MOST_STEPS
            || self.bytes + line.len() > MOST_BYTES
        {
            return;
        }
        let mut from = None;
        let mut start = 0;
        let mut hollow: Vec<FieldId> = Vec::new();
        for value in seen {
            let fields = value.node.map_or(&[][..], |n| paths.fields_at(n));
            if value.kind == Scalar::Hollow {
                hollow.extend(fields);
                continue;
            }
            let Some(fixed) = line.as_bytes().get(start..value.span.0) else { return };
            let step = Step::new(fixed, Some(value.kind), std::mem::take(&mut hollow), fields);
            let Some(number) = self.way(from, step) else { return };
            (from, start) = (Some(number), value.span.1);
        }
        let Some(fixed) = line.as_bytes().get(start..) else { return };
        self.way(from, Step::new(fixed, None, hollow, &[]));
    }

    /// The step like `wanted` after `from`, made if it is not there; `None` when there are too many.
    fn way(&mut self, from: Option<u32>, wanted: Step) -> Option<u32> {
        let first = from.map_or(self.first, |f| self.steps.get(f as usize).map_or(NONE, |s| s.next));
        let (mut at, mut last, mut ways) = (first, NONE, 0);
        while let Some(step) = self.steps.get(at as usize) {
            if step.like(&wanted) {
                return Some(at);
            }
            (last, at, ways) = (at, step.other, ways + 1);
        }
        if ways >= MOST_WAYS {
            return None;
        }
        let number = u32::try_from(self.steps.len()).ok()?;
        self.bytes += wanted.length;
        self.steps.push(wanted);
        if let Some(step) = self.steps.get_mut(last as usize) {
            step.other = number;
        } else if let Some(step) = from.and_then(|f| self.steps.get_mut(f as usize)) {
            step.next = number;
        } else {
            self.first = number;
        }
        Some(number)
    }
}

impl Step {
    fn new(fixed: &[u8], kind: Option<Scalar>, hollow: Vec<FieldId>, fields: &[FieldId]) -> Self {
        let (head, tail) = fixed.split_at_checked(HEAD_BYTES).unwrap_or((fixed, &[]));
        let word = |bytes: &mut dyn Iterator<Item = u8>| bytes.fold(0, |w, b| w << 8 | u128::from(b));
        Self {
            head: word(&mut head.iter().rev().copied()),
            mask: word(&mut head.iter().map(|_| 0xff)),
            length: fixed.len(),
            next: NONE,
            other: NONE,
            kind,
            wanted: !(hollow.is_empty() && fields.is_empty()),
            tail: tail.into(),
            hollow: hollow.into(),
            fields: fields.into(),
        }
    }

    /// Whether the line goes on with this step's fixed bytes at `at`; false also when too little follows to be loaded.
    #[inline]
    fn begins(&self, bytes: &[u8], at: usize) -> bool {
        let Some(head) = bytes.get(at..).and_then(<[u8]>::first_chunk::<HEAD_BYTES>) else { return false };
        if (u128::from_le_bytes(*head) ^ self.head) & self.mask != 0 {
            return false;
        }
        self.length <= HEAD_BYTES || bytes.get(at + HEAD_BYTES..at + self.length) == Some(&*self.tail)
    }

    /// Where the value that begins at `start` ends, and whether it holds escapes; `None` when it is not of this kind.
    #[inline]
    fn end(&self, bytes: &[u8], start: usize, length: usize) -> Option<(usize, bool)> {
        match self.kind {
            Some(Scalar::Text) => text_end(bytes, start),
            Some(Scalar::Number) => number_end(bytes, start).map(|end| (end, false)),
            Some(Scalar::Bool) => match bytes.get(start..)?.first_chunk::<5>()? {
                [b't', b'r', b'u', b'e', _] => Some((start + 4, false)),
                b"false" => Some((start + 5, false)),
                _ => None,
            },
            Some(Scalar::Null) => (bytes.get(start..)?.first_chunk::<4>()? == b"null").then_some((start + 4, false)),
            Some(Scalar::Hollow) => None,
            None => (start == length).then_some((start, false)),
        }
    }

    /// Puts the value into the slots of its fields.
    #[inline]
    fn give<'a>(&self, inner: &'a str, escaped: bool, keywords: bool, slots: &mut Slots<'a>) {
        for field in &self.hollow {
            slots.put(*field, Raw::Hollow);
        }
        let value = match self.kind {
            Some(Scalar::Text) => Raw::Text { inner, escaped },
            Some(Scalar::Number) => Raw::Number(inner),
            Some(Scalar::Bool) => Raw::Bool(inner.len() == 4),
            Some(Scalar::Null) => Raw::Null,
            Some(Scalar::Hollow) | None => return,
        };
        for field in &self.fields {
            slots.put(*field, value);
        }
        if keywords && value != Raw::Null {
            slots.scalars.push(value);
        }
    }

    fn like(&self, other: &Self) -> bool {
        (self.head, self.length, self.kind, &self.tail) == (other.head, other.length, other.kind, &other.tail)
    }
}
