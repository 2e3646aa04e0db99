//! The layout of an exported log (c2sp.org/tlog-tiles): small files that never change once full, served by any web server.
//!
//! Tiles are 256 hashes wide (height 8). Level 0 holds leaf hashes; bundles hold the entries, each behind a 16-bit length.

use super::Error;
use super::tree::root;
use crate::crypto::hash::Digest;
use std::collections::BTreeMap;

/// Hashes in a full tile, entries in a full bundle.
pub const WIDTH: usize = 256;

/// `N` as groups of three digits, all but the last behind an `x`: 1234067 is `x001/x234/067`.
fn index_path(mut n: u64) -> String {
    let mut path = format!("{:03}", n % 1000);
    n /= 1000;
    while n > 0 {
        path = format!("x{:03}/{path}", n % 1000);
        n /= 1000;
    }
    path
}

fn path(prefix: &str, index: usize, width: usize) -> String {
    let partial = if width == WIDTH { String::new() } else { format!(".p/{width}") };
    format!("tile/{prefix}/{}{partial}", index_path(index as u64))
}

/// All files of the log over `entries`, by their path, but the checkpoint.
pub fn files(entries: &[Vec<u8>], leaves: &[Digest]) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let mut files = BTreeMap::new();
    for (n, bundle) in entries.chunks(WIDTH).enumerate() {
        let mut bytes = Vec::new();
        for (i, entry) in bundle.iter().enumerate() {
            let seq = (n * WIDTH + i) as u64;
            let length = u16::try_from(entry.len())
                .map_err(|_| Error::Entry { seq, why: "it is longer than 65535 bytes".to_owned() })?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(entry);
        }
        files.insert(path("entries", n, bundle.len()), bytes);
    }
    let (mut level, mut hashes) = (0_u8, leaves.to_vec());
    while !hashes.is_empty() {
        for (n, tile) in hashes.chunks(WIDTH).enumerate() {
            let bytes = tile.iter().flat_map(|h| *h.bytes()).collect();
            files.insert(path(&level.to_string(), n, tile.len()), bytes);
        }
        // Only full tiles have a hash in the level above.
        hashes = hashes.chunks_exact(WIDTH).map(root).collect();
        level += 1;
    }
    Ok(files)
}

/// Reads the first `size` entries back from an export; `read` gives the bytes of a path.
///
/// The bundles alone decide: hash tiles are a convenience for those who fetch single proofs, and are checked by
/// `check_hash_tiles`.
pub fn entries(size: u64, mut read: impl FnMut(&str) -> Option<Vec<u8>>) -> Result<Vec<Vec<u8>>, Error> {
    let mut all = Vec::new();
    let mut left = usize::try_from(size).map_err(|_| Error::Range { asked: size, size: 0 })?;
    let mut n = 0;
    while left > 0 {
        let width = left.min(WIDTH);
        let at = path("entries", n, width);
        let full = path("entries", n, WIDTH);
        // A partial bundle may have been replaced by its full one since the checkpoint.
        let bytes = read(&at).or_else(|| read(&full)).ok_or(Error::Tile { path: at.clone(), why: "missing" })?;
        all.extend(bundle(&bytes, width).ok_or(Error::Tile { path: at, why: "not whole" })?);
        left -= width;
        n += 1;
    }
    Ok(all)
}

fn bundle(mut bytes: &[u8], width: usize) -> Option<Vec<Vec<u8>>> {
    let mut entries = Vec::new();
    while entries.len() < width {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        entries.push(entry.to_vec());
        bytes = rest;
    }
    Some(entries)
}

/// Checks every hash tile of an export against the leaves of its entries.
pub fn check_hash_tiles(leaves: &[Digest], mut read: impl FnMut(&str) -> Option<Vec<u8>>) -> Result<(), Error> {
    for (at, expected) in files(&[], leaves)? {
        match read(&at) {
            Some(found) if found == expected => {}
            Some(_) => return Err(Error::Tile { path: at, why: "not the hashes of its entries" }),
            None => return Err(Error::Tile { path: at, why: "missing" }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tree::leaf_hash;

    fn log(n: usize) -> (Vec<Vec<u8>>, Vec<Digest>) {
        let entries: Vec<Vec<u8>> = (0..n).map(|i| format!("entry {i}").into_bytes()).collect();
        let leaves = entries.iter().map(|e| leaf_hash(e)).collect();
        (entries, leaves)
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        // c2sp.org/tlog-tiles: 1234067 is x001/x234/067; a partial tile carries its width.
        assert_eq!(index_path(1_234_067), "x001/x234/067");
        assert_eq!(path("0", 5, 256), "tile/0/005");
        assert_eq!(path("entries", 1, 13), "tile/entries/001.p/13");
        // The specification's example: a tree of 70,000 leaves has 273 full level 0 tiles and a partial one of 112, a full
        // level 1 tile, a partial one of 17 and a partial level 2 tile of 1.
        let (_, leaves) = log(70_000);
        let files = files(&[], &leaves).unwrap();
        for at in ["tile/0/000", "tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"] {
            assert!(files.contains_key(at), "{at}");
        }
        assert_eq!(files.len(), 274 + 2 + 1);
        assert_eq!(files["tile/0/272"].len(), 8192);
    }

    #[test]
    fn an_export_reads_back_and_a_missing_or_cut_file_is_found() {
        let (all, leaves) = log(600);
        let mut files = files(&all, &leaves).unwrap();
        assert_eq!(entries(600, |p| files.get(p).cloned()).unwrap(), all);
        assert_eq!(entries(300, |p| files.get(p).cloned()).unwrap(), all[..300], "an older checkpoint");
        check_hash_tiles(&leaves, |p| files.get(p).cloned()).unwrap();
        files.get_mut("tile/entries/001").unwrap().pop();
        assert!(entries(600, |p| files.get(p).cloned()).is_err());
        files.remove("tile/0/001");
        assert!(check_hash_tiles(&leaves, |p| files.get(p).cloned()).is_err());
    }
}
