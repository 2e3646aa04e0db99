//! Lines appended to a file, for agents that watch files.

use super::SendError;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Appends `lines` in one write and syncs them.
pub(super) fn append(path: &Path, lines: &[String]) -> Result<(), SendError> {
    let mut text = lines.join("\n");
    text.push('\n');
    let mut file =
        OpenOptions::new().create(true).append(true).open(path).map_err(SendError::io("opening the file"))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).map_err(SendError::io("writing the file"))
}
