#!/usr/bin/env python3
"""An independent oracle for the clocks: the deadline rules D1-D15 written a second time, in another language, with another
author's calendars (see days.py), and compared with `habeas clock due --batch` on generated cases.

    oracle.py [--cases 20000] [--seed 1] [--habeas target/debug/habeas] [--show 10]

A case is a regime, a place, a right, an instant or day of receipt, and a history. Exit 0 when every date agrees. The report
also counts the cases in which a correction of the library decides, each with the law it rests on.
"""
import argparse
import collections
import datetime as dt
import json
import random
import subprocess
import sys
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

import days
from days import DAY

EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()
EU += [f"DE-{land}" for land in "BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH".split()]
CAPITAL = dict(zip(EU, "Vienna Brussels Sofia Nicosia Prague Berlin Copenhagen Tallinn Madrid Helsinki Paris Athens Zagreb "
               "Budapest Dublin Reykjavik Rome Vaduz Vilnius Luxembourg Riga Malta Amsterdam Oslo Warsaw Lisbon Bucharest "
               "Stockholm Ljubljana Bratislava".split()))
STATES = {  # first period, extended total, appeal, appeal extended, zone
    "us-va": ("US-VA", 45, 90, 60, None, "America/New_York", "2023-01-01"),
    "us-co": ("US-CO", 45, 90, 45, 105, "America/Denver", "2023-07-01"),
    "us-fl": ("US-FL", 45, 60, 60, None, "America/New_York", "2024-07-01"),
    "us-ia": ("US-IA", 90, 135, 60, None, "America/Chicago", "2025-01-01"),
    "us-or": ("US-OR", 45, 90, 45, None, "America/Los_Angeles", "2024-07-01"),
    "us-tx": ("US-TX", 45, 90, 60, None, "America/Chicago", "2024-07-01"),
}
OTHERS = {"lgpd": ("BR", 15, None, "America/Sao_Paulo"), "fadp": ("CH", 30, None, "Europe/Zurich"),
          "pipeda": ("CA", 30, 60, "America/Toronto")}


def zone_of(place):
    if place.startswith("GB"):
        return ZoneInfo("Europe/London")
    if place.startswith("DE"):
        return ZoneInfo("Europe/Berlin")
    name = CAPITAL[place]
    return ZoneInfo({"Nicosia": "Asia/Nicosia", "Reykjavik": "Atlantic/Reykjavik"}.get(name, f"Europe/{name}"))


def civil(moment, zone):
    """D1: the civil day at the place."""
    return moment.astimezone(zone).date() if isinstance(moment, dt.datetime) else moment


class History:
    """Events of one case, as civil days."""

    def __init__(self, events, zone):
        self.days = collections.defaultdict(list)
        for name, moment in events:
            self.days[name].append(civil(moment, zone))
        for found in self.days.values():
            found.sort()

    def pairs(self, asked, given):
        """Each question with the first reply on or after it."""
        return [(a, next((g for g in self.days[given] if g >= a), None)) for a in self.days[asked]]

    def notice(self, limit, name="extension_notice"):
        """True: in time. False: only late. None: no notice."""
        if not self.days[name]:
            return None
        return self.days[name][0] <= limit


class Month:
    """D2-D8: periods in months of the EU and the UK."""

    def __init__(self, place, corrected):
        self.place, self.corrected = place, corrected

    def roll(self, day):
        while not days.works(self.place, day, self.corrected):
            day += DAY
        return day

    def end(self, start, months, waits):
        """Same-numbered day, clamped; then the days of each wait (a list of asked, last day left out); then the roll."""
        end, gone = start + relativedelta(months=months), set()
        for asked, until in sorted(waits):
            if asked > self.roll(end):
                continue
            fresh = {asked + n * DAY for n in range((until - asked).days + 1)} - gone
            fresh = {d for d in fresh if d >= start}
            gone |= fresh
            end += len(fresh) * DAY
        return self.roll(end)


def eu(case, history, received, corrected):
    month = Month(case["place"], corrected)
    policies = {"eu_id": "suspend", "eu_scope": "none"} | case["policies"]
    waits = []
    kinds = [("eu_id", "identity_asked", "identity_received")]
    if case["right"] == "access":
        kinds.append(("eu_scope", "clarification_asked", "clarification_received"))
    for policy, asked, given in kinds:
        if policies[policy] == "suspend":
            for a, g in history.pairs(asked, given):
                if g is not None and (a - received).days <= 7:
                    waits.append((a, g - DAY))
    answer = month.end(received, 1, waits)
    extended = month.end(received, 3, waits)
    if history.notice(answer) is False:
        extended = None
    return {"answer": answer, "answer_extended": extended} | recipients(case, history, corrected)


def recipients(case, history, corrected):
    """T22: five working days after the erasure."""
    if case["right"] not in ("deletion", "rectification", "restriction") or not history.days["erasure_completed"]:
        return {}
    day, left = history.days["erasure_completed"][0], 5
    while left:
        day += DAY
        left -= days.works(case["place"], day, corrected)
    return {"recipient_notice": day}


def uk(case, history, received, corrected):
    month = Month(case["place"], corrected)
    law = received >= dt.date(2026, 2, 5)
    start, waiting = received, False
    questions = history.pairs("identity_asked", "identity_received") + history.pairs("fee_asked", "fee_paid")
    pauses = history.pairs("clarification_asked", "clarification_received") if law and case["right"] == "access" else []
    waits = [p for p in pauses if p[1] is not None]
    for asked, given in sorted(questions, key=lambda q: (q[0], q[1] or dt.date.min)):
        if not law or asked > month.end(start, 1, waits):
            continue
        if given is None:
            waiting = True
        else:
            start = max(start, given)
    answer, extended = month.end(start, 1, waits), month.end(start, 3, waits)
    open_pauses = [a for a, g in pauses if g is None]
    in_time = history.notice(answer)
    answer_waits = waiting or any(a <= closes(month, start, 1, waits, a) for a in open_pauses)
    extended_waits = waiting or any(a <= closes(month, start, 3, waits, a) for a in open_pauses)
    if in_time is False:
        extended = None
    elif extended_waits and in_time is True:
        extended = None
    return {"answer": None if answer_waits else answer, "answer_extended": extended} | recipients(case, history, corrected)


def closes(month, start, months, waits, asked):
    """Where the period ends as far as the waits before `asked` go."""
    return month.end(start, months, [w for w in waits if w[0] <= asked])


def business(start, count):
    """D10."""
    day = start
    while count:
        day += DAY
        count -= days.california_works(day)
    return day


def ccpa(case, history, received, _):
    right = case["right"]
    if right in ("opt-out", "limit"):
        return {"opt_out" if right == "opt-out" else "limit": business(received, 15)}
    answer, extended = received + 45 * DAY, received + 90 * DAY
    if history.notice(answer) is False:
        extended = None
    return {"acknowledgement": business(received, 10), "answer": answer, "answer_extended": extended}


def pipl(case, history, received, _):
    thirty = received + 30 * DAY
    if case["right"] not in ("deletion", "rectification", "cancellation", "complaint") or case["policies"].get("cn_app") == "no":
        return {"answer": thirty}
    day, left = received, 15
    while left:
        day += DAY
        works = days.china_works(day)
        if works is None:
            return {"answer": None}  # D11
        left -= works
    return {"answer": min(day, thirty)}


def state(case, history, received, _):
    _, first, total, appeal, appeal_total, *_ = STATES[case["regime"]]
    answer, extended = received + first * DAY, received + total * DAY
    if history.notice(answer) is False:
        extended = None
    dates = {"answer": answer, "answer_extended": extended}
    if history.days["appeal_received"]:
        start = history.days["appeal_received"][0]
        dates["appeal_answer"] = start + appeal * DAY
        if appeal_total:
            dates["appeal_answer_extended"] = start + appeal_total * DAY
    return dates


def other(case, history, received, _):
    _, first, total, _ = OTHERS[case["regime"]]
    dates = {"answer": received + first * DAY}
    if total:
        dates["answer_extended"] = None if history.notice(dates["answer"]) is False else received + total * DAY
    return dates


def breach(case, moment):
    """D13: the exact instant and hours, no roll."""
    hours = 4 if case["regime"] == "pipl" else 72
    return (moment + dt.timedelta(hours=hours)).astimezone(dt.timezone.utc)


RULES = {"eu-gdpr": eu, "uk-gdpr": uk, "ccpa": ccpa, "pipl": pipl, **dict.fromkeys(STATES, state), **dict.fromkeys(OTHERS, other)}


def zone(case):
    regime = case["regime"]
    if regime in STATES:
        return ZoneInfo(STATES[regime][5])
    if regime in OTHERS:
        return ZoneInfo(OTHERS[regime][3])
    return {"ccpa": ZoneInfo("America/Los_Angeles"), "pipl": ZoneInfo("Asia/Shanghai")}.get(regime) or zone_of(case["place"])


def expect(case, corrected=True):
    """Every date of a case by rule, clock by clock; None means that there is no date."""
    where = zone(case)
    if case["right"] == "breach":
        return {"authority_notice": breach(case, case["received"])}
    received = civil(case["received"], where)
    return RULES[case["regime"]](case, History(case["events"], where), received, corrected)


def some_moment(chance, first, last, where):
    """A day, or an instant: often near midnight at the place, where the day is in doubt."""
    day = first + DAY * chance.randrange((last - first).days + 1)
    if chance.random() < 0.5:
        return day
    hour, minute = (chance.randrange(24), chance.randrange(60)) if chance.random() < 0.5 else chance.choice([(23, 59), (0, 0), (0, 1), (22, 30)])
    local = dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=where)
    # Times that the clocks skip over do not exist; going through UTC gives one that does.
    return local.astimezone(dt.timezone.utc)


def some_history(chance, case, where):
    received = civil(case["received"], where)
    names = [("identity_asked", "identity_received"), ("clarification_asked", "clarification_received"), ("fee_asked", "fee_paid")]
    events = []
    for asked, given in names:
        if chance.random() < 0.3:
            for _ in range(2 if chance.random() < 0.15 else 1):
                a = received + DAY * chance.choice([0, 1, 2, 3, 5, 7, 8, 12, 25, 31, 40])
                events.append((asked, a))
                if chance.random() < 0.8:
                    events.append((given, a + DAY * chance.randrange(0, 40)))
    if chance.random() < 0.35:
        near = chance.choice([5, 27, 28, 29, 30, 31, 32, 33, 34, 44, 45, 46, 60, 89, 90, 91])
        events.append(("extension_notice", received + DAY * near))
    if case["right"] in ("deletion", "rectification", "restriction") and chance.random() < 0.5:
        events.append(("erasure_completed", received + DAY * chance.randrange(0, 40)))
    if case["regime"] in STATES and chance.random() < 0.5:
        events.append(("appeal_received", received + DAY * chance.randrange(0, 120)))
    chance.shuffle(events)
    return events


def some_case(chance):
    regime = chance.choices(["eu-gdpr", "uk-gdpr", "ccpa", "pipl", "state", "other"], [48, 16, 16, 10, 6, 4])[0]
    case = {"policies": {}}
    first, last = dt.date(2021, 1, 2), dt.date(2036, 6, 30)
    if regime == "eu-gdpr":
        rights = ["access", "deletion", "rectification", "restriction", "portability", "objection", "breach"]
        case |= {"place": chance.choice(EU), "right": chance.choice(rights)}
        for policy in ("eu_id", "eu_scope"):
            if chance.random() < 0.5:
                case["policies"][policy] = chance.choice(["suspend", "none"])
    elif regime == "uk-gdpr":
        case |= {"place": chance.choice(["GB-ENG", "GB-WLS", "GB-SCT", "GB-NIR"]), "right": chance.choice(["access", "access", "deletion", "restriction", "breach"])}
    elif regime == "ccpa":
        case |= {"place": "US-CA", "right": chance.choice(["access", "deletion", "rectification", "opt-out", "limit"])}
    elif regime == "pipl":
        first, last = dt.date(2021, 11, 2), dt.date(2027, 12, 31)
        case |= {"place": "CN", "right": chance.choice(["access", "deletion", "rectification", "cancellation", "complaint", "breach"])}
        if case["right"] == "breach":
            first = dt.date(2025, 11, 2)
        if chance.random() < 0.2:
            case["policies"]["cn_app"] = chance.choice(["yes", "no"])
    elif regime == "state":
        regime = chance.choice(list(STATES))
        first = dt.date.fromisoformat(STATES[regime][6]) + DAY
        case |= {"place": STATES[regime][0], "right": chance.choice(["access", "deletion", "portability"])}
    else:
        regime = chance.choice(list(OTHERS))
        first = dt.date(2023, 9, 2)
        case |= {"place": OTHERS[regime][0], "right": "access"}
    case["regime"] = regime
    where = zone(case)
    case["received"] = some_moment(chance, first, last, where)
    if case["right"] == "breach" and not isinstance(case["received"], dt.datetime):
        case["received"] = dt.datetime.combine(case["received"], dt.time(12), tzinfo=dt.timezone.utc)
    case["events"] = [] if case["right"] == "breach" else some_history(chance, case, where)
    return case


def written(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(moment, dt.datetime) else moment.isoformat()


def as_line(case):
    return json.dumps(case | {"received": written(case["received"]), "events": [[n, written(w)] for n, w in case["events"]]})


def found_date(clock, expected):
    if isinstance(expected, dt.datetime):
        return dt.datetime.fromisoformat(clock["due_at"]).astimezone(dt.timezone.utc)
    return dt.date.fromisoformat(clock["due_on"]) if clock["due_on"] else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--habeas", default="target/debug/habeas")
    parser.add_argument("--show", type=int, default=10)
    args = parser.parse_args()
    chance = random.Random(args.seed)
    cases = [some_case(chance) for _ in range(args.cases)]
    lines = "\n".join(map(as_line, cases)) + "\n"
    run = subprocess.run([args.habeas, "clock", "due", "--batch"], input=lines, capture_output=True, text=True)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    if len(answers) != len(cases):
        sys.exit(f"{len(cases)} cases, {len(answers)} answers: {run.stderr[:500]}")
    compared, differences, explained = 0, 0, collections.Counter()
    regimes = collections.Counter(case["regime"] for case in cases)
    for case, answer in zip(cases, answers):
        clocks = {c["name"]: c for c in answer.get("clocks", [])}
        wanted = expect(case)
        for name, date in wanted.items():
            compared += 1
            found = found_date(clocks[name], date) if name in clocks else f"no clock: {answer.get('error')}"
            if found != date:
                differences += 1
                if differences <= args.show:
                    print(f"{as_line(case)}\n    {name}: oracle {date}, habeas {found}")
        if case["regime"] in ("eu-gdpr", "uk-gdpr") and expect(case, corrected=False) != wanted:
            explained[case["place"]] += 1
    print(f"{len(cases)} cases ({', '.join(f'{n} {r}' for r, n in regimes.most_common(4))}, ...), {compared} dates compared, {differences} differ")
    print(f"{sum(explained.values())} cases are decided by a correction of the library: " + ", ".join(f"{p} {n}" for p, n in sorted(explained.items())))
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
