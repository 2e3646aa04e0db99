//! Both databases go up, down and up again to the same schema, and refuse one from the future.

use super::*;
use crate::store::Role;
use crate::store::test_postgres::TestDatabase;

const SQLITE_SCHEMA: &str = "SELECT coalesce(group_concat(sql, ';'), '') AS answer FROM (SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'migrations' ORDER BY name)";

/// Tables with columns and rights, constraints, indexes, triggers, policies and functions.
const POSTGRES_SCHEMA: &str = "
SELECT coalesce(string_agg(what, E'\\n' ORDER BY what), '') AS answer FROM (
  SELECT concat_ws(' ', 'table', c.relname, c.relowner::regrole, c.relrowsecurity, c.relforcerowsecurity, c.relacl) AS what
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
  UNION ALL
  SELECT concat_ws(' ', 'column', a.attrelid::regclass, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL
  SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL
  SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL
  SELECT concat_ws(' ', 'policy', tablename, policyname, cmd, qual, with_check) FROM pg_policies WHERE schemaname = 'public'
  UNION ALL
  SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS parts WHERE what NOT LIKE '%migrations%'";

/// A database to migrate, with what removes it in the end.
struct Fresh {
    connection: Db,
    schema: &'static str,
    _folder: Option<tempfile::TempDir>,
    // Last: the connection is closed before.
    _database: Option<TestDatabase>,
}

fn databases() -> Vec<Fresh> {
    let dir = tempfile::tempdir().unwrap();
    let connection = Db::open(&Database::Sqlite(dir.path().join("db"))).unwrap();
    let mut all = vec![Fresh { connection, schema: SQLITE_SCHEMA, _folder: Some(dir), _database: None }];
    if let Some(database) = TestDatabase::new() {
        let owner = Role { url: database.url("habeas_owner"), password_file: None };
        let connection = Db::open_as_owner(&owner).unwrap();
        all.push(Fresh { connection, schema: POSTGRES_SCHEMA, _folder: None, _database: Some(database) });
    }
    all
}

#[test]
fn up_down_up_gives_the_same_schema_and_down_leaves_nothing() {
    for Fresh { mut connection, schema, _folder, _database } in databases() {
        up(&mut connection).unwrap();
        let first = connection.text(schema, "read the schema").unwrap();
        assert!(first.contains("ledger_entries") && first.contains("keep_update"), "{first}");
        down(&mut connection).unwrap();
        assert_eq!(connection.text(schema, "read the schema").unwrap(), "");
        up(&mut connection).unwrap();
        assert_eq!(connection.text(schema, "read the schema").unwrap(), first);
    }
}

#[test]
fn a_newer_schema_is_refused() {
    for Fresh { mut connection, _folder, _database, .. } in databases() {
        up(&mut connection).unwrap();
        connection.run("INSERT INTO migrations VALUES ('20991231_from_the_future')", "test").unwrap();
        for refused in [up(&mut connection), settle(&mut connection)] {
            assert!(refused.unwrap_err().to_string().contains("use a newer program"));
        }
    }
}

#[test]
fn every_table_has_a_retention_class() {
    let mut classed: Vec<_> = crate::store::retention::CLASSES.iter().map(|(table, _)| *table).collect();
    classed.sort_unstable();
    for Fresh { mut connection, _folder, _database, .. } in databases() {
        up(&mut connection).unwrap();
        let tables = match connection {
            Db::Sqlite(_) => {
                "SELECT group_concat(name, ',') AS answer FROM (SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name)"
            }
            Db::Postgres(_) => {
                "SELECT string_agg(tablename, ',' ORDER BY tablename) AS answer FROM pg_tables WHERE schemaname = 'public'"
            }
        };
        assert_eq!(connection.text(tables, "list the tables").unwrap(), classed.join(","));
    }
}
