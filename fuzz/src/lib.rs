//! The modules of Habeas that read what strangers send, and what the targets ask of them. The link `controls` is there because
//! the evidence kinds embed their schemas from it.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "only part of each module is used here")]

#[path = "../../src/clock.rs"]
pub mod clock;
#[path = "../../src/expr/mod.rs"]
pub mod expr;
#[path = "../../src/evidence/mod.rs"]
pub mod evidence;
#[path = "../../src/events/mod.rs"]
pub mod events;

#[path = "../../src/crypto"]
pub mod crypto {
    //! Digests alone.
    pub mod hash;
}

#[path = "../../src/connectors"]
pub mod connectors {
    //! Mappings of logs, and what they need of the recipes.
    pub mod crm {
        //! The mappings that the targets use.
        pub(super) mod raw;

        /// The text of a product's file.
        pub fn product_file(product: &str, _file: &str) -> Option<&'static str> {
            Some(match product {
                "cef" => include_str!("../../connectors/cef/events.yaml"),
                "syslog" => include_str!("../../connectors/syslog/events.yaml"),
                "salesforce" => include_str!("../../connectors/salesforce/events.yaml"),
                _ => return None,
            })
        }
    }
    pub mod mapping;
}

use connectors::mapping::{Hints, Mapped, Mapping, Outcome};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufReader, Read};

/// Gives its bytes one by one, as a slow pipe might.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = buffer.len().min(self.0.len()).min(1);
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

thread_local! {
    /// Mappings by product: reading one takes longer than reading a log.
    static MAPPINGS: RefCell<BTreeMap<String, &'static Mapping>> = const { RefCell::new(BTreeMap::new()) };
}

fn mapping(product: &str) -> &'static Mapping {
    let read = || -> &'static Mapping {
        Box::leak(Box::new(Mapping::of(product).expect("the mapping is well formed").expect("the product has one")))
    };
    MAPPINGS.with_borrow_mut(|known| *known.entry(product.to_owned()).or_insert_with(read))
}

fn records(mapping: &Mapping, log: impl std::io::BufRead) -> Vec<Mapped> {
    let mut reader = mapping.reader(log, Hints::default()).expect("bytes in memory can be read");
    let mut out = Vec::new();
    while let Some(mapped) = reader.next().expect("bytes in memory can be read") {
        out.push(mapped);
    }
    out
}

/// Reads `log` by the mapping of `product` and holds it to its promises: places go forward inside the log, an event is one line
/// of JSON, and the same comes out however the bytes arrive.
pub fn check_mapping(product: &str, log: &[u8]) {
    let mapping = mapping(product);
    let whole = records(mapping, log);
    let mut before = None;
    for mapped in &whole {
        assert!(mapped.offset < log.len() as u64 && before.is_none_or(|b| b <= mapped.offset), "place {}", mapped.offset);
        before = Some(mapped.offset);
        if let Outcome::Event(event) = &mapped.outcome {
            assert!(!event.contains(&b'\n'));
            let _: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(event).expect("an event is an object");
        }
    }
    if log.len() < 4096 {
        assert_eq!(records(mapping, BufReader::with_capacity(1, Drip(log))), whole, "bytes one by one");
    }
}
