"""What the service takes from the reference packs."""

from datetime import datetime

from pricing import priced


def versions(pack):
    """Each version's first day, its rules and its rates by classification."""
    rules = {rule["name"]: rule for rule in pack["rules"]}
    rates = {}
    for version in pack["version"]:
        since = version["operative_from"]
        # What a version states goes before what it takes over from an earlier one.
        rates[since] = rates.get(version.get("rates_from"), {}) | version.get("rates", {})
        yield since, priced(rules[version["rules"]]), rates[since]


def holidays(table):
    """States and moments: a holiday begins at midnight, or later where part of the day is one."""
    for row in table["holiday"]:
        for state in row["states"]:
            yield state, datetime.fromisoformat(f"{row['date']}T{row.get('from', '00:00')}")
