//! Effects that wait to be carried out: queued in the transaction of their step, leased to one worker at a time.
//!
//! A lease that runs out goes to another worker: effects are repeatable, so twice is safe and never is not.

use super::notices::Notice;
use super::read::Reader;
use super::rows::EffectRow;
use super::tx::Tx;
use super::{Error, Store, dialect, failed};
use crate::authority::System;
use crate::clock::Timestamp;
use crate::crypto::token::random;
use crate::ids::{EffectId, RequestId};
use crate::notify::delivery::Rules;
use crate::requests::command::Effect;
use chrono::TimeDelta;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

/// An effect leased to a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// Its id.
    pub id: EffectId,
    /// The request it follows from.
    pub request: RequestId,
    /// What is to be done.
    pub effect: Effect,
    /// How often it was leased, this time included.
    pub attempts: i64,
}

/// An effect that is not yet carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: EffectId,
    /// The request it follows from.
    pub request: RequestId,
    /// What is to be done.
    pub effect: Effect,
    /// Not before this instant.
    pub not_before: Timestamp,
    /// How often it was leased.
    pub attempts: i64,
    /// Until when a worker has it, if one does.
    pub leased_until: Option<Timestamp>,
}

/// The outbox of a store.
pub struct Outbox<'s> {
    store: &'s Store,
}

impl<'s> Outbox<'s> {
    pub(super) const fn new(store: &'s Store) -> Self {
        Self { store }
    }

    /// Leases up to `most` effects that are due at `now` to the worker `name`, for `length`.
    pub fn lease(
        &self,
        by: &System,
        name: &str,
        now: Timestamp,
        (length, most): (TimeDelta, i64),
    ) -> Result<Vec<Leased>, Error> {
        use crate::authority::Authority;
        let name = name.to_owned();
        let until = now.plus(length).map_or(i64::MAX, Timestamp::millis);
        self.store.writer.plain(by.organisation().clone(), move |tx| tx.lease(&name, now, until, most))
    }

    /// Keeps where a notice is when nothing happened that the ledger tells of. With `again_at` its lease ends and it waits
    /// until then; without, whoever has it keeps it.
    pub fn postpone(
        &self,
        by: &System,
        notice: &Notice,
        rules: Rules,
        again_at: Option<Timestamp>,
    ) -> Result<(), Error> {
        use crate::authority::Authority;
        let notice = notice.clone();
        self.store.writer.plain(by.organisation().clone(), move |tx| {
            tx.put_notice(&notice, &rules)?;
            tx.postpone(&notice.id, again_at)
        })
    }
}

fn damaged(row: &str, why: impl ToString) -> Error {
    Error::Damaged { table: "outbox", row: row.to_owned(), why: why.to_string() }
}

/// What a worker can carry out by itself, by the beginning of its spelling; the rest waits for people.
const FOR_WORKERS: &str = "{\"do\":\"send\"%";

impl Reader<'_> {
    /// Whether the request ever had this very effect, carried out or not.
    pub fn had(&mut self, request: &RequestId, effect: &Effect) -> Result<bool, Error> {
        use super::schema::outbox::dsl;
        let text = serde_json::to_string(effect).map_err(|e| damaged(request.as_str(), e))?;
        let found: i64 = dsl::outbox
            .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
            .filter(dsl::request.eq(request.as_str().to_owned()))
            .filter(dsl::effect.eq(text))
            .count()
            .get_result(self.connection)
            .map_err(failed("look for an effect"))?;
        Ok(found > 0)
    }

    /// All effects that are not yet carried out, or those of one request, the oldest first.
    pub fn waiting(&mut self, of: Option<&RequestId>) -> Result<Vec<Waiting>, Error> {
        use super::schema::outbox::dsl;
        let mut query = dsl::outbox
            .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
            .filter(dsl::done_at.is_null())
            .order((dsl::not_before, dsl::id))
            .select((dsl::id, dsl::request, dsl::effect, dsl::not_before, dsl::attempts, dsl::leased_until))
            .into_boxed();
        if let Some(request) = of {
            query = query.filter(dsl::request.eq(request.as_str().to_owned()));
        }
        let rows: Vec<(String, String, String, i64, i64, Option<i64>)> =
            query.load(self.connection).map_err(failed("list effects"))?;
        let row =
            |(id, request, effect, not_before, attempts, until): (String, String, String, i64, i64, Option<i64>)| {
                Ok(Waiting {
                    request: request.parse().map_err(|e| damaged(&id, e))?,
                    effect: serde_json::from_str(&effect).map_err(|e| damaged(&id, e))?,
                    not_before: Timestamp::from_millis(not_before).ok_or_else(|| damaged(&id, "no date"))?,
                    attempts,
                    leased_until: until.and_then(Timestamp::from_millis),
                    id: id.parse().map_err(|e| damaged(&id, e))?,
                })
            };
        rows.into_iter().map(row).collect()
    }
}

impl Tx<'_> {
    /// Queues effects that follow from no step, such as a warning.
    pub fn ask(&mut self, request: &RequestId, effects: &[Effect], now: Timestamp) -> Result<(), Error> {
        self.mark_changed();
        self.queue(request, effects, now)
    }

    /// Gives a leased effect back until `again_at`; without a time it stays as it is.
    pub fn postpone(&mut self, id: &EffectId, again_at: Option<Timestamp>) -> Result<(), Error> {
        use super::schema::outbox::dsl;
        let Some(again_at) = again_at else { return Ok(()) };
        let mine = dsl::outbox
            .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
            .filter(dsl::id.eq(id.as_str().to_owned()));
        diesel::update(mine)
            .set((dsl::not_before.eq(again_at.millis()), dsl::leased_until.eq(None::<i64>)))
            .execute(self.changing()?)
            .map_err(failed("postpone an effect"))?;
        Ok(())
    }

    /// Opens an effect again that was given up: it is carried out from `now` on.
    pub fn reopen(&mut self, id: &EffectId, now: Timestamp) -> Result<(), Error> {
        use super::schema::outbox::dsl;
        let mine = dsl::outbox
            .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
            .filter(dsl::id.eq(id.as_str().to_owned()));
        diesel::update(mine)
            .set((dsl::not_before.eq(now.millis()), dsl::leased_until.eq(None::<i64>), dsl::done_at.eq(None::<i64>)))
            .execute(self.changing()?)
            .map_err(failed("open an effect again"))?;
        self.mark_changed();
        Ok(())
    }

    /// Queues effects of a step taken at `now`.
    pub(super) fn queue(&mut self, request: &RequestId, effects: &[Effect], now: Timestamp) -> Result<(), Error> {
        for effect in effects {
            let id = EffectId::from_random(random()?);
            let not_before = match effect {
                Effect::CarryOut { not_before, .. } | Effect::ReadBack { not_before, .. } => *not_before,
                Effect::Send { .. } | Effect::Collect { .. } | Effect::Task { .. } => now,
            };
            self.session.rows.effects.push(EffectRow {
                organisation: self.organisation.as_str().to_owned(),
                effect: serde_json::to_string(effect).map_err(|e| damaged(id.as_str(), e))?,
                id: id.as_str().to_owned(),
                request: request.as_str().to_owned(),
                not_before: not_before.millis(),
                attempts: 0,
            });
        }
        Ok(())
    }

    fn lease(&mut self, name: &str, now: Timestamp, until: i64, most: i64) -> Result<Vec<Leased>, Error> {
        use super::schema::outbox::dsl;
        let organisation = self.organisation.clone();
        let mine = organisation.as_str().to_owned();
        let rows = dialect::free_effects(self.changing()?, &organisation, FOR_WORKERS, now.millis(), most)?;
        let mut leased = Vec::new();
        for (id, request, effect, attempts) in rows {
            let row = dsl::outbox.filter(dsl::organisation.eq(mine.clone())).filter(dsl::id.eq(id.clone()));
            diesel::update(row)
                .set((
                    dsl::leased_by.eq(Some(name.to_owned())),
                    dsl::leased_until.eq(Some(until)),
                    dsl::attempts.eq(attempts + 1),
                ))
                .execute(self.changing()?)
                .map_err(failed("lease an effect"))?;
            let effect = serde_json::from_str(&effect).map_err(|e| damaged(&id, e))?;
            let request = request.parse().map_err(|e| damaged(&id, e))?;
            leased.push(Leased {
                id: id.parse().map_err(|e| damaged(&id, e))?,
                request,
                effect,
                attempts: attempts + 1,
            });
        }
        Ok(leased)
    }

    /// Marks an effect as carried out, in the transaction of the act that reports it.
    pub fn finish(&mut self, id: &EffectId, now: Timestamp) -> Result<(), Error> {
        use super::schema::outbox::dsl;
        let mine = dsl::outbox
            .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
            .filter(dsl::id.eq(id.as_str().to_owned()));
        diesel::update(mine)
            .set(dsl::done_at.eq(Some(now.millis())))
            .execute(self.changing()?)
            .map_err(failed("finish an effect"))?;
        self.mark_changed();
        Ok(())
    }
}
