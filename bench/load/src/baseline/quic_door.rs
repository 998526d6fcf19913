//! The QUIC door with nothing behind it.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use monoio::time::sleep;

use super::Kind;

/// How often the end is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// Answers 200 to every request, and echoes what comes on streams, until it is stopped.
pub(super) async fn serve(kind: Kind, door: &quic::Door, stopped: Arc<AtomicBool>) {
    let body_bytes = if let Kind::Http3 { body_bytes } = kind { body_bytes } else { 0 };
    let body = Rc::new(Bytes::from(vec![b'k'; body_bytes]));
    let service = move |_: Request<Bytes>, _: quic::Peer| {
        let body = Rc::clone(&body);
        async move {
            let mut response = Response::new(Bytes::clone(&body));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
            response
        }
    };
    let stopping = async move {
        while !stopped.load(Ordering::Acquire) {
            sleep(LOOK).await;
        }
    };
    // A socket that cannot be served shows as silence to the generator, which says so.
    if let Ok(Some(serving)) = door.serve_streams(0, service, echo, stopping) {
        serving.await;
    }
}

async fn echo(stream: quic::Stream) {
    let (mut receiver, mut sender) = stream.split();
    let mut bytes = Vec::new();
    while let Ok(1..) = receiver.read(&mut bytes).await {
        if sender.write_all(std::mem::take(&mut bytes)).await.is_err() {
            return;
        }
    }
    sender.finish();
}
