//! Rows that wait to be inserted: many jobs fill them, and each table is written by one statement for all of them.
//!
//! INVARIANT: nothing is read, changed or committed in the database while rows wait here; `session` sees to it.

use super::connection::Db;
use super::schema::{claims, ledger_entries, outbox, requests, sealed, subject_keys};
use super::{Error, dialect};
use diesel::{Insertable, RunQueryDsl};

/// A request.
#[derive(Insertable)]
#[diesel(table_name = requests, treat_none_as_default_value = false)]
pub(super) struct RequestRow {
    pub(super) organisation: String,
    pub(super) id: String,
    pub(super) version: i64,
    pub(super) subject: String,
    pub(super) submission: String,
    pub(super) received_at: i64,
    pub(super) closed: bool,
    pub(super) queue: Option<String>,
    pub(super) next_action_at: Option<i64>,
    pub(super) outcome: Option<String>,
    pub(super) state: String,
}

/// A claim of a request.
#[derive(Insertable)]
#[diesel(table_name = claims, treat_none_as_default_value = false)]
pub(super) struct ClaimRow {
    pub(super) organisation: String,
    pub(super) request: String,
    pub(super) seq: i64,
    pub(super) claimed_right: String,
    pub(super) regime: String,
    pub(super) stage: String,
    pub(super) level_needed: i64,
    pub(super) level_reached: i64,
    pub(super) overridden: bool,
    pub(super) due_at: Option<i64>,
}

/// A subject's key, wrapped.
#[derive(Insertable)]
#[diesel(table_name = subject_keys, treat_none_as_default_value = false)]
pub(super) struct KeyRow {
    pub(super) organisation: String,
    pub(super) subject: String,
    pub(super) wrapped: Option<Vec<u8>>,
}

/// A personal value, sealed.
#[derive(Insertable)]
#[diesel(table_name = sealed)]
pub(super) struct SealedRow {
    pub(super) organisation: String,
    pub(super) request: String,
    pub(super) field: String,
    pub(super) boxed: Vec<u8>,
}

/// An effect.
#[derive(Insertable)]
#[diesel(table_name = outbox)]
pub(super) struct EffectRow {
    pub(super) organisation: String,
    pub(super) id: String,
    pub(super) request: String,
    pub(super) effect: String,
    pub(super) not_before: i64,
    pub(super) attempts: i64,
}

/// An entry of the ledger.
#[derive(Insertable)]
#[diesel(table_name = ledger_entries)]
pub(super) struct EntryRow {
    pub(super) organisation: String,
    pub(super) seq: i64,
    pub(super) entry: Vec<u8>,
}

/// How many rows of each table wait.
pub(super) type Mark = [usize; 6];

/// Rows that wait, all of one organisation.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) requests: Vec<RequestRow>,
    pub(super) claims: Vec<ClaimRow>,
    pub(super) keys: Vec<KeyRow>,
    pub(super) sealed: Vec<SealedRow>,
    pub(super) effects: Vec<EffectRow>,
    pub(super) entries: Vec<EntryRow>,
}

impl Rows {
    /// How many wait now.
    pub(super) const fn mark(&self) -> Mark {
        [
            self.requests.len(),
            self.claims.len(),
            self.keys.len(),
            self.sealed.len(),
            self.effects.len(),
            self.entries.len(),
        ]
    }

    /// Forgets what came after `mark`.
    pub(super) fn cut_back(&mut self, [requests, claims, keys, sealed, effects, entries]: Mark) {
        self.requests.truncate(requests);
        self.claims.truncate(claims);
        self.keys.truncate(keys);
        self.sealed.truncate(sealed);
        self.effects.truncate(effects);
        self.entries.truncate(entries);
    }

    /// Inserts all of them, those that others refer to first.
    pub(super) fn insert(self, connection: &mut Db) -> Result<(), Error> {
        dialect::insert!(connection, "store::request", requests::table, self.requests, "keep a request");
        dialect::insert!(connection, "store::claim", claims::table, self.claims, "keep a claim");
        dialect::insert!(connection, "store::key", subject_keys::table, self.keys, "keep a subject's key");
        dialect::insert!(connection, "store::seal", sealed::table, self.sealed, "seal a personal value");
        dialect::insert!(connection, "store::effect", outbox::table, self.effects, "queue an effect");
        dialect::insert!(connection, "store::entry", ledger_entries::table, self.entries, "append a ledger entry");
        Ok(())
    }
}
