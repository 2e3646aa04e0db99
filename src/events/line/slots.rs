//! The values found in one line, by field.
//!
//! A line of a known shape is not taken apart: its slots know where its values stand, and a value is looked at when somebody
//! asks for it. Most are never asked for.

use super::walk::Scalar;
use crate::events::rule::FieldId;
use crate::events::value::Raw;

/// The values found in one line.
#[derive(Debug, Default)]
pub struct Slots<'a> {
    /// First value of each field.
    first: Vec<Raw<'a>>,
    /// Further values of fields that are arrays or lie inside arrays.
    more: Vec<(FieldId, Raw<'a>)>,
    /// Every scalar of the event, when keywords are searched.
    scalars: Vec<Raw<'a>>,
    /// Whether `first` holds anything.
    filled: bool,
    /// Where the values of a line of a known shape stand.
    laid: Laid<'a>,
}

/// A line of a known shape.
#[derive(Debug, Default)]
pub(super) struct Laid<'a> {
    /// The window that it is in.
    pub bytes: &'a [u8],
    /// Where in it each of the line's fixed pieces begins.
    pub spots: Vec<u32>,
    /// Whether there may be escapes in its texts.
    pub escapes: bool,
    /// For each field, where its value is.
    ways: Vec<Way>,
    /// Whether the slots hold such a line.
    used: bool,
    /// The number of the last line's shape.
    shape: u32,
    /// Whether `ways` are those of that shape, all of them.
    whole: bool,
}

/// Where a value is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    kind: Kind,
    /// The number of the fixed piece before the value, and its length.
    piece: u32,
    length: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// In `first`.
    #[default]
    First,
    Text,
    Number,
    Bool,
    Null,
    Hollow,
}

impl Way {
    /// The way to a value of `kind` after a fixed piece.
    pub(super) const fn new(kind: Scalar, piece: u32, length: u32) -> Self {
        let kind = match kind {
            Scalar::Text => Kind::Text,
            Scalar::Number => Kind::Number,
            Scalar::Bool => Kind::Bool,
            Scalar::Null => Kind::Null,
            Scalar::Hollow => Kind::Hollow,
        };
        Self { kind, piece, length }
    }
}

impl<'a> Laid<'a> {
    #[inline]
    pub(super) fn value(&self, way: Way) -> Raw<'a> {
        match way.kind {
            Kind::Hollow => return Raw::Hollow,
            Kind::Null => return Raw::Null,
            _ => {}
        }
        let at = way.piece as usize;
        let (Some(before), Some(after)) = (self.spots.get(at), self.spots.get(at + 1)) else { return Raw::Absent };
        let start = before.wrapping_add(way.length) as usize;
        let Some(inner) = self.bytes.get(start..*after as usize) else { return Raw::Absent };
        match way.kind {
            Kind::Text => Raw::Text { inner, escaped: self.escapes && memchr::memchr(b'\\', inner).is_some() },
            Kind::Number => Raw::Number(inner),
            Kind::Bool => Raw::Bool(inner.len() == 4),
            Kind::Null | Kind::Hollow | Kind::First => Raw::Absent,
        }
    }
}

impl<'a> Laid<'a> {
    #[inline(never)]
    fn other(&self, way: Way) -> (u8, &'a [u8]) {
        self.value(way).brief()
    }

    /// The same as `Raw::brief` of the value, without making it.
    #[inline(always)]
    fn brief(&self, way: Way) -> (u8, &'a [u8]) {
        let spots = self.spots.get(way.piece as usize..).and_then(<[u32]>::first_chunk::<2>);
        let inner =
            spots.and_then(|[before, after]| self.bytes.get(before.wrapping_add(way.length) as usize..*after as usize));
        match (way.kind, inner) {
            (Kind::Text, Some(inner)) if !self.escapes => (Raw::PLAIN_TEXT, inner),
            (Kind::Number, Some(inner)) => (Raw::NUMBER, inner),
            _ => self.other(way),
        }
    }
}

impl<'a> Slots<'a> {
    /// Empty slots for `fields` fields.
    pub fn new(fields: usize) -> Self {
        let laid = Laid { ways: vec![Way::default(); fields], ..Laid::default() };
        Self { first: vec![Raw::Absent; fields], more: Vec::new(), scalars: Vec::new(), filled: false, laid }
    }

    /// Forgets the last line.
    #[inline]
    pub fn clear(&mut self) {
        if self.filled {
            self.first.fill(Raw::Absent);
            self.more.clear();
            self.scalars.clear();
            self.filled = false;
        }
        self.laid.used = false;
    }

    /// The field's first value.
    #[inline]
    pub fn get(&self, field: FieldId) -> Raw<'a> {
        if self.laid.used
            && let Some(way) = self.laid.ways.get(field).filter(|way| way.kind != Kind::First)
        {
            return self.laid.value(*way);
        }
        self.first.get(field).copied().unwrap_or(Raw::Absent)
    }

    /// The field's first value in brief: its kind by number, and the bytes of a text or number as they stand.
    #[inline(always)]
    pub fn brief(&self, field: FieldId) -> (u8, &'a [u8]) {
        if self.laid.used
            && let Some(way) = self.laid.ways.get(field).filter(|way| way.kind != Kind::First)
        {
            return self.laid.brief(*way);
        }
        self.first.get(field).copied().unwrap_or(Raw::Absent).brief()
    }

    /// All values of the field; nothing when it is absent.
    pub fn values(&self, field: FieldId) -> impl Iterator<Item = Raw<'a>> + '_ {
        let first = Some(self.get(field)).filter(|v| *v != Raw::Absent);
        first.into_iter().chain(self.more.iter().filter(move |(f, _)| *f == field).map(|(_, v)| *v))
    }

    /// Whether any field of this line has more than one value.
    pub fn is_multiple(&self) -> bool {
        !self.more.is_empty()
    }

    /// Whether this field has more than one value.
    pub fn has_more(&self, field: FieldId) -> bool {
        !self.more.is_empty() && self.more.iter().any(|(f, _)| *f == field)
    }

    /// Every scalar of the event; empty unless keywords are searched.
    pub fn scalars(&self) -> &[Raw<'a>] {
        &self.scalars
    }

    /// Gives a field a value, or a further one.
    #[inline]
    pub fn put(&mut self, field: FieldId, value: Raw<'a>) {
        self.own(field);
        match self.first.get_mut(field) {
            // An empty array among others adds nothing.
            Some(slot) if matches!(slot, Raw::Absent | Raw::Hollow) => {
                if matches!(slot, Raw::Absent) || !matches!(value, Raw::Hollow) {
                    *slot = value;
                }
            }
            _ if matches!(value, Raw::Hollow) => {}
            _ => self.more.push((field, value)),
        }
    }

    /// Replaces whatever the field holds.
    pub fn set(&mut self, field: FieldId, value: Raw<'a>) {
        self.own(field);
        if let Some(slot) = self.first.get_mut(field) {
            *slot = value;
        }
    }

    /// Says that values of a line of no known shape come.
    pub(super) const fn begin(&mut self) {
        self.filled = true;
    }

    /// Gives a field of such a line its only value; `None` when it has one.
    #[inline]
    pub(super) fn fill(&mut self, field: FieldId, value: Raw<'a>) -> Option<()> {
        let slot = self.first.get_mut(field)?;
        if !matches!(slot, Raw::Absent) {
            return None;
        }
        *slot = value;
        Some(())
    }

    /// The number of the line's shape, when it has one: lines of one shape have values of one kind for the same fields.
    pub const fn shape(&self) -> Option<u32> {
        if self.laid.used { Some(self.laid.shape) } else { None }
    }

    /// Adds a scalar of the event.
    pub(super) fn add_scalar(&mut self, value: Raw<'a>) {
        self.filled = true;
        self.scalars.push(value);
    }

    /// Makes the field's value one of `first`.
    #[inline]
    fn own(&mut self, field: FieldId) {
        self.filled = true;
        if self.laid.used {
            let value = self.get(field);
            if let (Some(slot), Some(way)) = (self.first.get_mut(field), self.laid.ways.get_mut(field)) {
                (*slot, *way) = (value, Way::default());
                self.laid.whole = false;
            }
        }
    }

    /// The room for a line of a known shape.
    pub(super) const fn laid(&mut self) -> &mut Laid<'a> {
        &mut self.laid
    }

    /// Has the fields' values where `ways` lead to.
    #[inline]
    pub(super) fn lay(&mut self, ways: &[Way], shape: u32) {
        self.laid.used = true;
        // Lines of one shape often follow each other.
        if self.laid.shape != shape || !self.laid.whole {
            if self.laid.ways.len() == ways.len() {
                self.laid.ways.copy_from_slice(ways);
            }
            (self.laid.shape, self.laid.whole) = (shape, true);
        }
    }
}
