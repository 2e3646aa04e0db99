//! The report in one language, as sections of plain blocks: what the PDF and the page both show, word for word.
//!
//! Assumes nothing about paper or screen. Must never hold markup: every text is plain and is escaped by whoever shows it.

mod annex;
mod block;
mod charts;
mod coverage;
mod findings;
mod requests;
mod signoff;
mod subject;
mod summary;
mod trend;
mod unknowns;

pub use block::{Area, Block, Cell, Column, Fact, Heading, Section, Table, Tile, Tone};
pub use charts::{Anchor, Drawing, Shape};

use super::model::Report;
use crate::findings::{Severity, Verdict};
use crate::lang::Localised;
use crate::lang::words::Words;
use serde::Serialize;

/// The whole report in one language.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    /// BCP 47 tag of its language.
    pub lang: &'static str,
    /// E.g. `Privacy audit report`.
    pub title: String,
    /// The organisation.
    pub subject: String,
    /// The report's id.
    pub id: String,
    /// How confidential it is.
    pub classification: String,
    /// What the cover states.
    pub cover: Vec<Fact>,
    /// The opinion's heading.
    pub opinion: String,
    /// The opinion in words.
    pub opinion_text: String,
    /// The opinion's colour.
    pub opinion_tone: Tone,
    /// Heading of the table of contents.
    pub contents: String,
    /// `page {page} of {pages}`.
    pub page_of: String,
    /// `continued`.
    pub continued: String,
    /// `Skip to the content`.
    pub skip: String,
    /// What stands at the foot of the page.
    pub foot: String,
    /// The sections.
    pub sections: Vec<Section>,
}

/// `report` in the language of `words`.
pub fn document(report: &Report, words: &Words) -> Document {
    let t = Teller { report, words };
    let before = [
        summary::section(&t),
        subject::section(&t),
        findings::section(&t),
        unknowns::section(&t),
        unknowns::waivers(&t),
        trend::section(&t),
    ];
    let after = [coverage::section(&t), signoff::response(&t), signoff::section(&t), annex::section(&t)];
    let mut sections: Vec<Section> = before.into_iter().chain(requests::section(&t)).chain(after).collect();
    for (i, section) in sections.iter_mut().enumerate() {
        section.number(i + 1);
    }
    Document {
        lang: words.tag(),
        title: t.w("title"),
        subject: report.parties.controller.clone(),
        id: report.id.clone(),
        classification: t.w("classification"),
        cover: cover(&t),
        opinion: t.w(&format!("opinion.{}.title", report.summary.opinion.word())),
        opinion_text: t.l(&report.summary.says),
        opinion_tone: Tone::of_opinion(report.summary.opinion),
        contents: t.w("contents"),
        page_of: t.w("page_of"),
        continued: t.w("continued"),
        skip: t.w("skip"),
        foot: t.fill("foot", &[("version", report.tool.version.clone())]),
        sections,
    }
}

fn cover(t: &Teller<'_>) -> Vec<Fact> {
    let r = t.report;
    let auditor = r.parties.auditor.as_ref().map_or_else(|| t.w("not_stated"), |a| a.name.clone());
    vec![
        t.fact("cover.controller", &r.parties.controller),
        t.fact("cover.period", &format!("{} – {}", r.period.from, r.period.until)),
        t.fact("cover.as_of", &t.instant(r.as_of)),
        t.fact("cover.criteria", &t.frameworks(&r.parties.regimes)),
        t.fact("cover.auditor", &auditor),
        t.fact("cover.report", &r.id),
    ]
}

/// A report and the words to tell it in.
struct Teller<'a> {
    report: &'a Report,
    words: &'a Words,
}

impl Teller<'_> {
    fn w(&self, key: &str) -> String {
        self.words.get(key).to_owned()
    }

    fn fill(&self, key: &str, values: &[(&str, String)]) -> String {
        self.words.fill(key, values)
    }

    fn l(&self, text: &Localised) -> String {
        text.get(self.words.tag()).to_owned()
    }

    fn fact(&self, key: &str, text: &str) -> Fact {
        Fact { name: self.w(key), text: text.to_owned() }
    }

    fn instant(&self, at: crate::clock::Timestamp) -> String {
        at.utc().format("%Y-%m-%d %H:%M UTC").to_string()
    }

    fn verdict(&self, verdict: Verdict) -> String {
        self.w(&format!("verdict.{}", verdict.word()))
    }

    fn severity(&self, severity: Severity) -> String {
        self.w(&format!("severity.{}", severity.word()))
    }

    /// The name of a law or framework; an unknown one by its key.
    fn framework(&self, key: &str) -> String {
        self.words.find(&format!("framework.{key}")).map_or_else(|| key.to_uppercase(), str::to_owned)
    }

    fn frameworks(&self, keys: &[String]) -> String {
        self.joined(&keys.iter().map(|k| self.framework(k)).collect::<Vec<_>>())
    }

    fn family(&self, key: &str) -> String {
        self.words.find(&format!("family.{key}")).map_or_else(|| key.to_owned(), str::to_owned)
    }

    /// The items in a row, or `not stated`.
    fn joined(&self, items: &[String]) -> String {
        if items.is_empty() { self.w("not_stated") } else { items.join(self.words.get("between_items")) }
    }

    fn column(&self, key: &str, share: f32) -> Column {
        Column { title: self.w(&format!("column.{key}")), share, right: false }
    }

    fn number(&self, key: &str, share: f32) -> Column {
        Column { right: true, ..self.column(key, share) }
    }
}
