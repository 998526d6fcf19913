//! What is compared with what.

use clap::ValueEnum;
use serde::Serialize;

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowName {
    /// A static file of nginx over TLS
    Nginx,
    /// Redis SET, the append-only file synced before each answer
    RedisSet,
    /// A token bucket in Lua inside Redis
    RedisBucket,
    /// Postgres, a row committed and synced before each answer
    Postgres,
    /// A quote service in Python over Redis and Postgres that does the same work
    QuoteService,
}

impl RowName {
    /// What the box does.
    pub(crate) const fn ours(self) -> &'static str {
        match self {
            Self::Nginx => "quote, HTTPS 1.1",
            Self::RedisSet | Self::Postgres => "durable accept, RPC",
            Self::RedisBucket => "quote under a limit, RPC",
            Self::QuoteService => "quote and durable accept, HTTP/1.1, key and limit",
        }
    }

    /// What the peer does.
    pub(crate) const fn theirs(self) -> &'static str {
        match self {
            Self::Nginx => "nginx, one worker, a static file as long as the quote, same protocol",
            Self::RedisSet => "Redis SET, appendfsync always",
            Self::RedisBucket => "Redis, token bucket in Lua, not durable",
            Self::Postgres => "PostgreSQL, prepared INSERT of one row, synchronous_commit on",
            Self::QuoteService => {
                "FastAPI (one worker) + Redis + PostgreSQL, same request, same price"
            }
        }
    }

    /// What is comparable about the two, and what is not.
    pub(crate) const fn note(self) -> &'static str {
        match self {
            Self::Nginx => {
                "the box authenticates, prices and writes JSON; nginx sends bytes that it holds"
            }
            Self::RedisSet => {
                "both answer after a sync; the box also prices what it stores; the value is as long as \
                 the box's request"
            }
            Self::RedisBucket => {
                "the bucket is one of several phases of the box's answer and the whole of Redis's; a \
                 service in front of Redis would pay for its own work on top"
            }
            Self::Postgres => {
                "both answer after a sync; the box also prices what it stores; the row is as long as \
                 the box's request"
            }
            Self::QuoteService => {
                "both check a key, take a token, price under MA000004 and answer after a sync; before \
                 measuring both were asked the same shifts and agreed to the cent; the box has one core \
                 and its log's thread, the service one Python process beside both stores on all cores"
            }
        }
    }

    /// Workload, door and further flags of the generator.
    pub(crate) const fn flags(self) -> &'static str {
        match self {
            Self::Nginx => "quote --over https",
            Self::RedisSet | Self::Postgres => "accept --over rpc",
            Self::RedisBucket => "quote --over rpc",
            Self::QuoteService => "accept --over http",
        }
    }

    /// Whose requests a limit counts together, where the box is to keep one meanwhile.
    pub(crate) const fn limited_per(self) -> Option<&'static str> {
        match self {
            // Who comes through the plain door shows no key.
            Self::RedisBucket => Some("address"),
            Self::QuoteService => Some("key"),
            Self::Nginx | Self::RedisSet | Self::Postgres => None,
        }
    }
}
