//! The messages, one per file: what each needs to know, and invented samples of it for every regime, right and outcome.

mod answers;
mod carried_out;
mod decisions;
mod notices;
mod questions;
pub mod sample;

pub use answers::{AccessAnswer, ExplanationAnswer, NoData, Package, Passed, PortabilityAnswer};
pub use carried_out::{
    DeletionDone, Kept, OptOutConfirmation, RectificationDone, RestrictionLifted, RestrictionSet, Scope,
    WithdrawalConfirmed,
};
pub use decisions::{AppealDenial, Denial, DenialOutcome, Ground, ObjectionRefused, ObjectionUpheld, PartGround};
pub use notices::{
    Acknowledgement, Action, ComplaintAcknowledgement, ComplaintOutcome, RecipientNotice, RequestWithdrawn, StaffTask,
    Task, Urgency, Verification,
};
pub use questions::{ClarificationRequest, EffectOnClock, ExtensionNotice, ExtensionReason, IdentityRequest, Reason};

use super::letterhead::Letterhead;
use crate::render::mail::{Letter, LetterError, Letters, Marked, Which, letters};
use sample::Scene;
use serde::Serialize;
use serde_json::Value as Json;

/// A message that can be written as a letter.
pub trait Message: Serialize + Sized {
    /// Its folder in `templates/mail`, and its name in the regimes' lists of contents.
    const NAME: &'static str;
    /// Rights whose requests it may belong to; all when empty.
    const RIGHTS: &'static [&'static str] = &[];
    /// Invented messages, each with a name for its outcome. None where the law does not have the message.
    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)>;
}

/// Writes a letter to the person, in the language `lang`.
pub fn write<M: Message>(head: &Letterhead, message: &M, lang: &str) -> Result<Letter, LetterError> {
    Kind::of::<M>().write(letters()?, head, json_of(message)?, lang)
}

/// The language to write in for somebody who prefers `asked`: the same, else one with the same first part, else English.
pub fn language(asked: &str) -> &'static str {
    let Ok(letters) = letters() else { return "en" };
    let first = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let same = letters.langs().find(|l| l.eq_ignore_ascii_case(&asked.replace('_', "-")));
    same.or_else(|| letters.langs().find(|l| first(l) == first(asked))).unwrap_or("en")
}

/// Invented messages without their type, each with a name for its outcome.
pub type Samples = Vec<(&'static str, Json)>;

/// A kind of message, without its type.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    rights: &'static [&'static str],
    samples: fn(&Scene<'_>) -> Result<Samples, LetterError>,
}

/// Every kind of message, in the order of a request's life.
pub const KINDS: [Kind; 22] = [
    Kind::of::<Acknowledgement>(),
    Kind::of::<IdentityRequest>(),
    Kind::of::<ClarificationRequest>(),
    Kind::of::<ExtensionNotice>(),
    Kind::of::<AccessAnswer>(),
    Kind::of::<NoData>(),
    Kind::of::<PortabilityAnswer>(),
    Kind::of::<ExplanationAnswer>(),
    Kind::of::<DeletionDone>(),
    Kind::of::<RectificationDone>(),
    Kind::of::<RestrictionSet>(),
    Kind::of::<RestrictionLifted>(),
    Kind::of::<ObjectionUpheld>(),
    Kind::of::<ObjectionRefused>(),
    Kind::of::<WithdrawalConfirmed>(),
    Kind::of::<OptOutConfirmation>(),
    Kind::of::<Denial>(),
    Kind::of::<AppealDenial>(),
    Kind::of::<RecipientNotice>(),
    Kind::of::<ComplaintAcknowledgement>(),
    Kind::of::<ComplaintOutcome>(),
    Kind::of::<RequestWithdrawn>(),
];

/// The message to staff; it is not a letter to a data subject and no law lists what it must contain.
pub const STAFF: Kind = Kind::of::<StaffTask>();

impl Kind {
    const fn of<M: Message>() -> Self {
        Self { name: M::NAME, rights: M::RIGHTS, samples: samples_of::<M> }
    }

    /// The kind with this name.
    pub fn named(name: &str) -> Option<Self> {
        KINDS.into_iter().chain([STAFF]).find(|k| k.name == name)
    }

    /// Rights whose requests it may belong to; all when empty.
    pub const fn rights(&self) -> &'static [&'static str] {
        self.rights
    }

    /// Whether it may belong to a request for `right`.
    pub fn concerns(&self, right: &str) -> bool {
        self.rights.is_empty() || self.rights.contains(&right)
    }

    /// Invented messages, each with a name for its outcome.
    pub fn samples(&self, scene: &Scene<'_>) -> Result<Samples, LetterError> {
        (self.samples)(scene)
    }

    /// Writes a message of this kind.
    pub fn write(
        &self,
        letters: &Letters,
        head: &Letterhead,
        message: Json,
        lang: &str,
    ) -> Result<Letter, LetterError> {
        let which = Which { message: self.name, lang };
        letters.write(which, &head.values(letters, which, message))
    }

    /// The same with its items marked, for checking.
    pub fn marked(
        &self,
        letters: &Letters,
        head: &Letterhead,
        message: Json,
        lang: &str,
    ) -> Result<Marked, LetterError> {
        let which = Which { message: self.name, lang };
        letters.marked(which, &head.values(letters, which, message))
    }
}

fn json_of<M: Message>(message: &M) -> Result<Json, LetterError> {
    let broken = |e: serde_json::Error| LetterError::Letter {
        message: M::NAME.to_owned(),
        lang: String::new(),
        reason: e.to_string(),
    };
    serde_json::to_value(message).map_err(broken)
}

fn samples_of<M: Message>(scene: &Scene<'_>) -> Result<Samples, LetterError> {
    M::samples(scene).iter().map(|(outcome, message)| Ok((*outcome, json_of(message)?))).collect()
}

#[cfg(test)]
mod tests;
