//! Opens the law book for a command: the one that is built in, or a folder in its place, through the same loader.

use super::exit::Failed;
use crate::files::{self, FileError};
use crate::law::book::Lawbook;
use anyhow::anyhow;
use std::fs;
use std::path::{Path, PathBuf};

/// Largest file of a law book.
const LARGEST_FILE_BYTES: u64 = 1 << 20;

/// The law book of `folder`, or the built-in one.
pub(super) fn open(folder: Option<&Path>) -> Result<Lawbook, Failed> {
    let book = match folder {
        None => Lawbook::built_in(),
        Some(folder) => {
            let files = read(folder).map_err(Failed::unreadable)?;
            Lawbook::load(&files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>())
        }
    };
    book.map_err(|errors| {
        let all = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        Failed::bad_input(anyhow!("{all}"))
    })
}

fn read(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for below in ["", "calendars"] {
        let inside = folder.join(below);
        let mut paths: Vec<PathBuf> = fs::read_dir(&inside)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .map_err(|e| FileError::new("read", &inside, e))?;
        paths.sort();
        for path in paths.into_iter().filter(|p| p.extension().is_some_and(|e| e == "yaml")) {
            let text = String::from_utf8(files::read_limited(&path, LARGEST_FILE_BYTES)?)
                .map_err(|_| anyhow!("`{}` is not UTF-8 text", path.display()))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            files.push((if below.is_empty() { name.into_owned() } else { format!("{below}/{name}") }, text));
        }
    }
    Ok(files)
}
