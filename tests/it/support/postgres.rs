//! A PostgreSQL database of a test's own, on the server that `HABEAS_TEST_POSTGRES` names as a superuser.

use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;

/// A connection of the tests', past everything the store does.
pub type Raw = AsyncConnectionWrapper<AsyncPgConnection>;

/// A database that is gone when this is dropped.
pub struct TestDatabase {
    server: String,
    name: String,
}

/// The roles of docs/store.md. They belong to the whole server, so two tests may make them at once: the lock holds until these
/// statements, sent together, are committed together.
const ROLES: &str = "
SELECT pg_advisory_xact_lock(4711);
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'habeas_owner') THEN CREATE ROLE habeas_owner LOGIN; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'habeas_app') THEN CREATE ROLE habeas_app LOGIN; END IF;
END $$;";

/// The server's address, if one is given. Without one a test skips itself, but not where all tools must be there.
pub fn server() -> Option<String> {
    let url = std::env::var("HABEAS_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
    assert!(
        url.is_some() || std::env::var("HABEAS_CHECK_TOOLS").is_err(),
        "HABEAS_CHECK_TOOLS is set, but HABEAS_TEST_POSTGRES names no PostgreSQL server"
    );
    url
}

impl TestDatabase {
    /// A new, empty database owned by `habeas_owner`; `None` when no server is given.
    pub fn new() -> Option<Self> {
        Some(Self::on(server()?))
    }

    /// The same on the server with this address of a superuser.
    pub fn on(server: String) -> Self {
        let name = format!("test_{:016x}", u64::from_le_bytes(habeas_random()));
        let mut raw = Raw::establish(&server).unwrap();
        raw.batch_execute(ROLES).unwrap();
        raw.batch_execute(&format!("CREATE DATABASE {name} OWNER habeas_owner")).unwrap();
        let database = Self { server, name };
        database.superuser().batch_execute("GRANT CREATE ON SCHEMA public TO habeas_owner").unwrap();
        database
    }

    /// Its address for a role.
    pub fn url(&self, role: &str) -> String {
        let (_, place) = self.server.split_once("://").unwrap();
        let (host, _) = place.split_once('@').unwrap().1.split_once('/').unwrap();
        format!("postgres://{role}@{host}/{}", self.name)
    }

    /// A connection that may do anything.
    pub fn superuser(&self) -> Raw {
        let (_, place) = self.server.split_once("://").unwrap();
        let (user, _) = place.split_once('@').unwrap();
        Raw::establish(&self.url(user)).unwrap()
    }

    /// A connection as the program's own role.
    pub fn app(&self) -> Raw {
        Raw::establish(&self.url("habeas_app")).unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let dropped = Raw::establish(&self.server)
            .map(|mut raw| raw.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)));
        if !std::thread::panicking() {
            dropped.unwrap().unwrap();
        }
    }
}

fn habeas_random() -> [u8; 8] {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// One number that a query gives.
pub fn number(raw: &mut Raw, sql: &str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Answer {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        answer: i64,
    }
    diesel::sql_query(sql).get_result::<Answer>(raw).unwrap().answer
}
