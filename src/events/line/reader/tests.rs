//! The learned shapes against the general parser, on lines of few kinds and on damaged ones.

use super::*;
use crate::events::value::Raw;

const FIELDS: [&str; 9] = ["ts", "user", "geo.city", "geo", "tags", "n", "ok", "items.k", "note"];

/// Lines with a `%` for every value; spaces, empty containers, doubled and escaped keys are part of the kind.
const KINDS: [&str; 11] = [
    r#"{"ts":%,"user":%,"geo":{"city":%,"lat":%},"n":%,"ok":%}"#,
    r#"{"user":%,"ts":%,"n":%,"note":%}"#,
    r#"{"ts": %, "tags": [%, %], "a_key_longer_than_sixteen_bytes": %, "user" : %}"#,
    r#"{"ts":%,"tags":[],"geo":{},"items":[{"k":%},{"k":%,"x":[]}],"n":%}"#,
    r#"{"ts":%,"user":%,"user":%}"#,
    r#"{"ts":%,"x":%,"x":%,"n":%}"#,
    r#"{"ts":%,"geo.city":%,"geo":{"city":%}}"#,
    r#"{"u\u0073er":%,"ts":%,"tags":[[%],%,[]]}"#,
    r#"{"geo":{"city":%},"items":{"k":%}}"#,
    r#"{"ts":%}"#,
    "{}",
];

const VALUES: [&str; 34] = [
    "\"\"",
    "\"a\"",
    "\"2026-03-05T09:30:00.123Z\"",
    "\"Zürich\"",
    "\"客户\"",
    "\"say \\\"n\\\":1\"",
    "\"C:\\\\\"",
    "\"\\u00e9\"",
    "\"a longer text with, braces } and [ brackets\"",
    "0",
    "-0",
    "7",
    "12345678901234567890",
    "-1.5",
    "1e9",
    "2.5E-3",
    "0.0",
    "true",
    "false",
    "null",
    "{}",
    "[]",
    "{\"k\":1}",
    "[1,\"2\"]",
    "01",
    "1.",
    ".5",
    "+1",
    "tru",
    "nulll",
    "\"\\x\"",
    "\"\\u12\"",
    "\"a\tb\"",
    "-",
];

struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn line(&mut self) -> Vec<u8> {
        // Mostly values that are in order, so that shapes are learned and used.
        let values = if self.below(4) == 0 { VALUES.len() } else { 20 };
        let kind = KINDS[self.below(KINDS.len())];
        let mut line = Vec::new();
        for b in kind.bytes() {
            if b == b'%' { line.extend(VALUES[self.below(values)].bytes()) } else { line.push(b) }
        }
        if self.below(3) == 0 {
            self.damage(&mut line);
        }
        line.retain(|b| *b != b'\n');
        line
    }

    fn damage(&mut self, line: &mut Vec<u8>) {
        const BYTES: &[u8] = b"\"\\{}[],: 0-9eE.tfn\x00\x1f\t\r\x7f\x80\xc3\xa9\xff";
        for _ in 0..1 + self.below(2) {
            let at = self.below(line.len().max(1));
            let to = (at + 1 + self.below(6)).min(line.len());
            match self.below(6) {
                0 => line.insert(at.min(line.len()), BYTES[self.below(BYTES.len())]),
                1 if !line.is_empty() => line[at] = BYTES[self.below(BYTES.len())],
                2 => drop(line.drain(at.min(to)..to)),
                3 => line.truncate(at),
                4 => line.extend_from_within(at.min(to)..to),
                _ => line.splice(at..at, *b"\r\n{\"").for_each(drop),
            }
        }
    }
}

type Result1 = Result<(Vec<Vec<String>>, Vec<String>), Bad>;

fn told(read: Result<(), Bad>, slots: &Slots<'_>) -> Result1 {
    let shown = |v: &Raw<'_>| format!("{v:?}");
    let fields = (0..FIELDS.len()).map(|f| slots.values(f).map(|v| shown(&v)).collect()).collect();
    read.map(|()| (fields, slots.scalars().iter().map(shown).collect()))
}

fn paths(keywords: bool) -> Paths {
    Paths::new(&FIELDS.map(str::to_owned), keywords, |_| false)
}

/// Every line by the general parser alone, with where it begins.
fn plainly(log: &[u8], longest: usize, paths: &Paths) -> Vec<(usize, Result1)> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in log.split(|b| *b == b'\n') {
        let at = start + line.len() - if line.len() > longest { line.len() } else { line.trim_ascii_start().len() };
        start += line.len() + 1;
        let mut slots = Slots::new(FIELDS.len());
        if line.len() > longest {
            lines.push((at, Err(Bad::TooLong)));
        } else if !line.trim_ascii().is_empty() {
            let text = std::str::from_utf8(line.trim_ascii()).map_err(|_| Bad::NotUtf8);
            let read = text.and_then(|l| Walker::read(l, paths, &mut slots));
            lines.push((at, told(read, &slots)));
        }
    }
    lines
}

/// Compares all lines of `log`; gives how many were good and how many a shape took.
fn compare(log: &[u8], reader: &mut Reader<'_>, paths: &Paths) -> (usize, u32) {
    compare_up_to(1 << 20, log, reader, paths)
}

fn compare_up_to(longest: usize, log: &[u8], reader: &mut Reader<'_>, paths: &Paths) -> (usize, u32) {
    let mut good = 0;
    let mut slots = Slots::new(FIELDS.len());
    let before = reader.shapes.taken_in_all();
    let mut stretch = Stretch::new(log);
    let mut want = plainly(log, longest, paths).into_iter();
    while let Some((at, read)) = reader.next(&mut stretch, longest, &mut slots) {
        let line = log[at..].split(|b| *b == b'\n').next().unwrap_or_default();
        assert_eq!(Some((at, told(read, &slots))), want.next(), "{}", String::from_utf8_lossy(line));
        good += usize::from(read.is_ok());
    }
    assert_eq!(want.next(), None);
    (good, reader.shapes.taken_in_all() - before)
}

#[test]
fn shapes_and_the_general_parser_agree_on_every_line() {
    for keywords in [false, true] {
        let paths = paths(keywords);
        let mut reader = Reader::new(&paths);
        let mut chance = Chance(11);
        let (mut good, mut taken, mut lines) = (0, 0, 0);
        for n in 0..300 {
            if n % 50 == 0 {
                // What was learned is given up before so many kinds of values make it rest.
                reader = Reader::new(&paths);
            }
            // Every third stretch is of sound text throughout, so that what is looked through as a whole is met both ways.
            let mut log = Vec::new();
            for _ in 0..40 {
                let line = chance.line();
                if n % 3 > 0 || std::str::from_utf8(&line).is_ok_and(|l| l.bytes().all(|b| b >= 0x20)) {
                    log.extend(line);
                    log.extend(if n % 5 == 0 { &b"\r\n"[..] } else { b"\n" });
                    lines += 1;
                }
            }
            let (g, t) = compare(&log, &mut reader, &paths);
            (good, taken) = (good + g, taken + t);
        }
        assert!(good > lines / 4 && good < lines * 3 / 4, "{good} of {lines} lines are good");
        assert!(taken as usize > good / 5, "only {taken} of {good} good lines were taken by a shape");
    }
}

#[test]
fn what_a_shape_must_not_overlook() {
    let paths = paths(false);
    let mut reader = Reader::new(&paths);
    let good = r#"{"ts":"a","n":12,"ok":true,"user":null}"#;
    let more = "\n{\"a line that follows\":0}";
    compare(format!("{good}\n{good}{more}").as_bytes(), &mut reader, &paths);
    assert_eq!(reader.shapes.taken_in_all(), 1);
    for bad in [
        r#"{"ts":"a","n":012,"ok":true,"user":null}"#,
        r#"{"ts":"a","n":12x,"ok":true,"user":null}"#,
        r#"{"ts":"a","n":12 ,"ok":true,"user":null}"#,
        r#"{"ts":"a","n":1.,"ok":true,"user":null}"#,
        r#"{"ts":"a","n":12,"ok":truE,"user":null}"#,
        r#"{"ts":"a","n":12,"ok":true,"user":nulL}"#,
        r#"{"ts":"a","n":12,"ok":falsy,"user":null}"#,
        r#"{"ts":"a","n":12,"ok":true,"user":null"#,
        r#"{"ts":"a","n":12,"ok":true,"user":null}}"#,
        r#"{"ts":"a","n":12,"ok":true,"user":null}x"#,
        r#"{"ts":"\q","n":12,"ok":true,"user":null}"#,
        "{\"ts\":\"\u{1}\",\"n\":12,\"ok\":true,\"user\":null}",
        r#"{"ts":"a"#,
        "{\"ts\":\"a\n\",\"n\":12,\"ok\":true,\"user\":null}",
        "{\"ts\":\"a\",\"n\":1\n2,\"ok\":true,\"user\":null}",
    ] {
        // Alone, and with lines after it that could be taken for its rest.
        compare(bad.as_bytes(), &mut reader, &paths);
        compare(format!("{bad}\n{good}\n{good}{more}").as_bytes(), &mut reader, &paths);
    }
    compare(
        &[&good.as_bytes()[..8], b"\xff", &good.as_bytes()[8..], b"\n", good.as_bytes()].concat(),
        &mut reader,
        &paths,
    );
}

#[test]
fn ever_new_shapes_are_given_up_and_cost_no_memory() {
    let paths = paths(false);
    let mut reader = Reader::new(&paths);
    let line = |n: usize| format!("{{\"ts\":1,\"key{n}\":2,\"{}\":3}}\n", "y".repeat(n % 900));
    for n in 0..300 {
        let log: String = (0..40).map(|k| line(n * 40 + k)).collect();
        compare(log.as_bytes(), &mut reader, &paths);
    }
    assert_eq!(reader.shapes.taken_in_all(), 0);
    let (shapes, bytes) = reader.shapes.size();
    assert!(shapes <= 512 && bytes <= 1 << 20, "{shapes} shapes, {bytes} bytes");
    let many = format!("{{{}}}\n", (0..600).map(|n| format!("\"k{n}\":{n}")).collect::<Vec<_>>().join(","));
    compare(many.repeat(2).as_bytes(), &mut reader, &paths);
}

#[test]
fn lines_are_found_however_windows_fall() {
    let paths = paths(false);
    let mut reader = Reader::new(&paths);
    let mut chance = Chance(3);
    for n in 0..60 {
        // Windows are of 64 KiB; some lines are longer than that, and some longer than may be.
        let mut log = Vec::new();
        while log.len() < 300_000 {
            let filling = [0, 40, 400, 70_000, 140_000][chance.below(if n % 4 == 0 { 5 } else { 3 })];
            let text = ["x", "ü", "\\\\", "\\\"", ":", "\":"][chance.below(6)].repeat(filling);
            log.extend(format!("{{\"ts\":\"{text}\",\"n\":{}}}", chance.below(1000)).bytes());
            log.extend([&b"\n"[..], b"\r\n", b"\n\n", b" \n \t\r\n", b"\n\x0c"][chance.below(5)]);
        }
        if n % 3 == 0 {
            log.extend(b"{\"ts\":\"the last line\"}");
        }
        if n % 5 == 0 {
            let at = chance.below(log.len());
            log[at] = b"\xff\x01\\\"\n"[chance.below(5)];
        }
        compare_up_to([100_000, 1 << 20][n % 2], &log, &mut reader, &paths);
    }
    assert!(reader.shapes.taken_in_all() > 1000, "{}", reader.shapes.taken_in_all());
}

#[test]
fn what_the_index_must_not_overlook() {
    let paths = paths(false);
    let mut reader = Reader::new(&paths);
    let good = r#"{"ts":"a","user":"b","note":"c","n":1}"#;
    compare(format!("{good}\n").repeat(9).as_bytes(), &mut reader, &paths);
    let before = reader.shapes.taken_in_all();
    for bad in [
        // As many quotes as the shape has, some of them elsewhere.
        r#"{"ts":"a\","user":"b"x","note":"c","n":1}"#,
        r#"{"ts":"a"x"","user":"b\","note":"c","n":1}"#,
        r#"{"ts":"a\\\","user":"b""","note":"c","n":1}"#,
        r#"{"ts":"a","user":"b":"","note":"c","n":1}"#,
        r#"{"ts":"\","user":"b","note":""c","n":1}"#,
    ] {
        let bad = bad.replace("\\\\", "\\");
        compare(format!("{bad}\n{good}\n{bad}\n{bad}\n{good}\n{good}\n").as_bytes(), &mut reader, &paths);
    }
    for sound in [
        r#"{"ts":"a\\","user":"\"","note":":","n":1}"#,
        r#"{"ts":"::1","user":"b","note":"c","n":1}"#,
        r#"{"ts":"\\\"","user":"b","note":"\u00e9","n":1}"#,
    ] {
        let (read, _) = compare(format!("{sound}\n{good}\n{sound}\n{good}\n\n").as_bytes(), &mut reader, &paths);
        assert_eq!(read, 4, "{sound}");
    }
    assert!(reader.shapes.taken_in_all() > before);
}

#[test]
fn lines_read_while_shapes_rest_are_read_as_by_the_general_parser() {
    let paths = paths(false);
    let mut reader = Reader::new(&paths);
    let ever_new: String = (0..2000).map(|n| format!("{{\"key{n}\":{n}}}\n")).collect();
    compare(ever_new.as_bytes(), &mut reader, &paths);
    assert!(reader.shapes.rest());
    let mut chance = Chance(17);
    let (mut good, mut lines) = (0, 0);
    for n in 0..600 {
        let mut log = Vec::new();
        for _ in 0..40 {
            log.extend(chance.line());
            log.extend([&b"\n"[..], b"\r\n", b"\n  "][n % 3]);
            lines += 1;
        }
        good += compare(&log, &mut reader, &paths).0;
    }
    assert!(reader.shapes.rest(), "they rested all the time");
    assert!(good > lines / 4 && good < lines * 3 / 4, "{good} of {lines} lines are good");
}
