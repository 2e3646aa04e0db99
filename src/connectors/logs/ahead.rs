//! A packed log, unpacked ahead of those who match it by whichever thread comes by while little is ready.
//!
//! A thread of its own would be one more than there are cores: the three would take turns on two, and whoever matched would
//! often wait for one that was not running.

use super::stretch::{Cut, Cutter, Room};
use std::collections::VecDeque;
use std::io;

/// Stretches that wait to be matched; each takes about a megabyte.
const AHEAD: usize = 4;

/// A log that is read ahead.
pub(super) struct Ahead {
    ready: VecDeque<(Cut, Room)>,
    rest: Rest,
    /// How many are to be ready: of a log of which nothing was asked for yet one, for its turn may come much later.
    ahead: usize,
    offset: u64,
}

/// What comes after what is ready.
enum Rest {
    /// More of the log; there is no cutter while a thread unpacks with it.
    More(Option<Box<Cutter>>),
    /// The log cannot be read on; why, until it was told.
    Failed(Option<io::Error>),
    End,
}

/// What whoever asks for the next stretch is to do.
pub(super) enum Step {
    /// Match what is in the room.
    Match(Cut),
    /// Unpack, give it back, and ask again.
    Unpack(Unpacking),
    /// Wait until what another thread unpacks was given back, and ask again.
    Wait,
    /// Nothing: the log has ended.
    End,
}

/// A stretch to be unpacked.
pub(super) struct Unpacking {
    cutter: Box<Cutter>,
    room: Room,
}

/// A stretch that was unpacked, the end, or why there is no more.
pub(super) struct Unpacked {
    /// The cutter, if it is of use any more.
    cutter: Option<Box<Cutter>>,
    next: io::Result<Option<(Cut, Room)>>,
}

impl Ahead {
    /// Reads ahead what `cutter` gives.
    pub(super) fn new(cutter: Cutter) -> Self {
        Self { ready: VecDeque::new(), rest: Rest::More(Some(Box::new(cutter))), ahead: 1, offset: 0 }
    }

    /// How far the log was read.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// The next step; the stretch that is to be matched is put in `room`. Rooms to be filled anew lie in `used`.
    pub(super) fn next(&mut self, room: &mut Room, used: &mut Vec<Room>) -> io::Result<Step> {
        if let Rest::More(cutter) = &mut self.rest
            && self.ready.len() < self.ahead
            && let Some(cutter) = cutter.take()
        {
            return Ok(Step::Unpack(Unpacking { cutter, room: used.pop().unwrap_or_default() }));
        }
        if let Some((cut, filled)) = self.ready.pop_front() {
            used.push(std::mem::replace(room, filled));
            self.ahead = AHEAD;
            return Ok(Step::Match(cut));
        }
        match &mut self.rest {
            Rest::More(_) => Ok(Step::Wait),
            Rest::Failed(why) => Err(why.take().unwrap_or_else(stopped)),
            Rest::End => Ok(Step::End),
        }
    }

    /// Takes back what was unpacked.
    pub(super) fn put(&mut self, unpacked: Unpacked) {
        let Unpacked { cutter, next } = unpacked;
        self.offset = cutter.as_ref().map_or(self.offset, |c| c.offset());
        self.rest = match next {
            Ok(Some(stretch)) => {
                self.ready.push_back(stretch);
                Rest::More(cutter)
            }
            Ok(None) => Rest::End,
            Err(why) => Rest::Failed(Some(why)),
        };
    }
}

impl Unpacking {
    /// Unpacks.
    pub(super) fn run(self) -> Unpacked {
        let Self { mut cutter, mut room } = self;
        let next = cutter.next(&mut room).map(|cut| cut.map(|cut| (cut, room)));
        Unpacked { cutter: Some(cutter), next }
    }
}

impl Unpacked {
    /// What is given back by a thread that came to grief over it.
    pub(super) fn nothing() -> Self {
        Self { cutter: None, next: Err(stopped()) }
    }
}

fn stopped() -> io::Error {
    io::Error::other("the thread that unpacks it has stopped")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn all(ahead: &mut Ahead) -> io::Result<Vec<(u64, Vec<u8>)>> {
        let (mut room, mut used, mut stretches) = (Room::default(), Vec::new(), Vec::new());
        loop {
            match ahead.next(&mut room, &mut used)? {
                Step::Match(cut) => stretches.push((cut.offset, room.content().to_vec())),
                Step::Unpack(unpacking) => ahead.put(unpacking.run()),
                Step::Wait => panic!("nobody else unpacks"),
                Step::End => return Ok(stretches),
            }
        }
    }

    #[test]
    fn what_is_read_ahead_is_what_the_cutter_gives() {
        let log: String = (0..50_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
        let cutter = || Cutter::by(Box::new(io::Cursor::new(log.clone().into_bytes())), 10_000);
        let (mut own, mut room, mut wanted) = (cutter(), Room::default(), Vec::new());
        while let Some(cut) = own.next(&mut room).unwrap() {
            wanted.push((cut.offset, room.content().to_vec()));
        }
        let mut ahead = Ahead::new(cutter());
        assert_eq!(all(&mut ahead).unwrap(), wanted);
        assert_eq!(ahead.offset(), log.len() as u64);
        let mut used = Vec::new();
        assert!(matches!(ahead.next(&mut room, &mut used), Ok(Step::End)), "the end stays the end");
    }

    #[test]
    fn damage_is_told_after_what_came_before_it() {
        struct Torn(usize);
        impl Read for Torn {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(1).ok_or_else(|| io::Error::other("torn"))?;
                buffer[..2].copy_from_slice(b"a\n");
                Ok(2)
            }
        }
        let mut ahead = Ahead::new(Cutter::by(Box::new(Torn(10)), 4));
        let (mut room, mut used, mut stretches) = (Room::default(), Vec::new(), 0);
        let error = loop {
            match ahead.next(&mut room, &mut used) {
                Ok(Step::Match(_)) => stretches += 1,
                Ok(Step::Unpack(unpacking)) => ahead.put(unpacking.run()),
                Ok(Step::Wait | Step::End) => panic!("the log has no end"),
                Err(error) => break error,
            }
        };
        assert_eq!((stretches, error.to_string().as_str()), (5, "torn"));
        assert!(ahead.next(&mut room, &mut used).is_err(), "and is not taken for the end afterwards");
    }

    #[test]
    fn one_thread_unpacks_and_no_more_than_is_wanted_soon() {
        let log = "a line\n".repeat(100);
        let mut ahead = Ahead::new(Cutter::by(Box::new(io::Cursor::new(log.into_bytes())), 20));
        let (mut room, mut used) = (Room::default(), Vec::new());
        let Ok(Step::Unpack(first)) = ahead.next(&mut room, &mut used) else { panic!("nothing is ready") };
        assert!(matches!(ahead.next(&mut room, &mut used), Ok(Step::Wait)), "and it is under way");
        ahead.put(first.run());
        assert!(matches!(ahead.next(&mut room, &mut used), Ok(Step::Match(_))), "one is enough to begin with");
        for _ in 0..AHEAD {
            let Ok(Step::Unpack(more)) = ahead.next(&mut room, &mut used) else { panic!("little is ready") };
            ahead.put(more.run());
        }
        assert!(matches!(ahead.next(&mut room, &mut used), Ok(Step::Match(_))), "enough is ready");
        let Ok(Step::Unpack(_lost)) = ahead.next(&mut room, &mut used) else { panic!("one less is ready") };
        assert!(matches!(ahead.next(&mut room, &mut used), Ok(Step::Match(_))), "what is ready need not wait");
        ahead.put(Unpacked::nothing());
        while !ahead.ready.is_empty() {
            assert!(matches!(ahead.next(&mut room, &mut used), Ok(Step::Match(_))));
        }
        assert!(ahead.next(&mut room, &mut used).is_err(), "who does not come back has not read to the end");
    }
}
