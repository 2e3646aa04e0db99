#!/usr/bin/env python3
"""Writes a rule set some times as large: the rules of rules.yml, each again and again with other constants and names.

`many_rules.py 10 > rules300.yml` makes 300 rules of the 30 (with their bases, 10 times 38 documents). The first copy is
rules.yml itself; the others look for other networks, paths, agents, numbers and roles, and have other thresholds, so that
they cannot share their answers with it.
"""

import pathlib
import re
import sys

ROLES = ["sales", "support", "marketing", "finance", "manager", "admin", "auditor", "service"]


def other(text, k):
    names = sorted(set(re.findall(r"^name: (\w+)$", text, re.M)), key=len, reverse=True)
    for name in names:
        text = re.sub(rf"(?<=name: ){name}$", f"{name}_{k}", text, flags=re.M)
    renamed = lambda m: re.sub(r"\w+", lambda w: f"{w[0]}_{k}" if w[0] in names else w[0], m[0])
    text = re.sub(r"rules: \[[^\]]*\]", renamed, text)
    text = re.sub(r"(?<=aliases: \{person: \{).*?(?=\})", lambda m: re.sub(r"(\w+)(?=:)", lambda w: f"{w[0]}_{k}", m[0]), text)
    text = re.sub(r"^title: (.*)$", rf"title: \1, variant {k}", text, flags=re.M)
    text = text.replace("203.0.113.0/24", f"203.0.{113 + k}.0/24").replace("192.168.0.0/16", f"192.{168 + k}.0.0/16")
    text = text.replace("/admin/", f"/admin{k}/").replace("curl/", f"curl{k}/").replace("python-requests", f"python{k}-requests")
    text = text.replace("1[0-7]", f"{k}[0-7]").replace("0000f", f"000{k}f").replace("invoice", f"invoice{k}")
    text = re.sub(r"(?<=role: )admin", ROLES[k % 8], text).replace("[finance, marketing]", f"[{ROLES[k % 8]}, {ROLES[(k + 3) % 8]}]")
    text = text.replace("pasted", f"pasted {k}").replace('"event_type":"delete"', f'"event_type":"delete{k}"')
    return re.sub(r"\b(gte|gt): (\d+)", lambda m: f"{m[1]}: {int(m[2]) + k}", text)


def main():
    copies = int(sys.argv[1])
    text = (pathlib.Path(__file__).parent / "rules.yml").read_text(encoding="utf-8").rstrip("\n")
    print("\n---\n".join([text] + [other(text, k) for k in range(1, copies)]))


if __name__ == "__main__":
    main()
