//! Queries that every core answers from its own records; the core they arrived at merges.

use contract::{Operation, Run};
use frame::Lsn;
use sequencer::Sequencer;

use crate::{
    call::{Answer, Call, Fault, OwnedCall},
    limits::SCATTERED_MAX,
    map::CoreId,
    message::Body,
    shard::{Origin, Shard},
};

/// A query under way on every core.
#[derive(Debug)]
pub(crate) struct Scatter {
    origin: Origin,
    call: OwnedCall,
    merge: contract::MergeRun,
    /// By core, so that the merge sees the parts in one order.
    parts: Vec<Vec<u8>>,
    left: u16,
    /// The least position of any part; the first fault ends it.
    outcome: Result<Lsn, Fault>,
}

impl Shard {
    pub(crate) fn scatter(
        &mut self,
        origin: Origin,
        call: &Call<'_>,
        operation: &'static Operation,
        sequencer: &Sequencer,
    ) -> Answer {
        if self.scatters.len() >= SCATTERED_MAX {
            return Answer::Now(Err(Fault::Busy("too many lists are under way")));
        }
        let Run::Query(run) = operation.run else { unreachable!("the kind was checked") };
        let id = self.number();
        let owned = OwnedCall::of(call);
        for core in self.map.ids().filter(|core| *core != self.core) {
            self.outbox.push((core, crate::Message(Body::Part { id, call: owned.clone() })));
        }
        let cores = self.map.cores();
        let scatter = Scatter {
            origin,
            call: owned.clone(),
            merge: run.merge,
            parts: vec![Vec::new(); usize::from(cores)],
            left: cores,
            outcome: Ok(Lsn(u64::MAX)),
        };
        self.scatters.insert(id, scatter);
        self.answer_part(self.core, id, &owned, sequencer);
        Answer::Later
    }

    pub(crate) fn answer_part(
        &mut self,
        from: CoreId,
        id: u64,
        call: &OwnedCall,
        sequencer: &Sequencer,
    ) {
        let origin = Origin::Part(from, id);
        let call = call.borrow();
        let mut reply = Vec::new();
        let answer = match self.resolve(&call) {
            Ok((index, operation)) => {
                self.query(origin, &call, index, operation, sequencer, &mut reply)
            }
            Err(fault) => Answer::Now(Err(fault)),
        };
        if let Answer::Now(outcome) = answer {
            self.finish(origin, outcome, reply);
        }
    }

    pub(crate) fn part_answered(
        &mut self,
        id: u64,
        from: CoreId,
        outcome: Result<Lsn, Fault>,
        reply: Vec<u8>,
    ) {
        let scatter = self.scatters.get_mut(&id).expect("a part of a query under way");
        scatter.left -= 1;
        scatter.parts[usize::from(from.0)] = reply;
        scatter.outcome = match (std::mem::replace(&mut scatter.outcome, Ok(Lsn::NONE)), outcome) {
            (Ok(least), Ok(position)) => Ok(least.min(position)),
            (Err(fault), _) | (Ok(_), Err(fault)) => Err(fault),
        };
        if scatter.left > 0 {
            return;
        }
        let scatter = self.scatters.remove(&id).expect("it was there");
        let mut reply = Vec::new();
        let outcome = match scatter.outcome {
            Ok(position) => {
                match (scatter.merge)(&scatter.call.payload, &scatter.parts, &mut reply) {
                    Ok(()) => Ok(position),
                    Err(contract::Failure::Denied(denial)) => Err(Fault::Denied(denial)),
                    Err(contract::Failure::Malformed) => Err(self.incident(
                        scatter.call.operation,
                        "a part of an answer is malformed".into(),
                    )),
                }
            }
            Err(fault) => Err(fault),
        };
        self.finish(scatter.origin, outcome, reply);
    }
}
