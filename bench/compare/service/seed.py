"""Fills the stores of the quote service from the files of the reference packs.

Usage: seed.py PACK.toml HOLIDAYS.toml; the stores and the key are in the environment, as for the service.
"""

import asyncio
import hashlib
import json
import os
import sys
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import asyncpg
import redis.asyncio

from pack import holidays, versions


async def main():
    pack = tomllib.loads(Path(sys.argv[1]).read_text())
    table = tomllib.loads(Path(sys.argv[2]).read_text())
    postgres = await asyncpg.connect(os.environ["QUOTES_POSTGRES"])
    await postgres.execute(Path(__file__).with_name("schema.sql").read_text())
    for first_day, rules, rates in versions(pack):
        since = date.fromisoformat(first_day)
        text = json.dumps(rules)
        await postgres.execute("INSERT INTO awards VALUES ($1, $2, $3)", pack["award"], since, text)
        rows = [
            (pack["award"], since, name, Decimal(rate["hourly"])) for name, rate in rates.items()
        ]
        await postgres.executemany("INSERT INTO award_rates VALUES ($1, $2, $3, $4)", rows)
    days = sorted(set(holidays(table)))
    await postgres.executemany("INSERT INTO public_holidays VALUES ($1, $2)", days)
    await postgres.close()
    digest = hashlib.sha256(os.environ["QUOTES_API_KEY"].encode()).hexdigest()
    store = redis.asyncio.from_url(os.environ["QUOTES_REDIS"])
    await store.set(f"api-key:{digest}", json.dumps({"caller": "compare", "scope": "rates"}))
    await store.aclose()


asyncio.run(main())
