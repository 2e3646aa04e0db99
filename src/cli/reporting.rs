//! Writing one audit's report in all its forms, and telling the person at the terminal what came of it.

use super::exit::Failed;
use crate::clock::Clock;
use crate::connectors::tsa::Authority;
use crate::crypto::hash::Digest;
use crate::crypto::stamp::Stamp;
use crate::files::{self, FileError};
use crate::findings::Verdict;
use crate::flows::run_audit::Audited;
use crate::keyring::{self, Keyring};
use crate::lang::words::{self, Words};
use crate::render;
use crate::report::pdf::{self, Fonts};
use crate::report::seal::{self, Seal, Stamping};
use crate::report::{Report, csv, json};
use anyhow::{Context, anyhow};
use serde_json::json;
use std::cell::Cell;
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
    /// Folder with the keys that sign the PDF; made at first use. By default `.config/habeas/keys` in your home folder.
    #[arg(long, value_name = "DIR")]
    pub(super) keys: Option<PathBuf>,
    /// Write the PDF without a signature, e.g. to compare two runs byte by byte.
    #[arg(long)]
    pub(super) unsigned: bool,
    #[command(flatten)]
    pub(super) stamp: super::stamp::Args,
    /// Print the result as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

impl Args {
    fn keys(&self) -> Result<PathBuf, Failed> {
        let home = || std::env::home_dir().map(|h| h.join(".config/habeas/keys"));
        let none = || {
            Failed::bad_input(anyhow!(
                "there is no home folder for the signing keys; name a folder with --keys, or use --unsigned"
            ))
        };
        self.keys.clone().or_else(home).ok_or_else(none)
    }
}

/// What was written.
pub(super) struct Written {
    /// Names of the files in the folder.
    pub(super) files: Vec<&'static str>,
    /// Who signed, and whether the keys were made just now; `None` when unsigned.
    pub(super) signed: Option<(String, bool)>,
    /// What became of the time stamp; `None` when none was asked for.
    pub(super) stamped: Option<Result<Stamp, String>>,
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

/// Writes the report in all its forms; everything is made before anything is written.
pub(super) fn write(report: &Report, args: &Args, languages: &Languages) -> Result<Written, Failed> {
    let html = render::report_html(report, languages.words).map_err(Failed::internal)?;
    let fonts = Fonts::embedded().map_err(Failed::internal)?;
    let mut paper = pdf::render(report, languages.words, fonts).map_err(Failed::internal)?.bytes;
    let mut files = vec![
        ("report.json", json::write(report)),
        ("report.html", html.into_bytes()),
        ("findings.csv", csv::write(report, languages.words)),
    ];
    let (mut signed, mut stamped) = (None, None);
    if !args.unsigned {
        let keys = keys(report, args)?;
        let reason = languages.words.get("title");
        let at = Clock::Real.now();
        let asked = Cell::new(None);
        let authority = args.stamp.authority()?;
        let ask = authority.as_ref().map(|authority| |digest: &Digest| token(authority, digest, &asked));
        let stamp = ask.as_ref().map(|f| f as &Stamping<'_>);
        let seal = Seal { field: AUDITOR_FIELD, certify: true, at, reason, words: languages.words, stamp };
        paper = seal::sign(&paper, &seal, &keys.signing).map_err(Failed::internal)?;
        stamped = asked.take();
        files.push(("root.pem", keys.root_pem.clone().into_bytes()));
        signed = Some((keys.signing.name(), keys.is_new));
    }
    files.insert(0, ("report.pdf", paper));
    folder(&args.out)?;
    for (name, bytes) in &files {
        files::write_whole(&args.out.join(name), bytes).with_context(space_hint).map_err(Failed::unreadable)?;
    }
    Ok(Written { files: files.iter().map(|(name, _)| *name).collect(), signed, stamped })
}

/// The token of a stamp; keeps what it says, or why there is none.
fn token(authority: &Authority, digest: &Digest, asked: &Cell<Option<Result<Stamp, String>>>) -> Option<Vec<u8>> {
    let (token, told) = match super::stamp::ask(authority, digest) {
        Ok((token, stamp)) => (Some(token), Ok(stamp)),
        Err(e) => (None, Err(e.to_string())),
    };
    asked.set(Some(told));
    token
}

/// The field of the report that whoever audits signs.
const AUDITOR_FIELD: &str = "auditor";

fn keys(report: &Report, args: &Args) -> Result<Keyring, Failed> {
    let signer = report.parties.auditor.as_ref().map_or("Habeas audit", |a| a.name.as_str());
    let folder = args.keys()?;
    if let Some(above) = folder.parent() {
        self::folder(above)?;
    }
    keyring::open(&folder, &report.parties.controller, signer, Clock::Real.now())
        .context("the report was not written; name another folder with --keys, or use --unsigned")
        .map_err(Failed::unreadable)
}

fn space_hint() -> &'static str {
    "the report was not written; make room or choose another folder with --out, then run the audit again"
}

/// Makes a folder and those above it.
pub(super) fn folder(path: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(path).map_err(|e| FileError::new("create the folder", path, e)).map_err(Failed::unreadable)
}

/// Prints the result: verdicts, findings by severity, where the report is, and what is worth knowing.
pub(super) fn tell(audited: &Audited, written: &Written, args: &Args, languages: &Languages) -> Result<(), Failed> {
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
    if let Some((signer, is_new)) = &written.signed {
        let key = if *is_new { "told.signed_new" } else { "told.signed" };
        lines.push(words.fill(key, &[("signer", signer.clone())]));
    }
    match &written.stamped {
        Some(Ok(stamp)) => {
            let values = [("at", stamp.at.to_string()), ("authority", stamp.authority.clone())];
            lines.push(words.fill("told.stamped", &values));
        }
        Some(Err(why)) => lines.push(words.fill("told.not_stamped", &[("why", why.clone())])),
        None => {}
    }
    lines.extend(written.files.iter().map(|name| args.out.join(name).display().to_string()));
    super::say(&lines.join("\n"));
    Ok(())
}

fn tell_json(audited: &Audited, written: &Written, args: &Args) -> Result<(), Failed> {
    let report = &audited.report;
    let told = json!({
        "report": report.id,
        "as_of": report.as_of,
        "opinion": report.summary.opinion.word(),
        "controls": report.summary.controls,
        "controls_without_waivers": report.summary.controls_without_waivers,
        "by_severity": report.summary.by_severity,
        "notes": audited.notes,
        "signed_by": written.signed.as_ref().map(|(signer, _)| signer),
        "time_stamp": written.stamped.as_ref().and_then(|s| s.as_ref().ok()),
        "time_stamp_missing": written.stamped.as_ref().and_then(|s| s.as_ref().err()),
        "files": written.files.iter().map(|n| args.out.join(n)).collect::<Vec<_>>(),
    });
    let text = serde_json::to_string_pretty(&told).map_err(|e| Failed::internal(anyhow!(e)))?;
    super::say(&text);
    Ok(())
}
