//! What a value's first and last bytes say about a test before it is made: most values that fail, fail there.
//!
//! INVARIANT: a guard lets every value through that passes its test; it may let others through.

use crate::events::hash::Gist;
use crate::events::rule::Question;
use crate::events::value::Raw;
use crate::events::value::network::Network;
use crate::events::value::test::Test;
use crate::events::value::text::{Piece, TextTest};
use regex_syntax::hir::Look;
use regex_syntax::hir::literal::Extractor;

/// The top bit of each of eight bytes.
const TOPS: u64 = 0x8080_8080_8080_8080;

/// What the bytes of a value have to be so that it can pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Guard {
    pub first: Edge,
    pub last: Edge,
    /// Whether letters are folded, so that it says nothing of what is not ASCII.
    pub folds: bool,
    /// Whether an address of IPv6 may stand for one of IPv4, which is written quite differently.
    pub addresses: bool,
}

/// Eight bytes of one end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Edge {
    /// Bits that do not count, for a letter is folded by one.
    fold: u64,
    mask: u64,
    want: u64,
}

impl Edge {
    /// Bytes wanted one after the other, counted from the lowest.
    fn new(bytes: impl Iterator<Item = u8>, folds: bool) -> Self {
        let mut edge = Self::default();
        for (byte, shift) in bytes.zip((0..64).step_by(8)) {
            let fold = if folds && byte.is_ascii_lowercase() { 0x20 } else { 0 };
            edge.fold |= fold << shift;
            edge.mask |= 0xff << shift;
            edge.want |= u64::from(byte) << shift;
        }
        edge
    }

    #[inline]
    pub(super) const fn lets(self, word: u64) -> bool {
        (word | self.fold) & self.mask == self.want
    }

    const fn reversed(self) -> Self {
        Self { fold: self.fold.swap_bytes(), mask: self.mask.swap_bytes(), want: self.want.swap_bytes() }
    }
}

impl Guard {
    /// The guard of a question about a field.
    pub(super) fn of(question: &Question) -> Self {
        let Question::Any(test) = question else { return Self::default() };
        match test {
            Test::Text(text) => Self::of_text(text),
            Test::Regex(regex) => Self::of_regex(regex.as_str()),
            Test::Cidr(network) => Self::of_network(network),
            Test::Equal(_) | Test::Flag(_) | Test::Compare(..) | Test::Time(..) => Self::default(),
        }
    }

    fn of_text(test: &TextTest) -> Self {
        let (pattern, cased) = test.pattern();
        let literal = |piece: Option<&Piece>| match piece {
            // A letter beyond ASCII may be folded to several, or stand for one of ASCII.
            Some(Piece::Literal(text)) if text.is_ascii() => text.clone(),
            _ => String::new(),
        };
        let (first, last) = (literal(pattern.0.first()), literal(pattern.0.last()));
        Self {
            first: Edge::new(first.bytes(), !cased),
            last: Edge::new(last.bytes().rev(), !cased).reversed(),
            folds: !cased,
            addresses: false,
        }
    }

    fn of_regex(pattern: &str) -> Self {
        let begins = regex_syntax::parse(pattern).ok().and_then(|hir| {
            let anchored = hir.properties().look_set_prefix().contains(Look::Start);
            let beginnings = Extractor::new().extract(&hir);
            beginnings.longest_common_prefix().filter(|_| anchored).map(<[u8]>::to_vec)
        });
        Self { first: Edge::new(begins.unwrap_or_default().into_iter(), false), ..Self::default() }
    }

    fn of_network(network: &Network) -> Self {
        let (v6, bits, length) = network.parts();
        if v6 {
            return Self::default();
        }
        let octets =
            (0..length / 8).map(|n| format!("{}{}", bits >> (24 - 8 * n) & 0xff, if n < 3 { "." } else { "" }));
        let text: String = octets.collect();
        Self { first: Edge::new(text.bytes(), false), addresses: true, ..Self::default() }
    }

    /// Whether a value of this gist, told by `of_value`, can pass.
    #[inline]
    pub(super) fn lets(&self, gist: &Gist) -> bool {
        (self.first.lets(gist.first) && self.last.lets(gist.last))
            || (self.folds && is_beyond_ascii(gist))
            || (self.addresses && has_colon(gist.first))
    }
}

/// The gist of a value, told in brief, by its bytes as tests see them; `None` when escapes or its kind make them others.
#[inline]
pub(super) fn of_value((kind, bytes): (u8, &[u8])) -> Option<Gist> {
    matches!(kind, Raw::PLAIN_TEXT | Raw::NUMBER).then(|| Gist::of(bytes))
}

/// Whether one of the bytes that the gist tells is not ASCII.
#[inline]
pub(super) const fn is_beyond_ascii(gist: &Gist) -> bool {
    (gist.first | gist.last) & TOPS != 0
}

/// Whether one of eight bytes is a colon.
#[inline]
pub(super) const fn has_colon(word: u64) -> bool {
    let differs = word ^ 0x3a3a_3a3a_3a3a_3a3a;
    differs.wrapping_sub(TOPS >> 7) & !differs & TOPS != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::value::text::Pattern;

    fn tests() -> Vec<Test> {
        let text = |pattern: &str, cased| Test::Text(TextTest::new(&Pattern::parse(pattern), cased));
        let mut tests: Vec<Test> = Vec::new();
        for pattern in [
            "admin",
            "*",
            "",
            "admin*",
            "*admin",
            "*admin*",
            "a?min",
            "/admin/audit/*.php",
            "kelvin*",
            "*SS",
            "straße",
            "ß?",
            "?",
            "K",
            "*\u{212A}",
            "ad*in",
            "0000f",
            "*0000f",
        ] {
            tests.extend([text(pattern, false), text(pattern, true)]);
        }
        for pattern in [
            "^/admin/audit/(disable|clear)",
            "admin",
            "^(?i)admin",
            "^admin|x",
            "(?m)^admin",
            "^$",
            "^",
            "^[ab]dmin",
            "^.admin",
            "^(a|b)*x",
            r"\Aadmin\z",
            "(^admin)?",
            "^ß",
            "^(?:admin|administrator)$",
        ] {
            tests.push(Test::Regex(Box::new(regex::Regex::new(pattern).unwrap())));
        }
        for network in [
            "10.0.0.0/8",
            "192.168.0.0/16",
            "203.0.113.0/24",
            "203.0.113.7",
            "0.0.0.0/0",
            "172.16.0.0/12",
            "2001:db8::/32",
        ] {
            tests.push(Test::Cidr(Network::parse(network).unwrap()));
        }
        tests
    }

    #[test]
    fn a_guard_keeps_nothing_out_that_passes() {
        let mut kept_out = 0;
        for test in tests() {
            let question = Question::Any(test);
            let guard = Guard::of(&question);
            let Question::Any(test) = &question else { continue };
            for value in [
                "admin",
                "ADMIN",
                "Admin",
                "administrator",
                "xadmin",
                "admim",
                "badmin",
                "",
                "a",
                "A",
                "\u{212A}elvin",
                "kelvin",
                "KELVIN",
                "ss",
                "SS",
                "ß",
                "ẞ",
                "\u{212A}",
                "k",
                "x\u{212A}",
                "strasse",
                "STRASSE",
                "straße",
                "Straße 5",
                "line\nadmin",
                "/admin/audit/disable",
                "/ADMIN/audit/x.php",
                "/admin/audit",
                "/api/v2",
                "10.1.2.3",
                "10.1.2.3 ",
                "100.1.2.3",
                "::ffff:10.1.2.3",
                "::ffff:a01:203",
                "::ffff:203.0.113.7",
                "0:0:0:0:0:ffff:203.0.113.7",
                "203.0.113.7",
                "203.0.113.70",
                "203.0.114.7",
                "192.168.7.7",
                "172.16.1.1",
                "172.32.1.1",
                "2001:db8::1",
                "10",
                "s0000f",
                "s0000F",
                "0000f",
                "000f",
                "7",
                "admin\u{e9}",
                "\u{e9}admin",
            ] {
                let raw = Raw::Text { inner: value.as_bytes(), escaped: false };
                let lets = guard.lets(&of_value(raw.brief()).unwrap());
                let passes = test.passes(raw, &mut String::new());
                assert!(lets || !passes, "{test:?} {value}");
                kept_out += usize::from(!lets);
            }
        }
        assert!(kept_out > 1000, "{kept_out}");
    }
}
