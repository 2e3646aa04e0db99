//! Marks around the parts of a letter that say what it must say, so that a check can tell whether they are there.
//!
//! Marks are characters of the private use area and exist only in marked letters, which are never sent.

use std::collections::BTreeMap;

/// Before the name of an item.
pub(super) const OPEN: char = '\u{E000}';
/// Between the name and what the letter says.
pub(super) const NAMED: char = '\u{E001}';
/// After what the letter says.
pub(super) const CLOSE: char = '\u{E002}';

/// What a letter says, by item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    text: BTreeMap<String, String>,
    html: BTreeMap<String, String>,
}

impl Marked {
    pub(super) fn read(text: &str, html: &str) -> Self {
        Self { text: said(text), html: said(html) }
    }

    /// What the letter says under `item`, as text; `None` when one of its two forms does not have the item or says
    /// nothing under it.
    pub fn says(&self, item: &str) -> Option<&str> {
        let has_letters = |s: &&String| s.chars().any(char::is_alphanumeric);
        self.html.get(item).filter(has_letters)?;
        self.text.get(item).filter(has_letters).map(String::as_str)
    }

    /// The items that the letter has.
    pub fn items(&self) -> impl Iterator<Item = &str> {
        self.text.keys().map(String::as_str)
    }
}

/// Items may lie in each other; each says everything between its marks.
fn said(marked: &str) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut open: Vec<(String, String)> = Vec::new();
    let mut naming: Option<String> = None;
    for c in marked.chars() {
        match (c, naming.as_mut()) {
            (OPEN, _) => naming = Some(String::new()),
            (NAMED, Some(_)) => open.extend(naming.take().map(|name| (name, String::new()))),
            (CLOSE, _) => {
                if let Some((name, said)) = open.pop() {
                    found.entry(name).or_default().push_str(&said);
                }
            }
            (_, Some(name)) => name.push(c),
            _ => open.iter_mut().for_each(|(_, said)| said.push(c)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_found_in_each_other_and_blank_ones_do_not_count() {
        let text = "a\u{E000}x\u{E001}b\u{E000}y\u{E001}c\u{E002}d\u{E002}\u{E000}z\u{E001} - \u{E002}";
        let marked = Marked::read(text, text);
        assert_eq!((marked.says("x"), marked.says("y"), marked.says("z")), (Some("bcd"), Some("c"), None));
        assert_eq!(Marked::read(text, "").says("x"), None);
    }
}
