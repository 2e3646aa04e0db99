//! Reading: one organisation, the one of the authority that asks, and nothing else.

use super::connection::Db;
use super::tx::{key_place, wrapped_key};
use super::{Error, failed, ledger, requests};
use crate::clock::Timestamp;
use crate::crypto::keys::MasterKey;
use crate::crypto::seal::Place;
use crate::ids::{OrganisationId, RequestId};
use crate::personal::Personal;
use crate::requests::request::Request;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, TextExpressionMethods};
use serde::Serialize;

/// One line of the list of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The request.
    pub request: Request,
    /// When something is due next; absent when it is closed.
    pub next_action_at: Option<Timestamp>,
}

/// The accounts of an organisation (I25): received is open plus closed, and each has its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Requests with a row.
    pub received: i64,
    /// Open ones.
    pub open: i64,
    /// Closed ones.
    pub closed: i64,
    /// Ledger entries that say a request was received.
    pub received_entries: i64,
    /// Effects not yet carried out.
    pub waiting_effects: i64,
}

impl Counts {
    /// Whether nothing was lost and nothing appeared.
    pub const fn balance(&self) -> bool {
        self.received == self.open + self.closed && self.received == self.received_entries
    }
}

fn row((id, next, state): (String, Option<i64>, String)) -> Result<Row, Error> {
    Ok(Row { request: requests::parse(&id, &state)?, next_action_at: next.and_then(Timestamp::from_millis) })
}

/// A view of one organisation.
pub struct Reader<'c> {
    pub(super) connection: &'c mut Db,
    pub(super) organisation: OrganisationId,
    master: &'c MasterKey,
}

impl<'c> Reader<'c> {
    pub(super) const fn new(connection: &'c mut Db, organisation: OrganisationId, master: &'c MasterKey) -> Self {
        Self { connection, organisation, master }
    }

    /// The request `id`; unknown and another organisation's are both `None` (T07).
    pub fn request(&mut self, id: &RequestId) -> Result<Option<Request>, Error> {
        Ok(requests::load(self.connection, &self.organisation, id)?.map(|loaded| loaded.request))
    }

    /// The request that the submission `key` made, if it did (I3).
    pub fn submitted(&mut self, key: &str) -> Result<Option<RequestId>, Error> {
        requests::submitted(self.connection, &self.organisation, key)
    }

    /// Up to `most` requests whose id begins with `start`, in order.
    pub fn requests_like(&mut self, start: &str, most: i64) -> Result<Vec<Request>, Error> {
        use super::schema::requests::dsl;
        // What is no id cannot be the beginning of one; above all it holds no pattern of ours to be widened.
        if start.parse::<RequestId>().is_err() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = dsl::requests
            .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
            .filter(dsl::id.like(format!("{start}%")))
            .order(dsl::id)
            .limit(most)
            .select(dsl::id)
            .load(self.connection)
            .map_err(failed("look for a request"))?;
        let mut found = Vec::new();
        for id in ids {
            let id = id.parse().map_err(|_| Error::Damaged { table: "requests", row: id, why: "no id".to_owned() })?;
            found.extend(self.request(&id)?);
        }
        Ok(found)
    }

    /// Up to `most` requests, what is due first, first; closed ones on demand.
    pub fn requests(&mut self, closed: bool, most: i64) -> Result<Vec<Row>, Error> {
        use super::schema::requests::dsl;
        let rows: Vec<(String, Option<i64>, String)> = dsl::requests
            .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
            .filter(dsl::closed.eq(closed))
            .order((dsl::next_action_at, dsl::id))
            .limit(most)
            .select((dsl::id, dsl::next_action_at, dsl::state))
            .load(self.connection)
            .map_err(failed("list requests"))?;
        rows.into_iter().map(row).collect()
    }

    /// Up to `most` open requests whose next action is due before `at`, what is due first, first.
    pub fn due_before(&mut self, at: Timestamp, most: i64) -> Result<Vec<Row>, Error> {
        use super::schema::requests::dsl;
        let rows: Vec<(String, Option<i64>, String)> = dsl::requests
            .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
            .filter(dsl::closed.eq(false))
            .filter(dsl::next_action_at.lt(at.millis()))
            .order((dsl::next_action_at, dsl::id))
            .limit(most)
            .select((dsl::id, dsl::next_action_at, dsl::state))
            .load(self.connection)
            .map_err(failed("list requests"))?;
        rows.into_iter().map(row).collect()
    }

    /// One sealed value of a request; `None` when there is none, or its key was destroyed.
    pub fn personal(&mut self, request: &Request, field: &str) -> Result<Option<Personal<String>>, Error> {
        use super::schema::sealed::dsl;
        let organisation = self.organisation.as_str().to_owned();
        let boxed: Option<Vec<u8>> = dsl::sealed
            .filter(dsl::organisation.eq(organisation.clone()))
            .filter(dsl::request.eq(request.id.as_str().to_owned()))
            .filter(dsl::field.eq(field.to_owned()))
            .select(dsl::boxed)
            .first(self.connection)
            .optional()
            .map_err(failed("read a sealed value"))?;
        let wrapped = wrapped_key(self.connection, &organisation, &request.subject)?.flatten();
        let (Some(boxed), Some(wrapped)) = (boxed, wrapped) else { return Ok(None) };
        let key = self.master.unwrap(&key_place(&organisation, &request.subject), &wrapped)?;
        let place = Place { organisation: &organisation, table: "sealed", row: request.id.as_str(), column: field };
        let plain = String::from_utf8(key.open(&place, &boxed)?);
        plain.map(Personal::new).map(Some).map_err(|_| Error::Damaged {
            table: "sealed",
            row: request.id.to_string(),
            why: "not text".to_owned(),
        })
    }

    /// The ledger's entries, in order.
    pub fn entries(&mut self) -> Result<Vec<Vec<u8>>, Error> {
        ledger::entries(self.connection, &self.organisation)
    }

    /// The signed checkpoints, oldest first.
    pub fn checkpoints(&mut self) -> Result<Vec<String>, Error> {
        ledger::notes(self.connection, &self.organisation)
    }

    /// Checks entries, head and last checkpoint against each other.
    pub fn check_ledger(&mut self) -> Result<(), Error> {
        ledger::check(self.connection, &self.organisation)
    }

    /// The accounts.
    pub fn counts(&mut self) -> Result<Counts, Error> {
        use super::schema::{outbox, requests};
        let mine = self.organisation.as_str().to_owned();
        let count = |connection: &mut Db, closed: bool| -> Result<i64, Error> {
            requests::table
                .filter(requests::organisation.eq(mine.clone()))
                .filter(requests::closed.eq(closed))
                .count()
                .get_result(connection)
                .map_err(failed("count requests"))
        };
        let (open, closed) = (count(self.connection, false)?, count(self.connection, true)?);
        let received: i64 = requests::table
            .filter(requests::organisation.eq(mine.clone()))
            .count()
            .get_result(self.connection)
            .map_err(failed("count requests"))?;
        let waiting_effects: i64 = outbox::table
            .filter(outbox::organisation.eq(mine.clone()))
            .filter(outbox::done_at.is_null())
            .count()
            .get_result(self.connection)
            .map_err(failed("count effects"))?;
        let says_received = |e: &&Vec<u8>| e.starts_with(br#"{"action":"request.received""#);
        let received_entries = self.entries()?.iter().filter(says_received).count();
        let received_entries = i64::try_from(received_entries).unwrap_or(i64::MAX);
        Ok(Counts { received, open, closed, received_entries, waiting_effects })
    }
}
