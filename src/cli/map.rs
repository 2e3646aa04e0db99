//! `habeas events map`: a product's own log as canonical events, and what of it could not be mapped.

use super::exit::{Exit, Failed};
use super::out;
use crate::clock::Timestamp;
use crate::connectors::crm::products_with_events;
use crate::connectors::logs::Input;
use crate::connectors::mapping::{Hints, Mapping, Outcome, Reader, Unread};
use crate::files;
use anyhow::{Context as _, anyhow};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Largest mapping file.
const LARGEST_MAPPING_BYTES: u64 = 1 << 20;
/// Places told per reason.
const PLACES_TOLD: usize = 5;

/// Print a product's log as canonical events, one JSON object a line, and say what was not mapped.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas events map --connector salesforce --events EventLogFile.csv > events.ndjson
  habeas events map --connector odoo --events odoo-server.log.gz --places
  habeas events map --connector syslog --as-of 2026-11-24T00:00:00Z --events messages
  habeas events map --mapping our-export.yaml --events calls.csv")]
pub(super) struct Args {
    #[command(flatten)]
    mapping: MappingArgs,
    /// Log, plain, gzip or zstd; `-` reads standard input; may be given several times.
    #[arg(long, required = true, value_name = "FILE")]
    events: Vec<PathBuf>,
    /// Put the byte at which each record begins, and a tab, before its event.
    #[arg(long)]
    places: bool,
}

/// Which mapping turns a log's records into events.
#[derive(clap::Args)]
pub(super) struct MappingArgs {
    /// Product whose mapping to use.
    #[arg(long, value_name = "NAME", conflicts_with = "mapping")]
    connector: Option<String>,
    /// A mapping of your own, written as docs/adding/connector.md says.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// When the log was taken: needed where its times have no year.
    #[arg(long, value_name = "TIME")]
    as_of: Option<Timestamp>,
    /// Minutes east of UTC for times without a zone.
    #[arg(long, default_value = "0", value_name = "MINUTES", allow_negative_numbers = true,
          value_parser = clap::value_parser!(i32).range(-840..=840))]
    utc_offset: i32,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failed> {
    let needed = || Failed::bad_input(anyhow!("`--connector NAME` or `--mapping FILE` is needed"));
    let (mapping, hints) = args.mapping.read()?.ok_or_else(needed)?;
    let mut out = BufWriter::new(io::stdout().lock());
    for path in &args.events {
        let input = Input::open(path).map_err(Failed::unreadable)?;
        let name = input.name.clone();
        let read = |e: io::Error| Failed::unreadable(anyhow!(e).context(format!("could not read the log `{name}`")));
        let reader = mapping.reader(BufReader::new(input.into_reader()), hints).map_err(read)?;
        let Some(counts) = print(reader, args.places, &mut out).map_err(read)? else { return Ok(Exit::Done) };
        counts.tell(path);
    }
    out.flush().or_else(unless_closed).map_err(Failed::unreadable)?;
    Ok(Exit::Done)
}

impl MappingArgs {
    /// The mapping asked for, with what it has to know of the logs; `None` when none is.
    pub(super) fn read(&self) -> Result<Option<(Mapping, Hints)>, Failed> {
        let hints = Hints { taken_at: self.as_of, utc_offset_min: self.utc_offset };
        if let Some(path) = &self.mapping {
            let bytes = files::read_limited(path, LARGEST_MAPPING_BYTES).map_err(Failed::unreadable)?;
            let name = path.display().to_string();
            let text = String::from_utf8(bytes).with_context(|| format!("the mapping `{name}` is not UTF-8"));
            let mapping = Mapping::parse(&name, &text.map_err(Failed::bad_input)?).map_err(Failed::bad_input)?;
            return Ok(Some((mapping.1, hints)));
        }
        let Some(product) = self.connector.as_deref() else { return Ok(None) };
        let known =
            || anyhow!("there is no event mapping `{product}`; there are {}", products_with_events().join(", "));
        let mapping = Mapping::of(product).map_err(Failed::bad_input)?.ok_or_else(|| Failed::bad_input(known()))?;
        Ok(Some((mapping, hints)))
    }
}

#[derive(Default)]
struct Counts {
    events: u64,
    left: BTreeMap<Unread, (u64, Vec<u64>)>,
}

/// Prints the events; `None` when whoever reads us has seen enough.
fn print<R: BufRead>(mut reader: Reader<'_, R>, places: bool, out: &mut impl Write) -> io::Result<Option<Counts>> {
    let mut counts = Counts::default();
    while let Some(record) = reader.next()? {
        let event = match record.outcome {
            Outcome::Event(event) => event,
            Outcome::Left(why) => {
                let (count, at) = counts.left.entry(why).or_default();
                *count += 1;
                if at.len() < PLACES_TOLD {
                    at.push(record.offset);
                }
                continue;
            }
        };
        counts.events += 1;
        let head = if places { format!("{}\t", record.offset) } else { String::new() };
        let line = [head.as_bytes(), &event, b"\n"].concat();
        match out.write_all(&line) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => return Ok(None),
            written => written?,
        }
    }
    Ok(Some(counts))
}

fn unless_closed(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}

impl Counts {
    fn tell(&self, path: &Path) {
        let records = self.events + self.left.values().map(|(n, _)| n).sum::<u64>();
        out::tell(&format!("habeas: {}: {} of {records} records mapped", path.display(), self.events));
        for (why, (count, at)) in &self.left {
            let at: Vec<String> = at.iter().map(u64::to_string).collect();
            let verb = if why.is_loss() { "not used" } else { "left out on purpose" };
            let (path, why, at) = (path.display(), why.word(), at.join(", "));
            out::tell(&format!("habeas: {path}: {count} {verb} ({why}), at byte {at}"));
        }
    }
}
