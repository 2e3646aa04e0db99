//! Colours on paper.

use crate::report::document::Tone;

/// Red, green, blue, each 0 to 1.
pub(super) type Colour = [f32; 3];

const fn rgb(hex: u32) -> Colour {
    const fn part(v: u32) -> f32 {
        (v & 0xFF) as u8 as f32 / 255.0
    }
    [part(hex >> 16), part(hex >> 8), part(hex)]
}

pub(super) const INK: Colour = rgb(0x1b_1f24);
pub(super) const QUIET: Colour = rgb(0x57_606a);
pub(super) const RULE: Colour = rgb(0xd0_d7de);
pub(super) const SHADE: Colour = rgb(0xf3_f5f7);
pub(super) const NAVY: Colour = rgb(0x16_3a5f);
pub(super) const PAPER: Colour = [1.0, 1.0, 1.0];

/// The colour of words; each has a contrast of at least 4.5 to 1 on white (WCAG 2.2, 1.4.3).
pub(super) const fn ink(tone: Tone) -> Colour {
    match tone {
        Tone::Critical => rgb(0x8e_1b1b),
        Tone::High => rgb(0xa8_4007),
        Tone::Medium => rgb(0x7a_5600),
        Tone::Low => rgb(0x3f_5f7f),
        Tone::Fail => rgb(0xa3_2020),
        Tone::Unknown => rgb(0x6b_4fa0),
        Tone::Waived | Tone::NotApplicable | Tone::Quiet => QUIET,
        Tone::Pass => rgb(0x1e_6b3a),
        Tone::Plain => INK,
    }
}

/// The colour of areas.
pub(super) const fn fill(tone: Tone) -> Colour {
    match tone {
        Tone::Critical => rgb(0x8e_1b1b),
        Tone::High => rgb(0xd4_621a),
        Tone::Medium => rgb(0xe0_a82e),
        Tone::Low => rgb(0x7d_9cbd),
        Tone::Fail => rgb(0xa8_3232),
        Tone::Unknown => rgb(0x85_66b8),
        Tone::Waived => rgb(0x9a_a4ae),
        Tone::Pass => rgb(0x3f_8f5f),
        Tone::NotApplicable => RULE,
        Tone::Plain => INK,
        Tone::Quiet => QUIET,
    }
}
