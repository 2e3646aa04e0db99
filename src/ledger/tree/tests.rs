//! The published vectors of RFC 6962 implementations, and properties.
//!
//! Leaves, roots and proofs: the Certificate Transparency reference test vectors (`merkle_tree_test`, today
//! transparency-dev/merkle `testonly/constants.go`).

use super::*;
use proptest::prelude::*;

const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const N5F: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const N6B: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
const N96: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const NBC: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const NCA: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const N0E: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

fn digest(text: &str) -> Digest {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).unwrap();
    Digest::from_bytes(bytes)
}

fn leaves(n: usize) -> Vec<Digest> {
    LEAVES[..n].iter().map(|l| leaf_hash(&hex::decode(l).unwrap())).collect()
}

fn some_leaves(n: usize) -> Vec<Digest> {
    (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

#[test]
fn published_roots() {
    for (n, expected) in ROOTS.iter().enumerate() {
        assert_eq!(root(&leaves(n)), digest(expected), "{n} leaves");
        assert_eq!(Frontier::over(&leaves(n)).head(), Head { size: n as u64, root: digest(expected) });
    }
}

#[test]
fn published_inclusion_proofs() {
    let table: [(u64, usize, &[&str]); 5] = [
        (0, 1, &[]),
        (0, 8, &[N96, N5F, N6B]),
        (5, 8, &[NBC, NCA, ROOTS[4]]),
        (2, 3, &[ROOTS[2]]),
        (1, 5, &[ROOTS[1], N5F, NBC]),
    ];
    for (index, size, expected) in table {
        let all = leaves(size);
        let expected: Vec<Digest> = expected.iter().map(|t| digest(t)).collect();
        assert_eq!(inclusion(&all, index).unwrap(), expected, "{index} of {size}");
        verify_inclusion(&all[index as usize], index, &expected, size as u64, &digest(ROOTS[size])).unwrap();
    }
    assert!(inclusion(&leaves(3), 3).is_err());
}

#[test]
fn published_consistency_proofs() {
    let table: [(u64, usize, &[&str]); 4] =
        [(1, 1, &[]), (1, 8, &[N96, N5F, N6B]), (6, 8, &[N0E, NCA, ROOTS[4]]), (2, 5, &[N5F, NBC])];
    for (from, to, expected) in table {
        let expected: Vec<Digest> = expected.iter().map(|t| digest(t)).collect();
        assert_eq!(consistency(&leaves(to), from).unwrap(), expected, "{from} to {to}");
        let (last, next) = (head(&leaves(from as usize)), head(&leaves(to)));
        verify_consistency(&last, &next, &expected).unwrap();
    }
}

fn head(leaves: &[Digest]) -> Head {
    Head { size: leaves.len() as u64, root: root(leaves) }
}

#[test]
fn every_proof_of_small_trees_holds_and_every_change_of_it_is_refused() {
    for n in 1..=40 {
        let all = some_leaves(n);
        let whole = head(&all);
        assert_eq!(Frontier::over(&all).head(), whole);
        for i in 0..n as u64 {
            let path = inclusion(&all, i).unwrap();
            let leaf = all[i as usize];
            verify_inclusion(&leaf, i, &path, whole.size, &whole.root).unwrap();
            assert!(verify_inclusion(&leaf, i + 1, &path, whole.size, &whole.root).is_err());
            assert!(verify_inclusion(&leaf, i, &[path.clone(), vec![leaf]].concat(), whole.size, &whole.root).is_err());
            for k in 0..path.len() {
                let mut short = path.clone();
                short.remove(k);
                assert!(verify_inclusion(&leaf, i, &short, whole.size, &whole.root).is_err());
            }
        }
        for m in 0..=n {
            let proof = consistency(&all, m as u64).unwrap();
            let last = head(&all[..m]);
            verify_consistency(&last, &whole, &proof).unwrap();
            assert!(verify_consistency(&last, &whole, &[proof.clone(), vec![whole.root]].concat()).is_err());
            if m > 0 {
                let other = Head { root: leaf_hash(b"other"), ..last };
                assert!(verify_consistency(&other, &whole, &proof).is_err(), "{m} of {n}");
            }
            if let [.., _] = proof.as_slice() {
                assert!(verify_consistency(&last, &whole, &proof[1..]).is_err());
                assert!(verify_consistency(&last, &whole, &proof[..proof.len() - 1]).is_err());
            }
        }
    }
}

proptest! {
    #[test]
    fn a_made_up_proof_is_never_accepted(
        index in 0_u64..70, size in 1_u64..70, junk in prop::collection::vec(any::<[u8; 32]>(), 0..8)
    ) {
        let all = some_leaves(size as usize);
        let path: Vec<Digest> = junk.into_iter().map(Digest::from_bytes).collect();
        let honest = inclusion(&all, index).ok();
        prop_assume!(honest.as_ref() != Some(&path));
        prop_assert!(verify_inclusion(&leaf_hash(b"forged"), index, &path, size, &root(&all)).is_err());
    }

    #[test]
    fn any_edit_before_a_held_checkpoint_changes_the_root(
        n in 2_usize..80, at in 0_usize..80, other in 0_usize..80, kind in 0..4
    ) {
        let honest = some_leaves(n);
        let (at, other) = (at % n, other % n);
        let mut edited = honest.clone();
        match kind {
            0 => edited[at] = leaf_hash(b"edited"),
            1 => { edited.remove(at); }
            2 => edited.swap(at, other),
            _ => edited.truncate(at),
        }
        prop_assume!(edited != honest);
        // Whoever holds the checkpoint of n compares root and size: an edit hides neither.
        prop_assert!(edited.len() < n || root(&edited[..n]) != root(&honest));
    }
}
