//! From a request to its reply, or to a note that one will come.

use std::cell::RefCell;
use std::rc::Rc;

use frame::Lsn;
use gateway::{Admission, Demand, Due, Pass, Principal, Rejection, Visitor};
use shard::{Answer, Completion};
use wire::{Body, Head, ReplyBatchMark, ReplyMark, Request, Status};

use crate::connection::Line;
use crate::tickets::{Batch, Waiting};

/// Runs a request of somebody who needs no look. What the core answers at once is appended to the
/// line's output.
pub(crate) fn open(line: &Line, request: &Request<'_>) {
    run(line, request, Pass::open(request.head.tenant));
}

/// Looks who asks, and runs the request if it may be.
pub(crate) async fn admitted(line: &Rc<Line>, visitor: &Visitor, request: &Request<'_>) {
    let times = match &request.body {
        Body::One(_) => 1,
        Body::Batch(items) => u16::try_from(items.len()).expect("a count of the wire"),
    };
    match line.desk.reception.admit(visitor, &request.head, times).await {
        Ok(Admission::Now(pass)) => run(line, request, pass),
        Ok(Admission::Asking(due)) => ask(line, request, due),
        Err(rejection) => refuse(line, request.head.request_id, &rejection),
    }
}

/// Has another core asked about the limits of the request, while others of the connection go on.
fn ask(line: &Rc<Line>, request: &Request<'_>, due: Due) {
    let head = request.head;
    if line.is_full() {
        return refuse(line, head.request_id, &busy());
    }
    line.charging.set(line.charging.get() + 1);
    let key = head.idempotency_key.map(<[u8]>::to_vec);
    let (is_batch, payloads) = match &request.body {
        Body::One(payload) => (false, vec![payload.to_vec()]),
        Body::Batch(items) => (true, items.clone().map(<[u8]>::to_vec).collect()),
    };
    let Head { operation, request_id, deadline_ms, tenant, at_least, .. } = head;
    let line = Rc::clone(line);
    monoio::spawn(async move {
        let outcome = line.desk.reception.charge(due).await;
        line.charging.set(line.charging.get() - 1);
        let idempotency_key = key.as_deref();
        let head = Head { operation, request_id, deadline_ms, tenant, idempotency_key, at_least };
        match outcome {
            Ok(pass) if is_batch => {
                let payloads = payloads.iter().map(Vec::as_slice);
                batch(&line, &head, payloads, pass);
            }
            Ok(pass) => one(&line, &head, &payloads[0], pass),
            Err(rejection) => refuse(&line, request_id, &rejection),
        }
        line.nudge();
    });
}

fn refuse(line: &Line, request_id: u64, rejection: &Rejection) {
    let (out, position) = (&mut *line.out.borrow_mut(), line.position());
    wire::encode_problem_reply(out, request_id, &rejection.problem(), position);
}

fn run(line: &Line, request: &Request<'_>, pass: Pass) {
    match &request.body {
        Body::One(payload) => one(line, &request.head, payload, pass),
        Body::Batch(items) => batch(line, &request.head, items.clone(), pass),
    }
}

fn one(line: &Line, head: &Head<'_>, payload: &[u8], pass: Pass) {
    let Pass { principal, mut visit } = pass;
    if let Some(visit) = &mut visit {
        visit.asked(payload.len());
    }
    let full = line.is_full();
    let out = &mut *line.out.borrow_mut();
    let before = out.len();
    let mark = ReplyMark::begin(out, head.request_id, line.limits());
    let mut tickets = line.tickets.borrow_mut();
    // A connection that is over waits for nothing, and nobody reads what is left unsaid.
    let Some(ticket) = line.ticket(tickets.next()) else { return mark.abandon(out) };
    let answer = if full {
        Err(busy())
    } else {
        let correlation = visit.as_ref().map_or(0, |it| it.correlation());
        let demand = demand(head, principal, correlation, None, payload);
        let call = demand.call(line.desk.core(), ticket);
        match line.desk.core().call(&call, out) {
            Answer::Now(outcome) => outcome.map_err(|fault| Rejection::of(&fault)),
            Answer::Later => {
                mark.abandon(out);
                return tickets.take(Waiting::Request(head.request_id, visit));
            }
        }
    };
    let (status, at) = outcome_of(&answer);
    match answer {
        Ok(position) => mark.finish(out, Status::Ok, position.0),
        Err(rejection) => mark.finish_problem(out, &rejection.problem(), line.position()),
    }
    if let Some(visit) = visit {
        visit.answered(status, at, out.len() - before);
    }
}

/// What became of a request, for those who count.
fn outcome_of(answer: &Result<Lsn, Rejection>) -> (Status, u64) {
    answer.as_ref().map_or_else(|it| (it.status, 0), |position| (Status::Ok, position.0))
}

/// Items are answered in place for as long as none has to wait; from the first that does, the
/// answers are kept apart until the last has come.
fn batch<'a>(line: &Line, head: &Head<'_>, items: impl Iterator<Item = &'a [u8]>, pass: Pass) {
    let Pass { principal, mut visit } = pass;
    let out = &mut *line.out.borrow_mut();
    let before = out.len();
    let mut mark = ReplyBatchMark::begin(out, head.request_id, line.limits());
    let mut tickets = line.tickets.borrow_mut();
    let correlation = visit.as_ref().map_or(0, |it| it.correlation());
    let (mut position, mut asked_bytes) = (0, 0);
    let mut kept: Option<Rc<RefCell<Batch>>> = None;
    for (index, payload) in (0_u16..).zip(items) {
        asked_bytes += payload.len();
        let full = line.waiting_max() <= tickets.count();
        let Some(ticket) = line.ticket(tickets.next()) else { return mark.abandon(out) };
        let demand = demand(head, principal, correlation, Some(index), payload);
        let call = demand.call(line.desk.core(), ticket);
        let item = mark.begin_item(out);
        let start = out.len();
        let answer = if full { None } else { Some(line.desk.core().call(&call, out)) };
        let outcome = match answer {
            Some(Answer::Now(Ok(at))) => Ok(at.0),
            Some(Answer::Now(Err(fault))) => Err(Rejection::of(&fault)),
            None => Err(busy()),
            Some(Answer::Later) => {
                mark.abandon_item(out, item);
                let kept = kept.get_or_insert_with(|| {
                    Rc::new(RefCell::new(Batch::new(head.request_id, position, mark.items(out))))
                });
                kept.borrow_mut().wait();
                tickets.take(Waiting::Item(Rc::clone(kept), index));
                continue;
            }
        };
        if let Some(kept) = &kept {
            let at = *outcome.as_ref().unwrap_or(&0);
            let reply = outcome.map(|_| out[start..].to_vec());
            mark.abandon_item(out, item);
            kept.borrow_mut().push(at, reply);
            continue;
        }
        match outcome {
            Ok(at) => {
                position = position.max(at);
                mark.finish_item(out, item, Status::Ok);
            }
            Err(rejection) => mark.finish_item_problem(out, item, &rejection.problem()),
        }
    }
    if let Some(visit) = &mut visit {
        visit.asked(asked_bytes);
    }
    if let Some(kept) = kept {
        mark.abandon(out);
        return kept.borrow_mut().keep(visit);
    }
    mark.finish(out, position);
    if let Some(visit) = visit {
        visit.answered(Status::Ok, position, out.len() - before);
    }
}

/// Appends the reply that a completion makes possible.
pub(crate) fn complete(line: &Line, number: u32, completion: Completion) {
    let out = &mut *line.out.borrow_mut();
    let waiting = line.tickets.borrow_mut().leave(number);
    let outcome = completion.outcome.map_err(|fault| Rejection::of(&fault));
    match waiting {
        Waiting::Request(request_id, visit) => {
            let (status, at) = outcome_of(&outcome);
            let before = out.len();
            let mark = ReplyMark::begin(out, request_id, line.limits());
            match outcome {
                Ok(position) => {
                    out.extend_from_slice(&completion.reply);
                    mark.finish(out, Status::Ok, position.0);
                }
                Err(rejection) => mark.finish_problem(out, &rejection.problem(), line.position()),
            }
            if let Some(visit) = visit {
                visit.answered(status, at, out.len() - before);
            }
        }
        Waiting::Item(batch, index) => {
            let position = outcome.as_ref().map_or(0, |it| it.0);
            let mut batch = batch.borrow_mut();
            batch.complete(index, position, outcome.map(|_| completion.reply));
            batch.finish(line.limits(), out);
        }
    }
}

fn demand<'a>(
    head: &Head<'a>,
    principal: Principal,
    correlation: u128,
    item: Option<u16>,
    payload: &'a [u8],
) -> Demand<'a> {
    Demand {
        operation: head.operation,
        principal,
        idempotency_key: head.idempotency_key,
        item,
        deadline_ms: head.deadline_ms,
        at_least: head.at_least.unwrap_or(0),
        precondition: None,
        correlation,
        payload,
    }
}

fn busy() -> Rejection {
    let detail = "too many requests of this connection wait for their reply";
    Rejection { retry_after_ms: 10, ..Rejection::new(Status::Busy, detail) }
}
