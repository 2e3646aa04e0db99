//! Reads line after line: by a learned shape where one fits, by the general parser where none does.

use super::index::{Index, Line};
use super::scalar::has_control_characters;
use super::shape::Shapes;
use super::swift::{self, Open};
use super::walk::{Seen, Texts, Walker};
use super::{Bad, Paths, Slots};

/// UTF-8's byte order mark. Some programs begin a file with it, so files put together have it before any line.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

/// Lines that stand together, and how far they were read.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// What is left of them from the present window on.
    bytes: &'a [u8],
    /// Where that begins.
    base: usize,
    /// Bytes of the present window.
    window: usize,
    /// Which of its lines comes next.
    next: usize,
}

impl<'a> Stretch<'a> {
    /// The lines of `bytes`, of which none was read.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, base: 0, window: 0, next: 0 }
    }
}

/// Reads lines, and learns their shapes on the way. What it gives does not depend on what it has learned.
#[derive(Debug)]
pub struct Reader<'p> {
    paths: &'p Paths,
    shapes: Shapes,
    index: Index,
    seen: Vec<Seen>,
    open: Vec<Open>,
}

impl<'p> Reader<'p> {
    /// A reader of the fields of `paths`.
    pub fn new(paths: &'p Paths) -> Self {
        Self { paths, shapes: Shapes::new(paths), index: Index::default(), seen: Vec::new(), open: Vec::new() }
    }

    /// Fills `slots` from the next line that is not blank and tells where it begins, blanks and a byte order mark before it left
    /// out; on an error they hold nothing to be used. Of a line of more than `longest` bytes nothing is looked at, not even whether
    /// it is blank. `None` when no line is left. From a stretch's first line to its last, one reader has to be used for it alone.
    pub fn next<'a>(
        &mut self,
        stretch: &mut Stretch<'a>,
        longest: usize,
        slots: &mut Slots<'a>,
    ) -> Option<(usize, Result<(), Bad>)> {
        loop {
            let Some(line) = self.index.lines.get(stretch.next).copied().filter(|_| stretch.window > 0) else {
                if !self.look_on(stretch, longest) {
                    return None;
                }
                if self.index.lines.is_empty() {
                    return Some((stretch.base, Err(Bad::TooLong)));
                }
                continue;
            };
            stretch.next += 1;
            let whole = stretch.bytes.get(line.start as usize..line.end as usize).unwrap_or_default();
            if whole.len() > longest {
                return Some((stretch.base + line.start as usize, Err(Bad::TooLong)));
            }
            let indent = if whole.first() == Some(&b'{') { 0 } else { indent(whole) };
            if indent < whole.len() {
                slots.clear();
                let read = self.line(stretch.bytes, &line, indent, slots);
                return Some((stretch.base + line.start as usize + indent, read));
            }
        }
    }

    /// Makes the index of the next window; false when none is left.
    fn look_on(&mut self, stretch: &mut Stretch<'_>, longest: usize) -> bool {
        stretch.base += stretch.window;
        stretch.bytes = stretch.bytes.get(stretch.window..).unwrap_or_default();
        self.index.fill(stretch.bytes, longest, !self.shapes.rest());
        (stretch.window, stretch.next) = (self.index.length, 0);
        stretch.window > 0
    }

    fn line<'a>(&mut self, bytes: &'a [u8], line: &Line, indent: usize, slots: &mut Slots<'a>) -> Result<(), Bad> {
        let start = line.start as usize + indent;
        let Self { paths, shapes, index, seen, open } = self;
        let marks = index.marks.get(line.marks.0 as usize..line.marks.1 as usize).unwrap_or_default();
        let learning = indent == 0 && !line.odd && index.keyed && shapes.wanted();
        if learning {
            if shapes.read(bytes, line, marks, slots) {
                return Ok(());
            }
            slots.clear();
        }
        let text = bytes.get(start..line.end as usize).unwrap_or_default().trim_ascii_end();
        if line.odd {
            std::str::from_utf8(text).map_err(|_| Bad::NotUtf8)?;
            let texts = if has_control_characters(text) { Texts::Unknown } else { Texts::Plain };
            return Walker::walk(text, paths, texts, None, slots);
        }
        let texts = Texts::of(&index.quotes, line, start);
        if !learning {
            let (whole, to) = ((line, start, start + text.len()), (&**paths, open));
            let read = if paths.keywords {
                None
            } else if index.keyed {
                swift::read(bytes, whole, swift::Words::from(&index.quotes, start), to, slots)
            } else {
                // The marks are the quotes, and the line's end.
                let quotes = marks.split_last().map_or(&[][..], |(_, quotes)| quotes);
                swift::read(bytes, whole, swift::Listed(quotes.iter()), to, slots)
            };
            if read.is_some() {
                return Ok(());
            }
            slots.clear();
            return Walker::walk(text, paths, texts, None, slots);
        }
        seen.clear();
        Walker::walk(text, paths, texts, Some(seen), slots)?;
        shapes.learn(bytes, line, marks, seen, paths);
        Ok(())
    }
}

/// The bytes before a line's first one that means something; all of a blank line.
fn indent(line: &[u8]) -> usize {
    let text = line.trim_ascii_start();
    let text = text.strip_prefix(BOM).map_or(text, <[u8]>::trim_ascii_start);
    line.len() - text.len()
}

#[cfg(test)]
mod tests;
