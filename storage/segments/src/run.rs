//! Adaptive group commit.
//!
//! What is pending is written at once when the device is idle; what arrives while a sync is in
//! flight forms the next group. There is no timer: the group's size follows the load by itself.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use disk::Device;
use frame::{Feed, Group};

use crate::control::Control;
use crate::log::{Log, LogError};

/// Runs the log until the engine closes it and everything pushed is durable, or until it fails,
/// which the engine is told through [`Feed::failed`] as well.
pub async fn run<D, F>(log: &mut Log<D>, feed: &F, control: &Control) -> Result<(), LogError>
where
    D: Device + Clone,
    F: Feed + ?Sized,
{
    let device = log.device().clone();
    let options = log.options();
    let (spares, retired) = (log.spares(), log.retired());
    let mut commits = pin!(commit(log, feed, control));
    let mut prepares = pin!(spares.keep_up(&device, &options, feed, control));
    let mut releases = pin!(retired.let_go(&device, &options, &spares, control));
    let ended = poll_fn(|context| {
        if let Poll::Ready(ended) = commits.as_mut().poll(context) {
            return Poll::Ready(ended);
        }
        if let Poll::Ready(error) = prepares.as_mut().poll(context) {
            return Poll::Ready(Err(error.into()));
        }
        releases.as_mut().poll(context).map(|error| Err(error.into()))
    })
    .await;
    if let Err(error) = &ended {
        feed.failed(&error.to_string());
    }
    ended
}

async fn commit<D, F>(log: &mut Log<D>, feed: &F, control: &Control) -> Result<(), LogError>
where
    D: Device,
    F: Feed + ?Sized,
{
    let mut group = Group::default();
    let retired = log.retired();
    // Credit that was granted and not yet used up by a group that came back.
    let mut outstanding_bytes = 0;
    loop {
        // In this order: what was pushed before the engine began to close is still taken.
        let closing = feed.closing();
        if log.begin_epoch().await? {
            let guaranteed_bytes = log.guaranteed_bytes();
            if outstanding_bytes < guaranteed_bytes {
                feed.grant(guaranteed_bytes - outstanding_bytes);
                outstanding_bytes = guaranteed_bytes;
            }
        }
        if feed.take(&mut group) {
            let paid_bytes = group.space_bytes();
            assert!(
                paid_bytes <= outstanding_bytes,
                "the engine pushes only what it has credit for"
            );
            let position = log.append(&mut group).await?;
            feed.durable(position);
            outstanding_bytes -= paid_bytes;
            continue;
        }
        retired.order(control.release_below());
        if closing && retired.is_settled() {
            return Ok(());
        }
        control.rung().await;
    }
}
