//! Commands whose records live on several cores.
//!
//! The home core takes the cores in ascending order, holds its own rows when its turn comes, and
//! decides when all have handed over. The frame is the commit point; the others take their part of
//! the changes in and release. A hold lives for a few messages and never spans a sync.

use contract::{Change, StoreKey, TableId, Tables};
use sequencer::{Place, Sequencer};

use crate::{
    call::{Answer, Call, Fault, OwnedCall},
    commit::Decision,
    holds::{Holder, RowName, Waiter},
    limits::TRANSACTIONS_MAX,
    map::CoreId,
    message::Body,
    overlay::HandedRow,
    shard::{Origin, Shard, request_tables},
};

/// A command under way across cores, at its home.
#[derive(Debug)]
pub(crate) struct Transaction {
    origin: Origin,
    call: OwnedCall,
    /// Whose rows are needed, in ascending order of cores.
    steps: Vec<(CoreId, Vec<RowName>)>,
    /// How many steps are held.
    done: usize,
    handed: Vec<HandedRow>,
}

impl Transaction {
    /// The other cores that hold rows for it.
    pub(crate) fn holders(&self, home: CoreId) -> Vec<CoreId> {
        let held = self.steps[..self.done].iter().map(|(core, _)| *core);
        held.filter(|core| *core != home).collect()
    }
}

impl Shard {
    pub(crate) fn begin(
        &mut self,
        origin: Origin,
        call: &Call<'_>,
        rows: Vec<(CoreId, RowName)>,
        sequencer: &Sequencer,
    ) -> Answer {
        if self.transactions.len() >= TRANSACTIONS_MAX || self.holds.is_full() {
            return Answer::Now(Err(Fault::Busy("too many commands are under way across cores")));
        }
        let mut steps: Vec<(CoreId, Vec<RowName>)> = Vec::new();
        let mut rows = rows;
        rows.sort_unstable();
        rows.dedup();
        for (core, name) in rows {
            match steps.last_mut() {
                Some((last, names)) if *last == core => names.push(name),
                _ => steps.push((core, vec![name])),
            }
        }
        let call = OwnedCall::of(call);
        let id = self.number();
        self.transactions
            .insert(id, Transaction { origin, call, steps, done: 0, handed: Vec::new() });
        self.proceed(id, sequencer, false);
        Answer::Later
    }

    /// Takes the next step of a transaction. `resumed`: it was just taken off a queue.
    fn proceed(&mut self, id: u64, sequencer: &Sequencer, mut resumed: bool) {
        loop {
            let core_here = self.core;
            let transaction = self.transactions.get_mut(&id).expect("it is under way");
            let Some((core, rows)) = transaction.steps.get(transaction.done) else {
                return self.decide_transaction(id, sequencer);
            };
            if *core != core_here {
                let (core, rows) = (*core, rows.clone());
                return self.send(core, Body::Hold { transaction: id, rows });
            }
            let blocking = if resumed {
                self.holds.holder_conflict(rows)
            } else {
                self.holds.conflict(rows.iter())
            };
            if let Some(row) = blocking {
                return self.holds.wait(row, Waiter::Local(id), resumed);
            }
            self.holds.hold(Holder { home: core_here, transaction: id }, rows);
            transaction.done += 1;
            resumed = false;
        }
    }

    fn decide_transaction(&mut self, id: u64, sequencer: &Sequencer) {
        let transaction = self.transactions.get_mut(&id).expect("it is under way");
        let (origin, call) = (transaction.origin, transaction.call.clone());
        let handed = std::mem::take(&mut transaction.handed);
        let holders = transaction.holders(self.core);
        let call = call.borrow();
        let mut reply = Vec::new();
        let frames_before = self.applying.len();
        let answer = match self.resolve(&call) {
            Ok((index, operation)) => {
                let decision =
                    Decision { index, operation, handed: &handed, transaction: Some(id) };
                self.decide(origin, &call, &decision, sequencer, &mut reply)
            }
            Err(fault) => Answer::Now(Err(fault)),
        };
        if let Answer::Now(outcome) = answer {
            self.finish(origin, outcome, reply);
        }
        let committed = self.applying.len() > frames_before;
        self.transactions.remove(&id);
        if !committed {
            for core in holders {
                self.send(core, Body::Release { transaction: id });
            }
        }
        self.release(Holder { home: self.core, transaction: id }, sequencer);
    }

    /// Another core asks for rows of ours.
    pub(crate) fn hold_for(
        &mut self,
        from: CoreId,
        transaction: u64,
        rows: Vec<(TableId, StoreKey)>,
    ) {
        let holder = Holder { home: from, transaction };
        match self.holds.conflict(rows.iter()) {
            Some(row) => self.holds.wait(row, Waiter::Remote(holder, rows), false),
            None => self.hand_over(holder, &rows),
        }
    }

    fn hand_over(&mut self, holder: Holder, rows: &[RowName]) {
        self.holds.hold(holder, rows);
        let mut handed = Vec::with_capacity(rows.len());
        let damage = {
            let tables =
                request_tables(self.core, self.map, &self.overlay, &*self.base, &[], &self.arena);
            for (table, key) in rows {
                let value = tables.get(*table, key.as_slice()).map(Box::from);
                let lsn = self
                    .overlay
                    .get(*table, key.as_slice())
                    .map_or(frame::Lsn::NONE, |row| row.lsn);
                handed.push(HandedRow { table: *table, key: *key, lsn, value });
            }
            tables.damage.into_inner()
        };
        self.arena.reset();
        if let Some(reason) = damage {
            // The home core opens the value again and refuses the request for the same reason.
            let _ = self.incident(0, format!("damaged record handed over: {reason}"));
        }
        self.send(holder.home, Body::Held { transaction: holder.transaction, rows: handed });
    }

    /// Another core has handed its rows over.
    pub(crate) fn held(&mut self, id: u64, rows: Vec<HandedRow>, sequencer: &Sequencer) {
        let transaction = self.transactions.get_mut(&id).expect("it is under way");
        transaction.handed.extend(rows);
        transaction.done += 1;
        self.proceed(id, sequencer, false);
    }

    /// A transaction of another core is in the log.
    pub(crate) fn apply_for(
        &mut self,
        from: CoreId,
        transaction: u64,
        place: Place,
        changes: Vec<Change>,
        sequencer: &Sequencer,
    ) {
        let of_running_generation = place.generation >= self.generation;
        self.observe(place.generation);
        for change in changes {
            if of_running_generation {
                self.overlay.install(change, place.lsn);
            } else {
                self.overlay.install_older(change, place.lsn);
            }
        }
        self.send(from, Body::Applied { transaction });
        self.release(Holder { home: from, transaction }, sequencer);
    }

    /// A transaction of another core decided nothing.
    pub(crate) fn release_for(&mut self, from: CoreId, transaction: u64, sequencer: &Sequencer) {
        self.release(Holder { home: from, transaction }, sequencer);
    }

    /// A core has taken its part of the changes in.
    pub(crate) fn applied(&mut self, transaction: u64) {
        let lsn = *self.applying.get(&transaction).expect("its frame is in the log");
        let commit = self.gate.slow(lsn).expect("its reply waits");
        commit.applies_left -= 1;
        if commit.applies_left == 0 {
            self.applying.remove(&transaction);
            if commit.durable {
                self.commit_durable(lsn);
            }
        }
    }

    fn release(&mut self, holder: Holder, sequencer: &Sequencer) {
        for row in self.holds.release(holder) {
            while let Some(waiter) = self.holds.next_waiter(&row) {
                self.resume(waiter, sequencer);
            }
        }
    }

    /// Runs a command of this core's rows alone that had to wait for one of them.
    fn run_parked(&mut self, origin: Origin, owned: OwnedCall, sequencer: &Sequencer) {
        let call = owned.borrow();
        let mut reply = Vec::new();
        let resolved = self.resolve(&call).and_then(|(index, operation)| {
            self.touch(index, operation, &call).map(|()| (index, operation))
        });
        let answer = match resolved {
            Ok((index, operation)) => {
                let rows: Vec<_> =
                    self.command_rows(&call).into_iter().map(|(_, row)| row).collect();
                if let Some(row) = self.holds.holder_conflict(&rows) {
                    return self.holds.wait(row, Waiter::Call(origin, owned), true);
                }
                let decision = Decision { index, operation, handed: &[], transaction: None };
                self.decide(origin, &call, &decision, sequencer, &mut reply)
            }
            Err(fault) => Answer::Now(Err(fault)),
        };
        if let Answer::Now(outcome) = answer {
            self.finish(origin, outcome, reply);
        }
    }

    fn resume(&mut self, waiter: Waiter, sequencer: &Sequencer) {
        match waiter {
            Waiter::Call(origin, call) => self.run_parked(origin, call, sequencer),
            Waiter::Local(id) => self.proceed(id, sequencer, true),
            Waiter::Query(Origin::Part(from, id), call) => {
                self.answer_part(from, id, &call, sequencer);
            }
            Waiter::Query(origin, call) => self.run_owned(origin, &call, sequencer),
            Waiter::Remote(holder, rows) => match self.holds.holder_conflict(&rows) {
                Some(row) => self.holds.wait(row, Waiter::Remote(holder, rows), true),
                None => self.hand_over(holder, &rows),
            },
        }
    }
}
