//! Appending: frames get their headers, groups their blocks, and one sync makes them durable.

use std::rc::Rc;

use disk::{Device, DiskError, File, IO_BYTES_MAX};
use frame::{BLOCK_BYTES, Group, GroupIter, HEADER_BYTES, Lsn, Position, stamp};

use crate::header::{SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::layout::{FileKind, LogOptions, OptionsError, block_up};
use crate::recovery::Resume;
use crate::retired::Retired;
use crate::spares::Spares;

/// A log that can be appended to, by one writer.
#[derive(Debug)]
pub struct Log<D: Device> {
    device: D,
    options: LogOptions,
    epoch: u32,
    /// All frames up to here are durable.
    position: Position,
    active: Option<Active<D::File>>,
    retired: Rc<Retired>,
    spares: Rc<Spares>,
}

#[derive(Debug)]
struct Active<F> {
    file: F,
    header: SegmentHeader,
    /// Where the next group goes, a multiple of the block size.
    offset: u64,
}

/// Why the log stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// A write or sync failed. What it was to make durable is unknown: restart and recover.
    #[error("{0}; stop, check the disk, and start again: nothing acknowledged is lost")]
    Disk(#[from] DiskError),
    /// The options contradict each other.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A frame came that no space was granted for.
    #[error("no segment is ready for frame {lsn}: it was pushed without credit")]
    NoSegment {
        /// The frame.
        lsn: Lsn,
    },
    /// A frame is longer than the options allow.
    #[error("frame {lsn} has {frame_bytes} bytes, a segment holds {usable_bytes}")]
    TooLong {
        /// The frame.
        lsn: Lsn,
        /// Its length with its header.
        frame_bytes: u64,
        /// What a fresh segment holds.
        usable_bytes: u64,
    },
}

impl<D: Device> Log<D> {
    /// Goes on where recovery ended, in a new epoch. Writes nothing yet.
    pub fn resume(device: D, options: LogOptions, resume: Resume) -> Result<Self, LogError> {
        options.check()?;
        Ok(Self {
            device,
            options,
            epoch: resume.epoch,
            position: resume.position,
            active: None,
            retired: Rc::new(Retired::new(resume.segments)),
            spares: Rc::new(Spares::new(resume.spares, resume.next_id)),
        })
    }

    /// All frames up to here are durable.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The epoch of the frames that this log appends.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Credit that the space at hand covers, whatever the sizes of the frames are.
    pub fn guaranteed_bytes(&self) -> u64 {
        self.options.guaranteed_bytes(self.rest_bytes(), self.spares.count())
    }

    /// Makes a spare segment now. The running log does so by itself, between commits.
    pub async fn prepare(&mut self) -> Result<(), LogError> {
        Ok(self.spares.prepare(&self.device, self.options.segment_bytes).await?)
    }

    /// Writes the group's frames and makes them durable; the group is empty afterwards.
    pub async fn append(&mut self, group: &mut Group) -> Result<Position, LogError> {
        assert!(
            group.first() == self.position.lsn.next(),
            "groups follow each other without a gap"
        );
        let mut entries = group.iter();
        let mut position = self.position;
        let mut left = (group.len(), group.frame_bytes());
        while 0 < left.0 {
            let (count, bytes) = part(&entries, self.rest_bytes(), left);
            if count == 0 {
                self.begin_segment(position).await?;
                self.check_fits(&entries)?;
                continue;
            }
            position = self.write_part(&mut entries, count, bytes, position).await?;
            left = (left.0 - count, left.1 - bytes);
        }
        self.position = position;
        group.clear();
        Ok(position)
    }

    /// Begins the epoch durably, if a spare segment is ready. True once the log has a segment to
    /// write to.
    pub(crate) async fn begin_epoch(&mut self) -> Result<bool, LogError> {
        if self.active.is_none() && 0 < self.spares.count() {
            self.begin_segment(self.position).await?;
        }
        Ok(self.active.is_some())
    }

    /// Turns segments whose frames are all below `below` into spares, or removes them when there
    /// are enough. The running log does so by itself, beside the commits.
    pub async fn release(&mut self, below: Lsn) -> Result<(), LogError> {
        Ok(self.retired.release(&self.device, &self.options, &self.spares, below).await?)
    }

    pub(crate) fn device(&self) -> &D {
        &self.device
    }

    pub(crate) fn options(&self) -> LogOptions {
        self.options
    }

    pub(crate) fn spares(&self) -> Rc<Spares> {
        Rc::clone(&self.spares)
    }

    pub(crate) fn retired(&self) -> Rc<Retired> {
        Rc::clone(&self.retired)
    }

    fn rest_bytes(&self) -> u64 {
        self.active.as_ref().map_or(0, |active| self.options.segment_bytes - active.offset)
    }

    fn check_fits(&self, entries: &GroupIter<'_>) -> Result<(), LogError> {
        let usable_bytes = self.options.usable_bytes();
        match entries.clone().next() {
            Some(entry) if usable_bytes < frame_bytes(entry.body) => Err(LogError::TooLong {
                lsn: entry.lsn,
                frame_bytes: frame_bytes(entry.body),
                usable_bytes,
            }),
            _ => Ok(()),
        }
    }

    async fn begin_segment(&mut self, previous: Position) -> Result<(), LogError> {
        let Some(spare) = self.spares.take() else {
            return Err(LogError::NoSegment { lsn: previous.lsn.next() });
        };
        let before = match self.active.take() {
            Some(Active { file, header, .. }) => {
                file.close().await;
                Some(header)
            }
            None => None,
        };
        let id = self.spares.claim_id();
        let spare = FileKind::Spare.name(spare);
        let file = self.device.open(&spare).await?;
        let segment_bytes = self.options.segment_bytes;
        let header = SegmentHeader { epoch: self.epoch, id, segment_bytes, previous };
        let mut buffer = self.device.buffer(BLOCK_BYTES);
        header.write(buffer.as_mut());
        file.write_at(buffer, 0).await?;
        file.sync().await?;
        self.device.rename(&spare, &FileKind::Segment.name(id)).await?;
        self.device.sync_names().await?;
        self.retired.push(before, header.first());
        self.active = Some(Active { file, header, offset: SEGMENT_HEADER_BYTES });
        Ok(())
    }

    /// Writes `count` frames of `bytes` together into the active segment and syncs it.
    async fn write_part(
        &mut self,
        entries: &mut GroupIter<'_>,
        count: u64,
        bytes: u64,
        mut position: Position,
    ) -> Result<Position, LogError> {
        let durable = self.position.lsn;
        let epoch = self.epoch;
        let Some(active) = &mut self.active else { unreachable!("only a segment has room") };
        let mut stage = Stage::new(&self.device, &active.file, active.offset, block_up(bytes));
        for _ in 0..count {
            let Some(entry) = entries.next() else { unreachable!("the part was counted") };
            let (header, next) =
                stamp(position, epoch, durable, active.header.id, entry.time_us, entry.body);
            stage.put(&header).await?;
            stage.put(entry.body).await?;
            position = next;
        }
        stage.finish().await?;
        active.file.sync().await?;
        active.offset += block_up(bytes);
        Ok(position)
    }
}

fn frame_bytes(body: &[u8]) -> u64 {
    (HEADER_BYTES + body.len()) as u64
}

/// How many of the next entries fit into `rest_bytes`, and how long their frames are together; all
/// that are `left` if they fit.
fn part(entries: &GroupIter<'_>, rest_bytes: u64, left: (u64, u64)) -> (u64, u64) {
    if left.1 <= rest_bytes {
        return left;
    }
    let (mut count, mut bytes) = (0, 0);
    for entry in entries.clone() {
        let next = bytes + frame_bytes(entry.body);
        if rest_bytes < next {
            break;
        }
        count += 1;
        bytes = next;
    }
    (count, bytes)
}

/// Fills buffers and writes each when it is full. The last one is filled up with zeroes.
struct Stage<'a, D: Device> {
    device: &'a D,
    file: &'a D::File,
    offset: u64,
    /// Bytes not yet covered by a buffer.
    left_bytes: u64,
    buffer: Option<D::Buffer>,
    filled: usize,
}

impl<'a, D: Device> Stage<'a, D> {
    fn new(device: &'a D, file: &'a D::File, offset: u64, bytes: u64) -> Self {
        Self { device, file, offset, left_bytes: bytes, buffer: None, filled: 0 }
    }

    async fn put(&mut self, mut bytes: &[u8]) -> Result<(), DiskError> {
        while !bytes.is_empty() {
            let buffer = match &mut self.buffer {
                Some(buffer) => buffer,
                empty => {
                    let left = usize::try_from(self.left_bytes).unwrap_or(usize::MAX);
                    let length = left.min(IO_BYTES_MAX);
                    assert!(0 < length, "the part was measured before it is written");
                    self.left_bytes -= length as u64;
                    self.filled = 0;
                    empty.insert(self.device.buffer(length))
                }
            };
            let room = &mut buffer.as_mut()[self.filled..];
            let taken = room.len().min(bytes.len());
            room[..taken].copy_from_slice(&bytes[..taken]);
            let full = taken == room.len();
            self.filled += taken;
            bytes = &bytes[taken..];
            if full {
                self.write().await?;
            }
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<(), DiskError> {
        if let Some(buffer) = &mut self.buffer {
            buffer.as_mut()[self.filled..].fill(0);
            self.write().await?;
        }
        assert!(self.left_bytes == 0, "the part was measured before it is written");
        Ok(())
    }

    async fn write(&mut self) -> Result<(), DiskError> {
        if let Some(buffer) = self.buffer.take() {
            let bytes = buffer.as_ref().len() as u64;
            self.file.write_at(buffer, self.offset).await?;
            self.offset += bytes;
        }
        Ok(())
    }
}
