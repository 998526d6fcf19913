//! The URL of a server that is not ours.

/// The parts of a URL, each as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Url<'a> {
    pub(super) scheme: Scheme<'a>,
    /// With the port.
    pub(super) host: &'a str,
    /// `/` when there is none.
    pub(super) path: &'a str,
}

/// What is spoken there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme<'a> {
    /// `secure` is `None` where the URL does not say.
    Http {
        secure: Option<bool>,
    },
    Redis,
    Postgres {
        user: &'a str,
        database: &'a str,
    },
}

impl<'a> Url<'a> {
    /// `None` for what is no URL of ours.
    pub(super) fn read(url: &'a str) -> Option<Self> {
        let (name, rest) = url.split_once("://").unwrap_or(("", url));
        let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let (scheme, host) = match name {
            "" if rest == url => (Scheme::Http { secure: None }, host),
            "http" => (Scheme::Http { secure: Some(false) }, host),
            "https" => (Scheme::Http { secure: Some(true) }, host),
            "redis" if path == "/" => (Scheme::Redis, host),
            "postgres" | "postgresql" => {
                let (user, host) = host.split_once('@')?;
                let database = path.strip_prefix('/').filter(|it| !it.contains('/'))?;
                if [user, database].contains(&"") || user.contains(':') {
                    return None;
                }
                (Scheme::Postgres { user, database }, host)
            }
            _ => return None,
        };
        // It is written into requests as it is.
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic());
        (plain && !host.is_empty()).then_some(Self { scheme, host, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_as_it_was_written() {
        let http = |secure| Scheme::Http { secure };
        let postgres = Scheme::Postgres { user: "me", database: "db" };
        for (url, scheme, host, path) in [
            ("127.0.0.1:9443", http(None), "127.0.0.1:9443", "/"),
            ("https://box:1/", http(Some(true)), "box:1", "/"),
            ("http://[::1]:80/a/b?c=d", http(Some(false)), "[::1]:80", "/a/b?c=d"),
            ("box:1/http", http(None), "box:1", "/http"),
            ("redis://box:6379", Scheme::Redis, "box:6379", "/"),
            ("redis://[::1]:6379/", Scheme::Redis, "[::1]:6379", "/"),
            ("postgres://me@box:5432/db", postgres, "box:5432", "/db"),
            ("postgresql://me@[::1]:5432/db", postgres, "[::1]:5432", "/db"),
        ] {
            assert_eq!(Url::read(url), Some(Url { scheme, host, path }), "{url}");
        }
    }

    #[test]
    fn what_is_no_url_of_ours_is_none() {
        for url in [
            "",
            "https://",
            "/",
            "://box:1",
            "ftp://box:1/",
            "box:1/a b",
            "box:1/\r\nx:y",
            "box:1/\u{e4}",
            "redis://box:1/3",
            "redis://",
            "postgres://box:1/db",
            "postgres://me@box:1",
            "postgres://me@box:1/",
            "postgres://@box:1/db",
            "postgres://me@/db",
            "postgres://me:secret@box:1/db",
            "postgres://me@box:1/db/other",
        ] {
            assert_eq!(Url::read(url), None, "{url:?}");
        }
    }
}
