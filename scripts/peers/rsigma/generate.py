#!/usr/bin/env python3
"""Makes rules and events at random, the same for the same seed, for the comparison with rsigma.

    generate.py --rules N --events N --seed N --out FOLDER [--alike]

writes `detections.yml`, `correlations.yml` and `events.ndjson`. Rules use every modifier and type that both engines know;
values are drawn from what the events hold, often with another case, a part, a wildcard or an escape, so that about a third of
the rules match something. Events have whole seconds, for rsigma's windows know no less. `--alike` leaves out what the two
engines define differently (docs/sigma.md), so that not one difference is left.
"""

import argparse
import json
import pathlib
import random

WORDS = ["alpha", "Beta", "GAMMA", "delta one", "x-y", "a*b", "q?r", "C:\\Win\\cmd.exe", "\\\\srv\\share", "müller", "STRASSE",
         "straße", "北京", "ünïcode", "", " ", "cmd /c whoami", "powershell -enc ZQA=", "10", "0x17", "true", "null", "a\tb",
         "quote\"d", "per%cent", "semi;colon", "Ωmega", "ΩMEGA", "tail\\", "a\\*b", "-f", "/f", "net user /add -x"]
ADDRESSES = ["10.0.0.1", "10.255.0.9", "192.168.1.77", "8.8.8.8", "2001:db8::1", "2001:0db8:ffff::2", "fe80::1", "not an ip", "256.1.1.1"]
NUMBERS = [0, 1, -1, 5, 5.0, 5.5, 10, 4688, 1e3, 0.1, 9007199254740991, -2.5]
USERS = ["u1", "u2", "U1", "u3", "ü4"]
ALIKE = False
TEXT_FIELDS = ["t1", "t2", "deep.t3", "deep.er.t4", "list.t5"]
FIELDS = TEXT_FIELDS + ["n1", "n2", "ip", "flag", "user", "who", "maybe"]


def event(chance, second):
    """One event: nested, flat, lists, nulls, missing fields."""
    text = lambda: chance.choice(WORDS)
    made = {"ts": f"2026-03-02T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}Z"}
    made["kind"] = chance.choice(["a", "b", "c", "d"])
    made["user"] = chance.choice(USERS)
    optional = {
        "t1": text, "t2": lambda: [text() for _ in range(chance.randrange(1, 4))],
        "deep": lambda: {"t3": text(), "er": {"t4": text()}},
        "list": lambda: [{"t5": text()} for _ in range(chance.randrange(1, 3))],
        "n1": lambda: chance.choice(NUMBERS), "n2": lambda: str(chance.choice(NUMBERS)),
        "ip": lambda: chance.choice(ADDRESSES), "flag": lambda: chance.choice([True, False, "true", "False"]),
        "who": lambda: chance.choice(USERS), "maybe": lambda: chance.choice([None, "", "x", 0]),
    }
    for field, make in optional.items():
        if chance.random() < 0.8 or ALIKE and field in ("deep", "n1", "t1", "ip"):
            made[field] = make()
    if ALIKE:
        made.pop("flag", None)
        made["maybe"] = made.get("maybe") or "x"
    if chance.random() < 0.1:
        made["deep.t3"] = made.pop("deep", {"t3": text()})["t3"]
    return made


def pattern(chance):
    """A word as a rule's author might look for it."""
    word = chance.choice(WORDS)
    how = chance.randrange(7)
    if how == 0 and len(word) > 2:
        at = chance.randrange(len(word))
        word = word[:at] + chance.choice("*?") + word[at + 1:]
    elif how == 1:
        word = word.swapcase()
    elif how == 2:
        word = word.replace("*", "\\*").replace("?", "\\?")
    elif how == 3 and len(word) > 1:
        word = word[: chance.randrange(1, len(word))] + "*"
    elif how == 4 and len(word) > 1:
        word = "*" + word[chance.randrange(1, len(word)):]
    return word


def part(chance, word):
    if len(word) < 2:
        return word or "x"
    start = chance.randrange(len(word))
    return word[start: start + chance.randrange(1, 5)]


def regex(chance):
    word = part(chance, chance.choice(WORDS))
    plain = "".join("\\" + c if c in "\\.+*?()|[]{}^$-/" else c for c in word)
    return chance.choice(["^", ""]) + plain + chance.choice(["$", "", ".*", "+", "{1,2}", "[a-z]?"])


def item(chance):
    """One entry of a search: field with modifiers, and its value."""
    field = chance.choice(TEXT_FIELDS)
    several = lambda make: [make() for _ in range(chance.randrange(1, 4))] if chance.random() < 0.4 else make()
    two = lambda make: [make() for _ in range(chance.randrange(2, 4))]
    where = chance.choice(["contains", "startswith", "endswith"])
    fragment = lambda: part(chance, chance.choice(WORDS))
    # A wildcard beside a modifier that is one: rsigma does not anchor such a pattern.
    beside = lambda: part(chance, chance.choice(WORDS)).replace("*", "").replace("?", "") or "x" if ALIKE else pattern(chance) or "x"
    kinds = [
        lambda: (field, several(lambda: pattern(chance))),
        lambda: (f"{field}|{where}", several(beside)),
        lambda: (f"{field}|{where}", several(beside if ALIKE else fragment)),
        lambda: (f"{field}|contains|all", two(beside)),
        lambda: (f"{field}|cased", several(lambda: pattern(chance))),
        lambda: (f"{field}|{where}|cased", several(beside)),
        lambda: (f"{field}|re" + chance.choice(["", "|i", "|m", "|s"]), regex(chance)),
        lambda: (chance.choice(["n1", "n2"]), several(lambda: chance.choice(NUMBERS))),
        lambda: (chance.choice(["n1", "n2"]) + "|" + chance.choice(["lt", "lte", "gt", "gte"]), chance.choice(NUMBERS)),
        lambda: (chance.choice(["n1", "t1"]) + "|neq", chance.choice([5, 10, "alpha"])),
        lambda: ("ip|cidr", several(lambda: chance.choice(["10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32", "0.0.0.0/0", "8.8.8.8/32"]))),
        lambda: (chance.choice(FIELDS) + "|exists", chance.choice([True, False])),
        lambda: ("flag", chance.choice([True, False])),
        lambda: (chance.choice(["maybe", "t1", "n1"]), None),
        lambda: ("maybe", ""),
        lambda: (chance.choice(["user", "who"]), several(lambda: chance.choice(USERS))),
        lambda: ("user|fieldref", "who"),
        lambda: (f"{field}|windash|contains", chance.choice([" -f", " /add", "-x", " -enc"])),
        lambda: (f"{field}|base64offset|contains", chance.choice(["en", "Am", "whoami"])),
        lambda: (f"{field}|wide|base64offset|contains", chance.choice(["e", "i"])),
        lambda: (f"{field}|base64|contains", chance.choice(["e\0", "abc"])),
        lambda: (chance.choice(["deep.t3", "deep.er.t4", "list.t5"]), pattern(chance)),
    ]
    return chance.choice(kinds)()


def search(chance):
    kind = chance.random()
    if kind < 0.12 and ALIKE:
        # rsigma does not look for keywords in numbers and booleans.
        return [chance.choice([w for w in WORDS if w.strip() and w.replace(" ", "").isalpha()]) for _ in range(2)]
    if kind < 0.12:
        return [chance.choice([part(chance, chance.choice(WORDS)), pattern(chance) or "x"]) for _ in range(chance.randrange(1, 3))]
    if kind < 0.24:
        return [dict([item(chance)]) for _ in range(chance.randrange(2, 4))]
    return dict(item(chance) for _ in range(chance.choice([1, 1, 1, 2, 2, 3])))


CONDITIONS = [
    (1, "s1"), (1, "not s1"), (2, "s1 and s2"), (2, "s1 or s2"), (2, "s1 and not s2"), (3, "s1 or s2 and s3"),
    (3, "(s1 or s2) and not s3"), (3, "1 of s*"), (3, "all of s*"), (2, "1 of them"), (2, "all of them"), (3, "not 1 of s*"),
    (3, "s1 and not 1 of s2*"), (2, "not (s1 and s2)"),
]


def detection(chance, number):
    count, condition = chance.choice(CONDITIONS)
    made = {f"s{i + 1}": search(chance) for i in range(count)}
    made["condition"] = condition
    return {"title": f"d{number}", "id": f"d{number}", "logsource": {"category": "test"}, "detection": made}


def correlation(chance, number):
    """A correlation with the base rules it refers to."""
    documents = []
    kinds = ["event_count", "value_count", "value_sum", "value_avg", "value_median", "temporal"]
    kind = chance.choice(kinds if ALIKE else kinds + ["value_percentile", "temporal_ordered"])
    count = chance.choice([2, 3]) if kind.startswith("temporal") else chance.choice([1, 1, 2])
    names = []
    for letter in chance.sample("abcd", count):
        names.append(f"c{number}{letter}")
        documents.append({"title": names[-1], "id": names[-1], "name": names[-1], "logsource": {"category": "test"},
                          "detection": {"sel": {"kind": letter}, "condition": "sel"}})
    section = {"type": kind, "rules": names, "group-by": chance.choice([["user"], ["user", "kind"], ["deep.t3"]]),
               "timespan": chance.choice(["7s", "31s", "121s", "3601s"] if ALIKE else ["7s", "30s", "2m", "1h"])}
    if kind.startswith("temporal"):
        section["group-by"] = ["user"]
        if ALIKE or chance.random() < 0.5:
            section["condition"] = {"gte": count}
    elif kind == "event_count":
        section["condition"] = chance.choice([{"gte": chance.randrange(1, 6)}, {"gt": 1, "lte": 4}, {"eq": 3}, {"lt": 3}])
    elif kind == "value_count":
        section["condition"] = {"field": chance.choice(["t1", "ip", "n1"]), chance.choice(["gte", "gt"]): chance.randrange(1, 5)}
    else:
        section["condition"] = {"field": "n1", chance.choice(["gte", "gt", "lt", "lte"]): chance.choice([1, 3, 10, 600] if ALIKE else [-1, 3, 10, 600])}
        if kind == "value_percentile":
            section["condition"]["percentile"] = chance.choice([0, 50, 90, 100])
    documents.append({"title": f"c{number}", "id": f"c{number}", "correlation": section})
    return documents


def write(path, documents):
    # JSON is YAML: one document a line, whatever the values hold.
    path.write_text("".join(f"---\n{json.dumps(d, ensure_ascii=False)}\n" for d in documents), encoding="utf-8")


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--rules", type=int, default=1000)
    args.add_argument("--events", type=int, default=1000)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--out", type=pathlib.Path, required=True)
    args.add_argument("--alike", action="store_true")
    args = args.parse_args()
    chance = random.Random(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    global ALIKE
    ALIKE = args.alike
    if ALIKE:
        WORDS[:] = [w for w in WORDS if w not in ("STRASSE", "straße", "Ωmega", "ΩMEGA")]
    second = 0
    with open(args.out / "events.ndjson", "w", encoding="utf-8") as log:
        for _ in range(args.events):
            # Even seconds against odd timespans: no event lies on the edge of a window.
            second += chance.choice([2, 2, 4, 6, 8, 40]) if ALIKE else chance.choice([1, 1, 1, 2, 3, 7, 40])
            log.write(json.dumps(event(chance, second), ensure_ascii=chance.random() < 0.3) + "\n")
    correlations = args.rules // 5
    write(args.out / "detections.yml", [detection(chance, n) for n in range(args.rules - correlations)])
    write(args.out / "correlations.yml", [d for n in range(correlations) for d in correlation(chance, n)])


if __name__ == "__main__":
    main()
