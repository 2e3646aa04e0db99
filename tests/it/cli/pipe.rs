//! Output that nobody reads: `habeas ... | head` ends quietly, and a full disk is told.

use super::requests::{ANN, Office};
use std::fs::OpenOptions;
use std::process::{Command, Output, Stdio};

fn habeas(args: &[&str], out: Stdio) -> Output {
    Command::new(env!("CARGO_BIN_EXE_habeas"))
        .args(args)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(Stdio::piped())
        .output()
        .unwrap()
}

/// The writing end of a pipe whose reader is gone.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// A device on which there is never room.
fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

/// Commands that print much, one of each way of printing.
const TALKATIVE: [&[&str]; 9] = [
    &["controls", "list"],
    &["controls", "lint"],
    &["messages", "list"],
    &["messages", "preview", "--message", "access-answer"],
    &["clock", "list"],
    &["clock", "docs"],
    &["clock", "due", "--regime", "eu-gdpr", "--place", "DE", "--right", "access", "--received", "2026-03-05"],
    &["config", "--help"],
    &["requests", "--help"],
];

#[test]
fn a_reader_that_goes_away_ends_a_command_quietly() {
    for args in TALKATIVE {
        let heard = habeas(args, Stdio::piped());
        assert!(!String::from_utf8_lossy(&heard.stderr).contains("panicked"), "{args:?}");
        let unheard = habeas(args, closed());
        let complaint = String::from_utf8(unheard.stderr).unwrap();
        assert_eq!((unheard.status.code(), complaint.as_str()), (heard.status.code(), ""), "{args:?}");
    }
}

#[test]
fn a_result_that_finds_no_room_is_told_and_is_no_success() {
    for args in [TALKATIVE[0], TALKATIVE[2], TALKATIVE[4]] {
        let lost = habeas(args, full());
        let complaint = String::from_utf8(lost.stderr).unwrap();
        assert_eq!(lost.status.code(), Some(3), "{args:?}: {complaint}");
        assert!(complaint.contains("standard output could not be written: No space left"), "{args:?}: {complaint}");
    }
}

/// What a command set out to do, it does, whoever listens.
#[test]
fn a_request_is_entered_though_nobody_reads_the_answer() {
    let office = Office::new("2026-03-06T09:00:00Z");
    let person = office.folder().join("ann.toml");
    std::fs::write(&person, ANN).unwrap();
    let file = office.folder().join("habeas.toml");
    let (file, person, key) =
        (file.to_str().unwrap(), person.to_str().unwrap(), office.folder().join("staff/carl.key"));
    let args = ["requests", "add", "--as", "carl", "--right", "access", "--received", "2026-03-05", "--person", person];
    let own = ["--key", key.to_str().unwrap(), "--config", file, "--now", "2026-03-06T09:00:00Z"];
    let unheard = habeas(&[&args[..], &own].concat(), closed());
    assert_eq!((unheard.status.code(), unheard.stderr.as_slice()), (Some(0), &b""[..]));
    assert_eq!(office.run("carl", &["list", "--json"]).json()["counts"]["received"], 1);
}
