"""A quote service as it is commonly built: FastAPI, Redis, PostgreSQL.

One request checks an API key and takes a token of the caller's bucket in Redis, reads the award's rates
from a cache in Redis (from PostgreSQL when they are not there), prices the shifts, and writes the accepted
quote to PostgreSQL in a transaction that is synced before the answer leaves. Redis is asked once for all
three, and PostgreSQL once.
"""

import hashlib
import json
import os
import uuid
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal

import asyncpg
import redis.asyncio
from fastapi import FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from pricing import Refused, Table

CACHE_S = 60
BUCKET_CAPACITY = 1_000_000_000
BUCKET_PER_S = 1_000_000_000
BUCKET = Path(__file__).with_name("token_bucket.lua").read_text()


class Span(BaseModel):
    model_config = ConfigDict(extra="forbid")
    start: datetime
    end: datetime


class Shift(Span):
    unpaid_breaks: list[Span] = Field(default_factory=list, max_length=16)


class Quote(BaseModel):
    model_config = ConfigDict(extra="forbid")
    award: str
    classification: str
    employment: Literal["full-time", "part-time", "casual"]
    state: str
    pay_period_start: date
    shifts: list[Shift] = Field(min_length=1, max_length=512)


class AcceptQuote(BaseModel):
    model_config = ConfigDict(extra="forbid")
    quote: Quote


class Accepted(BaseModel):
    id: str
    operative_from: date
    currency: str
    total: str


@asynccontextmanager
async def stores(app: FastAPI):
    app.state.postgres = await asyncpg.create_pool(
        os.environ["QUOTES_POSTGRES"], min_size=8, max_size=32
    )
    # A request waits for a connection when all are taken, as it does for one to PostgreSQL.
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        os.environ["QUOTES_REDIS"], max_connections=64, timeout=None
    )
    app.state.redis = redis.asyncio.Redis.from_pool(pool)
    app.state.bucket = await app.state.redis.script_load(BUCKET)
    yield
    await app.state.redis.aclose()
    await app.state.postgres.close()


app = FastAPI(lifespan=stores)


@lru_cache(maxsize=256)
def table(text: str) -> tuple[Table, date]:
    """What the cache holds, made ready to be asked; the same text is made ready once."""
    found = json.loads(text)
    ready = Table(found["rules"], found["hourly"], found["holidays"])
    return ready, date.fromisoformat(found["operative_from"])


async def read_rates(postgres, quote: Quote) -> str:
    found = await postgres.fetchrow(
        """SELECT a.operative_from, a.rules, r.hourly
           FROM awards a JOIN award_rates r USING (code, operative_from)
           WHERE a.code = $1 AND r.classification = $2 AND a.operative_from <= $3
           ORDER BY a.operative_from DESC LIMIT 1""",
        quote.award,
        quote.classification,
        quote.pay_period_start,
    )
    if found is None:
        raise HTTPException(404, "no such award, classification or version")
    days = await postgres.fetch("SELECT day FROM public_holidays WHERE state = $1", quote.state)
    return json.dumps(
        {
            "rules": json.loads(found["rules"]),
            "operative_from": found["operative_from"].isoformat(),
            "hourly": str(found["hourly"]),
            "holidays": [row["day"].isoformat() for row in days],
        }
    )


@app.post("/v1/rates/quotes")
async def accept(request: Request, body: AcceptQuote, x_api_key: str = Header()) -> Accepted:
    postgres, store = request.app.state.postgres, request.app.state.redis
    quote = body.quote
    digest = hashlib.sha256(x_api_key.encode()).hexdigest()
    cached = f"rates:{quote.award}:{quote.classification}:{quote.state}:{quote.pay_period_start}"
    async with store.pipeline(transaction=False) as asked:
        asked.get(f"api-key:{digest}")
        asked.evalsha(
            request.app.state.bucket, 1, f"bucket:{digest}", BUCKET_CAPACITY, BUCKET_PER_S
        )
        asked.get(cached)
        key, (allowed, _), rates = await asked.execute()
    if key is None:
        raise HTTPException(401, "no such key")
    if not allowed:
        raise HTTPException(429, "the bucket is empty")
    if rates is None:
        rates = await read_rates(postgres, quote)
        await store.set(cached, rates, ex=CACHE_S)
    else:
        rates = rates.decode()
    ready, operative_from = table(rates)
    try:
        shifts = [shift.model_dump() for shift in quote.shifts]
        lines = ready.quote(quote.employment, shifts, quote.pay_period_start)
    except Refused as error:
        raise HTTPException(422, str(error)) from error
    total = sum(line["amount"] for line in lines)
    identity = uuid.uuid4()
    await postgres.execute(
        """INSERT INTO accepted_quotes
           (id, caller, award, classification, employment, state, operative_from, total, lines, request)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        identity,
        json.loads(key)["caller"],
        quote.award,
        quote.classification,
        quote.employment,
        quote.state,
        operative_from,
        total,
        json.dumps(lines, default=str),
        quote.model_dump_json(),
    )
    return Accepted(
        id=str(identity), operative_from=operative_from, currency="AUD", total=f"{total:.2f}"
    )
