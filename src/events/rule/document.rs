//! Rule files: one or more YAML documents, kept within a budget (threats.md T35).

use super::RuleError;
use serde_json::{Map, Value};

/// Size beyond which a rule file is refused.
pub(super) const LARGEST_BYTES: usize = 1 << 20;

/// One YAML document of a rule file.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file as given.
    pub file: String,
    /// The line it starts on, from 1.
    pub line: usize,
    /// Its lines, to find keys in.
    text: String,
    /// Its content.
    pub map: Map<String, Value>,
}

impl Document {
    /// A document that is already read, e.g. a rule inside a control.
    pub fn of_map(file: &str, map: Map<String, Value>) -> Self {
        Self { file: file.to_owned(), line: 1, text: String::new(), map }
    }

    /// An error about `key` of this document: points to the key's first line, else to the document's.
    pub fn error(&self, key: &str, what: impl Into<String>) -> RuleError {
        self.error_below(&[key], what)
    }

    /// An error about the last of `keys`, each of which stands below the one before it: points to the line of the last one
    /// that is found, else to the document's.
    pub fn error_below(&self, keys: &[&str], what: impl Into<String>) -> RuleError {
        let holds = |l: &str, key: &str| {
            let l = l.trim_start().trim_start_matches("- ").trim_start_matches(['{', '\'', '"']);
            l.strip_prefix(key).is_some_and(|rest| rest.starts_with([':', '|', '\'', '"']))
        };
        let mut at = 0;
        for key in keys {
            at += self.text.lines().skip(at).position(|l| holds(l, key)).unwrap_or(0);
        }
        RuleError { file: self.file.clone(), line: self.line + at, what: what.into() }
    }

    /// A text that may be absent; an error when it is something else.
    pub fn text(&self, key: &str) -> Result<Option<String>, RuleError> {
        match self.map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(s)) => Ok(Some(s.clone())),
            Some(Value::Number(n)) => Ok(Some(n.to_string())),
            Some(_) => Err(self.error(key, format!("`{key}` is not a text"))),
        }
    }
}

/// Splits and reads a rule file.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Document>, RuleError> {
    let error = |line: usize, what: String| RuleError { file: file.to_owned(), line, what };
    if text.len() > LARGEST_BYTES {
        return Err(error(1, format!("the file is larger than {LARGEST_BYTES} bytes")));
    }
    let mut documents = Vec::new();
    for (line, part) in split(text) {
        let value: Value = serde_saphyr::from_str_with_options(part, options()).map_err(|e| {
            let below = e.location().map_or(0, |l| usize::try_from(l.line()).unwrap_or(1).saturating_sub(1));
            error(line + below, format!("this YAML cannot be read: {}", first_line(&e.without_snippet().to_string())))
        })?;
        match value {
            Value::Null => {}
            Value::Object(map) => documents.push(Document { file: file.to_owned(), line, text: part.to_owned(), map }),
            _ => return Err(error(line, "a rule is a map of keys and values".to_owned())),
        }
    }
    Ok(documents)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: 50_000, max_depth: 32, max_aliases: 100, max_documents: 1 },
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
    }
}

/// The documents of a YAML stream with the line each starts on. Cutting by hand keeps one bad document from hiding the
/// place of another; `---` inside a block text is indented and so is not taken for a cut.
fn split(text: &str) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut start_line = 1;
    let mut at = 0;
    for (n, line) in text.split_inclusive('\n').enumerate() {
        let next = at + line.len();
        if line.trim_end() == "---" || line.starts_with("--- ") || line.trim_end() == "..." {
            parts.push((start_line, text.get(start..at).unwrap_or_default()));
            start = if line.starts_with("--- ") { at + 4 } else { next };
            start_line = if line.starts_with("--- ") { n + 1 } else { n + 2 };
        }
        at = next;
    }
    parts.push((start_line, text.get(start..).unwrap_or_default()));
    let has_content = |part: &str| part.lines().any(|l| !l.trim().is_empty() && !l.trim_start().starts_with('#'));
    parts.retain(|(_, part)| has_content(part));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_their_lines() {
        let docs = read("r.yml", "# comment\n---\ntitle: a\n---\n\ntitle: b\ndetection:\n  x|foo: 1\n...\n").unwrap();
        assert_eq!(docs.iter().map(|d| d.line).collect::<Vec<_>>(), [3, 5]);
        assert_eq!(docs[1].error("x", "bad").line, 8);
    }

    #[test]
    fn hostile_yaml_is_refused_with_its_line() {
        for (text, part) in [
            ("a: 1\nb: 2\na: 3\n", "r.yml:3:"),
            ("a: [1, 2\n", "r.yml:"),
            ("- just\n- a list\n", "a rule is a map"),
            (&format!("a: {}", "[".repeat(100_000)), "r.yml:"),
        ] {
            let error = read("r.yml", text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn words_that_only_look_like_booleans_stay_text() {
        let doc = &read("r.yml", "country: NO\nzip: 007\nyes: on\n").unwrap()[0];
        assert_eq!(doc.map["country"], "NO");
        assert_eq!(doc.map["zip"], "007");
    }
}
