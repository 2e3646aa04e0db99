//! `habeas events follow`: rules over a log as it is written, through rotation and crashes.

mod leaving;

use super::rules::{RuleArgs, all, lateness_ms, seed};
use super::scan::Reading;
use crate::alerts::Level;
use crate::cli::alert::{self, SendArgs, StaffArgs};
use crate::cli::complain;
use crate::cli::exit::{Exit, Failed};
use crate::clock::Clock;
use crate::connectors::logs::tail::{News, Position, Tail};
use crate::events::output::Lines;
use crate::flows::follow_events::{FollowError, Follower, Following, Numbered};
use anyhow::anyhow;
use leaving::{Couriers, Screen};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// How long to wait before looking again for news.
const PAUSE: Duration = Duration::from_millis(100);
/// Longest time between two checkpoints while lines come.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);
/// How much is read from a pipe at a time.
const PIECE_BYTES: usize = 1 << 16;

/// Run rules over a log as it is written, and tell every firing once, also after a crash.
#[derive(clap::Args)]
#[command(
    after_help = "Rules on single events fire within a second. Windows wait for --lateness, in the time of the log: a firing is
told when an event that much later has come. With --lateness 0 the next later event is enough; with --idle time also passes
by the clock when nothing comes. What then comes with an earlier time meets rules on single events only.

Files are followed through rotation: renamed and made anew, copied and truncated, the old part compressed; the first part
read is the one there at the first start. State and what was read but not yet told are in --state: started again with the same
folder, it goes on where it was ended, by whatever. Lines printed are exact after a crash if standard output is a file
(`>> firings.ndjson`); into a pipe, those printed in the instant of the crash may come again.

Examples:
  habeas events follow --rules rules/ --events /var/log/crm/access.ndjson --state /var/lib/habeas/crm --json >> firings.ndjson
  habeas events follow --rules rules/ --events access.ndjson --state state --lateness 10s --idle 30s --to syslogs://siem.example.org:6514 --pseudonym-key staff.key
  journalctl -f -o json | habeas events follow --rules rules/ --events - --state state --json"
)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// Log of one JSON object a line; `-` reads standard input to its end.
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// Folder for the state.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// How far an event may lie behind the latest one and still count in windows, which wait for it.
    #[arg(long, default_value = "5m", value_name = "TIME")]
    lateness: String,
    /// After so long without lines let time pass by the clock. [default: never]
    #[arg(long, value_name = "TIME")]
    idle: Option<String>,
    /// Read what is there, and end.
    #[arg(long)]
    once: bool,
    /// Print one JSON object per firing.
    #[arg(long)]
    json: bool,
    /// Where to send alerts, as `habeas alert send` takes it; may be given several times. Then nothing is printed without --json.
    #[arg(long, value_name = "PLACE", requires = "whose")]
    to: Vec<String>,
    /// File with the secret that signs webhooks: `whsec_` and base64.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// PEM file of certificate authorities to trust instead of the public ones.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Most that waits for one place, in MiB; reading stops there until some is taken.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    spool_limit: u64,
    /// Name of this host in syslog messages. [default: none]
    #[arg(long, value_name = "NAME")]
    hostname: Option<String>,
    /// File with the key for pseudonyms in alerts; made when it does not exist.
    #[arg(long, value_name = "FILE", group = "whose")]
    pseudonym_key: Option<PathBuf>,
    /// Show in alerts who it is instead of pseudonyms.
    #[arg(long, group = "whose")]
    reveal: bool,
    /// Field whose values name nobody and are shown in alerts as they are; may be given several times.
    #[arg(long, value_name = "FIELD")]
    plain: Vec<String>,
    /// Leave out alerts below this level.
    #[arg(long, value_name = "LEVEL", value_parser = alert::level, default_value = "informational")]
    at_least: Level,
    /// Level of rules that have none.
    #[arg(long, value_name = "LEVEL", value_parser = alert::level, default_value = "medium")]
    level: Level,
}

pub(super) fn run(args: Args) -> Result<Exit, Failed> {
    let context = args.rules.context()?;
    let mut setup = args.rules.setup()?;
    setup.tables = context.digest().to_string();
    setup.lateness_ms = lateness_ms(&args.lateness)?;
    let plan = setup.plan().map_err(|errors| Failed::bad_input(all(&errors)))?;
    let idle_ms = args.idle.as_deref().map(lateness_ms).transpose()?;
    let following = Following { plan: &plan, context: &context, setup: &setup, seed: seed()? };
    let lines = Lines::new(&plan, &[args.events.display().to_string()]);
    let (follower, again) = Follower::open(&following, &args.state).map_err(failed)?;
    let screen = (args.json || args.to.is_empty()).then(|| Screen::open(&args.state, args.json, lines, &plan));
    let send = send_args(&args);
    let staff = if send.to.is_empty() { None } else { Some(alert::staff(&send.staff)?) };
    let sending = alert::sending(&send)?;
    let level = send.staff.level;
    let couriers = alert::couriers(&send, &sending)?;
    let names = Lines::new(&plan, &[args.events.display().to_string()]);
    let couriers =
        staff.map(|staff| Couriers::open(&args.state, couriers, sending, (staff, names), (args.at_least, level)));
    let mut run = Run { follower, screen: screen.transpose()?, couriers, idle_ms, checkpointed: Instant::now() };
    if run.leave(&again, true)? == Reading::Stopped {
        return Ok(Exit::Done);
    }
    if args.events == Path::new("-") { run.pipe() } else { run.file(&args.events, args.once) }
}

fn failed(error: FollowError) -> Failed {
    match error {
        FollowError::Other { .. } => Failed::bad_input(error),
        FollowError::File(_) | FollowError::Busy(_) | FollowError::Damaged { .. } => Failed::unreadable(error),
    }
}

/// The same arguments as those of `alert send`, with the spool in the state's folder.
fn send_args(args: &Args) -> SendArgs {
    let staff = StaffArgs {
        pseudonym_key: args.pseudonym_key.clone(),
        reveal: args.reveal,
        plain: args.plain.clone(),
        at_least: args.at_least,
        level: args.level,
        report: None,
        firings: PathBuf::new(),
    };
    SendArgs {
        to: args.to.clone(),
        secret: args.secret.clone(),
        ca: args.ca.clone(),
        spool: args.state.join("spool"),
        spool_limit: args.spool_limit,
        patience: 0,
        hostname: args.hostname.clone(),
        staff,
    }
}

struct Run<'p> {
    follower: Follower<'p>,
    screen: Option<Screen<'p>>,
    couriers: Option<Couriers>,
    idle_ms: Option<i64>,
    checkpointed: Instant,
}

impl Run<'_> {
    /// Follows a file for good, or to the end of what is there.
    fn file(&mut self, path: &Path, once: bool) -> Result<Exit, Failed> {
        let unreadable = |e: std::io::Error| {
            Failed::unreadable(anyhow!(e).context(format!("could not follow `{}`", path.display())))
        };
        let position = self.follower.position().clone();
        let begun = self.follower.sight().tally.lines > 0 || position != Position::default();
        let tail = if begun { Tail::resume(path, &position) } else { Tail::new(path) };
        let mut tail = tail.map_err(unreadable)?;
        if !begun {
            // So that the part there now is known again if it is moved away before a line of it was read.
            self.follower.push(Vec::new(), tail.position()).map_err(failed)?;
        }
        let mut heard = Instant::now();
        let mut quiet_since = Instant::now();
        loop {
            let has_room = self.has_room();
            let news = if has_room { tail.news().map_err(unreadable)? } else { News::Nothing };
            tail.lost().iter().for_each(|what| complain(&anyhow!("{what}")));
            let fired = match news {
                News::Lines(lines, next) => self.follower.push(lines, next),
                News::Skipped(bytes, first, next) => self.follower.skip(bytes, first, next),
                News::Nothing => {
                    // A rotation under way has to come to its end before nothing means nothing, however slow this machine is.
                    let is_all = has_room && !tail.is_turning();
                    if once && is_all && quiet_since.elapsed() > crate::connectors::logs::tail::GRACE * 2 {
                        return self.end();
                    }
                    self.idle(&mut heard)?;
                    self.visit()?;
                    std::thread::sleep(PAUSE);
                    continue;
                }
            };
            (heard, quiet_since) = (Instant::now(), Instant::now());
            if self.leave(&fired.map_err(failed)?, false)? == Reading::Stopped {
                return Ok(Exit::Done);
            }
            self.checkpoint_if_due()?;
        }
    }

    /// Reads standard input to its end; then nothing waits any more.
    fn pipe(&mut self) -> Result<Exit, Failed> {
        let input = pieces();
        let mut heard = Instant::now();
        let mut cut = Cut::default();
        loop {
            let piece = if self.has_room() { input.recv_timeout(PAUSE) } else { Err(RecvTimeoutError::Timeout) };
            let ended = matches!(piece, Err(RecvTimeoutError::Disconnected));
            let news = match piece {
                Ok(read) => {
                    cut.add(&read.map_err(|e| Failed::unreadable(anyhow!(e).context("could not read standard input")))?)
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.idle(&mut heard)?;
                    self.visit()?;
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => cut.end(),
            };
            heard = Instant::now();
            for one in news {
                let fired = match one {
                    News::Lines(lines, next) => self.follower.push(lines, next),
                    News::Skipped(bytes, first, next) => self.follower.skip(bytes, first, next),
                    News::Nothing => continue,
                };
                if self.leave(&fired.map_err(failed)?, false)? == Reading::Stopped {
                    return Ok(Exit::Done);
                }
            }
            if ended {
                let fired = self.follower.pass_all().map_err(failed)?;
                self.leave(&fired, false)?;
                return self.end();
            }
            self.checkpoint_if_due()?;
        }
    }

    fn has_room(&self) -> bool {
        self.couriers.as_ref().is_none_or(Couriers::has_room)
    }

    /// Lets time pass by the clock when nothing has come for long.
    fn idle(&mut self, heard: &mut Instant) -> Result<(), Failed> {
        let Some(idle_ms) = self.idle_ms else { return Ok(()) };
        // Before the first event nobody knows when the log is.
        let is_early = heard.elapsed() < Duration::from_millis(idle_ms.unsigned_abs());
        if is_early || self.follower.sight().tally.events == 0 {
            return Ok(());
        }
        // Not at every look, or a quiet night would fill the state with the passing of time.
        *heard = Instant::now();
        let now = Clock::Real.now().millis();
        let fired = self.follower.pass(now.saturating_sub(idle_ms)).map_err(failed)?;
        self.leave(&fired, false).map(|_| ())
    }

    /// Passes firings on; `again` when an earlier run may have passed some of them on already.
    fn leave(&mut self, fired: &[Numbered], again: bool) -> Result<Reading, Failed> {
        if let Some(couriers) = &mut self.couriers {
            couriers.take(fired, again)?;
        }
        let reading = match &mut self.screen {
            Some(screen) => screen.print(fired, again)?,
            None => Reading::On,
        };
        if !fired.is_empty() {
            self.visit()?;
        }
        Ok(reading)
    }

    fn visit(&mut self) -> Result<(), Failed> {
        self.couriers.as_mut().map_or(Ok(()), Couriers::visit)
    }

    fn checkpoint_if_due(&mut self) -> Result<(), Failed> {
        if self.follower.is_checkpoint_due() || self.checkpointed.elapsed() > CHECKPOINT_EVERY {
            self.follower.checkpoint().map_err(failed)?;
            self.checkpointed = Instant::now();
        }
        Ok(())
    }

    fn end(&mut self) -> Result<Exit, Failed> {
        self.visit()?;
        self.follower.checkpoint().map_err(failed)?;
        let sight = self.follower.sight();
        let bad = sight.tally.bad_lines();
        if bad > 0 {
            complain(&anyhow!("{bad} of {} lines not used", sight.tally.lines));
        }
        if sight.tally.doubles > 0 {
            complain(&anyhow!("{} lines have the id of one before them; only the first counts", sight.tally.doubles));
        }
        if sight.late > 0 {
            complain(&anyhow!("{} events came later than --lateness allows; windows did not count them", sight.late));
        }
        Ok(Exit::Done)
    }
}

/// Standard input, read on a thread of its own, so that sending goes on while it is silent.
fn pieces() -> Receiver<std::io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(16);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = match input.read(&mut piece) {
                Ok(0) => return,
                Ok(n) => Ok(piece.get(..n).unwrap_or_default().to_vec()),
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => Err(e),
            };
            let failed = read.is_err();
            if sender.send(read).is_err() || failed {
                return;
            }
        }
    });
    receiver
}

/// Cuts what comes through a pipe into whole lines.
#[derive(Default)]
struct Cut {
    carry: Vec<u8>,
    skipping: bool,
}

impl Cut {
    fn add(&mut self, piece: &[u8]) -> Vec<News> {
        let mut news = Vec::new();
        self.carry.extend_from_slice(piece);
        if self.skipping {
            let end = memchr::memchr(b'\n', &self.carry).map(|at| at + 1);
            news.push(self.skip(end));
        }
        if let Some(last) = memchr::memrchr(b'\n', &self.carry) {
            let rest = self.carry.split_off(last + 1);
            news.push(News::Lines(std::mem::replace(&mut self.carry, rest), Position::default()));
        }
        if self.carry.len() > crate::events::matching::LONGEST_LINE_BYTES {
            news.push(self.skip(None));
        }
        news
    }

    fn skip(&mut self, end: Option<usize>) -> News {
        let first = !self.skipping;
        let rest = self.carry.split_off(end.unwrap_or(self.carry.len()));
        let passed = std::mem::replace(&mut self.carry, rest).len() as u64;
        self.skipping = end.is_none();
        News::Skipped(passed, first, Position::default())
    }

    /// What is left: a last line without its end.
    fn end(&mut self) -> Vec<News> {
        let rest = std::mem::take(&mut self.carry);
        if rest.is_empty() { Vec::new() } else { vec![News::Lines(rest, Position::default())] }
    }
}
