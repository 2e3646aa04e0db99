//! Messages that ask the person something, or for more time.

use super::Message;
use super::sample::{Scene, day};
use crate::clock::Day;
use crate::notify::letterhead::Family;
use serde::Serialize;

/// What a question does to the time for the answer; decided by the regime's clocks, never by the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectOnClock {
    /// It stands still until the reply.
    Suspended,
    /// It begins with the reply (UK GDPR 12A).
    Restarts,
    /// The days of asking and reply and those between do not count (UK GDPR 12A, access only).
    Paused,
    /// None.
    Runs,
}

/// More is needed to know who asks (GDPR 12(6); 11 CCR 7060).
#[derive(Clone, Debug, Serialize)]
pub struct IdentityRequest {
    /// Only what is missing.
    pub missing: Vec<String>,
    /// Why there is doubt, as half a sentence.
    pub why: String,
    /// What this does to the time for the answer.
    pub clock: EffectOnClock,
    /// Last day for the answer as things stand.
    pub due_on: Day,
    /// Until when we wait, where there is such a day.
    pub respond_by: Option<Day>,
    /// Page for sending it; https.
    pub upload_url: Option<String>,
}

impl Message for IdentityRequest {
    const NAME: &'static str = "identity-request";
    // Never for opt-out and limit (11 CCR 7060(b)), nor where nothing is disclosed or deleted.
    const RIGHTS: &'static [&'static str] = &[
        "access",
        "deletion",
        "rectification",
        "restriction",
        "portability",
        "objection",
        "adm-access",
        "cancellation",
        "deceased",
        "confirmation",
    ];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let ask = |clock| Self {
            missing: scene.list("missing"),
            why: scene.one("why_identity"),
            clock,
            due_on: day(2026, 4, 7),
            respond_by: Some(day(2026, 3, 30)),
            upload_url: Some("https://privacy.musterfirma.example/v/19ce77".to_owned()),
        };
        match scene.family {
            Family::Eu => vec![("suspended", ask(EffectOnClock::Suspended)), ("runs", ask(EffectOnClock::Runs))],
            Family::Uk => vec![("restarts", ask(EffectOnClock::Restarts))],
            _ => vec![("runs", ask(EffectOnClock::Runs))],
        }
    }
}

/// What the request means is not clear.
#[derive(Clone, Debug, Serialize)]
pub struct ClarificationRequest {
    /// The questions.
    pub questions: Vec<String>,
    /// Why they are asked, as half a sentence.
    pub why: String,
    /// What this does to the time for the answer.
    pub clock: EffectOnClock,
    /// Last day for the answer as things stand.
    pub due_on: Day,
}

impl Message for ClarificationRequest {
    const NAME: &'static str = "clarification-request";

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let ask = |clock| Self {
            questions: scene.list("questions"),
            why: scene.one("why_question"),
            clock,
            due_on: day(2026, 4, 7),
        };
        match (scene.family, scene.right) {
            (Family::Uk, "access") => vec![("paused", ask(EffectOnClock::Paused))],
            (Family::Eu, "access") => {
                vec![("runs", ask(EffectOnClock::Runs)), ("suspended", ask(EffectOnClock::Suspended))]
            }
            _ => vec![("runs", ask(EffectOnClock::Runs))],
        }
    }
}

/// Kinds of reasons for an extension (GDPR 12(3); 11 CCR 7021(b)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The request is complex.
    Complexity,
    /// There are many of them.
    Number,
    /// Something else, where the law allows it.
    Other,
}

/// One reason with what lies behind it.
#[derive(Clone, Debug, Serialize)]
pub struct ExtensionReason {
    /// Its kind.
    pub kind: Reason,
    /// What lies behind it: a whole sentence.
    pub detail: String,
}

/// The answer will take longer.
#[derive(Clone, Debug, Serialize)]
pub struct ExtensionNotice {
    /// Why.
    pub reasons: Vec<ExtensionReason>,
    /// The last day until now.
    pub old_due_on: Day,
    /// The last day from now on.
    pub new_due_on: Day,
}

impl Message for ExtensionNotice {
    const NAME: &'static str = "extension-notice";
    // No extension exists for opting out and limiting (11 CCR 7026(f), 7027(g)) and for stopping at once.
    const RIGHTS: &'static [&'static str] = &[
        "access",
        "deletion",
        "rectification",
        "restriction",
        "portability",
        "objection",
        "adm-access",
        "explanation",
        "cancellation",
        "confirmation",
    ];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        // PIPL knows no extension.
        if scene.family == Family::Pipl {
            return vec![];
        }
        let reason = |kind| ExtensionReason { kind, detail: scene.one("reason_detail") };
        let (old_due_on, new_due_on) = if scene.family == Family::Ccpa {
            (day(2026, 4, 19), day(2026, 6, 3))
        } else {
            (day(2026, 4, 7), day(2026, 6, 5))
        };
        vec![
            ("complex", Self { reasons: vec![reason(Reason::Complexity)], old_due_on, new_due_on }),
            (
                "many",
                Self { reasons: vec![reason(Reason::Number), reason(Reason::Complexity)], old_due_on, new_due_on },
            ),
        ]
    }
}
