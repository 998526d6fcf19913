//! Cross-origin requests of browsers (the Fetch standard, "CORS protocol").

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, HeaderMap, HeaderValue, VARY,
};

use crate::head::Head;

/// Fields of answers that a page may read.
const EXPOSED: &str = "x-log-position, etag, retry-after, ratelimit, ratelimit-policy, traceparent, \
                       deprecation, sunset";
/// Fields of requests that a page may send.
const ALLOWED: &str = "authorization, content-type, idempotency-key, if-match, if-none-match, traceparent, \
                       x-api-key, x-log-position-at-least, x-request-deadline, x-tenant";

/// Which origins may call from a browser. Credentials travel in `Authorization`, never in cookies,
/// so that no page can use what a browser remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origins {
    /// None: a browser lets only the box's own pages call.
    #[default]
    None,
    /// Every origin.
    Any,
    /// These, as a browser writes them: `https://app.example.com`.
    Listed(Vec<String>),
}

impl Origins {
    /// From configured words: `*` stands for every origin.
    pub fn of(words: Vec<String>) -> Self {
        match &words[..] {
            [] => Self::None,
            words if words.iter().any(|it| it == "*") => Self::Any,
            _ => Self::Listed(words),
        }
    }

    /// The value to allow the request's origin with.
    fn allowed(&self, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
        let listed = match self {
            Self::None => return None,
            Self::Any => return origin.map(|_| HeaderValue::from_static("*")),
            Self::Listed(listed) => listed,
        };
        let origin = origin?;
        listed.iter().any(|it| it.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }

    /// Whether answers differ by the request's origin.
    fn varies(&self) -> bool {
        matches!(self, Self::Listed(_))
    }

    /// Adds to an answer what lets the page read it, and to the answer to a preflight what the page
    /// may do.
    pub(crate) fn mark(&self, head: &Head<'_>, response: &mut HeaderMap) {
        if self.varies() {
            response.append(VARY, HeaderValue::from_static("origin"));
        }
        let Some(origin) = self.allowed(head.fields.origin) else { return };
        response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        if *head.method == http::Method::OPTIONS
            && head.fields.request_method.is_some()
            && let Some(methods) = response.get(ALLOW).cloned()
        {
            response.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
            response.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED));
            response.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_allowed_origins_are_named() {
        let listed = Origins::of(vec!["https://a.example".into(), "https://b.example".into()]);
        for (origins, origin, expected) in [
            (&Origins::None, Some("https://a.example"), None),
            (&Origins::of(vec!["*".into()]), Some("https://z.example"), Some("*")),
            (&listed, Some("https://b.example"), Some("https://b.example")),
            (&listed, Some("https://b.example.evil"), None),
            (&listed, Some("null"), None),
            (&listed, None, None),
        ] {
            let mut request = http::Request::get("/");
            if let Some(origin) = origin {
                request = request.header("Origin", origin);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            let mut response = HeaderMap::new();
            origins.mark(&Head::of(&parts), &mut response);
            let allowed = response.get(ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(allowed.map(|it| it.to_str().unwrap()), expected, "{origins:?} {origin:?}");
            assert_eq!(response.contains_key(VARY), *origins == listed);
        }
    }
}
