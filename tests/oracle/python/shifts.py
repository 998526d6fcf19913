"""Shifts, read as a whole and cut into lines."""

import math

from terms import Line, Terms
from words import DAY, WEEKDAYS, Refused, clock, matches, minutes_of


class Shifts(Terms):
    """One request, as far as worked time goes."""

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
            # Breaks that touch are one.
            joined = []
            for pause in breaks:
                if joined and joined[-1][1] == pause[0]:
                    joined[-1] = (joined[-1][0], pause[1])
                else:
                    joined.append(pause)
            breaks = joined
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
            most = minutes_of(limits["averaging"]["max"])
            rooms.append(most - self.ordinary_of_cycle(limits, week))
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

    def ordinary_of_cycle(self, limits, week):
        """The ordinary minutes of a week's averaging period so far, whatever kind of shift they were.

        What is stated of the time before the pay period belongs to the first."""
        weeks, passed = limits["averaging"]["weeks"], self.before.get("averaging_weeks", 0)
        cycle = (week + passed) // weeks
        stated = minutes_of(self.before.get("averaging_hours", "0")) if cycle == 0 else 0
        held = self.ordinary_of_week.items()
        return stated + sum(it for at, it in held if (at + passed) // weeks == cycle)

    def note_ordinary(self, shift, minutes):
        day, limits = shift["day"], shift["limits"]
        week = (day - self.first_day) // 7
        self.ordinary_of_day[day] = self.ordinary_of_day.get(day, 0) + minutes
        self.ordinary_of_week[week] = self.ordinary_of_week.get(week, 0) + minutes
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
