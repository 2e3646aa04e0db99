//! Text patterns of rules: literal text with the wildcards `*` and `?`, with or without regard to case.

use super::fold::{fold, fold_char, fold_into};
use memchr::memmem::Finder;

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// This very text.
    Literal(String),
    /// Exactly one character (`?`).
    One,
    /// Any number of characters (`*`).
    Many,
}

/// A pattern as written: a sequence of pieces, literals never adjacent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern(pub Vec<Piece>);

impl Pattern {
    /// Text without wildcards.
    pub fn literal(text: &str) -> Self {
        if text.is_empty() { Self::default() } else { Self(vec![Piece::Literal(text.to_owned())]) }
    }

    /// Reads Sigma's notation: a backslash makes `*`, `?` and itself literal and is itself literal before anything else.
    pub fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let wildcard = match c {
                '*' => Piece::Many,
                '?' => Piece::One,
                '\\' => {
                    let escaped = chars.next_if(|n| matches!(n, '*' | '?' | '\\'));
                    plain.push(escaped.unwrap_or('\\'));
                    continue;
                }
                other => {
                    plain.push(other);
                    continue;
                }
            };
            if !plain.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut plain)));
            }
            pieces.push(wildcard);
        }
        if !plain.is_empty() {
            pieces.push(Piece::Literal(plain));
        }
        Self(pieces)
    }

    /// A pattern of pieces in any order: adjacent literals become one, empty ones none.
    pub fn joined(pieces: Vec<Piece>) -> Self {
        let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match (out.last_mut(), piece) {
                (_, Piece::Literal(text)) if text.is_empty() => {}
                (Some(Piece::Literal(before)), Piece::Literal(text)) => before.push_str(&text),
                (_, piece) => out.push(piece),
            }
        }
        Self(out)
    }

    /// The text, when there is no wildcard in it.
    pub fn plain(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The same pattern with anything allowed before and/or after it.
    #[must_use]
    pub fn open(mut self, before: bool, after: bool) -> Self {
        if before && self.0.first() != Some(&Piece::Many) {
            self.0.insert(0, Piece::Many);
        }
        if after && self.0.last() != Some(&Piece::Many) {
            self.0.push(Piece::Many);
        }
        self
    }
}

/// A compiled pattern.
#[derive(Debug)]
pub struct TextTest {
    kind: Kind,
    cased: bool,
}

#[derive(Debug)]
enum Kind {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(Box<Finder<'static>>),
    Any,
    /// With letters folded, and, for `?` to be one character of the text, with letters folded one for one.
    Glob(Vec<Token>, Vec<Token>),
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Token {
    Char(char),
    One,
    Many,
}

impl TextTest {
    /// Compiles `pattern`; `cased` makes upper and lower case differ.
    pub fn new(pattern: &Pattern, cased: bool) -> Self {
        let lit = |t: &String| if cased { t.clone() } else { fold(t) };
        let kind = match pattern.0.as_slice() {
            [] => Kind::Exact(String::new()),
            [Piece::Many] => Kind::Any,
            [Piece::Literal(t)] => Kind::Exact(lit(t)),
            [Piece::Literal(t), Piece::Many] => Kind::Prefix(lit(t)),
            [Piece::Many, Piece::Literal(t)] => Kind::Suffix(lit(t)),
            [Piece::Many, Piece::Literal(t), Piece::Many] => {
                Kind::Contains(Box::new(Finder::new(lit(t).as_bytes()).into_owned()))
            }
            pieces => {
                let tokens = |by_char| pieces.iter().flat_map(|p| tokens(p, cased, by_char)).collect();
                Kind::Glob(tokens(false), tokens(true))
            }
        };
        Self { kind, cased }
    }

    /// The text this test demands letter for letter (folded unless cased), when it demands one.
    pub fn exact(&self) -> Option<&str> {
        match &self.kind {
            Kind::Exact(text) => Some(text),
            _ => None,
        }
    }

    /// The pattern, its letters folded unless cased, and whether it is cased.
    pub fn pattern(&self) -> (Pattern, bool) {
        let lit = |t: &String| Pattern::literal(t);
        let pattern = match &self.kind {
            Kind::Exact(text) => lit(text),
            Kind::Prefix(text) => lit(text).open(false, true),
            Kind::Suffix(text) => lit(text).open(true, false),
            Kind::Contains(finder) => Pattern::literal(&String::from_utf8_lossy(finder.needle())).open(true, true),
            Kind::Any => Pattern(vec![Piece::Many]),
            Kind::Glob(tokens, _) => Pattern(pieces(tokens)),
        };
        (pattern, self.cased)
    }

    /// A second pattern, which a text may match instead when each of its letters is folded to one letter.
    pub fn by_char(&self) -> Option<Pattern> {
        match &self.kind {
            Kind::Glob(_, tokens) if !self.cased => Some(Pattern(pieces(tokens))),
            _ => None,
        }
    }

    /// Whether `text` matches. `scratch` is overwritten.
    pub fn matches(&self, text: &str, scratch: &mut String) -> bool {
        if self.cased {
            return self.matches_as_is(text);
        }
        let at_the_edge = match &self.kind {
            Kind::Prefix(want) => meets(text.bytes(), want.bytes()),
            Kind::Suffix(want) => meets(text.bytes().rev(), want.bytes().rev()),
            _ => None,
        };
        if let Some(matches) = at_the_edge {
            return matches;
        }
        if text.is_ascii() {
            match &self.kind {
                Kind::Exact(want) => return text.eq_ignore_ascii_case(want),
                Kind::Prefix(want) => return starts_ignoring_case(text.as_bytes(), want.as_bytes()),
                Kind::Suffix(want) => {
                    let at = text.len().checked_sub(want.len());
                    return at
                        .and_then(|at| text.as_bytes().get(at..))
                        .is_some_and(|t| t.eq_ignore_ascii_case(want.as_bytes()));
                }
                Kind::Any => return true,
                Kind::Contains(_) | Kind::Glob(..) => {}
            }
        }
        fold_into(text, scratch);
        if self.matches_as_is(scratch) {
            return true;
        }
        let Kind::Glob(_, by_char) = &self.kind else { return false };
        if text.is_ascii() {
            return false;
        }
        scratch.clear();
        scratch.extend(text.chars().map(fold_char));
        glob(by_char, scratch)
    }

    fn matches_as_is(&self, text: &str) -> bool {
        match &self.kind {
            Kind::Exact(want) => text == want,
            Kind::Prefix(want) => text.starts_with(want.as_str()),
            Kind::Suffix(want) => text.ends_with(want.as_str()),
            Kind::Contains(finder) => finder.find(text.as_bytes()).is_some(),
            Kind::Any => true,
            Kind::Glob(pattern, _) => glob(pattern, text),
        }
    }
}

/// Whether the text begins like the folded `want`, case ignored; `None` when letters beyond ASCII would have to be folded to
/// tell. Most texts differ in a first letter or two.
fn meets(mut text: impl Iterator<Item = u8>, want: impl Iterator<Item = u8>) -> Option<bool> {
    for wanted in want {
        match text.next() {
            Some(b) if !b.is_ascii() => return None,
            Some(b) if b.to_ascii_lowercase() == wanted => {}
            _ => return Some(false),
        }
    }
    Some(true)
}

fn starts_ignoring_case(text: &[u8], want: &[u8]) -> bool {
    text.get(..want.len()).is_some_and(|head| head.eq_ignore_ascii_case(want))
}

fn tokens(piece: &Piece, cased: bool, by_char: bool) -> Vec<Token> {
    match piece {
        Piece::One => vec![Token::One],
        Piece::Many => vec![Token::Many],
        Piece::Literal(t) if cased => t.chars().map(Token::Char).collect(),
        Piece::Literal(t) if by_char => t.chars().map(fold_char).map(Token::Char).collect(),
        Piece::Literal(t) => fold(t).chars().map(Token::Char).collect(),
    }
}

fn pieces(tokens: &[Token]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for token in tokens {
        match (token, pieces.last_mut()) {
            (Token::One, _) => pieces.push(Piece::One),
            (Token::Many, _) => pieces.push(Piece::Many),
            (Token::Char(c), Some(Piece::Literal(text))) => text.push(*c),
            (Token::Char(c), _) => pieces.push(Piece::Literal(c.to_string())),
        }
    }
    pieces
}

/// Matches by going back only to the last `*`, so the work is at most pattern x text, without recursion.
fn glob(pattern: &[Token], text: &str) -> bool {
    let mut rest = text.chars();
    let mut p = 0;
    let mut star: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        if pattern.get(p) == Some(&Token::Many) {
            p += 1;
            star = Some((p, rest.clone()));
            continue;
        }
        let step = match (pattern.get(p), rest.next()) {
            (None, None) => return true,
            (Some(Token::One), Some(_)) => true,
            (Some(Token::Char(want)), Some(c)) => *want == c,
            (Some(_), None) => return false,
            _ => false,
        };
        if step {
            p += 1;
            continue;
        }
        let Some((after_star, mut from)) = star.take() else { return false };
        if from.next().is_none() {
            return false;
        }
        rest = from.clone();
        p = after_star;
        star = Some((after_star, from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(pattern: &str, text: &str) -> bool {
        TextTest::new(&Pattern::parse(pattern), false).matches(text, &mut String::new())
    }

    #[test]
    fn wildcards_and_their_escapes_follow_the_specification() {
        for (pattern, yes, no) in [
            ("prog?.exe", "PROGA.exe", "prog.exe"),
            ("antivirus_V*.exe", "antivirus_v21.2.1.EXE", "antivirus_V1.ex"),
            (r"a\*b", "a*b", "axb"),
            (r"a\?b", "a?b", "axb"),
            (r"a\\*b", r"a\xyzb", "axyzb"),
            (r"a\\\*b", r"a\*b", r"a\xb"),
            (r"C:\Windows\cmd.exe", r"c:\windows\CMD.exe", r"c:\\windows\cmd.exe"),
            (r"C:\\Windows", r"c:\windows", r"c:\\windows"),
            (r"\\\\host", r"\\host", r"\host"),
            ("*a*b*c*", "xxAxxBxxCxx", "xxbxxaxxc"),
            ("*ab", "aab", "aba"),
            ("?*?", "ab", "a"),
            ("*", "", "\u{0}never"),
        ] {
            assert!(hit(pattern, yes), "{pattern} should match {yes}");
            assert!(pattern == "*" || !hit(pattern, no), "{pattern} should not match {no}");
        }
    }

    #[test]
    fn what_differs_at_the_edge_is_told_at_once_and_rightly() {
        for (pattern, yes, no) in [
            ("Admin*", "ADMINISTRATOR", "admi"),
            ("*.EXE", "a.exe", "exe"),
            ("straße*", "STRASSE 5", "Strasze"),
            ("*ße", "Straße", "Strase"),
            ("*SE", "große", "groß"),
            ("é*", "École", "e"),
            ("k*", "\u{212A}elvin", "Elvin"),
            ("*\u{212A}", "folk", "fol"),
        ] {
            assert!(hit(pattern, yes), "{pattern} should match {yes}");
            assert!(!hit(pattern, no), "{pattern} should not match {no}");
        }
    }

    #[test]
    fn case_is_ignored_in_all_scripts_unless_asked_for() {
        assert!(hit("*STRASSE*", "in der Hauptstraße 5"));
        assert!(hit("ΑΘΉΝΑ*", "αθήνα 2004"));
        let cased = TextTest::new(&Pattern::parse("Admin"), true);
        assert!(cased.matches("Admin", &mut String::new()) && !cased.matches("admin", &mut String::new()));
    }
}
