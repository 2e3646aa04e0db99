//! Learned shapes: what lines of one kind have in common is compared, and only what differs is looked at.
//!
//! A log has few sequences of keys. The general parser takes the first line of each and tells where its values stood; the
//! pieces between them (keys, braces, commas, quotes) and the kinds of the values are its shape. A later line is taken here
//! only if every byte of it is accounted for: the index tells where its keys may end, so where each piece has to stand; all
//! pieces are compared, what stands between two of them is a whole scalar of JSON of the same kind, and there are as many
//! quotes in the line as in its pieces, so that none is in a text. So what a shape accepts, the general parser accepts too and
//! gives the same fields; whatever fits no shape is left to it, and it alone decides what is malformed.
//!
//! INVARIANT: which fields a line fills depends on its shape alone, since double keys, nesting and empty arrays are part of it.

use super::index::Line;
use super::paths::Paths;
use super::scalar::{is_number, number_end, text_end};
use super::slots::{Slots, Way};
use super::walk::{Scalar, Seen};
use crate::events::rule::FieldId;

/// Shapes kept; a log with more kinds of lines is left to the general parser where they do not fit.
const MOST_SHAPES: usize = 512;
/// Shapes with the same number of quotes: so many are tried at most.
const MOST_ALIKE: usize = 16;
/// Bytes of pieces kept in all.
const MOST_BYTES: usize = 1 << 20;
/// Values of a line beyond which it is not learned.
const MOST_VALUES: usize = 512;
/// After so many lines it is seen whether learning pays: whether half of them fitted.
const TRIAL_LINES: u32 = 4096;
/// After so many it is seen whether it may: whether any to speak of fitted.
const FIRST_LINES: u32 = 512;
/// If it does not, this many lines go to the general parser before it is tried anew.
const REST_LINES: u32 = 16 * TRIAL_LINES;

/// Bytes of a piece that are compared at once. So many have to follow a line for it to be taken.
const HEAD_BYTES: usize = 16;

/// The mark of a piece without one: it stands where the value before it ends.
const NONE: u32 = u32::MAX;

/// A value's kind, and the fixed bytes after it.
#[derive(Debug)]
struct Piece {
    /// The first 16 of the fixed bytes, and which bits of them count.
    head: u128,
    mask: u128,
    /// The last 16 of more than 16 fixed bytes.
    tail: u128,
    /// The fixed bytes in all.
    length: u32,
    /// Which of the line's marks is the last in this piece, and where in it.
    mark: u32,
    offset: u32,
    /// The kind of the value before; none at the beginning of the line.
    after: Option<Scalar>,
    /// What stands between head and tail of more than 32 fixed bytes.
    middle: Box<[u8]>,
}

/// One kind of lines.
#[derive(Debug)]
struct Shape {
    pieces: Box<[Piece]>,
    marks: usize,
    /// Its number, which no other shape of the run has.
    number: u32,
    /// Whether each piece has one mark, so that the two can be gone through together.
    even: bool,
    /// For each field, where its value is, when each has one at most.
    ways: Box<[Way]>,
    /// Otherwise all values of fields, and all scalars when keywords are searched, in the order of the line.
    puts: Box<[(Option<FieldId>, Way)]>,
}

/// The shapes learned so far.
#[derive(Debug)]
pub(super) struct Shapes {
    /// By the number of quotes.
    shapes: Vec<Vec<Shape>>,
    kept: usize,
    /// Shapes learned so far, those given up included.
    learned: u32,
    bytes: usize,
    keywords: bool,
    tried: u32,
    taken: u32,
    /// Taken before the present trial.
    taken_before: u32,
    resting: u32,
}

impl Shapes {
    pub(super) const fn new(paths: &Paths) -> Self {
        let keywords = paths.keywords;
        let (kept, learned, bytes, tried, taken, taken_before, resting) = (0, 0, 0, 0, 0, 0, 0);
        Self { shapes: Vec::new(), kept, learned, bytes, keywords, tried, taken, taken_before, resting }
    }

    /// Whether shapes are at rest, since lines seldom fitted.
    pub(super) const fn rest(&self) -> bool {
        self.resting > 0
    }

    /// Whether lines are to be tried at all; false for a while after lines that seldom fitted.
    pub(super) fn wanted(&mut self) -> bool {
        if self.resting > 0 {
            self.resting -= 1;
            return false;
        }
        let is_hopeless = self.tried == FIRST_LINES && self.taken < FIRST_LINES / 32;
        if self.tried == TRIAL_LINES || is_hopeless {
            if self.taken < TRIAL_LINES / 2 {
                (self.shapes, self.kept, self.bytes) = (Vec::new(), 0, 0);
                self.resting = REST_LINES;
            }
            self.taken_before = self.taken_before.wrapping_add(self.taken);
            (self.tried, self.taken) = (0, 0);
        }
        self.tried += 1;
        true
    }

    /// Fills `slots` from a line of the window at the beginning of `bytes`, one that is not odd and begins with a brace; false
    /// when it fits no shape, and then `slots` hold nothing to be used. What follows the line is not looked at, only loaded; when
    /// nothing follows, the line is not taken.
    pub(super) fn read<'a>(&mut self, bytes: &'a [u8], line: &Line, marks: &[u32], slots: &mut Slots<'a>) -> bool {
        let alike = self.shapes.get(line.quotes as usize).map_or(&[][..], Vec::as_slice);
        for shape in alike.iter().filter(|s| s.marks == marks.len()) {
            let laid = slots.laid();
            if laid.spots.len() < shape.pieces.len() {
                laid.spots.resize(shape.pieces.len(), 0);
            }
            if shape.fits(bytes, line, marks, &mut laid.spots) {
                (laid.bytes, laid.escapes) = (bytes, line.escapes);
                shape.give(slots);
                self.taken += 1;
                return true;
            }
        }
        false
    }

    /// How many lines fitted so far.
    #[cfg(test)]
    pub(super) const fn taken_in_all(&self) -> u32 {
        self.taken_before + self.taken
    }

    /// Shapes and bytes kept.
    #[cfg(test)]
    pub(super) const fn size(&self) -> (usize, usize) {
        (self.kept, self.bytes)
    }

    /// Learns the shape of a well-formed line in which `seen` was met, counted from its beginning.
    pub(super) fn learn(&mut self, bytes: &[u8], line: &Line, marks: &[u32], seen: &[Seen], paths: &Paths) {
        let whole = bytes.get(line.start as usize..=line.end as usize).unwrap_or_default();
        let quotes = line.quotes as usize;
        if seen.len() > MOST_VALUES || self.kept >= MOST_SHAPES || self.bytes + whole.len() > MOST_BYTES {
            return;
        }
        if self.shapes.get(quotes).is_some_and(|alike| alike.len() >= MOST_ALIKE) {
            return;
        }
        let Some(mut shape) = Shape::of(whole, line.start, marks, seen, (paths, self.keywords)) else { return };
        shape.number = self.learned;
        self.learned = self.learned.wrapping_add(1);
        self.bytes += whole.len();
        self.kept += 1;
        if self.shapes.len() <= quotes {
            self.shapes.resize_with(quotes + 1, Vec::new);
        }
        if let Some(alike) = self.shapes.get_mut(quotes) {
            alike.push(shape);
        }
    }
}

impl Shape {
    /// The shape of `line`, line feed included, which begins at `start` of its window; `None` when it cannot be told from marks.
    fn of(line: &[u8], start: u32, marks: &[u32], seen: &[Seen], (paths, keywords): (&Paths, bool)) -> Option<Self> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut puts: Vec<(Option<FieldId>, Way)> = Vec::new();
        let mut fields: Vec<FieldId> = Vec::new();
        let (mut from, mut marked, mut kind) = (0, 0, None);
        for value in seen {
            let named = value.node.map_or(&[][..], |n| paths.fields_at(n));
            fields.extend(named);
            // `null` is `null`: one more of the fixed bytes.
            if !matches!(value.kind, Scalar::Hollow | Scalar::Null) {
                let fixed = line.get(from..value.span.0)?;
                Piece::split(fixed, kind, (start, from), (marks, &mut marked), &mut pieces)?;
                (from, kind) = (value.span.1, Some(value.kind));
            }
            let length = pieces.last().map_or(0, |p| p.length);
            let way = Way::new(value.kind, u32::try_from(pieces.len().saturating_sub(1)).ok()?, length);
            puts.extend(named.iter().map(|f| (Some(*f), way)));
            if keywords && !matches!(value.kind, Scalar::Hollow | Scalar::Null) {
                puts.push((None, way));
            }
        }
        Piece::split(line.get(from..)?, kind, (start, from), (marks, &mut marked), &mut pieces)?;
        let mut ways = vec![Way::default(); paths.field_count()];
        let several = fields.len();
        fields.sort_unstable();
        fields.dedup();
        if !keywords && fields.len() == several {
            for (field, way) in puts.drain(..) {
                *ways.get_mut(field?)? = way;
            }
        }
        let even = pieces.len() == marks.len() && pieces.iter().all(|p| p.mark != NONE);
        Some(Self { number: 0, pieces: pieces.into(), marks: marks.len(), even, ways: ways.into(), puts: puts.into() })
    }

    /// Whether the line is of this shape; `spots` gets where its pieces begin.
    fn fits(&self, bytes: &[u8], line: &Line, marks: &[u32], spots: &mut [u32]) -> bool {
        let fits = if self.even {
            self.stands_evenly(bytes, line.start, marks, spots)
        } else {
            self.stands(bytes, line.start, marks, spots)
        };
        fits && (!line.escapes || self.ends_texts(bytes, spots))
    }

    #[inline(never)]
    fn stands_evenly(&self, bytes: &[u8], mut start: u32, marks: &[u32], spots: &mut [u32]) -> bool {
        for ((piece, spot), mark) in self.pieces.iter().zip(spots).zip(marks) {
            let at = mark.wrapping_sub(piece.offset);
            if !piece.follows(bytes, start, at) {
                return false;
            }
            *spot = at;
            start = at.wrapping_add(piece.length);
        }
        true
    }

    /// The same when some pieces have no mark, or several.
    #[inline(never)]
    fn stands(&self, bytes: &[u8], mut start: u32, marks: &[u32], spots: &mut [u32]) -> bool {
        for (piece, spot) in self.pieces.iter().zip(spots) {
            let at = match marks.get(piece.mark as usize) {
                Some(mark) => Some(mark.wrapping_sub(piece.offset)),
                None => piece.value_end(bytes, start as usize).and_then(|at| u32::try_from(at).ok()),
            };
            let Some(at) = at.filter(|at| piece.follows(bytes, start, *at)) else { return false };
            *spot = at;
            start = at.wrapping_add(piece.length);
        }
        true
    }

    /// Whether no text ends in a backslash: quotes are counted, so then none of those of the pieces is escaped.
    #[cold]
    fn ends_texts(&self, bytes: &[u8], spots: &[u32]) -> bool {
        let ends = self.pieces.iter().zip(spots).filter(|(piece, _)| piece.after == Some(Scalar::Text));
        ends.into_iter().all(|(_, spot)| bytes.get((*spot as usize).wrapping_sub(1)) != Some(&b'\\'))
    }

    /// Gives the values of a line that fits.
    fn give<'a>(&self, slots: &mut Slots<'a>) {
        slots.lay(&self.ways, self.number);
        for (field, way) in &self.puts {
            let value = slots.laid().value(*way);
            match field {
                Some(field) => slots.put(*field, value),
                None => slots.add_scalar(value),
            }
        }
    }
}

impl Piece {
    /// Adds the pieces of the fixed bytes that begin at `from` of a line at `start`, after a value of kind `after`: one for each
    /// mark in them, or one. Of the line's marks `marked` were met before; `None` when one lies in a value.
    fn split(
        fixed: &[u8],
        mut after: Option<Scalar>,
        (start, from): (u32, usize),
        (marks, marked): (&[u32], &mut usize),
        pieces: &mut Vec<Self>,
    ) -> Option<()> {
        let mut begin = start as usize + from;
        let end = begin + fixed.len();
        let mut rest = fixed;
        loop {
            let here = |at: &usize| *at < end;
            let mark = marks.get(*marked).map(|m| *m as usize).filter(here);
            let next = marks.get(*marked + 1).map(|m| *m as usize).filter(here);
            // The last mark's piece goes on to the value.
            let (piece, left) = match mark {
                Some(at) if next.is_some() => rest.split_at_checked(at.checked_sub(begin)? + 1)?,
                _ => (rest, &[][..]),
            };
            let place = match mark {
                Some(at) => (u32::try_from(*marked).ok()?, u32::try_from(at.checked_sub(begin)?).ok()?),
                None => (NONE, 0),
            };
            pieces.push(Self::new(piece, after, place)?);
            *marked += usize::from(mark.is_some());
            if next.is_none() {
                return Some(());
            }
            begin += piece.len();
            (rest, after) = (left, None);
        }
    }

    /// The piece of `fixed` bytes after a value of kind `after`, with its mark and where in it that is.
    fn new(fixed: &[u8], after: Option<Scalar>, (mark, offset): (u32, u32)) -> Option<Self> {
        let (head, rest) = fixed.split_at_checked(HEAD_BYTES).unwrap_or((fixed, &[]));
        let word = |bytes: &mut dyn Iterator<Item = u8>| bytes.fold(0, |w, b| w << 8 | u128::from(b));
        let tail = fixed.last_chunk::<HEAD_BYTES>().filter(|_| !rest.is_empty());
        Some(Self {
            head: word(&mut head.iter().rev().copied()),
            mask: word(&mut head.iter().map(|_| 0xff)),
            tail: tail.map_or(0, |t| u128::from_le_bytes(*t)),
            length: u32::try_from(fixed.len()).ok()?,
            mark,
            offset,
            after,
            middle: rest.get(..rest.len().saturating_sub(HEAD_BYTES)).unwrap_or_default().into(),
        })
    }

    /// Whether the piece stands at `at`, after a value of its kind that begins at `start`.
    #[inline(always)]
    fn follows(&self, bytes: &[u8], start: u32, at: u32) -> bool {
        let (begin, end) = (start as usize, at as usize);
        self.stands(bytes, at)
            && match self.after {
                // Quotes are counted, so there is none in it.
                Some(Scalar::Text) => start <= at,
                Some(Scalar::Number) => is_number(bytes, begin, end),
                Some(kind) => kind.is(bytes.get(begin..end).unwrap_or_default()),
                None => start == at,
            }
    }

    /// Whether the piece stands at `at`; false also when too little follows to be loaded.
    #[inline(always)]
    fn stands(&self, bytes: &[u8], at: u32) -> bool {
        let at = at as usize;
        let head = bytes.get(at..at + HEAD_BYTES).and_then(<[u8]>::first_chunk::<HEAD_BYTES>);
        head.is_some_and(|head| (u128::from_le_bytes(*head) ^ self.head) & self.mask == 0)
            && (self.length as usize <= HEAD_BYTES || self.goes_on(bytes.get(at..).unwrap_or_default()))
    }

    /// Whether what follows the first 16 bytes of a longer piece is there too.
    fn goes_on(&self, rest: &[u8]) -> bool {
        let tail = rest.get(..self.length as usize).and_then(<[u8]>::last_chunk::<HEAD_BYTES>);
        tail.is_some_and(|t| u128::from_le_bytes(*t) == self.tail)
            && (self.middle.is_empty() || rest.get(HEAD_BYTES..).is_some_and(|r| r.starts_with(&self.middle)))
    }

    /// Where the value before the piece ends, which begins at `start`, when no mark tells it.
    #[cold]
    fn value_end(&self, bytes: &[u8], start: usize) -> Option<usize> {
        match self.after? {
            Scalar::Text => text_end(bytes, start).map(|(end, _)| end),
            Scalar::Number => number_end(bytes, start),
            Scalar::Bool | Scalar::Null => {
                let rest = bytes.get(start..)?;
                Some(start + if rest.starts_with(b"false") { 5 } else { 4 })
            }
            Scalar::Hollow => None,
        }
    }
}

impl Scalar {
    /// Whether `bytes` are `true`, `false` or `null`, as the kind has it.
    #[inline]
    fn is(self, bytes: &[u8]) -> bool {
        match self {
            Self::Bool => matches!(bytes, b"true" | b"false"),
            Self::Null => matches!(bytes, b"null"),
            Self::Text | Self::Number | Self::Hollow => false,
        }
    }
}
