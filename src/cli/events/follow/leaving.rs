//! Where firings leave to, each once: standard output and the places of alerts.
//!
//! Each way out notes the number of the last firing that left. What left and was not noted, because the process was ended in
//! between, is recognised where it arrived: at the end of the file, or of the spool.

use crate::alerts::{Alert, Level, Staff};
use crate::cli::alert;
use crate::cli::events::scan::Reading;
use crate::cli::exit::Failed;
use crate::connectors::alerts::{Courier, Sending};
use crate::crypto::hash::Digest;
use crate::events::output::Lines;
use crate::events::plan::Plan;
use crate::files;
use crate::flows::follow_events::Numbered;
use anyhow::anyhow;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A way out's note: the number of the last firing that left, and how long the file was then.
struct Note {
    path: PathBuf,
    number: u64,
    length: u64,
}

impl Note {
    fn open(state: &Path, name: &str) -> Self {
        let path = state.join(format!("left-{name}"));
        let text = files::read_limited(&path, 64).map(|t| String::from_utf8_lossy(&t).into_owned()).unwrap_or_default();
        let mut numbers = text.split_whitespace().map(|w| w.parse().unwrap_or(0));
        let (number, length) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        Self { path, number, length }
    }

    fn write(&mut self, number: u64, length: u64) -> Result<(), Failed> {
        files::write_whole(&self.path, format!("{number} {length}\n").as_bytes()).map_err(Failed::unreadable)?;
        (self.number, self.length) = (number, length);
        Ok(())
    }

    fn news<'f>(&self, fired: &'f [Numbered]) -> impl Iterator<Item = &'f Numbered> {
        let number = self.number;
        fired.iter().filter(move |f| f.number > number)
    }
}

/// Standard output.
pub(super) struct Screen<'p> {
    note: Note,
    json: bool,
    lines: Lines,
    plan: &'p Plan,
    /// Standard output once more, when it is a file: to tell its length.
    file: Option<File>,
}

impl<'p> Screen<'p> {
    pub(super) fn open(state: &Path, json: bool, lines: Lines, plan: &'p Plan) -> Result<Self, Failed> {
        let own = std::io::stdout().as_fd().try_clone_to_owned().map(File::from);
        let own = own.map_err(|e| Failed::unreadable(anyhow!(e).context("could not use standard output")))?;
        let file = Some(own).filter(|f| f.metadata().is_ok_and(|m| m.is_file()));
        let mut screen = Self { note: Note::open(state, "printed"), json, lines, plan, file };
        if !screen.note.path.exists() {
            // What stands in the file already is not what this state printed.
            let length = screen.length();
            screen.note.write(0, length)?;
        }
        Ok(screen)
    }

    pub(super) fn print(&mut self, fired: &[Numbered], again: bool) -> Result<Reading, Failed> {
        let mut text = String::new();
        let mut last = None;
        for Numbered { number, firing } in self.note.news(fired) {
            if self.json {
                self.lines.write(firing, &mut text);
            } else {
                self.lines.write_plain(firing, self.plan.title(firing.rule), &mut text);
            }
            last = Some(*number);
        }
        let Some(last) = last else { return Ok(Reading::On) };
        let there = if again { self.there(&text) } else { 0 };
        let mut out = std::io::stdout().lock();
        let rest = text.as_bytes().get(there..).unwrap_or_default();
        let written = files::write_at("follow::print", &mut out, rest).and_then(|()| out.flush());
        match written {
            Err(e) if e.kind() == ErrorKind::BrokenPipe => return Ok(Reading::Stopped),
            Err(e) => return Err(Failed::unreadable(anyhow!(e).context("could not write the firings"))),
            Ok(()) => {}
        }
        files::point("follow::after-print");
        let length = self.length();
        self.note.write(last, length)?;
        Ok(Reading::On)
    }

    fn length(&self) -> u64 {
        self.file.as_ref().and_then(|f| f.metadata().ok()).map_or(0, |m| m.len())
    }

    /// How much of `text` stands at the end of the file already.
    fn there(&self, text: &str) -> usize {
        if self.length() <= self.note.length {
            return 0;
        }
        // Standard output is open for writing only; the same file can be opened by its number for reading.
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = File::open("/proc/self/fd/1")?;
            file.seek(SeekFrom::Start(self.note.length))?;
            let mut end = Vec::new();
            file.take(text.len() as u64 + 1).read_to_end(&mut end)?;
            Ok(end)
        };
        read().ok().filter(|end| text.as_bytes().starts_with(end)).map_or(0, |end| end.len())
    }
}

/// The places of alerts, each with its spool.
pub(super) struct Couriers {
    all: Vec<(Courier, Note)>,
    sending: Sending,
    staff: Staff,
    lines: Lines,
    at_least: Level,
    level: Level,
}

impl Couriers {
    pub(super) fn open(
        state: &Path,
        couriers: Vec<Courier>,
        sending: Sending,
        (staff, lines): (Staff, Lines),
        (at_least, level): (Level, Level),
    ) -> Self {
        let note = |c: &Courier| Note::open(state, &Digest::of(c.target().text.as_bytes()).short(16));
        let all = couriers
            .into_iter()
            .map(|c| {
                let n = note(&c);
                (c, n)
            })
            .collect();
        Self { all, sending, staff, lines, at_least, level }
    }

    pub(super) fn has_room(&self) -> bool {
        self.all.iter().all(|(c, _)| c.has_room())
    }

    /// Puts what fired into the spools. Nothing is sent before that is noted.
    pub(super) fn take(&mut self, fired: &[Numbered], again: bool) -> Result<(), Failed> {
        let Self { all, staff, lines, at_least, level, .. } = self;
        for (courier, note) in all {
            let (mut alerts, mut last) = (Vec::new(), None);
            for Numbered { number, firing } in note.news(fired) {
                let mut line = String::new();
                lines.write(firing, &mut line);
                let alert = Alert::of_firing(&line, *number, staff, *level).map_err(Failed::internal)?;
                alerts.extend(Some(alert).filter(|a| a.level >= *at_least));
                last = Some(*number);
            }
            let Some(last) = last else { continue };
            let put = if again { courier.put_rest(&alerts) } else { courier.put(&alerts) };
            put.map_err(Failed::unreadable)?;
            note.write(last, 0)?;
        }
        Ok(())
    }

    pub(super) fn visit(&mut self) -> Result<(), Failed> {
        let couriers = self.all.iter_mut().map(|(c, _)| c);
        alert::visit(couriers, &self.sending, Instant::now()).map(|_| ())
    }
}
