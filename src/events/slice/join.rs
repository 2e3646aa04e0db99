//! Puts the parts of files in order, and refuses to when something is missing, there twice, or of another file.

use super::{Index, Setup};

/// Slices that do not make a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// Rules, settings or version differ.
    #[error("the slice `{slice}` {what} than `{first}`; make all slices with the same program, rules and settings")]
    Setup {
        /// The slice.
        slice: String,
        /// What differs.
        what: String,
        /// The slice it was compared with.
        first: String,
    },
    /// The same name, another file.
    #[error("the slices `{one}` and `{other}` are of different files named `{file}`; cut them from the same file")]
    File {
        /// The file's name.
        file: String,
        /// A slice of it.
        one: String,
        /// A slice of another.
        other: String,
    },
    /// Bytes that no slice holds.
    #[error(
        "no slice holds the bytes {from} to {to} of `{file}`; make it with --from {from} --to {to} and merge again"
    )]
    Gap {
        /// The file.
        file: String,
        /// First byte missing.
        from: u64,
        /// The byte after the last one missing.
        to: u64,
    },
    /// The end of a file is in no slice.
    #[error("no slice holds `{file}` from byte {from} on; make it with --from {from} and merge again")]
    End {
        /// The file.
        file: String,
        /// First byte missing.
        from: u64,
    },
    /// Bytes that two slices hold.
    #[error("the slices `{one}` and `{other}` both hold `{file}` from byte {from}; give each part once")]
    Overlap {
        /// The file.
        file: String,
        /// A slice.
        one: String,
        /// Another.
        other: String,
        /// First byte held twice.
        from: u64,
    },
}

/// A source of the whole: a file, and where its parts are, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file as it was given.
    pub file: String,
    /// Number of a slice, and of the piece in it.
    pub parts: Vec<(usize, u16)>,
}

/// The sources that `slices` (each with its name) make, in the order in which they name them first.
pub fn join(slices: &[(String, Setup, Index)]) -> Result<Vec<Source>, JoinError> {
    if let Some((first, setup, _)) = slices.first() {
        for (slice, other, _) in slices {
            if let Some(what) = other.difference(setup) {
                return Err(JoinError::Setup { slice: slice.clone(), what, first: first.clone() });
            }
        }
    }
    let mut sources: Vec<Source> = Vec::new();
    for (number, (_, _, index)) in slices.iter().enumerate() {
        for (at, piece) in (0u16..).zip(&index.pieces) {
            match sources.iter_mut().find(|s| s.file == piece.file) {
                Some(source) => source.parts.push((number, at)),
                None => sources.push(Source { file: piece.file.clone(), parts: vec![(number, at)] }),
            }
        }
    }
    let piece =
        |(slice, at): &(usize, u16)| Some((slices.get(*slice)?, slices.get(*slice)?.2.pieces.get(usize::from(*at))?));
    for source in &mut sources {
        source.parts.sort_by_key(|part| piece(part).map(|(_, p)| (p.from, p.to)));
        let all: Vec<_> = source.parts.iter().filter_map(piece).collect();
        for pair in all.windows(2) {
            if let [(one, a), (other, b)] = pair {
                let (one, other, file) = (one.0.clone(), other.0.clone(), source.file.clone());
                if b.from > a.to {
                    return Err(JoinError::Gap { file, from: a.to, to: b.from });
                }
                if b.from < a.to {
                    return Err(JoinError::Overlap { file, one, other, from: b.from });
                }
                if a.head != b.head || a.seam_to != b.seam_from {
                    return Err(JoinError::File { file, one, other });
                }
            }
        }
        let (first, last) = (all.first().map_or(0, |(_, p)| p.from), all.last());
        if first > 0 {
            return Err(JoinError::Gap { file: source.file.clone(), from: 0, to: first });
        }
        if let Some((_, p)) = last.filter(|(_, p)| !p.ends) {
            return Err(JoinError::End { file: source.file.clone(), from: p.to });
        }
    }
    Ok(sources)
}
