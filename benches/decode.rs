//! The libraries that packed logs are read with, alone: seconds to decode the gzip or zstd file named after `--`, the median
//! of five. `scripts/bench/events/run` sets the engine's time beside it.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a measurement, not a product")]

use std::fs::File;
use std::io::{BufReader, Read};
use std::time::Instant;

fn main() {
    let Some(path) = std::env::args().skip(1).find(|a| !a.starts_with("--")) else { return };
    let mut seconds: Vec<f64> = (0..5).map(|_| decoded_seconds(&path)).collect();
    seconds.sort_by(f64::total_cmp);
    println!("{}", seconds.get(2).unwrap());
}

fn decoded_seconds(path: &str) -> f64 {
    let start = Instant::now();
    let file = File::open(path).unwrap();
    let mut decoder: Box<dyn Read> = if path.ends_with(".gz") {
        Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 17, file)))
    } else {
        Box::new(zstd::stream::read::Decoder::new(file).unwrap())
    };
    let mut block = vec![0; 1 << 20];
    while decoder.read(&mut block).unwrap() > 0 {}
    start.elapsed().as_secs_f64()
}
