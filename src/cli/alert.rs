//! `habeas alert`: takes firings and findings to the systems that people watch.

use super::exit::{Exit, Failed};
use super::{complain, say};
use crate::alerts::staff::{PseudonymKey, SHORTEST_KEY_BYTES};
use crate::alerts::syslog::Host;
use crate::alerts::webhook::Secret;
use crate::alerts::{Alert, Level, Staff, digest};
use crate::clock::Clock;
use crate::connectors::alerts::{Courier, Pace, Sending, Spool, State, Target, Trust};
use crate::crypto::hash::Digest;
use crate::files::{self, FileError};
use crate::lang::words;
use crate::report::json;
use anyhow::anyhow;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Alerts read ahead of the spool.
const READ_AHEAD: usize = 1024;
/// Longest line of input (threats, Numbers: ingest line).
const LONGEST_LINE_BYTES: u64 = 1 << 20;
/// Largest report.
const LARGEST_REPORT_BYTES: u64 = 512 << 20;
/// Largest key, secret or file of certificates.
const LARGEST_KEY_BYTES: u64 = 1 << 20;

/// Send firings and findings to a SIEM, a webhook or a file, or write them up for a mailbox.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas events scan --rules rules/ --events access.ndjson --json | habeas alert send --to syslogs://siem.example.org:6514 --pseudonym-key staff.key
  habeas alert send --to https://hook.example.org/habeas --secret hook.secret --pseudonym-key staff.key firings.ndjson
  habeas alert send --report audit/report.json --to ocsf+file:///var/log/findings.ndjson --pseudonym-key staff.key
  habeas alert digest --pseudonym-key staff.key --lang zh-CN --out digest/ firings.ndjson
  habeas alert pseudonym --pseudonym-key staff.key u1042")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Send alerts; each arrives at least once, also when the receiver is down for a while.
    Send(SendArgs),
    /// Write a digest as text and HTML.
    Digest(DigestArgs),
    /// Print the pseudonyms of people, to find out whom an alert is about.
    Pseudonym(PseudonymArgs),
}

#[derive(clap::Args)]
pub(super) struct StaffArgs {
    /// File with the key for pseudonyms; made when it does not exist.
    #[arg(long, value_name = "FILE", required_unless_present = "reveal")]
    pub(super) pseudonym_key: Option<PathBuf>,
    /// Show who it is instead of pseudonyms.
    #[arg(long, conflicts_with = "pseudonym_key")]
    pub(super) reveal: bool,
    /// Field whose values name nobody and are shown as they are; may be given several times.
    #[arg(long, value_name = "FIELD")]
    pub(super) plain: Vec<String>,
    /// Leave out alerts below this level: informational, low, medium, high or critical.
    #[arg(long, value_name = "LEVEL", value_parser = level, default_value = "informational")]
    pub(super) at_least: Level,
    /// Level of rules that have none.
    #[arg(long, value_name = "LEVEL", value_parser = level, default_value = "medium")]
    pub(super) level: Level,
    /// Take the open findings of this report.json instead of firings.
    #[arg(long, value_name = "FILE", conflicts_with = "firings")]
    pub(super) report: Option<PathBuf>,
    /// Output of `habeas events scan --json`; `-` reads standard input.
    #[arg(default_value = "-")]
    pub(super) firings: PathBuf,
}

#[derive(clap::Args)]
pub(super) struct SendArgs {
    /// Where to: [cef+|ocsf+]syslog[s]://HOST[:PORT], [ocsf+]https://..., [cef+|ocsf+|syslog+]file:///PATH; may be given several times.
    #[arg(long, required = true, value_name = "PLACE")]
    pub(super) to: Vec<String>,
    /// File with the secret that signs webhooks: `whsec_` and base64.
    #[arg(long, value_name = "FILE")]
    pub(super) secret: Option<PathBuf>,
    /// PEM file of certificate authorities to trust instead of the public ones.
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
    /// Folder that keeps alerts until they are taken.
    #[arg(long, value_name = "DIR", default_value = "habeas-spool")]
    pub(super) spool: PathBuf,
    /// Most that waits for one place, in MiB; reading stops there until some is taken.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    pub(super) spool_limit: u64,
    /// Seconds to go on trying after the end of input while a place takes nothing.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(super) patience: u64,
    /// Name of this host in syslog messages. [default: none]
    #[arg(long, value_name = "NAME")]
    pub(super) hostname: Option<String>,
    #[command(flatten)]
    pub(super) staff: StaffArgs,
}

#[derive(clap::Args)]
struct DigestArgs {
    /// Folder to write digest.txt and digest.html to.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Language: en or zh-CN.
    #[arg(long, default_value = "en")]
    lang: String,
    #[command(flatten)]
    staff: StaffArgs,
}

#[derive(clap::Args)]
struct PseudonymArgs {
    /// File with the key for pseudonyms.
    #[arg(long, value_name = "FILE")]
    pseudonym_key: PathBuf,
    /// Values, e.g. the ids of people in the log.
    #[arg(required = true)]
    values: Vec<String>,
}

/// Reads a level.
pub(super) fn level(text: &str) -> Result<Level, String> {
    let known = || Level::ALL.map(Level::word).join(", ");
    Level::of_word(text).ok_or_else(|| format!("is none of {}", known()))
}

/// Runs `habeas alert`.
pub(super) fn run(args: Args) -> Result<Exit, Failed> {
    match args.command {
        Command::Send(args) => send(args),
        Command::Digest(args) => write_digest(&args),
        Command::Pseudonym(args) => {
            let key = existing_key(&args.pseudonym_key)?;
            args.values.iter().for_each(|v| say(&format!("{}  {v}", key.pseudonym(v))));
            Ok(Exit::Done)
        }
    }
}

fn send(args: SendArgs) -> Result<Exit, Failed> {
    let sending = sending(&args)?;
    let staff = staff(&args.staff)?;
    let mut couriers = couriers(&args, &sending)?;
    let input = alerts(args.staff, staff)?;
    let patience = Duration::from_secs(args.patience);
    let bad_input = deliver(&mut couriers, &sending, &input, patience)?;
    let mut exit = Exit::Done;
    for courier in &couriers {
        let (place, waiting) = (&courier.target().text, courier.waiting_bytes());
        if waiting > 0 {
            exit = Exit::Unreadable;
            complain(&anyhow!("{place}: {waiting} bytes of alerts wait in the spool; the next run sends them first"));
        }
        say(&format!("{place}: {} alert(s) taken", courier.taken()));
    }
    match bad_input {
        Some(failed) => Err(failed),
        None => Ok(exit),
    }
}

/// What sending needs besides the places.
pub(super) fn sending(args: &SendArgs) -> Result<Sending, Failed> {
    let secret = match &args.secret {
        None => None,
        Some(path) => {
            let text = private(path)?;
            let secret = Secret::parse(&String::from_utf8_lossy(&text));
            Some(secret.map_err(|e| Failed::bad_input(anyhow!("`{}`: {e}", path.display())))?)
        }
    };
    let pem = args.ca.as_ref().map(|path| files::read_limited(path, LARGEST_KEY_BYTES));
    let pem = pem.transpose().map_err(Failed::unreadable)?;
    let host = args.hostname.as_ref().map_or_else(|| Some(Host::unnamed()), |name| Host::new(name));
    Ok(Sending {
        host: host.ok_or_else(|| Failed::bad_input(anyhow!("--hostname takes 1 to 255 letters, digits and signs")))?,
        secret,
        trust: Trust::new(pem.as_deref()).map_err(Failed::bad_input)?,
        clock: Clock::Real,
    })
}

/// One courier per place, each with a folder of the spool named after it.
pub(super) fn couriers(args: &SendArgs, sending: &Sending) -> Result<Vec<Courier>, Failed> {
    let one = |text: &String| {
        let target = Target::parse(text).map_err(Failed::bad_input)?;
        target.check(sending).map_err(Failed::bad_input)?;
        let folder = args.spool.join(Digest::of(text.as_bytes()).short(16));
        let spool = Spool::open(&folder).map_err(Failed::unreadable)?;
        let name = folder.join("place");
        files::write_whole(&name, text.as_bytes()).map_err(Failed::unreadable)?;
        Ok(Courier::new(target, spool, args.spool_limit.saturating_mul(1 << 20), Pace::default()))
    };
    args.to.iter().map(one).collect()
}

/// What the reading thread hands over: an alert, or why reading ended early.
type Input = Result<Alert, Failed>;

/// Takes everything that comes to the couriers, until input has ended and nothing waits or patience has. A bad line ends
/// reading; what came before it is still delivered.
fn deliver(
    couriers: &mut [Courier],
    sending: &Sending,
    input: &Receiver<Input>,
    patience: Duration,
) -> Result<Option<Failed>, Failed> {
    let (mut open, mut bad_input) = (true, None);
    let mut since = Instant::now();
    loop {
        let now = Instant::now();
        let before: u64 = couriers.iter().map(Courier::taken).sum();
        let next = visit(&mut *couriers, sending, now)?;
        let moved = couriers.iter().map(Courier::taken).sum::<u64>() > before;
        if open || moved {
            since = Instant::now();
        }
        if !open && (next.is_none() || since.elapsed() >= patience) {
            return Ok(bad_input);
        }
        // With nothing waiting, only input can bring news; its end does too.
        let wait = next.map_or(Duration::from_secs(3600), |due| due.saturating_duration_since(Instant::now()));
        if open && couriers.iter().all(Courier::has_room) {
            match gather(input, wait) {
                (alerts, None) => accept(couriers, &alerts)?,
                (alerts, Some(end)) => {
                    accept(couriers, &alerts)?;
                    (open, bad_input, since) = (false, end.err(), Instant::now());
                }
            }
        } else {
            std::thread::sleep(wait.min(patience.saturating_sub(since.elapsed()).max(Duration::from_millis(1))));
        }
    }
}

fn accept(couriers: &mut [Courier], alerts: &[Alert]) -> Result<(), Failed> {
    couriers.iter_mut().try_for_each(|c| c.put(alerts)).map_err(Failed::unreadable)
}

/// Lets every courier send; says when the first of those that wait has to be visited again.
pub(super) fn visit<'c>(
    couriers: impl IntoIterator<Item = &'c mut Courier>,
    sending: &Sending,
    now: Instant,
) -> Result<Option<Instant>, Failed> {
    let mut next: Option<Instant> = None;
    for courier in couriers {
        match courier.visit(sending, now, chance()?).map_err(Failed::unreadable)? {
            State::Idle => {}
            State::Waits(due, error) => {
                if let Some(error) = error {
                    complain(&anyhow::Error::new(error).context(courier.target().text.clone()));
                }
                next = Some(next.map_or(due, |n| n.min(due)));
            }
        }
    }
    Ok(next)
}

/// What has come within `wait`: the first alert and those right behind it; then, when input ended, how.
fn gather(input: &Receiver<Input>, wait: Duration) -> (Vec<Alert>, Option<Result<(), Failed>>) {
    let mut alerts = Vec::new();
    let mut next = match input.recv_timeout(wait) {
        Ok(read) => read,
        Err(RecvTimeoutError::Timeout) => return (alerts, None),
        Err(RecvTimeoutError::Disconnected) => return (alerts, Some(Ok(()))),
    };
    loop {
        match next {
            Ok(alert) => alerts.push(alert),
            Err(failed) => return (alerts, Some(Err(failed))),
        }
        next = match input.try_recv() {
            Ok(read) if alerts.len() < READ_AHEAD => read,
            Ok(Ok(alert)) => {
                alerts.push(alert);
                return (alerts, None);
            }
            Ok(Err(failed)) => return (alerts, Some(Err(failed))),
            Err(_) => return (alerts, None),
        };
    }
}

fn chance() -> Result<u32, Failed> {
    getrandom::u32().map_err(|e| Failed::internal(anyhow!("the system gives no random numbers: {e}")))
}

/// Reads alerts on a thread of its own, so that sending goes on while input is silent.
fn alerts(args: StaffArgs, staff: Staff) -> Result<Receiver<Input>, Failed> {
    let (sender, receiver) = sync_channel(READ_AHEAD);
    if let Some(path) = &args.report {
        let bytes = files::read_limited(path, LARGEST_REPORT_BYTES).map_err(Failed::unreadable)?;
        let report = json::read(&bytes).map_err(Failed::bad_input)?;
        let all = Alert::of_report(&report, &staff);
        std::thread::spawn(move || {
            let fits = all.into_iter().filter(|a| a.level >= args.at_least);
            fits.map(Ok).all(|a| sender.send(a).is_ok())
        });
        return Ok(receiver);
    }
    let input: Box<dyn Read + Send> = if args.firings == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let failed = |e| Failed::unreadable(FileError::new("read", &args.firings, e));
        Box::new(std::fs::File::open(&args.firings).map_err(failed)?)
    };
    std::thread::spawn(move || read_lines(input, &args, &staff, &sender));
    Ok(receiver)
}

fn read_lines(input: Box<dyn Read + Send>, args: &StaffArgs, staff: &Staff, sender: &SyncSender<Input>) {
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = (&mut input).take(LONGEST_LINE_BYTES).read_until(b'\n', &mut line);
        let alert = match read {
            Ok(0) => return,
            Ok(_) if line.trim_ascii().is_empty() => continue,
            Ok(_) => {
                Alert::of_firing(&String::from_utf8_lossy(&line), number, staff, args.level).map_err(Failed::bad_input)
            }
            Err(e) => Err(Failed::unreadable(anyhow!(e).context("could not read the firings"))),
        };
        let last = alert.is_err();
        let wanted = alert.as_ref().map_or(true, |a| a.level >= args.at_least);
        if (wanted && sender.send(alert).is_err()) || last {
            return;
        }
    }
}

fn write_digest(args: &DigestArgs) -> Result<Exit, Failed> {
    let words = words::of(&args.lang).map_err(Failed::bad_input)?;
    let staff_args = StaffArgs {
        pseudonym_key: args.staff.pseudonym_key.clone(),
        plain: args.staff.plain.clone(),
        report: args.staff.report.clone(),
        firings: args.staff.firings.clone(),
        ..args.staff
    };
    let staff = staff(&args.staff)?;
    let all: Vec<Alert> = alerts(staff_args, staff)?.into_iter().collect::<Result<_, _>>()?;
    let Some(digest) = digest::digest(&all, words) else {
        complain(&anyhow!("there is nothing to tell; no digest was written"));
        return Ok(Exit::Done);
    };
    files::create_folder(&args.out).map_err(Failed::unreadable)?;
    for (name, text) in [("digest.txt", &digest.text), ("digest.html", &digest.html)] {
        files::write_whole(&args.out.join(name), text.as_bytes()).map_err(Failed::unreadable)?;
    }
    say(&digest.subject);
    Ok(Exit::Done)
}

/// How staff are shown.
pub(super) fn staff(args: &StaffArgs) -> Result<Staff, Failed> {
    let Some(path) = &args.pseudonym_key else { return Ok(Staff::Revealed) };
    if !path.exists() {
        make_key(path)?;
    }
    Ok(Staff::Pseudonyms { key: existing_key(path)?, plain: args.plain.iter().cloned().collect() })
}

fn existing_key(path: &Path) -> Result<PseudonymKey, Failed> {
    let text = private(path)?;
    let bytes = hex::decode(text.trim_ascii())
        .map_err(|_| Failed::bad_input(anyhow!("the key in `{}` is not hexadecimal", path.display())))?;
    PseudonymKey::new(&bytes).map_err(|e| Failed::bad_input(anyhow!("`{}`: {e}", path.display())))
}

/// A new key, readable by its owner alone; never over another one.
fn make_key(path: &Path) -> Result<(), Failed> {
    let mut bytes = [0; SHORTEST_KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|e| Failed::internal(anyhow!("the system gives no random numbers: {e}")))?;
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = |mut file: std::fs::File| {
        file.write_all(format!("{}\n", hex::encode(bytes)).as_bytes())?;
        file.sync_all()
    };
    let failed = |e| Failed::unreadable(FileError::new("write", path, e));
    options.open(path).and_then(write).map_err(failed)
}

/// A file that only its owner may read: others who can read it could undo every pseudonym, or sign as we do.
fn private(path: &Path) -> Result<Vec<u8>, Failed> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode =
            path.metadata().map_err(|e| Failed::unreadable(FileError::new("read", path, e)))?.permissions().mode();
        if mode & 0o077 != 0 {
            let shown = path.display();
            return Err(Failed::bad_input(anyhow!("`{shown}` can be read by others; run `chmod 600 {shown}`")));
        }
    }
    files::read_limited(path, LARGEST_KEY_BYTES).map_err(Failed::unreadable)
}
