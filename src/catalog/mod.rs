//! Controls and their cases: from bytes to checked values.
