//! Checkpoints: a cut between two frames, every core's changes up to it, the stores, new snapshots.

use std::sync::Arc;

use frame::Lsn;
use shard::{Rows, purge};

use crate::{
    auditor::{Violation, demand},
    state::{DOMAINS, State},
    world::World,
};

/// Rows that one checkpoint looks at for replies that are too old: few, so that it takes many.
const LOOKED_AT: usize = 20;

/// How far a checkpoint is.
#[derive(Debug, Default)]
pub(crate) enum Checkpoint {
    /// None is under way.
    #[default]
    Idle,
    /// Cores hand over what they changed.
    Collecting { cut: Lsn, generation: u64, parts: Vec<Option<Arc<Rows>>> },
    /// All is there; nothing is stored before the cut is durable.
    Storing { cut: Lsn, parts: Vec<Arc<Rows>>, domain: usize },
    /// It is stored; cores go over to it.
    Installing { cut: Lsn, cores: Vec<usize> },
}

impl World {
    /// Takes the next step; false when there is none to take now.
    pub(crate) fn checkpoint_step(&mut self) -> Result<bool, Violation> {
        match std::mem::take(&mut self.checkpoint) {
            Checkpoint::Idle => {
                let (cut, generation) = self.machine.rotate();
                self.trace.line(|| format!("rotate to {generation} after {cut}"));
                let cores = self.machine.shards.len();
                let parts = vec![None; cores];
                self.checkpoint = Checkpoint::Collecting { cut, generation, parts };
            }
            Checkpoint::Collecting { cut, generation, parts } => {
                if parts.iter().any(Option::is_none) {
                    self.checkpoint = Checkpoint::Collecting { cut, generation, parts };
                    return Ok(false);
                }
                let mut parts: Vec<_> = parts.into_iter().flatten().collect();
                let purged = purge(&*self.stores.state, &parts, LOOKED_AT).map_err(Violation)?;
                let removed = purged.iter().filter(|(_, _, value)| value.is_none()).count();
                self.trace.line(|| format!("purge {removed} of {}", self.stores.state.kept()));
                self.counts.purged += u64::try_from(removed).expect("few rows");
                parts.push(Arc::new(purged));
                self.checkpoint = Checkpoint::Storing { cut, parts, domain: 0 };
            }
            Checkpoint::Storing { cut, parts, domain } => {
                if self.auditor.durable < cut.0 {
                    self.checkpoint = Checkpoint::Storing { cut, parts, domain };
                    return Ok(false);
                }
                let position = self.auditor.position_of(cut.0);
                self.stores.commit(domain, &parts, position);
                self.trace.line(|| format!("store domain {domain} at {cut}"));
                if domain + 1 < DOMAINS.len() {
                    self.checkpoint = Checkpoint::Storing { cut, parts, domain: domain + 1 };
                    return Ok(true);
                }
                self.check_stored(cut)?;
                let cores = (0..self.machine.shards.len()).collect();
                self.checkpoint = Checkpoint::Installing { cut, cores };
            }
            Checkpoint::Installing { cut, mut cores } => {
                let index = self.random.index(cores.len());
                let core = cores.swap_remove(index);
                let base = Arc::clone(&self.stores.state);
                self.machine.shards[core].install_base(base);
                if cores.is_empty() {
                    self.counts.checkpoints += 1;
                    self.machine.control.release(cut.next());
                } else {
                    self.checkpoint = Checkpoint::Installing { cut, cores };
                }
            }
        }
        Ok(true)
    }

    /// A core handed its changes over.
    pub(crate) fn frozen(
        &mut self,
        core: usize,
        of: u64,
        rows: Arc<Rows>,
    ) -> Result<(), Violation> {
        let Checkpoint::Collecting { generation, parts, .. } = &mut self.checkpoint else {
            return Err(Violation(format!("core {core} froze generation {of} for nobody")));
        };
        demand!(*generation == of, "core {core} froze generation {of}, not {generation}");
        demand!(parts[core].is_none(), "core {core} froze generation {of} twice");
        parts[core] = Some(rows);
        Ok(())
    }

    /// The stores hold exactly what the log up to the cut gives.
    fn check_stored(&mut self, cut: Lsn) -> Result<(), Violation> {
        let frames = usize::try_from(cut.0).expect("few frames");
        let cores = u16::try_from(1 + self.random.below(5)).expect("few cores");
        let scratch = State::replayed(&self.auditor.frames[..frames], cores)?;
        let stored: &State = &self.stores.state;
        demand!(
            stored.is_same(&scratch),
            "the checkpoint at {cut} differs from a replay: {}",
            stored.difference(&scratch)
        );
        Ok(())
    }
}
