//! The expression language of controls: a total subset of CEL (Common Expression Language).
