//! Controls and their cases: from bytes to checked values.
//!
//! Embedded files and a folder given by the user go through the same loader and the same linter. Opens nothing itself.
//! A control that cannot be read completely is not loaded at all; every problem names file, line where known, and field.

mod cases;
mod control;
mod docs;
mod lint;
mod load;
mod params;
mod parse;
mod raw;
mod yaml;

pub use cases::{Case, Expectation};
pub use control::{
    Applies, Check, CheckKind, Control, DetectCheck, Each, FactsCheck, Join, Need, Proof, Reviewed, Status, WhenEmpty,
};
pub use docs::reference_pages;
pub use lint::lint;
pub use load::{Catalog, CatalogFile, embedded_files};
pub use params::{Overrides, Param, ParamError, ParamType};
pub use yaml::Problem;
