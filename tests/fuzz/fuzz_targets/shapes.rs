//! Any file of shapes, whole or cut into pieces of any length: the same requests, each of which reads back
//! from what it prints, or a fault at a place inside the file.
#![no_main]

use std::io::{BufRead, BufReader};

use libfuzzer_sys::fuzz_target;
use telemetry::{SHAPES_HEAD, ShapeReader, ShapesError};

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, lines) = input;
    read(lines, piece);
    read(&[SHAPES_HEAD.as_bytes(), b"\n", lines].concat(), piece);
});

fn read(file: &[u8], piece: u8) {
    let (found, end) = all(file);
    let pieces = BufReader::with_capacity(usize::from(piece) + 1, file);
    let (again, same_end) = all(pieces);
    assert_eq!((&found, end.to_string()), (&again, same_end.to_string()));
    for line in found {
        let (own, _) = all([SHAPES_HEAD, "\n", &line, "\n"].concat().as_bytes());
        assert_eq!(own, [line]);
    }
    if let End::Fault(ShapesError::Line { line, offset, .. }) = end {
        let offset = usize::try_from(offset).expect("a short file");
        assert!(offset < file.len());
        let ends = file[..offset].iter().filter(|it| **it == b'\n').count();
        assert_eq!(u64::try_from(ends + 1), Ok(line));
    }
}

/// How a file ended.
enum End {
    Whole,
    Cut,
    Fault(ShapesError),
}

impl End {
    fn to_string(&self) -> String {
        match self {
            Self::Whole => "whole".to_owned(),
            Self::Cut => "cut".to_owned(),
            Self::Fault(error) => error.to_string(),
        }
    }
}

/// Its requests as they print.
fn all(file: impl BufRead) -> (Vec<String>, End) {
    let mut found = Vec::new();
    let mut reader = match ShapeReader::new(file) {
        Ok(reader) => reader,
        Err(error) => return (found, End::Fault(error)),
    };
    loop {
        match reader.next_shape() {
            Ok(Some(shape)) => found.push(shape.to_string()),
            Ok(None) => return (found, if reader.is_cut() { End::Cut } else { End::Whole }),
            Err(error) => return (found, End::Fault(error)),
        }
    }
}
