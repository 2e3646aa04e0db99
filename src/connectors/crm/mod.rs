//! Recipes that turn a product's own export into evidence and its own logs into events. Recipes are data, not code.

pub(super) mod raw;
pub mod recipe;

use include_dir::{Dir, include_dir};

static PRODUCTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/connectors");

/// The products that have a recipe, in order of their names.
pub fn products() -> Vec<String> {
    with("snapshot.yaml")
}

/// The products whose logs can be mapped to events, in order of their names.
pub fn products_with_events() -> Vec<String> {
    with("events.yaml")
}

fn with(file: &str) -> Vec<String> {
    let has = PRODUCTS.dirs().filter(|d| d.get_file(d.path().join(file)).is_some());
    let mut names: Vec<String> = has.map(|d| d.path().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The text of a product's file, e.g. `snapshot.yaml`; `None` when the product or the file does not exist.
pub fn product_file(product: &str, file: &str) -> Option<&'static str> {
    PRODUCTS.get_file(format!("{product}/{file}"))?.contents_utf8()
}
