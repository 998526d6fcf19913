//! The sample roster, priced through the RPC door.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use client::{Call, Pending};
use contract::Stored;
use rates::{Quote, QuoteReply, WorkerShifts};

use crate::ask;
use crate::operations;
use crate::reference::sample_roster;

/// Workers priced in one frame.
pub(crate) const FRAME_WORKERS: usize = 64;

/// A week's roster with what it comes to.
#[derive(Debug)]
pub(crate) struct Week {
    pub(crate) workers: Vec<WorkerShifts>,
    /// One for each worker.
    pub(crate) replies: Vec<QuoteReply>,
    /// From the first request sent to the last reply received.
    pub(crate) took: Duration,
}

impl Week {
    /// Prices the sample roster on the box at `address`.
    pub(crate) fn price(address: SocketAddr) -> Result<Self> {
        let workers = sample_roster()?.workers;
        let mut payloads = Vec::with_capacity(workers.len());
        for worker in &workers {
            let mut payload = Vec::new();
            worker.quote.encode(&mut payload);
            payloads.push(payload);
        }
        let client = ask::connect(address)?;
        let operation = operations::number::<Quote>();
        let began = Instant::now();
        let mut pending: Vec<Pending> = Vec::new();
        for frame in payloads.chunks(FRAME_WORKERS) {
            let items: Vec<&[u8]> = frame.iter().map(Vec::as_slice).collect();
            pending.push(client.submit(&Call::query_batch(operation, &items))?);
        }
        let mut frames = Vec::with_capacity(pending.len());
        for it in pending {
            frames.push(it.wait()?);
        }
        let took = began.elapsed();
        let mut replies = Vec::with_capacity(workers.len());
        for frame in &frames {
            ask::payload(frame)?;
            for item in frame.items().context("the reply to a batch is a batch")? {
                let worker = &workers[replies.len()].worker;
                let payload = ask::item(&item).with_context(|| format!("pricing {worker}"))?;
                replies.push(QuoteReply::decode(payload)?);
            }
        }
        anyhow::ensure!(replies.len() == workers.len(), "every worker has a price");
        Ok(Self { workers, replies, took })
    }

    /// How many shifts were priced.
    pub(crate) fn shifts_count(&self) -> u64 {
        self.workers.iter().map(|it| it.quote.shifts.len() as u64).sum()
    }

    /// Shifts priced in a second, at the speed of this week.
    pub(crate) fn shifts_per_second(&self) -> u64 {
        let nanos = self.took.as_nanos().max(1);
        u64::try_from(u128::from(self.shifts_count()) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
    }
}
