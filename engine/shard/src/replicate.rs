//! Reference data that every core holds compiled, and the generations of changes.

use std::{any::Any, sync::Arc};

use contract::{DomainId, TableId, Tenant};
use frame::Lsn;

use crate::{
    clock,
    map::CoreId,
    message::{Body, ReplicatedRow},
    shard::{Hosted, Shard},
};

impl Shard {
    /// Compiles one row of a replicated table as recovery found it, before the first call: the key
    /// without slot and tenant, and the sealed value. An error names what is damaged.
    pub fn compile(
        &mut self,
        table: TableId,
        tenant: Tenant,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), String> {
        compile_row(&mut self.hosted, table, tenant, key, Some(value))
    }

    /// This core's compiled reference data of a domain, and a number that rises with every change of
    /// it.
    pub fn reference(&self, domain: DomainId) -> Option<(&dyn Any, u64)> {
        let hosted = self.hosted.iter().find(|hosted| hosted.entry.id == domain)?;
        Some((hosted.reference.as_ref(), hosted.generation))
    }

    /// A slow commit may have become ready: its frame is durable.
    pub(crate) fn commit_durable(&mut self, lsn: Lsn) {
        let commit = self.gate.slow(lsn).expect("its reply waits");
        debug_assert!(commit.durable, "nothing is replicated before it is durable");
        if commit.applies_left > 0 {
            return;
        }
        if let Some(rows) = commit.replicate.take() {
            commit.replicas_left = self.map.cores() - 1;
            self.take_in(lsn, &rows);
            for core in self.map.ids().filter(|core| *core != self.core) {
                let rows = Arc::clone(&rows);
                self.outbox.push((core, crate::Message(Body::Replicate { lsn, rows })));
            }
        }
        self.finish_slow(lsn);
    }

    pub(crate) fn replicate_from(&mut self, from: CoreId, lsn: Lsn, rows: &[ReplicatedRow]) {
        self.take_in(lsn, rows);
        self.send(from, Body::Replicated { lsn });
    }

    pub(crate) fn replicated(&mut self, lsn: Lsn) {
        self.gate.slow(lsn).expect("its reply waits").replicas_left -= 1;
        self.finish_slow(lsn);
    }

    /// This core knows `generation` now: what it changes from here on belongs to it.
    pub(crate) fn observe(&mut self, generation: u64) {
        if generation <= self.generation {
            return;
        }
        assert!(generation == self.generation + 1, "one checkpoint at a time");
        self.generation = generation;
        self.overlay.close();
        self.overlay.install_older(clock::change(self.core, self.now_us), Lsn::NONE);
        for core in self.map.ids().filter(|core| *core != self.core) {
            let marker = Body::Marker { generation, from_peer: true };
            self.outbox.push((core, crate::Message(marker)));
        }
        self.freeze_if_complete();
    }

    pub(crate) fn marker(&mut self, generation: u64, from_peer: bool) {
        self.observe(generation);
        if from_peer {
            self.markers += 1;
            self.freeze_if_complete();
        }
    }

    /// With the markers of all others in, nothing of the closed generation can still arrive.
    fn freeze_if_complete(&mut self) {
        if self.markers == self.map.cores() - 1 {
            self.markers = 0;
            self.frozen = Some((self.generation, self.overlay.freeze()));
        }
    }

    fn finish_slow(&mut self, lsn: Lsn) {
        let ready =
            self.gate.slow(lsn).is_some_and(|it| it.replicate.is_none() && it.replicas_left == 0);
        if ready && let Some(commit) = self.gate.remove_slow(lsn) {
            self.finish(commit.origin, Ok(lsn), commit.reply);
            for (core, id) in commit.askers {
                if core == self.core {
                    // What is compiled everywhere is durable, whatever position the repeat has.
                    self.settled(id, Lsn(u64::MAX));
                } else {
                    self.tell_settled(core, id);
                }
            }
        }
    }

    /// Compiles rows that are newer than what was compiled: two commands that changed one row from
    /// two homes may arrive in either order.
    fn take_in(&mut self, lsn: Lsn, rows: &[ReplicatedRow]) {
        for row in rows {
            let name = (row.table, row.tenant, row.key.clone());
            if self.compiled.get(&name).is_some_and(|newest| *newest > lsn) {
                continue;
            }
            self.compiled.insert(name, lsn);
            let value = row.value.as_deref();
            let compiled = compile_row(&mut self.hosted, row.table, row.tenant, &row.key, value);
            // The row was sealed in this process a moment ago: nothing outside can have changed it.
            compiled.expect("a committed row of a replicated table compiles");
        }
    }
}

fn compile_row(
    hosted: &mut [Hosted],
    table: TableId,
    tenant: Tenant,
    key: &[u8],
    value: Option<&[u8]>,
) -> Result<(), String> {
    let owner = hosted.iter_mut().find(|hosted| hosted.entry.id == table.domain());
    let hosted = owner.ok_or_else(|| format!("no domain has the number {}", table.domain().0))?;
    hosted.generation += 1;
    (hosted.entry.compile)(hosted.reference.as_mut(), tenant, table, key, value)
}
