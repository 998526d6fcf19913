//! Asking a running box over RPC.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use client::{Call, Client, Options, Problem, Reply, ReplyItem, Status};

use crate::offline::Refused;
use crate::reference::Publication;

/// Connects to the box at `address`.
pub(crate) fn connect(address: SocketAddr) -> Result<Client> {
    let options = Options { name: "quoin".to_owned(), ..Options::default() };
    Client::connect(address, options)
        .with_context(|| format!("connecting to {address}: is `quoin serve` running there?"))
}

/// The payload of a reply; a refusal is an error.
pub(crate) fn payload(reply: &Reply) -> Result<&[u8]> {
    match reply.problem()? {
        None => Ok(&reply.payload),
        Some(problem) => Err(refused(&problem).into()),
    }
}

/// The payload of one answer of a batch; a refusal is an error.
pub(crate) fn item<'a>(item: &ReplyItem<'a>) -> Result<&'a [u8]> {
    match item.status {
        Status::Ok => Ok(item.payload),
        _ => Err(refused(&Problem::decode(item.payload)?).into()),
    }
}

fn refused(problem: &Problem<'_>) -> Refused {
    Refused { field: problem.field.to_owned(), detail: problem.detail.to_owned() }
}

/// Publishes everything, and gives the highest position of the answers. Publishing what is
/// published already changes nothing, so this may be repeated at any time.
pub(crate) fn publish(client: &Client, publications: &[Publication]) -> Result<u64> {
    let mut position = 0;
    for it in publications {
        // The same request has the same key: a retry after a broken connection is answered once.
        let key = format!("publish/{:032x}", xxhash_rust::xxh3::xxh3_128(&it.payload));
        let call = Call::command(it.operation, &it.payload).idempotency_key(key.as_bytes());
        let reply = client.call(&call).with_context(|| format!("publishing {}", it.name))?;
        payload(&reply).with_context(|| format!("publishing {}", it.name))?;
        position = position.max(reply.position);
    }
    Ok(position)
}
