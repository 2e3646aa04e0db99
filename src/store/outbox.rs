//! Effects that wait to be carried out: queued in the transaction of their step, leased to one worker at a time.
//!
//! A lease that runs out goes to another worker: effects are repeatable, so twice is safe and never is not.

use super::tx::Tx;
use super::{Error, Store, failed};
use crate::authority::System;
use crate::clock::Timestamp;
use crate::crypto::token::random;
use crate::ids::{EffectId, RequestId};
use crate::requests::command::Effect;
use chrono::TimeDelta;
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, RunQueryDsl};

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
}

fn damaged(row: &str, why: impl ToString) -> Error {
    Error::Damaged { table: "outbox", row: row.to_owned(), why: why.to_string() }
}

impl Tx<'_> {
    /// Queues effects of a step taken at `now`.
    pub(super) fn queue(&mut self, request: &RequestId, effects: &[Effect], now: Timestamp) -> Result<(), Error> {
        use super::schema::outbox::dsl;
        for effect in effects {
            let id = EffectId::from_random(random()?);
            let not_before = match effect {
                Effect::CarryOut { not_before, .. } | Effect::ReadBack { not_before, .. } => *not_before,
                Effect::Send { .. } | Effect::Collect { .. } | Effect::Task { .. } => now,
            };
            let text = serde_json::to_string(effect).map_err(|e| damaged(id.as_str(), e))?;
            super::writer::point("store::effect");
            diesel::insert_into(dsl::outbox)
                .values((
                    dsl::organisation.eq(self.organisation.as_str().to_owned()),
                    dsl::id.eq(id.as_str().to_owned()),
                    dsl::request.eq(request.as_str().to_owned()),
                    dsl::effect.eq(text),
                    dsl::not_before.eq(not_before.millis()),
                    dsl::attempts.eq(0_i64),
                ))
                .execute(self.connection)
                .map_err(failed("queue an effect"))?;
        }
        Ok(())
    }

    fn lease(&mut self, name: &str, now: Timestamp, until: i64, most: i64) -> Result<Vec<Leased>, Error> {
        use super::schema::outbox::dsl;
        let mine = self.organisation.as_str().to_owned();
        let free = dsl::leased_until.is_null().or(dsl::leased_until.lt(now.millis()));
        let rows: Vec<(String, String, String, i64)> = dsl::outbox
            .filter(dsl::organisation.eq(mine.clone()))
            .filter(dsl::done_at.is_null())
            .filter(dsl::not_before.le(now.millis()))
            .filter(free)
            .order((dsl::not_before, dsl::id))
            .limit(most)
            .select((dsl::id, dsl::request, dsl::effect, dsl::attempts))
            .load(self.connection)
            .map_err(failed("look for effects"))?;
        let mut leased = Vec::new();
        for (id, request, effect, attempts) in rows {
            let row = dsl::outbox.filter(dsl::organisation.eq(mine.clone())).filter(dsl::id.eq(id.clone()));
            diesel::update(row)
                .set((
                    dsl::leased_by.eq(Some(name.to_owned())),
                    dsl::leased_until.eq(Some(until)),
                    dsl::attempts.eq(attempts + 1),
                ))
                .execute(self.connection)
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
            .execute(self.connection)
            .map_err(failed("finish an effect"))?;
        self.mark_changed();
        Ok(())
    }
}
