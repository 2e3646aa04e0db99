//! Reads line after line: by a learned shape where one fits, by the general parser where none does.

use super::scalar::has_control_characters;
use super::shape::Shapes;
use super::walk::{Seen, Walker};
use super::{Bad, Paths, Slots};

/// Lines that stand together, looked through as a whole for what is seldom there.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    bytes: &'a [u8],
    /// The same as text, when all of it is UTF-8.
    text: Option<&'a str>,
    /// Whether there are no control characters but line feeds.
    plain: bool,
}

impl<'a> Stretch<'a> {
    /// Looks `bytes` through.
    pub fn new(bytes: &'a [u8]) -> Self {
        let text = std::str::from_utf8(bytes).ok();
        Self { bytes, text, plain: !has_control_characters(bytes, Some(b'\n')) }
    }

    /// The lines that are not blank: where each begins and its length, blanks around it left out. Of a line of more than
    /// `longest` bytes nothing is looked at, not even whether it is blank.
    pub fn lines(self, longest: usize) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        let bytes = self.bytes;
        let mut ends = memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]);
        let mut start = 0;
        std::iter::from_fn(move || {
            loop {
                let end = ends.next()?;
                let line = bytes.get(start..end).unwrap_or_default();
                let is_long = line.len() > longest;
                let kept = if is_long { line } else { line.trim_ascii_start() };
                let at = end - kept.len();
                start = end + 1;
                let length = if is_long { kept.len() } else { kept.trim_ascii_end().len() };
                if length > 0 {
                    return Some((at, length));
                }
            }
        })
    }
}

/// Reads lines, and learns their shapes on the way. What it gives does not depend on what it has learned.
#[derive(Debug)]
pub struct Reader<'p> {
    paths: &'p Paths,
    shapes: Shapes,
    seen: Vec<Seen>,
}

impl<'p> Reader<'p> {
    /// A reader of the fields of `paths`.
    pub fn new(paths: &'p Paths) -> Self {
        Self { paths, shapes: Shapes::new(paths), seen: Vec::new() }
    }

    /// Fills the empty `slots` from the line of `length` bytes at `at`; on an error they hold nothing to be used.
    pub fn read<'a>(
        &mut self,
        stretch: &Stretch<'a>,
        (at, length): (usize, usize),
        slots: &mut Slots<'a>,
    ) -> Result<(), Bad> {
        let line = stretch.bytes.get(at..at + length).unwrap_or_default();
        // What follows the line comes along when it is text too, so that a shape can load beyond its end.
        let text = match stretch.text {
            Some(text) => text.get(at..).unwrap_or_default(),
            None => std::str::from_utf8(line).map_err(|_| Bad::NotUtf8)?,
        };
        let plain = stretch.plain || !has_control_characters(line, None);
        let learning = plain && stretch.text.is_some() && self.shapes.wanted();
        if learning {
            if self.shapes.read(text, length, slots) {
                return Ok(());
            }
            slots.clear();
        }
        let text = text.get(..length).unwrap_or_default();
        if !learning {
            return Walker::walk(text, self.paths, plain, None, slots);
        }
        let Self { paths, shapes, seen } = self;
        seen.clear();
        Walker::walk(text, paths, plain, Some(seen), slots)?;
        shapes.learn(text, seen, paths);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
