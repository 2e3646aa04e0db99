//! Makes and verifies ledger entries; stores nothing.
