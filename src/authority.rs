//! Who may do what, as types that only the faces can grant.
