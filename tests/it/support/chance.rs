//! Chance for made-up logs: the same numbers for the same seed, on every machine.

/// A linear congruential generator; its upper bits are good enough for logs.
pub struct Chance(pub u64);

impl Chance {
    /// A number from 0 up to, and without, `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}
