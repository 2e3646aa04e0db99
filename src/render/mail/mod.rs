//! Letters: one structure per message, its sentences per language, written as text and as HTML.
//!
//! `templates/mail/<message>/letter.hbs` holds the order and the conditions of a letter, once for all languages and both
//! forms; `templates/mail/<message>/<language>.yaml` holds the sentences, `templates/mail/shared/<language>.yaml` those of
//! all letters. A sentence or value that is not there is an error, never an empty line. Must know nothing of the law.

mod marks;
mod tags;
mod wrap;

pub use marks::Marked;

use super::Limited;
use handlebars::{Handlebars, RenderErrorReason, no_escape};
use include_dir::{Dir, include_dir};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Longest letter, in bytes of one form (T24).
const LETTER_LONGEST_BYTES: usize = 5 * 1024 * 1024;

static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/mail");
static BUILT_IN: LazyLock<Result<Letters, LetterError>> = LazyLock::new(|| Letters::read(&embedded()));

/// A letter that could not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LetterError {
    /// A template or a file of sentences is broken.
    #[error("`templates/mail/{file}`: {reason}")]
    File {
        /// Which file, below `templates/mail`.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A letter names a value or a sentence that is not there.
    #[error("the letter `{message}` in `{lang}` could not be written: {reason}")]
    Letter {
        /// Which message.
        message: String,
        /// In which language.
        lang: String,
        /// What is missing, with line and column.
        reason: String,
    },
    /// The letter would be longer than a mail may be.
    #[error("the letter `{message}` is longer than {LETTER_LONGEST_BYTES} bytes; send a package instead")]
    TooLong {
        /// Which message.
        message: String,
    },
}

/// One letter in both forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One line, without personal data.
    pub subject: String,
    /// For readers of plain text, in lines of at most 76 columns.
    pub text: String,
    /// The same as a page without script and without anything loaded from elsewhere.
    pub html: String,
}

/// Which letter is written, in which language.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    /// The folder of the message.
    pub message: &'a str,
    /// BCP 47 tag of the language, as the files are named.
    pub lang: &'a str,
}

/// All structures and sentences, compiled.
#[derive(Clone)]
pub struct Letters {
    text: Handlebars<'static>,
    html: Handlebars<'static>,
    messages: BTreeSet<String>,
    langs: BTreeSet<String>,
}

/// The files built into the program: path below `templates/mail`, and text.
pub fn embedded() -> BTreeMap<String, String> {
    fn collect(dir: &Dir<'_>, into: &mut BTreeMap<String, String>) {
        let text = |f: &include_dir::File<'_>| String::from_utf8_lossy(f.contents()).into_owned();
        into.extend(dir.files().map(|f| (f.path().to_string_lossy().replace('\\', "/"), text(f))));
        dir.dirs().for_each(|d| collect(d, into));
    }
    let mut files = BTreeMap::new();
    collect(&FOLDER, &mut files);
    files
}

/// The letters built into the program.
pub fn letters() -> Result<&'static Letters, LetterError> {
    BUILT_IN.as_ref().map_err(Clone::clone)
}

impl Letters {
    /// Compiles letters from files: path below `templates/mail`, and text.
    pub fn read(files: &BTreeMap<String, String>) -> Result<Self, LetterError> {
        let mut html = Handlebars::new();
        html.set_strict_mode(true);
        let mut text = html.clone();
        text.register_escape_fn(no_escape);
        tags::register(&mut text, tags::Form::Text);
        tags::register(&mut html, tags::Form::Html);
        let mut letters = Self { text, html, messages: BTreeSet::new(), langs: BTreeSet::new() };
        for (path, source) in files {
            letters.file(path, source).map_err(|reason| LetterError::File { file: path.clone(), reason })?;
        }
        Ok(letters)
    }

    /// The same letters with one file in another wording.
    pub fn with(&self, path: &str, source: &str) -> Result<Self, LetterError> {
        let mut changed = self.clone();
        changed.file(path, source).map_err(|reason| LetterError::File { file: path.to_owned(), reason })?;
        Ok(changed)
    }

    fn file(&mut self, path: &str, source: &str) -> Result<(), String> {
        let (folder, name) = path.split_once('/').ok_or("lies outside the folder of a message")?;
        if folder == "samples" {
            return Ok(());
        }
        if let Some(lang) = name.strip_suffix(".yaml") {
            self.langs.insert(lang.to_owned());
            let tree: Json = serde_saphyr::from_str(source).map_err(|e| e.to_string())?;
            let mut sentences = BTreeMap::new();
            crate::lang::words::flatten("", &tree, &mut sentences);
            return sentences.iter().try_for_each(|(key, text)| self.template(&sentence(lang, folder, key), text));
        }
        match (folder, name) {
            ("frame", _) => self.template(&format!("frame/{}", name.trim_end_matches(".hbs")), source),
            (_, "letter.hbs") => {
                self.messages.insert(folder.to_owned());
                self.template(&format!("letter/{folder}"), source)
            }
            _ => Err("is neither `letter.hbs` nor a file of sentences such as `en.yaml`".to_owned()),
        }
    }

    fn template(&mut self, name: &str, source: &str) -> Result<(), String> {
        if source.contains("{{{") || source.contains("{{&") {
            return Err(format!("`{name}` prints without escaping"));
        }
        let both = [&mut self.text, &mut self.html];
        both.into_iter().try_for_each(|r| r.register_template_string(name, source).map_err(|e| e.to_string()))
    }

    /// The folders of all messages.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(String::as_str)
    }

    /// The tags of all languages.
    pub fn langs(&self) -> impl Iterator<Item = &str> {
        self.langs.iter().map(String::as_str)
    }

    /// The sentence `key` of a message, or of all messages, filled from `context`; `None` when there is none.
    pub fn sentence(&self, which: Which<'_>, key: &str, context: &Json) -> Option<String> {
        let names = [sentence(which.lang, which.message, key), sentence(which.lang, "shared", key)];
        let name = names.iter().find(|n| self.text.has_template(n))?;
        self.text.render(name, context).ok()
    }

    /// Writes a letter; `context` holds the values that its structure and sentences name.
    pub fn write(&self, which: Which<'_>, context: &Json) -> Result<Letter, LetterError> {
        let context = addressed(which, context, false);
        let subject = render(&self.text, &sentence(which.lang, which.message, "subject"), which, &context)?;
        let text = render(&self.text, "frame/body.txt", which, &context)?;
        let html = render(&self.html, "frame/body.html", which, &context)?;
        Ok(Letter { subject: one_line(&subject), text: wrap::paragraphs(&text), html })
    }

    /// The text of a letter with the places marked where it says what it must; for checking, never for sending.
    pub fn marked(&self, which: Which<'_>, context: &Json) -> Result<Marked, LetterError> {
        let context = addressed(which, context, true);
        let text = render(&self.text, "frame/body.txt", which, &context)?;
        let html = render(&self.html, "frame/body.html", which, &context)?;
        Ok(Marked::read(&text, &html))
    }
}

/// Name under which a sentence is registered.
fn sentence(lang: &str, message: &str, key: &str) -> String {
    format!("say/{lang}/{message}/{key}")
}

/// The values together with what the frame and the tags need to know.
fn addressed(which: Which<'_>, context: &Json, marked: bool) -> Json {
    let mut fields = context.as_object().cloned().unwrap_or_default();
    fields.insert("lang".to_owned(), which.lang.into());
    fields.insert("message".to_owned(), which.message.into());
    fields.insert("letter".to_owned(), format!("letter/{}", which.message).into());
    fields.insert("marked".to_owned(), marked.into());
    Json::Object(fields)
}

fn render(r: &Handlebars<'_>, name: &str, which: Which<'_>, context: &Json) -> Result<String, LetterError> {
    let broken =
        |reason: String| LetterError::Letter { message: which.message.to_owned(), lang: which.lang.to_owned(), reason };
    let mut out = Limited::to(LETTER_LONGEST_BYTES);
    r.render_to_write(name, context, &mut out).map_err(|e| match e.reason() {
        RenderErrorReason::IOError(_) => LetterError::TooLong { message: which.message.to_owned() },
        _ => broken(e.to_string()),
    })?;
    String::from_utf8(out.into_bytes()).map_err(|e| broken(e.to_string()))
}

/// A subject is one line, whatever a value holds.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests;
