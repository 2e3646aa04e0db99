//! Requests as evidence: what happened to them, and what the law book makes of it. The rights themselves are audited on it.
//!
//! `ledger` tells the rows of the kind `requests` from our own ledger; others bring the same rows in a file. `judge` adds the
//! due dates and the law of each row. Due dates come from the clocks alone, never from the rows, unless the law is unknown.
//! Must never hold personal data, nor turn a field that is left out into one that says "it did not happen".

mod clocks;
mod figures;
mod ledger;
mod stated;

pub use ledger::{RecordError, Row, rows};

use crate::law::book::Lawbook;
use crate::requests::right::Right;
use serde_json::{Map, Value as Json, json};
use stated::Claim;

/// The kind of evidence that holds the requests.
pub const REQUESTS: &str = "requests";
/// The kind that holds their legal periods.
pub const CLOCKS: &str = "request_clocks";
/// The kind that holds what the law book says about each row.
pub const LAW: &str = "request_law";

/// The kind that holds their figures by year, law and right.
pub const FIGURES: &str = "request_figures";

/// What the law book makes of rows of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Data of the kind `request_clocks`.
    pub clocks: Json,
    /// Data of the kind `request_law`.
    pub law: Json,
    /// Data of the kind `request_figures`.
    pub figures: Json,
    /// Rows whose due dates could not be computed: the row's id, and why.
    pub undated: Vec<(String, String)>,
}

/// Judges `rows`, data of the kind `requests`.
pub fn judge(book: &Lawbook, rows: &[Json]) -> Judged {
    let mut judged = Judged { clocks: Json::Null, law: Json::Null, figures: Json::Null, undated: Vec::new() };
    let (mut all_clocks, mut all_law) = (Vec::new(), Vec::new());
    for row in rows {
        let claim = Claim(row);
        match clocks::of(book, claim) {
            Ok(clocks) => all_clocks.extend(clocks),
            Err(why) => {
                all_clocks.push(clocks::undated(claim));
                judged.undated.push((claim.text("id").unwrap_or_default().to_owned(), why));
            }
        }
        all_law.push(law(book, claim));
    }
    judged.figures = figures::of(rows, &all_clocks);
    (judged.clocks, judged.law) = (Json::Array(all_clocks), Json::Array(all_law));
    judged
}

/// What the law book says about one row; what it does not know is left out.
fn law(book: &Lawbook, claim: Claim<'_>) -> Json {
    let mut out = Map::from_iter([("id".to_owned(), json!(claim.text("id")))]);
    let Some(right) = claim.text("right").and_then(|r| book.vocabulary.right(r)) else { return Json::Object(out) };
    if let Some(known) = Right::from_word(right) {
        out.insert("second_person".to_owned(), json!(known.needs_second_person()));
    }
    let regime = claim.text("regime").and_then(|r| book.regimes.get(r));
    let Some((regime, rule)) = regime.and_then(|g| Some((g, g.rights.get(right)?))) else { return Json::Object(out) };
    let level = regime.contents.verification_of(right).map(|v| v.level.word());
    out.insert("verification".to_owned(), json!(level.unwrap_or("unstated")));
    let extends = |key: &String| regime.clocks.get(key).is_some_and(|c| c.extends.is_some());
    out.insert("may_extend".to_owned(), json!(rule.clocks.iter().any(extends)));
    // A regime without any list of grounds is one whose grounds we do not know.
    if !regime.contents.refusals.is_empty() {
        let grounds: Vec<&str> = regime.contents.refusals_of(right).map(|(name, _)| name).collect();
        out.insert("grounds".to_owned(), json!(grounds));
    }
    Json::Object(out)
}

#[cfg(test)]
mod tests;
