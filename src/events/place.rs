//! Where an event's line stands: which source and at which byte.

/// A source (log file, by its number in the run) and the offset of a line's first byte in its decompressed content.
/// Ordered by source, then offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u64);

impl super::keep::Keep for Place {
    fn put(&self, out: &mut Vec<u8>) {
        (self.source(), self.offset()).put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let (source, offset) = super::keep::Keep::take(from)?;
        Some(Self::new(source, offset))
    }
}

const OFFSET_BITS: u32 = 48;

impl Place {
    /// The line at `offset` (below 2^48, 256 TiB) of source number `source`.
    pub fn new(source: u16, offset: u64) -> Self {
        Self(u64::from(source) << OFFSET_BITS | (offset & ((1 << OFFSET_BITS) - 1)))
    }

    /// Number of the source.
    pub const fn source(self) -> u16 {
        (self.0 >> OFFSET_BITS) as u16
    }

    /// Offset of the line's first byte.
    pub const fn offset(self) -> u64 {
        self.0 & ((1 << OFFSET_BITS) - 1)
    }
}
