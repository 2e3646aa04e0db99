//! The blocks that a report is made of.

use super::super::model::Opinion;
use super::charts::Drawing;
use crate::findings::{Severity, Verdict};
use serde::Serialize;

/// What a colour stands for. A colour never stands alone: a word is always beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Severity critical.
    Critical,
    /// Severity high.
    High,
    /// Severity medium.
    Medium,
    /// Severity low.
    Low,
    /// Verdict fail.
    Fail,
    /// Verdict unknown.
    Unknown,
    /// Verdict waived.
    Waived,
    /// Verdict pass.
    Pass,
    /// Verdict not applicable.
    NotApplicable,
    /// Ordinary text.
    Plain,
    /// Less important text.
    Quiet,
}

impl Tone {
    /// The tone of a verdict.
    pub const fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Fail => Self::Fail,
            Verdict::Unknown => Self::Unknown,
            Verdict::Waived => Self::Waived,
            Verdict::Pass => Self::Pass,
            Verdict::NotApplicable => Self::NotApplicable,
        }
    }

    /// The tone of a severity.
    pub const fn of_severity(severity: Severity) -> Self {
        match severity {
            Severity::Critical => Self::Critical,
            Severity::High => Self::High,
            Severity::Medium => Self::Medium,
            Severity::Low => Self::Low,
        }
    }

    /// The tone of an opinion.
    pub const fn of_opinion(opinion: Opinion) -> Self {
        match opinion {
            Opinion::Adverse => Self::Critical,
            Opinion::Qualified => Self::High,
            Opinion::Minor => Self::Medium,
            Opinion::Undecided => Self::Unknown,
            Opinion::Clean => Self::Pass,
        }
    }
}

/// A numbered part of the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    /// Where links lead.
    pub id: String,
    /// Its number, `1` and up.
    pub number: String,
    /// Its title without the number.
    pub title: String,
    /// What it holds.
    pub blocks: Vec<Block>,
}

impl Section {
    pub(super) fn new(id: &str, title: String, blocks: Vec<Block>) -> Self {
        Self { id: id.to_owned(), number: String::new(), title, blocks }
    }

    /// Gives the section its number and its headings theirs.
    pub(super) fn number(&mut self, number: usize) {
        self.number = number.to_string();
        let (mut second, mut third) = (0, 0);
        for block in &mut self.blocks {
            if let Block::Heading(heading) = block {
                if heading.level == 2 {
                    (second, third) = (second + 1, 0);
                    heading.number = format!("{number}.{second}");
                } else {
                    third += 1;
                    heading.number = format!("{number}.{second}.{third}");
                }
            }
        }
    }
}

/// One piece of a section.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    /// A heading below the section's own.
    Heading(Heading),
    /// Running text.
    Paragraph {
        /// The text.
        text: String,
    },
    /// Text that must not be overlooked.
    Callout {
        /// Its colour.
        tone: Tone,
        /// Its first line.
        title: String,
        /// The text.
        text: String,
    },
    /// Names with their values.
    Facts {
        /// The rows.
        rows: Vec<Fact>,
    },
    /// A list.
    List {
        /// Its items.
        items: Vec<String>,
    },
    /// Large figures in a row.
    Tiles {
        /// The figures.
        tiles: Vec<Tile>,
    },
    /// A table.
    Table(Table),
    /// A drawing; a table with the same figures follows it.
    Chart {
        /// What it shows.
        title: String,
        /// The same in words, for who cannot see it.
        alt: String,
        /// Its shapes.
        drawing: Drawing,
    },
    /// Room for signatures.
    Signatures {
        /// One per signer.
        areas: Vec<Area>,
    },
}

impl Block {
    pub(super) fn heading(level: u8, id: &str, title: String) -> Self {
        Self::Heading(Heading { level, id: id.to_owned(), number: String::new(), title, badge: None })
    }

    pub(super) const fn text(text: String) -> Self {
        Self::Paragraph { text }
    }
}

/// A heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Heading {
    /// 2 or 3.
    pub level: u8,
    /// Where links lead.
    pub id: String,
    /// Its number, e.g. `3.2`.
    pub number: String,
    /// Its text without the number.
    pub title: String,
    /// A word beside it, e.g. the severity.
    pub badge: Option<Cell>,
}

/// A name with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// The value.
    pub text: String,
}

/// A large figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tile {
    /// What is counted.
    pub label: String,
    /// The figure.
    pub value: String,
    /// A smaller line below.
    pub note: String,
    /// Its colour.
    pub tone: Tone,
}

/// A table with one row of headers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// What it shows; stands above it.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with as many cells as there are columns. The first cell names the row.
    pub rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Column {
    /// Its header.
    pub title: String,
    /// Its share of the width, in proportion to the others'.
    pub share: f32,
    /// Whether its cells are aligned to the right, as numbers are.
    pub right: bool,
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Its text.
    pub text: String,
    /// What it stands for.
    pub tone: Tone,
    /// Id of the section or heading that it leads to.
    pub link: Option<String>,
}

impl Cell {
    /// A cell of ordinary text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain, link: None }
    }

    /// A cell in the colour of what it stands for.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone, link: None }
    }

    /// A cell that leads to `id`.
    pub fn linked(text: impl Into<String>, id: &str) -> Self {
        Self { text: text.into(), tone: Tone::Plain, link: Some(id.to_owned()) }
    }
}

/// Room for one signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Area {
    /// Name of the signature field, e.g. `auditor`.
    pub field: String,
    /// Who signs here.
    pub role: String,
    /// What is signed.
    pub statement: String,
    /// Name of the signer, if stated.
    pub name: String,
    /// Labels below the lines: name, date, signature.
    pub labels: [String; 3],
}
