//! A request's body that has to arrive in time, and an answer's that waits for what nobody read.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use monoio::time::{Sleep, sleep};

/// What is read and thrown away of a request that was answered before its end.
const UNREAD_BYTES_MAX: usize = 256 * 1024;
/// How long that may take, in seconds.
const UNREAD_S: u64 = 5;

/// Why a body did not arrive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error(transparent)]
    Broken(#[from] hyper::Error),
    #[error("it took over {0} seconds")]
    Late(u64),
}

/// A body, and the time that it may take. The clock starts when it is waited for: most bodies come
/// with their heads and cost no timer.
pub(crate) struct Timely {
    body: Option<Incoming>,
    limit_s: u64,
    limit: Option<Pin<Box<Sleep>>>,
    unread: Option<Unread>,
}

/// Where a body goes that is let go of before its end.
pub(crate) type Unread = Rc<Cell<Option<Incoming>>>;

impl Timely {
    pub(crate) fn new(body: Incoming, limit_s: u64) -> Self {
        Self { body: Some(body), limit_s, limit: None, unread: None }
    }

    /// The place where the rest of this body will be; `None` when all of it is here.
    pub(crate) fn keep_unread(&mut self) -> Option<Unread> {
        if !self.is_end_stream() {
            self.unread = Some(Rc::default());
        }
        self.unread.clone()
    }
}

impl Drop for Timely {
    fn drop(&mut self) {
        if let (Some(body), Some(unread)) = (self.body.take(), &self.unread)
            && !body.is_end_stream()
        {
            unread.set(Some(body));
        }
    }
}

impl Body for Timely {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Self { body: Some(body), limit_s, limit, .. } = &mut *self else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(context) {
            return Poll::Ready(frame.map(|it| it.map_err(BodyError::Broken)));
        }
        let limit = limit.get_or_insert_with(|| Box::pin(sleep(Duration::from_secs(*limit_s))));
        limit.as_mut().poll(context).map(|()| Some(Err(BodyError::Late(*limit_s))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }
}

/// The body of an answer.
///
/// Over HTTP/2 an answer that ends before its request makes the box reset the stream (RFC 9113, 8.1),
/// and many clients then take the answer for lost. So the answer goes out at once, and its end when
/// the request's has come, or when too much or too long has been waited for it.
pub(crate) struct Answer {
    bytes: Bytes,
    unread: Option<(Timely, usize)>,
}

impl Answer {
    pub(crate) fn new(bytes: Bytes, unread: Option<Unread>) -> Self {
        let unread = unread.and_then(|it| it.take());
        Self { bytes, unread: unread.map(|it| (Timely::new(it, UNREAD_S), 0)) }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if !self.bytes.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.bytes)))));
        }
        while let Some((body, bytes)) = &mut self.unread {
            match ready!(Pin::new(body).poll_frame(context)) {
                Some(Ok(frame)) if *bytes < UNREAD_BYTES_MAX => {
                    *bytes += frame.data_ref().map_or(0, Bytes::len);
                }
                _ => self.unread = None,
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && self.unread.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        u64::try_from(self.bytes.len()).map(SizeHint::with_exact).unwrap_or_default()
    }
}
