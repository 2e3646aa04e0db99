//! The writer's connection, and the one open transaction on it that several jobs share.
//!
//! Few round trips are the point: what many jobs insert is inserted together, the head of a ledger is read and moved once, and
//! what jobs are known to ask first is asked once for all. Every other statement goes through [`Session::reading`] or
//! [`Session::changing`], which write the waiting rows first, so that each statement sees what was done before it.

use super::connection::Db;
use super::ledger::{self, Edge};
use super::rows::{Mark, Rows};
use super::{Error, dialect};
use crate::crypto::keys::MasterKey;
use crate::ids::{OrganisationId, SubjectId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a write will ask first, told beforehand, so that the writer asks it once for all who wait.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The key of the submission that it takes in.
    pub submission: String,
    /// The subject whose values it seals.
    pub subject: SubjectId,
}

/// Answers fetched beforehand; each holds until something is written that could change it.
#[derive(Default)]
pub(super) struct Known {
    /// The id of the request that a submission made, if it made one.
    pub(super) submissions: BTreeMap<String, Option<String>>,
    /// The wrapped key of a subject: none yet, or destroyed, or there.
    pub(super) keys: BTreeMap<String, Option<Option<Vec<u8>>>>,
}

/// A connection that writes, and what waits in its open transaction; it works for one organisation at a time.
pub(super) struct Session {
    pub(super) connection: Db,
    pub(super) master: Arc<MasterKey>,
    pub(super) rows: Rows,
    pub(super) known: Known,
    organisation: Option<OrganisationId>,
    edge: Option<Edge>,
    /// Where the present job began: the rows that waited, and the edge.
    began: (Mark, Option<Edge>),
    /// Whether something of the present job is in the database, which alone can undo it.
    reached: bool,
}

impl Session {
    /// Over a connection without an open transaction.
    pub(super) fn new(connection: Db, master: Arc<MasterKey>) -> Self {
        Self {
            connection,
            master,
            rows: Rows::default(),
            known: Known::default(),
            organisation: None,
            edge: None,
            began: Default::default(),
            reached: false,
        }
    }

    /// Begins a transaction that writes for these organisations, with nothing left of the one before.
    pub(super) fn begin(&mut self, organisations: &BTreeSet<OrganisationId>) -> Result<(), Error> {
        (self.rows, self.known) = (Rows::default(), Known::default());
        (self.organisation, self.edge) = (None, None);
        self.connection.begin(organisations)
    }

    /// Works for `organisation` from here on, whose jobs will ask what is `expected`.
    pub(super) fn enter(&mut self, organisation: &OrganisationId, expected: &[&Expected]) -> Result<(), Error> {
        self.settle()?;
        self.connection.name_organisation(organisation)?;
        (self.organisation, self.edge) = (Some(organisation.clone()), None);
        self.known = dialect::fetch_known(&mut self.connection, organisation, expected)?;
        Ok(())
    }

    /// A job begins.
    pub(super) fn begin_job(&mut self) {
        self.began = (self.rows.mark(), self.edge.clone());
        self.reached = false;
    }

    /// Undoes the present job as far as it has not reached the database; whether that was all of it.
    pub(super) fn undo_job(&mut self) -> bool {
        let (mark, edge) = std::mem::take(&mut self.began);
        self.rows.cut_back(mark);
        self.edge = edge;
        !self.reached
    }

    /// The connection for a statement that only reads.
    pub(super) fn reading(&mut self) -> Result<&mut Db, Error> {
        self.write_rows()?;
        Ok(&mut self.connection)
    }

    /// The connection for a statement that changes rows. What was fetched beforehand may not hold after it.
    pub(super) fn changing(&mut self) -> Result<&mut Db, Error> {
        self.write_rows()?;
        self.known = Known::default();
        self.reached = true;
        Ok(&mut self.connection)
    }

    /// Writes the rows that wait.
    pub(super) fn write_rows(&mut self) -> Result<(), Error> {
        let waiting = self.rows.mark();
        self.reached |= waiting != self.began.0;
        self.began.0 = Mark::default();
        std::mem::take(&mut self.rows).insert(&mut self.connection)
    }

    /// Writes all that waits, the head of the ledger last.
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        self.write_rows()?;
        match (&self.organisation, &mut self.edge) {
            (Some(organisation), Some(edge)) => ledger::move_head(&mut self.connection, organisation, edge),
            _ => Ok(()),
        }
    }

    /// The right edge of the organisation's ledger, with the entries that wait.
    pub(super) fn edge(&mut self, organisation: &OrganisationId) -> Result<Edge, Error> {
        if let Some(edge) = &self.edge {
            return Ok(edge.clone());
        }
        let edge = ledger::edge(&mut self.connection, organisation)?;
        self.edge = Some(edge.clone());
        self.began.1 = Some(edge.clone());
        Ok(edge)
    }

    /// Remembers where the edge is now.
    pub(super) fn set_edge(&mut self, edge: Edge) {
        self.edge = Some(edge);
    }
}
