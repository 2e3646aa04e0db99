//! Every letter that can be written is written and held against the law's list; and the check is shown to bite.

use super::*;
use crate::render::mail::{embedded, letters};
use regex::Regex;
use std::collections::BTreeSet;

fn book() -> Lawbook {
    Lawbook::built_in().unwrap()
}

#[test]
fn every_letter_says_what_its_regime_asks_for() {
    let (letters, book) = (letters().unwrap(), book());
    let checked = check(letters, &book, &places(letters, &book)).unwrap();
    let text = |g: &Gap| format!("{:?} does not say `{}` ({})", g.letter, g.item, g.cite);
    assert!(checked.gaps.is_empty(), "{:#?}", checked.gaps.iter().map(text).collect::<BTreeSet<_>>());
    assert!(checked.letters > 9000 && checked.items > 7000, "{} letters, {} items", checked.letters, checked.items);
}

#[test]
fn every_message_that_a_regime_lists_exists() {
    for (id, regime) in &book().regimes {
        for message in regime.contents.messages.keys() {
            assert!(Kind::named(message).is_some(), "{id} lists `{message}`, which no letter is");
        }
    }
}

/// The files that make up a letter, those of its frame last.
fn files_of(message: &str) -> Vec<(String, String)> {
    let all = embedded();
    let own = format!("{message}/letter.hbs");
    let frame = all.iter().filter(|(path, _)| path.starts_with("frame/"));
    let own = all.get_key_value(&own).into_iter();
    own.chain(frame).map(|(path, text)| (path.clone(), text.clone())).collect()
}

/// Every item that a regime lists is taken out of the letter in turn, and the check must miss it.
#[test]
fn an_item_that_is_removed_is_missed() {
    let (letters, book) = (letters().unwrap(), book());
    let english: Vec<_> = places(letters, &book).into_iter().filter(|p| p.lang == "en").collect();
    let mut listed: BTreeSet<(&str, &str)> = BTreeSet::new();
    for regime in book.regimes.values() {
        for (message, items) in &regime.contents.messages {
            listed.extend(items.iter().map(|item| (message.as_str(), item.id.as_str())));
        }
    }
    assert!(listed.len() > 80, "only {} items are listed", listed.len());
    for (message, item) in listed {
        let block = Regex::new(&format!(r#"(?s)\{{\{{#item [^}}]*"{item}"[^}}]*\}}\}}.*?\{{\{{/item\}}\}}"#)).unwrap();
        let mut changed = letters.clone();
        let mut removed = 0;
        for (path, source) in files_of(message) {
            if block.is_match(&source) {
                changed = changed.with(&path, &block.replace_all(&source, "")).unwrap();
                removed += 1;
            }
        }
        assert!(removed > 0, "no template of `{message}` has the item `{item}`");
        let lists = |p: &&Place<'_>| book.regimes[p.regime].contents.items_of(message, p.right).any(|i| i.id == item);
        let here: Vec<_> = english.iter().filter(|p| p.kind.name == message).filter(lists).copied().take(3).collect();
        let gaps = check(&changed, &book, &here).unwrap().gaps;
        assert!(gaps.iter().any(|g| g.item == item), "`{message}` without `{item}` passes");
    }
}

#[test]
fn an_item_without_words_or_without_its_fact_is_missed() {
    let (letters, book) = (letters().unwrap(), book());
    let german: Vec<_> =
        places(letters, &book).into_iter().filter(|p| (p.lang, p.regime) == ("de", "eu-gdpr")).collect();
    let files = embedded();
    for (path, from, to, item) in [
        ("shared/de.yaml", "Unabhängig davon können Sie vor Gericht gehen", "…", "court"),
        ("acknowledgement/de.yaml", "{{day due_on}}", "bald", "answer-by"),
        ("extension-notice/de.yaml", "{{day new_due_on}}", "später", "new-date"),
        ("deletion-done/letter.hbs", "list=erased", "list=anonymised", "what"),
    ] {
        let source = &files[path];
        let mut changed = source.replacen(from, to, 1);
        if item == "court" {
            let line = source.lines().find(|l| l.contains(from)).unwrap();
            changed = source.replace(line, "    eu: \"…\"");
        }
        assert_ne!(&changed, source, "{path} does not hold `{from}`");
        let gaps = check(&letters.with(path, &changed).unwrap(), &book, &german).unwrap().gaps;
        assert!(gaps.iter().any(|g| g.item == item), "{path} without `{from}` passes");
    }
}
