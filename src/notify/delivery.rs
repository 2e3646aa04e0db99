//! What becomes of a notice: a pure state machine. It sends nothing and reads no clock; time and chance are arguments.
//!
//! INVARIANT (I19, T57): before a notice's due date it is delivered or a person has a task. A mail that a server took over
//! counts as delivered only after a time without a bounce, or when its arrival is confirmed.

use crate::clock::Timestamp;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// What may be chosen. The defaults are the project's numbers: 8 tries over 24 hours with full jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Tries before a person is asked.
    pub tries_most: u32,
    /// Longest first pause; each further one may be twice as long.
    pub first_pause_minutes: i64,
    /// Longest time from the first try to the last.
    pub tries_hours: i64,
    /// So long after it was taken over a mail without a bounce counts as delivered.
    pub quiet_hours: i64,
    /// So long before the due date a person is asked if the notice is not delivered.
    pub lead_hours: i64,
    /// A mail in doubt is sent again so many times; more would be duplicates.
    pub doubts_most: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            tries_most: 8,
            first_pause_minutes: 11,
            tries_hours: 24,
            quiet_hours: 24,
            lead_hours: 48,
            doubts_most: 1,
        }
    }
}

/// Where a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Waits for its next try.
    Queued {
        /// When it may be tried.
        next_at: Timestamp,
    },
    /// Is being handed over.
    Sent {
        /// Since when.
        at: Timestamp,
    },
    /// A server took it over.
    Accepted {
        /// When.
        at: Timestamp,
    },
    /// Arrived.
    Delivered {
        /// When that was known.
        at: Timestamp,
        /// How it is known.
        by: Proof,
    },
    /// Came back, or was refused for good.
    Bounced {
        /// When.
        at: Timestamp,
    },
}

/// How delivery is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// A server reported it (RFC 3464 `delivered`), or the person opened the page or answered.
    Confirmed,
    /// No bounce came in the time in which bounces come.
    Quiet,
    /// A person delivered it another way.
    ByHand,
}

/// Why a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It came back or was refused.
    Bounced,
    /// No server took it over in all tries.
    NotTakenOver,
    /// Its fate was in doubt too often.
    InDoubt,
    /// The due date comes near and delivery is not known.
    DueSoon,
    /// It cannot be written or addressed as a mail.
    Unwritten,
}

/// One notice that the law requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Where it is.
    pub state: State,
    /// How often it was handed over.
    pub tries: u32,
    /// How often its fate was in doubt.
    pub doubts: u32,
    /// When it was first queued.
    pub queued_at: Timestamp,
    /// From when on its tries are counted: when it was queued, or a person let it be tried again.
    pub tried_from: Timestamp,
    /// By when it must be delivered or tasked.
    pub due_at: Timestamp,
    /// The task for a person, if there is one.
    pub task: Option<(Timestamp, Why)>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Time has passed.
    Tick,
    /// A server took it over.
    TakenOver,
    /// It was not taken over; it may be tried again.
    Later,
    /// It was refused for good.
    Never,
    /// The line broke, or the program was stopped, while it was handed over.
    Doubt,
    /// A bounce came.
    Bounce,
    /// Its arrival was reported.
    Confirm,
    /// A person delivered it another way.
    ByHand,
    /// It cannot be written or addressed as a mail; nothing was handed over.
    Unwritten,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Hand it over now.
    Send,
    /// Ask a person.
    Task(Why),
}

impl State {
    /// The word used on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Sent { .. } => "sent",
            Self::Accepted { .. } => "accepted",
            Self::Delivered { .. } => "delivered",
            Self::Bounced { .. } => "bounced",
        }
    }
}

impl Why {
    /// The word used in the ledger and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bounced => "bounced",
            Self::NotTakenOver => "not-taken-over",
            Self::InDoubt => "in-doubt",
            Self::DueSoon => "due-soon",
            Self::Unwritten => "unwritten",
        }
    }
}

impl Delivery {
    /// A notice queued at `now`, due at `due_at`.
    pub const fn new(now: Timestamp, due_at: Timestamp) -> Self {
        Self {
            state: State::Queued { next_at: now },
            tries: 0,
            doubts: 0,
            queued_at: now,
            tried_from: now,
            due_at,
            task: None,
        }
    }

    /// The same notice with all its tries before it again, because a person lets it be tried again.
    #[must_use]
    pub const fn resent(self, now: Timestamp) -> Self {
        Self { state: State::Queued { next_at: now }, tries: 0, doubts: 0, tried_from: now, task: None, ..self }
    }

    /// Whether the law is satisfied as far as it can be: delivered, or a person is at it.
    pub const fn is_safe(&self) -> bool {
        matches!(self.state, State::Delivered { .. }) || self.task.is_some()
    }

    /// Whether nothing more is tried by itself: a person must deliver it, or let it be tried again.
    pub fn is_given_up(&self) -> bool {
        matches!(self.state, State::Queued { next_at } if next_at == parked(self.due_at))
    }

    /// When the next tick is needed at the latest; `None` when nothing can change by time alone.
    pub fn next_tick(&self, rules: &Rules) -> Option<Timestamp> {
        let lead = (!self.is_safe()).then(|| minus(self.due_at, rules.lead_hours));
        let own = match self.state {
            State::Queued { next_at } => Some(next_at),
            State::Accepted { at } => self.may_be_quiet().then(|| plus_hours(at, rules.quiet_hours)),
            State::Sent { .. } | State::Delivered { .. } | State::Bounced { .. } => None,
        };
        lead.into_iter().chain(own).min()
    }

    /// What follows from an event at `now`. `chance` is at least 0 and below 1, and only spreads the tries.
    #[must_use]
    pub fn step(mut self, event: Event, now: Timestamp, rules: &Rules, chance: f64) -> (Self, Vec<Effect>) {
        let mut effects = Vec::new();
        match (event, self.state) {
            // What is delivered stays so, but for a bounce that shows that silence meant nothing.
            (
                Event::Bounce,
                State::Delivered { by: Proof::Quiet, .. } | State::Accepted { .. } | State::Sent { .. },
            )
            | (Event::Bounce, State::Queued { .. })
            | (Event::Never, State::Sent { .. }) => {
                self.state = State::Bounced { at: now };
                self.ask(Why::Bounced, now, &mut effects);
            }
            (Event::Confirm, State::Sent { .. } | State::Accepted { .. } | State::Queued { .. }) if self.tries > 0 => {
                self.state = State::Delivered { at: now, by: Proof::Confirmed };
            }
            (Event::Confirm, State::Delivered { by: Proof::Quiet, .. } | State::Bounced { .. }) => {
                self.state = State::Delivered { at: now, by: Proof::Confirmed };
            }
            (Event::ByHand, State::Delivered { .. }) => {}
            (Event::ByHand, _) => self.state = State::Delivered { at: now, by: Proof::ByHand },
            (Event::Unwritten, State::Queued { .. }) => {
                self.state = State::Bounced { at: now };
                self.ask(Why::Unwritten, now, &mut effects);
            }
            (Event::TakenOver, State::Sent { .. }) => self.state = State::Accepted { at: now },
            (Event::Later, State::Sent { .. }) => self.again(now, rules, chance, &mut effects),
            (Event::Doubt, State::Sent { .. }) => {
                self.doubts = self.doubts.saturating_add(1);
                if self.doubts > rules.doubts_most {
                    self.state = State::Accepted { at: now };
                    self.ask(Why::InDoubt, now, &mut effects);
                } else {
                    self.again(now, rules, chance, &mut effects);
                }
            }
            (Event::Tick, State::Queued { next_at }) if next_at <= now && self.tries < rules.tries_most => {
                self.tries = self.tries.saturating_add(1);
                self.state = State::Sent { at: now };
                effects.push(Effect::Send);
            }
            (Event::Tick, State::Accepted { at })
                if plus_hours(at, rules.quiet_hours) <= now && self.may_be_quiet() =>
            {
                self.state = State::Delivered { at: now, by: Proof::Quiet };
            }
            _ => {}
        }
        if !self.is_safe() && minus(self.due_at, rules.lead_hours) <= now {
            self.ask(Why::DueSoon, now, &mut effects);
        }
        (self, effects)
    }

    /// Whether silence may come to mean delivery: not when it is in doubt whether the mail was taken over at all.
    fn may_be_quiet(&self) -> bool {
        self.task.is_none_or(|(_, why)| why == Why::DueSoon)
    }

    fn again(&mut self, now: Timestamp, rules: &Rules, chance: f64, effects: &mut Vec<Effect>) {
        let next_at = next_try(self.tries, now, rules, chance);
        let last_at = plus_hours(self.tried_from, rules.tries_hours);
        if self.tries >= rules.tries_most || (next_at > last_at && now >= last_at) {
            // Nothing more happens by itself: the state stays where a person or a late report can end it.
            self.state = State::Queued { next_at: parked(self.due_at) };
            self.ask(Why::NotTakenOver, now, effects);
        } else {
            self.state = State::Queued { next_at: next_at.min(last_at.max(now)) };
        }
    }

    fn ask(&mut self, why: Why, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.task.is_none() {
            self.task = Some((now, why));
            effects.push(Effect::Task(why));
        }
    }
}

/// When to try again after `tries` tries: a pause between nothing and a bound that doubles (full jitter).
pub fn next_try(tries: u32, now: Timestamp, rules: &Rules, chance: f64) -> Timestamp {
    let doubled = 1_i64.checked_shl(tries.saturating_sub(1).min(30)).unwrap_or(i64::MAX);
    let bound_ms = rules.first_pause_minutes.saturating_mul(60_000).saturating_mul(doubled).min(7 * 86_400_000);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "at most seven days in milliseconds"
    )]
    let pause_ms = (bound_ms as f64 * chance.clamp(0.0, 1.0)) as i64;
    TimeDelta::try_milliseconds(pause_ms).and_then(|d| now.plus(d)).unwrap_or(now)
}

/// Where what is given up waits: a year after its date, and at no other time.
fn parked(due_at: Timestamp) -> Timestamp {
    plus_hours(due_at, 24 * 365)
}

/// Saturates at the last instant there is rather than in the past, so that a far date never looks near.
fn plus_hours(at: Timestamp, hours: i64) -> Timestamp {
    TimeDelta::try_hours(hours).and_then(|d| at.plus(d)).unwrap_or(at)
}

fn minus(at: Timestamp, hours: i64) -> Timestamp {
    TimeDelta::try_hours(-hours).and_then(|d| at.plus(d)).unwrap_or(at)
}

#[cfg(test)]
mod tests;
