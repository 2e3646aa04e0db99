//! An index of a window of a log: every byte is looked at once, 64 at a time, before any line is read.
//!
//! It tells where lines end, where quotes stand that no backslash escapes, and where a colon follows such a quote, as it does
//! after a key. On the way it finds what is seldom there: lines that hold control characters, escapes that are none of JSON's, or
//! bytes that are not UTF-8 are marked as odd, and only those need be looked through again by whoever reads them.

#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "the call of what names its processor is the one place that needs it")
)]
mod wide;

pub(in crate::events) use wide::fetch;

/// Bytes of a window, about; it ends with a line.
const WINDOW_BYTES: usize = 1 << 16;
/// Bytes looked at together.
const BLOCK_BYTES: usize = 64;
/// Blocks for whose marks room is made at once.
const GROUP_BLOCKS: usize = 16;
/// Marks of a block that are written without asking how many there are.
const USUAL_MARKS: usize = 4;

/// Room for the places of a block's marks.
type Places = [u32; BLOCK_BYTES];

/// Which of 64 bytes are what, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bits {
    quote: u64,
    colon: u64,
    backslash: u64,
    /// Control characters, and whatever is not ASCII.
    low: u64,
    /// What is not ASCII.
    high: u64,
}

impl Bits {
    /// The marks of a block with such quotes: the colons that follow them, of which the one before may end the block before; or
    /// the quotes.
    #[inline(always)]
    const fn marks(&self, quotes: u64, run: &Run) -> u64 {
        if run.keys { self.colon & (quotes << 1 | run.quote_before) } else { quotes }
    }
}

/// A line of a window. Positions are counted from the window's first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins.
    pub start: u32,
    /// Where its line feed is, or the log's end.
    pub end: u32,
    /// Its marks among those of the window: first, and the one after the last.
    pub marks: (u32, u32),
    /// How many quotes it holds that no backslash escapes.
    pub quotes: u32,
    /// Whether backslashes may be in it; all of them begin escapes of JSON.
    pub escapes: bool,
    /// Whether it has to be looked through for control characters, UTF-8 and escapes by whoever reads it.
    pub odd: bool,
}

/// The index of a window.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// A bit for each byte that is a quote which no backslash escapes.
    pub quotes: Vec<u64>,
    /// Where colons follow such quotes, or where the quotes are themselves; and where lines end.
    pub marks: Vec<u32>,
    /// The lines, blank ones too.
    pub lines: Vec<Line>,
    /// The bytes looked through, which end with a line.
    pub length: usize,
    /// Whether colons are among the marks, and not quotes.
    pub keyed: bool,
    /// The line under way.
    line: Line,
    /// Where it ceases to be ASCII.
    high_from: Option<usize>,
    /// The lowest bit: whether the block before ends in a backslash that escapes.
    escaping: u64,
}

impl Index {
    /// Makes the index of the window at the beginning of `bytes`, which go on to the end of their stretch. A line of more than
    /// `longest` bytes that comes first is told by its end alone. Quotes are marked when nobody wants the keys (`keys`).
    pub(super) fn fill(&mut self, bytes: &[u8], longest: usize, keys: bool) {
        if !wide::look_through(self, bytes, longest, keys) {
            self.look_through(bytes, longest, keys, (plainly, write_one_by_one));
        }
    }

    /// The same by a way to look at a block, and one to write down where its marks are.
    #[inline(always)]
    fn look_through<L, W>(&mut self, bytes: &[u8], longest: usize, keys: bool, (look, write): (L, W))
    where
        L: Fn(&[u8; BLOCK_BYTES]) -> Bits,
        W: Fn(&mut Places, u32, u64),
    {
        self.begin();
        self.keyed = keys;
        let mut run = Run { keys, ..Run::default() };
        let (blocks, rest) = bytes.as_chunks::<BLOCK_BYTES>();
        let mut windows = blocks.chunks(WINDOW_BYTES / BLOCK_BYTES);
        for window in windows.by_ref() {
            let first = run.at / BLOCK_BYTES;
            if self.quotes.len() < first + window.len() {
                self.quotes.resize(first + window.len(), 0);
            }
            let mut words = std::mem::take(&mut self.quotes);
            let mut marks = std::mem::take(&mut self.marks);
            let words_of = words.get_mut(first..).unwrap_or_default().chunks_mut(GROUP_BLOCKS);
            for (blocks, words) in window.chunks(GROUP_BLOCKS).zip(words_of) {
                let room = room_for_a_group(&mut marks, run.marked);
                for (block, word) in blocks.iter().zip(words) {
                    *word = self.block(bytes, look(block), &mut run, (room, &write));
                }
            }
            (self.quotes, self.marks) = (words, marks);
            if !self.lines.is_empty() {
                break;
            }
            if run.at > longest + 2 * BLOCK_BYTES {
                return self.too_long(bytes, run.at);
            }
        }
        if run.at + rest.len() == bytes.len() {
            self.finish(bytes, rest, (look, write), run);
        }
        self.length = self.lines.last().map_or(0, |l| l.end as usize + 1).min(bytes.len());
    }

    /// Looks at the last bytes, which are no whole block, and ends the last line.
    #[inline(always)]
    fn finish<L, W>(&mut self, bytes: &[u8], rest: &[u8], (look, write): (L, W), mut run: Run)
    where
        L: Fn(&[u8; BLOCK_BYTES]) -> Bits,
        W: Fn(&mut Places, u32, u64),
    {
        let mut marks = std::mem::take(&mut self.marks);
        let room = room_for_a_group(&mut marks, run.marked);
        if !rest.is_empty() {
            let mut padded = [b' '; BLOCK_BYTES];
            padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            let quotes = self.block(bytes, look(&padded), &mut run, (room, &write));
            self.quotes.truncate(bytes.len() / BLOCK_BYTES);
            self.quotes.push(quotes);
        }
        if self.lines.last().is_none_or(|l| l.end as usize + 1 < bytes.len()) && !bytes.is_empty() {
            self.end(bytes, bytes.len(), place(run.marked), run.quotes_before);
            if let Some(slot) = room.get_mut(run.marked) {
                *slot = place(bytes.len());
            }
        }
        self.marks = marks;
    }

    /// Takes the bits of the next block; gives those of its quotes that are not escaped. There has to be room for its marks.
    #[inline(always)]
    fn block(
        &mut self,
        bytes: &[u8],
        bits: Bits,
        run: &mut Run,
        (room, write): (&mut [u32], &impl Fn(&mut Places, u32, u64)),
    ) -> u64 {
        let Bits { quote, colon, backslash, low, high } = bits;
        let (mut quotes, mut marks) = (quote, bits.marks(quote, run));
        // What few blocks hold is looked for at once, and seen to elsewhere: so what is under way stays in registers.
        if backslash | low | self.escaping != 0 {
            (quotes, marks) = self.unusual(bytes, &Bits { quote, colon, backslash, low, high }, &Run { ..*run });
        }
        run.quote_before = quotes >> 63;
        if let Some(places) = room.get_mut(run.marked..).and_then(<[u32]>::first_chunk_mut) {
            write(places, place(run.at), marks);
        }
        run.marked = run.marked.wrapping_add(marks.count_ones() as usize);
        run.quotes_before = run.quotes_before.wrapping_add(quotes.count_ones());
        run.at = run.at.wrapping_add(BLOCK_BYTES);
        quotes
    }

    /// The quotes that are not escaped and the marks of a block in which there are backslashes, line feeds or what is odd.
    #[inline(never)]
    fn unusual(&mut self, bytes: &[u8], bits: &Bits, run: &Run) -> (u64, u64) {
        let mut quotes = bits.quote;
        if bits.backslash | self.escaping != 0 {
            quotes &= !self.escapes(bytes, run.at, bits.backslash);
        }
        let mut marks = bits.marks(quotes, run);
        if bits.low != 0 {
            marks |= self.ends(bytes, bits, (quotes, marks), run);
        }
        (quotes, marks)
    }

    fn begin(&mut self) {
        self.lines.clear();
        (self.line, self.high_from, self.escaping) = (Line::default(), None, 0);
    }

    /// The characters of the block at `at` that a backslash escapes.
    fn escapes(&mut self, bytes: &[u8], at: usize, backslash: u64) -> u64 {
        self.line.escapes = true;
        let escaped = escaped(backslash, &mut self.escaping);
        let mut left = escaped;
        while left != 0 {
            let after = at + left.trailing_zeros() as usize;
            self.line.odd |= super::scalar::escape_end(bytes, after).is_none();
            left &= left - 1;
        }
        escaped
    }

    /// Ends the lines that end in the block of `bits`, and looks at what else is not printable ASCII there; gives the line feeds.
    /// The block's quotes and marks are told.
    fn ends(&mut self, bytes: &[u8], bits: &Bits, (quotes, marks): (u64, u64), run: &Run) -> u64 {
        let Bits { backslash, low, high, .. } = *bits;
        let Run { at, marked, quotes_before, .. } = *run;
        if high != 0 && self.high_from.is_none() {
            self.high_from = Some(at.max(self.line.start as usize));
        }
        // What was found of escapes in this block may be of any of its lines.
        let escapes = backslash != 0;
        let odd = escapes && self.line.odd;
        let (mut left, mut ends) = (low & !high, 0);
        while left != 0 {
            let bit = left.trailing_zeros();
            left &= left - 1;
            let here = at + bit as usize;
            match bytes.get(here) {
                Some(b'\n') => {
                    let below = (1u64 << bit) - 1;
                    let marks_before = place(marked) + ((marks | ends) & below).count_ones();
                    self.end(bytes, here, marks_before, quotes_before.wrapping_add((quotes & below).count_ones()));
                    ends |= 1 << bit;
                    (self.line.escapes, self.line.odd) = (escapes, odd);
                    self.high_from = (high & !below != 0).then_some(here + 1);
                }
                // At the end of a line it is a blank; it cannot be inside a text.
                Some(b'\r') if bytes.get(here + 1) == Some(&b'\n') => {}
                Some(_) => self.line.odd = true,
                None => {}
            }
        }
        ends
    }

    /// Ends the line under way at `end`; so many marks and quotes of the window are before.
    fn end(&mut self, bytes: &[u8], end: usize, marks_before: u32, quotes_before: u32) {
        if let Some(from) = self.high_from.take() {
            self.line.odd |= std::str::from_utf8(bytes.get(from..end).unwrap_or_default()).is_err();
        }
        let mut line = self.line;
        line.end = place(end);
        line.marks.1 = marks_before + 1;
        line.quotes = quotes_before.wrapping_sub(line.quotes);
        self.lines.push(line);
        self.line = Line { start: place(end + 1), marks: (line.marks.1, 0), quotes: quotes_before, ..Line::default() };
    }

    /// The first line is too long to be read: only its end is looked for.
    #[cold]
    fn too_long(&mut self, bytes: &[u8], at: usize) {
        let after = bytes.get(at..).and_then(|rest| memchr::memchr(b'\n', rest));
        self.length = after.map_or(bytes.len(), |n| at + n + 1);
        self.lines.clear();
    }
}

/// How far a window was looked through.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    /// Where the next block begins.
    at: usize,
    /// Whether keys are to be marked, and not quotes.
    keys: bool,
    /// The lowest bit: whether the block before ends in a quote.
    quote_before: u64,
    /// Marks and quotes so far.
    marked: usize,
    quotes_before: u32,
}

/// The marks, with room for those of a group of blocks, and of a block after them, behind the first `marked`.
#[inline]
fn room_for_a_group(marks: &mut Vec<u32>, marked: usize) -> &mut [u32] {
    const MOST: usize = (GROUP_BLOCKS + 1) * BLOCK_BYTES;
    if marks.len() < marked + MOST {
        // For as many again, so that there is soon enough.
        marks.resize(2 * marked + MOST, 0);
    }
    marks
}

/// Writes down where the `bits` of the block at `base` are; what it writes after them does not count.
#[inline(always)]
fn write_one_by_one(room: &mut Places, base: u32, mut bits: u64) {
    // Blocks differ in how many marks they hold: it is quicker to write a few that do not count than to ask.
    let (usual, more) = room.split_at_mut(USUAL_MARKS);
    for slot in usual {
        *slot = base.wrapping_add(bits.trailing_zeros());
        bits &= bits.wrapping_sub(1);
    }
    for slot in more {
        if bits == 0 {
            break;
        }
        *slot = base.wrapping_add(bits.trailing_zeros());
        bits &= bits.wrapping_sub(1);
    }
}

/// A position in a window. Lines that are indexed are no longer than the limit, so a window is hardly larger.
#[expect(clippy::cast_possible_truncation, reason = "a window is little more than a line of 1 MiB")]
const fn place(at: usize) -> u32 {
    at as u32
}

/// The characters that follow a backslash which none before it escapes; `escaping` tells whether the block before ends in one.
fn escaped(backslash: u64, escaping: &mut u64) -> u64 {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let starts = backslash & !*escaping;
    let follows = starts << 1 | *escaping;
    // A run of backslashes that begins at an odd bit carries into the bit after it, which tells its length from its parity.
    let odd_starts = starts & !EVEN & !follows;
    let (even_runs, carry) = odd_starts.overflowing_add(starts);
    *escaping = u64::from(carry);
    (EVEN ^ (even_runs << 1)) & follows
}

/// The bits of a block, eight bytes at a time, on any processor.
fn plainly(block: &[u8; BLOCK_BYTES]) -> Bits {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x80 * ONES;
    /// One bit for each byte whose top bit is set.
    const fn gathered(tops: u64) -> u64 {
        (tops >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }
    /// The top bit of each byte that is `byte`.
    const fn equal(word: u64, byte: u8) -> u64 {
        let differs = word ^ (byte as u64 * ONES);
        !(((differs & !TOPS) + !TOPS) | differs) & TOPS
    }
    let mut bits = Bits::default();
    for (word, shift) in block.as_chunks::<8>().0.iter().zip((0..).step_by(8)) {
        let word = u64::from_le_bytes(*word);
        bits.quote |= gathered(equal(word, b'"')) << shift;
        bits.colon |= gathered(equal(word, b':')) << shift;
        let (backslash, high) = (equal(word, b'\\'), word & TOPS);
        let low = (!((word & !TOPS) + 0x60 * ONES) | word) & TOPS;
        if backslash | low != 0 {
            bits.backslash |= gathered(backslash) << shift;
            bits.low |= gathered(low) << shift;
            bits.high |= gathered(high) << shift;
        }
    }
    bits
}

#[cfg(test)]
mod tests;
