"""Prices shifts under the rules of an award, to the cent.

The rules are those of the pack that the box under comparison has, as far as a request of this service
can come to them: it states no flags, agreed hours, birthdays or claims. A pack with rules of another
make is refused when it is loaded, and shifts that need what is not here when they are asked about.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
HOURS = Decimal("0.0001")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NONE = timedelta()
PERIOD_DAYS = 31

# The keys of each list of rules that are priced, or that no request comes to.
PRICED = {
    "ordinary": {"employment", "clause", "daily_max", "weekly_max", "long_day", "span"}
    | {"consecutive_days_max", "beyond_agreed"},
    "penalty": {"employment", "clause", "rule", "shifts", "days", "from", "to", "percent", "casual"},
    "overtime": {"employment", "clause", "rule", "shifts", "days", "after", "percent", "casual"},
    "shift": {"name", "clause", "without", "rest_below"},
    "minimum": {"employment", "clause", "rule", "without", "hours"},
}
UNASKED = {"name", "week", "supported_wage", "higher_duties", "allowance"}


class Refused(Exception):
    """Something that is not priced here."""


def priced(award):
    """The rules that a request can come to: not those for flags, or for shifts that need flags."""
    if unknown := award.keys() - PRICED.keys() - UNASKED - {"casual_loading"}:
        raise Refused(f"rules with {sorted(unknown)}")
    if any(it.get("automatic") and "flags" not in it for it in award.get("allowance", [])):
        raise Refused("an allowance that nobody claims")
    kinds = {it["name"] for it in award.get("shift", []) if "flags" not in it}
    rules = {"casual_loading": award["casual_loading"]}
    for name, keys in PRICED.items():
        rules[name] = [
            rule
            for rule in award.get(name, [])
            if "flags" not in rule and ("shifts" not in rule or kinds & set(rule["shifts"]))
        ]
        for rule in rules[name]:
            if unknown := rule.keys() - keys:
                raise Refused(f"{name} with {sorted(unknown)}")
            if rule.get("casual", "additive") != "additive":
                raise Refused(f"{name} where casual is {rule['casual']}")
    employments = [it for rule in rules["ordinary"] for it in rule["employment"]]
    if len(employments) != len(set(employments)):
        raise Refused("ordinary hours of several kinds for one employment")
    return rules


@dataclass(frozen=True)
class Rate:
    """What a penalty or a tier of overtime pays, and when."""

    rule: str
    clause: str
    employment: frozenset
    days: frozenset
    shifts: frozenset
    percent: Decimal
    opens: timedelta
    closes: timedelta
    after: timedelta


@dataclass(frozen=True)
class Ordinary:
    """When ordinary hours end."""

    daily_max: timedelta
    long_max: timedelta
    long_per_week: int
    weekly_max: timedelta
    consecutive_days_max: int
    spans: tuple


@dataclass
class Used:
    """What the shifts so far have used up. A day is the one on which a shift starts."""

    day: date = date.min
    week: int = -1
    days_running: int = 0
    day_ordinary: timedelta = NONE
    day_overtime: timedelta = NONE
    day_is_long: bool = False
    week_ordinary: timedelta = NONE
    long_days: int = 0
    shift_end: datetime | None = None
    rested_from: datetime | None = None
    day_start: datetime | None = None

    def begin(self, start, first_day):
        if start.date() != self.day:
            self.days_running = self.days_running + 1 if start.date() - DAY == self.day else 1
            self.day = start.date()
            self.day_ordinary = self.day_overtime = NONE
            self.day_is_long = False
            self.rested_from, self.day_start = self.shift_end, start
        week = (self.day - first_day).days // 7
        if week != self.week:
            self.week = week
            self.week_ordinary = NONE
            self.long_days = 0

    def room(self, ordinary):
        """How long hours may still be ordinary."""
        if ordinary.consecutive_days_max < self.days_running:
            return NONE
        day_max = ordinary.daily_max
        if self.day_is_long or self.long_days < ordinary.long_per_week:
            day_max = max(day_max, ordinary.long_max)
        return min(day_max - self.day_ordinary, ordinary.weekly_max - self.week_ordinary)

    def work(self, worked, ordinary):
        self.day_ordinary += worked
        self.week_ordinary += worked
        if ordinary.daily_max < self.day_ordinary and not self.day_is_long:
            self.day_is_long = True
            self.long_days += 1


class Table:
    """One version of an award at one classification and in one state, made ready to be asked."""

    def __init__(self, rules, hourly, holidays):
        self.hourly = Decimal(hourly)
        self.casual_loading = Decimal(rules["casual_loading"])
        self.ordinary = {
            employment: read_ordinary(it) for it in rules["ordinary"] for employment in it["employment"]
        }
        self.penalties = [read_rate(it) for it in rules["penalty"]]
        self.overtime = sorted(map(read_rate, rules["overtime"]), key=lambda it: it.after)
        self.kinds = [(it["name"], duration(it["rest_below"])) for it in rules["shift"]]
        self.minimums = {}
        for it in rules["minimum"]:
            for employment in it["employment"]:
                owed = max(self.minimums.get(employment, NONE), duration(it["hours"]))
                self.minimums[employment] = owed
        # Each lasts until midnight.
        starts = [datetime.fromisoformat(it) for it in holidays]
        self.holidays = {it.date(): it for it in starts}
        self.years = {it.year for it in starts}
        spans = [it for ordinary in self.ordinary.values() for it in ordinary.spans]
        clocks = [at for _, opens, closes in spans for at in (opens, closes)]
        clocks += [at for it in self.penalties for at in (it.opens, it.closes)]
        self.cuts = sorted({*clocks, DAY})

    def quote(self, employment, shifts, pay_period_start):
        """The lines of a quote, in order of time. Weeks run from the start of the pay period."""
        ordinary = self.ordinary.get(employment)
        if ordinary is None:
            raise Refused(f"no ordinary hours for {employment}")
        used, lines = Used(), []
        stretches = [self.stretches(it) for it in shifts]
        for index, shift in sorted(enumerate(shifts), key=lambda it: it[1]["start"]):
            start, end, worked = shift["start"], shift["end"], stretches[index]
            if not 0 <= (start.date() - pay_period_start).days < PERIOD_DAYS:
                raise Refused(f"a shift lies within {PERIOD_DAYS} days of the pay period's start")
            if used.shift_end and start < used.shift_end:
                raise Refused("shifts do not overlap")
            used.begin(start, pay_period_start)
            kind = self.kind(used)
            pay = Pay(self, employment, ordinary, kind, used)
            for begin, until in worked:
                pay.work(begin, until)
            missing = self.minimums.get(employment, NONE) - sum((b - a for a, b in worked), NONE)
            pay.make_up(end, end + missing)
            lines.extend(pay.lines(index))
            used.shift_end = end
        return lines

    def stretches(self, shift):
        """The parts of a shift without its breaks."""
        start, end = shift["start"], shift["end"]
        pauses = [(it["start"], it["end"]) for it in shift["unpaid_breaks"]]
        for at in (start, end, *(at for pause in pauses for at in pause)):
            if at.tzinfo or at.second or at.microsecond:
                raise Refused("times are local, to the minute")
        pauses.sort()
        clocks = [start, *(at for pause in pauses for at in pause), end]
        if clocks != sorted(clocks) or any(first == last for first, last in [(start, end), *pauses]):
            raise Refused("a shift and its breaks end after they begin, breaks lie apart inside it")
        if DAY < end - start:
            raise Refused("a shift takes 24 hours at most")
        # What is made up may reach into the next day.
        if not self.years.issuperset((start.year, (end + DAY).year)):
            raise Refused("the public holidays of that year are not known")
        refuse_clock_change(start, end)
        found = [(a, b) for a, b in zip(clocks[::2], clocks[1::2]) if a < b]
        if not found:
            raise Refused("a shift without work")
        return found

    def kind(self, used):
        """The first kind that a shift is of, by the rest before the first shift of its day."""
        if used.rested_from is None:
            return None
        rest = used.day_start - used.rested_from
        for name, below in self.kinds:
            if rest <= below + HOUR:
                refuse_clock_change(used.rested_from, used.day_start)
            if rest < below:
                return name
        return None

    def pieces(self, begin, end):
        """The time cut at midnight, and where a span, a penalty or a public holiday may begin."""
        while begin < end:
            midnight = datetime.combine(begin, time.min)
            until = min(end, next(midnight + at for at in self.cuts if begin < midnight + at))
            holiday = self.holidays.get(begin.date(), begin)
            if begin < holiday:
                until = min(until, holiday)
            yield begin, until
            begin = until

    def day(self, at):
        holiday = self.holidays.get(at.date())
        return "holiday" if holiday and holiday <= at else DAYS[at.weekday()]


class Pay:
    """One shift on its way to lines."""

    def __init__(self, table, employment, ordinary, kind, used):
        self.table = table
        self.employment = employment
        self.ordinary = ordinary
        self.kind = kind
        self.used = used
        self.paid = []

    def work(self, begin, end):
        used = self.used
        for begin, end in self.table.pieces(begin, end):
            if self.in_span(begin):
                until = min(end, begin + used.room(self.ordinary))
                if begin < until:
                    self.add(begin, until, self.penalty(begin))
                    used.work(until - begin, self.ordinary)
                    begin = until
            while begin < end:
                rate, tier_end = self.tier(begin)
                until = end if tier_end is None else min(end, begin + tier_end - used.day_overtime)
                self.add(begin, until, rate)
                used.day_overtime += until - begin
                begin = until

    def make_up(self, begin, end):
        """Time that nobody works is paid as if the shift went on, or else as it ended."""
        refuse_clock_change(begin, end)
        last = self.paid[-1][2]
        is_ordinary = NONE < self.used.room(self.ordinary)
        for begin, until in self.table.pieces(begin, end):
            rate = self.penalty(begin) if is_ordinary and self.in_span(begin) else last
            self.add(begin, until, rate, "minimum")

    def in_span(self, at):
        day, passed = DAYS[at.weekday()], since_midnight(at)
        return any(day in days and a <= passed < b for days, a, b in self.ordinary.spans)

    def of_kind(self, rates, at):
        """The rates of a day; those that name the kind of the shift in place of those that do not."""
        day = self.table.day(at)
        rates = [it for it in rates if self.employment in it.employment and day in it.days]
        return [it for it in rates if self.kind in it.shifts] or [it for it in rates if not it.shifts]

    def penalty(self, at):
        passed = since_midnight(at)
        holding = [it for it in self.table.penalties if it.opens <= passed < it.closes]
        found = self.of_kind(holding, at)
        if len(found) != 1:
            raise Refused(f"{len(found)} penalties pay {at.isoformat()}")
        return found[0]

    def tier(self, at):
        """The tier of overtime that is reached, and the overtime after which the next one is."""
        tiers = self.of_kind(self.table.overtime, at)
        reached = [it for it in tiers if it.after <= self.used.day_overtime]
        if not reached:
            raise Refused(f"no overtime pays {at.isoformat()}")
        later = tiers[len(reached):]
        return reached[-1], later[0].after if later else None

    def add(self, begin, end, rate, paid_for="work"):
        """Time that goes on at the same rate is one line."""
        if self.paid and self.paid[-1][1:] == (begin, rate, paid_for):
            begin = self.paid.pop()[0]
        self.paid.append((begin, end, rate, paid_for))

    def lines(self, index):
        for begin, end, rate, paid_for in self.paid:
            percent = rate.percent
            if self.employment == "casual":
                percent += self.table.casual_loading
            hourly = cents(self.table.hourly * percent / 100)
            minutes = (end - begin) // MINUTE
            yield {
                "shift": index,
                "from": begin,
                "to": end,
                "hours": (Decimal(minutes) / 60).quantize(HOURS, rounding=ROUND_HALF_UP),
                "rule": rate.rule,
                "percent": percent,
                "rate": hourly,
                "amount": cents(hourly * minutes / 60),
                "clause": rate.clause,
                "paid_for": paid_for,
            }


def read_rate(rule):
    return Rate(
        rule=rule["rule"],
        clause=rule["clause"],
        employment=frozenset(rule["employment"]),
        days=frozenset(rule["days"]),
        shifts=frozenset(rule.get("shifts", [])),
        percent=Decimal(rule["percent"]),
        opens=clock(rule.get("from", "00:00")),
        closes=clock(rule.get("to", "24:00")),
        after=duration(rule.get("after", "0")),
    )


def read_ordinary(rule):
    any_time = [{"days": DAYS, "from": "00:00", "to": "24:00"}]
    spans = rule.get("span", any_time)
    long_day = rule.get("long_day", {"max": "0", "per_week": 0})
    return Ordinary(
        daily_max=duration(rule["daily_max"]),
        long_max=duration(long_day["max"]),
        long_per_week=long_day["per_week"],
        weekly_max=duration(rule["weekly_max"]),
        consecutive_days_max=rule.get("consecutive_days_max", PERIOD_DAYS),
        spans=tuple((it["days"], clock(it["from"]), clock(it["to"])) for it in spans),
    )


def refuse_clock_change(begin, end):
    """Local time is taken as time that passes, so it has to be: clocks change on two Sundays at two."""
    sunday = end.date() - timedelta(days=(end.weekday() + 1) % 7)
    two = datetime.combine(sunday, time(2))
    if sunday.month in (4, 10) and sunday.day <= 7 and two <= end and begin < two + HOUR:
        raise Refused(f"the clocks may change on {sunday}")


def since_midnight(at):
    return at - datetime.combine(at, time.min)


def clock(text):
    hour, minute = text.split(":")
    return timedelta(hours=int(hour), minutes=int(minute))


def duration(text):
    return MINUTE * int(Decimal(text) * 60)


def cents(amount):
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
