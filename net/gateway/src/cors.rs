//! Cross-origin requests of browsers (the Fetch standard, "CORS protocol").

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderMap, HeaderValue, ORIGIN, VARY,
};

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
    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let listed = match self {
            Self::None => return None,
            Self::Any => {
                return headers.contains_key(ORIGIN).then(|| HeaderValue::from_static("*"));
            }
            Self::Listed(listed) => listed,
        };
        let origin = headers.get(ORIGIN)?;
        listed.iter().any(|it| it.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }

    /// Whether answers differ by the request's origin.
    fn varies(&self) -> bool {
        matches!(self, Self::Listed(_))
    }

    /// Adds to an answer what lets the page read it.
    pub(crate) fn mark(&self, request: &HeaderMap, response: &mut HeaderMap) {
        if self.varies() {
            response.append(VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = self.allowed(request) {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            let exposed =
                "x-log-position, etag, retry-after, ratelimit, ratelimit-policy, traceparent";
            response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
        }
    }

    /// Adds to the answer to a preflight what the page may do; `methods` as in `Allow`.
    pub(crate) fn preflight(
        &self,
        request: &HeaderMap,
        methods: &HeaderValue,
        response: &mut HeaderMap,
    ) {
        if !request.contains_key(ACCESS_CONTROL_REQUEST_METHOD) || self.allowed(request).is_none() {
            return;
        }
        let headers = "authorization, content-type, idempotency-key, if-match, if-none-match, traceparent, \
                       x-api-key, x-log-position-at-least, x-request-deadline";
        response.insert(ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
        response.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(headers));
        response.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
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
            let mut request = HeaderMap::new();
            if let Some(origin) = origin {
                request.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            let mut response = HeaderMap::new();
            origins.mark(&request, &mut response);
            let allowed = response.get(ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(allowed.map(|it| it.to_str().unwrap()), expected, "{origins:?} {origin:?}");
            assert_eq!(response.contains_key(VARY), *origins == listed);
        }
    }
}
