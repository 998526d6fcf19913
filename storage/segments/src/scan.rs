//! Reading the whole log: every frame in order, and a verdict on where and why it ends.

use std::collections::VecDeque;

use disk::{Device, DiskError};
use frame::{BLOCK_BYTES, Frame, FrameError, Header, Lsn, Position};

use crate::header::{HeaderError, SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::layout::{FileKind, block_up};
use crate::reader::Reader;

/// How often progress is told, in bytes read.
const PROGRESS_BYTES: u64 = 8 * 1024 * 1024;

/// How far a scan has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of segments done.
    pub bytes: u64,
    /// Bytes of all segments that are read.
    pub bytes_total: u64,
    /// The last frame read.
    pub lsn: Lsn,
}

/// One segment as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentReport {
    /// The file.
    pub place: String,
    /// What it says about itself.
    pub header: SegmentHeader,
    /// Its last frame; the one before its first when it holds none.
    pub last: Lsn,
    /// Frames in it.
    pub frames_count: u64,
    /// Where its valid frames end. What lies behind is unused, or was torn by a crash and never
    /// acknowledged.
    pub end_offset: u64,
}

/// Acknowledged frames cannot be read, or the files do not belong together. The box must not start
/// on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// A segment file whose first block cannot be used.
    #[error("{place}, offset 0: {error}; fetch the log from the standby, or restore a backup")]
    Header {
        /// The file.
        place: String,
        /// What is wrong with it.
        error: HeaderError,
    },
    /// A frame cannot be read although a later one proves that it was acknowledged.
    #[error(
        "{place}, offset {offset}: frame {lsn} is damaged ({error}), \
         and {proof} proves that it was acknowledged; \
         fetch the log from the standby, or restore a backup"
    )]
    Frame {
        /// The file.
        place: String,
        /// Where the frame begins.
        offset: u64,
        /// Its number.
        lsn: Lsn,
        /// What is wrong with it.
        error: FrameError,
        /// The later frame or segment.
        proof: String,
    },
    /// A valid frame that does not continue the history.
    #[error(
        "{place}, offset {offset}: frame {found} does not follow frame {previous}; \
         fetch the log from the standby, or restore a backup"
    )]
    Order {
        /// The file.
        place: String,
        /// Where the frame begins.
        offset: u64,
        /// Its number.
        found: Lsn,
        /// The last frame that is good.
        previous: Lsn,
    },
    /// A segment that does not continue the history.
    #[error(
        "{place}: begins after position {found}, the log before it ends at {previous}; \
         fetch the log from the standby, or restore a backup"
    )]
    Gap {
        /// The file.
        place: String,
        /// What the segment follows.
        found: Position,
        /// Where the log before it ends.
        previous: Position,
    },
    /// The log does not reach the frame that the stores were checkpointed at.
    #[error(
        "{place}: the log covers frames {first} to {last}, the stores need it from {applied} on; \
         fetch the log from the standby, or restore log and stores from one backup"
    )]
    Apart {
        /// The log's directory.
        place: String,
        /// The log's first frame.
        first: Lsn,
        /// The log's last frame.
        last: Lsn,
        /// The last frame that the stores hold.
        applied: Lsn,
    },
    /// The stores were checkpointed from another history.
    #[error(
        "{place}: the stores hold position {applied}, the log has {found} there; \
         restore log and stores from one backup"
    )]
    Foreign {
        /// The file.
        place: String,
        /// What the stores say.
        applied: Position,
        /// What the log says.
        found: Position,
    },
}

/// A whole log as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The segments that were read, in order.
    pub segments: Vec<SegmentReport>,
    /// Segments ready for use.
    pub spares_count: usize,
    /// Where the readable history ends.
    pub position: Position,
    /// Why it ends there, if it should not.
    pub damage: Option<Damage>,
}

/// Reads every frame of the log without changing anything, for operators and tests.
pub async fn inspect<D: Device>(
    device: &D,
    on_frame: &mut dyn FnMut(&Frame<'_>),
    progress: &mut dyn FnMut(Progress),
) -> Result<Inspection, DiskError> {
    let files = Files::list(device).await?;
    let spares_count = files.spares.len();
    let mut scan = Scan::new(device, None, on_frame, progress);
    let damage = scan.read(&files).await?;
    let Scan { segments, position, .. } = scan;
    Ok(Inspection { segments, spares_count, position, damage })
}

/// The log's files by kind, in the order of their ids.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) segments: Vec<u64>,
    pub(crate) spares: VecDeque<u64>,
    pub(crate) unfinished: Vec<u64>,
}

impl Files {
    pub(crate) async fn list<D: Device>(device: &D) -> Result<Self, DiskError> {
        let mut files = Self::default();
        for name in device.list().await? {
            match FileKind::parse(&name) {
                Some((FileKind::Segment, id)) => files.segments.push(id),
                Some((FileKind::Spare, id)) => files.spares.push_back(id),
                Some((FileKind::Unfinished, id)) => files.unfinished.push(id),
                None => {}
            }
        }
        Ok(files)
    }

    /// Above every id in use.
    pub(crate) fn next_id(&self) -> u64 {
        let ids = self.segments.iter().chain(&self.spares).chain(&self.unfinished);
        ids.max().map_or(1, |id| id + 1)
    }
}

/// The state of one pass over the log.
pub(crate) struct Scan<'a, D> {
    device: &'a D,
    /// What the stores hold; frames up to there are walked, not reported. `None`: start at the
    /// first segment.
    applied: Option<Position>,
    on_frame: &'a mut dyn FnMut(&Frame<'_>),
    progress: &'a mut dyn FnMut(Progress),
    bytes_total: u64,
    bytes_before: u64,
    bytes_told: u64,
    pub(crate) segments: Vec<SegmentReport>,
    /// Headers of all segments, those not read included.
    pub(crate) headers: Vec<SegmentHeader>,
    pub(crate) position: Position,
}

/// Where the frames of one segment end.
struct End {
    offset: u64,
    error: FrameError,
}

impl<'a, D: Device> Scan<'a, D> {
    pub(crate) fn new(
        device: &'a D,
        applied: Option<Position>,
        on_frame: &'a mut dyn FnMut(&Frame<'_>),
        progress: &'a mut dyn FnMut(Progress),
    ) -> Self {
        Self {
            device,
            applied,
            on_frame,
            progress,
            bytes_total: 0,
            bytes_before: 0,
            bytes_told: 0,
            segments: Vec::new(),
            headers: Vec::new(),
            position: applied.unwrap_or_default(),
        }
    }

    /// Reads the segments from the one that holds the frame after `applied`.
    pub(crate) async fn read(&mut self, files: &Files) -> Result<Option<Damage>, DiskError> {
        if let Some(damage) = self.read_headers(files).await? {
            return Ok(Some(damage));
        }
        let Some(start) = self.start() else {
            return Ok(self.apart());
        };
        let headers = self.headers[start..].to_vec();
        self.bytes_total = headers.iter().map(|it| it.segment_bytes).sum();
        self.position = headers.first().map_or(self.position, |it| it.previous);
        if let Some(damage) = self.check_applied(&FileKind::Segment.name(headers[0].id)) {
            return Ok(Some(damage));
        }
        for (index, header) in headers.iter().enumerate() {
            let next = headers.get(index + 1);
            if let Some(damage) = self.read_segment(header, next).await? {
                return Ok(Some(damage));
            }
            self.bytes_before += header.segment_bytes;
        }
        Ok(self.apart())
    }

    async fn read_headers(&mut self, files: &Files) -> Result<Option<Damage>, DiskError> {
        for &id in &files.segments {
            let name = FileKind::Segment.name(id);
            let mut reader = Reader::open(self.device, &name, id).await?;
            let block = reader.bytes(0, BLOCK_BYTES).await?;
            let header = SegmentHeader::parse(block, id);
            reader.close().await;
            match header {
                Ok(header) => self.headers.push(header),
                Err(error) => {
                    return Ok(Some(Damage::Header { place: self.device.place(&name), error }));
                }
            }
        }
        Ok(None)
    }

    /// The last segment that begins no later than the first frame that is asked for.
    fn start(&self) -> Option<usize> {
        let Some(applied) = self.applied else {
            return (!self.headers.is_empty()).then_some(0);
        };
        // Several may begin there: the box started and stopped without a frame. The first of them
        // is walked too.
        let wanted = applied.lsn.next();
        let after = self.headers.iter().position(|it| wanted <= it.first());
        match after {
            Some(index) if self.headers[index].first() == wanted => Some(index),
            Some(index) => index.checked_sub(1),
            None => self.headers.len().checked_sub(1),
        }
    }

    /// The damage if log and stores do not meet.
    fn apart(&self) -> Option<Damage> {
        let applied = self.applied?;
        let first = self.headers.first().map_or(Lsn(1), SegmentHeader::first);
        let read =
            !self.segments.is_empty() || (self.headers.is_empty() && applied == Position::NONE);
        if read && applied.lsn <= self.position.lsn {
            return None;
        }
        let last = if self.segments.is_empty() { Lsn::NONE } else { self.position.lsn };
        Some(Damage::Apart { place: self.device.place(""), first, last, applied: applied.lsn })
    }

    /// The damage if the log stands at the stores' frame with another history.
    fn check_applied(&self, name: &str) -> Option<Damage> {
        let applied = self.applied?;
        let foreign = applied.lsn == self.position.lsn && applied.chain != self.position.chain;
        foreign.then(|| Damage::Foreign {
            place: self.device.place(name),
            applied,
            found: self.position,
        })
    }

    async fn read_segment(
        &mut self,
        header: &SegmentHeader,
        next: Option<&SegmentHeader>,
    ) -> Result<Option<Damage>, DiskError> {
        let name = FileKind::Segment.name(header.id);
        let place = self.device.place(&name);
        if header.previous.lsn != self.position.lsn || header.previous.chain != self.position.chain
        {
            let (found, previous) = (header.previous, self.position);
            return Ok(Some(Damage::Gap { place, found, previous }));
        }
        let mut reader = Reader::open(self.device, &name, header.id).await?;
        let end = match self.walk(&mut reader, header, &name).await? {
            Ok(end) => end,
            Err(damage) => return Ok(Some(damage)),
        };
        self.segments.push(SegmentReport {
            place: place.clone(),
            header: *header,
            last: self.position.lsn,
            frames_count: self.position.lsn.0 - header.previous.lsn.0,
            end_offset: end.offset,
        });
        let missing = self.position.lsn.next();
        let proof = match next {
            Some(next) if missing < next.first() => {
                Some(self.device.place(&FileKind::Segment.name(next.id)))
            }
            Some(_) => None,
            None => prove(&mut reader, end.offset, missing).await?,
        };
        if self.applied.is_some() && next.is_none() && proof.is_none() {
            reader.sync().await?;
        }
        reader.close().await;
        let End { offset, error } = end;
        Ok(proof.map(|proof| Damage::Frame { place, offset, lsn: missing, error, proof }))
    }

    /// Reports frames until one cannot be read.
    async fn walk(
        &mut self,
        reader: &mut Reader<D>,
        header: &SegmentHeader,
        name: &str,
    ) -> Result<Result<End, Damage>, DiskError> {
        let applied = self.applied.map_or(Lsn::NONE, |applied| applied.lsn);
        let mut offset = SEGMENT_HEADER_BYTES;
        loop {
            let frame = match reader.frame(offset).await? {
                Ok(frame) => frame,
                Err(error) => {
                    let block = block_up(offset);
                    let padded = offset < block
                        && reader.bytes(offset, 1).await?.first().is_none_or(|byte| *byte == 0);
                    if padded {
                        offset = block;
                        continue;
                    }
                    return Ok(Ok(End { offset, error }));
                }
            };
            if !frame.follows(self.position) || frame.epoch() != header.epoch {
                return Ok(Err(Damage::Order {
                    place: self.device.place(name),
                    offset,
                    found: frame.lsn(),
                    previous: self.position.lsn,
                }));
            }
            self.position = frame.position();
            if applied < frame.lsn() {
                (self.on_frame)(&frame);
            }
            offset += frame.frame_bytes() as u64;
            if applied == self.position.lsn
                && let Some(damage) = self.check_applied(name)
            {
                return Ok(Err(damage));
            }
            self.tell(offset);
        }
    }

    fn tell(&mut self, offset: u64) {
        let bytes = self.bytes_before + offset;
        if self.bytes_told + PROGRESS_BYTES <= bytes {
            self.bytes_told = bytes;
            let (bytes_total, lsn) = (self.bytes_total, self.position.lsn);
            (self.progress)(Progress { bytes, bytes_total, lsn });
        }
    }
}

/// Looks behind `offset` for a frame that was written when frame `missing` was already durable.
/// Groups begin at blocks, and the group after the missing frame's says so.
async fn prove<D: Device>(
    reader: &mut Reader<D>,
    offset: u64,
    missing: Lsn,
) -> Result<Option<String>, DiskError> {
    let mut block = offset - offset % BLOCK_BYTES as u64 + BLOCK_BYTES as u64;
    while block < reader.file_bytes() {
        let header = Header::parse(reader.bytes(block, frame::HEADER_BYTES).await?);
        if header.is_ok_and(|header| missing <= header.durable)
            && let Ok(frame) = reader.frame(block).await?
        {
            return Ok(Some(format!("frame {} at offset {block}", frame.lsn())));
        }
        block += BLOCK_BYTES as u64;
    }
    Ok(None)
}
