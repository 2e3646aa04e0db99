//! A packed log, cut into stretches by a thread of its own: it is decompressed while what came before is matched.

use super::stretch::{Cut, Cutter, Room};
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, channel, sync_channel};
use std::thread;

/// Stretches that wait to be matched; each takes about a megabyte.
const AHEAD: usize = 3;

/// A stretch, the end, or why there is no more; and how far the log was read.
type Next = (io::Result<Option<(Cut, Room)>>, u64);

/// A log that is read ahead.
pub(super) struct Ahead {
    /// `None` when the log has ended.
    stretches: Option<Receiver<Next>>,
    /// Takes rooms back, to be filled anew.
    used: std::sync::mpsc::Sender<Room>,
    offset: u64,
}

impl Ahead {
    /// Begins to read ahead. The thread ends with the log, or soon after this is dropped.
    pub(super) fn new(cutter: Cutter) -> io::Result<Self> {
        let (send, stretches) = sync_channel(AHEAD);
        let (used, rooms) = channel();
        thread::Builder::new().name("unpack".to_owned()).spawn(move || read(cutter, &send, &rooms))?;
        Ok(Self { stretches: Some(stretches), used, offset: 0 })
    }

    /// How far the log was read.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Puts the next stretch in `room`; `None` at the end.
    pub(super) fn next(&mut self, room: &mut Room) -> io::Result<Option<Cut>> {
        let Some(stretches) = &self.stretches else { return Ok(None) };
        let stopped = |_| io::Error::other("the thread that unpacks it has stopped");
        let (next, offset) = stretches.recv().map_err(stopped)?;
        self.offset = offset;
        let Some((cut, filled)) = next? else {
            self.stretches = None;
            return Ok(None);
        };
        // When nobody takes it any more, the log has ended.
        let _ = self.used.send(std::mem::replace(room, filled));
        Ok(Some(cut))
    }
}

/// Cuts until the log ends, cannot be read, or nobody wants more.
fn read(mut cutter: Cutter, send: &SyncSender<Next>, rooms: &Receiver<Room>) {
    loop {
        let mut room = match rooms.try_recv() {
            Ok(room) => room,
            Err(TryRecvError::Empty) => Room::default(),
            Err(TryRecvError::Disconnected) => return,
        };
        let next = cutter.next(&mut room).map(|cut| cut.map(|cut| (cut, room)));
        let is_last = !matches!(next, Ok(Some(_)));
        if send.send((next, cutter.offset())).is_err() || is_last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn all(ahead: &mut Ahead) -> io::Result<Vec<(u64, Vec<u8>)>> {
        let (mut room, mut stretches) = (Room::default(), Vec::new());
        while let Some(cut) = ahead.next(&mut room)? {
            stretches.push((cut.offset, room.content().to_vec()));
        }
        Ok(stretches)
    }

    #[test]
    fn what_is_read_ahead_is_what_the_cutter_gives() {
        let log: String = (0..50_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
        let cutter = || Cutter::by(Box::new(io::Cursor::new(log.clone().into_bytes())), 10_000);
        let (mut own, mut room, mut wanted) = (cutter(), Room::default(), Vec::new());
        while let Some(cut) = own.next(&mut room).unwrap() {
            wanted.push((cut.offset, room.content().to_vec()));
        }
        let mut ahead = Ahead::new(cutter()).unwrap();
        assert_eq!(all(&mut ahead).unwrap(), wanted);
        assert_eq!(ahead.offset(), log.len() as u64);
        assert!(ahead.next(&mut room).unwrap().is_none(), "the end stays the end");
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
        let mut ahead = Ahead::new(Cutter::by(Box::new(Torn(10)), 4)).unwrap();
        let mut room = Room::default();
        for _ in 0..5 {
            assert!(ahead.next(&mut room).unwrap().is_some());
        }
        assert_eq!(ahead.next(&mut room).unwrap_err().to_string(), "torn");
        assert!(ahead.next(&mut room).is_err(), "and is not taken for the end afterwards");
    }
}
