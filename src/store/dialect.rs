//! Where the two databases need different words: settings, the edges of transactions, and queries that the common
//! vocabulary cannot say.
//!
//! Writers of one organisation follow one another on both. SQLite has one writer at all; on PostgreSQL each transaction first
//! takes the lock of every organisation it will write for, in order, so that two of them neither mix nor block each other for
//! good. Under that lock `READ COMMITTED` reads what is true until the commit.

use super::connection::Db;
use super::session::{Expected, Known};
use super::{Error, failed};
use crate::ids::OrganisationId;
use diesel::connection::SimpleConnection;
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
            Self::Postgres(c) => {
                // What failed before is over.
                c.take_conflict();
                c.take_failed();
                "BEGIN".to_owned()
            }
        };
        for organisation in organisations {
            // Writing to a text cannot fail.
            let _ = write!(sql, "; SELECT pg_advisory_xact_lock(hashtextextended('habeas {organisation}', 0))");
        }
        self.run(&sql, "begin a transaction")
    }

    /// Names the organisation for which the transaction works from here on.
    pub(super) fn name_organisation(&mut self, organisation: &OrganisationId) -> Result<(), Error> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => self.run(&as_organisation(organisation), "name the organisation"),
        }
    }

    /// Begins a part of the transaction that can be undone alone.
    pub(super) fn begin_job(&mut self) -> Result<(), Error> {
        self.run("SAVEPOINT job", "begin a step")
    }

    /// Ends that part, kept or undone.
    pub(super) fn end_job(&mut self, keep: bool) -> Result<(), Error> {
        self.run(if keep { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" }, "end a step")
    }

    /// Whether a transaction that was begun is still whole. SQLite ends one by itself on some errors, e.g. a full disk, and
    /// would run what follows without one; PostgreSQL refuses everything after any error.
    pub(super) fn is_whole(&mut self) -> bool {
        match self {
            // Within a transaction, and only there, another cannot begin.
            Self::Sqlite(c) => c.batch_execute("BEGIN").is_err(),
            Self::Postgres(c) => !c.take_failed(),
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
    pub(super) const fn take_conflict(&mut self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(c) => c.take_conflict(),
        }
    }
}

/// Most rows in one statement: a tenth of what PostgreSQL's 65,535 parameters allow.
pub(super) const MOST_ROWS: usize = 500;

/// Inserts rows into a table, none of them also into no table: one statement for all on PostgreSQL; on SQLite, where a
/// statement costs no round trip, one each.
macro_rules! insert {
    ($connection:expr, $point:literal, $table:expr, $rows:expr, $doing:literal) => {
        let rows = &$rows;
        if !rows.is_empty() {
            $crate::store::writer::point($point);
            let inserted: diesel::QueryResult<()> = match $connection {
                Db::Sqlite(c) => {
                    rows.iter().try_for_each(|row| diesel::insert_into($table).values(row).execute(c).map(drop))
                }
                Db::Postgres(c) => rows
                    .chunks(dialect::MOST_ROWS)
                    .try_for_each(|rows| diesel::insert_into($table).values(rows).execute(c).map(drop)),
            };
            inserted.map_err($crate::store::failed($doing))?;
        }
    };
}
pub(super) use insert;

/// Asks at once what jobs are expected to ask one by one.
pub(super) fn fetch_known(
    connection: &mut Db,
    organisation: &OrganisationId,
    expected: &[&Expected],
) -> Result<Known, Error> {
    use super::schema::{requests, subject_keys};
    let mut known = Known::default();
    if expected.is_empty() {
        return Ok(known);
    }
    for one in expected {
        known.submissions.insert(one.submission.clone(), None);
        known.keys.insert(one.subject.as_str().to_owned(), None);
    }
    let submissions: Vec<String> = known.submissions.keys().cloned().collect();
    let query = requests::table
        .filter(requests::organisation.eq(organisation.as_str().to_owned()))
        .filter(requests::submission.eq_any(submissions))
        .select((requests::submission, requests::id));
    let found: QueryResult<Vec<(String, String)>> = match connection {
        Db::Sqlite(c) => query.load(c),
        Db::Postgres(c) => query.load(c),
    };
    for (submission, id) in found.map_err(failed("look for submissions"))? {
        known.submissions.insert(submission, Some(id));
    }
    let subjects: Vec<String> = known.keys.keys().cloned().collect();
    let query = subject_keys::table
        .filter(subject_keys::organisation.eq(organisation.as_str().to_owned()))
        .filter(subject_keys::subject.eq_any(subjects))
        .select((subject_keys::subject, subject_keys::wrapped));
    let found: QueryResult<Vec<(String, Option<Vec<u8>>)>> = match connection {
        Db::Sqlite(c) => query.load(c),
        Db::Postgres(c) => query.load(c),
    };
    for (subject, wrapped) in found.map_err(failed("look for subjects' keys"))? {
        known.keys.insert(subject, Some(wrapped));
    }
    Ok(known)
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
