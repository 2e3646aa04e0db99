//! A log of another format on its way through: canonical events in stretches, each line with where its record begins.

use super::stretch::{Cut, Mapped, STRETCH_BYTES, wanted};
use crate::connectors::mapping::{Hints, Mapping, Reader, Unread};
use crate::events::line::Bad;
use crate::events::place::Place;
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A log that a mapping turns into events.
pub(super) struct MappedLog<'m> {
    reader: Reader<'m, BufReader<Counted>>,
    source: u16,
    read: Arc<AtomicU64>,
    told_bytes: u64,
}

/// Counts the bytes that were read.
struct Counted(Box<dyn Read + Send>, Arc<AtomicU64>);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(buffer)?;
        self.1.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl<'m> MappedLog<'m> {
    /// `source` is the log's number.
    pub(super) fn new(
        log: Box<dyn Read + Send>,
        source: u16,
        (mapping, hints): (&'m Mapping, Hints),
    ) -> io::Result<Self> {
        let read = Arc::new(AtomicU64::new(0));
        let reader = mapping.reader(BufReader::new(Counted(log, Arc::clone(&read))), hints)?;
        Ok(Self { reader, source, read, told_bytes: 0 })
    }

    /// How far the log was read.
    pub(super) fn offset(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Fills `buffer` with the next events, one a line; `None` at the end.
    pub(super) fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<Cut>> {
        let mut mapped = Mapped::default();
        let (source, left) = (self.source, &mut mapped.left);
        let wanted = wanted(self.told_bytes, STRETCH_BYTES);
        let more = self.reader.stretch(wanted, buffer, &mut mapped.places, &mut |at, why| {
            left.lines += 1;
            if let Some(bad) = reason(why) {
                left.bad(bad, Place::new(source, at));
            }
        })?;
        if !more && mapped.left.lines == 0 {
            return Ok(None);
        }
        mapped.left.bytes = self.offset() - self.told_bytes;
        self.told_bytes += mapped.left.bytes;
        Ok(Some(Cut { mapped: Some(mapped), ..Cut::default() }))
    }
}

/// Why a record is not used; `None` when the mapping leaves it out on purpose.
const fn reason(why: Unread) -> Option<Bad> {
    match why {
        Unread::Malformed => Some(Bad::Malformed),
        Unread::NotUtf8 => Some(Bad::NotUtf8),
        Unread::TooLong => Some(Bad::TooLong),
        Unread::Truncated => Some(Bad::Truncated),
        Unread::NoTime => Some(Bad::NoTime),
        Unread::NotMapped => Some(Bad::NotMapped),
        Unread::Continuation | Unread::Ignored => None,
    }
}
