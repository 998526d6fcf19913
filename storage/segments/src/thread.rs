//! The log's thread.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use disk::direct::{self, DirectDevice, ThreadOptions};
use disk::plain::{PlainDevice, block_on};
use disk::{Device, DiskError};
use frame::Feed;

use crate::control::Control;
use crate::layout::LogOptions;
use crate::log::Log;
use crate::recovery::Resume;
use crate::run::run;

/// The thread's name.
const NAME: &str = "quoin-log";

/// Tells the engine when the thread unwinds: whoever waits for durability must not wait forever.
struct Witness<F: Feed>(Arc<F>);

impl<F: Feed> Drop for Witness<F> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.failed("the log thread panicked");
        }
    }
}

/// Starts the log in `root` on a glommio executor with direct I/O. The thread ends when the engine
/// closes the log or the log fails.
pub fn spawn_direct_log<F: Feed + 'static>(
    root: PathBuf,
    options: LogOptions,
    resume: Resume,
    feed: Arc<F>,
    control: Arc<Control>,
    thread: ThreadOptions,
) -> io::Result<JoinHandle<()>> {
    let refused = Arc::clone(&feed);
    direct::spawn(
        NAME,
        thread,
        async move || {
            let device = DirectDevice::open_directory(&root).await;
            serve(device, options, resume, feed, &control).await;
        },
        move |error| refused.failed(&format!("starting the io_uring executor: {error}")),
    )
}

/// Starts the log in `root` on a plain thread with `pwrite` and `fdatasync`.
pub fn spawn_plain_log<F: Feed + 'static>(
    root: PathBuf,
    options: LogOptions,
    resume: Resume,
    feed: Arc<F>,
    control: Arc<Control>,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(NAME.to_owned()).spawn(move || {
        match PlainDevice::open_directory(&root) {
            Ok(device) => {
                let served = serve(Ok(device.clone()), options, resume, feed, &control);
                block_on(&device, served);
            }
            Err(error) => feed.failed(&error.to_string()),
        }
    })
}

async fn serve<D: Device + Clone, F: Feed>(
    device: Result<D, DiskError>,
    options: LogOptions,
    resume: Resume,
    feed: Arc<F>,
    control: &Control,
) {
    let witness = Witness(feed);
    let feed = &*witness.0;
    let log = device.map_err(Into::into).and_then(|device| Log::resume(device, options, resume));
    match log {
        // A failure was told to the feed.
        Ok(mut log) => drop(run(&mut log, feed, control).await),
        Err(error) => feed.failed(&error.to_string()),
    }
}
