//! Regular expressions, written so that RE2, Java and Rust understand them alike.
//!
//! The three differ in what `\d`, `\w`, `.`, `$`, `\b` and `(?i)` mean. So the expression is taken apart and written out
//! again with every class as ranges of code points, and what is left means the same everywhere.

use super::Dialect;
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use std::fmt::Write;

/// Repetitions beyond which RE2 refuses.
const MOST_REPEATED: u32 = 1000;
/// Length beyond which an expression is refused rather than handed to another engine.
const LONGEST: usize = 64 << 10;

/// The regular expression `pattern` for `dialect`, or why it cannot be said there.
pub(super) fn portable(pattern: &str, dialect: Dialect) -> Result<String, String> {
    let hir = regex_syntax::parse(pattern).map_err(|e| e.to_string())?;
    let mut out = String::new();
    write(&hir, dialect, &mut out)?;
    Ok(out)
}

fn write(hir: &Hir, dialect: Dialect, out: &mut String) -> Result<(), String> {
    match hir.kind() {
        HirKind::Empty => out.push_str("(?:)"),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).map_err(|_| "it matches bytes that are no text".to_owned())?;
            text.chars().for_each(|c| write_char(c, out));
        }
        HirKind::Class(class) => write_class(class, out)?,
        HirKind::Look(look) => out.push_str(anchor(*look, dialect)?),
        HirKind::Capture(capture) => write(&capture.sub, dialect, out)?,
        HirKind::Concat(parts) => group(parts, "", dialect, out)?,
        HirKind::Alternation(parts) => group(parts, "|", dialect, out)?,
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(repetition.min).max(repetition.min);
            if most > MOST_REPEATED {
                return Err(format!("it repeats something {most} times; {MOST_REPEATED} is the most"));
            }
            group(std::slice::from_ref(&*repetition.sub), "", dialect, out)?;
            let least = repetition.min;
            // Writing to a string cannot fail.
            let _ = match repetition.max {
                Some(most) => write!(out, "{{{least},{most}}}"),
                None => write!(out, "{{{least},}}"),
            };
        }
    }
    if out.len() > LONGEST { Err(format!("written out it is longer than {LONGEST} bytes")) } else { Ok(()) }
}

fn group(parts: &[Hir], between: &str, dialect: Dialect, out: &mut String) -> Result<(), String> {
    out.push_str("(?:");
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            out.push_str(between);
        }
        write(part, dialect, out)?;
    }
    out.push(')');
    Ok(())
}

fn write_char(c: char, out: &mut String) {
    if c.is_ascii_alphanumeric() {
        out.push(c);
    } else {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\x{{{:X}}}", u32::from(c));
    }
}

fn write_class(class: &Class, out: &mut String) -> Result<(), String> {
    let unicode = match class {
        Class::Unicode(class) => class.clone(),
        Class::Bytes(bytes) => {
            bytes.to_unicode_class().ok_or_else(|| "it matches bytes that are no text".to_owned())?
        }
    };
    if unicode.ranges().is_empty() {
        // Nothing matches: no character lies outside of all characters.
        out.push_str("[^\\x{0}-\\x{10FFFF}]");
        return Ok(());
    }
    out.push('[');
    for range in unicode.ranges() {
        write_char(range.start(), out);
        if range.end() > range.start() {
            out.push('-');
            write_char(range.end(), out);
        }
    }
    out.push(']');
    Ok(())
}

fn anchor(look: Look, dialect: Dialect) -> Result<&'static str, String> {
    let refused = |what: &str| Err(format!("{} means something else by {what}", dialect.word()));
    match (look, dialect) {
        (Look::Start, _) => Ok("\\A"),
        (Look::End, _) => Ok("\\z"),
        (Look::StartLF, Dialect::DuckDb | Dialect::DataFusion) => Ok("(?m:^)"),
        (Look::EndLF, Dialect::DuckDb | Dialect::DataFusion) => Ok("(?m:$)"),
        (Look::WordUnicode, Dialect::DataFusion) => Ok("\\b"),
        (Look::WordUnicodeNegate, Dialect::DataFusion) => Ok("\\B"),
        (Look::WordAscii, Dialect::DuckDb) => Ok("\\b"),
        (Look::WordAsciiNegate, Dialect::DuckDb) => Ok("\\B"),
        (Look::WordAscii, Dialect::DataFusion) => Ok("(?-u:\\b)"),
        (Look::StartLF | Look::EndLF, _) => refused("the begin and end of a line"),
        _ => refused("the edge of a word"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_engines_read_differently_is_written_out() {
        for (pattern, want) in [
            (r"^/admin/(a|b)", r"(?:\A\x{2F}admin\x{2F}[a-b])"),
            ("(?i)k", r"[Kk\x{212A}]"),
            ("a.b", r"(?:a[\x{0}-\x{9}\x{B}-\x{10FFFF}]b)"),
            ("(?-u:[0-9]{2,3})", "(?:[0-9]){2,3}"),
            ("x*?$", r"(?:(?:x){0,}\z)"),
        ] {
            for dialect in Dialect::ALL {
                assert_eq!(portable(pattern, dialect).as_deref(), Ok(want), "{pattern}");
            }
        }
        assert!(portable(r"\d", Dialect::Spark).is_ok_and(|p| p.starts_with(r"[0-9\x{660}-\x{669}")));
    }

    #[test]
    fn the_rewritten_expression_matches_what_the_first_one_does() {
        let texts = ["", "a", "A\nb", "K\u{212A}k", "straße 12", "x_y-z", "٣ ", "\r\n", "aaaa", "日本"];
        for pattern in
            [r"\w+", r"(?i)STRA.E", r"^a?$", r"(?m)^b$", r"\S\s", "[^a-z]", r"\bb", "a{2,}", "(a|b)c|k", "(?s)A.b"]
        {
            let (one, two) = (regex::Regex::new(pattern).unwrap(), portable(pattern, Dialect::DataFusion).unwrap());
            let two = regex::Regex::new(&two).unwrap();
            for text in texts {
                assert_eq!(one.is_match(text), two.is_match(text), "{pattern} on {text:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_said_is_named() {
        for (pattern, dialect, part) in [
            (r"\bx", Dialect::Spark, "edge of a word"),
            (r"\bx", Dialect::DuckDb, "edge of a word"),
            ("(?m)^x", Dialect::Spark, "end of a line"),
            ("(?:ab){2000}", Dialect::DuckDb, "2000 times"),
            (r"\w{40}\W\w", Dialect::DuckDb, ""),
        ] {
            match portable(pattern, dialect) {
                Err(why) => assert!(!part.is_empty() && why.contains(part), "{pattern}: {why}"),
                Ok(_) => assert!(part.is_empty(), "{pattern}"),
            }
        }
    }
}
