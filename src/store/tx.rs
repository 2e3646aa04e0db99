//! One write transaction of one organisation. Only what is listed here can be changed.

use super::connection::Db;
use super::rows::{KeyRow, SealedRow};
use super::session::Session;
use super::{Error, failed};
use crate::crypto::seal::{Key, Place};
use crate::ids::{OrganisationId, RequestId, SubjectId};
use crate::ledger::entry::Entry;
use crate::personal::{Personal, Purpose};
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use std::collections::BTreeMap;

/// What a write gives back: its value, and the entries that must be committed with it.
pub struct Written<T> {
    /// For the caller.
    pub value: T,
    /// For the ledger.
    pub entries: Vec<Entry>,
}

/// Personal values by the name of their field, e.g. `name`, `email`, `text`.
pub type Personals = BTreeMap<String, Personal<String>>;

/// An open transaction, limited to one organisation.
pub struct Tx<'s> {
    pub(super) session: &'s mut Session,
    pub(super) organisation: OrganisationId,
    changed: bool,
}

impl<'s> Tx<'s> {
    pub(super) const fn new(session: &'s mut Session, organisation: OrganisationId) -> Self {
        Self { session, organisation, changed: false }
    }

    pub(super) const fn changed(&self) -> bool {
        self.changed
    }

    pub(super) const fn mark_changed(&mut self) {
        self.changed = true;
    }

    /// The connection for a statement that only reads.
    pub(super) fn reading(&mut self) -> Result<&mut Db, Error> {
        self.session.reading()
    }

    /// The connection for a statement that changes rows.
    pub(super) fn changing(&mut self) -> Result<&mut Db, Error> {
        self.session.changing()
    }

    /// Ends the transaction in the middle of a step and begins another: a fault that the tests put in.
    pub(super) fn tear(&mut self) -> Result<(), Error> {
        self.session.settle()?;
        let connection = self.session.changing()?;
        connection.commit()?;
        connection.begin(&[self.organisation.clone()].into())?;
        connection.name_organisation(&self.organisation)?;
        connection.begin_job()
    }

    /// Seals what the person wrote, under the key of their own.
    pub fn seal(&mut self, request: &RequestId, subject: &SubjectId, personals: &Personals) -> Result<(), Error> {
        if personals.is_empty() {
            return Ok(());
        }
        let key = self.data_key(subject)?;
        let organisation = self.organisation.as_str().to_owned();
        for (field, value) in personals {
            let place = Place { organisation: &organisation, table: "sealed", row: request.as_str(), column: field };
            let mut boxed = key.seal(&place, value.reveal_for(Purpose::Storage).as_bytes())?;
            // Sabotage of the tests: the canary search must notice a value that is not sealed.
            if super::writer::sabotaged_for("store::seal-plain", &organisation) {
                boxed = value.reveal_for(Purpose::Storage).as_bytes().to_vec();
            }
            self.session.rows.sealed.push(SealedRow {
                organisation: organisation.clone(),
                request: request.as_str().to_owned(),
                field: field.clone(),
                boxed,
            });
        }
        self.mark_changed();
        Ok(())
    }

    /// Seals values in place of those that the request has under the same names.
    pub fn reseal(&mut self, request: &RequestId, subject: &SubjectId, personals: &Personals) -> Result<(), Error> {
        use super::schema::sealed::dsl;
        for field in personals.keys() {
            let old = dsl::sealed
                .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
                .filter(dsl::request.eq(request.as_str().to_owned()))
                .filter(dsl::field.eq(field.clone()));
            diesel::delete(old).execute(self.changing()?).map_err(failed("replace a personal value"))?;
        }
        self.seal(request, subject, personals)
    }

    /// The subject's key, made at first use.
    fn data_key(&mut self, subject: &SubjectId) -> Result<Key, Error> {
        let organisation = self.organisation.as_str().to_owned();
        let place = key_place(&organisation, subject);
        if let Some(row) = self.session.rows.keys.iter().find(|row| row.subject == subject.as_str()) {
            let wrapped = row.wrapped.as_deref().unwrap_or_default();
            return Ok(self.session.master.unwrap(&place, wrapped)?);
        }
        let wrapped = match self.session.known.keys.remove(subject.as_str()) {
            Some(known) => known,
            None => wrapped_key(self.reading()?, &organisation, subject)?,
        };
        match wrapped {
            Some(Some(wrapped)) => Ok(self.session.master.unwrap(&place, &wrapped)?),
            Some(None) => Err(Error::NotFound(format!("key of subject {subject}, which was destroyed"))),
            None => {
                let (key, wrapped) = self.session.master.new_data_key(&place)?;
                let subject = subject.as_str().to_owned();
                let row = KeyRow { organisation: organisation.clone(), subject, wrapped: Some(wrapped) };
                self.session.rows.keys.push(row);
                Ok(key)
            }
        }
    }

    /// Destroys the subject's key: nothing sealed with it opens again, in any copy (the second erasure).
    pub fn destroy_key(&mut self, subject: &SubjectId, now: crate::clock::Timestamp) -> Result<(), Error> {
        use super::schema::subject_keys::dsl;
        let mine = dsl::subject_keys
            .filter(dsl::organisation.eq(self.organisation.as_str().to_owned()))
            .filter(dsl::subject.eq(subject.as_str().to_owned()));
        diesel::update(mine)
            .set((dsl::wrapped.eq(None::<Vec<u8>>), dsl::destroyed_at.eq(Some(now.millis()))))
            .execute(self.changing()?)
            .map_err(failed("destroy a subject's key"))?;
        self.mark_changed();
        Ok(())
    }
}

/// Where a subject's wrapped key lives.
pub(super) fn key_place<'a>(organisation: &'a str, subject: &'a SubjectId) -> Place<'a> {
    Place { organisation, table: "subject_keys", row: subject.as_str(), column: "wrapped" }
}

/// The subject's wrapped key: none yet, or destroyed, or there.
pub(super) fn wrapped_key(
    connection: &mut Db,
    organisation: &str,
    subject: &SubjectId,
) -> Result<Option<Option<Vec<u8>>>, Error> {
    use super::schema::subject_keys::dsl;
    dsl::subject_keys
        .filter(dsl::organisation.eq(organisation.to_owned()))
        .filter(dsl::subject.eq(subject.as_str().to_owned()))
        .select(dsl::wrapped)
        .first(connection)
        .optional()
        .map_err(failed("read a subject's key"))
}
