//! Writing one audit's report in all its forms, and telling the person at the terminal what came of it.

use super::exit::Failed;
use crate::files::{self, FileError};
use crate::findings::Verdict;
use crate::flows::run_audit::Audited;
use crate::lang::words::{self, Words};
use crate::render;
use crate::report::{Report, csv, json};
use anyhow::{Context, anyhow};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Where and how reports are written.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
pub(super) struct Args {
    /// Folder for report.pdf, report.json, report.html and findings.csv; made when missing.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Language of the PDF, the page and the table: en or zh-CN. The JSON holds all.
    #[arg(long, value_name = "LANG", default_value = "en")]
    pub(super) lang: String,
    /// Print the result as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The language that a command writes in.
pub(super) struct Languages {
    pub(super) words: &'static Words,
}

impl Languages {
    /// The language asked for.
    pub(super) fn of(args: &Args) -> Result<Self, Failed> {
        let words = words::of(&args.lang).map_err(Failed::bad_input)?;
        Ok(Self { words })
    }
}

/// Writes the report in all its forms; everything is made before anything is written. Returns the files' names.
pub(super) fn write(report: &Report, args: &Args, languages: &Languages) -> Result<Vec<&'static str>, Failed> {
    let html = render::report_html(report, languages.words).map_err(Failed::internal)?;
    let files = [
        ("report.json", json::write(report)),
        ("report.html", html.into_bytes()),
        ("findings.csv", csv::write(report, languages.words)),
    ];
    folder(&args.out)?;
    for (name, bytes) in &files {
        files::write_whole(&args.out.join(name), bytes).with_context(space_hint).map_err(Failed::unreadable)?;
    }
    Ok(files.iter().map(|(name, _)| *name).collect())
}

fn space_hint() -> &'static str {
    "the report was not written; make room or choose another folder with --out, then run the audit again"
}

/// Makes a folder and those above it.
pub(super) fn folder(path: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(path).map_err(|e| FileError::new("create the folder", path, e)).map_err(Failed::unreadable)
}

/// Prints the result: verdicts, findings by severity, where the report is, and what is worth knowing.
pub(super) fn tell(audited: &Audited, written: &[&str], args: &Args, languages: &Languages) -> Result<(), Failed> {
    if args.json {
        return tell_json(audited, written, args);
    }
    let (report, words) = (&audited.report, languages.words);
    let counts = &report.summary.controls;
    let mut lines = vec![report.summary.says.get(words.tag()).to_owned(), String::new()];
    for verdict in Verdict::ALL {
        lines.push(format!("{:>6}  {}", counts.of(verdict), words.get(&format!("verdict.{}", verdict.word()))));
    }
    lines.push(String::new());
    for row in &report.summary.by_severity {
        let severity = words.get(&format!("severity.{}", row.severity.word())).to_owned();
        let findings = [("count", row.findings.to_string()), ("severity", severity)];
        lines.push(words.fill("told.findings", &findings));
    }
    lines.push(String::new());
    lines.extend(audited.notes.iter().map(|n| words.fill("told.note", &[("text", n.get(words.tag()).to_owned())])));
    for name in written {
        lines.push(format!("{}", args.out.join(name).display()));
    }
    super::say(&lines.join("\n"));
    Ok(())
}

fn tell_json(audited: &Audited, written: &[&str], args: &Args) -> Result<(), Failed> {
    let report = &audited.report;
    let told = json!({
        "report": report.id,
        "as_of": report.as_of,
        "opinion": report.summary.opinion.word(),
        "controls": report.summary.controls,
        "controls_without_waivers": report.summary.controls_without_waivers,
        "by_severity": report.summary.by_severity,
        "notes": audited.notes,
        "files": written.iter().map(|n| args.out.join(n)).collect::<Vec<_>>(),
    });
    let text = serde_json::to_string_pretty(&told).map_err(|e| Failed::internal(anyhow!(e)))?;
    super::say(&text);
    Ok(())
}
