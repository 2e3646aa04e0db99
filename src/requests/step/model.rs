//! The production step function, checked over the whole space of a small world (Q19).
//!
//! The world: one request to erase one record; two data protection officers, the person, the worker, and a clock of five
//! instants: receipt, half an hour, two hours, 27 hours and 40 days later. Two tales are told in it, each over its whole
//! space, because what one holds cannot influence the other and the product would be a thousand times as large:
//! `Deeds`: either officer in either part, a CRM that may lie or let the record come back, a legal hold that comes and goes,
//! records that change, a refusal, an appeal; up to the fourth instant.
//! `Clocks`: a question for identity on the first day, an extension decided and told in time or too late; up to the fifth.
//! Proofs, a duplicate and an override before any proof are part of both.
//! The checker keeps its own account of what truly happened (`Truth`) and never asks the step function for it.

use super::*;
use crate::authority::{Dpo, System, grant};
use crate::crypto::hash::Digest;
use crate::requests::command::{Letter, Said, Speaker, Witness};
use crate::requests::example::ExampleLaw;
use crate::requests::identity::{Method, Proof};
use crate::requests::open::{Asked, Submission, open};
use crate::requests::outcome::{Outcome, Plan, ReadBack};
use crate::requests::request::Channel;
use crate::requests::right::{Level, Regime, Right, Sensitivity};
use crate::requests::rules::{Basis, Due, Grounds, Happening, Past};
use stateright::{Checker, HasDiscoveries, Model, Property};
use std::collections::BTreeSet;

/// Faults put in on purpose; the checker must find each (Q32).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sabotage {
    None,
    /// S7: linking a duplicate drops the need to verify.
    VerificationDroppedOnMerge,
    /// S8: due dates are recomputed from the present.
    DueFromNow,
    /// S9: the hold is looked at only when the plan is released.
    HoldOnlyAtApproval,
    /// One officer may release their own plan.
    OneOfficer,
    /// What the CRM says counts as done.
    SaidIsDone,
}

/// What truly happened, kept apart from the request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
struct Truth {
    present: bool,
    came_back: bool,
    changed: bool,
    proven_fields: u8,
    override_by: Option<u8>,
    overridden: bool,
    proposed_by: Option<u8>,
    released_by: Option<u8>,
    extended: bool,
    paused_from: Option<usize>,
    paused: i64,
    broken: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    request: Request,
    instant: usize,
    truth: Truth,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Move {
    Tick,
    RecordChanges,
    RecordComesBack,
    /// The worker begins; the CRM deletes, or only says so.
    Begin {
        deletes: bool,
    },
    Confirm,
    Act(Act),
}

/// Which part of the world is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tale {
    Deeds,
    Clocks,
}

struct Small {
    tale: Tale,
    sabotage: Sabotage,
}

/// Minutes after 2026-03-05T09:00:00Z.
const INSTANTS: [i64; 5] = [0, 30, 120, 27 * 60, 40 * 24 * 60];

fn instant(at: usize) -> Timestamp {
    Timestamp::from_millis(1_772_701_200_000 + INSTANTS[at] * 60_000).unwrap()
}

fn officer(n: u8) -> Dpo {
    grant::dpo("acme".parse().unwrap(), format!("officer-{n}").parse().unwrap())
}

fn system() -> System {
    grant::system("acme".parse().unwrap())
}

fn subject() -> Speaker {
    Speaker::Subject(grant::subject("acme".parse().unwrap(), "r1".parse().unwrap()))
}

fn plan() -> Plan {
    Plan { digest: Digest::of(b"one record"), records: 1, kept: BTreeMap::new() }
}

/// The law under sabotage: no need to verify once linked, or due dates from the present.
struct Bent {
    linked: bool,
    from_now: Option<Timestamp>,
}

impl Rules for Bent {
    fn dues(&self, basis: &Basis, history: &[Past]) -> Result<Vec<Due>, String> {
        let received_at = self.from_now.unwrap_or(basis.received_at);
        ExampleLaw.dues(&Basis { received_at, ..basis.clone() }, history)
    }

    fn level_needed(&self, right: Right, regime: &Regime, sensitivity: Sensitivity) -> Level {
        if self.linked { Level::None } else { ExampleLaw.level_needed(right, regime, sensitivity) }
    }

    fn may_extend(&self, right: Right, regime: &Regime) -> bool {
        ExampleLaw.may_extend(right, regime)
    }

    fn may_ask_clarification(&self, right: Right, regime: &Regime) -> bool {
        ExampleLaw.may_ask_clarification(right, regime)
    }

    fn grounds(&self, right: Right, regime: &Regime) -> Grounds {
        ExampleLaw.grounds(right, regime)
    }

    fn cite(&self, right: Right, regime: &Regime) -> String {
        ExampleLaw.cite(right, regime)
    }
}

impl Small {
    /// The production step, or a bent one.
    fn step(&self, request: &Request, act: &Act, now: Timestamp) -> Result<Step, Refusal> {
        let linked = self.sabotage == Sabotage::VerificationDroppedOnMerge && !request.links.is_empty();
        let from_now = (self.sabotage == Sabotage::DueFromNow).then_some(now);
        let law = Bent { linked, from_now };
        match (self.sabotage, act) {
            (Sabotage::HoldOnlyAtApproval, Act::Claim(0, ClaimAct::Begin(..))) => {
                let blind = Request { held: false, ..request.clone() };
                let mut done = step(&blind, act, now, &law)?;
                done.request.held = request.held;
                Ok(done)
            }
            (Sabotage::OneOfficer, Act::Claim(0, ClaimAct::Approve(..))) => {
                let third = Act::Claim(0, ClaimAct::Approve(officer(9), plan().digest));
                step(request, &third, now, &law)
            }
            (Sabotage::SaidIsDone, Act::Claim(0, ClaimAct::Report(_, Said::Done))) => {
                let read = |at| ReadBack { plan: plan().digest, at, as_planned: 1, stray: 0, unreadable: 0 };
                let day_before = now.plus(-TimeDelta::days(1)).unwrap();
                let first = step(request, &Act::Claim(0, ClaimAct::Confirm(system(), read(day_before))), now, &law)?;
                step(&first.request, &Act::Claim(0, ClaimAct::Confirm(system(), read(now))), now, &law)
            }
            _ => step(request, act, now, &law),
        }
    }

    /// Everything anybody might try in the tale; the step function says what is possible.
    fn tries(&self, world: &World) -> Vec<Act> {
        let claim = |act| Act::Claim(0, act);
        let proof = |field| Proof { method: Method::Code, field: word(field), on_file: true, at: instant(0) };
        let mut acts = vec![
            claim(ClaimAct::Accept(officer(1).into())),
            claim(ClaimAct::Propose(officer(1).into(), plan())),
            claim(ClaimAct::Approve(officer(2), plan().digest)),
            claim(ClaimAct::Report(system(), Said::Done)),
            claim(ClaimAct::Withdraw(subject())),
            claim(ClaimAct::LetterSent(system(), Letter::Answer, instant(world.instant))),
            Act::Prove(Witness::System(system()), proof("email")),
        ];
        if world.truth.proven_fields > 0 {
            acts.push(Act::Prove(Witness::System(system()), proof("phone")));
        } else {
            acts.push(Act::Link(officer(1).into(), "r2".parse().unwrap()));
            acts.push(Act::ProposeOverride(officer(1).into(), Digest::of(b"reason")));
            acts.extend([1, 2].map(|n| Act::ConfirmOverride(officer(n))));
        }
        match self.tale {
            Tale::Deeds => Self::deeds(world, &mut acts),
            Tale::Clocks => Self::clocks(world, &mut acts),
        }
        acts
    }

    fn clocks(world: &World, acts: &mut Vec<Act>) {
        let claim = |act| Act::Claim(0, act);
        if world.instant < 2 {
            acts.push(claim(ClaimAct::AskIdentity(officer(1).into())));
        }
        acts.push(claim(ClaimAct::Extend(officer(1).into(), word("complexity"))));
        acts.push(claim(ClaimAct::LetterSent(system(), Letter::ExtensionNotice, instant(world.instant))));
    }

    fn deeds(world: &World, acts: &mut Vec<Act>) {
        let claim = |act| Act::Claim(0, act);
        let ground = BTreeMap::from([(word("all"), word("legal-claims"))]);
        acts.extend([
            claim(ClaimAct::CallOff(officer(1).into())),
            claim(ClaimAct::Deny(officer(1), ground)),
            claim(ClaimAct::Propose(officer(2).into(), plan())),
            claim(ClaimAct::Approve(officer(1), plan().digest)),
        ]);
        if world.instant == 3 {
            acts.push(claim(ClaimAct::Appeal(subject())));
            acts.extend([1, 2].map(|n| claim(ClaimAct::DecideAppeal(officer(n), true))));
            acts.extend([1, 2].map(|n| claim(ClaimAct::DecideAppeal(officer(n), false))));
        }
        let released = matches!(world.request.claims[0].stage, Stage::Approved { .. } | Stage::Unconfirmed { .. });
        match world.request.held {
            true => acts.push(Act::ReleaseHold(officer(1))),
            false if released => acts.push(Act::Hold(officer(1))),
            false => {}
        }
    }

    /// The fortieth day matters to the clocks alone.
    const fn instants(&self) -> usize {
        match self.tale {
            Tale::Deeds => INSTANTS.len() - 1,
            Tale::Clocks => INSTANTS.len(),
        }
    }

    /// Applies an act to the world and keeps the true account of it.
    fn play(&self, world: &World, act: &Act) -> Option<World> {
        let done = self.step(&world.request, act, instant(world.instant)).ok()?;
        let mut next = World { request: done.request.clone(), ..world.clone() };
        next.truth.observe(world, act, &done);
        // When something last happened guards against clocks set back, which this world has none of.
        next.request.touched_at = world.request.touched_at;
        Some(next)
    }
}

fn number(who: &Actor) -> Option<u8> {
    who.officer().and_then(|id| id.as_str().strip_prefix("officer-")).and_then(|n| n.parse().ok())
}

impl Truth {
    fn breaks(&mut self, what: &'static str) {
        self.broken.get_or_insert(what);
    }

    fn observe(&mut self, before: &World, act: &Act, done: &Step) {
        let who = number(&act.authority().actor());
        if done.entries.is_empty() {
            self.breaks("I13: a change without an entry");
        }
        match act {
            Act::Prove(_, proof) => self.proven_fields |= if proof.field.as_str() == "email" { 1 } else { 2 },
            Act::ProposeOverride(..) => (self.override_by, self.overridden) = (who, false),
            Act::ConfirmOverride(_) => self.overridden = self.override_by.is_some() && self.override_by != who,
            Act::Link(..) => {
                let links = before.request.links.clone();
                let touched_at = before.request.touched_at;
                if (Request { links, touched_at, ..done.request.clone() }) != before.request {
                    self.breaks("I3: a link changed more than the link");
                }
            }
            Act::Claim(_, ClaimAct::Propose(..)) => (self.proposed_by, self.released_by) = (who, None),
            Act::Claim(_, ClaimAct::Approve(..)) => self.released_by = who,
            Act::Claim(_, ClaimAct::CallOff(_)) => (self.proposed_by, self.released_by) = (None, None),
            Act::Claim(_, ClaimAct::AskIdentity(_)) => self.paused_from = Some(before.instant),
            Act::Claim(_, ClaimAct::LetterSent(_, Letter::ExtensionNotice, _)) => {
                let pending = before.request.claims[0].extension.is_some();
                self.extended |= pending && instant(before.instant) < self.latest();
            }
            _ => {}
        }
        // Waiting for identity ends when the claim goes on.
        let waits = |r: &Request| r.claims[0].stage == Stage::IdentityPending;
        if waits(&before.request)
            && done.request.claims[0].stage == Stage::Collecting
            && let Some(from) = self.paused_from.take()
        {
            self.paused += (instant(before.instant).utc() - instant(from).utc()).num_seconds();
        }
    }

    /// The first instant too late to answer, counted from the true receipt.
    fn latest(&self) -> Timestamp {
        let days = if self.extended { 60 } else { 30 };
        instant(0).plus(TimeDelta::days(days) + TimeDelta::seconds(self.paused)).unwrap()
    }

    /// The call to the CRM: everything that must be true at that instant.
    fn call(&mut self, before: &World, done: &Step) {
        if self.proven_fields != 3 && !self.overridden {
            self.breaks("I6: a call for a person not known");
        }
        if before.request.held {
            self.breaks("I12: a call under a hold");
        }
        let pair = (self.proposed_by, self.released_by);
        if !matches!(pair, (Some(a), Some(b)) if a != b) {
            self.breaks("I7: a call without two people behind the plan");
        }
        if self.changed {
            self.breaks("I9: a call on a changed record");
        }
        let intent = |e: &Entry| e.action.as_str() == "request.intent" && e.facts.contains_key("plan");
        if !done.entries.iter().any(intent) {
            self.breaks("I8: a call without a recorded intent");
        }
        if instant(before.instant).utc() < instant(0).utc() + TimeDelta::hours(COOL_DOWN) {
            self.breaks("T55: a call within the cool-down");
        }
    }
}

const COOL_DOWN: i64 = 1;

impl Model for Small {
    type State = World;
    type Action = Move;

    fn init_states(&self) -> Vec<World> {
        let asked = Asked {
            right: Right::Deletion,
            regime: Regime::new("eu-gdpr"),
            place: word("de"),
            contested: BTreeSet::new(),
            completes: false,
        };
        let from = Submission {
            id: "r1".parse().unwrap(),
            subject: "s1".parse().unwrap(),
            channel: Channel::Form,
            received_at: instant(0),
            sensitivity: Sensitivity::Ordinary,
            asked: vec![asked],
        };
        let first = open(&from, &system(), instant(0), &ExampleLaw).unwrap();
        let truth = Truth { present: true, ..Truth::default() };
        vec![World { request: first.request, instant: 0, truth }]
    }

    fn actions(&self, world: &World, moves: &mut Vec<Move>) {
        moves.extend([Move::Tick, Move::Confirm, Move::Begin { deletes: true }]);
        if self.tale == Tale::Deeds {
            moves.extend([Move::RecordChanges, Move::RecordComesBack, Move::Begin { deletes: false }]);
        }
        moves.extend(self.tries(world).into_iter().map(Move::Act));
    }

    fn next_state(&self, world: &World, made: Move) -> Option<World> {
        let mut next = world.clone();
        let now = instant(world.instant);
        match made {
            Move::Tick if world.instant + 1 < self.instants() => next.instant += 1,
            Move::RecordChanges if may_change(world) => next.truth.changed = true,
            Move::RecordComesBack if may_come_back(world) => {
                (next.truth.present, next.truth.came_back) = (true, true);
            }
            Move::Begin { deletes } => {
                let records = if world.truth.changed { Digest::of(b"changed") } else { plan().digest };
                let act = Act::Claim(0, ClaimAct::Begin(system(), records));
                let done = self.step(&world.request, &act, now).ok()?;
                next.request = Request { touched_at: world.request.touched_at, ..done.request.clone() };
                next.truth.call(world, &done);
                next.truth.present &= !deletes;
            }
            Move::Confirm => {
                let as_planned = u32::from(!world.truth.present);
                let read = ReadBack { plan: plan().digest, at: now, as_planned, stray: 1 - as_planned, unreadable: 0 };
                return self.play(world, &Act::Claim(0, ClaimAct::Confirm(system(), read))).filter(|n| n != world);
            }
            Move::Act(act) => return self.play(world, &act).filter(|n| n != world),
            _ => return None,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let always = vec![
            Property::always("I3 I6 I7 I8 I9 I12 I13, cool-down: nothing broken", |_, w: &World| {
                w.truth.broken.is_none()
            }),
            Property::always("I2: open with a next date, or closed", |_, w: &World| {
                w.request.is_closed() || w.request.next_due().is_some()
            }),
            Property::always("I4: the due date is that of the receipt and the history", due_is_lawful),
            Property::always("I10: done only when the record is gone", |_, w: &World| !is_done(w) || !w.truth.present),
            Property::sometimes("an erasure is proven", |_, w: &World| is_done(w)),
        ];
        let of_the_tale = match self.tale {
            Tale::Clocks => vec![
                Property::sometimes("an extension counts", |_, w: &World| w.truth.extended),
                Property::sometimes("a pause moves the date", |_, w: &World| w.truth.paused > 0),
            ],
            Tale::Deeds => vec![
                Property::sometimes("two people override", |_, w: &World| w.truth.overridden && is_done(w)),
                Property::sometimes("a record that came back is seen", |_, w: &World| {
                    w.truth.came_back && w.request.claims[0].stage.word() == "unconfirmed"
                }),
                Property::sometimes("an appeal starts the work anew", |_, w: &World| {
                    w.request.claims[0].decided_by.is_some() && w.request.claims[0].stage == Stage::Collecting
                }),
                Property::sometimes("a person is refused", |_, w: &World| {
                    matches!(&w.request.claims[0].stage, Stage::Answered { outcome: Outcome::Denied(_) })
                }),
            ],
        };
        always.into_iter().chain(of_the_tale).collect()
    }
}

/// Records change while a released plan waits.
fn may_change(world: &World) -> bool {
    !world.truth.changed
        && world.truth.present
        && world.instant < 3
        && matches!(world.request.claims[0].stage, Stage::Approved { .. })
}

/// A soft deletion or a synchronisation undoes the erasure once, before it is proven.
fn may_come_back(world: &World) -> bool {
    let unproven = matches!(world.request.claims[0].stage, Stage::Acting { .. } | Stage::Unconfirmed { .. });
    !world.truth.present && !world.truth.came_back && unproven
}

fn is_done(world: &World) -> bool {
    matches!(
        &world.request.claims[0].stage,
        Stage::Ready { outcome: Outcome::Done(_) } | Stage::Answered { outcome: Outcome::Done(_) }
    )
}

fn due_is_lawful(_: &Small, world: &World) -> bool {
    let claim = &world.request.claims[0];
    let due = claim.due("answer").unwrap();
    due.before == world.truth.latest()
        && claim.history.iter().any(|(h, _)| *h == Happening::Extended) == world.truth.extended
}

fn whole(tale: Tale) {
    let checker = Small { tale, sabotage: Sabotage::None }.checker().threads(2).spawn_bfs().join();
    println!(
        "model, {tale:?}: the whole space of {} states, depth {}",
        checker.unique_state_count(),
        checker.max_depth()
    );
    for property in checker.model().properties() {
        println!("model, {tale:?}: {:?} {}", property.expectation, property.name);
    }
    checker.assert_properties();
}

#[test]
fn the_whole_tale_of_deeds_keeps_its_invariants() {
    whole(Tale::Deeds);
}

#[test]
fn the_whole_tale_of_clocks_keeps_its_invariants() {
    whole(Tale::Clocks);
}

fn explore(tale: Tale, sabotage: Sabotage) -> (usize, Vec<&'static str>) {
    // The first break is enough, and comes early.
    let any = HasDiscoveries::AnyFailures;
    let checker = Small { tale, sabotage }.checker().threads(2).finish_when(any).spawn_bfs().join();
    let is_rule = |name: &str| {
        let properties = checker.model().properties();
        properties.iter().any(|p| p.name == name && matches!(p.expectation, stateright::Expectation::Always))
    };
    let broken = checker.discoveries().into_keys().filter(|name| is_rule(name)).collect();
    (checker.unique_state_count(), broken)
}

#[test]
fn each_sabotage_is_found() {
    let due = "I4: the due date is that of the receipt and the history";
    let call = "I3 I6 I7 I8 I9 I12 I13, cool-down: nothing broken";
    for (tale, sabotage, expected) in [
        (Tale::Deeds, Sabotage::VerificationDroppedOnMerge, call),
        (Tale::Clocks, Sabotage::DueFromNow, due),
        (Tale::Deeds, Sabotage::HoldOnlyAtApproval, call),
        (Tale::Deeds, Sabotage::OneOfficer, call),
        (Tale::Deeds, Sabotage::SaidIsDone, "I10: done only when the record is gone"),
    ] {
        let (states, broken) = explore(tale, sabotage);
        println!("model: {sabotage:?} found after {states} states: {broken:?}");
        assert!(broken.contains(&expected), "{sabotage:?}: {broken:?}");
    }
}
