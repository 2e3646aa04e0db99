//! Lines appended to a file, for agents that watch files.

use super::SendError;
use crate::files;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// How many of `lines` the file ends with already, because a run was ended between writing and noting them. One that was
/// torn is made whole.
pub(super) fn settle(path: &Path, lines: &[String]) -> Result<usize, SendError> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(SendError::io("opening the file")(e)),
    };
    let mut end = Vec::new();
    let size = file.metadata().map_err(SendError::io("reading the file"))?.len();
    let start = size.saturating_sub(text.len() as u64);
    let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_to_end(&mut end));
    read.map_err(SendError::io("reading the file"))?;
    // A line begins where the file does or another one ends.
    let begins =
        |at: usize| at.checked_sub(1).map_or(start == 0 || end.len() < text.len(), |b| end.get(b) == Some(&b'\n'));
    let is_there =
        |at: &usize| end.get(*at..).is_some_and(|rest| !rest.is_empty() && text.as_bytes().starts_with(rest));
    let Some(at) = (0..end.len()).find(|at| (begins(*at) || *at == 0) && is_there(at)) else { return Ok(0) };
    let (there, rest) = text.as_bytes().split_at(end.len() - at);
    let whole = there.iter().filter(|b| **b == b'\n').count();
    if there.ends_with(b"\n") {
        return Ok(whole);
    }
    let rest = rest.split_inclusive(|b| *b == b'\n').next().unwrap_or_default();
    let mut file = OpenOptions::new().append(true).open(path).map_err(SendError::io("opening the file"))?;
    let written = files::write_at("alerts::settle", &mut file, rest).and_then(|()| file.sync_data());
    written.map_err(SendError::io("writing the file"))?;
    Ok(whole + 1)
}

/// Appends `lines` in one write and syncs them.
pub(super) fn append(path: &Path, lines: &[String]) -> Result<(), SendError> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut text = lines.join("\n");
    text.push('\n');
    let mut file =
        OpenOptions::new().create(true).append(true).open(path).map_err(SendError::io("opening the file"))?;
    let written = files::write_at("alerts::append", &mut file, text.as_bytes()).and_then(|()| file.sync_data());
    written.map_err(SendError::io("writing the file"))?;
    files::point("alerts::after-append");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte at which a write can have ended: each line is there once in the end.
    #[test]
    fn what_a_torn_write_left_is_made_whole_and_not_written_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let lines: Vec<String> = ["one", "two \u{fc}", "three"].map(str::to_owned).to_vec();
        let text = "one\ntwo \u{fc}\nthree\n";
        for before in ["", "zero\n", "one\ntwo\n", "a longer text that was there before\n"] {
            for cut in 0..=text.len() {
                std::fs::write(&path, [before.as_bytes(), &text.as_bytes()[..cut]].concat()).unwrap();
                let there = settle(&path, &lines).unwrap();
                append(&path, &lines[there..]).unwrap();
                assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{before}{text}"), "cut at {cut}");
            }
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(settle(&path, &lines).unwrap(), 0);
    }
}
