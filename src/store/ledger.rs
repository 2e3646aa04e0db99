//! The ledger's rows: entries appended under the head, checkpoints signed, and both checked against each other.

use super::connection::Db;
use super::rows::EntryRow;
use super::tx::Tx;
use super::{Error, failed};
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::ids::OrganisationId;
use crate::ledger::checkpoint::{Checkpoint, Pin, issue};
use crate::ledger::entry::Entry;
use crate::ledger::note::Signer;
use crate::ledger::tree::{Frontier, Head, consistency, leaf_hash, root};
use chrono::TimeDelta;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

/// Writers may stamp their entries in another order than they commit, but not by more than this.
const OUT_OF_ORDER_SECONDS: i64 = 5;

fn damaged(row: &str, why: &str) -> Error {
    Error::Damaged { table: "ledger_heads", row: row.to_owned(), why: why.to_owned() }
}

/// The right edge of an organisation's tree, and when its last entry was made.
fn frontier(connection: &mut Db, organisation: &str) -> Result<Option<(Frontier, i64)>, Error> {
    use super::schema::ledger_heads::dsl;
    let row: Option<(i64, i64, Vec<u8>)> = dsl::ledger_heads
        .filter(dsl::organisation.eq(organisation.to_owned()))
        .select((dsl::size, dsl::last_at, dsl::peaks))
        .first(connection)
        .optional()
        .map_err(failed("read the ledger's head"))?;
    let Some((size, last_at, peaks)) = row else { return Ok(None) };
    let (peaks, rest) = peaks.as_chunks::<32>();
    let frontier = Frontier::from_parts(size.cast_unsigned(), peaks.iter().map(|p| Digest::from_bytes(*p)).collect());
    match frontier {
        Some(frontier) if rest.is_empty() => Ok(Some((frontier, last_at))),
        _ => Err(damaged(organisation, "its peaks do not fit its size")),
    }
}

/// An entry that was appended: it stands exactly when its transaction was committed.
pub(super) struct Appended {
    /// Whose ledger.
    pub(super) organisation: OrganisationId,
    seq: i64,
    entry: Vec<u8>,
}

/// Whether an entry stands where it was appended.
pub(super) fn stands(connection: &mut Db, appended: &Appended) -> Result<bool, Error> {
    use super::schema::ledger_entries::dsl;
    let found: Option<Vec<u8>> = dsl::ledger_entries
        .filter(dsl::organisation.eq(appended.organisation.as_str().to_owned()))
        .filter(dsl::seq.eq(appended.seq))
        .select(dsl::entry)
        .first(connection)
        .optional()
        .map_err(failed("look for an entry"))?;
    Ok(found.as_ref() == Some(&appended.entry))
}

/// The right edge of a ledger within a transaction.
#[derive(Clone)]
pub(super) struct Edge {
    tree: Frontier,
    last_at: i64,
    /// Whether it has no row yet.
    is_new: bool,
    /// Whether it moved since its row was written.
    has_moved: bool,
}

/// The edge as the database has it.
pub(super) fn edge(connection: &mut Db, organisation: &OrganisationId) -> Result<Edge, Error> {
    let head = frontier(connection, organisation.as_str())?;
    let is_new = head.is_none();
    let (tree, last_at) = head.unwrap_or_default();
    Ok(Edge { tree, last_at, is_new, has_moved: false })
}

/// Appends entries in the transaction of the change they record (I13); gives the last of them.
pub(super) fn append(tx: &mut Tx<'_>, entries: &[Entry]) -> Result<Option<Appended>, Error> {
    let Some(newest) = entries.iter().map(|e| e.at).max() else { return Ok(None) };
    let mut edge = tx.session.edge(&tx.organisation)?;
    let is_first = edge.tree.head().size == 0;
    let last = Timestamp::from_millis(edge.last_at).unwrap_or(newest);
    let tolerance = TimeDelta::try_seconds(OUT_OF_ORDER_SECONDS).unwrap_or_default();
    let mut appended = None;
    for entry in entries {
        if entry.organisation != tx.organisation {
            return Err(Error::NotFound(entry.object.as_str().to_owned()));
        }
        if !is_first && entry.at.plus(tolerance).is_none_or(|at| at < last) {
            return Err(Error::Clock { now: entry.at, last });
        }
        let bytes = entry.canonical()?;
        let seq = edge.tree.push(leaf_hash(&bytes)).cast_signed();
        appended = Some(Appended { organisation: tx.organisation.clone(), seq, entry: bytes.clone() });
        let organisation = tx.organisation.as_str().to_owned();
        tx.session.rows.entries.push(EntryRow { organisation, seq, entry: bytes });
    }
    edge.last_at = edge.last_at.max(newest.millis());
    edge.has_moved = true;
    tx.session.set_edge(edge);
    Ok(appended)
}

/// Moves the ledger's head to the edge, once for all entries of a transaction.
pub(super) fn move_head(connection: &mut Db, organisation: &OrganisationId, edge: &mut Edge) -> Result<(), Error> {
    use super::schema::ledger_heads::dsl;
    if !edge.has_moved {
        return Ok(());
    }
    let organisation = organisation.as_str().to_owned();
    let peaks: Vec<u8> = edge.tree.peaks().iter().flat_map(|p| *p.bytes()).collect();
    let size = edge.tree.head().size.cast_signed();
    super::writer::point("store::head");
    let moved = if edge.is_new {
        diesel::insert_into(dsl::ledger_heads)
            .values((
                dsl::organisation.eq(organisation),
                dsl::size.eq(size),
                dsl::last_at.eq(edge.last_at),
                dsl::peaks.eq(peaks),
            ))
            .execute(connection)
    } else {
        diesel::update(dsl::ledger_heads.filter(dsl::organisation.eq(organisation.clone())))
            .set((dsl::size.eq(size), dsl::last_at.eq(edge.last_at), dsl::peaks.eq(peaks)))
            .execute(connection)
    };
    moved.map_err(failed("move the ledger's head"))?;
    (edge.is_new, edge.has_moved) = (false, false);
    Ok(())
}

/// The organisations with a ledger, in order; in a transaction that may list them.
pub(super) fn organisations(connection: &mut Db) -> Result<Vec<OrganisationId>, Error> {
    use super::schema::ledger_heads::dsl;
    let names: Vec<String> = dsl::ledger_heads
        .order(dsl::organisation)
        .select(dsl::organisation)
        .load(connection)
        .map_err(failed("list the organisations"))?;
    names.into_iter().map(|name| name.parse().map_err(|_| damaged(&name, "it is no id of an organisation"))).collect()
}

/// When the last entry of an organisation was made.
pub(super) fn last_at(connection: &mut Db, organisation: &OrganisationId) -> Result<Option<Timestamp>, Error> {
    let Some((_, at)) = frontier(connection, organisation.as_str())? else { return Ok(None) };
    let last = Timestamp::from_millis(at).ok_or_else(|| damaged(organisation.as_str(), "its last date is no date"))?;
    Ok(Some(last))
}

/// All entries of an organisation, in order; a gap in the numbers is damage.
pub(super) fn entries(connection: &mut Db, organisation: &OrganisationId) -> Result<Vec<Vec<u8>>, Error> {
    use super::schema::ledger_entries::dsl;
    let rows: Vec<(i64, Vec<u8>)> = dsl::ledger_entries
        .filter(dsl::organisation.eq(organisation.as_str().to_owned()))
        .order(dsl::seq)
        .select((dsl::seq, dsl::entry))
        .load(connection)
        .map_err(failed("read the ledger"))?;
    for (expected, (seq, _)) in (0_i64..).zip(&rows) {
        if *seq != expected {
            return Err(Error::Damaged {
                table: "ledger_entries",
                row: expected.to_string(),
                why: "it is missing".to_owned(),
            });
        }
    }
    Ok(rows.into_iter().map(|(_, entry)| entry).collect())
}

/// The signed checkpoints of an organisation, oldest first.
pub(super) fn notes(connection: &mut Db, organisation: &OrganisationId) -> Result<Vec<String>, Error> {
    use super::schema::ledger_checkpoints::dsl;
    dsl::ledger_checkpoints
        .filter(dsl::organisation.eq(organisation.as_str().to_owned()))
        .order(dsl::size)
        .select(dsl::note)
        .load(connection)
        .map_err(failed("read the checkpoints"))
}

/// Checks that entries, head and last checkpoint agree. Signatures are for the verifier, who has the pinned key.
pub(super) fn check(connection: &mut Db, organisation: &OrganisationId) -> Result<(), Error> {
    let leaves: Vec<Digest> = entries(connection, organisation)?.iter().map(|e| leaf_hash(e)).collect();
    let tree = frontier(connection, organisation.as_str())?.map(|(f, _)| f).unwrap_or_default();
    if Frontier::over(&leaves) != tree {
        return Err(damaged(organisation.as_str(), "the head is not that of the entries"));
    }
    let Some(note) = notes(connection, organisation)?.pop() else { return Ok(()) };
    let last = Checkpoint::parse(&note)?.head;
    let before = usize::try_from(last.size).ok().and_then(|n| leaves.get(..n));
    if before.is_none_or(|leaves| root(leaves) != last.root) {
        return Err(crate::ledger::Error::Inconsistent { last: last.size, next: leaves.len() as u64 }.into());
    }
    Ok(())
}

/// Signs and keeps the next checkpoint. The last one is opened under the signer's own key first: a forged row is not
/// continued.
pub(super) fn checkpoint(tx: &mut Tx<'_>, signer: &Signer, now: Timestamp) -> Result<String, Error> {
    use super::schema::ledger_checkpoints::dsl;
    let organisation = tx.organisation.clone();
    let leaves: Vec<Digest> = entries(tx.reading()?, &organisation)?.iter().map(|e| leaf_hash(e)).collect();
    let key = signer.verifier();
    let pin = Pin { origin: key.name().to_owned(), key };
    let last_note = notes(tx.reading()?, &organisation)?.pop();
    let last = last_note.as_deref().map(|note| pin.open(note)).transpose()?;
    let next = Checkpoint { origin: pin.origin, head: Head { size: leaves.len() as u64, root: root(&leaves) } };
    let proof = consistency(&leaves, last.as_ref().map_or(0, |l| l.head.size))?;
    let note = issue(signer, last.as_ref(), &next, &proof)?;
    if let (Some(last), Some(note)) = (last, last_note)
        && last.head.size == next.head.size
    {
        return Ok(note);
    }
    diesel::insert_into(dsl::ledger_checkpoints)
        .values((
            dsl::organisation.eq(organisation.as_str().to_owned()),
            dsl::size.eq(next.head.size.cast_signed()),
            dsl::signed_at.eq(now.millis()),
            dsl::note.eq(note.clone()),
        ))
        .execute(tx.changing()?)
        .map_err(failed("keep a checkpoint"))?;
    Ok(note)
}
