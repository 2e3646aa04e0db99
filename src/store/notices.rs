//! What became of each letter, beside the request it belongs to: kept so that a restart goes on where it stopped (T57).

use super::connection::Db;
use super::read::Reader;
use super::tx::Tx;
use super::{Error, failed};
use crate::clock::Timestamp;
use crate::ids::{EffectId, OrganisationId, RequestId};
use crate::notify::delivery::{Delivery, Rules};
use crate::requests::command::Letter;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

/// A letter that was asked for, and where it is. Its id is that of the effect that asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its id, which is also the first part of its Message-ID.
    pub id: EffectId,
    /// The request.
    pub request: RequestId,
    /// The claim.
    pub claim: usize,
    /// Which letter.
    pub letter: Letter,
    /// Where it is.
    pub delivery: Delivery,
}

/// A row as selected: id, request, claim, letter, delivery.
type Row = (String, String, i64, String, String);

fn damaged(row: &str, why: impl ToString) -> Error {
    Error::Damaged { table: "notices", row: row.to_owned(), why: why.to_string() }
}

fn parse((id, request, claim, letter, delivery): Row) -> Result<Notice, Error> {
    let letter = serde_json::from_value(letter.into()).map_err(|e| damaged(&id, e))?;
    Ok(Notice {
        id: id.parse().map_err(|e| damaged(&id, e))?,
        request: request.parse().map_err(|e| damaged(&id, e))?,
        claim: usize::try_from(claim).map_err(|e| damaged(&id, e))?,
        letter,
        delivery: serde_json::from_str(&delivery).map_err(|e| damaged(&id, e))?,
    })
}

fn load(connection: &mut Db, organisation: &OrganisationId, id: &EffectId) -> Result<Option<Notice>, Error> {
    use super::schema::notices::dsl;
    let row: Option<Row> = dsl::notices
        .filter(dsl::organisation.eq(organisation.as_str().to_owned()))
        .filter(dsl::id.eq(id.as_str().to_owned()))
        .select((dsl::id, dsl::request, dsl::claim, dsl::letter, dsl::delivery))
        .first(connection)
        .optional()
        .map_err(failed("read a notice"))?;
    row.map(parse).transpose()
}

impl Tx<'_> {
    /// Keeps a notice as it is now, with the time of its next tick under `rules`.
    pub fn put_notice(&mut self, notice: &Notice, rules: &Rules) -> Result<(), Error> {
        use super::schema::notices::dsl;
        let organisation = self.organisation.as_str().to_owned();
        let delivery = serde_json::to_string(&notice.delivery).map_err(|e| damaged(notice.id.as_str(), e))?;
        let next_at = notice.delivery.next_tick(rules).map(Timestamp::millis);
        let mine = dsl::notices
            .filter(dsl::organisation.eq(organisation.clone()))
            .filter(dsl::id.eq(notice.id.as_str().to_owned()));
        let changed = diesel::update(mine)
            .set((dsl::delivery.eq(delivery.clone()), dsl::next_at.eq(next_at)))
            .execute(self.changing()?)
            .map_err(failed("keep a notice"))?;
        if changed == 1 {
            return Ok(());
        }
        let claim = i64::try_from(notice.claim).map_err(|e| damaged(notice.id.as_str(), e))?;
        diesel::insert_into(dsl::notices)
            .values((
                dsl::organisation.eq(organisation),
                dsl::id.eq(notice.id.as_str().to_owned()),
                dsl::request.eq(notice.request.as_str().to_owned()),
                dsl::claim.eq(claim),
                dsl::letter.eq(notice.letter.word()),
                dsl::delivery.eq(delivery),
                dsl::next_at.eq(next_at),
            ))
            .execute(self.changing()?)
            .map_err(failed("keep a notice"))?;
        Ok(())
    }
}

impl Reader<'_> {
    /// The notice `id`.
    pub fn notice(&mut self, id: &EffectId) -> Result<Option<Notice>, Error> {
        load(self.connection, &self.organisation, id)
    }

    /// Notices that time alone changes by `now`, up to `most`, the longest waiting first.
    pub fn notices_due(&mut self, now: Timestamp, most: i64) -> Result<Vec<Notice>, Error> {
        use super::schema::notices::dsl;
        let rows: Vec<Row> = dsl::notices
            .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
            .filter(dsl::next_at.le(now.millis()))
            .order((dsl::next_at, dsl::id))
            .limit(most)
            .select((dsl::id, dsl::request, dsl::claim, dsl::letter, dsl::delivery))
            .load(self.connection)
            .map_err(failed("look for notices"))?;
        rows.into_iter().map(parse).collect()
    }

    /// All notices, or those of one request, in order of their ids.
    pub fn notices(&mut self, of: Option<&RequestId>) -> Result<Vec<Notice>, Error> {
        use super::schema::notices::dsl;
        let mut query = dsl::notices
            .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
            .order(dsl::id)
            .select((dsl::id, dsl::request, dsl::claim, dsl::letter, dsl::delivery))
            .into_boxed();
        if let Some(request) = of {
            query = query.filter(dsl::request.eq(request.as_str().to_owned()));
        }
        let rows: Vec<Row> = query.load(self.connection).map_err(failed("list notices"))?;
        rows.into_iter().map(parse).collect()
    }
}
