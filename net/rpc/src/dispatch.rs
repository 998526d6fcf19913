//! From a request to its reply, or to a note that one will come.

use std::cell::RefCell;
use std::rc::Rc;

use gateway::{Demand, Principal, Rejection};
use runtime::Sink;
use shard::{Answer, Completion};
use wire::{Body, Head, Items, ReplyBatchMark, ReplyMark, Request, Status};

use crate::connection::Line;
use crate::tickets::{Batch, Waiting};

/// Runs a request. What the core answers at once is appended to the line's output.
pub(crate) fn dispatch(line: &Line, sink: &Sink, request: &Request<'_>) {
    match &request.body {
        Body::One(payload) => one(line, sink, &request.head, payload),
        Body::Batch(items) => batch(line, sink, &request.head, items.clone()),
    }
}

fn one(line: &Line, sink: &Sink, head: &Head<'_>, payload: &[u8]) {
    let out = &mut *line.out.borrow_mut();
    let mark = ReplyMark::begin(out, head.request_id, line.limits());
    let mut tickets = line.tickets.borrow_mut();
    if line.in_flight_max() <= tickets.count() {
        return mark.finish_problem(out, &busy().problem(), line.position());
    }
    let call = demand(head, None, payload).call(&line.desk.core, sink.ticket(tickets.next()));
    match line.desk.core.call(&call, out) {
        Answer::Now(Ok(position)) => mark.finish(out, Status::Ok, position.0),
        Answer::Now(Err(fault)) => {
            mark.finish_problem(out, &Rejection::of(&fault).problem(), line.position());
        }
        Answer::Later => {
            mark.abandon(out);
            tickets.take(Waiting::Request(head.request_id));
        }
    }
}

/// Items are answered in place for as long as none has to wait; from the first that does, the
/// answers are kept apart until the last has come.
fn batch(line: &Line, sink: &Sink, head: &Head<'_>, items: Items<'_>) {
    let out = &mut *line.out.borrow_mut();
    let mut mark = ReplyBatchMark::begin(out, head.request_id, line.limits());
    let mut tickets = line.tickets.borrow_mut();
    let mut position = 0;
    let mut kept: Option<Rc<RefCell<Batch>>> = None;
    for (index, payload) in (0_u16..).zip(items) {
        let full = line.waiting_max() <= tickets.count();
        let call = demand(head, Some(index), payload);
        let call = call.call(&line.desk.core, sink.ticket(tickets.next()));
        let item = mark.begin_item(out);
        let start = out.len();
        let answer = if full { None } else { Some(line.desk.core.call(&call, out)) };
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
    if kept.is_some() { mark.abandon(out) } else { mark.finish(out, position) }
}

/// Appends the reply that a completion makes possible.
pub(crate) fn complete(line: &Line, number: u32, completion: Completion) {
    let out = &mut *line.out.borrow_mut();
    let waiting = line.tickets.borrow_mut().leave(number);
    let outcome = completion.outcome.map_err(|fault| Rejection::of(&fault));
    match waiting {
        Waiting::Request(request_id) => {
            let mark = ReplyMark::begin(out, request_id, line.limits());
            match outcome {
                Ok(position) => {
                    out.extend_from_slice(&completion.reply);
                    mark.finish(out, Status::Ok, position.0);
                }
                Err(rejection) => mark.finish_problem(out, &rejection.problem(), line.position()),
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

fn demand<'a>(head: &Head<'a>, item: Option<u16>, payload: &'a [u8]) -> Demand<'a> {
    Demand {
        operation: head.operation,
        principal: Principal::loopback(head.tenant),
        idempotency_key: head.idempotency_key,
        item,
        deadline_ms: head.deadline_ms,
        at_least: head.at_least.unwrap_or(0),
        correlation: 0,
        payload,
    }
}

fn busy() -> Rejection {
    let detail = "too many requests of this connection wait for their reply";
    Rejection { retry_after_ms: 10, ..Rejection::new(Status::Busy, detail) }
}
