//! Recipes that turn a product's own export into evidence and its own logs into events. Recipes are data, not code.

mod raw;
pub mod recipe;
pub mod stream;

use include_dir::{Dir, include_dir};

static PRODUCTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/connectors");

/// The products that have a recipe, in order of their names.
pub fn products() -> Vec<String> {
    let mut names: Vec<String> = PRODUCTS.dirs().map(|d| d.path().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The text of a product's file, e.g. `snapshot.yaml`; `None` when the product or the file does not exist.
pub fn product_file(product: &str, file: &str) -> Option<&'static str> {
    PRODUCTS.get_file(format!("{product}/{file}"))?.contents_utf8()
}
