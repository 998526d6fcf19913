//! A request as the bytes of its stream, for our own client.

use bytes::{Bytes, BytesMut};
use http::{Method, Request};

use super::{frame, qpack};

/// Appends the frames of `request`. Its URI has a scheme and an authority.
pub(crate) fn encode(request: &Request<Bytes>, output: &mut BytesMut) {
    let mut section = BytesMut::with_capacity(128);
    qpack::begin(&mut section);
    match *request.method() {
        Method::GET => qpack::indexed(17, &mut section),
        Method::HEAD => qpack::indexed(18, &mut section),
        Method::POST => qpack::indexed(20, &mut section),
        ref other => qpack::with_name_of(17, other.as_str().as_bytes(), &mut section),
    }
    let uri = request.uri();
    match uri.scheme_str() {
        None | Some("https") => qpack::indexed(23, &mut section),
        Some(other) => qpack::with_name_of(23, other.as_bytes(), &mut section),
    }
    let authority = uri.authority().map_or("", |it| it.as_str());
    qpack::with_name_of(0, authority.as_bytes(), &mut section);
    let path = uri.path_and_query().map_or("/", |it| it.as_str());
    qpack::with_name_of(1, path.as_bytes(), &mut section);
    for (name, value) in request.headers() {
        qpack::literal(name.as_str().as_bytes(), value.as_bytes(), &mut section);
    }
    frame::begin(frame::HEADERS, section.len(), output);
    output.extend_from_slice(&section);
    if !request.body().is_empty() {
        frame::begin(frame::DATA, request.body().len(), output);
        output.extend_from_slice(request.body());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h3::inbound::{Inbound, Limits};

    #[test]
    fn the_server_reads_what_the_client_writes() {
        for (method, body) in [("GET", ""), ("HEAD", ""), ("POST", "hello"), ("PATCH", "hi")] {
            let request = Request::builder()
                .method(method)
                .uri("https://a.test:1/b?c")
                .header("x-a", "1")
                .body(Bytes::from(body))
                .unwrap();
            let mut bytes = BytesMut::new();
            encode(&request, &mut bytes);
            let mut inbound = Inbound::default();
            let limits = Limits { section_bytes_max: 1000, body_bytes_max: 1000 };
            inbound.push(bytes.freeze(), limits).unwrap();
            let read = inbound.finish().unwrap();
            assert_eq!(read.method(), request.method());
            assert_eq!(read.uri(), request.uri());
            assert_eq!(read.headers(), request.headers());
            assert_eq!(read.body(), request.body());
        }
    }
}
