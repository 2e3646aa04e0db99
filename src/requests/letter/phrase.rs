//! Phrases of the word lists: how they are written, and where a text has them.
//!
//! A phrase is a stem, which matches at the beginning of a word. `-stem` matches within a word too, for compounds. `word.` is
//! that word as a whole, and `words|` the end of what is said. ` … ` stands for a few words in between. Chinese has no blanks,
//! so a phrase of it matches anywhere.

use serde::Deserialize;

/// How a gap is written.
const GAP: &str = " … ";
/// So many words may stand where a phrase has a `…`.
const GAP_WORDS: usize = 4;
/// The same in a language without blanks, in characters.
const GAP_CHARS: usize = 8;
/// No gap is looked for farther than that, so that a letter made to be slow is read in time that grows with its length.
const GAP_BYTES: usize = 160;

/// A phrase of the lists. It is compared without accents.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
pub(super) struct Phrase {
    listed: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    text: String,
    inside: bool,
    whole: bool,
    last: bool,
}

impl From<String> for Phrase {
    fn from(written: String) -> Self {
        let bare = |text: &str| text.trim_start_matches('-').trim_end_matches(['.', '|']).to_owned();
        let part = |text: &str| Part {
            text: unaccented(&bare(text)),
            inside: text.starts_with('-') || is_cjk(text),
            whole: text.ends_with(['.', '|']),
            last: text.ends_with('|'),
        };
        let parts = written.split(GAP).map(part).collect();
        let listed = written.split(GAP).map(bare).collect::<Vec<_>>().join(GAP);
        Self { listed, parts }
    }
}

impl Phrase {
    /// The phrase as it is told to people: as listed, without the marks that say how it matches.
    pub(super) fn listed(&self) -> &str {
        &self.listed
    }

    /// The bytes of `text`, which is without accents, that have the phrase; the first of them is where it begins.
    pub(super) fn spans<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        let (first, rest) = self.parts.split_first().map_or((None, [].as_slice()), |(f, r)| (Some(f), r));
        let starts = first.into_iter().flat_map(move |part| part.spans(text, 0));
        starts.filter_map(move |(at, end)| Some((at, after_gaps(text, end, rest)?)))
    }

    /// Where `text` first has the phrase, in bytes.
    pub(super) fn first_in(&self, text: &str) -> Option<usize> {
        self.spans(text).next().map(|(at, _)| at)
    }

    /// The one stem that the phrase consists of; a misspelt word is compared with it.
    pub(super) fn only_word(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [part] if !part.inside && part.text.chars().all(char::is_alphabetic) => Some(&part.text),
            _ => None,
        }
    }
}

impl Part {
    fn spans<'a>(&'a self, text: &'a str, from: usize) -> impl Iterator<Item = (usize, usize)> + 'a {
        let found = text.get(from..).unwrap_or_default().match_indices(&self.text);
        found.filter_map(move |(at, word)| {
            let (at, end) = (from + at, from + at + word.len());
            let before = text.get(..at)?.chars().next_back();
            let after = text.get(end..)?.chars().next();
            let starts = self.inside || before.is_none_or(|c| !c.is_alphanumeric());
            let ends = !self.whole || after.is_none_or(|c| !c.is_alphanumeric());
            let rest = text.get(end..)?.trim_start();
            let over = !self.last || !rest.starts_with(char::is_alphanumeric);
            (starts && ends && over).then_some((at, end))
        })
    }
}

/// Where the last of `parts` ends, when each follows the one before after a few words at most.
fn after_gaps(text: &str, from: usize, parts: &[Part]) -> Option<usize> {
    let Some((next, rest)) = parts.split_first() else { return Some(from) };
    let window = up_to(text, from + GAP_BYTES);
    let near = next.spans(window, from).take_while(|(at, _)| text.get(from..*at).is_some_and(is_gap));
    near.filter_map(|(_, end)| after_gaps(text, end, rest)).next()
}

/// Whether no more stands between two parts than a `…` allows. The end of the word before it is not counted.
fn is_gap(between: &str) -> bool {
    let full = between.contains(is_han) && between.chars().count() > GAP_CHARS;
    let begun = usize::from(between.chars().next().is_some_and(char::is_alphanumeric));
    !full && !between.contains("\n\n") && between.split_whitespace().count() <= GAP_WORDS + begun
}

/// The text up to that byte, or up to the character that it is in.
fn up_to(text: &str, end: usize) -> &str {
    (0..4).find_map(|back| text.get(..end.saturating_sub(back))).unwrap_or(text)
}

/// The first of `phrases` that `text` has: where, in bytes, and which.
pub(super) fn first_of<'a>(phrases: &'a [Phrase], text: &str) -> Option<(usize, &'a str)> {
    phrases.iter().filter_map(|p| p.first_in(text).map(|at| (at, p.listed()))).min()
}

pub(super) fn is_cjk(word: &str) -> bool {
    word.contains(is_han)
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// The text without the accents of Latin and Greek letters, character by character: people leave them out, and endings move them
/// (`borren`, `bórrenlo`).
pub(super) fn unaccented(text: &str) -> String {
    let plain = |c: char| match c {
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => 'a',
        'é' | 'è' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => 'e',
        'í' | 'ì' | 'î' | 'ï' | 'ī' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ú' | 'ù' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ç' | 'ć' | 'č' => 'c',
        'ñ' | 'ń' | 'ň' => 'n',
        'š' | 'ś' | 'ș' | 'ş' => 's',
        'ț' | 'ţ' | 'ť' => 't',
        'ž' | 'ź' | 'ż' => 'z',
        'ł' => 'l',
        'ď' | 'đ' => 'd',
        'ř' => 'r',
        'ğ' => 'g',
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' | 'ϊ' | 'ΐ' => 'ι',
        'ό' => 'ο',
        'ύ' | 'ϋ' | 'ΰ' => 'υ',
        'ώ' => 'ω',
        other => other,
    };
    text.chars().map(plain).collect()
}

/// The sentences of a text with their position in characters. An empty line and the beginning of a list's item part them too.
pub(super) fn sentences(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut from, mut at) = (0, 0);
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    for (n, (byte, c)) in chars.iter().enumerate() {
        let next = chars.get(n + 1).map_or('\n', |(_, c)| *c);
        let after = chars.get(n + 2).map_or('\n', |(_, c)| *c);
        let full = matches!(c, '。' | '！' | '？' | '；');
        let stop = matches!(c, '.' | '!' | '?' | ';') && next.is_whitespace();
        let gap = *c == '\n' && next == '\n';
        // "1) ...", "a) ...", "- ...": each asks for something of its own.
        let item = (c.is_whitespace() || *c == '(')
            && (next.is_alphanumeric() && after == ')' || *c == '\n' && matches!(next, '-' | '*' | '•'));
        if full || stop || gap || item {
            let end = byte + c.len_utf8();
            found.push((at, text.get(from..end).unwrap_or_default()));
            (from, at) = (end, n + 1);
        }
    }
    found.push((at, text.get(from..).unwrap_or_default()));
    found
}

pub(super) fn chars_before(text: &str, at: usize) -> usize {
    text.get(..at).map_or(0, |t| t.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(phrase: &str, text: &str) -> bool {
        Phrase::from(phrase.to_owned()).first_in(&unaccented(text)).is_some()
    }

    #[test]
    fn a_stem_begins_a_word_and_a_hyphen_lets_it_stand_within() {
        assert!(has("lösch", "bitte löschen sie") && !has("lösch", "kontolöschung") && has("-lösch", "kontolöschung"));
        assert!(has("de mí|", "lo que tengan de mí.") && !has("de mí|", "de mi casa"));
        assert!(has("wis.", "wis alles") && !has("wis.", "dat wist u") && has("删", "全删了"));
    }

    #[test]
    fn a_few_words_may_stand_in_a_gap() {
        assert!(has("take … off", "please take my old number off it"));
        assert!(!has("take … off", "take the bus at noon and then please get off"));
        assert!(has("take … me … off", "takes me off") && has("把 … 删", "把我的资料都删掉"));
    }
}
