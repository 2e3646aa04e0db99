//! The rule about due dates under every order of events, and the schedule of tries.

use super::*;
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hours_after(start: Timestamp, hours: i64) -> Timestamp {
    start.plus(TimeDelta::hours(hours)).unwrap()
}

const RULES: Rules =
    Rules { tries_most: 8, first_pause_minutes: 11, tries_hours: 24, quiet_hours: 24, lead_hours: 48, doubts_most: 1 };

#[test]
fn eight_tries_fill_a_day_at_most_and_spread_by_chance() {
    assert_eq!(RULES, Rules::default());
    let start = at("2026-03-09T09:00:00Z");
    for chance in [0.0, 0.25, 0.5, 0.999_999] {
        let mut delivery = Delivery::new(start, hours_after(start, 24 * 30));
        let mut now = start;
        let mut sent = 0;
        while delivery.task.is_none() {
            let (next, effects) = delivery.step(Event::Tick, now, &RULES, chance);
            delivery = next;
            if effects == [Effect::Send] {
                sent += 1;
                delivery = delivery.step(Event::Later, now, &RULES, chance).0;
            }
            if delivery.task.is_none() {
                now = delivery.next_tick(&RULES).unwrap();
            }
        }
        assert_eq!((sent, delivery.task), (8, Some((now, Why::NotTakenOver))), "{chance}");
        assert!(now <= hours_after(start, 24), "{chance}: {now}");
        assert!(chance < 0.9 || now >= hours_after(start, 22), "{chance}: {now}");
        assert!(delivery.next_tick(&RULES).is_none_or(|t| t > delivery.due_at));
    }
}

#[test]
fn a_notice_goes_its_way() {
    let start = at("2026-03-09T09:00:00Z");
    let new = Delivery::new(start, hours_after(start, 24 * 30));
    let step = |d: Delivery, e, h| d.step(e, hours_after(start, h), &RULES, 0.5);
    let (sent, effects) = step(new, Event::Tick, 0);
    assert_eq!(effects, [Effect::Send]);
    let (accepted, _) = step(sent, Event::TakenOver, 0);
    assert_eq!(step(accepted, Event::Tick, 23).0, accepted);
    let (quiet, _) = step(accepted, Event::Tick, 24);
    assert!(matches!(quiet.state, State::Delivered { by: Proof::Quiet, .. }));
    // A late bounce ends the presumption.
    let (bounced, effects) = step(quiet, Event::Bounce, 90);
    assert_eq!((effects, bounced.is_safe()), (vec![Effect::Task(Why::Bounced)], true));
    assert!(matches!(step(bounced, Event::ByHand, 91).0.state, State::Delivered { by: Proof::ByHand, .. }));
    // A confirmed delivery is final, whatever a stranger sends.
    let (confirmed, _) = step(accepted, Event::Confirm, 2);
    for event in [Event::Bounce, Event::Never, Event::Later, Event::Doubt, Event::Tick] {
        assert_eq!(step(confirmed, event, 1000).0, confirmed);
    }
    // In doubt it is sent once more, never twice.
    let (again, _) = step(sent, Event::Doubt, 1);
    assert_eq!(step(again, Event::Tick, 2).1, [Effect::Send]);
    let (doubtful, effects) = step(step(again, Event::Tick, 2).0, Event::Doubt, 2);
    assert_eq!(effects, [Effect::Task(Why::InDoubt)]);
    assert_eq!(step(doubtful, Event::Tick, 3).1, []);
    // Refused for good: a task at once, no further try.
    let (refused, effects) = step(sent, Event::Never, 1);
    assert_eq!((effects, step(refused, Event::Tick, 100).1), (vec![Effect::Task(Why::Bounced)], vec![]));
}

fn events() -> impl Strategy<Value = Vec<(i64, Event, f64)>> {
    let event = prop_oneof![
        4 => Just(Event::Tick),
        1 => Just(Event::TakenOver),
        3 => Just(Event::Later),
        1 => Just(Event::Never),
        1 => Just(Event::Doubt),
        1 => Just(Event::Bounce),
        1 => Just(Event::Confirm),
    ];
    prop::collection::vec((0_i64..72, event, 0.0_f64..1.0), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// I19: whatever happens, at its due date a notice is delivered or a person has it, provided somebody looks when
    /// `next_tick` says.
    #[test]
    fn at_its_due_date_a_notice_is_delivered_or_tasked(due_hours in 1_i64..2400, happened in events()) {
        let start = at("2026-03-09T09:00:00Z");
        let due = hours_after(start, due_hours);
        let mut delivery = Delivery::new(start, due);
        let mut now = start;
        let mut sent = 0_u32;
        let mut tasks = 0;
        let mut happened = happened.into_iter();
        for _ in 0..400 {
            let next = happened.next();
            let wanted = delivery.next_tick(&RULES).map(|t| t.max(now));
            let then = next.map_or(due, |(hours, ..)| hours_after(now, hours)).min(due);
            let (moment, event, chance) = match (wanted, next) {
                (Some(tick), _) if tick < then => (tick, Event::Tick, 0.5),
                (_, Some((_, event, chance))) => (then, event, chance),
                _ => (due, Event::Tick, 0.5),
            };
            now = moment;
            let (after, effects) = delivery.step(event, now, &RULES, chance);
            sent += u32::try_from(effects.iter().filter(|e| **e == Effect::Send).count()).unwrap();
            tasks += effects.iter().filter(|e| matches!(e, Effect::Task(_))).count();
            delivery = after;
            if now >= due {
                break;
            }
        }
        delivery = delivery.step(Event::Tick, due, &RULES, 0.5).0;
        prop_assert!(delivery.is_safe(), "{delivery:?}");
        prop_assert!(sent <= RULES.tries_most && delivery.doubts <= RULES.doubts_most + 1);
        prop_assert!(tasks <= 1);
    }

    #[test]
    fn a_pause_stays_within_its_bound(tries in 0_u32..100, chance in 0.0_f64..1.0) {
        let now = at("2026-03-09T09:00:00Z");
        let pause = next_try(tries, now, &RULES, chance).millis() - now.millis();
        let bound = (11 * 60_000_i64).saturating_mul(1 << tries.saturating_sub(1).min(20)).min(7 * 86_400_000);
        prop_assert!((0..=bound).contains(&pause));
    }
}
