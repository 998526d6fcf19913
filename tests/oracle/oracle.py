"""Prices pay periods from the reference packs, with the standard library alone.

Written from config/reference/README.md, the packs and the awards, and from nothing else: it shares no
code, table or idea of layout with the program that it checks. Reads one request a line, as
POST /v1/rates/quote takes it, and prints one answer a line.

    python3 oracle.py config/reference < requests.jsonl > answers.jsonl
"""

import bisect
import datetime
import json
import math
import sys
import tomllib
import zoneinfo
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

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


def minutes_of(hours):
    """Whole minutes of hours to four places: 1.8333 is 110 minutes."""
    return int((Decimal(hours) * 60).quantize(Decimal(1), ROUND_HALF_UP))


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


class Clock:
    """The clock of a state, in minutes since 1970."""

    def __init__(self, state):
        zone = zoneinfo.ZoneInfo(ZONES[state])
        utc = datetime.timezone.utc

        def offset(minute):
            at = datetime.datetime.fromtimestamp(minute * 60, utc).astimezone(zone)
            return int(at.utcoffset().total_seconds()) // 60

        self.changes, self.offsets = [], []
        first, last = day_number(datetime.date(2020, 6, 1)), day_number(datetime.date(2028, 6, 1))
        now = offset(first * DAY)
        self.offsets.append(now)
        for day in range(first, last):
            if offset((day + 1) * DAY) != now:
                low, high = day * DAY, (day + 1) * DAY
                while low + 1 < high:
                    middle = (low + high) // 2
                    low, high = (middle, high) if offset(middle) == now else (low, middle)
                now = offset(high)
                self.changes.append(high)
                self.offsets.append(now)

    def offset(self, instant):
        return self.offsets[bisect.bisect_right(self.changes, instant)]

    def local(self, instant):
        return instant + self.offset(instant)

    def next_change(self, instant):
        at = bisect.bisect_right(self.changes, instant)
        return self.changes[at] if at < len(self.changes) else math.inf

    def instant(self, text):
        """The instant of a reading, with or without an offset."""
        stated = datetime.datetime.fromisoformat(text)
        local = int((stated.replace(tzinfo=None) - EPOCH).total_seconds()) // 60
        if stated.tzinfo:
            return local - int(stated.utcoffset().total_seconds()) // 60
        found = {local - it for it in self.offsets if self.offset(local - it) == it}
        if len(found) != 1:
            raise Refused(f"{text} is read {len(found)} times")
        return found.pop()


class Holidays:
    def __init__(self, path):
        table = tomllib.loads(path.read_text())
        self.starts, self.names = {}, {}
        for it in table["holiday"]:
            day = day_number(datetime.date.fromisoformat(it["date"]))
            for state in it["states"]:
                start = clock(it["from"]) if "from" in it else 0
                self.starts[state, day] = min(start, self.starts.get((state, day), DAY))
                self.names.setdefault((state, day), set()).add(it["name"])

    def start(self, state, day):
        """The minute of the day at which it becomes a holiday; the end of the day when it does not."""
        return self.starts.get((state, day), DAY)


def matches(patterns, code):
    """Whether a list of patterns takes a code: `*` ends one, `!` takes out again."""
    if patterns is None:
        return True
    fits = lambda it: code.startswith(it[:-1]) if it.endswith("*") else code == it
    wanted = [it for it in patterns if not it.startswith("!")]
    unwanted = [it[1:] for it in patterns if it.startswith("!")]
    return (not wanted or any(map(fits, wanted))) and not any(map(fits, unwanted))


class Rates:
    """What the classifications of one version of a pack earn."""

    def __init__(self, pack, version):
        self.pack, self.version = pack, version
        self.rules = next(it for it in pack["rules"] if it["name"] == version["rules"])
        self.week = Decimal(self.rules["week"])
        self.stated, self.dollars, self.week_max = self.inherited(version)
        self.shares, self.scales, self.stages, self.always = {}, {}, {}, {}
        self.factors = {}
        for it in pack["classification"]:
            self.always[it["code"]] = it.get("all_purpose", [])
            self.factors[it["code"]] = it.get("factor")
            if "of" in it:
                self.shares[it["code"]] = (it, it["of"], it["percent"])
        for table in pack.get("juniors", []):
            for of in table["of"]:
                for age in table["age"]:
                    code = f"{of}-{age['suffix']}"
                    self.shares[code] = (table, table.get("reference", of), self.percent(age))
                    self.always[code] = self.always.get(of, [])
                    self.factors[code] = self.factors.get(of)
                if all("from" in age for age in table["age"]):
                    self.scales[of] = table
        for table in pack.get("apprentices", []):
            self.stages[table["code"]] = table
            for stage in table["stage"]:
                code = f"{table['code']}-{stage['suffix']}"
                self.always[code] = table.get("all_purpose", [])
                if "percent" in stage:
                    of = stage.get("of", table.get("of"))
                    self.shares[code] = (table, of, self.percent(stage))
        self.found = {}

    def inherited(self, version):
        rates, dollars, week_max = {}, {}, {}
        if "rates_from" in version:
            former = next(
                it for it in self.pack["version"] if it["operative_from"] == version["rates_from"]
            )
            rates, dollars, week_max = self.inherited(former)
        return (
            {**rates, **version.get("rates", {})},
            {**dollars, **version.get("allowances", {})},
            {**week_max, **version.get("week_max", {})},
        )

    def percent(self, row):
        """The share that holds in this version."""
        percent = row["percent"]
        for phase in row.get("phase", []):
            if phase["from"] <= self.version["operative_from"]:
                percent = phase["percent"]
        return percent

    def hourly(self, code, weekly):
        """Of a weekly amount; daily hire has a year's weeks paid in fewer."""
        factor = self.factors.get(code) or {"times": "1", "over": "1"}
        return rounded(weekly * Decimal(factor["times"]) / Decimal(factor["over"]) / self.week)

    def of(self, code):
        """Weekly, and hourly to the cent; None when the version does not offer it."""
        if code not in self.found:
            self.found[code] = self.work_out(code)
        return self.found[code]

    def work_out(self, code):
        if code in self.stated:
            stated = self.stated[code]
            if "annual" in stated:
                return None
            if "weekly" in stated:
                weekly = Decimal(stated["weekly"])
            else:
                hourly = Decimal(stated["hourly"])
                return hourly * self.week, hourly
            return weekly, self.hourly(code, weekly)
        if code not in self.shares:
            return None
        table, of, percent = self.shares[code]
        whole = self.of(of)
        if whole is None:
            return None
        percent = Decimal(percent)
        if table.get("share_of") == "hourly":
            hourly = rounded(share(whole[1], percent))
            return hourly * self.week, hourly
        weekly = share(whole[0], percent)
        steps = {"cent": CENT, "ten-cents": Decimal("0.10"), "dollar": Decimal(1)}
        step = table.get("round", "cent")
        if step != "none":
            weekly = rounded(weekly, steps[step])
        return weekly, self.hourly(code, weekly)

    def classification(self, code, day, person):
        """The classification that pays somebody on a day."""
        date = date_of(day)
        if code in self.stages:
            return f"{code}-{self.stage(self.stages[code], date, person)['suffix']}"
        born = person.get("date_of_birth")
        if code not in self.scales or born is None:
            return code
        table = self.scales[code]
        born = datetime.date.fromisoformat(born)
        age = date.year - born.year - ((date.month, date.day) < (born.month, born.day))
        if table.get("adult_from", 21) <= age:
            return code
        served = person.get("service_from")
        served = served and datetime.date.fromisoformat(served)

        def holds(row):
            months = row.get("service_months", 0)
            return row["from"] <= age and (
                months == 0 or (served is not None and months_later(served, months) <= date)
            )

        rows = [it for it in table["age"] if holds(it)]
        if not rows:
            raise Refused("too young")
        row = max(rows, key=lambda it: (it["from"], it.get("service_months", 0)))
        return f"{code}-{row['suffix']}"

    def stage(self, table, date, person):
        facts = {"apprenticeship": "apprenticeship_from", "service": "service_from"}
        begun = person.get(facts[table.get("by", "apprenticeship")])
        if begun is None:
            raise Refused("no beginning")
        begun = datetime.date.fromisoformat(begun)
        rows = [it for it in table["stage"] if months_later(begun, it["from"]) <= date]
        if not rows:
            raise Refused("not begun")
        return max(rows, key=lambda it: it["from"])

    def allowance(self, rule):
        """The dollars of one unit; None when the version does not offer it."""
        if "of" in rule:
            whole = self.of(rule["of"])
            if whole is None:
                return None
            of = {
                "weekly": whole[0],
                "hourly": whole[1],
                "hourly-unrounded": whole[0] / self.week,
            }[rule.get("rate", "weekly")]
            steps = {"cent": CENT, "ten-cents": Decimal("0.10"), "dollar": Decimal(1)}
            return rounded(share(of, Decimal(rule["percent"])), steps[rule.get("round", "cent")])
        dollars = self.dollars.get(rule["code"], rule.get("amount"))
        return None if dollars is None else Decimal(dollars)

    def bases(self, code, claimed, supported):
        """The minimum hourly rate, and the ordinary hourly rate with all-purpose allowances."""
        weekly, hourly = self.of(code)
        rules = {it["code"]: it for it in self.rules.get("allowance", [])}
        codes = list(self.always.get(code, []))
        codes += [it for it in claimed if it not in codes]
        extra = sum((self.allowance(rules[it]) or ZERO for it in codes), ZERO)
        stated = self.stated.get(code, {}).get("all_purpose_weekly")
        if stated is not None:
            extra += Decimal(stated)
        full = self.hourly(code, weekly + extra) if extra else hourly
        if supported is not None:
            hourly, full = (rounded(share(it, supported)) for it in (hourly, full))
        return hourly, full


class Line:
    """Time at one rate."""

    def __init__(self, shift, start, end, minutes, column, nature="work"):
        self.shift, self.start, self.end = shift, start, end
        self.minutes, self.column, self.nature = minutes, column, nature

    def amount(self):
        rate, flat, per_started_hour = self.column.rate, self.column.flat, self.column.started
        if per_started_hour:
            begun = -(-self.minutes // 60)
            return rounded((rate - flat) * self.minutes / 60) + flat * begun
        return rounded(rate * self.minutes / 60)


class Column:
    """A rule as it pays one classification."""

    def __init__(self, row, code, rate, flat, started, is_overtime):
        self.row, self.code, self.rate, self.flat = row, code, rate, flat
        self.started, self.is_overtime = started, is_overtime


class Quote:
    """One request on its way to a price."""

    def __init__(self, award, holidays, clocks, request):
        self.request = request
        self.employment, self.state = request["employment"], request["state"]
        self.person = request.get("person") or {}
        self.before = request.get("before") or {}
        start = request["pay_period_start"]
        versions = [it for it in award if it.version["operative_from"] <= start]
        if not versions:
            raise Refused("before the first version")
        self.rates = versions[-1]
        self.rules = self.rates.rules
        self.first_day = day_number(datetime.date.fromisoformat(start))
        self.holidays, self.clock = holidays, clocks[self.state]
        self.columns = {}
        allowances = {it["code"]: it for it in self.rules.get("allowance", [])}
        self.all_purpose, self.claims = [], []
        for claim in request.get("claims", []):
            rule = allowances[claim["allowance"]]
            if rule.get("all_purpose"):
                self.all_purpose.append(rule["code"])
            else:
                self.claims.append((claim, rule))
        supported = self.person.get("supported_wage")
        self.supported = None if supported is None else Decimal(supported)

    # Which rule pays.

    def is_for(self, row, code, flags=None):
        return (
            self.employment in row.get("employment", [self.employment])
            and matches(row.get("classifications"), code)
            and (
                flags is None
                or all(it in flags for it in row.get("flags", []))
                and not any(it in flags for it in row.get("without", []))
            )
        )

    def day_kind(self, day, minute):
        if self.holidays.start(self.state, day) <= minute:
            return "holiday"
        return WEEKDAYS[(day + 3) % 7]

    def rows_of_day(self, rows, day, day_kind):
        """Rules that hold on a day; those that name its holiday go before those that name none."""
        rows = [it for it in rows if day_kind in it["days"]]
        if day_kind != "holiday":
            return rows
        names = self.holidays.names[self.state, day]
        return [it for it in rows if not it.get("holidays") or names & set(it["holidays"])]

    def penalty(self, code, kind, day, minute):
        day_kind = self.day_kind(day, minute)
        rows = [
            it
            for it in self.rows_of_day(self.rules["penalty"], day, day_kind)
            if self.is_for(it, code)
            and clock(it.get("from", "00:00")) <= minute < clock(it.get("to", "24:00"))
            and kind in it.get("shifts", [kind])
        ]
        if not rows:
            raise Refused("no rule")
        order = lambda it: (it.get("priority", 0), "holidays" in it, "shifts" in it)
        best = max(map(order, rows))
        rows = [it for it in rows if order(it) == best]
        columns = [self.column(it, code, False) for it in rows]
        if len(columns) > 1:
            assert self.rules.get("precedence") == "highest", (code, kind, day_kind, minute)
            return max(columns, key=lambda it: it.rate)
        return columns[0]

    def overtime(self, code, kind, day, minute, worked):
        """The tier that pays, and after how many minutes of overtime another does."""
        rows = [
            it
            for it in self.rows_of_day(self.rules["overtime"], day, self.day_kind(day, minute))
            if self.is_for(it, code) and kind in it.get("shifts", [kind])
        ]
        for name in ("holidays", "shifts"):
            if any(name in it for it in rows):
                rows = [it for it in rows if name in it]
        rows = [
            it
            for it in rows
            if clock(it.get("from", "00:00")) <= minute < clock(it.get("to", "24:00"))
        ]
        after = lambda it: minutes_of(it.get("after", "0"))
        begun = [it for it in rows if after(it) <= worked]
        if not begun:
            raise Refused("no overtime rule")
        room = min((after(it) - worked for it in rows if after(it) > worked), default=math.inf)
        return self.column(max(begun, key=after), code, True), room

    def column(self, row, code, is_overtime):
        key = (id(row), code)
        if key not in self.columns:
            self.columns[key] = self.rate(row, code, is_overtime)
        return self.columns[key]

    def rate(self, row, code, is_overtime):
        hourly, full = self.rates.bases(code, self.all_purpose, self.supported)
        base = full if row.get("base") == "ordinary-all-purpose" else hourly
        percent = Decimal(row["percent"])
        if self.employment == "part-time" and "part_time" in row:
            percent = Decimal(row["part_time"])
        if self.employment == "casual":
            loading = Decimal(row.get("casual_loading", self.rules["casual_loading"]))
            how = row["casual"]
            if isinstance(how, dict):
                rate = rounded(share(base, Decimal(how["tabulated"])))
            elif how == "additive":
                rate = rounded(share(base, percent + loading))
            elif how == "compounded":
                rate = rounded(share(rounded(share(base, HUNDRED + loading)), percent))
            elif how == "one-multiplier":
                rate = rounded(share(base, percent * (HUNDRED + loading) / HUNDRED))
            else:
                assert how == "without", how
                rate = rounded(share(base, percent))
        else:
            rate = rounded(share(base, percent))
        flat, started = ZERO, False
        if "flat" in row:
            how = row["flat"]
            started = how.get("per") == "started-hour"
            if "amount" in how:
                flat = Decimal(how["amount"])
            elif "of" in how:
                flat = rounded(share(self.rates.of(how["of"])[1], Decimal(how["percent"])))
            else:
                flat = Decimal(self.rates.dollars[how["allowance"]])
        return Column(row, code, rate + flat, flat, started, is_overtime)

    # The shifts.

    def price(self):
        self.read_shifts()
        self.ordinary_of_day, self.ordinary_of_week, self.overtime_worked = {}, {}, {}
        self.ordinary_of_cycle = {}
        self.long_days = {}
        self.lines = []
        for shift, following in zip(self.shifts, [*self.shifts[1:], None]):
            self.walk(shift)
            self.fill_up(shift)
            if following is None or following["day"] != shift["day"]:
                self.fill_up_day(shift["day"])
        for shift in self.shifts:
            self.pay_missed_breaks(shift)
        for shift in self.shifts:
            self.lines += shift["work"] + shift["more"]
        self.allowances = []
        self.pay_allowances()
        return self.answer()

    def read_shifts(self):
        self.shifts = []
        for at, it in enumerate(self.request["shifts"]):
            start, end = self.clock.instant(it["start"]), self.clock.instant(it["end"])
            local = self.clock.local(start)
            day = local // DAY
            flags = set(self.person.get("flags", [])) | set(it.get("flags", []))
            breaks = sorted(
                (self.clock.instant(pause["start"]), self.clock.instant(pause["end"]))
                for pause in it.get("unpaid_breaks", [])
            )
            code = self.rates.classification(self.request["classification"], day, self.person)
            if self.rates.of(code) is None:
                raise Refused(f"{code} is not offered")
            duties = [
                (
                    self.clock.instant(duty["start"]),
                    self.clock.instant(duty["end"]),
                    self.rates.classification(duty["classification"], day, self.person),
                )
                for duty in it.get("duties", [])
            ]
            if any(self.rates.of(duty[2]) is None for duty in duties):
                raise Refused("other duties are not offered")
            self.shifts.append(
                {
                    "at": at, "start": start, "end": end, "day": day, "flags": flags,
                    "breaks": breaks, "code": code, "duties": duties,
                    "agreed": it.get("agreed"), "work": [], "more": [], "overtime": 0,
                    "day_kind": self.day_kind(day, local % DAY),
                }
            )
        self.shifts.sort(key=lambda it: it["start"])
        ended = self.before.get("shift_end")
        ended = None if ended is None else self.clock.instant(ended)
        former = None
        for shift in self.shifts:
            # A rest is between the work of one day and of the next: later shifts of a day keep that
            # before the day's first.
            if former is None or former["day"] != shift["day"]:
                shift["rest"] = math.inf if ended is None else shift["start"] - ended
            else:
                shift["rest"] = former["rest"]
            ended, former = shift["end"], shift
            shift["kind"], shift["is_overtime"] = self.kind(shift)
            shift["limits"] = self.limits(shift)
            self.lift(shift)
        days = sorted({it["day"] for it in self.shifts})
        run, former = self.before.get("consecutive_days", 0), self.first_day - 1
        self.run_of_days, self.days_of_week = {}, {}
        for day in days:
            run = run + 1 if day == former + 1 else 1
            self.run_of_days[day], former = run, day
            week = (day - self.first_day) // 7
            self.days_of_week[day] = sum(
                1 for it in days if it <= day and (it - self.first_day) // 7 == week
            )

    def kind(self, shift):
        """The first kind of shift that fits, and whether all of it is overtime."""
        start, end = self.clock.local(shift["start"]), self.clock.local(shift["end"])

        def starts(it):
            span = (clock(it["to"]) - clock(it["from"])) % DAY or DAY
            return (start - clock(it["from"])) % DAY < span

        def ends(it):
            span = (clock(it["to"]) - clock(it["from"])) % DAY or DAY
            return 0 < (end - clock(it["from"])) % DAY <= span

        def touches(it):
            span = (clock(it["to"]) - clock(it["from"])) % DAY or DAY
            from_start = (start - clock(it["from"])) % DAY
            return from_start < span or start + DAY - from_start < end

        for row in self.rules.get("shift", []):
            if (
                self.is_for(row, shift["code"], shift["flags"])
                and shift["day_kind"] in row.get("days", [shift["day_kind"]])
                and all(
                    name not in row or any(map(test, row[name]))
                    for name, test in (("starts", starts), ("ends", ends), ("touches", touches))
                )
                and ("rest_below" not in row or shift["rest"] < minutes_of(row["rest_below"]))
            ):
                assert "paid_as" not in row, "not read yet"
                return row["name"], row.get("overtime", False)
        return "plain", False

    def limits(self, shift):
        """The block that says when the ordinary hours of this shift end."""
        rows = [
            it
            for it in self.rules["ordinary"]
            if self.is_for(it, shift["code"])
            and shift["kind"] in it.get("shifts", [shift["kind"]])
        ]
        if not rows:
            raise Refused("not offered to this employment")
        return max(rows, key=lambda it: 2 * ("shifts" in it) + ("classifications" in it))

    def lift(self, shift):
        """Marks the time that is paid at the rates of other duties."""
        higher = [
            it for it in shift["duties"]
            if self.rates.of(it[2])[1] > self.rates.of(shift["code"])[1]
        ]
        rows = [
            it for it in self.rules.get("higher_duties", []) if self.is_for(it, shift["code"])
        ]
        threshold = [minutes_of(it["whole_shift_after"]) for it in rows if "whole_shift_after" in it]
        time = sum(self.worked(shift, it[0], it[1]) for it in higher)
        shift["is_higher_whole"] = bool(threshold) and time > min(threshold)
        if shift["is_higher_whole"]:
            code = max((it[2] for it in higher), key=lambda it: self.rates.of(it)[1])
            higher = [(shift["start"], shift["end"], code)]
        shift["higher"] = higher

    def worked(self, shift, start, end):
        """The minutes of an interval that are no unpaid break."""
        paused = sum(max(0, min(end, it[1]) - max(start, it[0])) for it in shift["breaks"])
        return end - start - paused

    def code_at(self, shift, instant):
        """The classification that pays, and what kind of shift this is to it."""
        for start, end, code in shift["higher"]:
            if start <= instant < end:
                return code, self.kind_to(shift, code)
        return shift["code"], shift["kind"]

    def kind_to(self, shift, code):
        """A kind of shift that a classification cannot have is plain work to it."""
        rows = [it for it in self.rules.get("shift", []) if it["name"] == shift["kind"]]
        is_had = all(matches(it.get("classifications"), code) for it in rows)
        return shift["kind"] if is_had else "plain"

    def next_edge(self, shift, instant):
        """When a rule may change next: midnight, a rule's or a span's edge, a holiday, a clock."""
        local = self.clock.local(instant)
        day, minute = divmod(local, DAY)
        edges = {DAY, self.holidays.start(self.state, day)}
        for row in self.rules["penalty"] + self.rules["overtime"]:
            edges.add(clock(row.get("from", "00:00")))
            edges.add(clock(row.get("to", "24:00")))
        for span in shift["limits"].get("span", []):
            edges |= {clock(span["from"]), clock(span["to"])}
        after = instant + min(it for it in edges if it > minute) - minute
        others = [it for duty in shift["higher"] for it in duty[:2] if it > instant]
        return min([after, self.clock.next_change(instant), *others])

    def in_span(self, shift, instant):
        spans = shift["limits"].get("span")
        if not spans:
            return True
        day, minute = divmod(self.clock.local(instant), DAY)
        weekday = WEEKDAYS[(day + 3) % 7]
        return any(
            weekday in it["days"] and clock(it["from"]) <= minute < clock(it["to"]) for it in spans
        )

    def room(self, shift, instant, ordinary_of_shift):
        """How many more minutes are ordinary, as far as limits go."""
        limits, day = shift["limits"], shift["day"]
        if shift["is_overtime"]:
            return 0
        week = (day - self.first_day) // 7
        rooms = [math.inf]
        of_day = self.ordinary_of_day.get(day, 0)
        of_week = self.ordinary_of_week.get(week, 0)
        if "daily_max" in limits:
            most = minutes_of(limits["daily_max"])
            long = limits.get("long_day")
            # A day becomes one of the long ones when it goes beyond the ordinary limit.
            used = self.long_days.setdefault(week, set())
            if long and (day in used or len(used) < long["per_week"]):
                most = minutes_of(long["max"])
            rooms.append(most - of_day)
        if "shift_max" in limits:
            rooms.append(minutes_of(limits["shift_max"]) - ordinary_of_shift)
        if "weekly_max" in limits:
            rooms.append(minutes_of(limits["weekly_max"]) - of_week)
        if "averaging" in limits:
            cycle = self.cycle(limits, week)
            rooms.append(
                minutes_of(limits["averaging"]["max"]) - self.ordinary_of_cycle.get(cycle, 0)
            )
        if limits.get("beyond_agreed"):
            if shift["agreed"] is not None:
                rooms.append(minutes_of(shift["agreed"]) - ordinary_of_shift)
            if "agreed_weekly" in self.person:
                rooms.append(minutes_of(self.person["agreed_weekly"]) - of_week)
        if limits.get("week_days_max", 7) < self.days_of_week[day]:
            return 0
        if limits.get("consecutive_days_max", math.inf) < self.run_of_days[day]:
            return 0
        if "day_spread_max" in limits:
            begun = min(it["start"] for it in self.shifts if it["day"] == day)
            rooms.append(begun + minutes_of(limits["day_spread_max"]) - instant)
        return max(0, min(rooms))

    def cycle(self, limits, week):
        """Which averaging period a week is in; the hours before the pay period belong to the first."""
        weeks = limits["averaging"]["weeks"]
        if not self.ordinary_of_cycle:
            stated = minutes_of(self.before.get("averaging_hours", "0"))
            self.ordinary_of_cycle[0] = stated
        return (week + self.before.get("averaging_weeks", 0)) // weeks

    def note_ordinary(self, shift, minutes):
        day, limits = shift["day"], shift["limits"]
        week = (day - self.first_day) // 7
        self.ordinary_of_day[day] = self.ordinary_of_day.get(day, 0) + minutes
        self.ordinary_of_week[week] = self.ordinary_of_week.get(week, 0) + minutes
        if "averaging" in limits:
            cycle = self.cycle(limits, week)
            self.ordinary_of_cycle[cycle] = self.ordinary_of_cycle.get(cycle, 0) + minutes
        if "long_day" in limits and minutes_of(limits["daily_max"]) < self.ordinary_of_day[day]:
            self.long_days.setdefault(week, set()).add(day)

    def overtime_key(self, shift, instant):
        by = self.rules.get("overtime_by", "day")
        if by == "day":
            return shift["day"]
        if by == "calendar-day":
            return self.clock.local(instant) // DAY
        return shift["at"] if by == "shift" else (shift["day"] - self.first_day) // 7

    def walk(self, shift):
        """Cuts a shift into lines."""
        instant, ordinary_of_shift = shift["start"], 0
        while instant < shift["end"]:
            pause = next((it for it in shift["breaks"] if it[0] <= instant < it[1]), None)
            if pause:
                instant = pause[1]
                continue
            stop = min([shift["end"], *(it[0] for it in shift["breaks"] if it[0] > instant)])
            stop = min(stop, self.next_edge(shift, instant))
            day, minute = divmod(self.clock.local(instant), DAY)
            code, kind = self.code_at(shift, instant)
            room = self.room(shift, instant, ordinary_of_shift)
            if room > 0 and self.in_span(shift, instant):
                stop = min(stop, instant + room)
                column = self.penalty(code, kind, day, minute)
                self.note_ordinary(shift, stop - instant)
                ordinary_of_shift += stop - instant
            else:
                key = self.overtime_key(shift, instant)
                worked = self.overtime_worked.get(key, 0)
                column, room = self.overtime(code, kind, day, minute, worked)
                stop = min(stop, instant + room)
                self.overtime_worked[key] = worked + stop - instant
                shift["overtime"] += stop - instant
            self.add(shift["work"], shift, instant, stop, column, "work")
            instant = stop
        shift["ordinary"] = ordinary_of_shift

    def add(self, lines, shift, start, end, column, nature):
        last = lines[-1] if lines else None
        if last and last.end == start and last.column is column and last.nature == nature:
            last.end, last.minutes = end, last.minutes + end - start
        else:
            lines.append(Line(shift["at"], start, end, end - start, column, nature))

    # What a whole shift is owed.

    def minimum(self, shift, per):
        """The longest that holds: its minutes, and whether it goes on through tiers of overtime."""
        held = [
            (minutes_of(it["hours"]), it.get("through_tiers", False))
            for it in self.rules.get("minimum", [])
            if it.get("per", "shift") == per
            and self.is_for(it, shift["code"], shift["flags"])
            and shift["day_kind"] in it.get("days", [shift["day_kind"]])
            and shift["kind"] in it.get("shifts", [shift["kind"]])
        ]
        return max(held, default=(0, False))

    def fill_up(self, shift):
        owed, through_tiers = self.minimum(shift, "shift")
        self.pad(shift, owed - sum(it.minutes for it in shift["work"]), through_tiers)

    def fill_up_day(self, day):
        shifts = [it for it in self.shifts if it["day"] == day]
        owed, through_tiers = self.minimum(shifts[-1], "day")
        paid = sum(line.minutes for it in shifts for line in it["work"] + it["more"])
        self.pad(shifts[-1], owed - paid, through_tiers)

    def pad(self, shift, missing, through_tiers):
        """Pays missing time as if the shift went on, towards no limit."""
        if missing <= 0 or not shift["work"]:
            return
        instant = max([shift["end"], *(it.end for it in shift["more"])])
        end = instant + missing
        last = shift["work"][-1].column
        is_open = 0 < self.room(shift, shift["end"], shift["ordinary"])
        code = shift["higher"][0][2] if shift["is_higher_whole"] else shift["code"]
        kind = self.kind_to(shift, code)
        worked = self.overtime_worked.get(self.overtime_key(shift, instant), 0)
        while instant < end:
            stop = min(end, self.next_edge(shift, instant))
            day, minute = divmod(self.clock.local(instant), DAY)
            column = last
            if through_tiers and last.is_overtime:
                column, room = self.overtime(code, kind, day, minute, worked)
                stop = min(stop, instant + room)
                worked += stop - instant
            elif is_open and self.in_span(shift, instant):
                column = self.penalty(code, kind, day, minute)
            self.add(shift["more"], shift, instant, stop, column, "minimum")
            instant = stop

    def pay_missed_breaks(self, shift):
        for row in self.rules.get("missed_break", []):
            if not self.is_for(row, shift["code"], shift["flags"]):
                continue
            long = minutes_of(row["break"])
            breaks = [it for it in shift["breaks"] if it[1] - it[0] >= long]
            starts = [shift["start"], *(it[1] for it in breaks)]
            ends = [*(it[0] for it in breaks), shift["end"]]
            for start, end in zip(starts, ends):
                due = start + minutes_of(row["after"])
                if due < end:
                    self.pay_missed_break(shift, row, due, end)

    def pay_missed_break(self, shift, row, due, end):
        work, added = [], []
        for line in shift["work"]:
            start, stop = max(line.start, due), min(line.end, end)
            if stop <= start:
                work.append(line)
                continue
            column = self.column(row, line.column.code, line.column.is_overtime)
            if row.get("pay", "added") == "added":
                work.append(line)
                self.add(added, shift, start, stop, column, "added")
                continue
            if column.rate <= line.column.rate:
                work.append(line)
                continue
            for begin, finish, paid in (
                (line.start, start, line.column),
                (start, stop, column),
                (stop, line.end, line.column),
            ):
                if begin < finish:
                    self.add(work, shift, begin, finish, paid, line.nature)
        shift["work"] = work
        shift["more"] = added + shift["more"]

    # Allowances.

    def pay_allowances(self):
        for claim, rule in self.claims:
            dollars = self.rates.allowance(rule)
            if dollars is None:
                raise Refused(f"{rule['code']} is not offered")
            at = claim.get("shift")
            shifts = [it for it in self.shifts if at is None or it["at"] == at]
            sixtieths = Decimal(claim["quantity"]) * 60 if "quantity" in claim else None
            self.allow(rule, at, sixtieths, dollars, shifts)
        for rule in self.rules.get("allowance", []):
            if rule.get("automatic") and self.rates.allowance(rule) is not None:
                self.allow_unclaimed(rule, self.rates.allowance(rule))

    def sixtieths(self, per, shifts):
        """How many units were worked, in sixtieths, so that hours stay exact."""
        if per in ("hour", "started-hour"):
            worked = [sum(it.minutes for it in shift["work"]) for shift in shifts]
            if per == "hour":
                return sum(worked)
            return sum(-(-it // 60) for it in worked) * 60
        if per == "shift":
            return len(shifts) * 60
        if per == "day":
            return len({it["day"] for it in shifts}) * 60
        if per == "week":
            return len({(it["day"] - self.first_day) // 7 for it in shifts}) * 60
        raise Refused(f"how many per {per} is not said")

    def allow_unclaimed(self, rule, dollars):
        held = []
        for shift in self.shifts:
            hours = sum(it.minutes for it in shift["work"])
            if (
                self.is_for(rule, shift["code"], shift["flags"])
                and shift["day_kind"] in rule.get("days", [shift["day_kind"]])
                and shift["kind"] in rule.get("shifts", [shift["kind"]])
                and minutes_of(rule.get("overtime_above", "-1")) < shift["overtime"]
                and minutes_of(rule.get("hours_above", "-1")) < hours
            ):
                assert "broken_above" not in rule, "not read yet"
                held.append(shift)
        assert rule.get("per", "shift") in ("shift", "occasion"), rule
        if held:
            self.allow({**rule, "per": "shift"}, None, None, dollars, held)

    def allow(self, rule, at, sixtieths, dollars, shifts):
        """Pays so many units; without them those that were worked, each week up to its limit."""
        most = self.rates.week_max.get(rule["code"], rule.get("week_max"))
        weeks = {}
        for it in shifts:
            weeks.setdefault((it["day"] - self.first_day) // 7, []).append(it)
        if sixtieths is not None:
            amount = rounded(dollars * sixtieths / 60)
            if most is not None:
                amount = min(amount, Decimal(most) * len(weeks))
        elif most is None:
            sixtieths = Decimal(self.sixtieths(rule["per"], shifts))
            amount = rounded(dollars * sixtieths / 60)
        else:
            counts = [Decimal(self.sixtieths(rule["per"], it)) for it in weeks.values()]
            amount = sum(min(rounded(dollars * it / 60), Decimal(most)) for it in counts)
            sixtieths = sum(counts)
        self.allowances.append((rule["code"], at, sixtieths / 60, dollars, amount))

    # The answer.

    def text(self, instant, end=False):
        """The reading of a beginning or an end: as clocks turn these are two readings of one instant."""
        local = self.clock.local(instant - 1) + 1 if end else self.clock.local(instant)
        return (EPOCH + datetime.timedelta(minutes=local)).strftime("%Y-%m-%dT%H:%M")

    def answer(self):
        lines = [
            [
                it.shift, self.text(it.start), self.text(it.end, True), it.minutes,
                it.column.row["rule"], cents(it.column.rate), cents(it.amount()), it.nature,
            ]
            for it in self.lines
        ]
        allowances = [
            [code, at, cents(quantity), cents(dollars), cents(amount)]
            for code, at, quantity, dollars, amount in self.allowances
        ]
        total = sum((it[6] for it in lines), 0) + sum((it[4] for it in allowances), 0)
        return {"lines": lines, "allowances": allowances, "total": total}


def cents(amount):
    return int(rounded(amount) * 100)


def main():
    folder = Path(sys.argv[1])
    awards = {}
    for path in sorted((folder / "packs").glob("*.toml")):
        pack = tomllib.loads(path.read_text())
        awards[pack["award"]] = [Rates(pack, it) for it in pack["version"]]
    holidays = Holidays(folder / "holidays.toml")
    clocks = {state: Clock(state) for state in ZONES}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = Quote(awards[request["award"]], holidays, clocks, request).price()
        except Refused as refused:
            answer = {"refused": str(refused)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
