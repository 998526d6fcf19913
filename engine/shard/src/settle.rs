//! Repeats of commands that change replicated rows.
//!
//! Such a command is answered when every core has compiled the change. A repeat under the same
//! idempotency key may come meanwhile, to another core, and must not be answered earlier: it asks
//! every core whether a command with that key is still under way there. The kept row does not tell:
//! a checkpoint may have stored it while a core was slow to compile.

use frame::Lsn;

use crate::{
    call::{Answer, Fault},
    gate::Finished,
    limits::SCATTERED_MAX,
    map::CoreId,
    message::Body,
    shard::Shard,
};

/// A kept reply that waits for cores to say that its change is compiled.
#[derive(Debug)]
pub(crate) struct Settling {
    finished: Finished,
    left: u16,
}

impl Shard {
    /// Answers with the kept reply of `key` once no core compiles its change any more and
    /// `finished.position` is durable.
    pub(crate) fn settle(&mut self, key: u128, finished: Finished, durable: Lsn) -> Answer {
        if self.settling.len() >= SCATTERED_MAX {
            return Answer::Now(Err(Fault::Busy("too many repeats wait for other cores")));
        }
        let id = self.number();
        // One for this core, which answers below.
        let left = self.map.cores();
        self.settling.insert(id, Settling { finished, left });
        let (map, own) = (self.map, self.core);
        for core in map.ids().filter(|core| *core != own) {
            self.send(core, Body::Settle { id, key });
        }
        match self.gate.replicating(key) {
            Some(commit) => commit.askers.push((own, id)),
            None => self.settled(id, durable),
        }
        Answer::Later
    }

    /// Another core asks about a key.
    pub(crate) fn settle_for(&mut self, from: CoreId, id: u64, key: u128) {
        match self.gate.replicating(key) {
            Some(commit) => commit.askers.push((from, id)),
            None => self.tell_settled(from, id),
        }
    }

    pub(crate) fn tell_settled(&mut self, core: CoreId, id: u64) {
        self.send(core, Body::Settled { id });
    }

    /// One core has the command no longer under way. `durable` is at least what is known to be so.
    pub(crate) fn settled(&mut self, id: u64, durable: Lsn) {
        let settling = self.settling.get_mut(&id).expect("a repeat under way");
        settling.left -= 1;
        if settling.left > 0 {
            return;
        }
        let Settling { mut finished, .. } = self.settling.remove(&id).expect("it was there");
        if finished.position <= durable {
            self.finish(finished.origin, finished.outcome(), finished.reply);
        } else {
            self.gate.read(finished.position, finished);
        }
    }
}
