//! What the program refuses to start on (threats, Start-up refusals).

mod postgres;
mod sqlite;

use super::connection::Db;
use super::{Database, Error, ledger};
use crate::clock::Timestamp;
use chrono::TimeDelta;

/// Clocks of machines may differ by this much.
const CLOCK_TOLERANCE_SECONDS: i64 = 5;

fn refused(why: impl Into<String>) -> Error {
    Error::Refused(why.into())
}

/// Refuses a database in a place where it loses data.
pub(super) fn check_place(database: &Database) -> Result<(), Error> {
    match database {
        Database::Sqlite(file) => sqlite::check_place(file),
        Database::Postgres(_) => Ok(()),
    }
}

/// Refuses a version that can corrupt or lose, and settings that are too weak. Asked of every connection.
pub(super) fn check_settings(connection: &mut Db) -> Result<(), Error> {
    match connection {
        Db::Sqlite(_) => sqlite::check_settings(connection),
        Db::Postgres(_) => postgres::check_settings(connection),
    }
}

/// Refuses a role that may do more than it should. SQLite knows no roles.
pub(super) fn check_rights(connection: &mut Db) -> Result<(), Error> {
    match connection {
        Db::Sqlite(_) => Ok(()),
        Db::Postgres(_) => postgres::check_rights(connection),
    }
}

/// Refuses a ledger that does not match its own head or last checkpoint, and a clock before its last entry.
pub(super) fn check_ledgers(connection: &mut Db, now: Timestamp) -> Result<(), Error> {
    connection.begin_listing()?;
    let organisations = ledger::organisations(connection);
    connection.roll_back();
    let tolerance = TimeDelta::try_seconds(CLOCK_TOLERANCE_SECONDS).unwrap_or_default();
    for organisation in organisations? {
        connection.begin_reading(&organisation)?;
        let checked = ledger::last_at(connection, &organisation)
            .and_then(|last| ledger::check(connection, &organisation).map(|()| last));
        connection.roll_back();
        let last = checked.map_err(|e| {
            refused(format!("the ledger of `{organisation}` does not agree with itself: {e}; restore a backup and look for the cause"))
        })?;
        if let Some(last) = last.filter(|last| now.plus(tolerance).is_none_or(|n| n < *last)) {
            return Err(refused(format!(
                "the clock stands at {now}, before the last ledger entry at {last}; put it right"
            )));
        }
    }
    Ok(())
}
