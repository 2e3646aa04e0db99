//! `habeas verify`: is this report what was signed, and by whom? Works without any network.

use super::exit::{Exit, Failed};
use crate::crypto::hash::Digest;
use crate::files::read_limited;
use crate::report::json;
use crate::report::seal::{Anchors, SignatureCheck, Verification, VerifyError, attachment, verify};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Larger files are not reports.
const LARGEST_BYTES: u64 = 512 * 1024 * 1024;

/// Checks a signed report offline: every byte, every revision, every certificate.
///
/// Exit code 0: it holds. 1: it does not hold, or its chain does not lead to the certificate given. 2: not a report.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  habeas verify out/audit/report.pdf --trust root.pem\n  \
    habeas verify out/audit/report.json            the PDF beside it says whether it is the signed result\n  \
    habeas verify report.json --report signed.pdf --json")]
pub(super) struct Args {
    /// A signed report (PDF), or a `report.json` that belongs to one.
    file: PathBuf,
    /// PEM file with the root certificates that you trust. Get it on another way than the report.
    #[arg(long, value_name = "PEM")]
    trust: Option<PathBuf>,
    /// The signed PDF that a `report.json` belongs to. Default: the PDF of the same name beside it.
    #[arg(long, value_name = "PDF")]
    report: Option<PathBuf>,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

/// What is printed with `--json`.
#[derive(Serialize)]
struct Outcome<'a> {
    file: &'a Path,
    valid: bool,
    reason: Option<String>,
    #[serde(flatten)]
    verification: Option<&'a Verification>,
    level_higher_needs: &'a str,
}

const WHY_NOT_STAMPED: &str =
    "a time-stamping service (B-T) and revocation data (B-LT): the time of signing is the signer's claim";
const WHY_NOT_HIGHER: &str = "revocation data (B-LT): whether a certificate was withdrawn was not checked";

/// The lowest level of all signatures, and what higher ones need.
fn level(verification: Option<&Verification>) -> (&'static str, &'static str) {
    let stamped = verification.is_some_and(|v| v.signatures.iter().all(|s| s.stamp.is_some()));
    if stamped { ("PAdES B-T", WHY_NOT_HIGHER) } else { ("PAdES B-B", WHY_NOT_STAMPED) }
}

/// Runs the command.
pub(super) fn run(args: Args) -> Result<Exit, Failed> {
    let anchors = args.trust.as_deref().map(read_anchors).transpose()?;
    let bytes = read(&args.file)?;
    let is_pdf = bytes.starts_with(b"%PDF-");
    if !is_pdf && json::read(&bytes).is_err() {
        let path = args.file.display();
        return Err(Failed::bad_input(anyhow::anyhow!(
            "`{path}` is neither a PDF nor a report.json; give one of these"
        )));
    }
    let pdf_path = if is_pdf { args.file.clone() } else { report_beside(&args) };
    let pdf = if is_pdf { bytes.clone() } else { read(&pdf_path)? };
    let checked = verify(&pdf, anchors.as_ref()).and_then(|v| if is_pdf { Ok(v) } else { matches(&bytes, &pdf, v) });
    match checked {
        Ok(verification) => {
            show(&args, &pdf_path, Ok(&verification));
            Ok(Exit::Done)
        }
        Err(VerifyError::Invalid(reason)) => {
            show(&args, &pdf_path, Err(reason));
            Ok(Exit::Findings)
        }
        Err(error @ VerifyError::NotPdf(_)) => {
            Err(Failed::bad_input(anyhow::anyhow!("`{}` is {error}; give a signed report", pdf_path.display())))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failed> {
    read_limited(path, LARGEST_BYTES).map_err(Failed::bad_input)
}

fn read_anchors(path: &Path) -> Result<Anchors, Failed> {
    let pem = read(path)?;
    Anchors::from_pem(&pem).map_err(|e| Failed::bad_input(anyhow::anyhow!("`{}`: {e}", path.display())))
}

fn report_beside(args: &Args) -> PathBuf {
    args.report.clone().unwrap_or_else(|| args.file.with_extension("pdf"))
}

/// A result counts as the signed one only if it is the attached one, byte for byte.
fn matches(json: &[u8], pdf: &[u8], verification: Verification) -> Result<Verification, VerifyError> {
    match attachment(pdf) {
        Some(attached) if attached == json => Ok(verification),
        Some(attached) => Err(VerifyError::Invalid(format!(
            "the file has the SHA-256 {}, the result attached to the signed report has {}",
            Digest::of(json),
            Digest::of(&attached)
        ))),
        None => Err(VerifyError::Invalid("the signed report has no result attached".to_owned())),
    }
}

fn show(args: &Args, pdf: &Path, outcome: Result<&Verification, String>) {
    let text = if args.json { as_json(args, outcome) } else { as_words(args, pdf, outcome) };
    super::say(&text);
}

fn as_json(args: &Args, outcome: Result<&Verification, String>) -> String {
    let (verification, reason) = match outcome {
        Ok(v) => (Some(v), None),
        Err(reason) => (None, Some(reason)),
    };
    let valid = verification.is_some();
    let outcome = Outcome { file: &args.file, valid, reason, verification, level_higher_needs: level(verification).1 };
    serde_json::to_string_pretty(&outcome).unwrap_or_default()
}

fn as_words(args: &Args, pdf: &Path, outcome: Result<&Verification, String>) -> String {
    let file = args.file.display();
    let verification = match outcome {
        Ok(verification) => verification,
        Err(reason) => return format!("{file}: NOT VALID\n  {reason}"),
    };
    let mut lines = vec![format!("{file}: valid")];
    if pdf != args.file {
        lines.push(format!("  the same, byte for byte, as the result attached to {}", pdf.display()));
    }
    lines.push("  every byte is signed; nothing was added or changed after the last signature".to_owned());
    lines.extend(verification.signatures.iter().map(told));
    lines.extend(verification.attached_sha256.map(|sha256| format!("  attached report.json: SHA-256 {sha256}")));
    let (level, needs) = level(Some(verification));
    lines.push(format!("  level {level}; higher levels need {needs}"));
    lines.join("\n")
}

fn told(s: &SignatureCheck) -> String {
    let role = if s.certifies { "certified" } else { "signed" };
    let at = s.claimed_at.map_or_else(|| "an unknown time".to_owned(), |t| t.to_string());
    let worth = match s.trusted {
        Some(true) => "the chain leads to the certificate that you gave".to_owned(),
        _ => format!(
            "who that is, is NOT proven: the chain ends at a certificate that vouches for itself\n    (SHA-256 {}). \
             Compare this fingerprint with the issuer on another way, or give --trust",
            s.root_sha256
        ),
    };
    let stamp = match (&s.stamp, &s.stamp_not_trusted) {
        (Some(stamp), _) => format!("\n    {}", super::stamp::told(stamp)),
        (None, Some(why)) => format!("\n    its time stamp does not count: {why}"),
        (None, None) => String::new(),
    };
    format!("  {role} in field `{}` by {}, who claims {at}\n    below {}; {worth}{stamp}", s.field, s.signer, s.root)
}
