"""What the service takes from the reference packs."""

from datetime import date

# Rules of these are for kinds of shifts and of workers that no request of the comparison names.
KINDS = ("shifts", "flags")


def plain(rules):
    """The rules that every shift is under."""
    return {
        **rules,
        **{
            part: [rule for rule in rules[part] if not any(kind in rule for kind in KINDS)]
            for part in ("ordinary", "penalty", "overtime")
        },
    }


def rates(pack, version):
    """Of a version, or of the one that it takes them over from."""
    if "rates" in version:
        return version["rates"]
    since = version["rates_from"]
    return rates(pack, next(it for it in pack["version"] if it["operative_from"] == since))


def whole_days(holidays):
    """State and day. Part days are left out: no request of the comparison falls on one."""
    return {
        (state, date.fromisoformat(str(row["date"])))
        for row in holidays["holiday"]
        if "from" not in row
        for state in row["states"]
    }
