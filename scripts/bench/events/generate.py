#!/usr/bin/env python3
"""Writes a made-up CRM access log with planted incidents, the same for the same seed.

Two emitters write different key orders and optional keys; users follow a Zipf law; notes hold escapes and text that looks
like keys; instants are strictly increasing milliseconds. `--shuffle` gives every line a key order of its own,
`--malformed` damages one line in a thousand. Incidents are listed in FILE.truth.json. A log of more than BLOCK events is made
in blocks, on all cores: each has chance and incidents of its own and goes on where the time of the one before has run out.
"""

import argparse
import bisect
import concurrent.futures
import functools
import itertools
import json
import os
import random
import shutil

COUNTRIES = [f"{a}{b}" for a, b in zip("DEFRITESPLNLBEATCZDKSEFINOPTGRHUROBGHRIESKSILTLVEELUMTCYGBUSCAAUJPINBRMXZAKRSGAENZARCLTRILEGMAKE"[0::2],
                                       "DEFRITESPLNLBEATCZDKSEFINOPTGRHUROBGHRIESKSILTLVEELUMTCYGBUSCAAUJPINBRMXZAKRSGAENZARCLTRILEGMAKE"[1::2])]
TYPES = [("read", 46), ("update", 14), ("search", 12), ("login", 8), ("logout", 5), ("create", 5), ("api_call", 4),
         ("export", 2), ("delete", 1.5), ("permission_change", 0.5), ("login_failed", 1.6), ("config_change", 0.4)]
SOURCES = [f"crm-{k}-{n}" for k in ("web", "api", "mobile") for n in range(1, 5)]
AGENTS = ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
          "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
          "crm-mobile/7.4.1 (Android 14; Pixel 8)", "python-requests/2.32.3", "curl/8.9.1", "okhttp/4.12.0"]
AGENT_WEIGHTS = [50, 22, 14, 10, 0.4, 0.2, 3.4]
ROLES = ["sales", "support", "marketing", "finance", "manager", "admin", "auditor", "service"]
OBJECTS = ["contact", "lead", "account", "opportunity", "case", "invoice"]
NOTES = ['Called back, left a message.', 'Customer said "call me on Monday"', 'Path C:\\\\exports\\\\q3',
         '{"event_type":"delete"} pasted by the user', 'Straße 5, Zürich', 'line one\nline two', '客户要求更正地址']
START_MS = 1_767_600_000_000
BLOCK = 500_000
# An event takes 164 ms on average, incidents more; no block takes longer than this.
BLOCK_MS = BLOCK * 190
# No incident has more events.
LONGEST_INCIDENT = 400


def users(n, rng):
    out = []
    for i in range(n):
        out.append({"id": f"u{i:05d}", "name": f"User {i}", "role": rng.choice(ROLES), "country": rng.choice(COUNTRIES),
                    "dept": f"d{rng.randrange(40):02d}", "device": f"dev-{rng.randrange(10**8):08d}",
                    "emitter": i % 2, "ip": f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"})
    return out


class Log:
    def __init__(self, args, block=0):
        self.rng = random.Random(args.seed)
        self.users = users(args.users, self.rng)
        weights = [1 / (k + 1) ** 0.8 for k in range(args.users)]
        order = list(range(args.users))
        self.rng.shuffle(order)
        self.by_rank = order
        self.cumulative = list(itertools.accumulate(weights))
        names, w = zip(*TYPES)
        self.types, self.type_weights = names, list(itertools.accumulate(w))
        self.agent_weights = list(itertools.accumulate(AGENT_WEIGHTS))
        self.seq = block * BLOCK
        self.ms = START_MS + block * BLOCK_MS
        self.truth = []
        if block:
            self.rng = random.Random(f"{args.seed}/{block}")

    def user(self):
        at = bisect.bisect_left(self.cumulative, self.rng.random() * self.cumulative[-1])
        return self.users[self.by_rank[min(at, len(self.by_rank) - 1)]]

    def event(self, u, kind, **change):
        rng = self.rng
        self.seq += 1
        self.ms += change.pop("step", rng.randrange(1, 328))
        day, rest = divmod(self.ms, 86_400_000)
        ok = kind != "login_failed"
        geo = {"country": u["country"], "city": f"City-{u['dept']}", "lat": round(48 + int(u["dept"][1:]) / 10, 4), "lon": 9.5}
        device = {"id": u["device"], "managed": True, "os": "windows" if u["emitter"] else "ios", "patch": rng.randrange(1, 30)}
        e = {"ts": iso(self.ms), "event_id": f"e-{self.seq:012d}", "event_type": kind, "user_id": u["id"],
             "user_name": u["name"], "role": u["role"], "session_id": f"s{rng.randrange(16**12):012x}",
             "source": SOURCES[rng.randrange(12)], "src_ip": u["ip"], "geo": geo, "device": device,
             "user_agent": AGENTS[bisect.bisect_left(self.agent_weights, rng.random() * self.agent_weights[-1])],
             "resource_type": OBJECTS[rng.randrange(6)], "resource_id": f"r{rng.randrange(400_000):06d}",
             "result": "success" if ok else "failure", "bytes": rng.randrange(200, 40_000), "rows": rng.randrange(1, 30),
             "latency_ms": rng.randrange(2, 900), "path": f"/api/v2/{OBJECTS[rng.randrange(6)]}/{rng.randrange(10**6)}",
             "target_user": None, "mfa": kind != "api_call", "purpose": ["service", "contract", "billing"][rng.randrange(3)]}
        if rng.random() < 0.12:
            e["note"] = NOTES[rng.randrange(len(NOTES))]
        e.update(change)
        return e


@functools.lru_cache(maxsize=4)
def second(seconds):
    import datetime
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc):%Y-%m-%dT%H:%M:%S}"


def iso(ms):
    return f"{second(ms // 1000)}.{ms % 1000:03d}Z"


ORDER_B = ["event_id", "source", "event_type", "ts", "session_id", "user_id", "role", "device", "geo", "src_ip", "result",
           "resource_type", "resource_id", "rows", "bytes", "latency_ms", "mfa", "purpose", "target_user", "path", "user_agent",
           "note"]


def incident(log, kind):
    u, rng = log.user(), log.rng
    start = log.seq + 1
    if kind == "brute_force":
        for _ in range(rng.randrange(10, 25)):
            yield log.event(u, "login_failed", step=rng.randrange(200, 9_000), src_ip="203.0.113.77")
        yield log.event(u, "login", step=500, src_ip="203.0.113.77")
    elif kind == "spray":
        for _ in range(rng.randrange(12, 25)):
            yield log.event(log.user(), "login_failed", step=rng.randrange(100, 4_000), src_ip="198.51.100.9")
    elif kind == "mass_export":
        for _ in range(rng.randrange(4, 9)):
            yield log.event(u, "export", step=rng.randrange(500, 30_000), rows=rng.randrange(300, 900), bytes=5_000_000)
    elif kind == "scrape":
        for i in range(rng.randrange(210, 300)):
            yield log.event(u, "read", step=rng.randrange(20, 900), resource_id=f"x{log.seq:07d}")
    elif kind == "mass_delete":
        for _ in range(rng.randrange(50, 80)):
            yield log.event(u, "delete", step=rng.randrange(50, 2_000))
    elif kind == "grant_then_use":
        v = log.user()
        yield log.event(u, "permission_change", target_user=v["id"])
        yield log.event(v, "export", step=rng.randrange(1_000, 300_000), rows=700)
    elif kind == "countries":
        for c in rng.sample(COUNTRIES, 4):
            yield log.event(u, "login", step=rng.randrange(1_000, 60_000), geo={"country": c, "city": "X", "lat": 1.0, "lon": 2.0})
    elif kind == "devices":
        for i in range(4):
            yield log.event(u, "login", step=rng.randrange(1_000, 90_000), device={"id": f"new-{log.seq}-{i}", "managed": i % 2 == 0, "os": "android", "patch": 1})
    elif kind == "odd":
        yield log.event(u, "config_change", user_agent="python-requests/2.32.3", src_ip="192.0.2.44", path="/admin/audit/disable")
    log.truth.append({"kind": kind, "user": u["id"], "first_seq": start, "last_seq": log.seq})


KINDS = ["brute_force", "spray", "mass_export", "scrape", "mass_delete", "grant_then_use", "countries", "devices", "odd"]


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("out")
    p.add_argument("--events", type=int, default=100_000)
    p.add_argument("--users", type=int, default=20_000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--shuffle", action="store_true")
    p.add_argument("--malformed", action="store_true")
    args = p.parse_args()
    blocks = range(-(-args.events // BLOCK))
    with concurrent.futures.ProcessPoolExecutor(min(len(blocks), os.cpu_count())) as pool:
        logs = list(pool.map(make, itertools.repeat(args), blocks))
    for block in blocks[1:]:
        with open(part(args, block), "rb") as more, open(args.out, "ab") as out:
            shutil.copyfileobj(more, out, 1 << 20)
        os.remove(part(args, block))
    with open(args.out + ".truth.json", "w", encoding="utf-8") as out:
        json.dump([incident for truth, _ in logs for incident in truth], out, indent=1)
    with open(args.out + ".users.json", "w", encoding="utf-8") as out:
        json.dump(logs[0][1], out)


def part(args, block):
    return f"{args.out}.{block}" if block else args.out


def make(args, block):
    """Writes one block of the log; gives its incidents and the users, who are the same in all."""
    log = Log(args, block)
    until = min((block + 1) * BLOCK, args.events)
    every = 7400
    queue = []
    next_incident = log.seq + every // 2
    with open(part(args, block), "w", encoding="utf-8") as out:
        while log.seq < until:
            if log.seq >= next_incident and (until == args.events or log.seq + LONGEST_INCIDENT < until):
                next_incident += every
                queue = incident(log, KINDS[len(log.truth) % len(KINDS)])
            batch = list(queue) or None
            queue = []
            if batch is None:
                kind = log.types[bisect.bisect_left(log.type_weights, log.rng.random() * log.type_weights[-1])]
                batch = [log.event(log.user(), kind)]
            for e in batch:
                write(out, e, log, args)
    if log.ms >= START_MS + (block + 1) * BLOCK_MS:
        raise SystemExit(f"block {block} ran into the next one")
    return log.truth, log.users if block == 0 else None


def write(out, e, log, args):
    if args.shuffle:
        keys = list(e)
        log.rng.shuffle(keys)
        e = {k: e[k] for k in keys}
    elif e["source"].startswith("crm-api"):
        e = {k: e[k] for k in ORDER_B if k in e}
    line = json.dumps(e, ensure_ascii=False, separators=(",", ":"))
    if args.malformed and log.rng.random() < 0.001:
        line = log.rng.choice([line[:-9], line.replace(":", ";", 1), line + "}", "", line[:40], line.replace('"rows":', '"rows":0', 1)])
    out.write(line + "\n")


if __name__ == "__main__":
    main()
