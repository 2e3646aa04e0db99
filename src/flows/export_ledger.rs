//! Exporting an organisation's ledger as a folder that anybody can verify offline with the pinned key alone.

use crate::app::{App, AppError};
use crate::authority::System;
use crate::clock::Timestamp;
use crate::files::{self, FileError};
use crate::ledger::tiles;
use crate::ledger::tree::leaf_hash;
use crate::store;
use std::path::Path;

/// A ledger that cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The installation.
    #[error(transparent)]
    App(#[from] AppError),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The layout.
    #[error(transparent)]
    Ledger(#[from] crate::ledger::Error),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    /// Entries.
    pub entries: usize,
    /// Files written, the checkpoints among them.
    pub files: usize,
    /// The key that verifies it.
    pub key: String,
}

/// Signs a checkpoint over the whole ledger and writes the log to `folder` (c2sp.org/tlog-tiles): `checkpoint`, `tile/...`,
/// every earlier checkpoint under `checkpoints`, and the public key. Exporting into an older export brings it up to date.
pub fn export_ledger(app: &App, by: &System, folder: &Path, now: Timestamp) -> Result<Exported, ExportError> {
    let signer = app.signer()?;
    let note = app.store.checkpoint(by, &signer, now)?;
    let (entries, notes) = app.store.read(by, |r| Ok((r.entries()?, r.checkpoints()?)))?;
    let leaves: Vec<_> = entries.iter().map(|e| leaf_hash(e)).collect();
    let mut files = tiles::files(&entries, &leaves)?;
    for (n, earlier) in notes.iter().enumerate() {
        files.insert(format!("checkpoints/{n:06}"), earlier.clone().into_bytes());
    }
    let key = signer.verifier().to_string();
    files.insert("ledger.vkey".to_owned(), format!("{key}\n").into_bytes());
    for (path, bytes) in &files {
        let path = folder.join(path);
        if let Some(above) = path.parent() {
            files::create_folder(above)?;
        }
        files::write_whole(&path, bytes)?;
    }
    // The checkpoint last: it never stands over files that are not there yet.
    files::write_whole(&folder.join("checkpoint"), note.as_bytes())?;
    Ok(Exported { entries: entries.len(), files: files.len() + 1, key })
}
