//! The one writer: takes waiting jobs together, commits once, then answers them all (group commit).
//!
//! INVARIANT (I1, I21): a job is answered only after the commit that holds it has returned. Each job runs in a savepoint of
//! its own, so that one refusal does not undo its neighbours. Work may run more than once before it is answered: a group that
//! met another transaction, or lost its connection, is rolled back whole and done anew.

use super::connection::Db;
use super::ledger::Appended;
use super::tx::{Tx, Written};
use super::{Database, Error, ledger};
use crate::crypto::keys::MasterKey;
use crate::ids::OrganisationId;
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most jobs in one commit.
const MOST_JOBS: usize = 64;
/// Longest wait for company before a commit.
const LONGEST_WAIT: Duration = Duration::from_millis(5);
/// How often a group is done anew before its jobs are told why it does not work.
const MOST_TRIES: usize = 5;
/// How long a server that went away is waited for, and how long between two attempts to reach it.
const LONGEST_ABSENCE: Duration = Duration::from_secs(10);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

/// Work for the writer.
trait Job: Send {
    /// For whom.
    fn organisation(&self) -> &OrganisationId;
    /// Does the work in the open transaction and remembers its result. Gives the entry by which the commit can be told, and
    /// `None` when the transaction is no longer whole.
    fn run(&mut self, connection: &mut Db, master: &MasterKey) -> Option<Option<Appended>>;
    /// Answers with the result of the work, or with why it was not committed.
    fn answer(self: Box<Self>, committed: Result<(), Error>);
}

/// Hands jobs to the thread that writes.
pub(super) struct Writer {
    jobs: Mutex<Sender<Box<dyn Job>>>,
}

impl Writer {
    /// Starts the thread that writes.
    pub(super) fn start(connection: Db, database: Database, master: Arc<MasterKey>) -> Self {
        let (jobs, waiting) = channel::<Box<dyn Job>>();
        std::thread::spawn(move || {
            let mut desk = Desk { connection, database, master };
            while let Some(mut group) = next_group(&waiting) {
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
        mut work: impl FnMut(&mut Tx<'_>) -> Result<Written<T>, E> + Send + 'static,
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
        self.run(organisation, move |tx| Ok((work(tx)?, None)))
    }

    fn run<T, E>(
        &self,
        organisation: OrganisationId,
        work: impl FnMut(&mut Tx<'_>) -> Result<(T, Option<Appended>), E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, answered) = channel();
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let job = Asked { organisation, work, done: None, answer };
        jobs.send(Box::new(job)).map_err(|_| Error::Stopped)?;
        answered.recv().map_err(|_| Error::Stopped)?
    }
}

/// A job that somebody waits for.
struct Asked<T, E, F> {
    organisation: OrganisationId,
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

    fn run(&mut self, connection: &mut Db, master: &MasterKey) -> Option<Option<Appended>> {
        if let Err(e) = connection.begin_step(&self.organisation) {
            self.done = Some(Err(e.into()));
            return None;
        }
        let result = (self.work)(&mut Tx::new(connection, self.organisation.clone(), master));
        let end = if result.is_ok() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
        let whole = connection.run(end, "end a step");
        let (done, appended) = match (result, &whole) {
            (Ok((value, appended)), Ok(())) => (Ok(value), appended),
            (Ok(_), Err(e)) => (Err(e.clone().into()), None),
            (Err(e), _) => (Err(e), None),
        };
        if sabotaged("store::ack-early")
            && let Ok(value) = done
        {
            // Sabotage S1 of the tests: told before the commit.
            let _ = self.answer.send(Ok(value));
        } else {
            self.done = Some(done);
        }
        (whole.is_ok() && !connection.take_must_redo()).then_some(appended)
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

/// The next jobs: the first that comes, and what comes within the wait, up to the most.
fn next_group(waiting: &Receiver<Box<dyn Job>>) -> Option<Vec<Box<dyn Job>>> {
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

/// How one try at a group ended.
enum Tried {
    Committed,
    /// Rolled back; another try may do.
    RolledBack(Error),
    /// The connection went while it committed: `Appended` tells which way, once the server is back.
    Unknown(Option<Appended>, Error),
}

/// The thread that writes, with what it needs.
struct Desk {
    connection: Db,
    database: Database,
    master: Arc<MasterKey>,
}

impl Desk {
    fn commit_whatever_it_takes(&mut self, group: &mut [Box<dyn Job>]) -> Result<(), Error> {
        let organisations: BTreeSet<_> = group.iter().map(|job| job.organisation().clone()).collect();
        let mut last = Error::Stopped;
        for _ in 0..MOST_TRIES {
            match self.try_once(group, &organisations) {
                Tried::Committed => return Ok(()),
                Tried::RolledBack(e) => last = e,
                Tried::Unknown(appended, e) => match self.was_committed(appended.as_ref()) {
                    Ok(true) => return Ok(()),
                    Ok(false) => last = e,
                    Err(_) => return Err(Error::Unknown),
                },
            }
        }
        Err(last)
    }

    fn try_once(&mut self, group: &mut [Box<dyn Job>], organisations: &BTreeSet<OrganisationId>) -> Tried {
        if let Err(e) = self.connection.begin(organisations) {
            return self.give_up(e);
        }
        let mut told_by = None;
        for job in group {
            match job.run(&mut self.connection, &self.master) {
                Some(appended) => told_by = appended.or(told_by),
                None => return self.give_up(Error::Busy),
            }
        }
        point("store::before-commit");
        let committed = self.connection.commit();
        point("store::after-commit");
        match committed {
            Ok(()) => Tried::Committed,
            // A connection that still answers has told that the commit failed.
            Err(e) if self.connection.roll_back() => Tried::RolledBack(e),
            Err(e) => Tried::Unknown(told_by, e),
        }
    }

    /// Rolls back, on a new connection when the old one is gone: the server rolls back what it lost sight of.
    fn give_up(&mut self, why: Error) -> Tried {
        self.connection.take_must_redo();
        if self.connection.roll_back() {
            return Tried::RolledBack(why);
        }
        match self.reconnect() {
            Ok(()) => Tried::RolledBack(why),
            Err(e) => Tried::RolledBack(e),
        }
    }

    fn reconnect(&mut self) -> Result<(), Error> {
        let until = Instant::now() + LONGEST_ABSENCE;
        loop {
            match Db::open(&self.database) {
                Ok(connection) => {
                    self.connection = connection;
                    return Ok(());
                }
                Err(e) if Instant::now() > until => return Err(e),
                Err(_) => std::thread::sleep(BETWEEN_ATTEMPTS),
            }
        }
    }

    /// Whether a commit whose answer was lost happened: its last entry stands in the ledger or does not. The organisation's
    /// lock is taken first, which the lost transaction holds until it has ended either way.
    fn was_committed(&mut self, appended: Option<&Appended>) -> Result<bool, Error> {
        self.reconnect()?;
        let Some(appended) = appended else { return Err(Error::Unknown) };
        self.connection.begin(&BTreeSet::from([appended.organisation.clone()]))?;
        self.connection.begin_step(&appended.organisation)?;
        let stands = ledger::stands(&mut self.connection, appended);
        self.connection.roll_back();
        stands
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
