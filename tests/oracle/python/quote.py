"""A whole pay period: worked time, what is owed beside it, and the answer."""

import datetime
from decimal import Decimal

from shifts import Shifts
from words import DAY, EPOCH, Refused, cents, minutes_of, rounded


class Quote(Shifts):
    """One request on its way to a price."""

    def price(self):
        self.read_shifts()
        self.ordinary_of_day, self.ordinary_of_week, self.overtime_worked = {}, {}, {}
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
