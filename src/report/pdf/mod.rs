//! The report on paper: laid out, emitted through printpdf, made conforming. The same report gives the same bytes.
//!
//! Layout, line breaking and subsetting are our own; printpdf writes operators and fonts; what it cannot write is added to
//! the document it hands out. Must never draw a missing glyph: a character without one shows as its code.

mod blocks;
mod chart;
mod conform;
mod emit;
mod flow;
mod fonts;
mod front;
mod page;
mod stamp;
mod structure;
mod table;
mod text;
mod tone;
mod xmp;

pub(crate) use conform::ATTACHED;
pub use fonts::Fonts;
pub(crate) use stamp::stamp;

use super::{Report, document, json};
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::lang::words::Words;

/// A PDF could not be made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PdfError {
    /// An embedded font is damaged.
    #[error("the built-in font `{name}` cannot be used: {reason}; reinstall the program")]
    Font {
        /// Which.
        name: &'static str,
        /// Why.
        reason: String,
    },
    /// The finished document could not be written out.
    #[error("the PDF could not be put together: {0}")]
    Write(String),
}

/// A report as PDF that nobody has signed yet.
#[derive(Clone, Debug)]
pub struct UnsignedPdf {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many pages it has.
    pub pages: usize,
}

/// `report` on paper, in the language of `words`.
pub fn render(report: &Report, words: &Words, fonts: &Fonts) -> Result<UnsignedPdf, PdfError> {
    let told = document::document(report, words);
    let json = json::write(report);
    let mut book = front::lay_out(&told, fonts);
    let mut doc = emit::emit(&mut book, fonts, &told.title)?;
    let title = format!("{} – {}", told.title, told.subject);
    let about = About {
        title: &title,
        author: report.parties.auditor.as_ref().map_or("Habeas", |a| a.name.as_str()),
        subject: &report.id,
        producer: format!("Habeas {}", report.tool.version),
        id: &report.id,
        lang: told.lang,
        as_of: report.as_of,
        json: &json,
    };
    conform::conform(&mut doc, &book, &about);
    doc.compress();
    let mut bytes = Vec::new();
    doc.save_to(&mut bytes).map_err(|e| PdfError::Write(e.to_string()))?;
    Ok(UnsignedPdf { bytes, pages: book.pages.len() })
}

/// What the document says of itself.
struct About<'a> {
    title: &'a str,
    author: &'a str,
    subject: &'a str,
    producer: String,
    id: &'a str,
    lang: &'a str,
    as_of: Timestamp,
    json: &'a [u8],
}

impl About<'_> {
    /// ISO 32000-1, 7.9.4. The audit's instant, not the machine's, so that the bytes stay the same.
    fn pdf_date(&self) -> String {
        self.as_of.utc().format("D:%Y%m%d%H%M%SZ").to_string()
    }

    fn file_id(&self) -> Vec<u8> {
        let key = [self.json, self.lang.as_bytes()].concat();
        Digest::of(&key).bytes().iter().take(16).copied().collect()
    }
}
