//! The body of a request.

use bytes::Bytes;
use http::HeaderValue;
use http_body::Body;
use http_body_util::BodyExt;
use wire::Status;

use crate::head::Fields;
use crate::rejection::Rejection;

/// The whole body, as JSON and within the limit.
pub(crate) async fn receive<B>(
    body: B,
    fields: &Fields<'_>,
    bytes_max: usize,
) -> Result<Bytes, Rejection>
where
    B: Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    let too_large = || {
        let detail = format!("the body is over the limit of {bytes_max} bytes");
        Rejection::new(Status::TooLarge, detail)
    };
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    is_json(fields)?;
    if u64::try_from(bytes_max).is_ok_and(|it| it < body.size_hint().lower()) {
        return Err(too_large());
    }
    let mut body = std::pin::pin!(body);
    // Nearly every body comes in one part, which is taken as it is.
    let mut only = Bytes::new();
    let mut parts = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Rejection::new(Status::Malformed, format!("the body did not arrive: {error}"))
        })?;
        // Trailers say nothing that is asked for.
        let Ok(part) = frame.into_data() else { continue };
        if bytes_max - only.len() - parts.len() < part.len() {
            return Err(too_large());
        }
        if only.is_empty() && parts.is_empty() {
            only = part;
        } else {
            parts.extend_from_slice(&std::mem::take(&mut only));
            parts.extend_from_slice(&part);
        }
    }
    Ok(if parts.is_empty() { only } else { Bytes::from(parts) })
}

/// Whether the body is declared as JSON, whatever its parameters, and is not packed.
fn is_json(fields: &Fields<'_>) -> Result<(), Rejection> {
    let media = fields.content_type.map_or("", text);
    let media = media.split(';').next().unwrap_or("").trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return Err(unsupported(
            "declare the body as content-type: application/json",
            "Content-Type",
        ));
    }
    match fields.content_encoding.map_or("identity", text) {
        coding if coding.trim().eq_ignore_ascii_case("identity") => Ok(()),
        // A small body that grows large when it is unpacked is a weapon.
        _ => Err(unsupported(
            "send the body as it is: no coding is unpacked here",
            "Content-Encoding",
        )),
    }
}

fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or("")
}

fn unsupported(detail: &'static str, field: &'static str) -> Rejection {
    Rejection::new(Status::Malformed, detail).as_http(415).at(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_json() {
        for (media, coding, expected) in [
            (Some("application/json"), None, Ok(())),
            (Some("Application/JSON; charset=utf-8"), Some("Identity"), Ok(())),
            (Some("text/plain"), None, Err("Content-Type")),
            (Some("application/json-patch+json"), None, Err("Content-Type")),
            (None, None, Err("Content-Type")),
            (Some("application/json"), Some("gzip"), Err("Content-Encoding")),
            (Some("application/json"), Some(""), Err("Content-Encoding")),
        ] {
            let value = |it: &'static str| HeaderValue::from_static(it);
            let (media, coding) = (media.map(value), coding.map(value));
            let fields = Fields {
                content_type: media.as_ref(),
                content_encoding: coding.as_ref(),
                ..Fields::default()
            };
            let found = is_json(&fields).map_err(|it| (it.http, it.field.into_owned()));
            assert_eq!(found, expected.map_err(|it| (415, it.to_owned())), "{media:?} {coding:?}");
        }
    }
}
