//! Frames of the binary protocol, and the same frames coming back from an echo.

use wire::{
    Body, HEADER_BYTES, Head, Limits, Problem, ReplyBody, Status, decode_reply, decode_request,
    encode_batch_request, encode_request,
};

use super::{Answer, Keys};
use crate::error::LoadError;
use crate::mix::{Draw, KEY_DIGITS, Mix, key_at, write_digits};
use crate::tally::Statuses;
use crate::workload::Workload;

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answerer {
    /// A server, with replies.
    Server,
    /// An echo, with our own requests.
    Echo,
}

/// One connection's frames.
#[derive(Debug, Clone)]
pub(crate) struct Codec {
    answerer: Answerer,
    limits: Limits,
    /// All that may be asked.
    templates: Vec<Template>,
    draw: Draw,
    keys: Option<Keys>,
}

/// A whole request; its id, its keys and its tenant are filled in when it is sent.
#[derive(Debug, Clone)]
struct Template {
    bytes: Vec<u8>,
    /// Where the digits of the key that was drawn stand in the payload.
    digits_at: Option<usize>,
}

const ID_AT: usize = 8;
const TENANT_AT: usize = 24;
const KEY_AT: usize = HEADER_BYTES + 1;

impl Codec {
    pub(crate) fn new(
        workload: &Workload,
        items: u16,
        keys: Option<Keys>,
        answerer: Answerer,
        limits: Limits,
    ) -> Result<Self, LoadError> {
        let mut template = Vec::new();
        let idempotency_key = keys.as_ref().map(|_| &[0; 16][..]);
        let head = Head { idempotency_key, ..Head::new(workload.operation, 1) };
        let encoded = if items == 1 {
            encode_request(&mut template, &head, &workload.payload, &limits)
        } else {
            let payloads = vec![workload.payload.as_slice(); usize::from(items)];
            encode_batch_request(&mut template, &head, &payloads, &limits)
        };
        encoded.map_err(|error| LoadError::Invalid { flag: "batch", reason: error.to_string() })?;
        let templates = vec![Template { bytes: template, digits_at: None }];
        Ok(Self { answerer, limits, templates, draw: Draw::default(), keys })
    }

    /// Requests drawn from a mix, without idempotency keys.
    pub(crate) fn mixed(mix: &Mix, connection: u32, limits: Limits) -> Result<Self, LoadError> {
        let mut templates = Vec::with_capacity(mix.kinds.len());
        for kind in &mix.kinds {
            let single = Self::new(&kind.workload, 1, None, Answerer::Server, limits)?;
            let digits_at = key_at(&single.templates[0].bytes);
            templates.extend(single.templates.into_iter().map(|it| Template { digits_at, ..it }));
        }
        let draw = Draw::new(&mix.spread, connection);
        Ok(Self { answerer: Answerer::Server, limits, templates, draw, keys: None })
    }

    pub(crate) fn reply_bytes_max(&self) -> usize {
        usize::try_from(self.limits.reply_bytes_max.max(self.limits.request_bytes_max))
            .unwrap_or(usize::MAX)
    }

    /// Gives the number of the operation in the mix.
    pub(crate) fn append(&mut self, out: &mut Vec<u8>, slot: u32) -> u16 {
        let pick = self.draw.next();
        let Template { bytes, digits_at } = &mut self.templates[pick.kind];
        let id = u64::from(slot) + 1;
        bytes[ID_AT..ID_AT + 8].copy_from_slice(&id.to_le_bytes());
        bytes[TENANT_AT..TENANT_AT + 4].copy_from_slice(&pick.tenant.to_le_bytes());
        if let Some(at) = *digits_at {
            write_digits(pick.key, &mut bytes[at..at + KEY_DIGITS]);
        }
        if let Some(keys) = &mut self.keys {
            bytes[KEY_AT..KEY_AT + 16].copy_from_slice(&keys.next().to_le_bytes());
        }
        out.extend_from_slice(bytes);
        pick.operation
    }

    pub(crate) fn next(
        &mut self,
        bytes: &[u8],
        statuses: &mut Statuses,
    ) -> Result<Option<Answer>, String> {
        let (id, bytes, ok) = match self.answerer {
            Answerer::Server => {
                let decoded = decode_reply(bytes, &self.limits).map_err(|it| it.to_string())?;
                let Some((reply, whole)) = decoded else { return Ok(None) };
                if reply.request_id == 0 {
                    return Err(format!("the server said: {}", explain(&bytes[..whole])));
                }
                (reply.request_id, whole, count(reply.status, reply.body, statuses))
            }
            Answerer::Echo => {
                let decoded = decode_request(bytes, &self.limits).map_err(|it| it.to_string())?;
                let Some((request, whole)) = decoded else { return Ok(None) };
                let items = if let Body::Batch(items) = &request.body { items.len() } else { 1 };
                (0..items).for_each(|_| statuses.add(0));
                (request.head.request_id, whole, true)
            }
        };
        let slot = u32::try_from(id - 1).map_err(|_| format!("reply to unknown request {id}"))?;
        let body_bytes = bytes.saturating_sub(HEADER_BYTES);
        Ok(Some(Answer { bytes, body_bytes, slot, ok }))
    }
}

/// Counts every status of a reply and says whether all are Ok.
fn count(status: Status, body: ReplyBody<'_>, statuses: &mut Statuses) -> bool {
    let ReplyBody::Batch(items) = body else {
        statuses.add(status.number());
        return status == Status::Ok;
    };
    let mut ok = true;
    for item in items {
        statuses.add(item.status.number());
        ok &= item.status == Status::Ok;
    }
    ok
}

/// The status of a reply and, when it is a problem, where and why.
pub(crate) fn explain(frame: &[u8]) -> String {
    let Ok(Some((reply, _))) = decode_reply(frame, &Limits::DEFAULT) else {
        return "bytes that are no reply".to_owned();
    };
    let (status, payload) = match reply.body {
        ReplyBody::One(payload) => (reply.status, payload),
        ReplyBody::Batch(mut items) => match items.find(|item| item.status != Status::Ok) {
            Some(item) => (item.status, item.payload),
            None => (Status::Ok, &[][..]),
        },
    };
    match Problem::decode(payload) {
        Ok(problem) if status != Status::Ok => {
            format!("{}: {} {}", status.title(), problem.field, problem.detail)
        }
        _ => status.title().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use wire::{ReplyBatchMark, ReplyMark};

    use super::*;
    use crate::tally::Tally;

    fn codec(items: u16, keys: Option<Keys>, answerer: Answerer) -> Codec {
        let workload = Workload::plain(7, b"payload");
        Codec::new(&workload, items, keys, answerer, Limits::DEFAULT).unwrap()
    }

    #[test]
    fn requests_differ_in_id_and_key_only() {
        let mut codec = codec(1, Some(Keys::new(9, 1)), Answerer::Server);
        let mut out = Vec::new();
        codec.append(&mut out, 0);
        codec.append(&mut out, 41);
        let (first, whole) = decode_request(&out, &Limits::DEFAULT).unwrap().unwrap();
        let (second, _) = decode_request(&out[whole..], &Limits::DEFAULT).unwrap().unwrap();
        assert_eq!((first.head.request_id, second.head.request_id), (1, 42));
        assert_eq!(first.body, Body::One(b"payload"));
        assert_eq!(first.body, second.body);
        let keys = [first.head.idempotency_key.unwrap(), second.head.idempotency_key.unwrap()];
        assert_ne!(keys[0], keys[1]);
    }

    #[test]
    fn an_echo_answers_with_our_own_frames() {
        let mut codec = codec(3, None, Answerer::Echo);
        let mut out = Vec::new();
        codec.append(&mut out, 5);
        let mut statuses = Tally::new().statuses;
        for cut in 0..out.len() {
            assert_eq!(codec.next(&out[..cut], &mut statuses), Ok(None), "cut at {cut}");
        }
        let bytes = out.len();
        let answer = Answer { bytes, body_bytes: bytes - HEADER_BYTES, slot: 5, ok: true };
        assert_eq!(codec.next(&out, &mut statuses), Ok(Some(answer)));
        assert_eq!(statuses.total(), 3);
    }

    #[test]
    fn each_item_of_a_batch_counts_and_one_bad_item_spoils_the_frame() {
        let mut codec = codec(2, None, Answerer::Server);
        let mut frame = Vec::new();
        let mut batch = ReplyBatchMark::begin(&mut frame, 4, &Limits::DEFAULT);
        let item = batch.begin_item(&mut frame);
        batch.finish_item(&mut frame, item, Status::Ok);
        let item = batch.begin_item(&mut frame);
        let problem = Problem { field: "shifts", ..Problem::new(Status::Busy, "full") };
        batch.finish_item_problem(&mut frame, item, &problem);
        batch.finish(&mut frame, 1);
        let mut statuses = Tally::new().statuses;
        let answer = codec.next(&frame, &mut statuses).unwrap().unwrap();
        assert_eq!((answer.slot, answer.ok), (3, false));
        assert_eq!(statuses.iter().collect::<Vec<_>>(), [(0, 1), (40, 1)]);
        assert!(explain(&frame).ends_with("shifts full"), "{}", explain(&frame));
    }

    #[test]
    fn what_is_said_of_the_connection_ends_it() {
        let mut frame = Vec::new();
        ReplyMark::begin(&mut frame, 0, &Limits::DEFAULT).finish_problem(
            &mut frame,
            &Problem::new(Status::Garbled, "bad length"),
            0,
        );
        let mut statuses = Tally::new().statuses;
        let error = codec(1, None, Answerer::Server).next(&frame, &mut statuses).unwrap_err();
        assert!(error.contains("bad length"), "{error}");
    }
}
