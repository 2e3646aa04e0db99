//! How quickly the system copies a file out of its cache, by where in its page the copy stands: MB/s for the file named after
//! `--`, the best of five. Why `src/connectors/logs/stretch.rs` chooses the place.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a measurement, not a product")]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Instant;

const PAGE_BYTES: usize = 4096;
const BLOCK_BYTES: usize = 1 << 20;

fn main() {
    let Some(path) = std::env::args().skip(1).find(|a| !a.starts_with("--")) else { return };
    let file = File::open(path).unwrap();
    for further in [0, 1, 16, 32, 64, 512, PAGE_BYTES / 2, PAGE_BYTES - 64] {
        let best = (0..5).map(|_| rate(&file, further)).fold(0.0, f64::max);
        println!("{further:4} bytes further into its page: {best:6.0} MB/s");
    }
}

/// MB/s when each copy stands `further` bytes into a page, and what is copied at a page's beginning.
fn rate(file: &File, further: usize) -> f64 {
    let mut room = vec![1; BLOCK_BYTES + 2 * PAGE_BYTES];
    let start = (2 * PAGE_BYTES - room.as_ptr().addr() % PAGE_BYTES + further) % PAGE_BYTES;
    let block = room.get_mut(start..start + BLOCK_BYTES).unwrap();
    let (began, mut at) = (Instant::now(), 0);
    loop {
        match file.read_at(block, at).unwrap() as u64 {
            0 => break,
            n => at += n,
        }
    }
    at as f64 / 1e6 / began.elapsed().as_secs_f64()
}
