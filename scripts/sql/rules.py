"""The rules that cover every construct a dialect accepts or refuses, as one YAML text."""

import json

# name: detection of one search
SINGLE = {
    "equal": {"kind": "login"}, "equal unicode": {"kind": "straße"}, "equal kelvin": {"kind": "KELVIN"}, "equal sigma": {"kind": "σίσυφος"},
    "equal ligature": {"kind": "file"}, "equal long s": {"kind": "send"}, "equal ring": {"kind": "ÅSE"}, "equal han": {"kind": "客户"},
    "equal combining": {"kind": "cafe\u0301"}, "equal emoji": {"kind": "😀X"}, "equal empty": {"kind": ""}, "equal cased": {"kind|cased": "Login"},
    "equal sharp": {"kind": "straẞe"},
    "contains": {"kind|contains": "LE"}, "contains i": {"kind|contains": "i"}, "contains ss": {"kind|contains": "ss"}, "starts": {"kind|startswith": "S"},
    "ends": {"kind|endswith": "e"}, "any text": {"kind": "*"}, "question": {"kind": "str?sse"}, "questions": {"kind": "?????"}, "question sharp": {"kind": "str?ß?"}, "glob long s": {"kind": "s*n?"}, "question combining": {"kind": "CAF?\u0301"}, "tags glob": {"tags": "str?ss*e"}, "glob": {"kind": "l*g?n"},
    "all": {"kind|contains|all": ["s", "e"]}, "list": {"kind": ["login", "export", "grant"]}, "neq": {"kind|neq": "login"},
    "percent": {"path": "50%"}, "underscore glob": {"path": "a_?*"}, "backslash": {"path": "C:\\Windows\\cmd.exe"}, "backslash alone": {"path": "\\\\"},
    "backslash glob": {"path": "?\\\\_*"}, "quote": {"path|contains": "it's; drop table events; --"}, "double quote": {"path|contains": "\"hi\""},
    "dollar": {"path|contains": "${env:HOME}"}, "newline": {"path|contains": "one\nline"}, "wildcard over lines": {"path": "line*two"},
    "windash": {"path|contains|windash": "-word"}, "base64": {"path|base64": "a_b"},
    "re": {"path|re": "^/admin/audit/(disable|clear)"}, "re i": {"path|re|i": "^/admin"}, "re digit": {"path|re": "/\\d$"}, "re word": {"path|re": "^\\w+$"},
    "re dot": {"path|re": "one.line"}, "re dot s": {"path|re|s": "one.line"}, "re multi": {"path|re|m": "^lines$"}, "re end": {"path|re": "lines$"}, "re edge": {"path|re": "\\bword\\b"},
    "re cr": {"path|re": "end.\\s$"}, "re quote": {"path|re": "it's; [A-Z]+"}, "re k": {"kind|re|i": "^k"}, "re number": {"rows|re": "^9+$"}, "re of flag": {"flag|re": "^t"},
    "number": {"rows": 500}, "number gte": {"rows|gte": 500}, "number lt": {"rows|lt": 0}, "number exact": {"rows": 9007199254740993}, "number real": {"rows|gt": 2.5},
    "number equals real": {"rows": 2.5}, "number as text": {"rows": "50*"}, "text number": {"code": 517}, "text number gte": {"code|gte": 500}, "text number real": {"code": 1.5},
    "text number small": {"code|lte": 0.5}, "text number exact": {"code": 9007199254740993}, "real": {"ratio": 0.1}, "real zero": {"ratio": 0}, "real gt": {"ratio|gt": 2}, "real whole": {"ratio": 2},
    "real far": {"ratio|gte": 9007199254740993}, "flag": {"flag": True}, "flag false": {"flag": False}, "flag as text": {"flag": "TRUE"}, "number is no flag": {"rows": True}, "text as flag": {"kind": True},
    "null": {"user": None}, "not null": {"user|neq": None}, "null number": {"rows": None}, "null flag": {"flag": None}, "exists": {"sure|exists": True}, "exists not": {"sure|exists": False},
    "exists nullable": {"user|exists": True}, "empty": {"user": ""},
    "cidr": {"ip|cidr": "10.0.0.0/8"}, "cidrs": {"ip|cidr": ["192.168.1.0/25", "203.0.113.128/25"]}, "cidr host": {"ip|cidr": "10.1.2.3"}, "cidr all": {"ip|cidr": "0.0.0.0/0"},
    "cidr six": {"ip|cidr": "2001:db8::/32"}, "cidr six host": {"ip|cidr": "::1"}, "cidr too wide": {"ip|cidr": "::/0"}, "cidr of number": {"rows|cidr": "10.0.0.0/8"},
    "minute": {"ts|minute": 30}, "hour": {"ts|hour|gte": 12}, "day": {"when|day": 5}, "week": {"when|week": 10}, "month": {"when|month|lt": 3}, "year": {"when|year": 2025},
    "after": {"when|after": "ts"}, "after plus": {"ts|after": "when + 1h"}, "fieldref": {"user|fieldref": "other"}, "fieldref cased": {"user|fieldref|cased": "other"},
    "fieldref kind": {"kind|fieldref": "other"}, "fieldref numbers": {"rows|fieldref": "Geo.zip"}, "fieldref real": {"rows|fieldref": "ratio"}, "fieldref mixed": {"code|fieldref": "rows"},
    "tags": {"tags": "vip"}, "tags contains": {"tags|contains": "STRASSE"}, "tags re": {"tags|re": "^x.y$"}, "tags cidr": {"tags|cidr": "10.0.0.0/8"}, "tags flag": {"tags": True}, "tags cased": {"tags|cased": "VIP"},
    "nested": {"Geo.country": "de"}, "deep": {"Geo.deep.er": "A"}, "weird name": {"we\"ird `name'; --": "yes"},
    "text as time": {"path|hour": 3}, "real as text": {"ratio": "0.*"},
}
OTHER = [
    {"title": "not of absent", "detection": {"a": {"kind": "login"}, "b": {"rows|gte": 5}, "condition": "not a and not b"}},
    {"title": "two of", "detection": {"a": {"kind": "login"}, "b": {"rows|gte": 5}, "c": {"flag": True}, "condition": "2 of them"}},
    {"title": "list of maps", "detection": {"a": [{"kind": "login", "flag": True}, {"kind": "export"}], "condition": "a"}},
    {"title": "keyword", "detection": {"a": ["login"], "condition": "a"}},
    {"title": "it's \"hostile\"; DROP TABLE events; --\n`${env:HOME}`", "id": "x'); DROP TABLE events; --`${env:HOME}`\\", "detection": {"a": {"kind": "delete"}, "condition": "a"}},
    {"title": "row", "enrich": {"person": {"table": "people", "key": "subject"}}, "detection": {"a": {"person.role": "ADMIN"}, "condition": "a"}},
    {"title": "row absent", "enrich": {"person": {"table": "people", "key": "subject"}}, "detection": {"a": {"person.role": None}, "condition": "a"}},
    {"title": "row of row", "enrich": {"person": {"table": "people", "key": "subject"}, "boss": {"table": "people", "key": "person.boss"}}, "detection": {"a": {"boss.role": "clerk", "ts|after": "boss.until"}, "condition": "a"}},
    {"title": "row outside", "enrich": {"person": {"table": "people", "key": "subject"}}, "detection": {"a": {"ts|outside": "person.hours"}, "condition": "a"}},
    {"title": "no column", "detection": {"a": {"nowhere": "x"}, "condition": "a"}},
]
BASES = {
    "b_login": {"kind": "login"}, "b_export": {"kind": "export"}, "b_grant": {"kind": ["grant", "use"]}, "b_any": {"n|gte": 0}, "b_flag": {"flag": True}, "b_delete": {"kind": "delete"},
    "b_rows": {"rows|gte": 0, "rows|lt": 1000},
}
# title: correlation
CORRELATIONS = {
    "count": {"type": "event_count", "rules": ["b_login"], "group-by": ["user"], "timespan": "1m", "condition": {"gte": 3}},
    "count all": {"type": "event_count", "rules": ["b_delete"], "timespan": "30s", "condition": {"gt": 3, "lte": 9}},
    "count neq": {"type": "event_count", "rules": ["b_login", "b_flag"], "group-by": ["user"], "timespan": "1m", "condition": {"neq": 1}},
    "count of two": {"type": "event_count", "rules": ["b_login", "b_flag"], "group-by": ["user", "Geo.country"], "timespan": "2m", "condition": {"gte": 2}},
    "count real": {"type": "event_count", "rules": ["b_any"], "group-by": ["flag"], "timespan": "1s", "condition": {"gt": 2.5}},
    "count by number": {"type": "event_count", "rules": ["b_any"], "group-by": ["Geo.zip"], "timespan": "2s", "condition": {"gte": 4}},
    "count by real": {"type": "event_count", "rules": ["b_any"], "group-by": ["ratio"], "timespan": "2s", "condition": {"gte": 4}},
    "count absent": {"type": "event_count", "rules": ["b_login"], "group-by": ["user", "flag"], "absent": "group", "timespan": "5m", "condition": {"gte": 2}},
    "count weird": {"type": "event_count", "rules": ["b_any"], "group-by": ["we\"ird `name'; --"], "timespan": "1s", "condition": {"gte": 4}},
    "distinct": {"type": "value_count", "rules": ["b_any"], "group-by": ["user"], "timespan": "2m", "condition": {"field": "kind", "gte": 5}},
    "distinct two": {"type": "value_count", "rules": ["b_any"], "group-by": ["user"], "timespan": "2m", "condition": {"field": ["kind", "Geo.zip"], "gte": 7}},
    "distinct real": {"type": "value_count", "rules": ["b_any"], "group-by": ["user"], "timespan": "2m", "condition": {"field": "ratio", "gte": 5}},
    "sum": {"type": "value_sum", "rules": ["b_any"], "group-by": ["user"], "timespan": "2m", "condition": {"field": "rows", "gte": 2000}},
    "sum eq": {"type": "value_sum", "rules": ["b_rows"], "group-by": ["user"], "timespan": "10s", "condition": {"field": "rows", "eq": 7}},
    "sum real": {"type": "value_sum", "rules": ["b_any"], "group-by": ["user"], "timespan": "2m", "condition": {"field": "ratio", "gte": 2}},
    "share": {"type": "value_share", "rules": ["b_rows"], "group-by": ["user"], "timespan": "5m", "condition": {"field": ["rows", "seq"], "gte": 10}},
    "avg": {"type": "value_avg", "rules": ["b_rows"], "group-by": ["user"], "timespan": "5m", "condition": {"field": "rows", "gte": 333.3}},
    "median": {"type": "value_median", "rules": ["b_rows"], "group-by": ["user"], "timespan": "5m", "condition": {"field": "rows", "gt": 100, "lt": 500}},
    "median real": {"type": "value_median", "rules": ["b_any"], "group-by": ["user"], "timespan": "5m", "condition": {"field": "ratio", "gte": 0.3, "lte": 2}},
    "percentile": {"type": "value_percentile", "rules": ["b_rows"], "group-by": ["user"], "timespan": "5m", "condition": {"field": "rows", "percentile": 90, "gte": 600}},
    "percentile zero": {"type": "value_percentile", "rules": ["b_rows"], "group-by": ["user"], "timespan": "5m", "condition": {"field": "rows", "percentile": 0, "gte": 2}},
    "temporal": {"type": "temporal", "rules": ["b_login", "b_export"], "group-by": ["user"], "timespan": "5m"},
    "temporal two of three": {"type": "temporal", "rules": ["b_login", "b_export", "b_grant"], "group-by": ["user"], "timespan": "2m", "condition": {"gte": 2}},
    "temporal not": {"type": "temporal", "rules": ["b_login", "b_export", "b_grant"], "group-by": ["user"], "timespan": "5m", "condition": "b_login and (b_export or b_grant) and not (b_export and b_grant)"},
    "ordered": {"type": "temporal_ordered", "rules": ["b_login", "b_export"], "group-by": ["user"], "timespan": "5m"},
    "ordered three": {"type": "temporal_ordered", "rules": ["b_login", "b_grant", "b_export"], "group-by": ["user"], "timespan": "30m"},
    "ordered same": {"type": "temporal_ordered", "rules": ["b_login", "b_login"], "group-by": ["user"], "timespan": "1s"},
    "alias": {"type": "temporal_ordered", "rules": ["b_grant", "b_export"], "group-by": ["who"], "timespan": "10m", "aliases": {"who": {"b_grant": "other", "b_export": "user"}}},
    "alias types": {"type": "temporal", "rules": ["b_grant", "b_export"], "group-by": ["who"], "timespan": "10m", "aliases": {"who": {"b_grant": "rows", "b_export": "user"}}},
    "chained": {"type": "temporal_ordered", "rules": ["c_many", "b_export"], "group-by": ["user"], "timespan": "10m"},
    "chained twice": {"type": "event_count", "rules": ["c_many", "c_sum", "b_login"], "group-by": ["Geo.country"], "timespan": "10m", "condition": {"gte": 4}},
    "first seen": {"type": "first_seen", "rules": ["b_any"], "group-by": ["user"], "timespan": "10m", "condition": {"field": "kind", "after": 3}},
    "first seen two": {"type": "first_seen", "rules": ["b_any"], "group-by": ["user"], "timespan": "10m", "condition": {"field": ["kind", "flag"], "after": 3}},
    "missing": {"type": "missing", "rules": ["b_any"], "group-by": ["flag"], "timespan": "1d", "condition": {"field": "seq"}},
    "hash chain": {"type": "hash_chain", "rules": ["b_any"], "timespan": "1d", "condition": {"field": ["prev_hash", "hash"]}},
    "silence": {"type": "silence", "rules": ["b_any", "b_grant"], "group-by": ["user"], "timespan": "20m"},
    "silence before": {"type": "silence", "rules": ["b_any"], "group-by": ["subject"], "timespan": "60m", "condition": {"field": "when"}},
    "silence factor": {"type": "silence", "rules": ["b_any"], "group-by": ["user"], "timespan": "5m", "condition": {"factor": 3}},
    "silence hours": {"type": "silence", "rules": ["b_any"], "group-by": ["user"], "timespan": "5m", "condition": {"days": [1, 2, 3]}},
    "distance": {"type": "distance", "rules": ["b_any"], "group-by": ["user"], "timespan": "5m", "condition": {"field": ["ratio", "ratio"]}},
    "span": {"type": "span", "rules": ["b_any"], "group-by": ["user"], "timespan": "5m"},
    "not followed": {"type": "not_followed", "rules": ["b_login", "b_export"], "group-by": ["user"], "timespan": "5m"},
    "concurrent": {"type": "concurrent", "rules": ["b_login", "b_export"], "group-by": ["user"], "timespan": "5m", "condition": {"field": "hash"}},
    "overlap": {"type": "overlap", "rules": ["b_login"], "group-by": ["user"], "timespan": "5m", "condition": {"field": ["hash", "ip"]}},
}
INNER = {
    "c_many": {"type": "event_count", "rules": ["b_login"], "group-by": ["user"], "timespan": "2m", "condition": {"gte": 2}},
    "c_sum": {"type": "value_sum", "rules": ["b_rows"], "group-by": ["user"], "timespan": "2m", "condition": {"field": "rows", "gte": 1000}},
}
# Refused everywhere, or by these dialects.
REFUSED = {
    "exists nullable": "", "cidr too wide": "", "text as time": "", "real as text": "", "keyword": "", "row outside": "", "no column": "",
    "count by real": "", "distinct real": "", "sum real": "", "share": "", "alias types": "", "silence factor": "", "silence hours": "", "distance": "", "span": "",
    "not followed": "", "concurrent": "", "overlap": "", "by network": "",
    "re edge": "duckdb spark", "re multi": "spark",
    "tags": "datafusion", "tags contains": "datafusion", "tags re": "datafusion", "tags cidr": "datafusion", "tags flag": "datafusion", "tags glob": "datafusion", "tags cased": "datafusion",
}


def documents():
    for title, search in SINGLE.items():
        yield {"title": title, "detection": {"sel": search, "condition": "sel"}}
    yield from OTHER
    for name, search in BASES.items():
        yield {"title": name, "name": name, "detection": {"sel": search, "condition": "sel"}}
    for name, correlation in INNER.items():
        yield {"title": name, "name": name, "correlation": correlation}
    for title, correlation in CORRELATIONS.items():
        yield {"title": title, "correlation": correlation}
    # Networks are made by the engine alone.
    yield {"title": "by network", "networks": {"net": {"of": "ip", "v4": 24, "v6": 64}},
           "correlation": {"type": "event_count", "rules": ["b_any"], "group-by": ["net"], "timespan": "1s", "condition": {"gte": 2}}}


def yaml():
    """JSON is YAML."""
    return "\n---\n".join(json.dumps(d, ensure_ascii=False) for d in documents()) + "\n"


# Rules that hold of nothing, on purpose.
NEVER = {"number equals real", "number is no flag", "text as flag", "cidr of number"}
