"""Prices pay periods from the reference packs, with the standard library alone.

Written from config/reference/README.md, the packs and the awards, and from nothing else: it shares no
code, table or idea of layout with the program that it checks. Reads one request a line, as
POST /v1/rates/quote takes it, and prints one answer a line.

    python3 -B oracle.py config/reference < requests.jsonl > answers.jsonl
"""

import json
import sys
import tomllib
from pathlib import Path

from clock import Clock, Holidays
from quote import Quote
from rates import Rates
from words import ZONES, Refused


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
