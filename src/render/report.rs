//! The report as one self-contained page: no script, nothing loaded from elsewhere, light and dark, readable by keyboard.

use super::{Page, RenderError, html};
use crate::lang::words::Words;
use crate::report::Report;
use crate::report::document::{Document, document};
use serde::Serialize;

/// The page of a report.
#[derive(Serialize)]
pub struct ReportPage {
    /// What it says.
    document: Document,
}

impl Page for ReportPage {
    const TEMPLATE: &'static str = "report";
}

/// The bytes of `report.html` in the language of `words`.
pub fn report_html(report: &Report, words: &Words) -> Result<String, RenderError> {
    html(&ReportPage { document: document(report, words) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::words;
    use crate::report::{Input, build};

    fn sample() -> Input {
        serde_json::from_str(include_str!("../../tests/fixtures/report/input.json")).unwrap()
    }

    #[test]
    fn the_page_is_whole_in_every_language_and_loads_nothing() {
        for tag in words::tags() {
            let page = report_html(&build(sample()), words::of(tag).unwrap()).unwrap();
            assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
            assert!(page.contains(&format!("lang=\"{tag}\"")));
            for outside in ["http://", "https://", "<script", "@import", "url(", " src="] {
                assert!(!page.contains(outside), "{tag}: {outside}");
            }
            assert_eq!(page.matches("<table").count(), page.matches("</table>").count());
            assert_eq!(page.matches("<table").count(), page.matches("<caption").count());
        }
    }

    #[test]
    fn what_comes_from_data_is_escaped() {
        let mut input = sample();
        let attack = "<script>alert(1)</script>\" onmouseover='x' {{7*7}} &amp;";
        input.parties.controller = attack.to_owned();
        for judged in &mut input.controls {
            judged.text.title = judged.text.title.map(|_, _| attack.to_owned());
            judged.text.id = attack.to_owned();
            judged.text.family = attack.to_owned();
            for finding in &mut judged.result.findings {
                finding.says = finding.says.map(|_, _| attack.to_owned());
                finding.control = attack.to_owned();
            }
        }
        let page = report_html(&build(input), words::of("en").unwrap()).unwrap();
        assert!(!page.contains("<script") && !page.contains("\" onmouseover='") && page.contains("&lt;script&gt;"));
        assert!(page.contains("7*7"));
    }
}
