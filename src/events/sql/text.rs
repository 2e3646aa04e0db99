//! Text without regard to case, exactly as the engine folds it, in whatever way a dialect changes case.
//!
//! Dialects differ in what `lower` does beyond ASCII, so their functions are not trusted with it. A text that is all ASCII is
//! lowered; in any other, first the characters are replaced whose folded form holds a character of the rule's text, by
//! that form; what remains can neither make nor break a match. DataFusion folds as the engine does, and is let do it.

use super::Dialect;
use crate::events::value::fold::{fold, fold_char};
use crate::events::value::text::{Pattern, Piece};
use std::collections::BTreeSet;

/// What the texts that a column is compared with demand of its folding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Demand {
    /// Characters of the texts.
    chars: BTreeSet<char>,
    /// Whether characters are counted, so that those that fold to several matter.
    counted: bool,
    /// Whether the whole of Unicode matters.
    all: bool,
}

impl Demand {
    /// What comparing with another column demands.
    pub(super) fn of_all() -> Self {
        Self { all: true, ..Self::default() }
    }

    /// Adds what `pattern`, which is folded, demands.
    pub(super) fn add(&mut self, pattern: &Pattern) {
        for piece in &pattern.0 {
            match piece {
                Piece::Literal(text) => self.chars.extend(text.chars()),
                Piece::One => self.counted = true,
                Piece::Many => {}
            }
        }
    }

    /// Adds another demand.
    pub(super) fn join(&mut self, other: &Self) {
        self.chars.extend(&other.chars);
        self.counted |= other.counted;
        self.all |= other.all;
    }

    /// The text `x`, folded.
    pub(super) fn folded(&self, x: &str, dialect: Dialect) -> Result<String, String> {
        if dialect == Dialect::DataFusion {
            // Its functions know the whole of Unicode; but at the end of a word they make another sigma.
            return Ok(format!("replace(lower(upper(lower({x}))), 'ς', 'σ')"));
        }
        let matters = |to: &str| {
            self.all || to.chars().any(|c| self.chars.contains(&c)) || (self.counted && to.chars().count() != 1)
        };
        let mut replaced = x.to_owned();
        let (mut from, mut to) = (String::new(), String::new());
        for (c, folded) in beyond_ascii().filter(|(_, folded)| matters(folded)) {
            let mut one = folded.chars();
            match (one.next(), one.next()) {
                (Some(single), None) => {
                    from.push(c);
                    to.push(single);
                }
                // Expansions come first: what `translate` makes of a character must not be expanded.
                _ => {
                    replaced =
                        format!("replace({replaced}, {}, {})", dialect.text(&c.to_string())?, dialect.text(&folded)?)
                }
            }
        }
        if !from.is_empty() {
            replaced = format!("translate({replaced}, {}, {})", dialect.text(&from)?, dialect.text(&to)?);
        }
        let plain = format!("lower({x})");
        if replaced == x {
            return Ok(plain);
        }
        // Where everything has been replaced, only ASCII is left to be lowered, and `lower` might do more.
        let rest = if self.all { lowered_ascii(&replaced, dialect)? } else { format!("lower({replaced})") };
        Ok(format!("CASE WHEN {} THEN {plain} ELSE {rest} END", dialect.is_ascii(x)))
    }
}

/// Characters that a pattern needs of a text each of whose letters is folded to one letter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OneForOne(BTreeSet<char>);

impl OneForOne {
    /// Adds what `pattern` demands.
    pub(super) fn add(&mut self, pattern: &Pattern) {
        for piece in &pattern.0 {
            if let Piece::Literal(text) = piece {
                self.0.extend(text.chars());
            }
        }
    }

    /// Adds another demand.
    pub(super) fn join(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    /// The text `x`, in which those letters stand for all that fold to them. No letter becomes two.
    pub(super) fn folded(&self, x: &str, dialect: Dialect) -> Result<String, String> {
        let pairs = ('\0'..='\u{1FFFF}').map(|c| (c, fold_char(c)));
        let pairs: Vec<(char, char)> = pairs.filter(|(c, to)| c != to && self.0.contains(to)).collect();
        if dialect == Dialect::DataFusion {
            // Its `translate` takes a letter and the accents after it for one character.
            let one = |x: String, (c, to): &(char, char)| {
                Ok(format!("replace({x}, {}, {})", dialect.text(&c.to_string())?, dialect.text(&to.to_string())?))
            };
            return pairs.iter().try_fold(x.to_owned(), one);
        }
        let (from, to): (String, String) = pairs.into_iter().unzip();
        if from.is_empty() {
            return Ok(x.to_owned());
        }
        Ok(format!("translate({x}, {}, {})", dialect.text(&from)?, dialect.text(&to)?))
    }
}

fn lowered_ascii(x: &str, dialect: Dialect) -> Result<String, String> {
    let upper: String = ('A'..='Z').collect();
    Ok(format!("translate({x}, {}, {})", dialect.text(&upper)?, dialect.text(&upper.to_ascii_lowercase())?))
}

/// The folded form of a character, when that is another one.
fn changed(c: char) -> Option<String> {
    let text = c.to_string();
    let folded = fold(&text);
    (folded != text).then_some(folded)
}

/// Characters beyond ASCII that folding changes, with their folded forms.
fn beyond_ascii() -> impl Iterator<Item = (char, String)> {
    // No letter with two cases lies beyond the first two planes.
    ('\u{80}'..='\u{1FFFF}').filter_map(|c| Some((c, changed(c)?)))
}

/// Whether the text `x`, folded already if the pattern is, matches the pattern.
pub(super) fn test(x: &str, pattern: &Pattern, dialect: Dialect) -> Result<String, String> {
    let text = |t: &str| dialect.text(t);
    Ok(match pattern.0.as_slice() {
        [] => format!("{x} = ''"),
        [Piece::Many] => format!("{x} IS NOT NULL"),
        [Piece::Literal(t)] => format!("{x} = {}", text(t)?),
        [Piece::Literal(t), Piece::Many] => dialect.starts(x, &text(t)?),
        [Piece::Many, Piece::Literal(t)] => dialect.ends(x, &text(t)?),
        [Piece::Many, Piece::Literal(t), Piece::Many] => dialect.contains(x, &text(t)?),
        pieces => dialect.like(x, &text(&pieces.iter().map(like_piece).collect::<String>())?),
    })
}

fn like_piece(piece: &Piece) -> String {
    match piece {
        Piece::One => "_".to_owned(),
        Piece::Many => "%".to_owned(),
        Piece::Literal(t) => t.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_matter_is_replaced() {
        let folded = |text: &str| {
            let mut demand = Demand::default();
            demand.add(&Pattern::literal(text));
            demand.folded("c", Dialect::DuckDb).unwrap()
        };
        assert_eq!(folded("客户"), "lower(c)");
        assert_eq!(folded("ü"), "CASE WHEN strlen(c) = length(c) THEN lower(c) ELSE lower(translate(c, 'Ü', 'ü')) END");
        assert!(folded("kiss").contains("replace(c, 'ß', 'ss')") && folded("kiss").contains('\u{212A}'));
    }

    #[test]
    fn one_letter_stays_one() {
        let mut demand = OneForOne::default();
        demand.add(&Pattern::literal("aß"));
        assert_eq!(demand.folded("c", Dialect::Spark).unwrap(), "translate(c, 'Aẞ', 'aß')");
        assert_eq!(demand.folded("c", Dialect::DataFusion).unwrap(), "replace(replace(c, 'A', 'a'), 'ẞ', 'ß')");
    }

    #[test]
    fn no_letter_with_two_cases_lies_further_out() {
        assert!(('\u{20000}'..=char::MAX).all(|c| changed(c).is_none()));
    }

    #[test]
    fn what_is_folded_stays_as_it_is() {
        // Replacing one letter after the other, in whatever order, is right only then.
        for (c, folded) in beyond_ascii() {
            assert_eq!(fold(&folded), folded, "{c}");
        }
    }
}
