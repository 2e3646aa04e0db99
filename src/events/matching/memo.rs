//! What is known about a field's values: answers given once for a value are kept while it comes again and again.
//!
//! A field of a log has either few values or ever new ones. The first kind is remembered, the second is not worth it: a memo
//! that seldom helps rests. Its size is fixed, whatever a log brings.

use crate::events::hash::Gist;
use crate::events::value::Raw;

/// Values kept in a set; a value's place is one of its set.
const WAYS: usize = 4;
/// Sets of a memo.
const SETS: usize = 256;
/// Longest value kept, in bytes.
const LONGEST_BYTES: usize = 256;
/// Look-ups after which it is seen whether the memo helps.
const TRIAL: u32 = 1024;
/// Look-ups a memo rests for the first time; each time as often again, up to the most.
const FIRST_REST: u32 = 64 * TRIAL;
const LONGEST_REST: u32 = 1 << 24;

/// Entries for what has no bytes: absent, null, false, true, hollow.
const FIXED: usize = 5;

/// A memo of one field.
#[derive(Debug)]
pub(super) struct Memo {
    /// Kind and gist of each kept value.
    values: Vec<(u8, Gist)>,
    /// Its bytes when they are more than the gist.
    rest: Vec<Box<[u8]>>,
    fixed: [bool; FIXED],
    /// Words of answers and of possible detections, for each entry.
    width: (usize, usize),
    words: Vec<u64>,
    /// A bit for each field that is to be asked about after an entry.
    further: Vec<u64>,
    /// Which value of a set goes next.
    turn: usize,
    asked: u32,
    missed: u32,
    resting: u32,
    next_rest: u32,
}

/// What a memo says of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is known under this number.
    Known(u32),
    /// It has this number from now on; what is said of it has to be filled in.
    New(u32),
    /// It is not kept.
    Not,
}

impl Memo {
    /// A memo of `width` words of answers and of possible detections.
    pub(super) fn new(width: (usize, usize)) -> Self {
        Self {
            values: Vec::new(),
            rest: Vec::new(),
            fixed: [false; FIXED],
            width,
            words: vec![0; FIXED * (width.0 + width.1)],
            further: vec![0; FIXED],
            turn: 0,
            asked: 0,
            missed: 0,
            resting: 0,
            next_rest: FIRST_REST,
        }
    }

    /// Looks a value, told in brief, up.
    #[inline(always)]
    pub(super) fn find(&mut self, (kind, bytes): (u8, &[u8])) -> Found {
        if let Some(bare) = kind.checked_sub(Raw::BARE) {
            return self.of_fixed(usize::from(bare));
        }
        if self.resting > 0 {
            self.resting -= 1;
            return Found::Not;
        }
        if bytes.len() > LONGEST_BYTES {
            return Found::Not;
        }
        if self.asked >= TRIAL {
            self.judge_itself();
        }
        self.asked += 1;
        let known = (kind, Gist::of(bytes));
        let set = ((known.1.mixed() ^ u64::from(kind)) >> 56) as usize % SETS * WAYS;
        if let Some(kept) = self.values.get(set..).and_then(<[(u8, Gist)]>::first_chunk::<WAYS>) {
            let mut at = set;
            for value in kept {
                if *value == known && (bytes.len() <= Gist::WHOLE_BYTES || self.is_rest(at, bytes)) {
                    return Found::Known(number(at.wrapping_add(FIXED)));
                }
                at = at.wrapping_add(1);
            }
        }
        self.missed += 1;
        self.put(set, known, bytes)
    }

    #[inline(never)]
    fn is_rest(&self, at: usize, bytes: &[u8]) -> bool {
        self.rest.get(at).is_some_and(|rest| **rest == *bytes)
    }

    #[inline]
    fn of_fixed(&mut self, at: usize) -> Found {
        match self.fixed.get_mut(at) {
            Some(known) if !*known => {
                *known = true;
                Found::New(number(at))
            }
            _ => Found::Known(number(at)),
        }
    }

    #[cold]
    fn put(&mut self, set: usize, value: (u8, Gist), bytes: &[u8]) -> Found {
        if self.values.is_empty() {
            self.values = vec![(u8::MAX, Gist::default()); SETS * WAYS];
            self.rest = vec![Box::default(); SETS * WAYS];
            self.further.resize(FIXED + SETS * WAYS, 0);
            self.words.resize((FIXED + SETS * WAYS) * (self.width.0 + self.width.1), 0);
        }
        self.turn = (self.turn + 1) % WAYS;
        let free = self.values.get(set..set + WAYS).and_then(|s| s.iter().position(|(k, _)| *k == u8::MAX));
        let at = set + free.unwrap_or(self.turn);
        if let (Some(v), Some(r)) = (self.values.get_mut(at), self.rest.get_mut(at)) {
            *v = value;
            *r = if bytes.len() <= Gist::WHOLE_BYTES { Box::default() } else { bytes.into() };
        }
        Found::New(number(FIXED + at))
    }

    /// Rests when most values were new of late.
    #[cold]
    fn judge_itself(&mut self) {
        if self.missed > TRIAL / 4 {
            self.resting = self.next_rest;
            self.next_rest = self.next_rest.saturating_mul(2).min(LONGEST_REST);
        } else {
            self.next_rest = FIRST_REST;
        }
        (self.asked, self.missed) = (0, 0);
    }

    /// The answers kept for an entry.
    pub(super) fn answers(&self, entry: u32) -> &[u64] {
        let at = self.place(entry);
        self.words.get(at..at.wrapping_add(self.width.0)).unwrap_or_default()
    }

    /// The detections that an entry leaves possible.
    pub(super) fn possible(&self, entry: u32) -> &[u64] {
        let at = self.place(entry).wrapping_add(self.width.0);
        self.words.get(at..at.wrapping_add(self.width.1)).unwrap_or_default()
    }

    /// Where the words of an entry begin.
    #[inline]
    const fn place(&self, entry: u32) -> usize {
        (entry as usize).wrapping_mul(self.width.0.wrapping_add(self.width.1))
    }

    /// The fields, a bit for each, that detections ask about which an entry leaves possible.
    pub(super) fn further(&self, entry: u32) -> u64 {
        self.further.get(entry as usize).copied().unwrap_or(u64::MAX)
    }

    /// Says which fields those are.
    pub(super) fn set_further(&mut self, entry: u32, fields: u64) {
        if let Some(further) = self.further.get_mut(entry as usize) {
            *further = fields;
        }
    }

    /// Both, to be filled in.
    pub(super) fn entry_mut(&mut self, entry: u32) -> (&mut [u64], &mut [u64]) {
        let at = self.place(entry);
        let both = self.words.get_mut(at..at + self.width.0 + self.width.1).unwrap_or_default();
        both.split_at_mut_checked(self.width.0).unwrap_or_default()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a memo has few entries")]
const fn number(at: usize) -> u32 {
    at as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(inner: &str) -> Raw<'_> {
        Raw::Text { inner: inner.as_bytes(), escaped: false }
    }

    fn text_of(inner: &str) -> (u8, &[u8]) {
        text(inner).brief()
    }

    #[test]
    fn a_value_is_new_once_and_never_taken_for_another() {
        let mut memo = Memo::new((1, 1));
        let Found::New(first) = memo.find(text_of("read")) else { panic!("it is new") };
        assert_eq!(memo.find(text_of("read")), Found::Known(first));
        for other in [Raw::Number(b"read"), Raw::Text { inner: b"read", escaped: true }, text("reads"), Raw::Null] {
            assert!(matches!(memo.find(other.brief()), Found::New(n) if n != first), "{other:?}");
        }
        assert!(matches!(memo.find(Raw::Bool(true).brief()), Found::New(_)));
        assert!(matches!(memo.find(Raw::Bool(false).brief()), Found::New(_)));
        assert_eq!(memo.find(text_of(&"x".repeat(LONGEST_BYTES + 1))), Found::Not);
    }

    #[test]
    fn ever_new_values_take_no_room_and_are_soon_left_alone() {
        let mut memo = Memo::new((1, 1));
        let kept = |memo: &mut Memo, n: usize| memo.find(text_of(&format!("value number {n}"))) != Found::Not;
        let tried = (0..100_000).filter(|n| kept(&mut memo, *n)).count();
        assert!(tried <= 3 * TRIAL as usize, "{tried}");
        assert_eq!(memo.values.len(), SETS * WAYS);
        // And few values that come again are remembered once it has rested.
        for n in 0..LONGEST_REST as usize / 16 {
            memo.find(text_of(["a", "b", "c"][n % 3]));
        }
        assert!(matches!(memo.find(text_of("a")), Found::Known(_)));
    }
}
