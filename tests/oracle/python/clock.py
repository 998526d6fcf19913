"""The clocks and the public holidays of states."""

import bisect
import datetime
import math
import tomllib
import zoneinfo

from words import DAY, EPOCH, ZONES, Refused, clock, day_number


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
