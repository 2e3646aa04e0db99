//! Where the two databases need different words: settings, the edges of transactions, and queries that the common
//! vocabulary cannot say.
//!
//! Writers of one organisation follow one another on both. SQLite has one writer at all; on PostgreSQL each transaction first
//! takes the lock of every organisation it will write for, in order, so that two of them neither mix nor block each other for
//! good. Under that lock `READ COMMITTED` reads what is true until the commit.

use super::connection::Db;
use super::{Error, failed};
use crate::ids::OrganisationId;
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, TextExpressionMethods};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// SQLite (threats, Numbers): durable before acknowledged, foreign keys held, deleted bytes overwritten, nothing in the
/// schema trusted.
const SQLITE_SETTINGS: &str = "
PRAGMA busy_timeout = 10000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA secure_delete = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;";

/// PostgreSQL (threats, Numbers). `synchronous_commit` is not set here: start-up refuses a weak one, so that whoever weakened
/// it hears of it.
const POSTGRES_SETTINGS: &str = "
SET search_path = public;
SET statement_timeout = '10s';
SET lock_timeout = '3s';
SET idle_in_transaction_session_timeout = '60s';
SET default_transaction_isolation = 'read committed';";

/// What a new connection is told.
pub(super) const fn settings(connection: &Db) -> &'static str {
    match connection {
        Db::Sqlite(_) => SQLITE_SETTINGS,
        Db::Postgres(_) => POSTGRES_SETTINGS,
    }
}

/// Names the organisation whose rows the transaction may see (row level security). An id holds no character that could end
/// the text.
fn as_organisation(organisation: &OrganisationId) -> String {
    format!("SELECT set_config('habeas.organisation', '{organisation}', true)")
}

impl Db {
    /// Begins a transaction that writes for these organisations. SQLite takes its write lock at once, so that no step fails
    /// half way.
    pub(super) fn begin(&mut self, organisations: &BTreeSet<OrganisationId>) -> Result<(), Error> {
        let mut sql = match self {
            Self::Sqlite(_) => return self.run("BEGIN IMMEDIATE", "begin a transaction"),
            Self::Postgres(_) => "BEGIN".to_owned(),
        };
        for organisation in organisations {
            // Writing to a text cannot fail.
            let _ = write!(sql, "; SELECT pg_advisory_xact_lock(hashtextextended('habeas {organisation}', 0))");
        }
        self.run(&sql, "begin a transaction")
    }

    /// Begins a step within the transaction, for one organisation.
    pub(super) fn begin_step(&mut self, organisation: &OrganisationId) -> Result<(), Error> {
        match self {
            Self::Sqlite(_) => self.run("SAVEPOINT job", "begin a step"),
            Self::Postgres(_) => self.run(&format!("SAVEPOINT job; {}", as_organisation(organisation)), "begin a step"),
        }
    }

    /// Begins a transaction that reads one organisation as it is at this instant.
    pub(super) fn begin_reading(&mut self, organisation: &OrganisationId) -> Result<(), Error> {
        match self {
            Self::Sqlite(_) => self.run("BEGIN", "begin to read"),
            Self::Postgres(_) => {
                let name = as_organisation(organisation);
                self.run(&format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {name}"), "begin to read")
            }
        }
    }

    /// Begins a transaction that may list the organisations with a ledger, and nothing more.
    pub(super) fn begin_listing(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(_) => self.run("BEGIN", "begin to read"),
            Self::Postgres(_) => {
                self.run("BEGIN READ ONLY; SELECT set_config('habeas.listing', 'on', true)", "begin to read")
            }
        }
    }

    /// Commits. PostgreSQL answers `COMMIT` of a failed transaction by a quiet rollback, hence the question before it.
    pub(super) fn commit(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(_) => self.run("COMMIT", "commit"),
            Self::Postgres(_) => self.run("SELECT 1; COMMIT", "commit"),
        }
    }

    /// Rolls back; whether the connection still works.
    pub(super) fn roll_back(&mut self) -> bool {
        let done = self.run("ROLLBACK", "roll back").is_ok();
        match self {
            // Nothing to roll back is an error there, and no harm.
            Self::Sqlite(_) => true,
            Self::Postgres(_) => done,
        }
    }

    /// Whether a conflict with another transaction happened since the last question, which is worth another try.
    pub(super) const fn take_must_redo(&mut self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(c) => c.take_must_redo(),
        }
    }
}

/// Id, request, effect and attempts of a row of the outbox.
pub(super) type Waiting = (String, String, String, i64);

/// Up to `most` effects of the organisation that are spelt like `like`, due and not leased at `now`, taken so that no other
/// worker takes them.
pub(super) fn free_effects(
    connection: &mut Db,
    organisation: &OrganisationId,
    like: &str,
    now: i64,
    most: i64,
) -> Result<Vec<Waiting>, Error> {
    use super::schema::outbox::dsl;
    let query = dsl::outbox
        .filter(dsl::organisation.eq(organisation.as_str().to_owned()))
        .filter(dsl::done_at.is_null())
        .filter(dsl::effect.like(like.to_owned()))
        .filter(dsl::not_before.le(now))
        .filter(dsl::leased_until.is_null().or(dsl::leased_until.lt(now)))
        .order((dsl::not_before, dsl::id))
        .limit(most)
        .select((dsl::id, dsl::request, dsl::effect, dsl::attempts));
    let rows: QueryResult<Vec<Waiting>> = match connection {
        Db::Sqlite(c) => query.load(c),
        Db::Postgres(c) => query.for_update().skip_locked().load(c),
    };
    rows.map_err(failed("look for effects"))
}
