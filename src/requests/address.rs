//! To which address a letter may go (T14).
//!
//! Whoever writes a request chooses the address in it. What tells of the person therefore goes to an address that the records
//! had before, or that was proven otherwise, and never to one first seen in the request. What tells nothing that the writer
//! did not write goes to the address given, so that intake never finds out who is known (T11).

use super::command::Letter;
use super::lawful::ByBook;
use super::outcome::Outcome;
use super::request::{Claim, Request, Stage};
use super::right::Level;
use crate::law::book::Lawbook;
use crate::ledger::entry::Word;

/// The name under which the mail address given in the request is sealed.
pub const GIVEN_EMAIL: &str = "email";
/// The name under which the mail address that the records have is sealed.
pub const EMAIL_ON_FILE: &str = "email-on-file";
/// The name under which the postal address that the records have is sealed.
pub const ADDRESS_ON_FILE: &str = "address-on-file";
/// What the vocabulary calls a refusal because nobody knows who asks.
const NOT_IDENTIFIED: &str = "justifications:IdentityVerificationFailure";

/// The addresses that will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// The one given in the request.
    Given,
    /// One that the records have, and no other.
    OnFile,
}

/// The addresses that will do for `letter` of `claim`.
pub fn of(book: &Lawbook, request: &Request, claim: &Claim, letter: Letter) -> Address {
    let (needed, _) = request.levels(claim, &ByBook(book));
    // An opt-out must never be made to wait for proof (11 CCR 7060(b)); its confirmation says nothing of the person.
    let tells_of_the_person =
        letter == Letter::Answer && needed > Level::Light && !is_for_want_of_identity(book, claim);
    if tells_of_the_person { Address::OnFile } else { Address::Given }
}

/// Whether the claim is refused because it is not known who asks, and for no other reason.
fn is_for_want_of_identity(book: &Lawbook, claim: &Claim) -> bool {
    let Stage::Ready { outcome: Outcome::Denied(grounds) } = &claim.stage else { return false };
    let regime = book.regimes.get(claim.basis.regime.as_str());
    let dpv = |ground: &Word| Some(regime?.contents.refusals.get(ground.as_str())?.dpv.as_str());
    grounds.values().all(|ground| dpv(ground) == Some(NOT_IDENTIFIED))
}
