//! `habeas ledger`: exports a log, verifies it and proves single entries, offline, with nothing but the pinned key.

mod export;

use super::exit::{Exit, Failed};
use super::{out, say, stamp};
use crate::crypto::hash::Digest;
use crate::files;
use crate::ledger::checkpoint::{Checkpoint, Pin};
use crate::ledger::note::Verifier;
use crate::ledger::tree::{inclusion, leaf_hash};
use crate::ledger::{proof, tiles, verify};
use std::path::{Path, PathBuf};

/// Largest file of an export: 256 entries of 64 KiB with their lengths.
const LARGEST_FILE_BYTES: u64 = 256 * (65_535 + 2);

/// Show that nothing in the record of what happened was changed.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas ledger export export/ --config /srv/habeas/habeas.toml
  habeas ledger verify export/ --key acme.vkey --held march.checkpoint
  habeas ledger stamp export/ --tsa https://tsa.example/tsr --tsa-trust tsa-root.pem
  habeas ledger prove export/ --entry 1204 > entry-1204.proof
  habeas ledger verify --proof entry-1204.proof --entry entry-1204.json --key acme.vkey")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Verify a whole exported log, or one entry by its proof.
    Verify(VerifyArgs),
    /// Print the proof that one entry is in the log.
    Prove(ProveArgs),
    Export(export::ExportArgs),
    /// Have checkpoints time-stamped by somebody else; each stamp is written beside its checkpoint, `.tst` behind the name.
    Stamp(StampArgs),
}

#[derive(clap::Args)]
struct VerifyArgs {
    /// Folder of the exported log (checkpoint and tile/...).
    #[arg(required_unless_present = "proof")]
    log: Option<PathBuf>,
    /// The log's public key: `name+id+key`, or a file that holds it.
    #[arg(long)]
    key: String,
    /// The log's origin; by default the name of the key.
    #[arg(long)]
    origin: Option<String>,
    /// Checkpoints kept from earlier; each must agree with the log.
    #[arg(long, num_args = 1..)]
    held: Vec<PathBuf>,
    /// Proof of one entry, instead of a whole log.
    #[arg(long, requires = "entry", conflicts_with = "log")]
    proof: Option<PathBuf>,
    /// The entry that the proof is about.
    #[arg(long, requires = "proof")]
    entry: Option<PathBuf>,
    /// PEM file with the certificates that time stamps beside the checkpoints must lead to.
    #[arg(long, value_name = "PEM")]
    trust: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct StampArgs {
    /// Checkpoints: files, or folders of exported logs.
    #[arg(required = true)]
    checkpoints: Vec<PathBuf>,
    #[command(flatten)]
    stamp: stamp::Args,
}

#[derive(clap::Args)]
struct ProveArgs {
    /// Folder of the exported log.
    log: PathBuf,
    /// Position of the entry, from 0.
    #[arg(long)]
    entry: u64,
}

/// Runs `habeas ledger`.
pub(super) fn run(args: Args) -> Result<Exit, Failed> {
    match args.command {
        Command::Verify(args) => match (&args.log, &args.proof, &args.entry) {
            (_, Some(proof), Some(entry)) => verify_entry(&args, proof, entry),
            (Some(log), ..) => verify_log(&args, log),
            _ => Err(Failed::bad_input(anyhow::anyhow!("name the folder of an exported log, or --proof and --entry"))),
        },
        Command::Prove(args) => prove(&args),
        Command::Export(args) => export::run(&args),
        Command::Stamp(args) => have_stamped(&args),
    }
}

/// The pin of a log: its public key, given as text or by file, and its origin, by default the key's name.
pub(super) fn pin(key: &str, origin: Option<&str>) -> Result<Pin, Failed> {
    let text = match Verifier::parse(key) {
        Ok(_) => key.to_owned(),
        Err(_) => read_text(Path::new(key))?,
    };
    let key = Verifier::parse(&text).map_err(Failed::bad_input)?;
    Ok(Pin { origin: origin.unwrap_or(key.name()).to_owned(), key })
}

/// A text file, e.g. a key or a checkpoint.
pub(super) fn read_text(path: &Path) -> Result<String, Failed> {
    let bytes = files::read_limited(path, LARGEST_FILE_BYTES).map_err(Failed::unreadable)?;
    String::from_utf8(bytes).map_err(|_| Failed::bad_input(anyhow::anyhow!("`{}` is not text", path.display())))
}

/// The entries and the newest checkpoint of an export. The checkpoint is only read here; the verifier judges it.
fn read_log(log: &Path) -> Result<(Vec<Vec<u8>>, String), Failed> {
    let note = read_text(&log.join("checkpoint"))?;
    let size = Checkpoint::parse(&note).map_err(Failed::bad_input)?.head.size;
    let read = |path: &str| files::read_limited(&log.join(path), LARGEST_FILE_BYTES).ok();
    let entries = tiles::entries(size, read).map_err(Failed::unreadable)?;
    Ok((entries, note))
}

fn verify_log(args: &VerifyArgs, log: &Path) -> Result<Exit, Failed> {
    let pin = pin(&args.key, args.origin.as_deref())?;
    let (entries, note) = read_log(log)?;
    let mut notes = vec![note];
    for held in &args.held {
        notes.push(read_text(held)?);
    }
    let mut outcome = verify::verify(&pin, &entries, &notes);
    let leaves: Vec<_> = entries.iter().map(|e| leaf_hash(e)).collect();
    let read = |path: &str| files::read_limited(&log.join(path), LARGEST_FILE_BYTES).ok();
    if let Err(e) = tiles::check_hash_tiles(&leaves, read) {
        outcome.problems.push(e.to_string());
    }
    let stamps = stamps(args, log, &mut outcome)?;
    show(args, &outcome, &stamps)
}

/// The stamps beside the checkpoints, in words; one that does not hold is a problem.
fn stamps(args: &VerifyArgs, log: &Path, outcome: &mut verify::Outcome) -> Result<Vec<String>, Failed> {
    let anchors = args.trust.as_deref().map(stamp::anchors).transpose()?;
    let own = log.join("checkpoint");
    let mut told = Vec::new();
    for file in std::iter::once(&own).chain(&args.held) {
        match stamp::beside_checked(file, anchors.as_ref())? {
            Some(Ok(stamp)) => told.push(format!("{}: {}", file.display(), stamp::told(&stamp))),
            Some(Err(e)) => outcome.problems.push(format!("`{}`: {e}", stamp::beside(file).display())),
            None => {}
        }
    }
    Ok(told)
}

/// Asks for a stamp over each checkpoint. What could not be stamped is told, and nothing is lost.
fn have_stamped(args: &StampArgs) -> Result<Exit, Failed> {
    let none = || Failed::bad_input(anyhow::anyhow!("name the time-stamping authority with --tsa URL"));
    let authority = args.stamp.authority()?.ok_or_else(none)?;
    let mut exit = Exit::Done;
    for given in &args.checkpoints {
        let file = if given.is_dir() { given.join("checkpoint") } else { given.clone() };
        let note = read_text(&file)?;
        Checkpoint::parse(&note).map_err(Failed::bad_input)?;
        match stamp::ask(&authority, &Digest::of(note.as_bytes())) {
            Ok((token, said)) => {
                files::write_whole(&stamp::beside(&file), &token).map_err(Failed::unreadable)?;
                say(&format!("{}: {}", stamp::beside(&file).display(), stamp::told(&said)));
            }
            Err(e) => {
                say(&format!("{}: NOT stamped: {e}", file.display()));
                exit = Exit::Findings;
            }
        }
    }
    Ok(exit)
}

fn show(args: &VerifyArgs, outcome: &verify::Outcome, stamps: &[String]) -> Result<Exit, Failed> {
    if args.json {
        say(&serde_json::to_string_pretty(outcome).map_err(Failed::internal)?);
    } else {
        for problem in &outcome.problems {
            say(&format!("PROBLEM  {problem}"));
        }
        stamps.iter().for_each(|stamp| say(stamp));
        let verdict = if outcome.holds() { "holds" } else { "does NOT hold" };
        say(&format!("The log {verdict}: {} entries, {} proven by a checkpoint.", outcome.entries, outcome.proven));
    }
    Ok(if outcome.holds() { Exit::Done } else { Exit::Findings })
}

fn verify_entry(args: &VerifyArgs, proof: &Path, entry: &Path) -> Result<Exit, Failed> {
    let pin = pin(&args.key, args.origin.as_deref())?;
    let bytes = files::read_limited(entry, LARGEST_FILE_BYTES).map_err(Failed::unreadable)?;
    match proof::verify(&pin, bytes.trim_ascii_end(), &read_text(proof)?) {
        Ok((index, checkpoint)) if args.json => {
            let told = serde_json::json!({"holds": true, "entry": index, "checkpoint_size": checkpoint.head.size});
            say(&told.to_string());
            Ok(Exit::Done)
        }
        Ok((index, checkpoint)) => {
            say(&format!(
                "The entry is number {index} of {}, as of the checkpoint of {} entries.",
                checkpoint.origin, checkpoint.head.size
            ));
            Ok(Exit::Done)
        }
        Err(e) => {
            say(&format!("PROBLEM  {e}"));
            Ok(Exit::Findings)
        }
    }
}

fn prove(args: &ProveArgs) -> Result<Exit, Failed> {
    let (entries, note) = read_log(&args.log)?;
    let leaves: Vec<_> = entries.iter().map(|e| leaf_hash(e)).collect();
    let path = inclusion(&leaves, args.entry).map_err(Failed::bad_input)?;
    out::print(&proof::text(args.entry, &path, &note));
    Ok(Exit::Done)
}
