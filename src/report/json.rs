//! The report as JSON, and back.
//!
//! The written form is the one whose hash is attached to the PDF: two spaces of indent, one line feed at the end.

use super::model::{FORMAT, Report};

/// A file that is not a report of this program.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, or not of the expected form.
    #[error("not a report: {0}; give the `report.json` of an earlier audit")]
    Form(#[from] serde_json::Error),
    /// A report of another version of the format.
    #[error(
        "the report has the format `{found}`, this program reads `{FORMAT}`; make it again with a matching program"
    )]
    Format {
        /// What it says of itself.
        found: String,
    },
}

/// The bytes of `report.json`. The same report gives the same bytes.
pub fn write(report: &Report) -> Vec<u8> {
    // A report serialises without fail: all keys are text and no number is outside JSON.
    let mut bytes = serde_json::to_vec_pretty(report).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// The report in `bytes`, as written by `write`.
pub fn read(bytes: &[u8]) -> Result<Report, JsonError> {
    let report: Report = serde_json::from_slice(bytes)?;
    if report.habeas == FORMAT { Ok(report) } else { Err(JsonError::Format { found: report.habeas }) }
}
