"""Prices without stores, for a test: a JSON list of quotes on standard input, their totals in lines.

Usage: check.py PACK.toml HOLIDAYS.toml
"""

import json
import sys
import tomllib
from datetime import datetime
from pathlib import Path

from pack import plain, rates, whole_days
from pricing import Table


def times(span):
    return {name: datetime.fromisoformat(span[name]) for name in ("start", "end")}


pack, holidays = (tomllib.loads(Path(name).read_text()) for name in sys.argv[1:])
rules = {rule["name"]: plain(rule) for rule in pack["rules"]}
for quote in json.load(sys.stdin):
    since = [it for it in pack["version"] if it["operative_from"] <= quote["pay_period_start"]]
    version = max(since, key=lambda it: it["operative_from"])
    hourly = rates(pack, version)[quote["classification"]]["hourly"]
    days = [day.isoformat() for state, day in whole_days(holidays) if state == quote["state"]]
    shifts = [
        {**times(shift), "unpaid_breaks": [times(it) for it in shift.get("unpaid_breaks", [])]}
        for shift in quote["shifts"]
    ]
    lines = Table(rules[version["rules"]], hourly, days).quote(quote["employment"], shifts)
    print(f"{sum(line['amount'] for line in lines):.2f}")
