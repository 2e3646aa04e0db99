//! Examining an installation: whether its accounts balance, nothing is stuck, and nobody can read what they should not.
//!
//! Every finding says what to do. Changes nothing. A check that could not be made is a finding, never a pass.

use crate::app::App;
use crate::authority::System;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::config::staff::{Register, Role};
use crate::ledger::checkpoint::Pin;
use crate::requests::command::Effect;
use crate::requests::next::{self, Turn};
use crate::store::{Error, Reader};
use chrono::TimeDelta;
use serde::Serialize;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Entries that may wait for their checkpoint (threats, Numbers: 256 leaves).
const UNSIGNED_MOST: u64 = 256;
/// An effect that is due for so many hours is stuck.
const STUCK_HOURS: i64 = 24;
/// Most open requests looked through.
const REQUESTS_MOST: i64 = 1_000_000;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// To be put right.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its stable name.
    pub check: &'static str,
    /// How bad.
    pub grade: Grade,
    /// What was found.
    pub found: String,
    /// What to do; empty when all is well.
    pub advice: String,
}

fn good(check: &'static str, found: impl Into<String>) -> Finding {
    Finding { check, grade: Grade::Good, found: found.into(), advice: String::new() }
}

fn graded(check: &'static str, grade: Grade, found: impl Into<String>, advice: &str) -> Finding {
    Finding { check, grade, found: found.into(), advice: advice.to_owned() }
}

/// What can be examined without opening the store: settings, keys, staff, mail.
pub fn examine_files(config: &Config) -> Vec<Finding> {
    let mut findings = vec![good("settings", "habeas.toml is in order")];
    if config.organisation.rehearsal {
        let advice = "make another installation for real requests, without --rehearsal";
        findings.push(graded(
            "rehearsal",
            Grade::Warning,
            "this installation is for practice: its clock can be set",
            advice,
        ));
    }
    findings.extend(config.keys.all().into_iter().map(|(name, file)| key(name, &config.path(file))));
    findings.push(folder(&config.folder));
    findings.push(staff(config));
    findings.push(match config.transport() {
        Ok(_) => good("mail", "the way out for letters can be used"),
        Err(e) => {
            graded("mail", Grade::Bad, e.to_string(), "correct [mail] in habeas.toml; `habeas config check` tells more")
        }
    });
    findings
}

fn key(name: &str, path: &Path) -> Finding {
    let what = format!("the key `{name}` in `{}`", path.display());
    match fs::metadata(path).map(|m| m.permissions().mode() & 0o777) {
        Err(e) => graded("keys", Grade::Bad, format!("{what}: {e}"), "put the key back from its safe place"),
        Ok(mode) if mode & 0o077 != 0 => graded(
            "keys",
            Grade::Bad,
            format!("{what} can be read by others (mode {mode:03o})"),
            "run `chmod 0400` on it, and make new keys if somebody may have seen it",
        ),
        Ok(_) => good("keys", format!("{what} is its owner's alone")),
    }
}

fn folder(path: &Path) -> Finding {
    match fs::metadata(path).map(|m| m.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o077 == 0 => good("folder", "the installation's folder is its owner's alone"),
        Ok(mode) => graded(
            "folder",
            Grade::Warning,
            format!("the installation's folder can be entered by others (mode {mode:03o})"),
            "run `chmod 0700` on it: the database is sealed, its shape is not",
        ),
        Err(e) => graded("folder", Grade::Bad, format!("`{}`: {e}", path.display()), "look whether the disk is there"),
    }
}

fn staff(config: &Config) -> Finding {
    let register = match Register::load(&config.folder) {
        Ok(register) => register.0,
        Err(e) => return graded("staff", Grade::Bad, e.to_string(), "put staff.toml right, or back from a copy"),
    };
    let left: Vec<String> = register
        .keys()
        .filter(|id| super::make_installation::staff_key(&config.folder, id).exists())
        .map(ToString::to_string)
        .collect();
    let handlers = register.values().filter(|m| m.role != Role::Auditor).count();
    if handlers < 2 || !register.values().any(|m| m.role == Role::Dpo) {
        let advice = "register a second person: nothing is erased or released by one alone";
        return graded("staff", Grade::Warning, format!("{handlers} people can act"), advice);
    }
    if !left.is_empty() {
        let found = format!("keys still lie in `staff`: {}", left.join(", "));
        return graded("staff", Grade::Warning, found, "let each take their key to ~/.habeas, and delete it here");
    }
    good("staff", format!("{handlers} people can act, each with a key of their own"))
}

/// One look into the store.
type Check = fn(&mut Reader<'_>, Timestamp) -> Result<Finding, Error>;

/// What the open store tells: accounts, ledger, outbox, requests.
pub fn examine_store(app: &App, by: &System, now: Timestamp) -> Vec<Finding> {
    let mut findings = vec![good("store", "the database opens with the settings that keep what is acknowledged")];
    let checks: [(&'static str, Check); 4] =
        [("accounts", accounts), ("ledger", ledger), ("outbox", outbox), ("requests", requests)];
    for (name, check) in checks {
        let found = app.store.read(by, |r| check(r, now));
        findings.push(found.unwrap_or_else(|e| {
            graded(
                name,
                Grade::Bad,
                e.to_string(),
                "restore a backup beside, compare, and look for the cause before going on",
            )
        }));
    }
    findings.push(checkpoint(app, by));
    findings
}

/// I25: received is open plus closed, and each has its entry.
fn accounts(r: &mut Reader<'_>, _: Timestamp) -> Result<Finding, Error> {
    let c = r.counts()?;
    let sum = format!(
        "{} received = {} open + {} closed; {} entries say received",
        c.received, c.open, c.closed, c.received_entries
    );
    Ok(if c.balance() {
        good("accounts", sum)
    } else {
        graded(
            "accounts",
            Grade::Bad,
            format!("the accounts do not balance: {sum}"),
            "compare with a backup; something was removed or added past the program",
        )
    })
}

fn ledger(r: &mut Reader<'_>, _: Timestamp) -> Result<Finding, Error> {
    r.check_ledger()?;
    Ok(good("ledger", format!("{} entries agree with the head and the last checkpoint", r.entries()?.len())))
}

fn outbox(r: &mut Reader<'_>, now: Timestamp) -> Result<Finding, Error> {
    let waiting = r.waiting(None)?;
    let since = now.plus(TimeDelta::hours(-STUCK_HOURS)).unwrap_or(now);
    let is_stuck = |w: &&crate::store::Waiting| {
        matches!(w.effect, Effect::Send { .. })
            && w.not_before < since
            && w.leased_until.is_none_or(|until| until < now)
    };
    let stuck = waiting.iter().filter(is_stuck).count();
    let sends = waiting.iter().filter(|w| matches!(w.effect, Effect::Send { .. })).count();
    Ok(if stuck == 0 {
        good("outbox", format!("{sends} letters wait, none for longer than {STUCK_HOURS} hours"))
    } else {
        graded(
            "outbox",
            Grade::Bad,
            format!("{stuck} letters should have gone more than {STUCK_HOURS} hours ago"),
            "run `habeas requests work` from a timer, and see what it says of the mail server",
        )
    })
}

/// Every open request has somebody at it, and no date has passed.
fn requests(r: &mut Reader<'_>, now: Timestamp) -> Result<Finding, Error> {
    let waiting = r.waiting(None)?;
    let (mut idle, mut late) = (Vec::new(), 0);
    for row in r.requests(false, REQUESTS_MOST)? {
        let own = || waiting.iter().filter(|w| w.request == row.request.id);
        let unattended = |at: usize| {
            !own().any(|w| match &w.effect {
                Effect::Send { claim, .. } => *claim == at,
                Effect::Task { claim, what } => *claim == at && what.as_str() == "letter-failed",
                _ => false,
            })
        };
        let claims = row.request.claims.iter().enumerate();
        let of_worker = claims.filter(|(_, c)| next::of(&row.request, c).turn == Turn::Worker);
        if of_worker.map(|(at, _)| at).any(unattended) {
            idle.push(row.request.id.as_str().chars().take(8).collect::<String>());
        }
        late += usize::from(row.request.next_due().is_some_and(|d| now >= d.before));
    }
    Ok(match (idle.is_empty(), late) {
        (false, _) => graded(
            "requests",
            Grade::Bad,
            format!("nobody is at {}", idle.join(", ")),
            "send their answers by hand (`habeas requests letter`, `sent`)",
        ),
        (true, 0) => good("requests", "every open request has its next action, and no date has passed"),
        (true, late) => graded(
            "requests",
            Grade::Warning,
            format!("{late} requests are past a date"),
            "see `habeas requests list --within 0`",
        ),
    })
}

/// The last checkpoint is signed by our own key, and not too much came after it.
fn checkpoint(app: &App, by: &System) -> Finding {
    let advice = "run `habeas requests work`, which signs checkpoints, or `habeas ledger export`";
    let signer = match app.signer() {
        Ok(signer) => signer,
        Err(e) => {
            return graded("checkpoint", Grade::Bad, e.to_string(), "put the ledger's key back from its safe place");
        }
    };
    let read = app.store.read(by, |r| Ok((r.entries()?.len() as u64, r.checkpoints()?.pop())));
    let (entries, last) = match read {
        Ok((entries, Some(last))) => (entries, last),
        Ok((0, None)) => return good("checkpoint", "the ledger is empty"),
        Ok((entries, None)) => {
            return graded("checkpoint", Grade::Warning, format!("none was signed over {entries} entries"), advice);
        }
        Err(e) => return graded("checkpoint", Grade::Bad, e.to_string(), "look for the cause before going on"),
    };
    let key = signer.verifier();
    let pin = Pin { origin: key.name().to_owned(), key };
    match pin.open(&last) {
        Err(e) => graded(
            "checkpoint",
            Grade::Bad,
            e.to_string(),
            "the last checkpoint is not ours: compare with one kept elsewhere",
        ),
        Ok(held) if entries.saturating_sub(held.head.size) > UNSIGNED_MOST => graded(
            "checkpoint",
            Grade::Warning,
            format!("{} entries came after the last one", entries - held.head.size),
            advice,
        ),
        Ok(held) => good(
            "checkpoint",
            format!("the last one covers {} of {entries} entries and is signed by our key", held.head.size),
        ),
    }
}
