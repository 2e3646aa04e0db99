//! docs/store.md, carried out: the commands that set PostgreSQL up are run as they stand there, on a server fresh from `initdb`.

use super::*;
use crate::support::server::TestServer;
use habeas::config::Config;
use habeas::store::{Database, Role, Server};
use std::os::unix::fs::PermissionsExt;

const MANUAL: &str = include_str!("../../../docs/store.md");

/// Passwords count, save for the superuser.
const WHO_MAY_COME: &str = "
host all habeas 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
";

/// What `habeas.toml` must hold besides.
const REST: &str = r#"
[organisation]
id = "acme"
name = "Acme"
email = "p@acme.example"
dpo = "d@acme.example"
place = "DE"

"#;

/// The one fenced block of this language.
fn fenced(language: &str) -> &'static str {
    let fence = format!("```{language}\n");
    let mut blocks = MANUAL.split(&fence).skip(1);
    let block = blocks.next().and_then(|rest| rest.split_once("\n```")).unwrap().0;
    assert!(blocks.next().is_none(), "two blocks of {language}: which one is meant?");
    block
}

/// The command between backquotes that begins so.
fn inline(begins: &str) -> &'static str {
    let at = MANUAL.find(&format!("`{begins}")).unwrap() + 1;
    MANUAL[at..].split_once('`').unwrap().0
}

#[test]
fn the_commands_of_the_manual_set_up_what_the_program_asks_for() {
    let Some(server) = TestServer::new() else { return };
    server.put("pg_hba.conf", WHO_MAY_COME);
    server.start(&[]);
    server.psql("postgres", fenced("sql"));
    let place = Place::sqlite();
    // The example has the same password for both roles.
    let password = place.dir.path().join("password");
    std::fs::write(&password, "...\n").unwrap();
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o400)).unwrap();
    let role = |name: &str, password_file| Role {
        url: format!("postgres://{name}@127.0.0.1:{}/habeas", server.port),
        password_file,
    };
    let start = |app: Role, owner: Option<Role>| {
        let database = Database::Postgres(Server { app, owner });
        Store::open(&Settings { database, ..place.settings() }, at(NOW)).map_err(|e| e.to_string())
    };
    let with = || Some(password.clone());
    let early = start(role("habeas_app", with()), None).err().unwrap();
    assert!(early.contains("start once with the address of the role that owns the tables"), "{early}");
    let denied = start(role("habeas_app", None), None).err().unwrap();
    assert!(denied.contains("password"), "{denied}");
    drop(start(role("habeas_app", with()), Some(role("habeas_owner", with()))).unwrap());
    let store = start(role("habeas_app", with()), None).unwrap();
    let opened =
        habeas::flows::open_request::open_request(&store, &BOOK, &clerk("acme"), letter("k1"), at(NOW)).unwrap();
    drop(store);

    server.psql("habeas", &format!("{}; ALTER ROLE web PASSWORD '...'", inline("CREATE ROLE web")));
    let store = start(role("web", with()), None).unwrap();
    assert!(store.read(&clerk("acme"), |r| r.request(&opened.id)).unwrap().is_some());
}

#[test]
fn the_settings_of_the_manual_are_read() {
    let place = Place::sqlite();
    let file = place.dir.path().join("habeas.toml");
    std::fs::write(&file, format!("{REST}{}", fenced("toml"))).unwrap();
    let config = Config::load(&file).unwrap();
    let Database::Postgres(Server { app, owner }) = config.store_settings().database else { panic!("not PostgreSQL") };
    let owner = owner.unwrap();
    assert!(app.url.contains("habeas_app@") && owner.url.contains("habeas_owner@"));
    assert_eq!(app.password_file.unwrap(), place.dir.path().join("keys/db-app.password"));
    assert_eq!(owner.password_file.unwrap(), place.dir.path().join("keys/db-owner.password"));
}
