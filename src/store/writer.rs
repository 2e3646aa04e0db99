//! The one writer: takes waiting jobs together, commits once, then answers them all (group commit).
//!
//! INVARIANT (I1, I21): a job is answered only after the commit that holds it has returned. Each job runs in a savepoint of
//! its own, so that one refusal does not undo its neighbours.

use super::connection::Db;
use super::tx::{Tx, Written};
use super::{Error, ledger};
use crate::crypto::keys::MasterKey;
use crate::ids::OrganisationId;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most jobs in one commit.
const MOST_JOBS: usize = 64;
/// Longest wait for company before a commit.
const LONGEST_WAIT: Duration = Duration::from_millis(5);

/// Told whether the commit held.
type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;
/// Does its work in the open transaction and leaves its answer for after the commit.
type Job = Box<dyn FnOnce(&mut Db, &MasterKey) -> Answer + Send>;

/// Hands jobs to the thread that writes.
pub(super) struct Writer {
    jobs: Mutex<Sender<Job>>,
}

impl Writer {
    /// Starts the thread that writes.
    pub(super) fn start(mut connection: Db, master: Arc<MasterKey>) -> Self {
        let (jobs, waiting) = channel::<Job>();
        std::thread::spawn(move || {
            while let Some(group) = next_group(&waiting) {
                commit_group(&mut connection, &master, group);
            }
        });
        Self { jobs: Mutex::new(jobs) }
    }

    /// Runs `work` for an organisation, with its entries appended in the same transaction.
    pub(super) fn write<T, E>(
        &self,
        organisation: OrganisationId,
        work: impl FnOnce(&mut Tx<'_>) -> Result<Written<T>, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.run(organisation, move |tx| {
            let written = work(tx)?;
            if tx.changed() && written.entries.is_empty() {
                return Err(Error::NoEntry.into());
            }
            // Sabotage S10 of the tests: the leaf goes into a transaction of its own.
            if sabotaged("store::leaf-apart") {
                tx.run("COMMIT; BEGIN IMMEDIATE; SAVEPOINT job", "tear the step apart")?;
                point("store::between");
            }
            ledger::append(tx, &written.entries)?;
            Ok(written.value)
        })
    }

    /// Runs `work` without an entry: leases and checkpoints, which change nothing that anybody relies on.
    pub(super) fn plain<T: Send + 'static>(
        &self,
        organisation: OrganisationId,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.run(organisation, work)
    }

    fn run<T, E>(
        &self,
        organisation: OrganisationId,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, answered) = channel();
        let job: Job = Box::new(move |connection, master| {
            let done = in_savepoint(connection, |c| work(&mut Tx::new(c, organisation, master)));
            if sabotaged("store::ack-early") {
                // Sabotage S1 of the tests: told before the commit.
                let _ = answer.send(done);
                return Box::new(|_| {});
            }
            Box::new(move |committed| {
                // Whoever asked may have gone; the commit stands all the same.
                let _ = answer.send(done.and_then(|value| committed.map(|()| value).map_err(E::from)));
            })
        });
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        jobs.send(job).map_err(|_| Error::Stopped)?;
        answered.recv().map_err(|_| Error::Stopped)?
    }
}

/// The next jobs: the first that comes, and what comes within the wait, up to the most.
fn next_group(waiting: &Receiver<Job>) -> Option<Vec<Job>> {
    let mut group = vec![waiting.recv().ok()?];
    let until = Instant::now() + LONGEST_WAIT;
    while group.len() < MOST_JOBS {
        match waiting.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(job) => group.push(job),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    Some(group)
}

fn commit_group(connection: &mut Db, master: &MasterKey, group: Vec<Job>) {
    if connection.begin().is_err() {
        // Jobs that never ran have no result of their own to answer with: dropping them closes their channels, which tells
        // each caller that nothing was written. The next group tries anew.
        drop(group);
        return;
    }
    let answers: Vec<Answer> = group.into_iter().map(|job| job(connection, master)).collect();
    point("store::before-commit");
    let committed = connection.run("COMMIT", "commit");
    point("store::after-commit");
    if committed.is_err() {
        // The commit's own error is the one to tell.
        let _ = connection.run("ROLLBACK", "roll back");
    }
    for answer in answers {
        answer(committed.clone());
    }
}

fn in_savepoint<T, E: From<Error>>(connection: &mut Db, work: impl FnOnce(&mut Db) -> Result<T, E>) -> Result<T, E> {
    connection.run("SAVEPOINT job", "begin a step")?;
    match work(connection) {
        Ok(value) => {
            connection.run("RELEASE job", "end a step")?;
            Ok(value)
        }
        Err(e) => {
            connection.run("ROLLBACK TO job; RELEASE job", "undo a step")?;
            Err(e)
        }
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
