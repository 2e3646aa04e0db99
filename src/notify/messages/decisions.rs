//! Decisions on whether a request succeeds.

use super::Message;
use super::sample::{Scene, day};
use crate::clock::Day;
use crate::notify::letterhead::Family;
use serde::Serialize;

/// A ground with its provision and the facts that bear it out.
#[derive(Clone, Debug, Serialize)]
pub struct Ground {
    /// The ground, without a full stop.
    pub text: String,
    /// The provision.
    pub cite: String,
    /// The facts: whole sentences.
    pub facts: String,
}

/// A ground for one part of a request.
#[derive(Clone, Debug, Serialize)]
pub struct PartGround {
    /// Which part.
    pub what: String,
    /// The ground, without a full stop.
    pub text: String,
    /// The provision.
    pub cite: String,
    /// The facts: whole sentences. "Impossible" alone never suffices (11 CCR 7024(h)).
    pub facts: String,
}

/// How much is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DenialOutcome {
    /// All.
    Full,
    /// Some.
    Partial,
}

/// A request is refused in whole or in part (GDPR 12(4); 11 CCR 7022(f), 7023(f), 7024(e); PIPL 50).
#[derive(Clone, Debug, Serialize)]
pub struct Denial {
    /// How much.
    pub outcome: DenialOutcome,
    /// Why, part by part.
    pub grounds: Vec<PartGround>,
    /// What was met.
    pub complied: Vec<String>,
    /// Whether what is kept is used only for the ground (11 CCR 7022(f)(3)).
    pub restricted_use: bool,
    /// Where data is sold or shared: page to opt out (11 CCR 7022(g)); https.
    pub opt_out_url: Option<String>,
    /// Whether deletion may be asked for instead (11 CCR 7023(f)).
    pub may_delete: bool,
    /// Whether a statement may be added (11 CCR 7023(f), health data).
    pub statement: bool,
    /// Whether identity could not be verified.
    pub unverified: bool,
    /// The privacy policy (11 CCR 7024(b)); https.
    pub policy_url: Option<String>,
}

impl Message for Denial {
    const NAME: &'static str = "denial";

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let cite = match scene.family {
            Family::Eu => "GDPR Art. 17(3)(b)",
            Family::Uk => "UK GDPR Art. 17(3)(b)",
            Family::Ccpa => "Cal. Civ. Code 1798.105(d)(8)",
            Family::Pipl => "PIPL Art. 47",
            Family::Other => "-",
        };
        let california = scene.family == Family::Ccpa;
        let correction = california && scene.right == "rectification";
        let link = |path: &str| Some(format!("https://www.musterfirma.example/{path}"));
        let ground = PartGround {
            what: scene.one("ground_what"),
            text: scene.one("ground_text"),
            cite: cite.to_owned(),
            facts: scene.one("ground_facts"),
        };
        let full = Self {
            outcome: DenialOutcome::Full,
            grounds: vec![ground],
            complied: vec![],
            restricted_use: california,
            opt_out_url: link("do-not-sell").filter(|_| california),
            may_delete: correction,
            statement: correction,
            unverified: false,
            policy_url: None,
        };
        let partial = Self { outcome: DenialOutcome::Partial, complied: scene.list("complied"), ..full.clone() };
        let unverified = Self { unverified: true, policy_url: link("privacy"), ..full.clone() };
        vec![("full", full), ("partial", partial), ("unverified", unverified)]
    }
}

/// An objection succeeds (GDPR 21; PIPL 24, 44).
#[derive(Clone, Debug, Serialize)]
pub struct ObjectionUpheld {
    /// Since when.
    pub stopped_on: Day,
    /// Which purposes.
    pub purposes: Vec<String>,
}

impl Message for ObjectionUpheld {
    const NAME: &'static str = "objection-upheld";
    const RIGHTS: &'static [&'static str] = &["objection", "marketing-objection", "adm-opt-out"];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        vec![("upheld", Self { stopped_on: day(2026, 3, 6), purposes: scene.list("stop_purposes") })]
    }
}

/// An objection fails; never one to direct marketing (GDPR 21(3)).
#[derive(Clone, Debug, Serialize)]
pub struct ObjectionRefused {
    /// The compelling grounds, shown.
    pub grounds: Vec<Ground>,
    /// Whether the decision was an automated one that a person may look at again (GDPR 22(3)).
    pub human_review: bool,
}

impl Message for ObjectionRefused {
    const NAME: &'static str = "objection-refused";
    const RIGHTS: &'static [&'static str] = &["objection", "adm-opt-out"];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let cite = match scene.family {
            Family::Eu => "GDPR Art. 21(1)",
            Family::Uk => "UK GDPR Art. 21(1)",
            Family::Pipl => "PIPL Art. 13, 44",
            Family::Ccpa | Family::Other => "-",
        };
        let ground =
            Ground { text: scene.one("compelling_text"), cite: cite.to_owned(), facts: scene.one("compelling_facts") };
        vec![("refused", Self { grounds: vec![ground], human_review: scene.right == "adm-opt-out" })]
    }
}

/// An appeal fails (laws of the states of the United States).
#[derive(Clone, Debug, Serialize)]
pub struct AppealDenial {
    /// Why, in writing.
    pub grounds: Vec<Ground>,
}

impl Message for AppealDenial {
    const NAME: &'static str = "appeal-denial";
    const RIGHTS: &'static [&'static str] = &["appeal"];

    fn samples(scene: &Scene<'_>) -> Vec<(&'static str, Self)> {
        let [text, facts] = ["ground_text", "ground_facts"].map(|key| scene.one(key));
        vec![("denied", Self { grounds: vec![Ground { text, cite: "-".to_owned(), facts }] })]
    }
}
