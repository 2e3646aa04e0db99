//! Messages that tell somebody of something: receipt, a complaint's receipt, recipients, staff.

use super::Message;
use super::sample::{Scene, day};
use crate::clock::Day;
use crate::notify::letterhead::Family;
use serde::Serialize;

/// How the identity of the person is dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verification {
    /// It must not be asked for (11 CCR 7060(b)).
    Never,
    /// It will be checked through what is on file.
    OnFile,
    /// It has been checked.
    Done,
}

/// Receipt of a request is confirmed.
#[derive(Clone, Debug, Serialize)]
pub struct Acknowledgement {
    /// How identity is dealt with.
    pub verification: Verification,
    /// Whether it must never be asked for; follows from `verification`.
    never_verified: bool,
    /// Last day for the answer; `None` where the law says at once.
    pub due_on: Option<Day>,
}

impl Acknowledgement {
    /// An acknowledgement; `due_on` is the last day for the answer, `None` where the law says at once.
    pub fn new(verification: Verification, due_on: Option<Day>) -> Self {
        Self { verification, never_verified: verification == Verification::Never, due_on }
    }
}

impl Message for Acknowledgement {
    const NAME: &'static str = "acknowledgement";

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let due_on = Some(day(2026, 4, 7));
        match scene.right {
            "opt-out" | "limit" | "opt-in" => {
                vec![("received", Self::new(Verification::Never, Some(day(2026, 3, 26))))]
            }
            "marketing-objection" | "withdrawal" => vec![("received", Self::new(Verification::Never, None))],
            _ => vec![
                ("received", Self::new(Verification::OnFile, due_on)),
                ("verified", Self::new(Verification::Done, due_on)),
            ],
        }
    }
}

/// Receipt of a complaint about the controller is confirmed (DPA 2018 s. 164A; NDSMR 20).
#[derive(Clone, Debug, Serialize)]
pub struct ComplaintAcknowledgement {
    /// Last day for telling the outcome, where there is one.
    pub due_on: Option<Day>,
}

impl Message for ComplaintAcknowledgement {
    const NAME: &'static str = "complaint-acknowledgement";
    const RIGHTS: &'static [&'static str] = &["complaint"];

    fn samples(_: &Scene<'_>) -> Vec<(&'static str, Self)> {
        vec![("received", Self { due_on: None }), ("with a date", Self { due_on: Some(day(2026, 4, 3)) })]
    }
}

/// The outcome of a complaint is told (DPA 2018 s. 164A; NDSMR 20).
#[derive(Clone, Debug, Serialize)]
pub struct ComplaintOutcome {
    /// What was found, and what follows from it: whole sentences.
    pub findings: String,
}

impl Message for ComplaintOutcome {
    const NAME: &'static str = "complaint-outcome";
    const RIGHTS: &'static [&'static str] = &["complaint"];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        vec![("told", Self { findings: scene.one("complaint_findings") })]
    }
}

/// The person withdrew the request itself; it is closed.
#[derive(Clone, Debug, Serialize)]
pub struct RequestWithdrawn {}

impl Message for RequestWithdrawn {
    const NAME: &'static str = "request-withdrawn";

    fn samples(_: &Scene<'_>) -> Vec<(&'static str, Self)> {
        vec![("withdrawn", Self {})]
    }
}

/// What a recipient is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Erase.
    Erase,
    /// Correct.
    Rectify,
    /// Only store.
    Restrict,
    /// No longer sell, share or use for own purposes.
    Stop,
}

/// A recipient is told (GDPR 19; 11 CCR 7022(b)-(c), 7026(f)). Never names the reason or the evidence.
#[derive(Clone, Debug, Serialize)]
pub struct RecipientNotice {
    /// What to do.
    pub action: Action,
    /// The least that lets the recipient find the person, best its own key.
    pub identifier: String,
    /// By when.
    pub due_on: Day,
    /// Page to confirm on; https.
    pub confirm_url: String,
}

impl Message for RecipientNotice {
    const NAME: &'static str = "recipient-notice";
    const RIGHTS: &'static [&'static str] =
        &["deletion", "cancellation", "rectification", "restriction", "opt-out", "limit", "withdrawal"];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let (outcome, action) = match scene.right {
            "rectification" => ("rectify", Action::Rectify),
            "restriction" => ("restrict", Action::Restrict),
            "opt-out" | "limit" | "withdrawal" => ("stop", Action::Stop),
            _ => ("erase", Action::Erase),
        };
        let confirm_url = "https://privacy.musterfirma.example/recipients/77aa01".to_owned();
        vec![(outcome, Self { action, identifier: scene.one("identifier"), due_on: day(2026, 3, 16), confirm_url })]
    }
}

/// Why staff are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// A due date comes near.
    DueSoon,
    /// A due date has passed.
    Overdue,
    /// A notice came back or could not be sent.
    Undelivered,
    /// A second person must release something.
    Review,
    /// The person has answered.
    Reply,
    /// An extension must be announced by this date, if at all.
    Extension,
}

/// How much time is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// Some days.
    Later,
    /// None: it is due on the day of the message.
    Today,
    /// Less than none.
    Past,
}

/// Staff are called. Names neither the person nor what the request is about.
#[derive(Clone, Debug, Serialize)]
pub struct StaffTask {
    /// Why.
    pub task: Task,
    /// Legal due date.
    pub due_on: Day,
    urgency: Urgency,
    /// Page of the request in the portal; https.
    pub task_url: String,
}

impl StaffTask {
    /// A task for a request that is due on `due_on`, told on `today`.
    pub fn new(task: Task, due_on: Day, today: Day, task_url: String) -> Self {
        let urgency = match due_on.cmp(&today) {
            std::cmp::Ordering::Greater => Urgency::Later,
            std::cmp::Ordering::Equal => Urgency::Today,
            std::cmp::Ordering::Less => Urgency::Past,
        };
        Self { task, due_on, urgency, task_url }
    }
}

impl Message for StaffTask {
    const NAME: &'static str = "staff-task";

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        // The family makes no difference to staff; the scene is only asked so that other laws keep their own dates.
        let due_on = if scene.family == Family::Ccpa { day(2026, 4, 19) } else { day(2026, 4, 7) };
        let url = || "https://portal.musterfirma.example/requests/HB-2026-0417".to_owned();
        vec![
            ("due soon", Self::new(Task::DueSoon, due_on, day(2026, 3, 30), url())),
            ("overdue", Self::new(Task::Overdue, due_on, day(2026, 4, 21), url())),
            ("undelivered", Self::new(Task::Undelivered, due_on, due_on, url())),
            ("review", Self::new(Task::Review, due_on, day(2026, 3, 30), url())),
            ("reply", Self::new(Task::Reply, due_on, day(2026, 3, 30), url())),
            ("extension", Self::new(Task::Extension, due_on, day(2026, 3, 30), url())),
        ]
    }
}
