//! Reading what an auditor needs, all of it at one instant: requests without their personal values, entries, checkpoints.
//!
//! Needs no master key and opens nothing that is sealed. Must never create, migrate or change a store.

use super::connection::Db;
use super::{Database, Error, failed, ledger, migrate, requests};
use crate::ids::OrganisationId;
use crate::requests::request::Request;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

/// What one organisation's store holds.
#[derive(Clone, Debug)]
pub struct Archive {
    /// All requests, open and closed, by id.
    pub requests: Vec<Request>,
    /// The ledger's entries, in order.
    pub entries: Vec<Vec<u8>>,
    /// The signed checkpoints, oldest first.
    pub checkpoints: Vec<String>,
}

/// Reads the archive of `organisation` from the store in `database`.
pub fn read_archive(database: &Database, organisation: &OrganisationId) -> Result<Archive, Error> {
    if let Database::Sqlite(file) = database
        && !file.is_file()
    {
        return Err(Error::File(format!("there is no store at `{}`", file.display())));
    }
    let mut connection = Db::open(database)?;
    migrate::look(&mut connection)?;
    connection.begin_reading(organisation)?;
    let archive = read(&mut connection, organisation);
    connection.roll_back();
    archive
}

fn read(connection: &mut Db, organisation: &OrganisationId) -> Result<Archive, Error> {
    use super::schema::requests::dsl;
    // Entries, head and last checkpoint must agree before anything else is looked at.
    ledger::check(connection, organisation)?;
    let rows: Vec<(String, String)> = dsl::requests
        .filter(dsl::organisation.eq(organisation.as_str().to_owned()))
        .order(dsl::id)
        .select((dsl::id, dsl::state))
        .load(connection)
        .map_err(failed("read all requests"))?;
    Ok(Archive {
        requests: rows.iter().map(|(id, state)| requests::parse(id, state)).collect::<Result<_, _>>()?,
        entries: ledger::entries(connection, organisation)?,
        checkpoints: ledger::notes(connection, organisation)?,
    })
}
