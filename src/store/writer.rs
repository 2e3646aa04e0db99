//! Work handed to the one thread that writes, and its answer (`desk`).
//!
//! INVARIANT (I1, I21): a job is answered only after the commit that holds it has returned.

use super::connection::Db;
use super::desk::{Desk, How, Job, Ran, next_group};
use super::ledger::Appended;
use super::session::{Expected, Session};
use super::tx::{Tx, Written};
use super::{Database, Error, ledger};
use crate::crypto::keys::MasterKey;
use crate::ids::OrganisationId;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Hands jobs to the thread that writes.
pub(super) struct Writer {
    jobs: Mutex<Sender<Box<dyn Job>>>,
}

impl Writer {
    /// Starts the thread that writes.
    pub(super) fn start(connection: Db, database: Database, master: Arc<MasterKey>) -> Self {
        let (jobs, waiting) = channel::<Box<dyn Job>>();
        std::thread::spawn(move || {
            let mut desk = Desk::new(Session::new(connection, master), database);
            let mut company = false;
            while let Some(mut group) = next_group(&waiting, company) {
                company = group.len() > 1;
                let committed = desk.commit_whatever_it_takes(&mut group);
                for job in group {
                    job.answer(committed.clone());
                }
            }
        });
        Self { jobs: Mutex::new(jobs) }
    }

    /// Runs `work` for an organisation, with its entries appended in the same transaction.
    pub(super) fn write<T, E>(
        &self,
        organisation: OrganisationId,
        expected: Option<Expected>,
        mut work: impl FnMut(&mut Tx<'_>) -> Result<Written<T>, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.run(organisation, expected, move |tx| {
            let written = work(tx)?;
            if tx.changed() && written.entries.is_empty() {
                return Err(Error::NoEntry.into());
            }
            // Sabotage S10 of the tests: the leaf goes into a transaction of its own.
            if sabotaged("store::leaf-apart") {
                tx.tear()?;
                point("store::between");
            }
            let appended = ledger::append(tx, &written.entries)?;
            Ok((written.value, appended))
        })
    }

    /// Runs `work` without an entry: leases and checkpoints, which change nothing that anybody relies on.
    pub(super) fn plain<T: Send + 'static>(
        &self,
        organisation: OrganisationId,
        mut work: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.run(organisation, None, move |tx| Ok((work(tx)?, None)))
    }

    fn run<T, E>(
        &self,
        organisation: OrganisationId,
        expected: Option<Expected>,
        work: impl FnMut(&mut Tx<'_>) -> Result<(T, Option<Appended>), E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, answered) = channel();
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let job = Asked { organisation, expected, work, done: None, answer };
        jobs.send(Box::new(job)).map_err(|_| Error::Stopped)?;
        answered.recv().map_err(|_| Error::Stopped)?
    }
}

/// A job that somebody waits for.
struct Asked<T, E, F> {
    organisation: OrganisationId,
    expected: Option<Expected>,
    work: F,
    done: Option<Result<T, E>>,
    answer: Sender<Result<T, E>>,
}

impl<T, E, F> Job for Asked<T, E, F>
where
    T: Send,
    E: From<Error> + Send,
    F: FnMut(&mut Tx<'_>) -> Result<(T, Option<Appended>), E> + Send,
{
    fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    fn expected(&self) -> Option<&Expected> {
        self.expected.as_ref()
    }

    fn run(&mut self, session: &mut Session, how: How) -> Ran {
        session.begin_job();
        let (done, whole) = match how {
            How::Together => {
                let done = (self.work)(&mut Tx::new(session, self.organisation.clone()));
                let undone = done.is_ok() || session.undo_job();
                (done, session.connection.is_whole() && undone)
            }
            How::Apart => self.run_apart(session),
        };
        let (result, ran) = match done {
            Ok((value, appended)) => (Ok(value), Ran::Stands(appended)),
            Err(e) => (Err(e), Ran::Refused),
        };
        if sabotaged("store::ack-early")
            && let Ok(value) = result
        {
            // Sabotage S1 of the tests: told before the commit.
            let _ = self.answer.send(Ok(value));
        } else {
            self.done = Some(result);
        }
        if whole { ran } else { Ran::Spoilt }
    }

    fn answer(self: Box<Self>, committed: Result<(), Error>) {
        let result = match (committed, self.done) {
            // A refusal stands, whatever became of the neighbours.
            (Err(_), Some(Err(e))) => Err(e),
            (Err(e), _) => Err(e.into()),
            (Ok(()), Some(done)) => done,
            (Ok(()), None) => return,
        };
        // Whoever asked may have gone; the commit stands all the same.
        let _ = self.answer.send(result);
    }
}

impl<T, E, F> Asked<T, E, F>
where
    E: From<Error>,
    F: FnMut(&mut Tx<'_>) -> Result<(T, Option<Appended>), E>,
{
    /// Does the work in a savepoint, and undoes it there after an error; whether the transaction is still good.
    fn run_apart(&mut self, session: &mut Session) -> (Result<(T, Option<Appended>), E>, bool) {
        if let Err(e) = session.connection.begin_job() {
            return (Err(e.into()), false);
        }
        let mut done = (self.work)(&mut Tx::new(session, self.organisation.clone()));
        if done.is_ok()
            && let Err(e) = session.write_rows()
        {
            done = Err(e.into());
        }
        if done.is_err() {
            session.undo_job();
        }
        let ended = session.connection.end_job(done.is_ok());
        let whole = ended.is_ok() && !session.connection.take_conflict();
        (ended.map_err(E::from).and(done), whole)
    }
}

/// A named point at which the tests may kill the program; nothing in a release build.
pub(super) fn point(name: &str) {
    fail::fail_point!(name);
    // Without fail points, as in every release build, the name is not used.
    let _ = name;
}

/// Whether the tests put this fault in for one organisation; never in a release build.
pub(super) fn sabotaged_for(name: &str, organisation: &str) -> bool {
    fail::fail_point!(name, |arg| arg.as_deref() == Some(organisation));
    let _ = (name, organisation);
    false
}

/// Whether the tests put this fault in; never in a release build.
fn sabotaged(name: &str) -> bool {
    fail::fail_point!(name, |_| true);
    let _ = name;
    false
}
