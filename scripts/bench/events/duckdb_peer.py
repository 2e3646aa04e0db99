#!/usr/bin/env python3
"""The workload of rules.yml in DuckDB, written by hand: one typed load of the needed columns, then one statement a rule.

Text is compared as the log spells it, which on this log is the same and is faster than without regard to case. Prints what
oracle.py counts without its last column: rule, key, firings, first millisecond.
"""

import re
import sys

import duckdb

LOAD = """
CREATE TABLE e AS SELECT epoch_ms(ts) AS t, event_type AS k, user_id AS u, "role" AS r, source AS s, src_ip AS ip, path, session_id,
  user_agent AS ua, note, target_user AS tu, resource_type AS rt, resource_id AS rid, "rows" AS n, bytes AS b, latency_ms AS l, mfa,
  geo.country AS country, geo.city AS city, device.id AS dev, device.managed AS managed,
  CASE WHEN ip_parts[1] IS NOT NULL THEN ip_parts[1]::BIGINT * 16777216 + ip_parts[2]::BIGINT * 65536 + ip_parts[3]::BIGINT * 256 + ip_parts[4]::BIGINT END AS ipn
FROM (SELECT *, string_split(src_ip, '.') AS ip_parts FROM read_json('{log}', format = 'newline_delimited', columns = {{
  ts: 'TIMESTAMP', event_type: 'VARCHAR', user_id: 'VARCHAR', "role": 'VARCHAR', source: 'VARCHAR', src_ip: 'VARCHAR', path: 'VARCHAR',
  session_id: 'VARCHAR', user_agent: 'VARCHAR', note: 'VARCHAR', target_user: 'VARCHAR', resource_type: 'VARCHAR', resource_id: 'VARCHAR',
  "rows": 'BIGINT', bytes: 'BIGINT', latency_ms: 'BIGINT', mfa: 'BOOLEAN', geo: 'STRUCT(country VARCHAR, city VARCHAR)',
  device: 'STRUCT(id VARCHAR, managed BOOLEAN)'}}, ignore_errors = {lenient}))
"""

SINGLE = {
    "M01 configuration changed": "k = 'config_change'",
    "M02 unmanaged device": "NOT managed",
    "M03 permissions or configuration by finance or marketing": "k IN ('permission_change', 'config_change') AND r IN ('finance', 'marketing')",
    "M04 from the test network": "ipn BETWEEN 3405803776 AND 3405804031",
    "M05 change from outside": "k = 'config_change' AND NOT coalesce(ipn BETWEEN 167772160 AND 184549375 OR ipn BETWEEN 3232235520 AND 3232301055, false)",
    "M06 script as a browser": "contains(ua, 'python-requests') OR contains(ua, 'curl/')",
    "M07 audit switched off": "regexp_matches(path, '^/admin/audit/(disable|clear)')",
    "M08 old phone": "k = 'export' AND regexp_matches(ua, 'iPhone OS (1[0-7])_')",
    "M09 administration page": "starts_with(path, '/admin/')",
    "M10 session of the last hundred thousandth": "ends_with(session_id, '0000f')",
    "M11 many rows": "k = 'export' AND n >= 500",
    "M12 many bytes": "b > 1000000",
    "M13 permission given to somebody": "k = 'permission_change' AND tu IS NOT NULL",
    "M14 pasted event": """k = 'create' AND contains(note, '{"event_type":"delete"}')""",
    "M15 export without second factor": "(k = 'export' AND NOT mfa) OR (k = 'api_call' AND rt = 'invoice' AND NOT mfa AND r = 'admin')",
}
MIN = 60_000
# rule: (which events, group, window, computed, bound)
WINDOWS = {
    "S01 many failures": ("k = 'login_failed'", "u", 15 * MIN, "count(*)", ">= 10"),
    "S02 mass deletion": ("k = 'delete'", "u", 10 * MIN, "count(*)", ">= 50"),
    "S03 busy source": ("k IN ('export', 'delete')", "s", 5 * MIN, "count(*)", "> 12"),
    "S04 spraying": ("k = 'login_failed'", "ip", 60 * MIN, "count(DISTINCT u)", ">= 10"),
    "S05 mass viewing": ("k = 'read'", "u", 60 * MIN, "count(DISTINCT rid)", ">= 200"),
    "S06 many countries": ("k = 'login'", "u", 60 * MIN, "count(DISTINCT country)", ">= 3"),
    "S07 many devices": ("k = 'login'", "u", 60 * MIN, "count(DISTINCT dev)", ">= 3"),
    "S08 department reading everything": ("k = 'read'", "city", 10 * MIN, "count(DISTINCT rid)", ">= 300"),
    "S09 rows taken": ("k = 'export'", "u", 60 * MIN, "sum(n)", ">= 1000"),
    "S13 slow interface": ("k = 'api_call'", "s", 2 * MIN, "avg(l)", ">= 560"),
    "S14 middle of exports": ("k = 'export'", "r", 5 * MIN, "median(n)", ">= 300"),
    "S15 same record deleted and read": ("k IN ('read', 'delete')", "rt, s", MIN, "count(*)", ">= 12"),
}


def over(group, window):
    return f"OVER (PARTITION BY {group} ORDER BY t RANGE BETWEEN {window - 1} PRECEDING AND CURRENT ROW)"


def windowed(which, group, window, computed, bound):
    value = re.search(r"\((?:DISTINCT )?(\w+)\)", computed)
    values = ", ".join(dict.fromkeys(["t", *group.split(", "), *(value.groups() if value else ())]))
    # Where as many events as values are needed, groups with fewer cannot fire and need not be counted.
    enough = ""
    if "DISTINCT" in computed or computed == "count(*)":
        least = int(bound.split()[1])
        enough = f" QUALIFY count(*) OVER (PARTITION BY {group}) >= {least}"
    return f"SELECT t, {group} FROM (SELECT t, {group}, {computed} {over(group, window)} AS v FROM (SELECT {values} FROM e WHERE {which}{enough})) WHERE v {bound}"


def statements():
    for rule, condition in SINGLE.items():
        yield rule, "", f"SELECT t FROM e WHERE {condition}"
    for rule, (which, group, window, computed, bound) in WINDOWS.items():
        yield rule, group, windowed(which, group, window, computed, bound)
    alarms = windowed(*WINDOWS["S01 many failures"])
    for rule, first, second, window in (("S10 failures then sign-in", f"SELECT t, u FROM ({alarms})", "k = 'login'", 30 * MIN),
                                        ("S11 given, then exported", "SELECT t, tu AS u FROM e WHERE k = 'permission_change' AND tu IS NOT NULL", "k = 'export'", 60 * MIN)):
        both = f"SELECT t, u, 1 AS a FROM ({first}) UNION ALL SELECT t, u, 0 FROM e WHERE {second} AND u IN (SELECT u FROM ({first}))"
        yield rule, "u", f"SELECT t, u FROM (SELECT t, u, a, sum(a) {over('u', window)} AS n FROM ({both})) WHERE a = 0 AND n > 0"
    three = ", ".join(f"max(CAST(k = '{k}' AS INT)) {over('city', 2 * MIN)} AS h{i}" for i, k in enumerate(("login_failed", "permission_change", "export")))
    yield ("S12 failure, grant and export together", "city",
           f"SELECT t, city FROM (SELECT t, city, {three} FROM e WHERE k IN ('login_failed', 'permission_change', 'export')) WHERE h0 + h1 + h2 = 3")


def main():
    log, threads, lenient = sys.argv[1], int(sys.argv[2]), "lenient" in sys.argv[3:]
    db = duckdb.connect(config={"threads": threads})
    db.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
    db.execute(LOAD.format(log=log.replace("'", "''"), lenient=str(lenient).lower()))
    for rule, group, sql in statements():
        by = f"GROUP BY {group}" if group else "HAVING count(*) > 0"
        columns = f"{group}, " if group else ""
        for row in db.execute(f"SELECT {columns}count(*), min(t) FROM ({sql}) {by}").fetchall():
            print(rule, "|".join(row[:-2]), *row[-2:], sep="\t")


if __name__ == "__main__":
    main()
