//! The shapes of requests, in a file: what a benchmark needs to repeat them, and nothing that was said.
//!
//! One line is one request: operation, door, start in microseconds of the recording, bytes of the request
//! and of the reply, status, and a name for its tenant that means nothing outside this file. No payload, no
//! address, no credential and no id is written.

mod reader;

use std::fmt::{self, Display, Formatter};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::record::{Record, nanos};

pub use reader::{ShapeReader, ShapesError};

/// The first line of such a file.
pub const SHAPES_HEAD: &str = "quoin-shapes 1";
/// Fields of a line, in their order.
const FIELDS: [&str; 7] =
    ["operation", "door", "start", "request bytes", "reply bytes", "status", "tenant"];
/// Hexadecimal digits of a tenant's name.
const TENANT_DIGITS: usize = 16;
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

/// Why a line is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct Fault {
    /// Where in the line, in bytes.
    at: usize,
    reason: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Reason {
    #[error("a request has {count} fields, not {0}", count = FIELDS.len())]
    Fields(usize),
    #[error("`{0}` is empty")]
    Empty(&'static str),
    #[error("`{0}` is no whole number within its range")]
    Number(&'static str),
}

impl<'a> Shape<'a> {
    /// Reads a line, without its end.
    pub(crate) fn parse(line: &'a str) -> Result<Self, Fault> {
        let count = line.split(' ').count();
        if count != FIELDS.len() {
            return Err(Fault { at: 0, reason: Reason::Fields(count) });
        }
        let mut fields = Fields { rest: line, at: 0, names: FIELDS.iter() };
        Ok(Self {
            operation: fields.take()?.0,
            door: fields.take()?.0,
            start_us: fields.number()?,
            request_bytes: fields.number()?,
            reply_bytes: fields.number()?,
            status: fields.number()?,
            tenant: fields.tenant()?,
        })
    }
}

/// What is left of a line that has all of its fields.
struct Fields<'a> {
    rest: &'a str,
    at: usize,
    names: std::slice::Iter<'static, &'static str>,
}

impl<'a> Fields<'a> {
    /// The next field, and what is said when it is wrong.
    fn take(&mut self) -> Result<(&'a str, Fault), Fault> {
        let name = self.names.next().copied().unwrap_or_default();
        let at = self.at;
        let (field, rest) = self.rest.split_once(' ').unwrap_or((self.rest, ""));
        (self.rest, self.at) = (rest, at + field.len() + 1);
        if field.is_empty() {
            return Err(Fault { at, reason: Reason::Empty(name) });
        }
        Ok((field, Fault { at, reason: Reason::Number(name) }))
    }

    fn number<T: FromStr>(&mut self) -> Result<T, Fault> {
        let (field, fault) = self.take()?;
        // A sign would be read, and is not written.
        let digits = field.bytes().all(|it| it.is_ascii_digit());
        field.parse().ok().filter(|_| digits).ok_or(fault)
    }

    fn tenant(&mut self) -> Result<Option<u64>, Fault> {
        let (field, fault) = self.take()?;
        if field == "-" {
            return Ok(None);
        }
        let digits = field.len() == TENANT_DIGITS && field.bytes().all(|it| it.is_ascii_hexdigit());
        let number = u64::from_str_radix(field, 16).ok().filter(|_| digits);
        number.map(Some).ok_or(fault)
    }
}

impl Display for Shape<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { operation, door, start_us, request_bytes, reply_bytes, status, tenant } = self;
        write!(f, "{operation} {door} {start_us} {request_bytes} {reply_bytes} {status} ")?;
        match tenant {
            Some(tenant) => write!(f, "{tenant:0TENANT_DIGITS$x}"),
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
            assert_eq!(Shape::parse(&shape.to_string()), Ok(shape));
        }
        for line in [
            "",
            SHAPES_HEAD,
            "rates.quote rpc 12 222 418 200",
            "rates.quote rpc 12 222 418 200 - more",
            "rates.quote rpc 12 222 418 200 xyz",
            "rates.quote rpc 12 222 418 200 7",
            "rates.quote rpc 12 222 418 200 +000000000000007",
            "rates.quote rpc +12 222 418 200 -",
            "rates.quote rpc -1 222 418 200 -",
            "rates.quote  12 222 418 200 -",
            "rates.quote rpc 12 4294967296 418 200 -",
        ] {
            assert!(Shape::parse(line).is_err(), "{line:?}");
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
