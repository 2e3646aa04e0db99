//! The fonts that reports are set in. All are part of the program: no system font is ever looked for.
//!
//! Made by `scripts/make-fonts`; kept compressed and inflated once.

use super::PdfError;
use std::io::Read;
use std::sync::LazyLock;

/// One of the embedded faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FaceId {
    /// Latin, Greek, Cyrillic, signs.
    Regular,
    /// The same, bold.
    Bold,
    /// Chinese characters of GB 2312 and their punctuation.
    Han,
    /// All other unified ideographs of Unicode 1.1, which names of people need.
    HanRest,
}

/// How strong a text is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Ordinary text.
    Regular,
    /// Headings.
    Bold,
}

/// One face: its file and how its characters map to glyphs and widths.
pub(super) struct Face {
    /// The whole font file.
    pub(super) bytes: Vec<u8>,
    /// Its name in the file.
    pub(super) name: &'static str,
    /// Units per em.
    pub(super) em: u16,
    /// Highest and lowest extent, in units.
    pub(super) ascent: i16,
    /// See `ascent`.
    pub(super) descent: i16,
    /// Bounding box, in units: left, bottom, right, top.
    pub(super) bounds: [i16; 4],
    glyphs: Vec<u16>,
    widths: Vec<u16>,
}

/// All faces, ready to measure and to embed.
pub struct Fonts {
    regular: Face,
    bold: Face,
    han: Face,
    han_rest: Face,
}

static EMBEDDED: LazyLock<Result<Fonts, PdfError>> = LazyLock::new(Fonts::inflate);

impl Fonts {
    /// The fonts that are part of the program, inflated at first use.
    pub fn embedded() -> Result<&'static Self, PdfError> {
        EMBEDDED.as_ref().map_err(Clone::clone)
    }

    fn inflate() -> Result<Self, PdfError> {
        Ok(Self {
            regular: Face::inflate("HabeasSans", include_bytes!("../../../assets/fonts/sans-regular.ttf.br"))?,
            bold: Face::inflate("HabeasSansBold", include_bytes!("../../../assets/fonts/sans-bold.ttf.br"))?,
            han: Face::inflate("HabeasHan", include_bytes!("../../../assets/fonts/han.otf.br"))?,
            han_rest: Face::inflate("HabeasHanRest", include_bytes!("../../../assets/fonts/han-rest.ttf.br"))?,
        })
    }

    /// The face `id`.
    pub(super) const fn face(&self, id: FaceId) -> &Face {
        match id {
            FaceId::Regular => &self.regular,
            FaceId::Bold => &self.bold,
            FaceId::Han => &self.han,
            FaceId::HanRest => &self.han_rest,
        }
    }

    /// The face that has `c`, the Western ones first.
    pub(super) fn face_of(&self, c: char, weight: Weight) -> Option<FaceId> {
        let western = match weight {
            Weight::Regular => FaceId::Regular,
            Weight::Bold => FaceId::Bold,
        };
        [western, FaceId::Han, FaceId::HanRest].into_iter().find(|id| self.face(*id).glyph(c).is_some())
    }
}

impl Face {
    fn inflate(name: &'static str, packed: &[u8]) -> Result<Self, PdfError> {
        let broken = |reason: String| PdfError::Font { name, reason };
        let mut bytes = Vec::new();
        let mut inflater = brotli_decompressor::Decompressor::new(packed, 1 << 16);
        inflater.read_to_end(&mut bytes).map_err(|e| broken(e.to_string()))?;
        let parsed = ttf_parser::Face::parse(&bytes, 0).map_err(|e| broken(e.to_string()))?;
        let glyph = |code: u32| char::from_u32(code).and_then(|c| parsed.glyph_index(c)).map_or(0, |g| g.0);
        let bounds = parsed.global_bounding_box();
        Ok(Self {
            name,
            em: parsed.units_per_em(),
            ascent: parsed.ascender(),
            descent: parsed.descender(),
            bounds: [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max],
            glyphs: (0..=0xFFFF).map(glyph).collect(),
            widths: (0..parsed.number_of_glyphs())
                .map(|g| parsed.glyph_hor_advance(ttf_parser::GlyphId(g)).unwrap_or_default())
                .collect(),
            bytes,
        })
    }

    /// The glyph of `c`, if the face has one.
    pub(super) fn glyph(&self, c: char) -> Option<u16> {
        let place = usize::try_from(u32::from(c)).ok()?;
        self.glyphs.get(place).copied().filter(|g| *g != 0)
    }

    /// Width of the glyph, in units.
    pub(super) fn width_units(&self, glyph: u16) -> u16 {
        self.widths.get(usize::from(glyph)).copied().unwrap_or_default()
    }

    /// Width of `c` in thousandths of the size; zero when the face lacks it.
    pub(super) fn width(&self, c: char) -> f32 {
        self.glyph(c).map_or(0.0, |g| f32::from(self.width_units(g)) * 1000.0 / f32::from(self.em.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_and_the_signs_of_the_union_have_a_face() {
        let fonts = Fonts::embedded().unwrap();
        for c in "AéßłñőțžİΑЖ€–„“”…·喆镕堃旻祎翀珺中，。《》（）".chars() {
            assert!(fonts.face_of(c, Weight::Regular).is_some(), "{c} U+{:04X}", u32::from(c));
        }
        for code in 0x4E00..=0x9FA5 {
            let c = char::from_u32(code).unwrap();
            assert!(fonts.face_of(c, Weight::Bold).is_some(), "U+{code:04X}");
        }
        assert_eq!(fonts.face_of('A', Weight::Bold), Some(FaceId::Bold));
        assert_eq!(fonts.face_of('\u{10400}', Weight::Regular), None);
    }
}
