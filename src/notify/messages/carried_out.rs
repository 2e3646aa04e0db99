//! Messages that something was carried out and checked.

use super::Message;
use super::sample::{Scene, day};
use crate::clock::Day;
use crate::notify::letterhead::Family;
use serde::Serialize;

/// Something that must be kept.
#[derive(Clone, Debug, Serialize)]
pub struct Kept {
    /// What.
    pub what: String,
    /// On which ground, as half a sentence.
    pub ground: String,
    /// The provision.
    pub cite: String,
    /// Until when, where that is known.
    pub until: Option<Day>,
}

fn kept(scene: &Scene<'_>) -> Vec<Kept> {
    let cite = match scene.family {
        Family::Eu => "GDPR Art. 17(3)(b)",
        Family::Uk => "UK GDPR Art. 17(3)(b)",
        Family::Ccpa => "Cal. Civ. Code 1798.105(d)(8)",
        Family::Pipl => "PIPL Art. 47",
        Family::Other => "-",
    };
    let until = Some(day(2035, 12, 31));
    vec![Kept { what: scene.one("kept_what"), ground: scene.one("kept_ground"), cite: cite.to_owned(), until }]
}

/// Data was erased (GDPR 17; 11 CCR 7022; PIPL 47).
#[derive(Clone, Debug, Serialize)]
pub struct DeletionDone {
    /// When it was done and read back.
    pub done_on: Day,
    /// What was deleted.
    pub erased: Vec<String>,
    /// What was made anonymous or aggregated.
    pub anonymised: Vec<String>,
    /// What must be kept.
    pub kept: Vec<Kept>,
    /// Recipients that were told, by name.
    pub told: Vec<String>,
    /// When the last backup with the data is overwritten, where that is known.
    pub backups_until: Option<Day>,
    /// California, where data is sold or shared: page to opt out (11 CCR 7022(g)); https.
    pub opt_out_url: Option<String>,
}

impl Message for DeletionDone {
    const NAME: &'static str = "deletion-done";
    const RIGHTS: &'static [&'static str] = &["deletion", "cancellation", "deceased"];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let whole = Self {
            done_on: day(2026, 3, 18),
            erased: scene.list("erased"),
            anonymised: vec![],
            kept: vec![],
            told: vec![],
            backups_until: None,
            opt_out_url: None,
        };
        let part = Self {
            anonymised: scene.list("anonymised"),
            kept: kept(scene),
            told: scene.list("told"),
            backups_until: Some(day(2026, 4, 17)),
            opt_out_url: Some("https://www.musterfirma.example/do-not-sell".to_owned()),
            ..whole.clone()
        };
        vec![("whole", whole), ("part", part)]
    }
}

/// Data was corrected (GDPR 16; 11 CCR 7023; PIPL 46). Names fields, never values.
#[derive(Clone, Debug, Serialize)]
pub struct RectificationDone {
    /// When it was done and read back.
    pub done_on: Day,
    /// Which fields.
    pub corrected: Vec<String>,
    /// Where both statements stay side by side.
    pub disputed: Vec<String>,
    /// Recipients that were told, by name.
    pub told: Vec<String>,
}

impl Message for RectificationDone {
    const NAME: &'static str = "rectification-done";
    const RIGHTS: &'static [&'static str] = &["rectification"];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let whole =
            Self { done_on: day(2026, 3, 18), corrected: scene.list("corrected"), disputed: vec![], told: vec![] };
        let part = Self { disputed: scene.list("disputed"), told: scene.list("told"), ..whole.clone() };
        vec![("whole", whole), ("disputed", part)]
    }
}

/// Processing is restricted (GDPR 18; PIPL 44, 47).
#[derive(Clone, Debug, Serialize)]
pub struct RestrictionSet {
    /// Since when.
    pub done_on: Day,
    /// Which data.
    pub scope: Vec<String>,
    /// Why: a whole sentence.
    pub ground: String,
    /// The provision.
    pub cite: String,
    /// Recipients that were told, by name.
    pub told: Vec<String>,
}

impl Message for RestrictionSet {
    const NAME: &'static str = "restriction-set";
    const RIGHTS: &'static [&'static str] = &["restriction", "rectification", "objection"];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let cite = match scene.family {
            Family::Eu => "GDPR Art. 18(1)(a)",
            Family::Uk => "UK GDPR Art. 18(1)(a)",
            Family::Pipl => "PIPL Art. 44",
            // California has no restriction.
            Family::Ccpa => return vec![],
            Family::Other => "-",
        };
        let set = Self {
            done_on: day(2026, 3, 6),
            scope: scene.list("scope"),
            ground: scene.one("restriction_ground"),
            cite: cite.to_owned(),
            told: vec![],
        };
        vec![("set", set.clone()), ("recipients told", Self { told: scene.list("told"), ..set })]
    }
}

/// A restriction will be lifted; sent before that day (GDPR 18(3)).
#[derive(Clone, Debug, Serialize)]
pub struct RestrictionLifted {
    /// The day on which it will be lifted.
    pub lift_on: Day,
    /// Which data.
    pub scope: Vec<String>,
    /// Why: a whole sentence.
    pub ground: String,
}

impl Message for RestrictionLifted {
    const NAME: &'static str = "restriction-lifted";
    const RIGHTS: &'static [&'static str] = RestrictionSet::RIGHTS;

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        if scene.family == Family::Ccpa {
            return vec![];
        }
        vec![(
            "lifted",
            Self { lift_on: day(2026, 4, 1), scope: scene.list("scope"), ground: scene.one("lift_ground") },
        )]
    }
}

/// Consent is withdrawn (GDPR 7(3); PIPL 15, 16).
#[derive(Clone, Debug, Serialize)]
pub struct WithdrawalConfirmed {
    /// Since when.
    pub stopped_on: Day,
    /// Which purposes.
    pub purposes: Vec<String>,
    /// Whether the data held only on this consent is deleted.
    pub deleted: bool,
    /// What is kept on another ground.
    pub kept: Vec<Kept>,
}

impl Message for WithdrawalConfirmed {
    const NAME: &'static str = "withdrawal-confirmed";
    const RIGHTS: &'static [&'static str] = &["withdrawal"];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let whole =
            Self { stopped_on: day(2026, 3, 5), purposes: scene.list("stop_purposes"), deleted: true, kept: vec![] };
        let part = Self { deleted: false, kept: kept(scene), ..whole.clone() };
        vec![("deleted", whole), ("kept", part)]
    }
}

/// Where a choice applies (11 CCR 7025(c), 7026).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The browser or device.
    Device,
    /// The known person's account.
    Account,
    /// What happens outside the internet.
    Offline,
}

/// A choice is in effect (11 CCR 7026(g), 7027(h), 7221). Never follows a question for identity.
#[derive(Clone, Debug, Serialize)]
pub struct OptOutConfirmation {
    /// Since when.
    pub effective_on: Day,
    /// Where.
    pub scope: Vec<Scope>,
    /// Third parties that got data in between and were told, by name.
    pub told: Vec<String>,
    /// Page that shows and changes the choice; https.
    pub choice_url: Option<String>,
    /// First day on which consent may be asked for again (11 CCR 7026(k)).
    pub reask_on: Option<Day>,
}

impl Message for OptOutConfirmation {
    const NAME: &'static str = "opt-out-confirmation";
    const RIGHTS: &'static [&'static str] = &["opt-out", "limit", "adm-opt-out"];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        if matches!(scene.family, Family::Eu | Family::Uk | Family::Pipl) {
            return vec![];
        }
        let known = Self {
            effective_on: day(2026, 3, 12),
            scope: vec![Scope::Device, Scope::Account, Scope::Offline],
            told: scene.list("told"),
            choice_url: Some("https://www.musterfirma.example/your-privacy-choices".to_owned()),
            reask_on: Some(day(2027, 3, 12)),
        };
        let device = Self { scope: vec![Scope::Device], told: vec![], ..known.clone() };
        vec![("known person", known), ("device", device)]
    }
}
