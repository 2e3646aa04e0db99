//! `habeas events slice`: works on a part of logs, for `merge` to put together.

use super::rules::{RuleArgs, all, lateness_ms};
use crate::cli::exit::{Exit, Failed};
use crate::cli::say;
use crate::connectors::logs::slices::{Making, Part, STRETCH_BYTES, SliceError, make, size_of};
use crate::crypto::hash::Digest;
use crate::events::hash::Seed;
use crate::events::slice::Setup;
use crate::files;
use anyhow::anyhow;
use std::path::PathBuf;

/// Largest file of a seed.
const LARGEST_SEED_BYTES: u64 = 1 << 20;

/// Work on a part of logs; `merge` puts all parts together to what `scan` gives.
#[derive(clap::Args)]
#[command(
    after_help = "Cuts move to the end of the line they fall in, so any bytes will do. A slice works on one core: make \
several at a time, on as many machines as the logs can be read from.

Examples:
  habeas events slice --rules rules/ --events access.ndjson --part 1/4 --out 1.slice
  habeas events slice --rules rules/ --events access.ndjson --from 0 --to 1000000 --out first.slice
  habeas events slice --rules rules/ --events access.ndjson --from 1000000 --out second.slice
  habeas events merge first.slice second.slice --json > firings.ndjson"
)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// Log of one JSON object a line; may be given several times with --part.
    #[arg(long, required = true, value_name = "FILE")]
    events: Vec<PathBuf>,
    /// First byte, of the decompressed content. [default: 0]
    #[arg(long, value_name = "BYTE", conflicts_with = "part")]
    from: Option<u64>,
    /// The byte after the last one. [default: the end]
    #[arg(long, value_name = "BYTE", conflicts_with = "part")]
    to: Option<u64>,
    /// The K-th of N parts of equal size of all logs together.
    #[arg(long, value_name = "K/N", value_parser = part)]
    part: Option<(u64, u64)>,
    /// How far an event may lie behind the latest of its log and still count in windows.
    #[arg(long, default_value = "5m", value_name = "TIME")]
    lateness: String,
    /// File whose content seeds the fingerprints of values, the same for all slices. Needed only where people who write
    /// log lines know the rules and could want two values to be taken for one.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Where to write the slice.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn part(text: &str) -> Result<(u64, u64), String> {
    let numbers = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    let numbers = numbers.filter(|(k, n)| (1..=*n).contains(k));
    numbers.ok_or_else(|| "is not K/N with K from 1 to N, such as 2/4".to_owned())
}

pub(super) fn run(args: &Args) -> Result<Exit, Failed> {
    let context = args.rules.context()?;
    let mut setup = args.rules.setup()?;
    setup.tables = context.digest().to_string();
    setup.lateness_ms = lateness_ms(&args.lateness)?;
    let seed = seed(args, &mut setup)?;
    let plan = setup.plan().map_err(|errors| Failed::bad_input(all(&errors)))?;
    let parts = parts(args)?;
    let making = Making { plan: &plan, context: &context, setup: &setup, seed, stretch_bytes: STRETCH_BYTES };
    let index = make(making, &parts, &args.out).map_err(failed)?;
    for (piece, sight) in index.pieces.iter().zip(&index.sights) {
        let (from, to, tally) = (piece.from, piece.to, &sight.tally);
        say(&format!(
            "{}: bytes {from} to {to}, {} events, {} lines not used",
            piece.file,
            tally.events,
            tally.bad_lines()
        ));
    }
    Ok(Exit::Done)
}

/// What is wrong with slices themselves is the caller's to mend; the rest could not be read or written.
pub(super) fn failed(error: SliceError) -> Failed {
    match error {
        SliceError::Join(_) | SliceError::Format { .. } => Failed::bad_input(error),
        SliceError::Log(_) | SliceError::File(_) | SliceError::Damaged { .. } => Failed::unreadable(error),
    }
}

/// The same for all slices of one setup, so that a value has one fingerprint everywhere.
fn seed(args: &Args, setup: &mut Setup) -> Result<Seed, Failed> {
    let digest = match &args.seed {
        Some(path) => Digest::of(&files::read_limited(path, LARGEST_SEED_BYTES).map_err(Failed::unreadable)?),
        None => setup.digest(),
    };
    setup.seed = Digest::of(digest.bytes()).to_string();
    let word = |at: usize| digest.bytes().get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
    Ok(Seed([word(0), word(8)]))
}

fn parts(args: &Args) -> Result<Vec<Part>, Failed> {
    if args.events.iter().any(|p| p.as_os_str() == "-") {
        return Err(Failed::bad_input(anyhow!("a slice is cut from a file; write standard input to one first")));
    }
    let whole = |path: &PathBuf| Part { path: path.clone(), from: 0, to: u64::MAX };
    match (args.part, args.events.as_slice()) {
        (None, [one]) => {
            let (from, to) = (args.from.unwrap_or(0), args.to.unwrap_or(u64::MAX));
            if from > to {
                return Err(Failed::bad_input(anyhow!("--from {from} lies behind --to {to}")));
            }
            Ok(vec![Part { path: one.clone(), from, to }])
        }
        (None, _) if args.from.is_some() || args.to.is_some() => {
            Err(Failed::bad_input(anyhow!("--from and --to cut one log; use --part for several")))
        }
        (None | Some((1, 1)), several) => Ok(several.iter().map(whole).collect()),
        (Some((k, n)), several) => {
            let size = |path: &PathBuf| {
                size_of(path).map_err(Failed::unreadable)?.ok_or_else(|| {
                    let shown = path.display();
                    Failed::bad_input(anyhow!(
                        "the size of `{shown}` is not known before it is decompressed; give --from and --to, or decompress it"
                    ))
                })
            };
            let sizes: Vec<u64> = several.iter().map(size).collect::<Result<_, _>>()?;
            Ok(cut(several, &sizes, k, n))
        }
    }
}

/// The K-th of N parts of the logs laid end to end.
fn cut(paths: &[PathBuf], sizes: &[u64], k: u64, n: u64) -> Vec<Part> {
    let total: u128 = sizes.iter().map(|s| u128::from(*s)).sum();
    let at = |k: u64| u64::try_from(total * u128::from(k) / u128::from(n)).unwrap_or(u64::MAX);
    let (from, to) = (at(k - 1), at(k));
    let mut start = 0u64;
    let one = |(path, size): (&PathBuf, &u64)| {
        let within = |cut: u64| cut.saturating_sub(start).min(*size);
        // The last part takes what was written meanwhile along.
        let part = Part { path: path.clone(), from: within(from), to: if k == n { u64::MAX } else { within(to) } };
        start += size;
        part
    };
    paths.iter().zip(sizes).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_they_are_written() {
        assert_eq!(part("2/4"), Ok((2, 4)));
        for bad in ["0/4", "5/4", "1", "1/0", "a/b", "1/4/2", "-1/4"] {
            assert!(part(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parts_of_several_logs_meet() {
        let paths = ["a", "b", "c"].map(PathBuf::from);
        let sizes = [10, 0, 25];
        for n in [1, 2, 3, 7, 100] {
            for (log, size) in sizes.iter().enumerate() {
                let mut at = 0;
                for k in 1..=n {
                    let part = &cut(&paths, &sizes, k, n)[log];
                    assert_eq!((part.from, &part.path), (at, &paths[log]), "part {k}/{n}");
                    at = part.to.min(*size);
                }
                assert_eq!(at, *size);
            }
        }
    }
}
