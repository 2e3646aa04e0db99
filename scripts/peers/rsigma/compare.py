#!/usr/bin/env python3
"""Compares what Habeas and rsigma made of the same rules and events, and accounts for every difference.

    compare.py FOLDER [--expect-equal]

reads `detections.yml`, `correlations.yml`, `events.ndjson` and, of each rule file, `NAME.habeas` (JSON lines) and `NAME.rsigma`
(what `peer-rsigma diff` prints). A difference is a rule and an event on which one of the two fired. It is explained when the
rule has a feature, and the event the value, about which the two are known to disagree (docs/sigma.md, Differences from
rsigma). Prints counts; fails when a difference is left over, and with --expect-equal when there is any.
"""

import collections
import json
import pathlib
import sys


def documents(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return {d["id"]: d for d in (json.loads(line) for line in lines if line.startswith("{"))}


def events(path):
    found, offset = {}, 0
    for line in path.read_bytes().splitlines(keepends=True):
        found[offset] = json.loads(line)
        offset += len(line)
    return found


def fired(folder, name):
    habeas = collections.Counter()
    for line in (folder / f"{name}.habeas").read_text(encoding="utf-8").splitlines():
        firing = json.loads(line)
        habeas[firing["id"], firing["last"]["offset"]] += 1
    rsigma, refused = collections.Counter(), []
    for line in (folder / f"{name}.rsigma").read_text(encoding="utf-8").splitlines():
        word, rule, place, *_ = line.split("\t")
        if word == "fired":
            rsigma[rule, int(place)] += 1
        else:
            refused.append(line)
    return habeas, rsigma, refused


def entries(node):
    """All (key, value) of a detection's searches, keywords with the key ''."""
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, dict) or isinstance(value, list) and value and isinstance(value[0], (dict, list)):
                yield from entries(value)
            else:
                yield key, value
    elif isinstance(node, list):
        for one in node:
            if isinstance(one, (dict, list)):
                yield from entries(one)
            else:
                yield "", one


def searches(detection):
    for name, body in detection.items():
        if name == "condition":
            continue
        if isinstance(body, list) and not isinstance(body[0], (dict, list)):
            yield from (("", one) for one in body)
        else:
            yield from entries(body)


def values(event, field):
    """What a field holds: nested or dotted, through lists."""
    if field in event:
        return event[field] if isinstance(event[field], list) else [event[field]]
    node = [event]
    for key in field.split("."):
        node = [n[key] for n in node if isinstance(n, dict) and key in n]
        node = [m for n in node for m in (n if isinstance(n, list) else [n])]
    return node


def folds_apart(value):
    """Whether case folding is more than lower case for some text in it."""
    text = json.dumps(value, ensure_ascii=False)
    return any(t.upper().lower() != t.lower() for t in text) or "ss" in text.lower()


def wild(value):
    texts = value if isinstance(value, list) else [value]
    return any(isinstance(t, str) and ("*" in t.replace("\\*", "") or "?" in t.replace("\\?", "")) for t in texts)


def why_detection(rule, event, _log):
    """The first thing on which the engines are known to disagree that this rule asks of this event."""
    bare = any(isinstance(v, (bool, int, float)) for v in event.values())
    for key, value in searches(rule["detection"]):
        field, *modifiers = key.split("|")
        if key.startswith("|") or not key:
            if bare:
                yield "keywords in numbers and booleans"
        elif "neq" in modifiers and (not values(event, field) or len(values(event, field)) > 1 or None in values(event, field)):
            yield "neq of an absent field"
        elif "exists" in modifiers and None in values(event, field):
            yield "exists of a null"
        if {"startswith", "endswith"} & set(modifiers) and wild(value):
            yield "wildcards with startswith, endswith"
        if not {"re", "base64", "base64offset", "cased"} & set(modifiers):
            if folds_apart(value) or "s" in str(value).lower() and "ß" in json.dumps(event, ensure_ascii=False):
                yield "case beyond lower case"


def second(event):
    hour, minute, rest = event["ts"][11:19].split(":")
    return int(hour) * 3600 + int(minute) * 60 + int(rest)


def why_correlation(rule, event, log):
    section = rule["correlation"]
    condition = section.get("condition") or {}
    if any(not isinstance(v, str) and v < 0 for v in condition.values()):
        yield "bounds below zero"
    if section["type"] == "value_percentile":
        yield "percentiles, whatever their bound"
    if not condition and section["type"].startswith("temporal"):
        yield "temporal without a condition"
    # The letter that ends a base rule's name is the kind that it looks for.
    if section["type"] == "temporal_ordered" and event["kind"] != section["rules"][-1][-1]:
        yield "temporal_ordered at events of other rules than the last"
    if any(not values(event, field) or values(event, field) == [None] for field in section["group-by"]):
        yield "events without a group field"
    if "field" in condition and not values(event, condition["field"]):
        yield "events without the counted field"
    span = int(section["timespan"][:-1]) * {"s": 1, "m": 60, "h": 3600}[section["timespan"][-1]]
    group = [values(event, field) for field in section["group-by"]]
    for other in log.values():
        if second(other) == second(event) - span and group == [values(other, field) for field in section["group-by"]]:
            yield "windows closed at their start"


def account(name, rules, log, habeas, rsigma, why):
    counts, left = collections.Counter(), {}
    for pair in sorted(set(habeas) | set(rsigma)):
        if habeas[pair] == rsigma[pair]:
            continue
        rule, offset = pair
        reason = next(why(rules[rule], log[offset], log), None)
        side = "habeas" if habeas[pair] > rsigma[pair] else "rsigma"
        counts[reason, side] += 1
        if reason is None:
            left.setdefault(rule, f"{side} alone: {rules[rule]} on {log[offset]}")
    both = sum(1 for pair in habeas if rsigma[pair] == habeas[pair])
    print(f"{name}: {len(rules)} documents, {len(log)} events; {both} firings the same, {sum(counts.values())} different")
    for (reason, side), n in sorted(counts.items(), key=lambda c: -c[1]):
        print(f"  {n:7} {side} alone: {reason}")
    return sum(counts.values()), left


def main():
    folder, strict = pathlib.Path(sys.argv[1]), "--expect-equal" in sys.argv
    log = events(folder / "events.ndjson")
    different, left, told = 0, [], []
    for name, why in (("detections", why_detection), ("correlations", why_correlation)):
        habeas, rsigma, refused = fired(folder, name)
        told += refused
        n, unexplained = account(name, documents(folder / f"{name}.yml"), log, habeas, rsigma, why)
        different += n
        left += unexplained.values()
    for line in told + left[:20]:
        print(line)
    if left or told or strict and different:
        sys.exit(f"{len(left)} rules with a difference that nothing explains, {len(told)} rules refused, {different} differences in all")


if __name__ == "__main__":
    main()
