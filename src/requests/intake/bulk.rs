//! Requests in a list: a CSV file with one request a row, e.g. from a call centre or an older system.
//!
//! Columns, by name in the first row, in any order: `received` (day or instant, required), `right` (required), `regime`
//! (required), `place` (required), `name`, `email`, `phone`, `address`, `language`, `text`, and from the company's own records
//! `email_on_file` and `address_on_file`, `reference`. A row that cannot be read is reported with its line and column; the
//! other rows are there all the same.

use crate::clock::{Day, Timestamp};
use crate::personal::Personal;
use crate::requests::address::{ADDRESS_ON_FILE, EMAIL_ON_FILE};
use serde::Deserialize;

/// Most rows in one file.
pub const ROW_LIMIT: usize = 100_000;

/// A row that can be taken in.
#[derive(Debug)]
pub struct Row {
    /// Line in the file, from 2.
    pub line: u64,
    /// When it was received.
    pub received: Received,
    /// The right, as in `habeas clock due --right`.
    pub right: String,
    /// The regime, as in `habeas clock due --regime`.
    pub regime: String,
    /// The place, as in `habeas clock due --place`.
    pub place: String,
    /// What is said of who asks, and what they wrote: the field's name in the store, and its value.
    pub personals: Vec<(&'static str, Personal<String>)>,
    /// The sender's own reference: the same reference twice is the same request.
    pub reference: Option<String>,
}

/// When a row was received: a day, or an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// On this day, in the regime's own zone.
    On(Day),
    /// At this instant.
    At(Timestamp),
}

/// A row, or the whole file, that cannot be read. Never repeats what a personal column holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column `{column}`: {reason}")]
pub struct RowError {
    /// Line in the file, from 1.
    pub line: u64,
    /// The column; `file` for the file as a whole.
    pub column: String,
    /// What is wrong, and what is wanted.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    received: String,
    right: String,
    regime: String,
    place: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    email_on_file: Option<String>,
    #[serde(default)]
    address_on_file: Option<String>,
    #[serde(default)]
    reference: Option<String>,
}

/// The words a row may use.
pub struct Known<'a> {
    /// Rights.
    pub rights: &'a [&'a str],
    /// Regimes.
    pub regimes: &'a [&'a str],
}

/// Reads a CSV file: each row or what is wrong with it, in order.
pub fn read(bytes: &[u8], known: &Known<'_>) -> Vec<Result<Row, RowError>> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let mut rows = Vec::new();
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(e) => return vec![Err(whole(1, &e.to_string()))],
    };
    for record in reader.records() {
        if rows.len() == ROW_LIMIT {
            rows.push(Err(whole(0, &format!("more than {ROW_LIMIT} rows; split the file"))));
            break;
        }
        rows.push(match record {
            Err(e) => Err(whole(e.position().map_or(0, csv::Position::line), &e.to_string())),
            Ok(record) => row(&record, &headers, known),
        });
    }
    rows
}

fn whole(line: u64, reason: &str) -> RowError {
    RowError { line, column: "file".to_owned(), reason: reason.to_owned() }
}

fn row(record: &csv::StringRecord, headers: &csv::StringRecord, known: &Known<'_>) -> Result<Row, RowError> {
    let line = record.position().map_or(0, csv::Position::line);
    let raw: Raw = record.deserialize(Some(headers)).map_err(|e| whole(line, &e.to_string()))?;
    let wrong = |column: &str, reason: String| RowError { line, column: column.to_owned(), reason };
    let word = |column: &str, value: String, list: &[&str]| {
        if list.contains(&value.as_str()) {
            return Ok(value);
        }
        Err(wrong(column, format!("there is no `{value}`; there are {}", list.join(", "))))
    };
    let received = received(&raw.received).ok_or_else(|| {
        wrong(
            "received",
            format!(
                "`{}` is neither a day such as 2026-03-05 nor an instant such as 2026-03-05T09:30:00Z",
                raw.received
            ),
        )
    })?;
    let said = |v: Option<String>| v.filter(|t| !t.is_empty());
    let personals = [
        ("name", raw.name),
        ("email", raw.email),
        ("phone", raw.phone),
        ("address", raw.address),
        ("language", raw.language),
        ("text", raw.text),
        (EMAIL_ON_FILE, raw.email_on_file),
        (ADDRESS_ON_FILE, raw.address_on_file),
    ];
    Ok(Row {
        line,
        received,
        right: word("right", raw.right, known.rights)?,
        regime: word("regime", raw.regime, known.regimes)?,
        place: if raw.place.is_empty() {
            return Err(wrong("place", "the place is missing, e.g. DE or US-CA".to_owned()));
        } else {
            raw.place
        },
        personals: personals.into_iter().filter_map(|(name, v)| Some((name, Personal::new(said(v)?)))).collect(),
        reference: said(raw.reference),
    })
}

fn received(text: &str) -> Option<Received> {
    text.parse().map(Received::On).or_else(|_| text.parse().map(Received::At)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known<'_> = Known { rights: &["access", "deletion"], regimes: &["eu-gdpr", "ccpa"] };

    #[test]
    fn good_rows_are_there_and_bad_ones_say_where_and_why() {
        let file = "\u{feff}right,received,regime,place,email,email_on_file,text\n\
            access,2026-03-05,eu-gdpr,DE,ann@example.org,a@example.org,\"please, all of it\n(second line)\"\n\
            erasure,2026-03-05,eu-gdpr,DE,bob@example.org,,\n\
            deletion,5.3.2026,ccpa,US-CA,,,\n\
            deletion,2026-03-05T09:30:00Z,ccpa,US-CA,,,\n\
            access,2026-03-05,eu-gdpr,,,,\n\
            access,2026-03-05\n";
        let rows = read(file.as_bytes(), &KNOWN);
        let shown: Vec<String> = rows
            .iter()
            .map(|r| {
                r.as_ref().map_or_else(ToString::to_string, |r| format!("{} {} {:?}", r.line, r.right, r.received))
            })
            .collect();
        assert!(shown[0].starts_with("2 access On("), "{}", shown[0]);
        assert_eq!(shown[1], "line 4, column `right`: there is no `erasure`; there are access, deletion");
        assert!(shown[2].starts_with("line 5, column `received`: `5.3.2026` is neither"), "{}", shown[2]);
        assert!(shown[3].starts_with("6 deletion At("), "{}", shown[3]);
        assert!(shown[4].starts_with("line 7, column `place`"), "{}", shown[4]);
        assert!(shown[5].contains("line 8"), "{}", shown[5]);
        let names = |n: usize| rows[n].as_ref().unwrap().personals.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!((names(0), names(3)), (vec!["email", "text", EMAIL_ON_FILE], vec![]));
        assert!(rows.iter().all(|r| !format!("{r:?}").contains("example.org")), "an address leaks");
    }

    #[test]
    fn a_file_without_the_columns_is_refused_by_name() {
        let rows = read(b"who,what\na,b\n", &KNOWN);
        assert!(rows[0].as_ref().unwrap_err().to_string().contains("who"), "{rows:?}");
        assert!(read(b"", &KNOWN).is_empty());
    }
}
