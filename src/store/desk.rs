//! The thread that writes: takes waiting jobs together, commits once, then has them all answered (group commit).
//!
//! A group is first done together, in as few round trips as can be (`session`). When a job is refused after it reached the
//! database, or anything fails, the group is rolled back whole and done anew, each job in a savepoint of its own, so that
//! one refusal does not undo its neighbours. The same when the group met another transaction or lost its connection: work may
//! run more than once before it is answered.

use super::connection::Db;
use super::ledger::{self, Appended};
use super::session::{Expected, Session};
use super::writer::point;
use super::{Database, Error};
use crate::ids::OrganisationId;
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
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

/// How the jobs of a group are done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Without anything between them; what goes wrong undoes them all.
    Together,
    /// Each in a savepoint.
    Apart,
}

/// How a job went.
pub(super) enum Ran {
    /// It stands in the transaction, with the entry by which the commit can be told.
    Stands(Option<Appended>),
    /// It was refused, and nothing of it is left.
    Refused,
    /// The transaction is no longer good.
    Spoilt,
}

/// Work for the writer.
pub(super) trait Job: Send {
    /// For whom.
    fn organisation(&self) -> &OrganisationId;
    /// What it will ask first.
    fn expected(&self) -> Option<&Expected>;
    /// Does the work in the open transaction and remembers its result.
    fn run(&mut self, session: &mut Session, how: How) -> Ran;
    /// Answers with the result of the work, or with why it was not committed.
    fn answer(self: Box<Self>, committed: Result<(), Error>);
}

/// The next jobs: the first that comes, and what comes within the wait, up to the most. Whoever wrote alone last time is not
/// kept waiting for company; what came during the last commit makes a group without any wait.
pub(super) fn next_group(waiting: &Receiver<Box<dyn Job>>, company: bool) -> Option<Vec<Box<dyn Job>>> {
    let mut group = vec![waiting.recv().ok()?];
    let until = Instant::now() + if company { LONGEST_WAIT } else { Duration::ZERO };
    while group.len() < MOST_JOBS {
        match waiting.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(job) => group.push(job),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    // Those of one organisation after one another.
    group.sort_by(|a, b| a.organisation().cmp(b.organisation()));
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
pub(super) struct Desk {
    session: Session,
    database: Database,
}

impl Desk {
    /// Writes to `database`, at first by this session.
    pub(super) const fn new(session: Session, database: Database) -> Self {
        Self { session, database }
    }

    /// Does the group and commits it; gives up only after several tries.
    pub(super) fn commit_whatever_it_takes(&mut self, group: &mut [Box<dyn Job>]) -> Result<(), Error> {
        let organisations: BTreeSet<_> = group.iter().map(|job| job.organisation().clone()).collect();
        let mut last = Error::Stopped;
        for how in [How::Together].into_iter().chain([How::Apart; MOST_TRIES]) {
            match self.try_once(group, &organisations, how) {
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

    fn try_once(&mut self, group: &mut [Box<dyn Job>], organisations: &BTreeSet<OrganisationId>, how: How) -> Tried {
        let told_by = match self.fill(group, organisations, how) {
            Ok(told_by) => told_by,
            Err(e) => return self.give_up(e),
        };
        point("store::before-commit");
        let committed = self.session.connection.commit();
        point("store::after-commit");
        match committed {
            Ok(()) => Tried::Committed,
            // A connection that still answers has told that the commit failed.
            Err(e) if self.session.connection.roll_back() => Tried::RolledBack(e),
            Err(e) => Tried::Unknown(told_by, e),
        }
    }

    /// Does all jobs in one transaction, up to its commit; gives the last entry by which the commit can be told.
    fn fill(
        &mut self,
        group: &mut [Box<dyn Job>],
        organisations: &BTreeSet<OrganisationId>,
        how: How,
    ) -> Result<Option<Appended>, Error> {
        self.session.begin(organisations)?;
        let mut told_by = None;
        for jobs in group.chunk_by_mut(|a, b| a.organisation() == b.organisation()) {
            let expected: Vec<&Expected> = jobs.iter().filter_map(|job| job.expected()).collect();
            if let Some(organisation) = jobs.first().map(|job| job.organisation()) {
                self.session.enter(organisation, &expected)?;
            }
            for job in jobs {
                match job.run(&mut self.session, how) {
                    Ran::Stands(appended) => told_by = appended.or(told_by),
                    Ran::Refused => {}
                    Ran::Spoilt => return Err(Error::Busy),
                }
            }
        }
        self.session.settle()?;
        Ok(told_by)
    }

    /// Rolls back, on a new connection when the old one is gone: the server rolls back what it lost sight of.
    fn give_up(&mut self, why: Error) -> Tried {
        if self.session.connection.roll_back() {
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
                    self.session.connection = connection;
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
        let connection = &mut self.session.connection;
        connection.begin(&BTreeSet::from([appended.organisation.clone()]))?;
        connection.name_organisation(&appended.organisation)?;
        let stands = ledger::stands(connection, appended);
        connection.roll_back();
        stands
    }
}
