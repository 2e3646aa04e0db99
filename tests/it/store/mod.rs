//! The store on a real database: durable, separated, append-only, and honest after a kill.

mod canary;
mod conflict;
mod histories;
mod intake;
mod kill;
mod outage;
pub mod place;
mod server;
mod setup;
mod tampering;
mod tls;

use habeas::authority::{Caseworker, Dpo, System, grant};
use habeas::clock::Timestamp;
use habeas::flows::open_request::Intake;
use habeas::law::book::Lawbook;
use habeas::ledger::entry::word;
use habeas::personal::Personal;
use habeas::requests::open::Asked;
use habeas::requests::request::Channel;
use habeas::requests::right::{Regime, Right, Sensitivity};
use habeas::store::{Settings, Store, create_master_key};
use place::{Place, on_both, settings};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// The built-in law, read once.
pub static BOOK: LazyLock<Arc<Lawbook>> = LazyLock::new(|| Arc::new(Lawbook::built_in().unwrap()));

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub const NOW: &str = "2026-03-05T10:00:00Z";

/// A store in an SQLite file in `dir`.
pub fn open_store(dir: &Path) -> Store {
    Store::open(&settings(dir, None), at(NOW)).unwrap()
}

pub fn clerk(organisation: &str) -> Caseworker {
    grant::caseworker(organisation.parse().unwrap(), "carl".parse().unwrap())
}

pub fn dpo(name: &str) -> Dpo {
    grant::dpo("acme".parse().unwrap(), name.parse().unwrap())
}

pub fn system() -> System {
    grant::system("acme".parse().unwrap())
}

/// One right asked for under one law.
pub fn asked(right: Right, regime: &str, place: &str) -> Asked {
    Asked { right, regime: Regime::new(regime), place: word(place), contested: BTreeSet::new(), completes: false }
}

/// A letter that asks for erasure in Germany.
pub fn letter(key: &str) -> Intake {
    Intake {
        key: key.to_owned(),
        channel: Channel::Letter,
        received_at: at("2026-03-05T09:00:00Z"),
        sensitivity: Sensitivity::Ordinary,
        asked: vec![asked(Right::Deletion, "eu-gdpr", "de")],
        personals: BTreeMap::from([
            ("email".to_owned(), Personal::new("canary-ann@example.org".to_owned())),
            ("name".to_owned(), Personal::new("Canary Ann Example".to_owned())),
        ]),
    }
}
