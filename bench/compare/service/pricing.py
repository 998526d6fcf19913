"""Prices shifts under the rule table of an award, to the cent.

The table is the pack that the box under comparison has: ordinary hours, penalties and overtime of the
award, hourly rates of its classifications, public holidays. Local clocks are taken as they are written.
"""

from bisect import bisect_left
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
HUNDRED = Decimal(100)
HOUR = Decimal(3600)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Refused(Exception):
    """A request that has no price."""


def cents(amount):
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def clock(text, otherwise):
    return time.fromisoformat(text) if text else otherwise


def hours(delta):
    return Decimal(int(delta.total_seconds())) / HOUR


def moment(day, at):
    """`None` is the end of the day."""
    if at is None:
        return datetime.combine(day + timedelta(days=1), time.min)
    return datetime.combine(day, at)


class Table:
    """One version of an award, made ready to be asked."""

    def __init__(self, award, hourly, holidays):
        self.hourly = Decimal(hourly)
        self.casual_loading = Decimal(award["casual_loading"])
        self.ordinary = award["ordinary"]
        self.penalties = award["penalty"]
        self.overtime = award["overtime"]
        self.holidays = {date.fromisoformat(day) for day in holidays}

    def day_name(self, day):
        return "holiday" if day in self.holidays else DAYS[day.weekday()]

    def quote(self, employment, shifts):
        rules = [rule for rule in self.ordinary if employment in rule["employment"]]
        if not rules:
            raise Refused(f"no ordinary hours for {employment}")
        ordinary, lines = rules[0], []
        left_this_week, long_days = {}, {}
        daily_max, long_day = Decimal(ordinary["daily_max"]), ordinary.get("long_day")
        ordered = sorted(enumerate(shifts), key=lambda it: it[1]["start"])
        for index, shift in ordered:
            week = shift["start"].isocalendar()[:2]
            before = left_this_week.get(week, Decimal(ordinary["weekly_max"]))
            most = daily_max
            if long_day and long_days.get(week, 0) < long_day["per_week"]:
                most = Decimal(long_day["max"])
            left_week = self.price_shift(index, shift, ordinary, most, before, employment, lines)
            if daily_max < before - left_week:
                long_days[week] = long_days.get(week, 0) + 1
            left_this_week[week] = min(before, left_week)
        lines.sort(key=lambda line: (line["shift"], line["from"]))
        return lines

    def price_shift(self, index, shift, ordinary, left_day, left_week, employment, lines):
        over = Decimal(0)
        for begin, end in self.pieces(shift, ordinary):
            day = self.day_name(begin.date())
            if not self.in_span(ordinary, begin, end):
                ordinary_end = begin
            else:
                free = timedelta(seconds=int(min(left_day, left_week) * HOUR))
                ordinary_end = min(end, begin + free)
            if begin < ordinary_end:
                worked = hours(ordinary_end - begin)
                left_day, left_week = left_day - worked, left_week - worked
                rule = self.penalty(day, begin, employment)
                self.add(lines, index, begin, ordinary_end, rule, employment)
            while ordinary_end < end:
                rule, until = self.overtime_rule(day, over, employment)
                piece_end = end
                if until is not None:
                    room = timedelta(seconds=int((until - over) * HOUR))
                    piece_end = min(end, ordinary_end + room)
                over += hours(piece_end - ordinary_end)
                self.add(lines, index, ordinary_end, piece_end, rule, employment)
                ordinary_end = piece_end
        return left_week

    def pieces(self, shift, ordinary):
        """The parts of a shift without its breaks, cut where any rule may change."""
        start, end = shift["start"], shift["end"]
        if end <= start or timedelta(hours=24) < end - start:
            raise Refused("a shift ends after it begins and takes 24 hours at most")
        cuts = {start, end}
        breaks = []
        for pause in shift["unpaid_breaks"]:
            if not start <= pause["start"] < pause["end"] <= end:
                raise Refused("a break lies inside its shift")
            breaks.append((pause["start"], pause["end"]))
            cuts.update(breaks[-1])
        day = start.date()
        while day <= end.date():
            cuts.add(moment(day, time.min))
            for rule in self.penalties + ordinary["span"]:
                cuts.add(moment(day, clock(rule.get("from"), time.min)))
                cuts.add(moment(day, clock(rule.get("to"), None)))
            day += timedelta(days=1)
        ordered = sorted(cuts)
        ordered = ordered[bisect_left(ordered, start):bisect_left(ordered, end) + 1]
        for begin, until in zip(ordered, ordered[1:]):
            if not any(first <= begin and until <= last for first, last in breaks):
                yield begin, until

    def in_span(self, ordinary, begin, end):
        day = DAYS[begin.weekday()]
        for span in ordinary["span"]:
            if day in span["days"]:
                opens = moment(begin.date(), clock(span.get("from"), time.min))
                closes = moment(begin.date(), clock(span.get("to"), None))
                if opens <= begin and end <= closes:
                    return True
        return False

    def penalty(self, day, begin, employment):
        found = None
        for rule in self.penalties:
            if day not in rule["days"] or employment not in rule["employment"]:
                continue
            opens = moment(begin.date(), clock(rule.get("from"), time.min))
            closes = moment(begin.date(), clock(rule.get("to"), None))
            if opens <= begin < closes:
                if found is None or Decimal(found["percent"]) < Decimal(rule["percent"]):
                    found = rule
        if found is None:
            raise Refused(f"no rule pays {begin.isoformat()}")
        return found

    def overtime_rule(self, day, over, employment):
        rules = [
            rule
            for rule in self.overtime
            if day in rule["days"] and employment in rule["employment"]
        ]
        if not rules:
            raise Refused(f"no rule pays overtime on {day}")
        starts = sorted(Decimal(rule.get("after", "0")) for rule in rules)
        reached = [rule for rule in rules if Decimal(rule.get("after", "0")) <= over]
        rule = max(reached, key=lambda it: Decimal(it.get("after", "0")))
        later = [start for start in starts if over < start]
        return rule, later[0] if later else None

    def add(self, lines, index, begin, end, rule, employment):
        percent = Decimal(rule["percent"])
        if employment == "casual" and rule.get("casual") == "additive":
            percent += self.casual_loading
        last = lines[-1] if lines else None
        if last and (last["shift"], last["rule"], last["to"]) == (index, rule["rule"], begin):
            last["to"] = end
            last["hours"] += hours(end - begin)
        else:
            last = {
                "shift": index,
                "from": begin,
                "to": end,
                "hours": hours(end - begin),
                "rule": rule["rule"],
                "percent": percent,
                "rate": cents(self.hourly * percent / HUNDRED),
                "clause": rule["clause"],
            }
            lines.append(last)
        last["amount"] = cents(last["rate"] * last["hours"])
