//! The sentences of derivations and findings, in every language, with their blanks filled in.
//!
//! The sentences are data (`regimes/phrases.yaml`). A sentence that is missing shows its key: never silence.

use crate::clock::Day;
use crate::lang::Localised;
use crate::law::period::Unit;
use chrono::Datelike;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Every sentence, by key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    steps: BTreeMap<String, Localised>,
    findings: BTreeMap<String, Localised>,
}

/// What fills one blank: its name and its text.
pub type Blank<'a> = (&'a str, Localised);

impl Phrases {
    /// The step `key` with its blanks filled in.
    pub fn step(&self, key: &str, blanks: &[Blank<'_>]) -> Localised {
        fill(self.steps.get(key), key, blanks)
    }

    /// The finding `key` with its blanks filled in.
    pub fn finding(&self, key: &str, blanks: &[Blank<'_>]) -> Localised {
        fill(self.findings.get(key), key, blanks)
    }

    /// All sentences with their keys, for the linter.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Localised)> {
        self.steps.iter().chain(&self.findings).map(|(key, text)| (key.as_str(), text))
    }

    /// Whether there is such a step.
    pub fn has_step(&self, key: &str) -> bool {
        self.steps.contains_key(key)
    }
}

fn fill(sentence: Option<&Localised>, key: &str, blanks: &[Blank<'_>]) -> Localised {
    let Some(sentence) = sentence else { return both(key) };
    sentence.map(|lang, text| {
        blanks.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value.get(lang)))
    })
}

/// The same text in every language, for names, numbers and dates in ISO form.
pub fn both(text: &str) -> Localised {
    [("en", text), ("zh-CN", text)].into()
}

/// A day with its weekday: `Tuesday 2026-04-07`, `2026-04-07（星期二）`.
pub fn dated(day: Day) -> Localised {
    let (en, zh) = weekday(day);
    let (en, zh) = (format!("{en} {day}"), format!("{day}（{zh}）"));
    [("en", en.as_str()), ("zh-CN", zh.as_str())].into()
}

/// The weekday of a day, in English and Chinese.
pub fn weekday(day: Day) -> (&'static str, &'static str) {
    match day.date().weekday() {
        chrono::Weekday::Mon => ("Monday", "星期一"),
        chrono::Weekday::Tue => ("Tuesday", "星期二"),
        chrono::Weekday::Wed => ("Wednesday", "星期三"),
        chrono::Weekday::Thu => ("Thursday", "星期四"),
        chrono::Weekday::Fri => ("Friday", "星期五"),
        chrono::Weekday::Sat => ("Saturday", "星期六"),
        chrono::Weekday::Sun => ("Sunday", "星期日"),
    }
}

/// A length of time: `3 months`, `3个月`.
pub fn length(count: u32, unit: Unit) -> Localised {
    let (one, many, zh) = match unit {
        Unit::Hours => ("hour", "hours", "小时"),
        Unit::Days => ("calendar day", "calendar days", "个日历日"),
        Unit::WorkingDays => ("working day", "working days", "个工作日"),
        Unit::Months => ("month", "months", "个月"),
    };
    let (en, zh) = (format!("{count} {}", if count == 1 { one } else { many }), format!("{count} {zh}"));
    [("en", en.as_str()), ("zh-CN", zh.as_str())].into()
}

/// Several texts as one list.
pub fn listed<'a>(texts: impl IntoIterator<Item = &'a Localised>) -> Localised {
    let texts: Vec<&Localised> = texts.into_iter().collect();
    let join = |lang: &str, mark: &str| texts.iter().map(|t| t.get(lang)).collect::<Vec<_>>().join(mark);
    let (en, zh) = (join("en", ", "), join("zh-CN", "、"));
    [("en", en.as_str()), ("zh-CN", zh.as_str())].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_filled_in_every_language_and_a_missing_sentence_shows_its_key() {
        let phrases: Phrases =
            serde_saphyr::from_str("steps: {a: {en: 'on {day}', zh-CN: '于{day}'}}\nfindings: {}\n").unwrap();
        let step = phrases.step("a", &[("day", dated("2026-04-07".parse().unwrap()))]);
        assert_eq!(step.get("en"), "on Tuesday 2026-04-07");
        assert_eq!(step.get("zh-CN"), "于2026-04-07（星期二）");
        assert_eq!(phrases.step("b", &[]).get("en"), "b");
    }
}
