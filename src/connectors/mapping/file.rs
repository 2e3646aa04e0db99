//! A mapping as it is written: `connectors/<product>/events.yaml`, or a file of the user's own.

use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// An event mapping that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}, {place}: {reason}")]
pub struct MappingError {
    pub(super) file: String,
    pub(super) place: String,
    pub(super) reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) product: String,
    #[expect(dead_code, reason = "it tells the reader of the mapping which version it was tried with")]
    verified: String,
    pub(super) inputs: Vec<InputFile>,
}

/// A log of one format.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InputFile {
    pub(super) name: String,
    pub(super) format: Format,
    /// Keys of an API answer that hold the list of records.
    #[serde(default)]
    pub(super) under: Vec<String>,
    /// For CSV: the names of the columns, where the log has no header row.
    #[serde(default)]
    pub(super) columns: Vec<String>,
    /// For CSV: what stands between the cells, `,` unless told.
    pub(super) separator: Option<char>,
    /// For regex: the pattern of a line, with named groups.
    pub(super) pattern: Option<String>,
    /// For regex: how a record begins; other lines continue the record before them and are left out.
    pub(super) begins: Option<String>,
    /// Further fields found by patterns with named groups inside a field.
    #[serde(default)]
    pub(super) extract: Vec<ExtractFile>,
    pub(super) fields: BTreeMap<String, Json>,
    /// Records that are no access events and are left out on purpose.
    #[serde(default)]
    pub(super) ignore: Vec<String>,
    /// What every stream's event has, unless the stream says otherwise.
    #[serde(default)]
    pub(super) every: BTreeMap<String, Field>,
    pub(super) ts: Option<Field>,
    pub(super) streams: Vec<StreamFile>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Format {
    /// One JSON object a line.
    JsonLines,
    /// API answers: objects, lists of them, pages with a list inside; one a line or spread over lines.
    Json,
    /// RFC 4180, with a header row.
    Csv,
    /// RFC 5424, or RFC 3164 as far as it can be read.
    Syslog,
    /// Common Event Format, bare or inside syslog.
    Cef,
    /// The access log of Apache and nginx, common or combined.
    Combined,
    /// Lines that match a pattern.
    Regex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtractFile {
    pub(super) from: String,
    pub(super) pattern: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamFile {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) when: String,
    pub(super) ts: Option<Field>,
    pub(super) event: BTreeMap<String, Field>,
}

/// How one field of the event comes about.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Field {
    /// An expression.
    Expression(String),
    /// An expression whose value is converted, or only counts under a condition.
    Converted(Converted),
    /// An expression whose value is looked up in a table of words.
    Words(Words),
    /// A record.
    Record(BTreeMap<String, Self>),
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Converted {
    pub(super) value: String,
    pub(super) r#as: Option<As>,
    /// A condition without which the field stays absent.
    pub(super) when: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) value: String,
    pub(super) words: BTreeMap<String, Json>,
    /// An expression for values that the table lacks; without it they leave the field absent.
    pub(super) otherwise: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum As {
    /// An instant in any of the forms that logs use.
    Instant,
}
