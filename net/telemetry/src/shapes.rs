//! The shapes of requests, in a file: what a benchmark needs to repeat them, and nothing that was said.
//!
//! One line is one request: operation, door, start in microseconds of the recording, bytes of the request
//! and of the reply, status, and a name for its tenant that means nothing outside this file. No payload, no
//! address, no credential and no id is written.

use std::fmt::{self, Display, Formatter};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::record::{Record, nanos};

/// The first line of such a file.
pub const SHAPES_HEAD: &str = "quoin-shapes 1";
/// Fields of a line.
const FIELDS: usize = 7;
/// Only the owner reads it.
const MODE: u32 = 0o600;

/// Where shapes are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shapes {
    /// Made anew: a file that is there is left alone.
    pub file: PathBuf,
    /// Nothing more is written when it has so many bytes.
    pub bytes_max: u64,
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape<'a> {
    /// The operation's name, or the route's.
    pub operation: &'a str,
    /// The door's name, as in metrics.
    pub door: &'a str,
    /// From the beginning of the recording to that of the request, in microseconds.
    pub start_us: u64,
    /// Its body, or its payload over RPC.
    pub request_bytes: u32,
    /// Its answer's body, or the whole frame over RPC.
    pub reply_bytes: u32,
    /// The HTTP status, or the one that the door's own status stands for.
    pub status: u16,
    /// The same for the same tenant of the recording; `None` when that was not known.
    pub tenant: Option<u64>,
}

impl<'a> Shape<'a> {
    /// Reads a line; `None` for what is none.
    pub fn parse(line: &'a str) -> Option<Self> {
        let mut fields = [""; FIELDS];
        let mut found = line.split(' ');
        for field in &mut fields {
            *field = found.next().filter(|it| !it.is_empty())?;
        }
        let [operation, door, start_us, request_bytes, reply_bytes, status, tenant] = fields;
        let tenant = match tenant {
            "-" => None,
            digits => Some(u64::from_str_radix(digits, 16).ok()?),
        };
        let shape = Self {
            operation,
            door,
            start_us: start_us.parse().ok()?,
            request_bytes: request_bytes.parse().ok()?,
            reply_bytes: reply_bytes.parse().ok()?,
            status: status.parse().ok()?,
            tenant,
        };
        found.next().is_none().then_some(shape)
    }
}

impl Display for Shape<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { operation, door, start_us, request_bytes, reply_bytes, status, tenant } = self;
        write!(f, "{operation} {door} {start_us} {request_bytes} {reply_bytes} {status} ")?;
        match tenant {
            Some(tenant) => write!(f, "{tenant:016x}"),
            None => f.write_str("-"),
        }
    }
}

/// The side thread's end of the file.
#[derive(Debug)]
pub(crate) struct ShapeFile {
    /// `None` once it is full, or could not be written.
    file: Option<BufWriter<File>>,
    bytes_left: u64,
    opened_ns: u64,
    /// Known to nobody and gone with the process, so that no name leads back to its tenant.
    names: RandomState,
}

impl ShapeFile {
    pub(crate) fn create(shapes: &Shapes) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(MODE).open(&shapes.file)?;
        let mut file = BufWriter::new(file);
        writeln!(file, "{SHAPES_HEAD}")?;
        let head_bytes = u64::try_from(SHAPES_HEAD.len() + 1).unwrap_or(0);
        let opened = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            file: Some(file),
            bytes_left: shapes.bytes_max.saturating_sub(head_bytes),
            opened_ns: nanos(opened),
            names: RandomState::new(),
        })
    }

    /// Adds a request, while there is room.
    pub(crate) fn put(&mut self, record: &Record) {
        let Some(file) = &mut self.file else { return };
        let it = &record.finished;
        let shape = Shape {
            operation: it.operation,
            door: it.door,
            // One that began before the recording counts as its first.
            start_us: record.began_ns().saturating_sub(self.opened_ns) / 1_000,
            request_bytes: it.request_bytes,
            reply_bytes: it.reply_bytes,
            status: it.status,
            tenant: it.tenant.map(|it| self.names.hash_one(it)),
        };
        let line = format!("{shape}\n");
        let bytes = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.bytes_left < bytes {
            tracing::info!("the file of shapes is full, no more are recorded");
            return self.close();
        }
        self.bytes_left -= bytes;
        if let Err(error) = file.write_all(line.as_bytes()) {
            self.fail(&error);
        }
    }

    /// What was put is in the file.
    pub(crate) fn flush(&mut self) {
        let flushed = self.file.as_mut().map_or(Ok(()), BufWriter::flush);
        if let Err(error) = flushed {
            self.fail(&error);
        }
    }

    fn close(&mut self) {
        self.flush();
        self.file = None;
    }

    fn fail(&mut self, error: &io::Error) {
        tracing::warn!(%error, "the file of shapes cannot be written, no more are recorded");
        self.file = None;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::record::tests::record;

    fn shapes(file: PathBuf, bytes_max: u64) -> Shapes {
        Shapes { file, bytes_max }
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        for tenant in [None, Some(0), Some(u64::MAX)] {
            let shape = Shape {
                operation: "rates.quote",
                door: "rpc",
                start_us: 12,
                request_bytes: 222,
                reply_bytes: 418,
                status: 200,
                tenant,
            };
            assert_eq!(Shape::parse(&shape.to_string()), Some(shape));
        }
        for line in [
            "",
            SHAPES_HEAD,
            "rates.quote rpc 12 222 418 200",
            "rates.quote rpc 12 222 418 200 - more",
            "rates.quote rpc 12 222 418 200 xyz",
            "rates.quote rpc -1 222 418 200 -",
            "rates.quote  12 222 418 200 -",
            "rates.quote rpc 12 4294967296 418 200 -",
        ] {
            assert_eq!(Shape::parse(line), None, "{line:?}");
        }
    }

    #[test]
    fn the_file_holds_shapes_and_nothing_else_and_no_more_than_it_may() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shapes");
        // Room for the head and two lines of 57 bytes and a start of up to 3 digits more.
        let mut file = ShapeFile::create(&shapes(path.clone(), 15 + 2 * 60)).unwrap();
        for position in 0..5 {
            let mut record = record(position);
            record.finished.peer = Some("192.0.2.7:1".parse().unwrap());
            file.put(&record);
        }
        assert!(file.file.is_none(), "full");
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some(SHAPES_HEAD));
        let found: Vec<Shape<'_>> = lines.map(|it| Shape::parse(it).unwrap()).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].operation, found[0].door, found[0].status),
            ("rates.quote", "https", 200)
        );
        assert_eq!((found[0].request_bytes, found[0].reply_bytes), (100, 2_000));
        assert!(found[0].tenant.is_some_and(|it| it != 3) && found[0].tenant == found[1].tenant);
        assert!(!text.contains("192.0.2.7"));
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, MODE);
    }

    #[test]
    fn a_file_that_is_there_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shapes");
        fs::write(&path, "mine").unwrap();
        let refused = ShapeFile::create(&shapes(path.clone(), 1_000)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(path).unwrap(), "mine");
    }

    #[test]
    fn another_recording_names_tenants_otherwise() {
        let directory = tempfile::tempdir().unwrap();
        let named = |name: &str| {
            let path = directory.path().join(name);
            let mut file = ShapeFile::create(&shapes(path.clone(), 1_000)).unwrap();
            file.put(&record(1));
            file.flush();
            let text = fs::read_to_string(path).unwrap();
            Shape::parse(text.lines().nth(1).unwrap()).unwrap().tenant
        };
        assert_ne!(named("one"), named("other"));
    }
}
