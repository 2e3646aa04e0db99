//! Bringing the tables up to date, each migration in one transaction; a newer schema than ours is refused (I22).

use super::connection::Db;
use super::{Database, Error, Server, failed};
use diesel::{QueryableByName, RunQueryDsl};
use std::collections::BTreeSet;

/// A migration: its name, and the statements that make and unmake it.
pub(super) struct Migration {
    pub(super) name: &'static str,
    pub(super) up: &'static str,
    #[cfg(test)]
    pub(super) down: &'static str,
}

macro_rules! migrations {
    ($db:literal: $($name:literal),*) => {
        &[$(Migration {
            name: $name,
            up: include_str!(concat!("../../migrations/", $db, "/", $name, "/up.sql")),
            #[cfg(test)]
            down: include_str!(concat!("../../migrations/", $db, "/", $name, "/down.sql")),
        }),*]
    };
}

const SQLITE: &[Migration] = migrations!("sqlite": "20261123_create_store", "20261128_add_notices");
const POSTGRES: &[Migration] = migrations!("postgres": "20261123_create_store", "20261128_add_notices");

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

fn applied(connection: &mut Db) -> Result<Vec<String>, Error> {
    let rows: Vec<Applied> = diesel::sql_query("SELECT name FROM migrations ORDER BY name")
        .load(connection)
        .map_err(failed("read the list of migrations"))?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

const fn known(connection: &Db) -> &'static [Migration] {
    match connection {
        Db::Sqlite(_) => SQLITE,
        Db::Postgres(_) => POSTGRES,
    }
}

/// The migrations that are missing; refuses a database that is ahead of this program.
fn missing(connection: &mut Db) -> Result<Vec<&'static Migration>, Error> {
    let (known, applied) = (known(connection), applied(connection)?);
    if let Some(newer) = applied.iter().find(|name| !known.iter().any(|m| m.name == name.as_str())) {
        let why =
            format!("the database has the migration `{newer}`, which this program does not know; use a newer program");
        return Err(Error::Refused(why));
    }
    Ok(known.iter().filter(|m| !applied.iter().any(|name| name == m.name)).collect())
}

/// Brings the tables up to date where the working role may: on SQLite. On PostgreSQL it only looks.
pub(super) fn settle(connection: &mut Db) -> Result<(), Error> {
    match connection {
        Db::Sqlite(_) => up(connection),
        Db::Postgres(_) => look(connection),
    }
}

/// Refuses tables that are behind or ahead of this program, and changes nothing.
pub(super) fn look(connection: &mut Db) -> Result<(), Error> {
    let (there, how) = match connection {
        Db::Sqlite(_) => (
            "SELECT CASE count(*) WHEN 0 THEN 'false' ELSE 'true' END AS answer FROM sqlite_schema WHERE name = 'migrations'",
            "start the program on it once",
        ),
        Db::Postgres(_) => (
            "SELECT (to_regclass('public.migrations') IS NOT NULL)::text AS answer",
            "start once with the address of the role that owns the tables (docs/store.md)",
        ),
    };
    let missing = match connection.text(there, "look for the tables")?.as_str() {
        "true" => missing(connection)?.first().copied(),
        _ => known(connection).first(),
    };
    missing.map_or(Ok(()), |migration| {
        Err(Error::Refused(format!("the database lacks the migration `{}`; {how}", migration.name)))
    })
}

/// Brings the tables of a PostgreSQL database up to date as their owner, if the owner's address is given.
pub(super) fn as_owner(database: &Database) -> Result<(), Error> {
    let Database::Postgres(Server { owner: Some(owner), .. }) = database else { return Ok(()) };
    let mut connection = Db::open_as_owner(owner)?;
    // One program at a time, and as long as it takes; both end with the connection.
    let alone = "SET statement_timeout = 0; SELECT pg_advisory_lock(hashtextextended('habeas migrations', 0))";
    connection.run(alone, "wait for another migration")?;
    up(&mut connection)
}

/// Applies what is missing.
fn up(connection: &mut Db) -> Result<(), Error> {
    connection
        .run("CREATE TABLE IF NOT EXISTS migrations (name TEXT NOT NULL PRIMARY KEY)", "keep a list of migrations")?;
    for migration in missing(connection)? {
        let list = format!("INSERT INTO migrations (name) VALUES ('{}')", migration.name);
        in_one(connection, &[migration.up, &list])?;
    }
    Ok(())
}

/// Takes everything back. For tests; no face offers it, because it destroys data.
#[cfg(test)]
pub(super) fn down(connection: &mut Db) -> Result<(), Error> {
    for migration in known(connection).iter().rev() {
        let list = format!("DELETE FROM migrations WHERE name = '{}'", migration.name);
        in_one(connection, &[migration.down, &list])?;
    }
    Ok(())
}

fn in_one(connection: &mut Db, statements: &[&str]) -> Result<(), Error> {
    connection.begin(&BTreeSet::new())?;
    for sql in statements {
        if let Err(e) = connection.run(sql, "migrate the database") {
            connection.roll_back();
            return Err(e);
        }
    }
    connection.commit()
}

#[cfg(test)]
mod tests;
