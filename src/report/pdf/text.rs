//! Text before it is placed: made safe to print, split by face, measured, broken into lines.
//!
//! Nothing is dropped: a character that cannot be printed, or that would deceive a reader (T25), appears as its code in
//! brackets.

use super::fonts::{FaceId, Fonts, Weight};
use unicode_linebreak::{BreakOpportunity, linebreaks};
use unicode_normalization::UnicodeNormalization;

/// A stretch of text in one face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) face: FaceId,
    pub(super) text: String,
}

/// `text` as it can be printed with `fonts`.
pub(super) fn printable(text: &str, fonts: &Fonts) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfc().flat_map(unified) {
        match c {
            '\n' | '\t' | '\r' | '\u{a0}' | '\u{202f}' | '\u{2007}' => out.push(' '),
            c if deceives(c) || fonts.face_of(c, Weight::Regular).is_none() => {
                out.push_str(&format!("[U+{:04X}]", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// Kangxi radicals and compatibility ideographs share glyphs with the unified ones; two characters with one glyph would
/// come back from the PDF as only one of them.
fn unified(c: char) -> impl Iterator<Item = char> {
    let shared = matches!(u32::from(c), 0x2E80..=0x2FDF | 0xF900..=0xFAFF | 0x2F800..=0x2FA1F);
    let mut buffer = Vec::with_capacity(1);
    if shared {
        buffer.extend(std::iter::once(c).nfkc());
    } else {
        buffer.push(c);
    }
    buffer.into_iter()
}

/// Control characters, characters without a shape and those that turn the direction of writing.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// The runs of a printable text.
pub(super) fn runs(text: &str, weight: Weight, fonts: &Fonts) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for c in text.chars() {
        // A space takes the face of what stands before it, so that it does not split a run.
        let current = runs.last().map(|r| r.face).filter(|f| c == ' ' && fonts.face(*f).glyph(c).is_some());
        let Some(face) = current.or_else(|| fonts.face_of(c, weight)) else { continue };
        match runs.last_mut() {
            Some(run) if run.face == face => run.text.push(c),
            _ => runs.push(Run { face, text: c.to_string() }),
        }
    }
    runs
}

/// Width of a printable text at `size` points.
pub(super) fn width(text: &str, weight: Weight, size: f32, fonts: &Fonts) -> f32 {
    text.chars().map(|c| char_width(c, weight, fonts)).sum::<f32>() * size / 1000.0
}

fn char_width(c: char, weight: Weight, fonts: &Fonts) -> f32 {
    fonts.face_of(c, weight).map_or(0.0, |f| fonts.face(f).width(c))
}

/// A printable text in lines of at most `room` points (UAX #14); a word that is longer is broken anywhere.
pub(super) fn lines(text: &str, weight: Weight, size: f32, room: f32, fonts: &Fonts) -> Vec<String> {
    let room = room * 1000.0 / size;
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0.0_f32);
    let mut start = 0;
    for (end, kind) in linebreaks(text) {
        if kind == BreakOpportunity::Allowed && is_within_id(text, end) {
            continue;
        }
        let word = text.get(start..end).unwrap_or_default();
        start = end;
        let full: f32 = word.chars().map(|c| char_width(c, weight, fonts)).sum();
        let seen: f32 = word.trim_end().chars().map(|c| char_width(c, weight, fonts)).sum();
        if used + seen > room && !line.is_empty() {
            push_line(&mut lines, &mut line);
            used = 0.0;
        }
        if seen > room {
            used = break_word(word, weight, room, (&mut lines, &mut line), fonts);
        } else {
            line.push_str(word);
            used += full;
        }
        if kind == BreakOpportunity::Mandatory && end < text.len() {
            push_line(&mut lines, &mut line);
            used = 0.0;
        }
    }
    if !line.trim().is_empty() || lines.is_empty() {
        push_line(&mut lines, &mut line);
    }
    lines
}

/// Whether `at` stands after a hyphen inside something like `HAB-AUT-01`, which is easier to find when it stays whole.
fn is_within_id(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    let left = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let right = after.split(char::is_whitespace).next().unwrap_or_default();
    left.ends_with('-')
        && (left.len() + right.len()) <= 24
        && left.is_ascii()
        && format!("{left}{right}").bytes().any(|b| b.is_ascii_digit())
}

fn push_line(lines: &mut Vec<String>, line: &mut String) {
    lines.push(line.trim_end().to_owned());
    line.clear();
}

/// Fills lines with the characters of one long word; the width used in the last line.
fn break_word(word: &str, weight: Weight, room: f32, out: (&mut Vec<String>, &mut String), fonts: &Fonts) -> f32 {
    let (lines, line) = out;
    let mut used = 0.0;
    for c in word.chars() {
        let w = char_width(c, weight, fonts);
        if used + w > room && !line.is_empty() {
            push_line(lines, line);
            used = 0.0;
        }
        line.push(c);
        used += w;
    }
    used
}

/// The text cut to `room` points, with an ellipsis when something was cut.
pub(super) fn cut(text: &str, weight: Weight, size: f32, room: f32, fonts: &Fonts) -> String {
    if width(text, weight, size, fonts) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width(&kept, weight, size, fonts) + size > room {
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fonts() -> &'static Fonts {
        Fonts::embedded().unwrap()
    }

    #[test]
    fn what_cannot_be_seen_or_deceives_is_shown_as_its_code() {
        for (given, expected) in [
            ("a\u{202e}b", "a[U+202E]b"),
            ("a\0b\u{7}", "a[U+0000]b[U+0007]"),
            ("\u{1f600}", "[U+1F600]"),
            ("e\u{301}", "é"),
            ("\u{2f47}本", "日本"),
            ("a\u{a0}b\nc", "a b c"),
            ("soft\u{ad}", "soft[U+00AD]"),
        ] {
            assert_eq!(printable(given, fonts()), expected);
        }
    }

    #[test]
    fn no_line_is_wider_than_its_room_and_no_character_is_lost() {
        let samples = [
            "The quick brown fox, HAB-AUT-01-1a2b3c4d, evidence/users.json",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "该组织在重要方面未履行所审计的义务。未整改的问题：严重 12 项，高 3 项。",
            "",
        ];
        for text in samples {
            for room in [30.0, 77.0, 200.0] {
                let lines = lines(text, Weight::Regular, 9.0, room, fonts());
                for line in &lines {
                    let width = width(line, Weight::Regular, 9.0, fonts());
                    assert!(width <= room + 0.01 || line.chars().count() == 1, "{line}: {width} > {room}");
                }
                let joined: String = lines.concat().split_whitespace().collect();
                assert_eq!(joined, text.split_whitespace().collect::<String>());
            }
        }
    }

    #[test]
    fn chinese_punctuation_does_not_begin_a_line() {
        let text = "所审计的义务，未整改的问题。严重高风险，问题。";
        for room in 20_u8..90 {
            for line in lines(text, Weight::Regular, 9.0, f32::from(room), fonts()) {
                assert!(!line.starts_with(['，', '。']), "{line}");
            }
        }
    }

    #[test]
    fn runs_split_by_face_and_spaces_stay() {
        let runs = runs("PAdES 级别 B-B", Weight::Regular, fonts());
        let texts: Vec<_> = runs.iter().map(|r| (r.face, r.text.as_str())).collect();
        assert_eq!(texts[0], (FaceId::Regular, "PAdES "));
        assert_eq!(texts.iter().map(|t| t.1).collect::<String>(), "PAdES 级别 B-B");
    }
}
