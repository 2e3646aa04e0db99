//! Connections that only read, a few of them, so that a long list does not keep everybody else waiting.

use super::connection::Db;
use super::{Database, Error};
use crate::ids::OrganisationId;
use std::sync::{Condvar, Mutex, PoisonError};

/// Most connections that read at once.
const MOST_READERS: usize = 4;

/// What is open now.
struct Pool {
    idle: Vec<Db>,
    opened: usize,
}

/// A small pool of connections.
pub(super) struct Readers {
    database: Database,
    pool: Mutex<Pool>,
    returned: Condvar,
}

impl Readers {
    /// Opens the first connection; the others when they are needed.
    pub(super) fn new(database: Database) -> Result<Self, Error> {
        let idle = vec![Db::open(&database)?];
        Ok(Self { database, pool: Mutex::new(Pool { idle, opened: 1 }), returned: Condvar::new() })
    }

    /// Runs `work` in a transaction that sees one organisation as it is at this instant.
    pub(super) fn read<T>(
        &self,
        organisation: &OrganisationId,
        work: impl FnOnce(&mut Db) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.within(|c| c.begin_reading(organisation), work)
    }

    /// Runs `work` in a transaction that may list the organisations.
    pub(super) fn list<T>(&self, work: impl FnOnce(&mut Db) -> Result<T, Error>) -> Result<T, Error> {
        self.within(Db::begin_listing, work)
    }

    fn within<T>(
        &self,
        begin: impl Fn(&mut Db) -> Result<(), Error>,
        work: impl FnOnce(&mut Db) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut lent = Lent { readers: self, connection: self.take()? };
        let connection = lent.connection.as_mut().ok_or(Error::Stopped)?;
        if begin(connection).is_err() {
            // The server may have gone and come back since the last reading.
            *connection = Db::open(&self.database)?;
            begin(connection)?;
        }
        let result = work(connection);
        connection.roll_back();
        result
    }

    fn take(&self) -> Result<Option<Db>, Error> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(connection) = pool.idle.pop() {
                return Ok(Some(connection));
            }
            if pool.opened < MOST_READERS {
                pool.opened += 1;
                drop(pool);
                let opened = Db::open(&self.database);
                if opened.is_err() {
                    self.give_back(None);
                }
                return opened.map(Some);
            }
            pool = self.returned.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn give_back(&self, connection: Option<Db>) {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        match connection {
            Some(connection) => pool.idle.push(connection),
            None => pool.opened -= 1,
        }
        self.returned.notify_one();
    }
}

/// A connection on loan; it goes back even when the reader panics.
struct Lent<'r> {
    readers: &'r Readers,
    connection: Option<Db>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let connection = self.connection.take().filter(|_| !std::thread::panicking());
        self.readers.give_back(connection);
    }
}
