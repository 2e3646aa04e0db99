//! A request and its claims: one person, several rights, several laws, each with its own stage, clocks and outcome.
//!
//! Holds no personal data: names, addresses and words of the person stay in sealed columns of the store.

use super::identity::Identity;
use super::outcome::{Outcome, Plan, ReadBack};
use super::right::{Level, Sensitivity};
use super::rules::{Basis, Due, Past, Rules};
use crate::clock::Timestamp;
use crate::ids::{OfficerId, OrganisationId, RequestId, SubjectId};
use crate::ledger::entry::Word;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The public form.
    Form,
    /// The public interface for programs.
    Api,
    /// A letter, entered by staff.
    Letter,
    /// A call, entered by staff.
    Phone,
    /// In person, entered by staff.
    Counter,
    /// A mail, pasted or received.
    Mail,
    /// An authorised agent by the Data Rights Protocol.
    Agent,
    /// An opt-out preference signal (11 CCR 7025).
    Signal,
}

/// One right under one law.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Claim {
    /// Right, law, place and receipt.
    pub basis: Basis,
    /// Fields whose content the person contests, for a correction.
    pub contested: BTreeSet<Word>,
    /// Where it stands.
    pub stage: Stage,
    /// What happened that may move its due dates.
    pub history: Vec<Past>,
    /// Its due dates, as the law gave them for this history.
    pub dues: Vec<Due>,
    /// An extension whose notice is not yet recorded as sent.
    pub extension: Option<Extension>,
    /// Clocks found past their date, each flagged once.
    pub overdue: BTreeSet<Word>,
    /// Clocks that were met: acknowledged, answered.
    pub met: BTreeSet<Word>,
    /// Who released or refused it last; they do not decide an appeal.
    pub decided_by: Option<OfficerId>,
}

/// An extension in preparation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Extension {
    /// Why: a word of the law, `complexity` or `number-of-requests`.
    pub reason: Word,
    /// When it was decided.
    pub decided_at: Timestamp,
}

/// Where a claim stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Received, not yet looked at.
    Triage,
    /// Waiting for the person to prove who they are.
    IdentityPending,
    /// Waiting for the person to say what they mean.
    ClarificationPending,
    /// Being worked on.
    Collecting,
    /// A plan waits for a second person.
    Review {
        /// What is planned.
        plan: Plan,
        /// Who planned it.
        by: OfficerId,
    },
    /// Released, in its cool-down or waiting for the worker.
    Approved {
        /// What is planned.
        plan: Plan,
        /// When it was released.
        at: Timestamp,
    },
    /// The intent is durable; calls to other systems may have happened.
    Acting {
        /// What is being done.
        plan: Plan,
    },
    /// Acted on; not (yet) proven by reading back.
    Unconfirmed {
        /// What was to be done.
        plan: Plan,
        /// Readings that confirmed, so far.
        read_backs: Vec<ReadBack>,
    },
    /// Decided and proven; the answer is on its way.
    Ready {
        /// How it ended.
        outcome: Outcome,
    },
    /// The answer is recorded as sent.
    Answered {
        /// How it ended.
        outcome: Outcome,
    },
    /// The person appealed the answer.
    Appealed {
        /// The outcome appealed against.
        outcome: Outcome,
    },
    /// The person withdrew it.
    Withdrawn,
}

impl Claim {
    /// A claim as received.
    pub const fn received(basis: Basis, contested: BTreeSet<Word>, dues: Vec<Due>) -> Self {
        Self {
            basis,
            contested,
            stage: Stage::Triage,
            history: Vec::new(),
            dues,
            extension: None,
            overdue: BTreeSet::new(),
            met: BTreeSet::new(),
            decided_by: None,
        }
    }

    /// The due date of `clock`.
    pub fn due(&self, clock: &str) -> Option<&Due> {
        self.dues.iter().find(|d| d.clock.as_str() == clock)
    }

    /// The plan at hand, if there is one.
    pub const fn plan(&self) -> Option<&Plan> {
        match &self.stage {
            Stage::Review { plan, .. }
            | Stage::Approved { plan, .. }
            | Stage::Acting { plan }
            | Stage::Unconfirmed { plan, .. } => Some(plan),
            _ => None,
        }
    }

    /// Whether nothing more is to be done, short of an appeal.
    pub const fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Answered { .. } | Stage::Withdrawn)
    }

    /// The earliest due date that is not met.
    pub fn next_due(&self) -> Option<&Due> {
        if self.is_closed() {
            return None;
        }
        self.dues.iter().filter(|d| !self.met.contains(&d.clock)).min_by_key(|d| d.before)
    }
}

/// One person's request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// The controller it was made to.
    pub organisation: OrganisationId,
    /// The person, as far as told apart.
    pub subject: SubjectId,
    /// How it came.
    pub channel: Channel,
    /// When it was received; the clocks start here.
    pub received_at: Timestamp,
    /// When it was entered, which may be later.
    pub recorded_at: Timestamp,
    /// When something last happened to it.
    pub touched_at: Timestamp,
    /// How much harm a wrong answer could do.
    pub sensitivity: Sensitivity,
    /// How surely the person is known.
    pub identity: Identity,
    /// Rights and laws.
    pub claims: Vec<Claim>,
    /// Requests suspected to be the same; linking changes nothing else.
    pub links: BTreeSet<RequestId>,
    /// Whether a legal hold covers the person's data now. The store reads it in the transaction of the step.
    pub held: bool,
    /// Supervisory authorities the person complained to.
    pub complaints: BTreeSet<Word>,
    /// Who answers for it; nobody until somebody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<OfficerId>,
}

impl Request {
    /// Whether every claim is closed.
    pub fn is_closed(&self) -> bool {
        self.claims.iter().all(Claim::is_closed)
    }

    /// The earliest due date of all claims.
    pub fn next_due(&self) -> Option<&Due> {
        self.claims.iter().filter_map(Claim::next_due).min_by_key(|d| d.before)
    }

    /// The level needed and the level reached for `claim`.
    pub fn levels(&self, claim: &Claim, rules: &dyn Rules) -> (Level, Level) {
        let needed = rules.level_needed(claim.basis.right, &claim.basis.regime, self.sensitivity);
        (needed, self.identity.level(&claim.contested))
    }

    /// Whether the person is known well enough for `claim`, or two people decided to go on without (I6).
    pub fn is_verified(&self, claim: &Claim, rules: &dyn Rules) -> bool {
        let (needed, reached) = self.levels(claim, rules);
        reached >= needed || self.identity.is_overridden()
    }
}
