//! Start-up: replay what the stores do not hold yet, and find out whether anything acknowledged is
//! lost.
//!
//! Where the frames of the last segment end there is either nothing, or the group that was being
//! written when the box stopped: torn, never acknowledged, and left alone, because the new epoch
//! writes to a segment of its own. If a frame behind the end proves otherwise, or a later segment
//! goes on further, acknowledged frames are damaged and the box refuses to start.

use std::collections::VecDeque;

use disk::{Device, DiskError};
use frame::{Frame, Position};

use crate::header::SegmentHeader;
use crate::layout::{FileKind, LogOptions};
use crate::scan::{Damage, Files, Progress, Scan};

/// What [`crate::Log::resume`] needs to go on. Can be sent to the thread that will write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    pub(crate) epoch: u32,
    pub(crate) position: Position,
    pub(crate) segments: VecDeque<SegmentHeader>,
    pub(crate) spares: VecDeque<u64>,
    pub(crate) next_id: u64,
}

impl Resume {
    /// The epoch that the log will write in: one above every epoch before.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }
}

/// A log that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The last durable frame.
    pub position: Position,
    /// Frames handed to the caller.
    pub frames_count: u64,
    /// For [`crate::Log::resume`] or one of the thread starters.
    pub resume: Resume,
}

/// Why the log cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoverError {
    /// Reading it failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// It is not whole.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The epochs are used up.
    #[error("the log was started {} times, its epoch cannot grow further", u32::MAX)]
    Epochs,
}

/// Reads the log and hands every frame after `applied` to `on_frame`, in order.
///
/// `applied` is what all stores hold: [`Position::NONE`] without any. It must belong to the log's
/// history. An empty directory is an empty log if nothing was applied.
pub async fn recover<D: Device>(
    device: &D,
    options: &LogOptions,
    applied: Position,
    on_frame: &mut dyn FnMut(&Frame<'_>),
    progress: &mut dyn FnMut(Progress),
) -> Result<Recovered, RecoverError> {
    let files = Files::list(device).await?;
    let mut scan = Scan::new(device, Some(applied), on_frame, progress);
    if let Some(damage) = scan.read(&files).await? {
        return Err(damage.into());
    }
    let Scan { position, headers, .. } = scan;
    let epoch = headers.iter().map(|it| it.epoch).max().unwrap_or(0).max(position.epoch);
    let epoch = epoch.checked_add(1).ok_or(RecoverError::Epochs)?;
    let next_id = files.next_id();
    let spares = clean(device, options, files).await?;
    let segments = headers.into();
    let frames_count = position.lsn.0 - applied.lsn.0;
    let resume = Resume { epoch, position, segments, spares, next_id };
    Ok(Recovered { position, frames_count, resume })
}

/// Removes unfinished files and spares of another size; returns the spares that can be used.
async fn clean<D: Device>(
    device: &D,
    options: &LogOptions,
    files: Files,
) -> Result<VecDeque<u64>, DiskError> {
    let mut removed = files.unfinished.len();
    for id in files.unfinished {
        device.remove(&FileKind::Unfinished.name(id)).await?;
    }
    let mut spares = VecDeque::new();
    for id in files.spares {
        let name = FileKind::Spare.name(id);
        let file = device.open(&name).await?;
        let bytes = disk::File::size_bytes(&file).await?;
        disk::File::close(file).await;
        if bytes == options.segment_bytes {
            spares.push_back(id);
        } else {
            device.remove(&name).await?;
            removed += 1;
        }
    }
    if 0 < removed {
        device.sync_names().await?;
    }
    Ok(spares)
}
