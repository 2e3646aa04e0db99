//! Requests as rows: state as one text without personal data, with the columns that queries and constraints need beside it.

use super::connection::Db;
use super::rows::{ClaimRow, RequestRow};
use super::tx::{Personals, Tx};
use super::{Error, failed};
use crate::ids::{OrganisationId, RequestId};
use crate::requests::request::Request;
use crate::requests::rules::Rules;
use crate::requests::step::Step;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

/// A request with the version of its row.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The request.
    pub request: Request,
    /// The version it was read at.
    pub version: i64,
}

/// The request `id` of the organisation, with the hold on its subject as it is in this very transaction (I12).
pub(super) fn load(
    connection: &mut Db,
    organisation: &OrganisationId,
    id: &RequestId,
) -> Result<Option<Loaded>, Error> {
    use super::schema::requests::dsl;
    let row: Option<(i64, String)> = dsl::requests
        .filter(dsl::organisation.eq(organisation.as_str().to_owned()))
        .filter(dsl::id.eq(id.as_str().to_owned()))
        .select((dsl::version, dsl::state))
        .first(connection)
        .optional()
        .map_err(failed("read a request"))?;
    let Some((version, state)) = row else { return Ok(None) };
    let mut request = parse(id.as_str(), &state)?;
    request.held = is_held(connection, &request)?;
    Ok(Some(Loaded { request, version }))
}

pub(super) fn parse(row: &str, state: &str) -> Result<Request, Error> {
    serde_json::from_str(state).map_err(|e| Error::Damaged {
        table: "requests",
        row: row.to_owned(),
        why: e.to_string(),
    })
}

/// The request that the submission `key` made, if it did.
pub(super) fn submitted(
    connection: &mut Db,
    organisation: &OrganisationId,
    key: &str,
) -> Result<Option<RequestId>, Error> {
    use super::schema::requests::dsl;
    let found: Option<String> = dsl::requests
        .filter(dsl::organisation.eq(organisation.as_str().to_owned()))
        .filter(dsl::submission.eq(key.to_owned()))
        .select(dsl::id)
        .first(connection)
        .optional()
        .map_err(failed("look for a submission"))?;
    found.map(id_of).transpose()
}

fn id_of(id: String) -> Result<RequestId, Error> {
    id.parse().map_err(|_| Error::Damaged { table: "requests", row: id, why: "no id".to_owned() })
}

fn is_held(connection: &mut Db, request: &Request) -> Result<bool, Error> {
    use super::schema::holds::dsl;
    let found: i64 = dsl::holds
        .filter(dsl::organisation.eq(request.organisation.as_str().to_owned()))
        .filter(dsl::subject.eq(request.subject.as_str().to_owned()))
        .count()
        .get_result(connection)
        .map_err(failed("look for a hold"))?;
    Ok(found > 0)
}

/// The columns beside the state: closed, queue, next action, outcome.
type Columns = (bool, Option<String>, Option<i64>, Option<String>);

fn columns(request: &Request) -> Columns {
    if request.is_closed() {
        let stages: Vec<_> = request.claims.iter().map(|c| crate::requests::status::of(request, c).word()).collect();
        return (true, None, None, Some(stages.join(",")));
    }
    // Open without a due date: look at it from the receipt on.
    let next = request.next_due().map_or(request.received_at, |due| due.before);
    (false, Some("caseworkers".to_owned()), Some(next.millis()), None)
}

fn state_text(request: &Request) -> Result<String, Error> {
    serde_json::to_string(request).map_err(|e| Error::Damaged {
        table: "requests",
        row: request.id.to_string(),
        why: e.to_string(),
    })
}

impl Tx<'_> {
    /// The request `id`, to be stepped on.
    pub fn request(&mut self, id: &RequestId) -> Result<Loaded, Error> {
        let organisation = self.organisation.clone();
        load(self.reading()?, &organisation, id)?.ok_or_else(|| Error::NotFound(id.to_string()))
    }

    /// The request that the submission `key` made, if it did (I3).
    pub fn submitted(&mut self, key: &str) -> Result<Option<RequestId>, Error> {
        if let Some(row) = self.session.rows.requests.iter().find(|row| row.submission == key) {
            return id_of(row.id.clone()).map(Some);
        }
        if let Some(found) = self.session.known.submissions.get(key) {
            return found.clone().map(id_of).transpose();
        }
        let organisation = self.organisation.clone();
        submitted(self.reading()?, &organisation, key)
    }

    /// Keeps a new request with its personal values and effects.
    pub fn insert(&mut self, opened: &Step, key: &str, personals: &Personals, rules: &dyn Rules) -> Result<(), Error> {
        let request = &opened.request;
        let (closed, queue, next_action_at, outcome) = columns(request);
        self.session.known.submissions.remove(key);
        self.session.rows.requests.push(RequestRow {
            organisation: self.organisation.as_str().to_owned(),
            id: request.id.as_str().to_owned(),
            version: 1,
            subject: request.subject.as_str().to_owned(),
            submission: key.to_owned(),
            received_at: request.received_at.millis(),
            closed,
            queue,
            next_action_at,
            outcome,
            state: state_text(request)?,
        });
        self.mark_changed();
        self.put_claims(request, rules);
        self.seal(&request.id, &request.subject, personals)?;
        self.queue(&request.id, &opened.effects, request.recorded_at)
    }

    /// Keeps a step on a request read at `version`; refuses when somebody else was faster (T63).
    pub fn update(&mut self, done: &Step, version: i64, rules: &dyn Rules) -> Result<(), Error> {
        use super::schema::requests::dsl;
        let request = &done.request;
        let (closed, queue, next_action_at, outcome) = columns(request);
        let mine = dsl::requests
            .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
            .filter(dsl::id.eq(request.id.as_str().to_owned()))
            .filter(dsl::version.eq(version));
        super::writer::point("store::update");
        let rows = diesel::update(mine)
            .set((
                dsl::version.eq(version + 1),
                dsl::closed.eq(closed),
                dsl::queue.eq(queue),
                dsl::next_action_at.eq(next_action_at),
                dsl::outcome.eq(outcome),
                dsl::state.eq(state_text(request)?),
            ))
            .execute(self.changing()?)
            .map_err(failed("keep a step"))?;
        if rows != 1 {
            return Err(Error::Conflict(request.id.to_string()));
        }
        self.mark_changed();
        self.put_hold(request)?;
        self.clear_claims(request)?;
        self.put_claims(request, rules);
        self.queue(&request.id, &done.effects, request.touched_at)
    }

    fn put_hold(&mut self, request: &Request) -> Result<(), Error> {
        use super::schema::holds::dsl;
        let held = is_held(self.reading()?, request)?;
        let organisation = self.organisation.as_str().to_owned();
        let subject = request.subject.as_str().to_owned();
        if request.held && !held {
            diesel::insert_into(dsl::holds)
                .values((
                    dsl::organisation.eq(organisation),
                    dsl::subject.eq(subject),
                    dsl::placed_at.eq(request.touched_at.millis()),
                ))
                .execute(self.changing()?)
                .map_err(failed("place a hold"))?;
        } else if !request.held && held {
            diesel::delete(dsl::holds.filter(dsl::organisation.eq(organisation)).filter(dsl::subject.eq(subject)))
                .execute(self.changing()?)
                .map_err(failed("release a hold"))?;
        }
        Ok(())
    }

    fn clear_claims(&mut self, request: &Request) -> Result<(), Error> {
        use super::schema::claims::dsl;
        let old = dsl::claims
            .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
            .filter(dsl::request.eq(request.id.as_str().to_owned()));
        diesel::delete(old).execute(self.changing()?).map_err(failed("replace claims")).map(drop)
    }

    fn put_claims(&mut self, request: &Request, rules: &dyn Rules) {
        for (seq, claim) in (0_i64..).zip(&request.claims) {
            let (needed, reached) = request.levels(claim, rules);
            self.session.rows.claims.push(ClaimRow {
                organisation: self.organisation.as_str().to_owned(),
                request: request.id.as_str().to_owned(),
                seq,
                claimed_right: claim.basis.right.word().to_owned(),
                regime: claim.basis.regime.as_str().to_owned(),
                stage: claim.stage.word().to_owned(),
                level_needed: needed as i64,
                level_reached: reached as i64,
                overridden: request.identity.is_overridden(),
                due_at: claim.next_due().map(|due| due.before.millis()),
            });
        }
    }
}
