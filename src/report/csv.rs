//! The findings as a table for spreadsheets (RFC 4180).
//!
//! A spreadsheet runs what looks like a formula (T28): such cells get a single quote in front. Exact values are in the JSON.

use super::model::Report;
use crate::lang::words::Words;

const COLUMNS: [&str; 13] = [
    "finding",
    "control",
    "title",
    "severity",
    "status",
    "condition",
    "place",
    "affected",
    "first_seen",
    "last_seen",
    "due_on",
    "recommendation",
    "criteria",
];

/// The bytes of `findings.csv`: UTF-8 with a byte order mark, without which spreadsheets misread Chinese.
pub fn write(report: &Report, words: &Words) -> Vec<u8> {
    let lang = words.tag();
    let mut out = String::from('\u{feff}');
    line(&mut out, &COLUMNS.map(str::to_owned));
    for f in &report.findings {
        let control = report.controls.iter().find(|c| c.id == f.control);
        let text = |of: fn(&super::ControlView) -> &crate::lang::Localised| {
            control.map_or_else(String::new, |c| of(c).get(lang).to_owned())
        };
        let cited = |(law, at): (&String, &Vec<String>)| format!("{law} {}", at.join(" "));
        let criteria = control.map(|c| c.answers.iter().map(cited).collect::<Vec<_>>().join("; ")).unwrap_or_default();
        let cells = [
            f.id.clone(),
            f.control.clone(),
            text(|c| &c.title),
            words.get(&format!("severity.{}", f.severity.word())).to_owned(),
            words.get(&format!("status.{}", f.status.word())).to_owned(),
            f.says.get(lang).to_owned(),
            f.place.to_string(),
            f.affected.to_string(),
            f.first_seen.to_string(),
            f.last_seen.to_string(),
            f.due_on.map_or_else(String::new, |d| d.to_string()),
            text(|c| &c.remedy),
            criteria,
        ];
        line(&mut out, &cells);
    }
    out.into_bytes()
}

fn line(out: &mut String, cells: &[String]) {
    let cells: Vec<_> = cells.iter().map(|c| quoted(&harmless(c))).collect();
    out.push_str(&cells.join(","));
    out.push_str("\r\n");
}

/// Nothing that a spreadsheet would run. Leading white space does not protect it, so that what follows decides.
fn harmless(cell: &str) -> String {
    const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\0', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    let runs = cell.starts_with(STARTS) || cell.trim_start().starts_with(STARTS);
    let kept: String = cell.chars().filter(|c| *c != '\0').collect();
    if runs { format!("'{kept}") } else { kept }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_quoted() {
        for start in [
            "=1+1",
            "+1",
            "-2",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\0=1",
            "\u{ff1d}1",
            "\u{ff0b}1",
            "\u{ff0d}1",
            "\u{ff20}x",
            "  =1",
            "\u{a0}=1",
        ] {
            assert!(harmless(start).starts_with('\''), "{start:?}");
        }
        assert_eq!(harmless("users/3 (u3)"), "users/3 (u3)");
        assert_eq!(quoted("a \"b\", c"), "\"a \"\"b\"\", c\"");
    }

    /// A reader of RFC 4180, to see what comes back.
    fn read_line(text: &str) -> Vec<String> {
        let (mut cells, mut cell, mut open) = (Vec::new(), String::new(), false);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, open) {
                ('"', true) if chars.peek() == Some(&'"') => {
                    cell.push('"');
                    chars.next();
                }
                ('"', _) => open = !open,
                (',', false) => cells.push(std::mem::take(&mut cell)),
                (other, _) => cell.push(other),
            }
        }
        cells.push(cell);
        cells
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn every_row_reads_back_and_no_cell_is_a_formula(cells in prop::collection::vec("[=+@\\-\t\r\n\0\", a'\u{ff1d}x]{0,8}", 1..6)) {
            let mut out = String::new();
            line(&mut out, &cells);
            let back = read_line(out.strip_suffix("\r\n").unwrap());
            prop_assert_eq!(back.len(), cells.len());
            for (back, given) in back.iter().zip(&cells) {
                prop_assert!(!back.starts_with(['=', '+', '-', '@', '\t', '\r', '\0', '\u{ff1d}']), "{:?}", back);
                let plain = given.replace('\0', "");
                prop_assert_eq!(back.strip_prefix('\'').filter(|_| *back != plain).unwrap_or(back), plain.as_str());
            }
        }
    }
}
