"""Working days as another author's library sees them, with the corrections that the law demands of that library.

Every correction names the law it rests on; `corrected=False` shows the library as it is, so that the report can say how
many cases a correction decides. Nothing here reads the product's own calendars.
"""
import datetime as dt
import functools
import warnings

import chinese_calendar
from dateutil.easter import EASTER_ORTHODOX, easter
from workalendar.europe import UnitedKingdom, UnitedKingdomNorthernIreland
from workalendar.registry import registry

warnings.filterwarnings("ignore")

DAY = dt.timedelta(days=1)


def nth(year, month, weekday, n):
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def last(year, month, weekday):
    end = dt.date(year + month // 12, month % 12 + 1, 1) - DAY
    return end - dt.timedelta(days=(end.weekday() - weekday) % 7)


def liechtenstein(y):
    e = easter(y)
    fixed = [(1, 1), (1, 6), (2, 2), (3, 19), (5, 1), (8, 15), (9, 8), (11, 1), (12, 8), (12, 25), (12, 26)]
    return {dt.date(y, m, d) for m, d in fixed} | {e + dt.timedelta(days=n) for n in (1, 39, 50, 60)}


def cyprus(y):
    e = easter(y, EASTER_ORTHODOX)
    fixed = [(1, 1), (1, 6), (3, 25), (4, 1), (5, 1), (8, 15), (10, 1), (10, 28), (12, 25), (12, 26)]
    return {dt.date(y, m, d) for m, d in fixed} | {e + dt.timedelta(days=n) for n in (-48, -2, 1, 50)}


def substituted(days):
    """Banking and Financial Dealings Act 1971: a bank holiday at a weekend moves to the next free weekday."""
    moved = set()
    for day in sorted(days):
        while day.weekday() >= 5 or day in moved:
            day += DAY
        moved.add(day)
    return moved


def scotland(y):
    moving = {easter(y) - 2 * DAY, nth(y, 5, 0, 1), last(y, 5, 0), nth(y, 8, 0, 1)}
    if y == 2020:
        moving = (moving - {nth(y, 5, 0, 1)}) | {dt.date(2020, 5, 8)}
    if y == 2022:
        moving = (moving - {last(y, 5, 0)}) | {dt.date(2022, 6, 2), dt.date(2022, 6, 3), dt.date(2022, 9, 19)}
    moving |= {2023: {dt.date(2023, 5, 8)}, 2026: {dt.date(2026, 6, 15)}}.get(y, set())
    fixed = [(1, 1), (1, 2), (11, 30), (12, 25), (12, 26)]
    return moving | substituted({dt.date(y, m, d) for m, d in fixed})


# Places that the library lacks or has wrong from the ground up: built here from the law.
OWN = {
    "LI": (liechtenstein, "Liechtenstein is not in the library; ArG FL Art. 18 and the official list"),
    "CY": (cyprus, "the library computes Orthodox feasts by the Western Easter and moves 15 August to July; Public Holidays Law, Cyprus"),
    "GB-SCT": (scotland, "the library knows only part of Scotland; Banking and Financial Dealings Act 1971 Sch. 1 para 2"),
}

# What the library lists and the law of the place does not (or the reverse): (place, add or drop, which, why).
# `which` is a predicate on the day.
md = lambda m, d: (lambda x: (x.month, x.day) == (m, d))
since = lambda y, p: (lambda x: x.year >= y and p(x))
on = lambda *days: (lambda x: x.isoformat() in days)
CORRECTIONS = [
    ("SE", "drop", lambda x: (x.month, x.day) in ((12, 24), (12, 31)), "Lag (1989:253) om allmänna helgdagar does not list the eves"),
    ("SE", "drop", lambda x: x.month == 6 and x.weekday() == 4 and 19 <= x.day <= 25, "Lag (1989:253): Midsummer Day, not its eve"),
    ("DK", "drop", md(12, 24), "helligdage are those of the church; 24 December is none"),
    ("DK", "drop", since(2024, lambda x: x == easter(x.year) + 26 * DAY), "Lov nr. 214 af 06/03/2023: store bededag abolished from 2024"),
    ("IS", "drop", lambda x: (x.month, x.day) in ((12, 24), (12, 31)), "Lög nr. 88/1971: half days only"),
    ("NL", "drop", lambda x: (x.month, x.day) == (5, 5) and x.year % 5 != 0, "a free day every fifth year by custom; the careful list leaves the other years out"),
    ("SK", "drop", lambda x: (x.month, x.day) == (9, 1) and x.year >= 2024, "zákon 241/1993 as amended: 1 September is no day of rest since 2024"),
    ("SK", "drop", lambda x: (x.month, x.day) == (11, 17) and x.year >= 2025, "zákon 241/1993 as amended: 17 November is no day of rest since 2025"),
    ("SK", "drop", on("2026-05-08", "2026-09-15"), "zákon 261/2025: worked in 2026"),
    ("IE", "drop", lambda x: x.isoformat() in IRISH_SHIFTS, "Organisation of Working Time Act 1997 Sch. 2: no day in place of one at a weekend"),
    ("IE", "add", on("2022-03-18"), "S.I. 50/2022: day of remembrance and recognition"),
    ("IE", "add", since(2023, lambda x: x == saint_brigid(x.year)), "S.I. 50/2022: Saint Brigid's Day from 2023"),
    ("GB-ENG", "add", on("2023-05-08"), "Royal proclamation: coronation"),
    ("GB-WLS", "add", on("2023-05-08"), "Royal proclamation: coronation"),
    ("GB-NIR", "add", on("2023-05-08"), "Royal proclamation: coronation"),
    ("DE-BE", "add", on("2025-05-08"), "Berlin: Gesetz über die Sonn- und Feiertage § 1, 8 May 2025 once"),
    ("DE-BY", "drop", md(8, 15), "Bavaria: BayFTG Art. 1(1) no. 2, only in communities with a Catholic majority"),
    ("DE-MV", "add", since(2023, md(3, 8)), "Mecklenburg-Vorpommern: FTG M-V, 8 March from 2023"),
    ("DE-TH", "add", md(9, 20), "Thuringia: ThürFtG § 2, 20 September since 2019"),
    ("PL", "add", since(2025, md(12, 24)), "Ustawa z 6.12.2024 (Dz.U. 1965): Christmas Eve from 2025"),
    ("HU", "add", since(2026, md(12, 24)), "Mt. 102. § (1): 24 December"),
    ("RO", "add", since(2024, lambda x: (x.month, x.day) in ((1, 6), (1, 7))), "Legea 52/2023: 6 and 7 January from 2024"),
    ("IT", "add", since(2026, md(10, 4)), "Legge 151/2025: 4 October from 2026"),
    ("SI", "add", on("2023-08-14"), "Slovenia: solidarity day 2023, Ur. l. RS"),
    ("LV", "add", on("2023-05-29", "2023-07-10"), "Latvia: special acts of 2023"),
    ("BG", "add", on("2023-12-27", "2028-12-27", "2034-12-27", "2027-05-04", "2032-05-04"), "Кодекс на труда чл. 154(2): a holiday at a weekend gives the next working day"),
    ("GR", "add", on("2021-05-04", "2022-05-02", "2024-05-07"), "ministerial decisions moving 1 May"),
    ("GR", "drop", on("2024-05-01"), "ministerial decision moving 1 May 2024"),
]


def saint_brigid(y):
    """S.I. 50/2022: the first Monday of February, or 1 February when that is a Friday."""
    first = dt.date(y, 2, 1)
    return first if first.weekday() == 4 else nth(y, 2, 0, 1)


def irish_shifts():
    """The library's days in place of Irish holidays at weekends: 17 March, Christmas, New Year."""
    found = set()
    calendar = registry.get("IE")()
    for y in range(2019, 2037):
        found |= {d.isoformat() for d, name in calendar.holidays(y) if ("hift" in name or "substitute" in name) and (d.month, d.day) != (12, 26)}
    return found


IRISH_SHIFTS = irish_shifts()
FIRST, LAST = 2020, 2035


@functools.lru_cache(maxsize=None)
def library(place, year):
    """The library's own list of a year."""
    if place in ("GB-ENG", "GB-WLS", "GB-SCT"):
        calendar = UnitedKingdom()
    elif place == "GB-NIR":
        calendar = UnitedKingdomNorthernIreland()
    else:
        found = registry.get(place)
        if found is None:
            return frozenset()
        calendar = found()
    return frozenset(d for d, _ in calendar.holidays(year))


@functools.lru_cache(maxsize=None)
def holidays(place, year, corrected=True):
    """The public holidays of a place in a year. Outside 2020-2035 none: then only weekends are free (rule D14)."""
    if not FIRST <= year <= LAST:
        return frozenset()
    if not corrected:
        return library(place, year)
    if place in OWN:
        return frozenset(OWN[place][0](year))
    days = set(library(place, year))
    for where, what, which, _ in CORRECTIONS:
        if where != place:
            continue
        if what == "drop":
            days = {d for d in days if not which(d)}
        else:
            day = dt.date(year, 1, 1)
            while day.year == year:
                if which(day):
                    days.add(day)
                day += DAY
    return frozenset(days)


def works(place, day, corrected=True):
    return day.weekday() < 5 and day not in holidays(place, day.year, corrected)


@functools.lru_cache(maxsize=None)
def california(year):
    """Rule D10, written down anew: free both federally and under Gov. Code 6700."""
    if not FIRST <= year <= LAST:
        return frozenset()
    days = {nth(year, 1, 0, 3), nth(year, 2, 0, 3), last(year, 5, 0), nth(year, 9, 0, 1), nth(year, 10, 0, 2), nth(year, 11, 3, 4)}
    fixed = [(1, 1), (7, 4), (11, 11), (12, 25)] + ([(6, 19)] if year >= 2023 else [])
    for m, d in fixed:
        day = dt.date(year, m, d)
        if day.weekday() == 6:
            day += DAY
        elif day.weekday() == 5 and (m, d) == (11, 11):
            day -= DAY
        days.add(day)
    return frozenset(days)


def california_works(day):
    return day.weekday() < 5 and day not in california(day.year)


def china_works(day):
    """None when there is no official list for the year."""
    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        return None
