//! Events that a log tells twice, known by their id: only the first one counts.
//!
//! A double is a line whose id is among the last [`MOST_IDS`] different ids of its log before it; its time and the rest of it
//! do not matter. What is dropped is counted, and so is every id that had to be forgotten: where none was, the whole log has
//! been compared. Assumes batches in the order of the lines, so the result does not depend on how the log is cut.

use super::batch::{Batch, Identified};
use super::hash::Table;
use super::keep::Keep;
use super::place::Place;
use std::collections::VecDeque;

/// Ids remembered of each log: at 50 bytes each about 50 MiB.
pub const MOST_IDS: usize = 1 << 20;

/// The ids of one log.
#[derive(Debug)]
pub struct Doubles {
    known: Table<()>,
    /// The same, oldest first.
    order: VecDeque<u128>,
    most: usize,
}

impl Default for Doubles {
    fn default() -> Self {
        Self::remembering(MOST_IDS)
    }
}

impl Doubles {
    /// Remembers at most `most` ids.
    pub fn remembering(most: usize) -> Self {
        Self { known: Table::default(), order: VecDeque::new(), most }
    }

    /// Takes out of the log's next batch what doubles left in it, and counts them; gives their places.
    ///
    /// A double still tells how far the log's time has come.
    pub fn drop_from(&mut self, batch: &mut Batch) -> Vec<Place> {
        if batch.identified.is_empty() {
            return Vec::new();
        }
        let identified = std::mem::take(&mut batch.identified);
        let doubled: Vec<&Identified> = identified.iter().filter(|e| !self.is_new(e.id, batch)).collect();
        for double in &doubled {
            let (first, count) = (double.hits.0 as usize, double.hits.1 as usize);
            for hit in batch.hits.get(first..first + count).unwrap_or_default() {
                if let Some(matched) = batch.matched.get_mut(*hit as usize) {
                    *matched = matched.saturating_sub(1);
                }
            }
        }
        batch.hits.clear();
        let places: Vec<Place> = doubled.iter().map(|d| d.place).collect();
        drop_places(&places, batch);
        places
    }

    fn is_new(&mut self, id: u128, batch: &mut Batch) -> bool {
        if self.known.insert(id, ()).is_some() {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > self.most {
            self.order.pop_front().and_then(|oldest| self.known.remove(&oldest));
            batch.tally.forgotten += 1;
        }
        true
    }
}

fn drop_places(places: &[Place], batch: &mut Batch) {
    if places.is_empty() {
        return;
    }
    // Places of one log ascend with its lines.
    let is_kept = |place: Place| places.binary_search(&place).is_err();
    let Batch { records, firings, firings_behind_ms, tally, .. } = batch;
    records.retain(|r| is_kept(r.place));
    let mut behind = firings.iter().map(|f| is_kept(f.last));
    firings_behind_ms.retain(|_| behind.next().unwrap_or(true));
    firings.retain(|f| is_kept(f.last));
    let count = places.len() as u64;
    tally.events -= count.min(tally.events);
    tally.doubles += count;
}

impl Keep for Doubles {
    /// The ids alone: how many are remembered at most belongs to the version.
    fn put(&self, out: &mut Vec<u8>) {
        self.order.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let order: VecDeque<u128> = Keep::take(from)?;
        let known = order.iter().map(|id| (*id, ())).collect();
        Some(Self { known, order, most: MOST_IDS })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::batch::Firing;

    /// Events with these ids, one after the other from `offset` on, each of which matched detection 0.
    fn batch(ids: &[u128], offset: u64) -> Batch {
        let mut batch = Batch { matched: vec![0], ..Batch::default() };
        for (n, id) in (0u32..).zip(ids) {
            let place = Place::new(0, offset + u64::from(n));
            let firing =
                Firing { at_ms: 7, last: place, rule: 0, key: Box::default(), count: 1, first: place, value: None };
            batch.firings.push(firing);
            batch.firings_behind_ms.push(n);
            batch.tally.event(7);
            batch.matched[0] += 1;
            batch.hits.push(0);
            batch.identified.push(Identified { id: *id, place, hits: (n, 1) });
        }
        batch
    }

    #[test]
    fn the_first_one_counts_and_what_is_forgotten_is_counted() {
        let mut doubles = Doubles::remembering(3);
        let mut offset = 0;
        for (ids, kept, forgotten) in [
            (vec![1, 2, 1, 1], vec![0, 1], 0),
            // 1 was seen first, so it is forgotten first, though it was seen again since.
            (vec![2, 3, 4], vec![1, 2], 1),
            (vec![1, 2, 4], vec![0, 1], 2),
            (vec![], vec![], 0),
        ] {
            let mut batch = batch(&ids, offset);
            let places = doubles.drop_from(&mut batch);
            let left: Vec<u64> = batch.firings.iter().map(|f| f.last.offset() - offset).collect();
            assert_eq!(left, kept, "{ids:?}");
            let behind: Vec<u64> = batch.firings_behind_ms.iter().map(|n| u64::from(*n)).collect();
            assert_eq!((behind, batch.tally.forgotten), (kept.clone(), forgotten), "{ids:?}");
            let counts = (batch.tally.events, batch.tally.doubles, batch.matched[0]);
            assert_eq!(counts, (kept.len() as u64, places.len() as u64, kept.len() as u64), "{ids:?}");
            assert_eq!(places.len() + kept.len(), ids.len());
            offset += ids.len() as u64;
        }
        let again = Doubles::of(&doubles.kept()).unwrap();
        assert_eq!((again.order, again.most), (doubles.order, MOST_IDS));
    }
}
