//! Words that are one slip of the finger away from a listed one.
//!
//! Only long words count, the first letter must be right, and the slip is one letter too many, missing, wrong, or changed over
//! with its neighbour. Short words have too many neighbours that mean something else.

use std::collections::BTreeSet;

/// Stems shorter than this are not compared.
const LEAST_LETTERS: usize = 7;

/// Stems that a misspelt word is compared with, and words that are meant as they are written.
pub(super) struct Speller<'a> {
    stems: BTreeSet<&'a str>,
    meant: BTreeSet<&'a str>,
}

impl<'a> Speller<'a> {
    pub(super) fn new(stems: impl Iterator<Item = &'a str>, meant: impl Iterator<Item = &'a str>) -> Self {
        let long = |s: &&str| s.chars().count() >= LEAST_LETTERS;
        Self { stems: stems.filter(long).collect(), meant: meant.collect() }
    }

    /// The text with the stem in place of each word that misspells it, the rest as it is.
    pub(super) fn spelled(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for piece in text.split_inclusive(|c: char| !c.is_alphabetic()) {
            let word = piece.trim_end_matches(|c: char| !c.is_alphabetic());
            out.push_str(self.stem_of(word).unwrap_or(word));
            out.push_str(piece.get(word.len()..).unwrap_or_default());
        }
        out
    }

    fn stem_of(&self, word: &str) -> Option<&'a str> {
        let letters: Vec<char> = word.chars().collect();
        if letters.len() + 1 < LEAST_LETTERS || self.meant.iter().any(|w| word.starts_with(w)) {
            return None;
        }
        let first = letters.first()?;
        let known = |stem: &&&str| stem.starts_with(*first);
        if self.stems.iter().filter(known).any(|stem| word.starts_with(stem)) {
            return None;
        }
        self.stems.iter().filter(known).find(|stem| misspells(&letters, stem)).copied()
    }
}

/// Whether the beginning of `word` is `stem` with one slip.
fn misspells(word: &[char], stem: &str) -> bool {
    let stem: Vec<char> = stem.chars().collect();
    let same = word.iter().zip(&stem).take_while(|(a, b)| a == b).count();
    let rest = |of: &[char], skip: usize| of.get(same + skip..).unwrap_or_default().to_vec();
    let (wrong, right) = (rest(word, 0), rest(&stem, 0));
    let swapped = match (wrong.as_slice(), right.as_slice()) {
        ([a, b, tail @ ..], [c, d, end @ ..]) => a == d && b == c && tail.starts_with(end),
        _ => false,
    };
    let missing = wrong.starts_with(&rest(&stem, 1));
    let more = rest(word, 1).starts_with(&right);
    let other = rest(word, 1).starts_with(&rest(&stem, 1));
    // The last letters of a stem change with its endings, so a slip there tells nothing.
    same >= 1 && (right.len() > 1 && more || right.len() > 2 && (swapped || missing || other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_in_a_long_word_is_read_over() {
        let speller =
            Speller::new(["account", "personal", "correct", "delet", "consent"].into_iter(), ["content"].into_iter());
        assert_eq!(speller.spelled("my acount and accouunts, persnoal!"), "my account and account, personal!");
        assert_eq!(speller.spelled("i connect the contents, delte; consnet"), "i connect the contents, delte; consent");
        assert_eq!(speller.spelled("accounting is personally correct"), "accounting is personally correct");
    }
}
