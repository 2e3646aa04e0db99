//! Who may do what, as types that only the faces can grant.
//!
//! Holding a `Dpo` is the permission: an act that needs one cannot be built without it. The constructors live in `grant`,
//! which only `cli`, `web` and `schedule` may name (held by `tests/tidy.rs`): they are where a person has signed in
//! or a job has been started. Must never be read from a database row or a request body.

use crate::ids::{OfficerId, OrganisationId, RequestId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who did something, as the ledger and the request remember it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    /// A data protection officer or deputy: may approve.
    Dpo(OfficerId),
    /// Staff who handle requests: may prepare.
    Caseworker(OfficerId),
    /// Somebody who may look and verify, and change nothing.
    Auditor(OfficerId),
    /// The person who made the request, or who acts for them.
    Subject(RequestId),
    /// A job of this program.
    System,
}

impl Actor {
    /// The member of staff behind it, if it is one.
    pub const fn officer(&self) -> Option<&OfficerId> {
        match self {
            Self::Dpo(id) | Self::Caseworker(id) | Self::Auditor(id) => Some(id),
            Self::Subject(_) | Self::System => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dpo(id) => write!(f, "dpo:{id}"),
            Self::Caseworker(id) => write!(f, "caseworker:{id}"),
            Self::Auditor(id) => write!(f, "auditor:{id}"),
            Self::Subject(id) => write!(f, "subject:{id}"),
            Self::System => f.write_str("system"),
        }
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.to_string()
    }
}

impl TryFrom<String> for Actor {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let unknown = || format!("`{text}` is not an actor; use role:id or system");
        if text == "system" {
            return Ok(Self::System);
        }
        let (role, id) = text.split_once(':').ok_or_else(unknown)?;
        let officer = || id.parse().map_err(|_| unknown());
        match role {
            "dpo" => officer().map(Self::Dpo),
            "caseworker" => officer().map(Self::Caseworker),
            "auditor" => officer().map(Self::Auditor),
            "subject" => id.parse().map(Self::Subject).map_err(|_| unknown()),
            _ => Err(unknown()),
        }
    }
}

/// Something that may act within one organisation.
pub trait Authority {
    /// The organisation it is limited to.
    fn organisation(&self) -> &OrganisationId;
    /// Who it is, for the record.
    fn actor(&self) -> Actor;
}

macro_rules! staff {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name {
            organisation: OrganisationId,
            officer: OfficerId,
        }

        impl $name {
            /// The member of staff.
            pub const fn officer(&self) -> &OfficerId {
                &self.officer
            }
        }

        impl Authority for $name {
            fn organisation(&self) -> &OrganisationId {
                &self.organisation
            }

            fn actor(&self) -> Actor {
                Actor::$name(self.officer.clone())
            }
        }
    )*};
}

staff! {
    /// May decide, approve erasures and releases, and do all a caseworker may.
    Dpo;
    /// May take in, verify, search and propose.
    Caseworker;
    /// May read and verify.
    Auditor;
}

/// The person of one request, signed in by link or code, or whoever hands in a new one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    organisation: OrganisationId,
    request: RequestId,
}

impl Subject {
    /// The one request this person may see and act on.
    pub const fn request(&self) -> &RequestId {
        &self.request
    }
}

impl Authority for Subject {
    fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    fn actor(&self) -> Actor {
        Actor::Subject(self.request.clone())
    }
}

/// A job of this program, on behalf of one organisation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct System {
    organisation: OrganisationId,
}

impl Authority for System {
    fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    fn actor(&self) -> Actor {
        Actor::System
    }
}

/// Any staff who may handle a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Handler {
    /// A data protection officer.
    Dpo(Dpo),
    /// A caseworker.
    Caseworker(Caseworker),
}

impl Authority for Handler {
    fn organisation(&self) -> &OrganisationId {
        match self {
            Self::Dpo(who) => who.organisation(),
            Self::Caseworker(who) => who.organisation(),
        }
    }

    fn actor(&self) -> Actor {
        match self {
            Self::Dpo(who) => who.actor(),
            Self::Caseworker(who) => who.actor(),
        }
    }
}

impl From<Dpo> for Handler {
    fn from(who: Dpo) -> Self {
        Self::Dpo(who)
    }
}

impl From<Caseworker> for Handler {
    fn from(who: Caseworker) -> Self {
        Self::Caseworker(who)
    }
}

/// Where authority comes from. Only the faces may name this module.
pub mod grant {
    use super::{Auditor, Caseworker, Dpo, OfficerId, OrganisationId, RequestId, Subject, System};

    /// To a data protection officer who has signed in.
    pub const fn dpo(organisation: OrganisationId, officer: OfficerId) -> Dpo {
        Dpo { organisation, officer }
    }

    /// To a caseworker who has signed in.
    pub const fn caseworker(organisation: OrganisationId, officer: OfficerId) -> Caseworker {
        Caseworker { organisation, officer }
    }

    /// To an auditor who has signed in.
    pub const fn auditor(organisation: OrganisationId, officer: OfficerId) -> Auditor {
        Auditor { organisation, officer }
    }

    /// To the person of `request`, proven by link or code, or to one who just handed it in.
    pub const fn subject(organisation: OrganisationId, request: RequestId) -> Subject {
        Subject { organisation, request }
    }

    /// To a job of this program.
    pub const fn system(organisation: OrganisationId) -> System {
        System { organisation }
    }
}
