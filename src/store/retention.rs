//! How long the rows of each table are kept (T66). A table without a class does not pass the tests.

/// What decides how long a row is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The record of a request: the retention clock of its regime (e.g. 24 months, 11 CCR 7101).
    RequestRecord,
    /// What the person wrote and where they can be reached: until the record's end, or the destruction of their key.
    Personal,
    /// Until the effect is done, then with the record of its request.
    Effect,
    /// For as long as the installation exists: it holds no personal data and proves the rest.
    Proof,
    /// Until lifted by a person.
    Hold,
    /// Of the program itself.
    Program,
}

/// The class of each table.
pub const CLASSES: [(&str, Class); 11] = [
    ("requests", Class::RequestRecord),
    ("claims", Class::RequestRecord),
    ("holds", Class::Hold),
    ("subject_keys", Class::Personal),
    ("sealed", Class::Personal),
    ("outbox", Class::Effect),
    ("notices", Class::Effect),
    ("ledger_entries", Class::Proof),
    ("ledger_heads", Class::Proof),
    ("ledger_checkpoints", Class::Proof),
    ("migrations", Class::Program),
];
