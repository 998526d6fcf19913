//! Commands that run only if the state is as their caller has seen it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use contract::{Cx, Denial, RefusalClass, Run};
use sequencer::Sequencer;
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    call::{Answer, Call, Expected, Fault, Precondition},
    commit::Decision,
    shard::{Hosted, Origin, Shard, request_tables},
};

impl Shard {
    /// The answer to a command whose precondition is not met; `None` when it may run. Between this
    /// and the decision nothing else runs, and the rows that the query names are held with the
    /// command's own.
    pub(crate) fn unmet(
        &mut self,
        origin: Origin,
        call: &Call<'_>,
        precondition: &Precondition<'_>,
        decision: &Decision<'_>,
        sequencer: &Sequencer,
    ) -> Option<Answer> {
        let index = decision.index;
        let query = self.hosted[index].entry.operation(precondition.query);
        let Some(Run::Query(run)) = query.map(|it| it.run) else {
            return Some(Answer::Now(Err(Fault::UnknownOperation)));
        };
        let mut reply = Vec::new();
        let cx = Cx::new(self.now_us, call.tenant, call.actor, call.correlation, 0);
        let (outcome, seen, damage) = {
            let tables = request_tables(
                self.core,
                self.map,
                &self.overlay,
                &*self.base,
                decision.handed,
                &self.arena,
            );
            let Hosted { reference, scratch, .. } = &mut self.hosted[index];
            let answer = || {
                let (reference, scratch) = (reference.as_ref(), scratch.as_mut());
                let payload = precondition.payload;
                (run.answer)(&cx, &tables, reference, scratch, payload, &mut reply)
            };
            let outcome = catch_unwind(AssertUnwindSafe(answer));
            (outcome, tables.seen.get(), tables.damage.into_inner())
        };
        self.arena.reset();
        let fault = self.fault_of(call.operation, index, outcome, damage);
        let is_met = match (fault, precondition.expected) {
            (None, Expected::Something) => true,
            (None, Expected::Replies(hashes)) => hashes.contains(&xxh3_64(&reply)),
            (Some(Fault::Denied(denial)), expected) if is_missing(&denial) => {
                matches!(expected, Expected::Nothing)
            }
            (None, Expected::Nothing) => false,
            (Some(fault), _) => return Some(self.refuse(origin, fault, seen, sequencer)),
        };
        (!is_met).then(|| self.refuse(origin, Fault::Changed, seen, sequencer))
    }
}

fn is_missing(denial: &Denial) -> bool {
    denial.class == RefusalClass::Missing
}
