//! Takes what is in a spool to its place, and waits longer after every failure.

use super::{SendError, Sending, Spool, SpoolError, Target};
use crate::alerts::Alert;
use std::time::{Duration, Instant};

/// Alerts sent at once.
const BATCH: usize = 256;

/// How long to wait after failures.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// After the first failure.
    pub first: Duration,
    /// At most.
    pub longest: Duration,
}

impl Default for Pace {
    /// 1 s, 2 s, 4 s ... 5 min.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(300) }
    }
}

impl Pace {
    /// The wait before the next try: a part of `first * 2^(failures-1)`, at most `longest`, chosen by `chance` (full jitter),
    /// but at least a tenth of `first`, so that a broken receiver is never hammered.
    fn wait(&self, failures: u32, chance: u32) -> Duration {
        let doubled = self.first.saturating_mul(1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
        let most = doubled.min(self.longest);
        most.mul_f64(f64::from(chance) / f64::from(u32::MAX)).max(self.first / 10)
    }
}

/// What one visit left behind.
#[derive(Debug)]
pub enum State {
    /// Everything was taken.
    Idle,
    /// Something waits until then; the reason, when a try has just failed.
    Waits(Instant, Option<SendError>),
}

/// One place, its spool, and how it went so far.
#[derive(Debug)]
pub struct Courier {
    target: Target,
    spool: Spool,
    limit_bytes: u64,
    pace: Pace,
    failures: u32,
    due: Option<Instant>,
    taken: u64,
    /// Whether an earlier run may have sent what waits and been ended before it noted so.
    unsure: bool,
}

impl Courier {
    /// The courier for `target`; `spool` may hold what an earlier run left and may grow to `limit_bytes`.
    pub fn new(target: Target, spool: Spool, limit_bytes: u64, pace: Pace) -> Self {
        let unsure = spool.waiting_bytes() > 0;
        Self { target, spool, limit_bytes, pace, failures: 0, due: None, taken: 0, unsure }
    }

    /// The place.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// Whether there is room for more.
    pub const fn has_room(&self) -> bool {
        self.spool.size_bytes() < self.limit_bytes
    }

    /// Alerts taken since this courier began.
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Bytes that wait.
    pub const fn waiting_bytes(&self) -> u64 {
        self.spool.waiting_bytes()
    }

    /// Accepts `alerts`; when this returns, they are not lost any more.
    pub fn put(&mut self, alerts: &[Alert]) -> Result<(), SpoolError> {
        if alerts.is_empty() { Ok(()) } else { self.spool.put(alerts) }
    }

    /// Accepts those of `alerts` that an earlier run, ended before it could note so, did not accept already.
    pub fn put_rest(&mut self, alerts: &[Alert]) -> Result<(), SpoolError> {
        let waiting: Vec<String> = self.spool.next(usize::MAX)?.into_iter().map(|(a, _)| a.id).collect();
        let ids: Vec<&str> = alerts.iter().map(|a| a.id.as_str()).collect();
        let is_end =
            |n: &usize| waiting.len() >= *n && waiting.iter().rev().zip(ids.iter().take(*n).rev()).all(|(a, b)| a == b);
        let there = (0..=ids.len()).rev().find(is_end).unwrap_or(0);
        self.put(alerts.get(there..).unwrap_or_default())
    }

    /// Sends what waits, unless it is not yet time to try again; `chance` spreads the next try.
    pub fn visit(&mut self, sending: &Sending, now: Instant, chance: u32) -> Result<State, SpoolError> {
        if let Some(due) = self.due.filter(|due| now < *due) {
            return Ok(State::Waits(due, None));
        }
        self.due = None;
        while self.spool.waiting_bytes() > 0 {
            let batch = self.spool.next(BATCH)?;
            let (alerts, ends): (Vec<Alert>, Vec<u64>) = batch.into_iter().unzip();
            let (count, failed) = self.send(&alerts, sending);
            if let Some(end) = count.checked_sub(1).and_then(|n| ends.get(n)) {
                self.spool.taken(*end)?;
                self.taken += count as u64;
                self.failures = 0;
            }
            if let Some(error) = failed {
                return Ok(State::Waits(self.put_off(&error, now, chance), Some(error)));
            }
        }
        Ok(State::Idle)
    }

    fn send(&mut self, alerts: &[Alert], sending: &Sending) -> (usize, Option<SendError>) {
        let mut there = 0;
        if self.unsure {
            there = match self.target.has_already(alerts, sending) {
                Ok(count) => count,
                Err(error) => return (0, Some(error)),
            };
        }
        let (count, failed) = self.target.send(alerts.get(there..).unwrap_or_default(), sending);
        self.unsure &= failed.is_some();
        (there + count, failed)
    }

    fn put_off(&mut self, error: &SendError, now: Instant, chance: u32) -> Instant {
        self.failures = self.failures.saturating_add(1);
        let asked = match error {
            SendError::Refused { retry_after_s: Some(s), .. } => Duration::from_secs(*s),
            _ => Duration::ZERO,
        };
        let due = now + self.pace.wait(self.failures, chance).max(asked);
        self.due = Some(due);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_never_vanish() {
        let pace = Pace::default();
        for (failures, longest_s) in [(1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (40, 300), (u32::MAX, 300)] {
            assert_eq!(pace.wait(failures, u32::MAX), Duration::from_secs(longest_s), "{failures}");
            assert_eq!(pace.wait(failures, 0), Duration::from_millis(100), "{failures}");
        }
    }
}
