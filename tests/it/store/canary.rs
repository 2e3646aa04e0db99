//! Q28 for the store: no personal value in a byte of the database, its write-ahead log, or the server's own log.

use super::*;
use crate::support::postgres::TestDatabase;
use crate::support::server::TestServer;
use diesel::connection::SimpleConnection;
use habeas::flows::open_request::open_request;
use std::path::PathBuf;

const CANARIES: [&str; 2] = ["Canary Ann Example", "canary-ann@example.org"];

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|w| w == text.as_bytes())
}

/// Fails on the first canary, as text, in hexadecimal (as parameters are logged) or in base64.
fn search(files: &[(PathBuf, Vec<u8>)]) {
    use base64::Engine;
    for canary in CANARIES {
        let base64 = base64::engine::general_purpose::STANDARD_NO_PAD.encode(canary);
        for text in [canary, &hex::encode(canary), &base64] {
            let found: Vec<_> = files.iter().filter(|(_, bytes)| holds(bytes, text)).map(|(path, _)| path).collect();
            assert!(found.is_empty(), "{text} in {found:?}");
        }
    }
}

fn fill(store: &Store) {
    for i in 0..20 {
        open_request(store, &BOOK, &clerk("acme"), letter(&format!("k{i}")), at(NOW)).unwrap();
    }
}

#[test]
fn no_personal_value_stands_in_the_files_of_sqlite() {
    let place = Place::sqlite();
    let store = place.open();
    fill(&store);
    let listed = std::fs::read_dir(place.dir.path()).unwrap().map(|e| e.unwrap().path());
    let files: Vec<_> = listed.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    assert!(files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > 50_000, "database and WAL were searched");
    search(&files);
}

#[test]
fn no_personal_value_stands_in_the_data_or_the_log_of_postgresql_that_logs_everything() {
    let Some(server) = TestServer::new() else { return };
    server.start(&["log_statement=all", "log_parameter_max_length=-1", "log_parameter_max_length_on_error=-1"]);
    let database = TestDatabase::on(server.url());
    let place = Place { dir: tempfile::tempdir().unwrap(), database: Some(database) };
    let store = place.open();
    fill(&store);
    let mut admin = place.database.as_ref().unwrap().superuser();
    // A statement that fails is logged with its parameters and its row.
    assert!(admin.batch_execute("INSERT INTO requests SELECT * FROM requests").is_err());
    assert!(admin.batch_execute("UPDATE claims SET stage = 'approved'").is_err());
    admin.batch_execute("CHECKPOINT").unwrap();
    let files = server.files();
    let log = &files.iter().find(|(path, _)| path.ends_with("log")).unwrap().1;
    for seen in ["INSERT INTO \"sealed\"", "parameters: $1 = ", "violates check constraint"] {
        assert!(holds(log, seen), "the server's log lacks {seen}, so it proves nothing");
    }
    assert!(files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > 10_000_000, "data and WAL were searched");
    search(&files);
}
