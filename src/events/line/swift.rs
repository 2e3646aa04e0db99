//! The general parser's quick sibling, for lines that the index says are in order and of which nothing is to be learned.
//!
//! Quotes are taken one after the other from the index, so texts are never looked through. It knows only what most lines are
//! made of: where anything else comes it gives up, and the general parser decides. So what it reads, the general parser reads
//! too and gives the same fields.

use super::Slots;
use super::index::Line;
use super::paths::{Found, Node, Paths};
use super::scalar::number_end;
use super::walk::DEEPEST;
use crate::events::hash::Gist;
use crate::events::value::Raw;

/// The node of what nobody wants.
const NOWHERE: Node = Node::MAX;
/// Where a key leads that nobody wants.
const NOBODYS: Found = Found { node: NOWHERE, only: None };

/// An object or array that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    node: Node,
    is_array: bool,
}

/// Where quotes are that no backslash escapes, one after the other.
pub(super) trait Quotes {
    fn next_quote(&mut self) -> Option<usize>;
}

/// Of a list.
pub(super) struct Listed<'q>(pub std::slice::Iter<'q, u32>);

impl Quotes for Listed<'_> {
    #[inline(always)]
    fn next_quote(&mut self) -> Option<usize> {
        self.0.next().map(|at| *at as usize)
    }
}

/// Of words with a bit for each byte: those left of a word, where that word begins, and the words after it.
pub(super) struct Words<'q> {
    quotes: u64,
    base: usize,
    words: std::slice::Iter<'q, u64>,
}

impl<'q> Words<'q> {
    /// Those from `start` on.
    pub(super) fn from(words: &'q [u64], start: usize) -> Self {
        let mut words = words.get(start / 64..).unwrap_or_default().iter();
        let quotes = words.next().map_or(0, |word| word >> (start % 64) << (start % 64));
        Self { quotes, base: start / 64 * 64, words }
    }
}

impl Quotes for Words<'_> {
    #[inline]
    fn next_quote(&mut self) -> Option<usize> {
        while self.quotes == 0 {
            self.quotes = *self.words.next()?;
            self.base = self.base.wrapping_add(64);
        }
        let at = self.base.wrapping_add(self.quotes.trailing_zeros() as usize);
        self.quotes &= self.quotes.wrapping_sub(1);
        Some(at)
    }
}

/// What is read, and how far.
struct Swift<'a, 'q, Q> {
    /// The window up to the line's end.
    bytes: &'a [u8],
    at: usize,
    /// The quotes to come.
    quotes: Q,
    escapes: bool,
    /// Arrays among the open ones.
    arrays: usize,
    paths: &'q Paths,
}

/// Fills the empty `slots` from a line that ends at `end` of its window and begins at `start`, both without blanks, and of which
/// the quotes are told; `None` when it has to be left to the general parser, and then `slots` hold nothing to be used.
pub(super) fn read<'a>(
    bytes: &'a [u8],
    (line, start, end): (&Line, usize, usize),
    quotes: impl Quotes,
    (paths, open): (&Paths, &mut Vec<Open>),
    slots: &mut Slots<'a>,
) -> Option<()> {
    let bytes = bytes.get(..end).filter(|bytes| bytes.get(start) == Some(&b'{'))?;
    let mut swift = Swift { bytes, at: start, quotes, escapes: line.escapes, arrays: 0, paths };
    open.clear();
    slots.begin();
    swift.object(open, slots)?;
    (swift.at == end).then_some(())
}

impl<'a, Q: Quotes> Swift<'a, '_, Q> {
    #[inline]
    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next byte that is no blank. Blanks are few.
    #[inline]
    fn after_blanks(&mut self) -> Option<u8> {
        let mut byte = self.byte()?;
        while byte == b' ' {
            self.at = self.at.wrapping_add(1);
            byte = self.byte()?;
        }
        Some(byte)
    }

    /// Goes on to the quote at `open` when nothing but blanks is before it.
    #[cold]
    fn blanks_until(&mut self, open: usize) -> bool {
        self.after_blanks().is_some() && self.at == open
    }

    /// The text whose opening quote is the next byte but for blanks: where it begins and ends.
    #[inline]
    fn text(&mut self) -> Option<(usize, usize)> {
        let open = self.quotes.next_quote()?;
        if open != self.at && !self.blanks_until(open) {
            return None;
        }
        let close = self.quotes.next_quote()?;
        self.at = close.wrapping_add(1);
        Some((open.wrapping_add(1), close))
    }

    /// Reads the object that begins here, and all that it holds.
    fn object(&mut self, open: &mut Vec<Open>, slots: &mut Slots<'a>) -> Option<()> {
        let Some(mut within) = self.enter(Open { node: Paths::ROOT, is_array: false }, open, slots)? else {
            return Some(());
        };
        loop {
            let to = if within.is_array { Found { node: within.node, only: None } } else { self.key(within.node)? };
            let first = self.after_blanks()?;
            if first == b'{' || first == b'[' {
                let inner = Open { node: to.node, is_array: first == b'[' };
                if let Some(inner) = self.enter(inner, open, slots)? {
                    within = inner;
                    continue;
                }
            } else {
                self.scalar(first, to, slots)?;
            }
            loop {
                let next = self.after_blanks()?;
                self.at = self.at.wrapping_add(1);
                if next == b',' {
                    break;
                }
                if next != (if within.is_array { b']' } else { b'}' }) {
                    return None;
                }
                self.arrays = self.arrays.wrapping_sub(usize::from(within.is_array));
                open.pop();
                match open.last() {
                    Some(outer) => within = *outer,
                    None => return Some(()),
                }
            }
        }
    }

    /// Reads a key and its colon; gives where its value belongs.
    #[inline]
    fn key(&mut self, node: Node) -> Option<Found> {
        let (start, end) = self.text()?;
        if self.byte()? != b':' || (self.escapes && self.bytes.get(start..end)?.contains(&b'\\')) {
            return None;
        }
        self.at = self.at.wrapping_add(1);
        if node == NOWHERE {
            return Some(NOBODYS);
        }
        let gist = Gist::within(self.bytes, start, end)?;
        Some(self.paths.child_of_gist(node, gist, || self.bytes.get(start..end)).unwrap_or(NOBODYS))
    }

    #[inline]
    fn scalar(&mut self, first: u8, Found { node, only }: Found, slots: &mut Slots<'a>) -> Option<()> {
        let value = if first == b'"' {
            let (start, end) = self.text()?;
            if node == NOWHERE {
                return Some(());
            }
            let inner = self.bytes.get(start..end)?;
            Raw::Text { inner, escaped: self.escapes && memchr::memchr(b'\\', inner).is_some() }
        } else {
            self.bare(first)?
        };
        // Nobody wants most values, and most others fill one field.
        if node == NOWHERE {
            return Some(());
        }
        match only {
            Some(field) if self.arrays == 0 => slots.fill(field as usize, value),
            _ => self.found(node, value, slots),
        }
    }

    /// Reads a scalar that is no text.
    fn bare(&mut self, first: u8) -> Option<Raw<'a>> {
        let start = self.at;
        match first {
            b't' => self.word(b"true", Raw::Bool(true)),
            b'f' => self.word(b"false", Raw::Bool(false)),
            b'n' => self.word(b"null", Raw::Null),
            _ => {
                self.at = number_end(self.bytes, start)?;
                Some(Raw::Number(self.bytes.get(start..self.at)?))
            }
        }
    }

    fn word(&mut self, word: &[u8], value: Raw<'a>) -> Option<Raw<'a>> {
        let rest = self.bytes.get(self.at..)?;
        self.at = self.at.wrapping_add(word.len());
        rest.starts_with(word).then_some(value)
    }

    fn found(&self, node: Node, value: Raw<'a>, slots: &mut Slots<'a>) -> Option<()> {
        for field in self.paths.fields_at(node) {
            if self.arrays == 0 && slots.get(*field) != Raw::Absent {
                return None;
            }
            slots.put(*field, value);
        }
        Some(())
    }

    /// Opens an object or array; gives it, unless it is closed at once.
    fn enter(&mut self, inner: Open, open: &mut Vec<Open>, slots: &mut Slots<'a>) -> Option<Option<Open>> {
        if open.len() >= DEEPEST {
            return None;
        }
        self.at = self.at.wrapping_add(1);
        let close = if inner.is_array { b']' } else { b'}' };
        let is_empty = self.after_blanks()? == close;
        if is_empty || !inner.is_array {
            self.found(inner.node, Raw::Hollow, slots)?;
        } else if self.arrays == 0 {
            // The first element must not pass for a second spelling of the field itself.
            let fields = self.paths.fields_at(inner.node);
            if fields.iter().any(|f| slots.get(*f) != Raw::Absent) {
                return None;
            }
        }
        if is_empty {
            self.at = self.at.wrapping_add(1);
            return Some(None);
        }
        self.arrays = self.arrays.wrapping_add(usize::from(inner.is_array));
        let node = if inner.is_array || self.paths.has_children(inner.node) { inner.node } else { NOWHERE };
        let inner = Open { node, ..inner };
        open.push(inner);
        Some(Some(inner))
    }
}
