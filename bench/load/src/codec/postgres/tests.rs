use super::*;
use crate::tally::Tally;

fn statement() -> Statement {
    Statement::new("me", "db", "INSERT", b"xyz".to_vec()).unwrap()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, kind, &[body]);
    out
}

/// What a server says to one that it lets in.
fn welcome() -> Vec<u8> {
    [
        message(b'R', &[0; 4]),
        message(b'S', b"server_version\x0015\0"),
        message(b'K', &[0; 8]),
        message(b'Z', b"I"),
    ]
    .concat()
}

/// What it says to a statement with so many parameters.
fn prepared(parameters: u16) -> Vec<u8> {
    let mut description = parameters.to_be_bytes().to_vec();
    (0..parameters).for_each(|_| description.extend_from_slice(&25_u32.to_be_bytes()));
    [message(b'1', b""), message(b't', &description), message(b'n', b""), message(b'Z', b"I")]
        .concat()
}

#[test]
fn the_first_words_are_those_of_the_protocol() {
    let (statement, mut out) = (statement(), Vec::new());
    let mut opening = Opening::new(&statement, &mut out);
    assert_eq!(out, b"\0\0\0\x1d\0\x03\0\0user\0me\0database\0db\0\0");
    out.clear();
    assert_eq!(opening.next(&welcome(), &mut out), Ok((welcome().len(), None)));
    let expected = b"P\0\0\0\x0fq\0INSERT\0\0\0D\0\0\0\x07Sq\0S\0\0\0\x04";
    assert_eq!(out, expected);
    out.clear();
    let reply = prepared(2);
    assert_eq!(opening.next(&reply, &mut out), Ok((reply.len(), Some(2))));
    assert!(out.is_empty());
}

#[test]
fn a_connection_opens_however_its_bytes_are_cut() {
    let statement = statement();
    let (welcome, prepared) = (welcome(), prepared(1));
    let bytes = [welcome.as_slice(), &prepared].concat();
    let mut opening = Opening::new(&statement, &mut Vec::new());
    let (mut pending, mut out, mut ready) = (Vec::new(), Vec::new(), None);
    for (index, byte) in bytes.iter().enumerate() {
        pending.push(*byte);
        let (taken, count) = opening.next(&pending, &mut out).unwrap();
        pending.drain(..taken);
        assert_eq!(count.is_some(), index + 1 == bytes.len(), "byte {index}");
        ready = count;
    }
    assert_eq!((ready, pending.len(), out[0]), (Some(1), 0, b'P'));
}

#[test]
fn who_is_not_let_in_is_told_why() {
    let error = b"SFATAL\0C28000\0Mno such role\0\0";
    let many = [welcome(), prepared(3)].concat();
    let undescribed = [welcome(), message(b'1', b""), message(b'Z', b"I")].concat();
    let short = [welcome(), message(b't', b"\0")].concat();
    for (bytes, reason) in [
        (message(b'R', &[0, 0, 0, 10]), "trust"),
        (message(b'R', &[0, 0, 0, 3]), "method 3"),
        (message(b'R', &[0]), "cut its own"),
        (message(b'E', error), "28000 no such role"),
        (message(b'E', b""), "without a text"),
        (message(b'D', b""), "type 'D'"),
        (many, "3 parameters"),
        (undescribed, "did not describe"),
        (short, "cut its own"),
        (b"HTTP/1.1 400 Bad Request".to_vec(), "does not speak PostgreSQL"),
        (b"R\0\0\0\x03".to_vec(), "of length 3"),
        (b"R\xff\xff\xff\xff".to_vec(), "of length 4294967295"),
    ] {
        let statement = statement();
        let mut opening = Opening::new(&statement, &mut Vec::new());
        let error = opening.next(&bytes, &mut Vec::new()).unwrap_err();
        assert!(error.contains(reason), "{bytes:?}: {error}");
    }
}

#[test]
fn what_cannot_be_said_is_refused() {
    for (user, database, sql) in [("", "db", "x"), ("me", "d\0b", "x"), ("me", "db", "")] {
        assert!(Statement::new(user, database, sql, Vec::new()).is_err(), "{user:?} {database:?}");
    }
}

#[test]
fn an_execution_is_written_byte_by_byte() {
    let tail = b"\0\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04";
    let number = b"000000000000000c0000000000000001";
    let one = [&b"\0\0\0\x20"[..], number].concat();
    let two = [&one[..], b"\0\0\0\x03xyz"].concat();
    for (parameters, values) in [(0, Vec::new()), (1, one), (2, two)] {
        let mut codec = Codec::new(&statement(), parameters, Keys::new(12, 0));
        let mut out = Vec::new();
        codec.append(&mut out, 0);
        let length = 4 + 1 + 2 + 2 + 2 + values.len() + 2;
        let mut expected = vec![b'B'];
        expected.extend_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
        expected.extend_from_slice(b"\0q\0\0\0");
        expected.extend_from_slice(&parameters.to_be_bytes());
        expected.extend_from_slice(&values);
        expected.extend_from_slice(tail);
        assert_eq!(out, expected, "{parameters}");
        let first = out.clone();
        codec.append(&mut out, 1);
        assert_eq!(out[first.len()..] == first[..], parameters == 0, "numbers differ");
    }
}

#[test]
fn answers_come_in_order_however_they_are_cut() {
    let done = [message(b'2', b""), message(b'C', b"INSERT 0 1\0"), message(b'Z', b"I")].concat();
    let rows = [
        message(b'2', b""),
        message(b'N', b"Mby the way\0\0"),
        message(b'D', &[0, 0]),
        message(b'D', &[0, 0]),
        message(b'C', b"SELECT 2\0"),
        message(b'Z', b"I"),
    ]
    .concat();
    let failed = [message(b'E', b"C23505\0Mtwice\0\0"), message(b'Z', b"E")].concat();
    let undone = [message(b'2', b""), message(b'Z', b"I")].concat();
    let answers = [(&done, true, 0), (&rows, true, 4), (&failed, false, 0), (&undone, false, 0)];
    let mut codec = Codec::new(&statement(), 2, Keys::new(1, 0));
    let mut statuses = Tally::new().statuses;
    for slot in 0..4 {
        codec.append(&mut Vec::new(), slot);
    }
    let (mut pending, mut found) = (Vec::new(), Vec::new());
    for byte in answers.iter().flat_map(|it| it.0) {
        pending.push(*byte);
        let (taken, answer) = codec.next(&pending, &mut statuses).unwrap();
        pending.drain(..taken);
        found.extend(answer);
    }
    let expected: Vec<Answer> = (0..)
        .zip(answers)
        .map(|(slot, (it, ok, body_bytes))| Answer { bytes: it.len(), body_bytes, slot, ok })
        .collect();
    assert_eq!((found, pending.len()), (expected, 0));
    assert_eq!(statuses.iter().collect::<Vec<_>>(), [(0, 2), (REFUSED, 2)]);
    assert_eq!(codec.refusal(), "23505 twice");
}

#[test]
fn a_hostile_answer_ends_the_connection() {
    for (bytes, reason) in [
        (message(b'Z', b"I"), "nobody asked"),
        (message(b'R', &[0; 4]), "type 'R'"),
        (message(0, b""), "type '\\0'"),
        (b"Z\0\0\0\0".to_vec(), "of length 0"),
        (b"D\x7f\xff\xff\xff".to_vec(), "of length 2147483647"),
    ] {
        let mut codec = Codec::new(&statement(), 2, Keys::new(1, 0));
        let error = codec.next(&bytes, &mut Tally::new().statuses).unwrap_err();
        assert!(error.contains(reason), "{bytes:?}: {error}");
    }
}
