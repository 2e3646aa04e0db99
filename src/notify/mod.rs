//! Messages out; sole user of lettre.
