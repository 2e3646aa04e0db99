//! The law book: every regime, place, calendar, authority and sentence, read from text files by one strict loader.
//!
//! The files of `regimes/` are built into the program; a folder can take their place, and goes through the same loader and
//! linter. Reading files is the caller's work. Must never accept a file with keys it does not know.

use super::authority::Authorities;
use super::calendar::{Calendar, CalendarFile};
use super::phrases::Phrases;
use super::place::{Place, Vocabulary};
use super::regime::Regime;
use super::{lint, states};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Something in a file of `regimes/` that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// The text has not the right form.
    #[error("`regimes/{file}` line {line}: {reason}")]
    Form {
        /// Which file, below `regimes/`.
        file: String,
        /// Which line, from 1; 0 when unknown.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// The form is right and the content is not.
    #[error("`regimes/{file}` field `{field}`: {reason}")]
    Content {
        /// Which file, below `regimes/`.
        file: String,
        /// Which field, dotted.
        field: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A file that must be there is not.
    #[error("`regimes/{file}` is missing: it is needed to know any date")]
    Missing {
        /// Which file, below `regimes/`.
        file: String,
    },
}

/// All regimes with everything they name.
#[derive(Clone, Debug, Default)]
pub struct Lawbook {
    /// Rights and events.
    pub vocabulary: Vocabulary,
    /// Places, by id.
    pub places: BTreeMap<String, Place>,
    /// Calendars, by id.
    pub calendars: BTreeMap<String, Calendar>,
    /// Regimes, by id.
    pub regimes: BTreeMap<String, Regime>,
    /// Sentences.
    pub phrases: Phrases,
    /// Supervisory authorities.
    pub authorities: Authorities,
}

/// One text file below `regimes/`: its path there, and its content.
pub type Source<'a> = (&'a str, &'a str);

impl Lawbook {
    /// The book that is built into the program.
    pub fn built_in() -> Result<Self, Vec<BookError>> {
        let files = super::built_in::files();
        Self::load(&files.iter().map(|(name, text)| (name.as_str(), *text)).collect::<Vec<_>>())
    }

    /// Reads and checks a whole book; all complaints at once.
    pub fn load(sources: &[Source<'_>]) -> Result<Self, Vec<BookError>> {
        let mut book = Self::default();
        let mut errors = Vec::new();
        for name in ["vocabulary.yaml", "places.yaml", "phrases.yaml"] {
            if !sources.iter().any(|(file, _)| *file == name) {
                errors.push(BookError::Missing { file: name.to_owned() });
            }
        }
        for (file, text) in sources {
            if let Err(error) = book.read(file, text) {
                errors.push(error);
            }
        }
        if errors.is_empty() {
            errors = lint::check(&book);
        }
        if errors.is_empty() { Ok(book) } else { Err(errors) }
    }

    fn read(&mut self, file: &str, text: &str) -> Result<(), BookError> {
        let content =
            |field: &str, reason: String| BookError::Content { file: file.to_owned(), field: field.to_owned(), reason };
        match file {
            "vocabulary.yaml" => self.vocabulary = parse(file, text)?,
            "places.yaml" => self.places = parse(file, text)?,
            "phrases.yaml" => self.phrases = parse(file, text)?,
            "authorities.yaml" => self.authorities = parse(file, text)?,
            "us-states.yaml" => {
                let table: states::Table = parse(file, text)?;
                for regime in table.regimes().map_err(|reason| content("states", reason))? {
                    self.add(file, regime)?;
                }
            }
            // The words by which letters are recognised; `requests` reads them itself.
            "letters.yaml" => {}
            _ if file.starts_with("calendars/") => {
                let calendar =
                    Calendar::build(parse::<CalendarFile>(file, text)?).map_err(|e| content("holidays", e))?;
                if format!("calendars/{}.yaml", calendar.id) != file {
                    return Err(content("calendar", format!("`{}` is not the name of the file", calendar.id)));
                }
                self.calendars.insert(calendar.id.clone(), calendar);
            }
            _ => {
                let regime: Regime = parse(file, text)?;
                if format!("{}.yaml", regime.id) != file {
                    return Err(content("id", format!("`{}` is not the name of the file", regime.id)));
                }
                self.add(file, regime)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, file: &str, regime: Regime) -> Result<(), BookError> {
        let id = regime.id.clone();
        match self.regimes.insert(id.clone(), regime) {
            None => Ok(()),
            Some(_) => Err(BookError::Content {
                file: file.to_owned(),
                field: "id".to_owned(),
                reason: format!("`{id}` is used twice: ids are never shared"),
            }),
        }
    }
}

fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, BookError> {
    serde_saphyr::from_str(text).map_err(|error| BookError::Form {
        file: file.to_owned(),
        line: error.location().map_or(0, |at| at.line()),
        reason: error.without_snippet().to_string().to_lowercase(),
    })
}
