//! Evidence from files: folders of exports and single files, without credentials, also on a machine without network.
//!
//! Owns nothing but the reading; what the bytes mean is the business of `evidence`.

use crate::evidence::{EvidenceError, Kinds, Snapshot};
use crate::files::{self, FileError};
use std::path::{Path, PathBuf};

/// Largest evidence file, in bytes.
const FILE_LIMIT_BYTES: u64 = 512 << 20;

/// Evidence that could not be read from files.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// A file or folder could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is not usable evidence.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// A folder without any evidence: most likely the wrong folder.
    #[error("there is no `.json` file in `{}`; give the folder that holds the exported evidence", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

/// Reads evidence from files and folders (every `.json` file in and below them) into one snapshot.
pub fn read_snapshot(kinds: &Kinds, paths: &[PathBuf]) -> Result<Snapshot, DocumentError> {
    let mut snapshot = Snapshot::default();
    for path in paths {
        if path.is_dir() {
            read_folder(kinds, path, &mut snapshot)?;
        } else {
            let bytes = files::read_limited(path, FILE_LIMIT_BYTES)?;
            snapshot.add_file(kinds, &name_of(path), &bytes)?;
        }
    }
    Ok(snapshot)
}

fn read_folder(kinds: &Kinds, folder: &Path, snapshot: &mut Snapshot) -> Result<(), DocumentError> {
    let names = files::list_folder(folder, &[".json"])?;
    if names.is_empty() {
        return Err(DocumentError::Empty { path: folder.to_path_buf() });
    }
    // One file at a time: a folder of large exports is never in memory as a whole.
    for name in names {
        let bytes = files::read_limited(&folder.join(&name), FILE_LIMIT_BYTES)?;
        snapshot.add_file(kinds, &name, &bytes)?;
    }
    Ok(())
}

/// The name by which a file is told apart in reports: as it was given.
fn name_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
