//! The expression language of controls: a total subset of CEL (Common Expression Language) over evidence.
//!
//! An expression is parsed once by the `cel` crate's parser, resolved and type-checked against what the names in scope
//! are ([`Shape`]), and then evaluated by our own evaluator, because three things matter here that CEL leaves open: a
//! missing field is *unknown* with its path, a false result can be explained, and the cost is bounded.
//!
//! Assumes that values have the shape they were checked against. Must never panic, loop, or call anything missing false.

mod compile;
mod error;
mod eval;
mod explain;
mod functions;
mod node;
mod shape;
mod template;
mod text;
mod typing;
mod val;
mod value;

pub use compile::{Origin, Program, SOURCE_LIMIT_BYTES, Scope};
pub use error::ExprError;
pub use eval::{Frame, Missing, Outcome, STEP_LIMIT, Spent, Truth, Why};
pub use shape::{Field, Record, Shape, Type};
pub use template::{Segment, Template, segments};
pub use val::{List, Val};
pub use value::Value;
