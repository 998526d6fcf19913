"""Prices without stores, for a test: a JSON list of quotes on standard input, their totals in lines.

Usage: check.py PACK.toml HOLIDAYS.toml
"""

import json
import sys
import tomllib
from datetime import date, datetime
from pathlib import Path

from pack import holidays, versions
from pricing import Table


def times(span):
    return {name: datetime.fromisoformat(span[name]) for name in ("start", "end")}


pack, table = (tomllib.loads(Path(name).read_text()) for name in sys.argv[1:])
for quote in json.load(sys.stdin):
    first_day = quote["pay_period_start"]
    _, rules, rates = max((it for it in versions(pack) if it[0] <= first_day), key=lambda it: it[0])
    days = [moment.isoformat() for state, moment in holidays(table) if state == quote["state"]]
    shifts = [
        {**times(shift), "unpaid_breaks": [times(it) for it in shift.get("unpaid_breaks", [])]}
        for shift in quote["shifts"]
    ]
    ready = Table(rules, rates[quote["classification"]]["hourly"], days)
    lines = ready.quote(quote["employment"], shifts, date.fromisoformat(first_day))
    print(f"{sum(line['amount'] for line in lines):.2f}")
