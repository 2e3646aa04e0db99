//! Bringing the tables up to date, each migration in one transaction; a newer schema than ours is refused (I22).

use super::connection::Db;
use super::{Error, failed};
use diesel::{QueryableByName, RunQueryDsl};

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

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

fn applied(connection: &mut Db) -> Result<Vec<String>, Error> {
    connection
        .run("CREATE TABLE IF NOT EXISTS migrations (name TEXT NOT NULL PRIMARY KEY)", "keep a list of migrations")?;
    let rows: Vec<Applied> = diesel::sql_query("SELECT name FROM migrations ORDER BY name")
        .load(connection)
        .map_err(failed("read the list of migrations"))?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

const fn known(connection: &Db) -> &'static [Migration] {
    match connection {
        Db::Sqlite(_) => SQLITE,
    }
}

/// Applies what is missing.
pub(super) fn up(connection: &mut Db) -> Result<(), Error> {
    let (known, applied) = (known(connection), applied(connection)?);
    if let Some(newer) = applied.iter().find(|name| !known.iter().any(|m| m.name == name.as_str())) {
        let why =
            format!("the database has the migration `{newer}`, which this program does not know; use a newer program");
        return Err(Error::Refused(why));
    }
    for migration in known.iter().filter(|m| !applied.iter().any(|name| name == m.name)) {
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
    connection.begin()?;
    for sql in statements {
        if let Err(e) = connection.run(sql, "migrate the database") {
            // The first error is the one to tell.
            let _ = connection.run("ROLLBACK", "migrate the database");
            return Err(e);
        }
    }
    connection.run("COMMIT", "migrate the database")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = "SELECT coalesce(group_concat(sql, ';'), '') AS answer FROM (SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'migrations' ORDER BY name)";

    #[test]
    fn up_down_up_gives_the_same_schema_and_down_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = Db::open(&dir.path().join("db")).unwrap();
        up(&mut connection).unwrap();
        let first = connection.text(SCHEMA, "read the schema").unwrap();
        assert!(first.contains("ledger_entries"));
        down(&mut connection).unwrap();
        assert_eq!(connection.text(SCHEMA, "read the schema").unwrap(), "");
        up(&mut connection).unwrap();
        assert_eq!(connection.text(SCHEMA, "read the schema").unwrap(), first);
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = Db::open(&dir.path().join("db")).unwrap();
        up(&mut connection).unwrap();
        connection.run("INSERT INTO migrations VALUES ('20991231_from_the_future')", "test").unwrap();
        assert!(up(&mut connection).unwrap_err().to_string().contains("use a newer program"));
    }

    #[test]
    fn every_table_has_a_retention_class() {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = Db::open(&dir.path().join("db")).unwrap();
        up(&mut connection).unwrap();
        let tables = "SELECT group_concat(name, ',') AS answer FROM (SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name)";
        let names = connection.text(tables, "list the tables").unwrap();
        let mut classed: Vec<_> = super::super::retention::CLASSES.iter().map(|(table, _)| *table).collect();
        classed.sort_unstable();
        assert_eq!(names, classed.join(","));
    }
}
