//! One report model, laid out as PDF, JSON, HTML and CSV.
//!
//! `build` makes the `Report` from the results of an audit; `json` and `csv` write it; `document` tells it in one language,
//! for the PDF and the page; `pdf` lays that out; `seal` signs and verifies it. Pure: reads no clock and no file. The same
//! input gives the same bytes. Must never hold what R 4.2 forbids; `guard` cuts that out.

mod build;
mod compare;
pub mod csv;
pub mod document;
mod guard;
pub mod input;
pub mod json;
mod model;
pub mod pdf;
pub mod seal;
mod summary;

use build::LAWS;
pub use build::build;
pub use input::Input;
pub use model::*;
