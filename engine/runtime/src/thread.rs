//! One core's thread.

use std::{
    sync::{Arc, mpsc::Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

use contract::{Entry, StoreKey};
use rustix::thread::{CpuSet, sched_setaffinity};
use sequencer::Sequencer;
use shard::{CoreId, Rows, Shard, SlotMap, Start};

use crate::{
    checkpoint::MergedRow,
    core::Core,
    event_loop::event_loop,
    mailbox::Mailbox,
    start::{CoreReport, Doors},
};

/// How often deadlines are looked at.
const TICK: Duration = Duration::from_millis(50);

/// What a core's thread is made of; goes to the thread whole.
pub(crate) struct CoreThread {
    pub(crate) start: Start,
    pub(crate) entries: &'static [Entry],
    pub(crate) map: SlotMap,
    pub(crate) replicated: Arc<[MergedRow]>,
    pub(crate) sequencer: Arc<Sequencer>,
    pub(crate) mailboxes: Arc<[Mailbox]>,
    pub(crate) frozen: Sender<(u64, Arc<Rows>)>,
    pub(crate) doors: Doors,
    pub(crate) cpu: Option<usize>,
    pub(crate) grace: Duration,
    pub(crate) reports: Sender<(CoreId, CoreReport)>,
}

impl CoreThread {
    pub(crate) fn spawn(self) -> std::io::Result<JoinHandle<()>> {
        let name = format!("quoin-core-{}", self.start.core.0);
        thread::Builder::new().name(name).spawn(move || self.run())
    }

    fn run(self) {
        if let Some(cpu) = self.cpu {
            let mut set = CpuSet::new();
            set.set(cpu);
            // A sandbox may forbid it: the box is slower then, not wrong.
            if let Err(error) = sched_setaffinity(None, &set) {
                tracing::warn!(cpu, %error, "a core's thread cannot be pinned");
            }
        }
        let id = self.start.core;
        let reports = self.reports.clone();
        match event_loop() {
            Ok(mut runtime) => runtime.block_on(self.serve()),
            Err(error) => {
                let _ = reports.send((id, CoreReport::Failed(format!("no event loop: {error}"))));
            }
        }
    }

    async fn serve(self) {
        let (id, reports) = (self.start.core, self.reports);
        // Whoever started the thread waits for the reports; if it is gone, so is the process.
        let report = |it| drop(reports.send((id, it)));
        let mut shard = Shard::new(self.start);
        for row in self.replicated.iter() {
            let split =
                StoreKey::split_record(&row.key).ok_or_else(|| "a key is too short".to_owned());
            let compiled =
                split.and_then(|(tenant, key)| shard.compile(row.table, tenant, key, &row.value));
            if let Err(reason) = compiled {
                let key = row.key.escape_ascii();
                let (domain, table) = (row.table.domain().0, row.table.number());
                return report(CoreReport::Failed(format!(
                    "domain {domain} table {table} key {key}: {reason}; restore a backup"
                )));
            }
        }
        drop(self.replicated);
        let core = Core::new(
            shard,
            self.entries,
            id,
            self.map,
            self.sequencer,
            Arc::clone(&self.mailboxes),
            self.frozen,
        );
        if let Err(reason) = (self.doors)(core.clone()) {
            return report(CoreReport::Failed(reason));
        }
        report(CoreReport::Serving);
        let ticking = core.clone();
        monoio::spawn(async move {
            loop {
                monoio::time::sleep(TICK).await;
                ticking.tick();
            }
        });
        let counting = core.clone();
        monoio::spawn(async move { counting.count_rounds().await });
        let (draining, grace) = (core.clone(), self.grace);
        let drained = reports.clone();
        monoio::spawn(async move {
            draining.stopping().await;
            let finished = monoio::time::timeout(grace, draining.idle()).await;
            let cut_off = finished.is_err();
            let _ = drained.send((id, CoreReport::Drained { cut_off }));
        });
        let mailbox = &self.mailboxes[usize::from(id.0)];
        let mut mail = Vec::new();
        loop {
            mailbox.rung().await;
            if core.turn(&mut mail) {
                return;
            }
        }
    }
}
