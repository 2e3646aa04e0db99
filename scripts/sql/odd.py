#!/usr/bin/env python3
"""Writes a log of odd values and simultaneous events, the same for the same seed, and a table of subjects beside it.

Fields are absent, null or empty at random; instants come in several spellings and often twice; texts hold quotes, wildcards,
line ends and letters whose case is hard; addresses are spelled in every way there is. Every value fits columns.json.
"""

import json
import random
import sys

START_MS = 1_772_700_000_000
KINDS = ["login", "Login", "LOGIN", "LOG\u0130N", "log\u0131n", "export", "EXPORT", "\u212Aelvin", "kelvin", "Stra\u00DFe",
         "STRASSE", "stra\u1E9Ee", "\uFB01le", "FILE", "\u017Fend", "Send", "\u03A3\u0399\u03A3\u03A5\u03A6\u039F\u03A3",
         "\u03C3\u03AF\u03C3\u03C5\u03C6\u03BF\u03C2", "\u00C5se", "\u00E5se", "\u5BA2\u6237", "\U0001F600x", "cafe\u0301", "CAFE\u0301",
         "", "delete", "Delete", "grant", "use"]
CODES = ["517", " 517 ", "0517", "5e2", "500", "500.0", "1.5", "+5", "5.", ".5", "abc", "", "9007199254740993", "1e999", "-3", "12x",
         "1_000", "0x10", "inf", "nan", "\u00A07"]
PATHS = ["/admin/audit/disable", "/ADMIN/x", "a_b", "axb", "50%", "50x", "C:\\Windows\\cmd.exe", "c:\\windows\\CMD.EXE", "it's; DROP TABLE events; --",
         "line one\nline two", "one line", "two lines", "YV9i", "two\nlines\n", "tab\there", "${env:HOME}", "say \"hi\"", "back`tick", "\\", "a\\_b", "x" * 300, "/v1/7", "/v1/\u0667",
         "caf\u00E9", "end\r\n", "user=17;", "word-word", "WORD", "", "/Api/v2/contact/9"]
ADDRESSES = ["10.1.2.3", "10.255.0.1", "11.0.0.1", "192.168.1.7", "192.168.2.7", "203.0.113.200", "::ffff:10.1.2.3", "::FFFF:a01:203",
             "0:0:0:0:0:ffff:10.9.9.9", "0:0::ffff:c0a8:107", "2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:db9::1", "fe80::1", "::1", "::10.1.2.3",
             "010.1.2.3", "10.1.2", "10.1.2.3/8", "host", "", "10.1.2.300", "2001:db8:::1"]
TAGS = ["vip", "VIP", "export", "Stra\u00DFe", "x y", "", "10.1.2.3", "true"]


def instant(rng, ms):
    import datetime
    t = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    milli = ms % 1000
    form = rng.randrange(6)
    if form == 0:
        return f"{t:%Y-%m-%dT%H:%M:%S}.{milli:03d}999999Z"
    if form == 1:
        return f"{t + datetime.timedelta(hours=5, minutes=30):%Y-%m-%d %H:%M:%S}.{milli:03d}+05:30"
    if form == 2:
        return f"{t:%Y-%m-%dT%H:%M:%S}.{milli:03d}"
    if form == 3 and milli == 0:
        return f"{t:%Y-%m-%dT%H:%M:%S}Z"
    return f"{t:%Y-%m-%dT%H:%M:%S}.{milli:03d}Z"


def some(rng, event, name, value, null=True):
    chance = rng.random()
    if chance < 0.08:
        return
    event[name] = None if null and chance < 0.16 else value


def main(out, count, seed):
    rng = random.Random(seed)
    ms = START_MS + rng.randrange(1000)
    with open(out, "w", encoding="utf-8") as log:
        for n in range(count):
            if rng.random() < 0.6:
                ms += rng.choice([1, 1, 2, 500, 999, 1000, 1001, 30_000, 59_999, 60_000])
            e = {"ts": instant(rng, ms), "n": n}
            user = f"u{min(rng.randrange(1, 40), rng.randrange(1, 40))}"
            some(rng, e, "kind", rng.choice(KINDS))
            some(rng, e, "user", rng.choice([user, user, user, user.upper(), ""]))
            some(rng, e, "other", rng.choice([user, user.upper(), "Stra\u00DFe", "STRASSE", "u1"]))
            some(rng, e, "rows", rng.choice([0, 1, 2, 3, 5, 7, 100, 500, 999, -4, 2**60, 9007199254740993, rng.randrange(1000)]))
            some(rng, e, "ratio", rng.choice([0.5, 2.0, -0.0, 0.0, 1e300, 0.1, 2.5, -7.25]))
            some(rng, e, "flag", rng.random() < 0.3)
            some(rng, e, "code", rng.choice(CODES))
            some(rng, e, "path", rng.choice(PATHS))
            some(rng, e, "ip", rng.choice(ADDRESSES))
            some(rng, e, "when", instant(rng, ms + rng.choice([-86_400_000 * 400, -3_600_000, -1, 0, 1, 7_200_000])))
            some(rng, e, "tags", rng.sample(TAGS, rng.randrange(4)))
            some(rng, e, "sure", rng.choice(["yes", ""]), null=False)
            some(rng, e, "seq", n // 2 if rng.random() < 0.9 else n // 2 + 3)
            some(rng, e, "hash", f"h{n % 50}")
            some(rng, e, "prev_hash", f"h{(n - rng.choice([1, 1, 1, 2])) % 50}")
            some(rng, e, "we\"ird `name'; --", rng.choice(["Yes", "no", "YES"]))
            some(rng, e, "Geo", {"country": rng.choice(["de", "DE", "FR", None]), "zip": rng.randrange(3), "deep": {"er": rng.choice(["a", "b"])}})
            some(rng, e, "subject", f"p{rng.randrange(30)}")
            line = json.dumps(e, ensure_ascii=rng.random() < 0.5, separators=(",", ":"))
            # An escaped digit is a digit; but numbers in texts are read as they stand.
            log.write(line + "\n")
    with open(out + ".people.ndjson", "w", encoding="utf-8") as table:
        for n in range(25):
            row = {"id": f"p{n}", "role": rng.choice(["Admin", "clerk", None]), "until": instant(rng, ms - rng.randrange(400_000_000)), "boss": f"p{rng.randrange(30)}"}
            table.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
