//! The Merkle tree of RFC 6962 section 2.1 (also RFC 9162): roots, inclusion and consistency proofs, and their checks.
//!
//! Assumes leaf hashes made by `leaf_hash`. Proofs come from a hostile log: their length is checked, nothing is trusted.

use super::Error;
use crate::crypto::hash::Digest;

/// Hash of a leaf: SHA-256(0x00 || data) (RFC 6962 2.1). The prefix keeps a leaf from passing as an inner node.
pub fn leaf_hash(data: &[u8]) -> Digest {
    let mut bytes = Vec::with_capacity(data.len() + 1);
    bytes.push(0);
    bytes.extend_from_slice(data);
    Digest::of(&bytes)
}

/// Hash of an inner node: SHA-256(0x01 || left || right).
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left.bytes());
    bytes[33..].copy_from_slice(right.bytes());
    Digest::of(&bytes)
}

/// MTH(D[n]): the root of the tree over `leaves`; of no leaves, the hash of nothing.
pub fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// The largest power of two smaller than `n`, for `n` of at least 2 (k in RFC 6962).
const fn split(n: usize) -> usize {
    1 << (usize::BITS - 1 - (n - 1).leading_zeros())
}

/// PATH(m, D[n]): proves that leaf `index` is in the tree over `leaves`.
pub fn inclusion(leaves: &[Digest], index: u64) -> Result<Vec<Digest>, Error> {
    let size = leaves.len() as u64;
    if index >= size {
        return Err(Error::Range { asked: index, size });
    }
    let (mut part, mut m, mut path) = (leaves, index as usize, Vec::new());
    while part.len() > 1 {
        let k = split(part.len());
        let (left, right) = part.split_at(k);
        if m < k {
            path.push(root(right));
            part = left;
        } else {
            path.push(root(left));
            part = right;
            m -= k;
        }
    }
    path.reverse();
    Ok(path)
}

/// PROOF(m, D[n]): proves that the tree over `leaves` continues the tree over its first `from`.
pub fn consistency(leaves: &[Digest], from: u64) -> Result<Vec<Digest>, Error> {
    let size = leaves.len() as u64;
    if from > size {
        return Err(Error::Range { asked: from, size });
    }
    if from == 0 || from == size {
        return Ok(Vec::new());
    }
    // SUBPROOF(m, D[n], b), walked down instead of recursed; `whole` is b: the old tree is still a subtree of its own.
    let (mut part, mut m, mut whole, mut proof) = (leaves, from as usize, true, Vec::new());
    while m != part.len() {
        let k = split(part.len());
        let (left, right) = part.split_at(k);
        if m <= k {
            proof.push(root(right));
            part = left;
        } else {
            proof.push(root(left));
            part = right;
            m -= k;
            whole = false;
        }
    }
    if !whole {
        proof.push(root(part));
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that `leaf` is entry `index` of the tree of `size` entries with root `expected` (RFC 9162 2.1.3.2).
pub fn verify_inclusion(leaf: &Digest, index: u64, path: &[Digest], size: u64, expected: &Digest) -> Result<(), Error> {
    let bad = || Error::Proof { kind: "inclusion", size };
    if index >= size {
        return Err(bad());
    }
    let (mut f, mut s, mut hash) = (index, size - 1, *leaf);
    for p in path {
        if s == 0 {
            return Err(bad());
        }
        if f & 1 == 1 || f == s {
            hash = node_hash(p, &hash);
            while f & 1 == 0 && f != 0 {
                f >>= 1;
                s >>= 1;
            }
        } else {
            hash = node_hash(&hash, p);
        }
        f >>= 1;
        s >>= 1;
    }
    if s == 0 && hash == *expected { Ok(()) } else { Err(bad()) }
}

/// A tree head: how many entries, and their root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Head {
    /// Number of entries.
    pub size: u64,
    /// Root over them.
    pub root: Digest,
}

/// Checks that the tree `next` continues the tree `last` (RFC 9162 2.1.4.2).
pub fn verify_consistency(last: &Head, next: &Head, proof: &[Digest]) -> Result<(), Error> {
    let bad = || Error::Proof { kind: "consistency", size: next.size };
    if last.size > next.size {
        return Err(bad());
    }
    if last.size == next.size || last.size == 0 {
        // The empty tree is continued by any tree; its own root is still fixed.
        let same = if last.size == 0 { last.root == Digest::of(b"") } else { last.root == next.root };
        let agreed = last.size != next.size || last.root == next.root;
        return if proof.is_empty() && same && agreed { Ok(()) } else { Err(bad()) };
    }
    // When the old size is a power of two its root is itself the first node and is left out of the proof.
    let (first, rest) = if last.size.is_power_of_two() {
        (last.root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or_else(bad)?;
        (*first, rest)
    };
    let shift = (last.size - 1).trailing_ones();
    let (mut f, mut s) = ((last.size - 1) >> shift, (next.size - 1) >> shift);
    let (mut old, mut new) = (first, first);
    for c in rest {
        if s == 0 {
            return Err(bad());
        }
        if f & 1 == 1 || f == s {
            old = node_hash(c, &old);
            new = node_hash(c, &new);
            while f & 1 == 0 && f != 0 {
                f >>= 1;
                s >>= 1;
            }
        } else {
            new = node_hash(&new, c);
        }
        f >>= 1;
        s >>= 1;
    }
    if s == 0 && old == last.root && new == next.root { Ok(()) } else { Err(bad()) }
}

/// The right edge of a growing tree: enough to append a leaf and know the root, in a logarithm of the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    // Roots of the full subtrees, largest first: one per set bit of `size`.
    peaks: Vec<Digest>,
}

impl Frontier {
    /// The frontier of a tree of `size` entries with these full subtrees, largest first; `None` when they do not fit.
    pub fn from_parts(size: u64, peaks: Vec<Digest>) -> Option<Self> {
        (size.count_ones() as usize == peaks.len()).then_some(Self { size, peaks })
    }

    /// The frontier of the tree over `leaves`.
    pub fn over(leaves: &[Digest]) -> Self {
        let mut frontier = Self::default();
        for leaf in leaves {
            frontier.push(*leaf);
        }
        frontier
    }

    /// Appends one leaf and returns its position, from 0.
    pub fn push(&mut self, leaf: Digest) -> u64 {
        let (seq, mut node) = (self.size, leaf);
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
        seq
    }

    /// Size and root.
    pub fn head(&self) -> Head {
        let mut from_right = self.peaks.iter().rev();
        let root = match from_right.next() {
            None => Digest::of(b""),
            Some(last) => from_right.fold(*last, |right, left| node_hash(left, &right)),
        };
        Head { size: self.size, root }
    }

    /// Roots of the full subtrees, largest first.
    pub fn peaks(&self) -> &[Digest] {
        &self.peaks
    }
}

#[cfg(test)]
mod tests;
