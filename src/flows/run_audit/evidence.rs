//! Reads the evidence of an audit: canonical files, or a product's own export by its recipe.

use super::Request;
use crate::clock::Timestamp;
use crate::connectors::crm::recipe::{NotObservable, RawFile, Recipe, RecipeError};
use crate::connectors::documents::{self, DocumentError};
use crate::crypto::hash::Digest;
use crate::evidence::{Evidence, EvidenceError, Kinds, Method, Snapshot, Source, decode_json};
use crate::files::{self, FileError};
use crate::lang::Localised;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Largest file of a product's export, in bytes.
const EXPORT_LIMIT_BYTES: u64 = 512 << 20;

/// Evidence or a log that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Canonical evidence.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A product's export.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// A file or folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// Evidence that does not fit its schema.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The record of requests.
    #[error("{0}")]
    Requests(String),
    /// A log, or a rule over it.
    #[error("{0}")]
    Log(String),
}

/// The evidence, and what there is to say about it.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) snapshot: Snapshot,
    pub(super) notes: Vec<Localised>,
    pub(super) not_observable: Vec<NotObservable>,
    /// Files of a product's export, with their digests.
    pub(super) export: BTreeMap<String, Digest>,
    /// The ledger that the requests were told by, as a line of the manifest.
    pub(super) ledger: Option<crate::report::input::Evidence>,
    /// Whether the organisation was assumed rather than stated.
    pub(super) assumed: bool,
}

/// Reads all evidence of `request`.
pub(super) fn read(request: &Request, kinds: &Kinds) -> Result<Read, ReadError> {
    let Some(product) = &request.connector else {
        return Ok(Read { snapshot: documents::read_snapshot(kinds, &request.evidence)?, ..Read::default() });
    };
    let recipe = Recipe::of(product)?;
    let mut read = Read { not_observable: recipe.not_observable.clone(), ..Read::default() };
    let mut raw = Vec::new();
    for path in request.evidence.iter().map(|p| listed(p)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if recipe.reads(&name) {
            raw.push(RawFile { name, bytes: files::read_limited(&path, EXPORT_LIMIT_BYTES)? });
        } else if is_envelope(&path)? {
            let bytes = files::read_limited(&path, EXPORT_LIMIT_BYTES)?;
            read.snapshot.add_file(kinds, &name, &bytes)?;
        }
    }
    if !request.evidence.is_empty() {
        read.export = recipe.collect(&raw, kinds, &mut read.snapshot)?.used;
    }
    Ok(read)
}

/// The files in a folder (not below it), or the file itself.
fn listed(path: &Path) -> Result<Vec<PathBuf>, FileError> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let names = files::list_folder(path, &[".json", ".ndjson"])?;
    Ok(names.into_iter().map(|n| path.join(n)).collect())
}

/// Whether a file beside an export is evidence in canonical form: it says so in its first bytes.
fn is_envelope(path: &Path) -> Result<bool, FileError> {
    let head = files::read_start(path, 256)?;
    Ok(path.extension().is_some_and(|e| e == "json") && String::from_utf8_lossy(&head).contains("\"habeas\""))
}

/// Without a stated organisation every law is taken to apply: nothing may drop out because somebody forgot a file.
pub(super) fn assume_organisation(kinds: &Kinds, read: &mut Read, as_of: Timestamp) -> Result<(), ReadError> {
    if read.snapshot.get(ORGANISATION).is_some() {
        return Ok(());
    }
    let Some(kind) = kinds.get(ORGANISATION) else { return Ok(()) };
    let assumed = json!({"name": "(not stated)", "country": "(not stated)", "regimes": ["eu-gdpr", "uk-gdpr", "ccpa", "pipl"], "log_profile": "eu"});
    let data = decode_json(&assumed, &kind.shape).map_err(|violation| EvidenceError::Schema {
        file: "(assumed)".to_owned(),
        kind: ORGANISATION.to_owned(),
        violation,
    })?;
    read.snapshot.add(Evidence {
        kind: ORGANISATION.to_owned(),
        data,
        source: Source {
            system: "(assumed)".to_owned(),
            method: Method::Export,
            collector: "habeas audit".to_owned(),
            attested_by: None,
        },
        observed_at: as_of,
        collected_at: as_of,
        expires_at: None,
        digest: Digest::of(assumed.to_string().as_bytes()),
        file: "(assumed)".to_owned(),
    })?;
    read.assumed = true;
    read.notes.push(Localised::from([
        ("en", "the organisation is not described; all laws are taken to apply. Supply evidence of kind `organisation` to narrow this down"),
        ("zh-CN", "未提供组织信息；视为所有法律均适用。请提供 `organisation` 类证据以缩小范围"),
    ]));
    Ok(())
}

const ORGANISATION: &str = "organisation";

/// How many records a value of a kind holds: elements of its lists, or 1 for a document without lists.
pub(super) fn records(json: &Json) -> u64 {
    match json {
        Json::Array(list) => list.len() as u64,
        Json::Object(map) => map.values().filter_map(Json::as_array).map(|l| l.len() as u64).sum::<u64>().max(1),
        _ => 1,
    }
}
