use super::*;
use crate::tally::Tally;

fn command(text: &str) -> Command {
    Command::read(text, b"xyz".to_vec(), Some("return 1".to_owned())).unwrap()
}

#[test]
fn a_command_is_written_byte_by_byte() {
    for (text, expected) in [
        ("PING", "*1\r\n$4\r\nPING\r\n"),
        ("SET a:{n} {payload}", "*3\r\n$3\r\nSET\r\n$34\r\na:#\r\n$3\r\nxyz\r\n"),
        ("  GET   {c}{n}:{n} ", "*2\r\n$3\r\nGET\r\n$66\r\n7#:#\r\n"),
        ("EVALSHA {script} 1 b:{c}", "*4\r\n$7\r\nEVALSHA\r\n$2\r\nsh\r\n$1\r\n1\r\n$3\r\nb:7\r\n"),
        ("X {payload}-{payload}", "*2\r\n$1\r\nX\r\n$7\r\nxyz-xyz\r\n"),
    ] {
        let mut codec = Codec::new(&command(text), 7, Keys::new(0xab, 7), "sh");
        for count in 1..=2_u64 {
            let number = format!("{:032x}", (0xab_u128 << 64) | (7 << 40) | u128::from(count));
            let mut out = Vec::new();
            codec.append(&mut out, 0);
            assert_eq!(from_utf8(&out).unwrap(), expected.replace('#', &number), "{text}");
        }
    }
}

#[test]
fn a_payload_that_looks_like_a_placeholder_is_a_payload() {
    let command = Command::read("SET {payload}", b"{n}".to_vec(), None).unwrap();
    let mut out = Vec::new();
    Codec::new(&command, 0, Keys::new(1, 0), "").append(&mut out, 0);
    assert_eq!(out, b"*2\r\n$3\r\nSET\r\n$3\r\n{n}\r\n");
}

#[test]
fn what_is_no_command_is_refused() {
    assert!(Command::read("  ", Vec::new(), None).is_err());
    assert!(Command::read(&"a ".repeat(WORDS_MAX + 1), Vec::new(), None).is_err());
    let error = Command::read("EVALSHA {script} 0", Vec::new(), None).unwrap_err();
    assert!(error.contains("--peer-script"), "{error}");
}

#[test]
fn a_script_is_loaded_under_its_digest() {
    let opening = command("PING").opening().unwrap();
    assert_eq!(opening, b"*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$8\r\nreturn 1\r\n");
    assert_eq!(Command::read("PING", Vec::new(), None).unwrap().opening(), None);
    let digest = "a".repeat(DIGEST_DIGITS);
    let reply = format!("$40\r\n{digest}\r\n");
    for cut in 0..reply.len() {
        assert_eq!(loaded(&reply.as_bytes()[..cut]), Ok(None), "cut at {cut}");
    }
    assert_eq!(loaded(reply.as_bytes()), Ok(Some((reply.len(), digest))));
    assert_eq!(loaded(b"-ERR no\r\n"), Err("ERR no".to_owned()));
    for bytes in [&b"$4\r\nabcd\r\n"[..], b"+OK\r\n", b"$-1\r\n", b"*0\r\n"] {
        assert!(loaded(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn every_reply_is_read_however_it_is_cut() {
    for (reply, refused) in [
        ("+OK\r\n", false),
        ("-ERR wrong\r\n", true),
        (":-12\r\n", false),
        ("$-1\r\n", false),
        ("*-1\r\n", false),
        ("$0\r\n\r\n", false),
        ("$4\r\na\r\nb\r\n", false),
        ("*0\r\n", false),
        ("*3\r\n:1\r\n$2\r\nhi\r\n*2\r\n+a\r\n*1\r\n:3\r\n", false),
        ("*2\r\n:1\r\n*1\r\n-NO\r\n", true),
    ] {
        let whole = reply.len();
        for cut in 0..whole {
            assert_eq!(Reply::parse(&reply.as_bytes()[..cut]), Ok(None), "{reply:?} at {cut}");
        }
        let more = format!("{reply}+more");
        let expected = Reply { bytes: whole, refused };
        assert_eq!(Reply::parse(more.as_bytes()), Ok(Some(expected)), "{reply:?}");
    }
}

#[test]
fn a_hostile_reply_ends_the_connection() {
    let nested = format!("*{ELEMENTS_MAX}\r\n").repeat(2);
    let long = format!("+{}", "a".repeat(LINE_BYTES_MAX));
    let huge = format!("${}\r\n", REPLY_BYTES_MAX + 1);
    for (bytes, reason) in [
        ("HTTP/1.1 400 Bad Request\r\n", "0x48"),
        ("\r\n", "0x0d"),
        (":x\r\n", "where a number"),
        (":\r\n", "where a number"),
        ("$-2\r\n", "a length of -2"),
        ("*-9223372036854775808\r\n", "a length of"),
        ("$99999999999999999999\r\n", "where a number"),
        ("$2\r\nabcd", "not as long"),
        (&huge, "a length of"),
        (&nested, "elements"),
        (&long, "a line of more"),
    ] {
        let error = Reply::parse(bytes.as_bytes()).unwrap_err();
        assert!(error.contains(reason), "{}: {error}", &bytes[..bytes.len().min(40)]);
    }
}

#[test]
fn replies_answer_commands_in_order() {
    let mut codec = Codec::new(&command("PING"), 0, Keys::new(1, 0), "");
    let mut out = Vec::new();
    codec.append(&mut out, 4);
    codec.append(&mut out, 2);
    let mut statuses = Tally::new().statuses;
    for (reply, slot, ok) in [(&b"+PONG\r\n"[..], 4, true), (b"-BUSY\r\n", 2, false)] {
        let answer = codec.next(reply, &mut statuses).unwrap().unwrap();
        assert_eq!((answer.slot, answer.ok, answer.bytes), (slot, ok, reply.len()));
    }
    assert_eq!(statuses.iter().collect::<Vec<_>>(), [(0, 1), (REFUSED, 1)]);
    assert!(codec.next(b"+PONG\r\n", &mut statuses).unwrap_err().contains("nobody asked"));
}
