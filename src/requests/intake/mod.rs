//! Requests as they arrive on paper, by mail or in lists: read into drafts that a person confirms.
//!
//! A draft keeps what was said, apart from what was recognised; personal data stays wrapped. Nobody is looked up (T11), and
//! nothing is dropped: what cannot be read is an error with its place, and the rest is still there.

pub mod bulk;
pub mod mail;

use super::letter::{Lexicon, Recognised, recognise};
use crate::clock::Timestamp;
use crate::personal::Personal;

/// A request that somebody is about to confirm.
#[derive(Debug)]
pub struct Draft {
    /// When it was received, as the channel says; staff may correct it, the entry date is kept apart.
    pub received_at: Option<Timestamp>,
    /// Who wrote, as they name themselves.
    pub from: Option<Personal<String>>,
    /// What they wrote.
    pub text: Personal<String>,
    /// What was recognised in it.
    pub recognised: Recognised,
}

impl Draft {
    /// A draft from free text, e.g. a letter that staff typed or scanned.
    pub fn from_text(lexicon: &Lexicon, text: &str, received_at: Option<Timestamp>) -> Self {
        Self { received_at, from: None, text: Personal::new(text.to_owned()), recognised: recognise(lexicon, text) }
    }
}
