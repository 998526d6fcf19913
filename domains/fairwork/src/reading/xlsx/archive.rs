//! Just enough of the ZIP format (APPNOTE 6.3) for workbooks: stored and deflated files, found by the
//! central directory.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::damaged;
use crate::reading::report::Reason;
use crate::reading::table::Fault;

/// The most bytes that one file of a workbook unpacks to.
const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// The longest comment that may follow the directory's end.
const COMMENT_BYTES_MAX: usize = 65_535;
const END_BYTES: usize = 22;

/// A workbook's files by name.
pub(super) struct Archive<'b> {
    bytes: &'b [u8],
    files: Vec<File<'b>>,
}

struct File<'b> {
    name: &'b [u8],
    method: u16,
    packed_bytes: usize,
    offset: usize,
}

impl<'b> Archive<'b> {
    pub(super) fn open(bytes: &'b [u8]) -> Result<Self, Fault> {
        let cut_off = || {
            damaged("the workbook has no directory at its end: it was cut off, download it again")
        };
        let from = bytes.len().saturating_sub(END_BYTES + COMMENT_BYTES_MAX);
        let end =
            bytes[from..].windows(4).rposition(|it| it == b"PK\x05\x06").ok_or_else(cut_off)?
                + from;
        if bytes.len() < end + END_BYTES {
            return Err(cut_off());
        }
        let count = u16_at(bytes, end + 10).ok_or_else(cut_off)?;
        let mut at = usize_at(bytes, end + 16).ok_or_else(cut_off)?;
        let mut files = Vec::new();
        for _ in 0..count {
            let broken = || damaged("the workbook's directory is damaged");
            if bytes.get(at..at + 4) != Some(b"PK\x01\x02") {
                return Err(broken());
            }
            let number = |offset| u16_at(bytes, at + offset).ok_or_else(broken);
            let size = |offset| usize_at(bytes, at + offset).ok_or_else(broken);
            let (method, packed_bytes) = (number(10)?, size(20)?);
            let lengths = [number(28)?, number(30)?, number(32)?].map(usize::from);
            let offset = size(42)?;
            let name = bytes.get(at + 46..at + 46 + lengths[0]).ok_or_else(broken)?;
            files.push(File { name, method, packed_bytes, offset });
            at += 46 + lengths.iter().sum::<usize>();
        }
        Ok(Self { bytes, files })
    }

    /// A file's text, when the workbook has it.
    pub(super) fn file(&self, name: &str) -> Result<Option<String>, Fault> {
        let Some(file) = self.files.iter().find(|it| it.name.eq_ignore_ascii_case(name.as_bytes()))
        else {
            return Ok(None);
        };
        let broken = || damaged(format!("{name} inside the workbook is damaged"));
        let at = file.offset;
        if self.bytes.get(at..at.saturating_add(4)) != Some(b"PK\x03\x04") {
            return Err(broken());
        }
        let skip = |offset| u16_at(self.bytes, at + offset).map(usize::from).ok_or_else(broken);
        let from = at + 30 + skip(26)? + skip(28)?;
        let packed = from
            .checked_add(file.packed_bytes)
            .and_then(|to| self.bytes.get(from..to))
            .ok_or_else(broken)?;
        let mut text = Vec::new();
        match file.method {
            0 => text.extend_from_slice(packed),
            8 => {
                let mut source = DeflateDecoder::new(packed).take(FILE_BYTES_MAX + 1);
                source.read_to_end(&mut text).map_err(|_| broken())?;
            }
            method => {
                return Err(damaged(format!(
                    "{name} is packed by method {method}, not by deflate"
                )));
            }
        }
        if FILE_BYTES_MAX < text.len() as u64 {
            let detail =
                format!("{name} inside the workbook unpacks to over {FILE_BYTES_MAX} bytes");
            return Err(Fault::new(0, Reason::TooLarge, detail));
        }
        String::from_utf8(text)
            .map(Some)
            .map_err(|_| damaged(format!("{name} inside the workbook is not UTF-8")))
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn usize_at(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
}
