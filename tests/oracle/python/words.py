"""Money, dates and names, as packs and requests write them."""

import datetime
import functools
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal(0)
HUNDRED = Decimal(100)
DAY = 24 * 60
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ZONES = {
    "ACT": "Australia/Canberra",
    "NSW": "Australia/Sydney",
    "NT": "Australia/Darwin",
    "QLD": "Australia/Brisbane",
    "SA": "Australia/Adelaide",
    "TAS": "Australia/Hobart",
    "VIC": "Australia/Melbourne",
    "WA": "Australia/Perth",
}
EPOCH = datetime.datetime(1970, 1, 1)


class Refused(Exception):
    """The request has no price."""


def rounded(amount, step=CENT):
    """To the next step, halves up."""
    return (amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step


def share(amount, percent):
    return amount * percent / HUNDRED


@functools.cache
def minutes_of(hours):
    """Whole minutes of hours to four places: 1.8333 is 110 minutes."""
    return int((Decimal(hours) * 60).quantize(Decimal(1), ROUND_HALF_UP))


@functools.cache
def clock(text):
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def day_number(date):
    return (date - EPOCH.date()).days


def date_of(number):
    return EPOCH.date() + datetime.timedelta(days=number)


def months_later(date, months):
    """The same day of a later month, or the last that the month has."""
    month = date.month - 1 + months
    year, month = date.year + month // 12, month % 12 + 1
    for day in (date.day, 30, 29, 28):
        if day <= date.day:
            try:
                return date.replace(year=year, month=month, day=day)
            except ValueError:
                pass
    raise AssertionError


def matches(patterns, code):
    """Whether a list of patterns takes a code: `*` ends one, `!` takes out again."""
    if patterns is None:
        return True
    fits = lambda it: code.startswith(it[:-1]) if it.endswith("*") else code == it
    wanted = [it for it in patterns if not it.startswith("!")]
    unwanted = [it[1:] for it in patterns if it.startswith("!")]
    return (not wanted or any(map(fits, wanted))) and not any(map(fits, unwanted))


def cents(amount):
    return int(rounded(amount) * 100)
