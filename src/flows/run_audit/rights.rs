//! The requests of an audit: from our own store or from a file, with the due dates and the law of each.
//!
//! A ledger that does not hold gives no evidence, and so no control passes on it. The law book is the built-in one.

use super::ReadError;
use super::evidence::Read;
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::evidence::{Evidence, EvidenceError, Kinds, Method, Source, decode_json};
use crate::ids::OrganisationId;
use crate::lang::Localised;
use crate::law::book::Lawbook;
use crate::ledger::checkpoint::Pin;
use crate::ledger::entry::Entry;
use crate::ledger::tree::{leaf_hash, root};
use crate::ledger::verify::verify;
use crate::report::input;
use crate::requests::record::{self, CLOCKS, FIGURES, LAW, REQUESTS};
use crate::store::{Archive, Database, read_archive};
use serde_json::Value as Json;

/// How many rows without a due date are named in the report.
const NAMED: usize = 5;

/// Our own store, as a source of evidence.
#[derive(Clone, Debug)]
pub struct OwnStore {
    /// Where it is.
    pub database: Database,
    /// Whose requests.
    pub organisation: OrganisationId,
    /// The key that the ledger's checkpoints must be signed with; without it signatures are not checked.
    pub pin: Option<Pin>,
    /// Checkpoints kept elsewhere; the ledger must agree with each.
    pub held: Vec<String>,
    /// When it is read.
    pub now: Timestamp,
}

/// Reads the requests of our own store, when there is one, and judges those at hand.
pub(super) fn read(store: Option<&OwnStore>, kinds: &Kinds, read: &mut Read) -> Result<(), ReadError> {
    if let Some(computed) = read.snapshot.iter().find(|e| [CLOCKS, LAW, FIGURES].contains(&e.kind.as_str())) {
        let (kind, file) = (&computed.kind, &computed.file);
        return Err(ReadError::Requests(format!(
            "`{file}` supplies `{kind}`, which is computed from `{REQUESTS}`; leave it out"
        )));
    }
    if let Some(store) = store {
        own(store, kinds, read)?;
    }
    judge(kinds, read)
}

fn own(store: &OwnStore, kinds: &Kinds, read: &mut Read) -> Result<(), ReadError> {
    let name = store.database.to_string();
    let archive = match read_archive(&store.database, &store.organisation) {
        Ok(archive) => archive,
        // Damage is a finding about the record, not a reason to audit nothing else.
        Err(e @ (crate::store::Error::Damaged { .. } | crate::store::Error::Ledger(_))) => {
            distrust(read, &name, &e.to_string());
            return Ok(());
        }
        Err(e) => return Err(ReadError::Requests(format!("`{name}`: {e}"))),
    };
    let rows = match problem(store, &archive) {
        Some(problem) => Err(problem),
        None => record::rows(&archive.requests, &archive.entries).map_err(|e| e.to_string()),
    };
    let rows = match rows {
        Ok(rows) => rows,
        Err(why) => {
            distrust(read, &name, &why);
            return Ok(());
        }
    };
    read.ledger = Some(manifest(&name, &archive, store.now));
    tell_proof(store, &archive, read);
    let rows = serde_json::to_value(rows).map_err(|e| ReadError::Requests(e.to_string()))?;
    let system = format!("habeas, organisation {}", store.organisation);
    let source = Source { system, method: Method::Sql, collector: collector(), attested_by: None };
    let times = (store.now, store.now, None);
    add(kinds, read, (REQUESTS, &rows), (source, times, name))
}

/// What does not hold in the ledger; `None` when all does.
fn problem(store: &OwnStore, archive: &Archive) -> Option<String> {
    let pin = store.pin.as_ref()?;
    let notes: Vec<String> = archive.checkpoints.iter().chain(&store.held).cloned().collect();
    verify(pin, &archive.entries, &notes).problems.into_iter().next()
}

fn distrust(read: &mut Read, store: &str, why: &str) {
    read.notes.push(Localised::from([
        ("en", format!("the record of requests in `{store}` is not used as evidence: {why}. What it says is unknown until that is explained").as_str()),
        ("zh-CN", format!("`{store}` 中的请求记录不作为证据使用：{why}。在查明原因之前，其内容视为未知").as_str()),
    ]));
}

/// Says what the ledger's signatures prove and what they do not.
fn tell_proof(store: &OwnStore, archive: &Archive, read: &mut Read) {
    let Some(pin) = &store.pin else {
        read.notes.push(Localised::from([
            ("en", "the signatures of the ledger of requests were not checked; give its public key with --ledger-key"),
            ("zh-CN", "未核验请求账本的签名；请用 --ledger-key 提供其公钥"),
        ]));
        return;
    };
    let notes: Vec<String> = archive.checkpoints.iter().chain(&store.held).cloned().collect();
    let outcome = verify(pin, &archive.entries, &notes);
    if outcome.proven < outcome.entries {
        let open = outcome.entries - outcome.proven;
        read.notes.push(Localised::from([
            (
                "en",
                format!(
                    "the newest {open} entries of the ledger of requests are not yet covered by a signed checkpoint"
                )
                .as_str(),
            ),
            ("zh-CN", format!("请求账本最新的 {open} 条记录尚未被签名检查点覆盖").as_str()),
        ]));
    }
}

/// The ledger in the manifest: its root is the checkpoint's hash, from which the rows can be told again.
fn manifest(name: &str, archive: &Archive, now: Timestamp) -> input::Evidence {
    let leaves: Vec<Digest> = archive.entries.iter().map(|e| leaf_hash(e)).collect();
    let last = archive.entries.last().and_then(|bytes| Entry::parse(0, bytes).ok());
    input::Evidence {
        kind: "request_ledger".to_owned(),
        file: name.to_owned(),
        sha256: root(&leaves),
        source: "habeas".to_owned(),
        method: "sql".to_owned(),
        observed_at: last.map(|e| e.at),
        collected_at: Some(now),
        records: leaves.len() as u64,
    }
}

/// Adds the due dates and the law of the requests at hand.
fn judge(kinds: &Kinds, read: &mut Read) -> Result<(), ReadError> {
    let Some((kind, requests)) = kinds.get(REQUESTS).zip(read.snapshot.get(REQUESTS)) else { return Ok(()) };
    let broken = |errors: Vec<_>| {
        let first = errors.first().map(ToString::to_string);
        ReadError::Requests(format!("the built-in law book cannot be read: {}", first.unwrap_or_default()))
    };
    let book = Lawbook::built_in().map_err(broken)?;
    let rows = requests.data.to_json(&kind.shape);
    let judged = record::judge(&book, rows.as_array().map_or(&[], Vec::as_slice));
    let source = Source { collector: collector(), ..requests.source.clone() };
    let times = (requests.observed_at, requests.collected_at, requests.expires_at);
    let file = format!("(computed from {})", requests.file);
    for (kind, data) in [(CLOCKS, &judged.clocks), (LAW, &judged.law), (FIGURES, &judged.figures)] {
        add(kinds, read, (kind, data), (source.clone(), times, file.clone()))?;
    }
    let (named, more) = judged.undated.split_at(judged.undated.len().min(NAMED));
    for (row, why) in named {
        read.notes.push(Localised::from([
            ("en", format!("the due dates of request row `{row}` are unknown: {why}").as_str()),
            ("zh-CN", format!("请求记录 `{row}` 的到期日未知：{why}").as_str()),
        ]));
    }
    if !more.is_empty() {
        let count = more.len();
        read.notes.push(Localised::from([
            ("en", format!("the due dates of {count} more request rows are unknown").as_str()),
            ("zh-CN", format!("另有 {count} 条请求记录的到期日未知").as_str()),
        ]));
    }
    Ok(())
}

fn collector() -> String {
    format!("habeas {}", env!("CARGO_PKG_VERSION"))
}

/// The figures in the report.
pub(super) fn figures(kinds: &Kinds, read: &Read) -> Vec<input::RequestFigures> {
    let Some((kind, figures)) = kinds.get(FIGURES).zip(read.snapshot.get(FIGURES)) else { return Vec::new() };
    // Their schema and this type are held together by a test over the example company.
    serde_json::from_value(figures.data.to_json(&kind.shape)).unwrap_or_default()
}

/// Where evidence comes from, when it was so, and the file it stands in.
type Origin = (Source, (Timestamp, Timestamp, Option<Timestamp>), String);

fn add(kinds: &Kinds, read: &mut Read, (kind, json): (&str, &Json), origin: Origin) -> Result<(), ReadError> {
    let (source, (observed_at, collected_at, expires_at), file) = origin;
    let Some(shape) = kinds.get(kind).map(|k| &k.shape) else { return Ok(()) };
    let misfit = |violation| EvidenceError::Schema { file: file.clone(), kind: kind.to_owned(), violation };
    let data = decode_json(json, shape).map_err(misfit)?;
    let digest = Digest::of(json.to_string().as_bytes());
    let kind = kind.to_owned();
    read.snapshot.add(Evidence { kind, data, source, observed_at, collected_at, expires_at, digest, file })?;
    Ok(())
}
