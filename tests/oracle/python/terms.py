"""Which rule pays what time, and how much an hour."""

import datetime
import math
from decimal import Decimal

from words import HUNDRED, WEEKDAYS, ZERO, Refused, clock, day_number, matches, minutes_of, rounded, share


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


class Terms:
    """Who is priced, and which rule pays what time."""

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
