//! What only a PostgreSQL server can be asked: organisations apart, rights, what a start refuses, TLS, conflicts of transactions.

use super::*;
use crate::support::postgres::{Raw, number};
use diesel::Connection;
use diesel::connection::SimpleConnection;
use habeas::flows::open_request::open_request;
use habeas::store::{Database, Role, Server};

/// A filled store of two organisations; `None` without a server.
fn two_organisations() -> Option<(Place, Store)> {
    let place = Place::postgres()?;
    let store = place.open();
    for (organisation, key) in [("acme", "a1"), ("acme", "a2"), ("globex", "g1")] {
        open_request(&store, &BOOK, &clerk(organisation), letter(key), at(NOW)).unwrap();
    }
    Some((place, store))
}

const TABLES: [&str; 9] =
    ["requests", "claims", "holds", "subject_keys", "sealed", "outbox", "notices", "ledger_entries", "ledger_heads"];

#[test]
fn a_session_sees_its_own_organisation_alone_also_with_raw_sql_and_as_the_owner() {
    let Some((place, store)) = two_organisations() else { return };
    let database = place.database.as_ref().unwrap();
    let with_organisation = "SELECT count(*) AS answer FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE a.attname = 'organisation' AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace";
    let listed = TABLES.len() as i64 + 1;
    assert_eq!(
        number(&mut database.superuser(), with_organisation),
        listed,
        "a table is not in the list, or checkpoints"
    );
    for role in ["habeas_app", "habeas_owner"] {
        let mut raw = Raw::establish(&database.url(role)).unwrap();
        let mut count = |table: &str, filter: &str| {
            number(&mut raw, &format!("SELECT count(*) AS answer FROM {table} WHERE {filter}"))
        };
        for table in TABLES {
            assert_eq!(count(table, "true"), 0, "{role} without an organisation sees {table}");
        }
        raw.batch_execute("SET habeas.organisation = 'acme'").unwrap();
        let mut count = |table: &str, filter: &str| {
            number(&mut raw, &format!("SELECT count(*) AS answer FROM {table} WHERE {filter}"))
        };
        assert_eq!((count("requests", "true"), count("sealed", "true")), (2, 4), "{role}");
        for table in TABLES {
            assert_eq!(count(table, "organisation <> 'acme'"), 0, "{role} of acme sees {table} of globex");
        }
        let foreign = [
            "INSERT INTO holds VALUES ('globex', 'somebody', 0)",
            "UPDATE requests SET organisation = 'globex'",
            "UPDATE outbox SET organisation = 'globex'",
        ];
        for sql in foreign {
            assert!(raw.batch_execute(sql).is_err(), "{role}: {sql}");
        }
        raw.batch_execute("UPDATE requests SET version = 99 WHERE organisation = 'globex'").unwrap();
    }
    let untouched = "SELECT count(*) AS answer FROM requests WHERE version = 99";
    assert_eq!(number(&mut database.superuser(), untouched), 0);
    assert_eq!(store.organisations().unwrap().len(), 2);
}

#[test]
fn the_ledger_is_append_only_by_right_and_by_trigger_and_the_program_makes_no_tables() {
    let Some((place, _store)) = two_organisations() else { return };
    let database = place.database.as_ref().unwrap();
    let mut app = database.app();
    let mut owner = Raw::establish(&database.url("habeas_owner")).unwrap();
    app.batch_execute("SET habeas.organisation = 'acme'").unwrap();
    owner.batch_execute("SET habeas.organisation = 'acme'").unwrap();
    for change in [
        "UPDATE ledger_entries SET entry = '\\x00'",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries",
        "TRUNCATE ledger_checkpoints",
    ] {
        let denied = app.batch_execute(change).unwrap_err().to_string();
        assert!(denied.contains("permission denied"), "{change}: {denied}");
        let kept = owner.batch_execute(change).unwrap_err().to_string();
        assert!(kept.contains("append-only"), "{change}: {kept}");
    }
    for shape in [
        "CREATE TABLE mine (x INT)",
        "ALTER TABLE requests ADD COLUMN x INT",
        "DROP TABLE holds",
        "ALTER TABLE ledger_entries DISABLE TRIGGER ALL",
        "DROP POLICY own_organisation ON requests",
        "ALTER TABLE requests DISABLE ROW LEVEL SECURITY",
        "TRUNCATE requests CASCADE",
        "DELETE FROM ledger_heads",
        "INSERT INTO migrations VALUES ('x')",
    ] {
        assert!(app.batch_execute(shape).is_err(), "{shape}");
    }
}

#[test]
fn a_start_refuses_what_would_make_the_store_weaker() {
    let Some((place, store)) = two_organisations() else { return };
    drop(store);
    let database = place.database.as_ref().unwrap();
    let mut admin = database.superuser();
    let here = "DO $$ BEGIN EXECUTE format('ALTER ROLE habeas_app IN DATABASE %I ', current_database()) || '";
    let cases = [
        (
            format!("{here}SET synchronous_commit = off'; END $$"),
            format!("{here}RESET ALL'; END $$"),
            "`synchronous_commit` is `off`",
        ),
        (
            format!("{here}SET synchronous_commit = local'; END $$"),
            format!("{here}RESET ALL'; END $$"),
            "must be `on` or `remote_apply`",
        ),
        (
            "GRANT UPDATE ON ledger_entries TO habeas_app".into(),
            "REVOKE UPDATE ON ledger_entries FROM habeas_app".into(),
            "may change or empty the table ledger_entries",
        ),
        (
            "GRANT UPDATE (note) ON ledger_checkpoints TO habeas_app".into(),
            "REVOKE UPDATE (note) ON ledger_checkpoints FROM habeas_app".into(),
            "may change or empty the table ledger_checkpoints",
        ),
        (
            "GRANT TRUNCATE ON ledger_entries TO habeas_app".into(),
            "REVOKE TRUNCATE ON ledger_entries FROM habeas_app".into(),
            "may change or empty",
        ),
        (
            "ALTER TABLE holds OWNER TO habeas_app".into(),
            "ALTER TABLE holds OWNER TO habeas_owner".into(),
            "owner of the table holds",
        ),
        (
            "GRANT CREATE ON SCHEMA public TO habeas_app".into(),
            "REVOKE CREATE ON SCHEMA public FROM habeas_app".into(),
            "may make tables",
        ),
        (
            "ALTER TABLE sealed NO FORCE ROW LEVEL SECURITY".into(),
            "ALTER TABLE sealed FORCE ROW LEVEL SECURITY".into(),
            "row security is off for the table sealed",
        ),
        (
            "ALTER TABLE outbox DISABLE ROW LEVEL SECURITY".into(),
            "ALTER TABLE outbox ENABLE ROW LEVEL SECURITY".into(),
            "row security is off for the table outbox",
        ),
        (
            "ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_keep_delete".into(),
            "ALTER TABLE ledger_entries ENABLE TRIGGER ledger_entries_keep_delete".into(),
            "lacks a trigger",
        ),
        (
            "INSERT INTO migrations VALUES ('20991231_x')".into(),
            "DELETE FROM migrations WHERE name = '20991231_x'".into(),
            "use a newer program",
        ),
    ];
    for (spoil, mend, says) in cases {
        admin.batch_execute(&spoil).unwrap();
        let refused = Store::open(&place.settings(), at(NOW)).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(refused.contains("habeas does not start") && refused.contains(says), "{spoil}: {refused}");
        admin.batch_execute(&mend).unwrap();
    }
    drop(place.open());
}

#[test]
fn a_start_refuses_the_wrong_role_and_tables_that_nobody_may_bring_up_to_date() {
    let Some(place) = Place::postgres() else { return };
    let database = place.database.as_ref().unwrap();
    let role = |name: &str| Role { url: database.url(name), password_file: None };
    let start = |app: &str, owner: Option<&str>| {
        let server = Server { app: role(app), owner: owner.map(role) };
        let settings = Settings { database: Database::Postgres(server), ..place.settings() };
        Store::open(&settings, at(NOW)).err().map(|e| e.to_string()).unwrap_or_default()
    };
    let lacking = start("habeas_app", None);
    assert!(lacking.contains("lacks the migration `20261123_create_store`"), "{lacking}");
    assert_eq!(start("habeas_app", Some("habeas_owner")), "");
    assert_eq!(start("habeas_app", None), "", "the owner is needed only once");
    for (app, says) in [("habeas", "superuser"), ("habeas_owner", "owner of the table")] {
        let refused = start(app, None);
        assert!(refused.contains(says), "{app}: {refused}");
    }
    database.superuser().batch_execute("DELETE FROM migrations WHERE name = '20261128_add_notices'").unwrap();
    let lacking = start("habeas_app", None);
    assert!(lacking.contains("lacks the migration `20261128_add_notices`"), "{lacking}");
}
