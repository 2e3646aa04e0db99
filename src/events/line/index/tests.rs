//! The index against a plain reading of the same bytes, by all forms of it.

use super::*;

struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    /// Bytes of which those that matter are as many as others; `odd` ones are left out, or seldom.
    fn log(&mut self, length: usize, odd: bool) -> Vec<u8> {
        let mut log = Vec::new();
        while log.len() < length {
            match self.below(if odd { 60 } else { 56 }) {
                0..10 => log.extend(b"\""),
                10..20 => log.extend(b"\":"),
                20..22 => log.extend(b"\\\\"),
                22..24 => log.extend(b"\\\""),
                24 => log.extend(b"\\u00e9"),
                25..27 => log.extend(b"\n"),
                27 => log.extend(b"\r\n"),
                28 => log.extend("ü客".bytes()),
                29..40 => log.extend(b":"),
                40..56 => log.extend(std::iter::repeat_n(b' ' + self.below(2) as u8 * 64, self.below(30))),
                56 => log.extend(b"\\"),
                57 => log.push(0x80 + self.below(128) as u8),
                _ => log.push(self.below(256) as u8),
            }
        }
        log
    }
}

/// Where the quotes, the marks, and the line feed or the end of a line are, and whether it is odd.
type Told = (Vec<usize>, Vec<usize>, usize, bool);

fn is_odd(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut escapes = Vec::new();
    let mut at = 0;
    while at < line.len() {
        if line[at] == b'\\' {
            escapes.push(at + 1);
            at += 1;
        }
        at += 1;
    }
    let bad = |at: &usize| super::super::scalar::escape_end(line, *at).is_none();
    std::str::from_utf8(line).is_err() || line.iter().any(|b| *b < 0x20) || escapes.iter().any(bad)
}

fn naively(log: &[u8]) -> Vec<Told> {
    let mut told = Vec::new();
    let mut start = 0;
    for line in log.split_inclusive(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let (mut quotes, mut marks, mut escaped) = (Vec::new(), Vec::new(), false);
        for (n, b) in line.iter().enumerate() {
            match b {
                b'"' if !escaped => quotes.push(start + n),
                b':' if quotes.last() == Some(&(start + n).wrapping_sub(1)) => marks.push(start + n),
                _ => {}
            }
            escaped = !escaped && *b == b'\\';
        }
        marks.push(start + line.len());
        told.push((quotes, marks, start + line.len(), is_odd(line)));
        start += line.len() + 1;
    }
    told
}

/// All windows of a log, by a way to fill an index.
fn told(log: &[u8], fill: impl Fn(&mut Index, &[u8])) -> Vec<Told> {
    let mut index = Index::default();
    let mut all = Vec::new();
    let mut base = 0;
    while base < log.len() {
        fill(&mut index, &log[base..]);
        assert!(index.length > 0);
        for line in &index.lines {
            let bytes = line.start as usize..line.end as usize;
            let quotes = |at: &usize| index.quotes[at / 64] >> (at % 64) & 1 == 1;
            let quotes: Vec<usize> = bytes.clone().filter(quotes).map(|at| base + at).collect();
            assert_eq!(quotes.len(), line.quotes as usize);
            let marks = &index.marks[line.marks.0 as usize..line.marks.1 as usize];
            let marks = marks.iter().map(|at| base + *at as usize).collect();
            assert!(line.escapes || !log[base..][bytes].contains(&b'\\'));
            all.push((quotes, marks, base + line.end as usize, line.odd));
        }
        base += index.length;
    }
    all
}

#[test]
fn every_byte_is_told_for_what_it_is() {
    let mut chance = Chance(5);
    for n in 0..2000 {
        let mut block = [0; BLOCK_BYTES];
        block.iter_mut().for_each(|b| {
            *b = if n % 2 == 0 { chance.below(256) } else { b"\":\\\n x\x1f\x20\x7f\x80\xff"[chance.below(11)].into() }
                as u8
        });
        let which = |is: fn(u8) -> bool| block.iter().rev().fold(0, |bits, b| bits << 1 | u64::from(is(*b)));
        let want = Bits {
            quote: which(|b| b == b'"'),
            colon: which(|b| b == b':'),
            backslash: which(|b| b == b'\\'),
            low: which(|b| !(0x20..0x80).contains(&b)),
            high: which(|b| b >= 0x80),
        };
        assert_eq!(plainly(&block), want);
        #[cfg(target_arch = "x86_64")]
        assert!(wide::bits(&block).iter().all(|bits| *bits == want));
    }
}

#[test]
fn all_forms_of_the_index_tell_what_a_plain_reading_tells() {
    let mut chance = Chance(7);
    for n in 0..200 {
        let length = [3, 64, 200, 5000, 150_000][chance.below(if n % 20 == 0 { 5 } else { 4 })];
        let odd = n % 2 == 1;
        let log = chance.log(length, odd);
        let want = naively(&log);
        let wide = told(&log, |index, bytes| index.fill(bytes, 1 << 20, true));
        let plain = told(&log, |index, bytes| {
            index.look_through(bytes, 1 << 20, true, (plainly, write_one_by_one));
        });
        assert_eq!(wide, plain);
        #[cfg(target_arch = "x86_64")]
        for width in [16, 32, 64] {
            if wide::look_through_by(width, &mut Index::default(), &log, 1 << 20, true) {
                let by = |index: &mut Index, bytes: &[u8]| {
                    assert!(wide::look_through_by(width, index, bytes, 1 << 20, true));
                };
                assert_eq!(wide, told(&log, by), "by {width}");
            }
        }
        assert_eq!(wide.len(), want.len());
        for (got, want) in wide.iter().zip(&want) {
            assert_eq!((&got.0, &got.1, got.2), (&want.0, &want.1, want.2));
            // A line beside an odd one may be taken for odd, never the other way round.
            assert!(if odd { got.3 || !want.3 } else { got.3 == want.3 }, "{got:?}");
        }
        let ends = told(&log, |index, bytes| index.fill(bytes, 1 << 20, false));
        assert!(ends.iter().all(|(quotes, marks, end, _)| *marks == [&quotes[..], &[*end]].concat()));
    }
}
