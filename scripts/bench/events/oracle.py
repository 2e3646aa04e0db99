#!/usr/bin/env python3
"""The workload of rules.yml once more, by hand and the slow way: every window is recounted from its events.

Prints for every (rule, key) the number of firings, the milliseconds of the first, and the counts summed, sorted.
`oracle.py LOG` computes it; `oracle.py LOG FIRINGS` compares it with what `habeas events scan --json` printed.
"""

import collections
import datetime
import ipaddress
import json
import re
import statistics
import sys

MIN = 60_000


def ms(text):
    t = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return round(t.timestamp() * 1000)


def inside(ip, *nets):
    a = ipaddress.ip_address(ip)
    return any(a in ipaddress.ip_network(n) for n in nets)


SINGLE = {
    "M01 configuration changed": lambda e: e["event_type"] == "config_change",
    "M02 unmanaged device": lambda e: e["device"]["managed"] is False,
    "M03 permissions or configuration by finance or marketing":
        lambda e: e["event_type"] in ("permission_change", "config_change") and e["role"] in ("finance", "marketing"),
    "M04 from the test network": lambda e: inside(e["src_ip"], "203.0.113.0/24"),
    "M05 change from outside": lambda e: e["event_type"] == "config_change" and not inside(e["src_ip"], "10.0.0.0/8", "192.168.0.0/16"),
    "M06 script as a browser": lambda e: "python-requests" in e["user_agent"].lower() or "curl/" in e["user_agent"].lower(),
    "M07 audit switched off": lambda e: re.search(r"^/admin/audit/(disable|clear)", e["path"]) is not None,
    "M08 old phone": lambda e: re.search(r"iPhone OS (1[0-7])_", e["user_agent"]) is not None and e["event_type"] == "export",
    "M09 administration page": lambda e: e["path"].lower().startswith("/admin/"),
    "M10 session of the last hundred thousandth": lambda e: e["session_id"].lower().endswith("0000f"),
    "M11 many rows": lambda e: e["event_type"] == "export" and e["rows"] >= 500,
    "M12 many bytes": lambda e: e["bytes"] > 1_000_000,
    "M13 permission given to somebody": lambda e: e["event_type"] == "permission_change" and e.get("target_user") is not None,
    "M14 pasted event": lambda e: '{"event_type":"delete"}' in e.get("note", "") and e["event_type"] == "create",
    "M15 export without second factor":
        lambda e: e["mfa"] is False and (e["event_type"] == "export" or (e["event_type"] == "api_call" and e["resource_type"] == "invoice" and e["role"] == "admin")),
}

U, IP, CITY = (lambda e: (e["user_id"],)), (lambda e: (e["src_ip"],)), (lambda e: (e["geo"]["city"],))
SRC, ROLE = (lambda e: (e["source"],)), (lambda e: (e["role"],))
distinct = lambda f: lambda w: len({f(e) for _, e in w})
# rule: event types, key, window, (events of the window) -> does it fire
WINDOWS = {
    "S01 many failures": (("login_failed",), U, 15 * MIN, lambda w: len(w) >= 10),
    "S02 mass deletion": (("delete",), U, 10 * MIN, lambda w: len(w) >= 50),
    "S03 busy source": (("export", "delete"), SRC, 5 * MIN, lambda w: len(w) > 12),
    "S04 spraying": (("login_failed",), IP, 60 * MIN, lambda w: distinct(lambda e: e["user_id"])(w) >= 10),
    "S05 mass viewing": (("read",), U, 60 * MIN, lambda w: len(w) >= 200 and distinct(lambda e: e["resource_id"])(w) >= 200),
    "S06 many countries": (("login",), U, 60 * MIN, lambda w: distinct(lambda e: e["geo"]["country"])(w) >= 3),
    "S07 many devices": (("login",), U, 60 * MIN, lambda w: distinct(lambda e: e["device"]["id"])(w) >= 3),
    "S08 department reading everything": (("read",), CITY, 10 * MIN, lambda w: len(w) >= 300 and distinct(lambda e: e["resource_id"])(w) >= 300),
    "S09 rows taken": (("export",), U, 60 * MIN, lambda w: sum(e["rows"] for _, e in w) >= 1000),
    "S12 failure, grant and export together":
        (("login_failed", "permission_change", "export"), CITY, 2 * MIN, lambda w: len({e["event_type"] for _, e in w}) == 3),
    "S13 slow interface": (("api_call",), SRC, 2 * MIN, lambda w: sum(e["latency_ms"] for _, e in w) / len(w) >= 560),
    "S14 middle of exports": (("export",), ROLE, 5 * MIN, lambda w: statistics.median(e["rows"] for _, e in w) >= 300),
    "S15 same record deleted and read": (("read", "delete"), lambda e: (e["resource_type"], e["source"]), MIN, lambda w: len(w) >= 12),
}


def windows(events, types, key, length, fires):
    """Yields (key, ms, events in window) for every event of (t - length, t] at which `fires` holds."""
    groups = collections.defaultdict(list)
    for t, e in events:
        if e["event_type"] in types:
            groups[key(e)].append((t, e))
    for k, members in groups.items():
        start = end = 0
        for t, _ in members:
            while members[start][0] <= t - length:
                start += 1
            while end < len(members) and members[end][0] <= t:
                end += 1
            window = members[start:end]
            if fires(window):
                yield k, t, len(window)


def oracle(path):
    events = []
    for line in open(path, encoding="utf-8"):
        try:
            e = json.loads(line)
            events.append((ms(e["ts"]), e))
        except (ValueError, KeyError):
            continue
    events.sort(key=lambda x: x[0])
    out = collections.defaultdict(list)
    for t, e in events:
        for name, test in SINGLE.items():
            if test(e):
                out[name, ()].append((t, 1))
    for name, (types, key, length, fires) in WINDOWS.items():
        for k, t, n in windows(events, types, key, length, fires):
            out[name, k].append((t, n))
    # S10: a firing of S01, then a login, both of one user, within 30 minutes.
    alarms = collections.defaultdict(list)
    for (name, k), found in list(out.items()):
        if name == "S01 many failures":
            alarms[k] += [t for t, _ in found]
    # S11: permissions given to X, then an export by X, within an hour.
    grants, exports = collections.defaultdict(list), collections.defaultdict(list)
    logins = collections.defaultdict(list)
    for t, e in events:
        if e["event_type"] == "permission_change" and e.get("target_user") is not None:
            grants[(e["target_user"],)].append(t)
        if e["event_type"] == "export":
            exports[(e["user_id"],)].append(t)
        if e["event_type"] == "login":
            logins[(e["user_id"],)].append(t)
    for name, firsts, seconds, length in (("S10 failures then sign-in", alarms, logins, 30 * MIN), ("S11 given, then exported", grants, exports, 60 * MIN)):
        for k, times in firsts.items():
            for t in seconds.get(k, []):
                before = sum(t - length < a <= t for a in times)
                if before:
                    out[name, k].append((t, before + sum(t - length < b <= t for b in seconds[k])))
    return {k: (len(v), min(t for t, _ in v), sum(n for _, n in v)) for k, v in out.items()}


def found(path):
    out = {}
    for line in open(path, encoding="utf-8"):
        f = json.loads(line)
        k = (f["rule"], tuple(f["key"].values()))
        t = ms(f["at"])
        n, first, counts = out.get(k, (0, t, 0))
        out[k] = (n + 1, min(first, t), counts + f["count"])
    return out


def main():
    want = oracle(sys.argv[1])
    if len(sys.argv) < 3:
        for (rule, key), figures in sorted(want.items()):
            print(rule, "|".join(key), *figures, sep="\t")
        return
    got = found(sys.argv[2])
    wrong = [(k, want.get(k), got.get(k)) for k in sorted(set(want) | set(got)) if want.get(k) != got.get(k)]
    rules = {r for r, _ in want}
    for k, a, b in wrong[:20]:
        print(f"{k}: expected {a}, found {b}")
    print(f"{len(rules)} rules fired, {len(want)} (rule, key) pairs, {sum(n for n, _, _ in want.values())} firings, {len(wrong)} differ")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
