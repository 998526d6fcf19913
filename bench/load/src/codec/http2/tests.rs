use super::*;
use crate::tally::Tally;
use crate::workload::Workload;

fn workload(json: &[u8]) -> Workload {
    Workload { json: json.to_vec(), ..Workload::plain(7, b"") }
}

fn codec(workload: &Workload, keys: Option<Keys>, out: &mut Vec<u8>) -> Codec {
    let head = Head {
        workload,
        authority: "box:1",
        secure: true,
        api_key: Some("secret"),
        keyed: keys.is_some(),
    };
    Codec::new(&head, keys, out)
}

/// Type, flags and stream of every frame.
fn frames(mut bytes: &[u8]) -> Vec<(u8, u8, u32)> {
    let mut frames = Vec::new();
    while let Some(frame) = Frame::parse(bytes).unwrap() {
        frames.push((frame.kind, frame.flags, frame.id));
        bytes = &bytes[frame.bytes..];
    }
    assert!(bytes.is_empty());
    frames
}

#[test]
fn a_connection_begins_with_the_preface_and_settings() {
    let mut out = Vec::new();
    codec(&workload(b"{}"), None, &mut out);
    let rest = out.strip_prefix(PREFACE).unwrap();
    assert_eq!(frames(rest), [(SETTINGS, 0, 0), (WINDOW_UPDATE, 0, 0)]);
}

#[test]
fn the_first_request_teaches_what_the_others_refer_to() {
    let (mut out, workload) = (Vec::new(), workload(b"{}"));
    let mut codec = codec(&workload, Some(Keys::new(0xabc, 0)), &mut out);
    let mut requests = [Vec::new(), Vec::new(), Vec::new()];
    for request in &mut requests {
        codec.append(request, 0);
    }
    let expected = |id| vec![(HEADERS, END_HEADERS, id), (DATA, END_STREAM, id)];
    for (request, id) in requests.iter().zip([1, 3, 5]) {
        assert_eq!(frames(request), expected(id));
    }
    let [first, second, third] = requests;
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
    for text in ["secret", "x-api-key", "application/json", "box:1"] {
        assert!(has(&first, text) && !has(&second, text), "{text}");
    }
    // POST, https, and five entries of the table from the eldest to the youngest.
    assert_eq!(second[9..16], [0x83, 0x87, 0xc2, 0xc1, 0xc0, 0xbf, 0xbe]);
    for (request, digit) in [(first, '1'), (second, '2'), (third, '3')] {
        assert!(has(&request, &format!("\"0000000000000abc000000000000000{digit}\"")));
    }
}

#[test]
fn replies_are_read_however_they_are_cut_and_in_any_order() {
    let mut out = Vec::new();
    let mut codec = codec(&workload(b"{}"), None, &mut out);
    for slot in [7, 8, 9] {
        codec.append(&mut out, slot);
    }
    let mut bytes = Vec::new();
    write_frame(&mut bytes, SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]);
    write_frame(&mut bytes, PING, 0, 0, b"12345678");
    // The second stream first: 200 with padding, in two parts.
    write_frame(&mut bytes, HEADERS, END_HEADERS | PADDED, 3, &[2, 0x88, 0, 0]);
    write_frame(&mut bytes, DATA, 0, 3, b"fi");
    write_frame(&mut bytes, DATA, END_STREAM, 3, b"ne");
    // The third: 503, taught to the table. The first is reset.
    write_frame(&mut bytes, HEADERS, END_HEADERS, 5, b"\x48\x03503");
    write_frame(&mut bytes, DATA, END_STREAM, 5, b"busy");
    write_frame(&mut bytes, RST_STREAM, 0, 1, &[0, 0, 0, 7]);
    for cut in 0..bytes.len() {
        let mut codec = codec.clone();
        let mut statuses = Tally::new().statuses;
        let (mut answers, mut said, mut from) = (Vec::new(), Vec::new(), 0);
        for end in [cut, bytes.len()] {
            loop {
                let next = codec.next(&bytes[from..end], &mut said, &mut statuses).unwrap();
                from += next.0;
                let Some(answer) = next.1 else { break };
                answers.push((answer.slot, answer.ok, answer.body_bytes));
            }
        }
        assert_eq!(from, bytes.len());
        assert_eq!(answers, [(8, true, 4), (9, false, 4), (7, false, 0)], "cut at {cut}");
        assert_eq!(statuses.iter().collect::<Vec<_>>(), [(0, 1), (200, 1), (503, 1)]);
        assert_eq!(frames(&said), [(SETTINGS, ACK, 0), (PING, ACK, 0)]);
        assert_eq!((codec.streams_max(), codec.refusal()), (Some(100), &b"busy"[..]));
    }
}

#[test]
fn bodies_wait_for_the_window() {
    let body = vec![b' '; 40_000];
    let mut out = Vec::new();
    let mut codec = codec(&workload(&body), None, &mut out);
    out.clear();
    codec.append(&mut out, 0);
    codec.append(&mut out, 1);
    let data = |bytes: &[u8]| frames(bytes).iter().filter(|it| it.0 == DATA).count();
    // 40,000 bytes are three frames; a second body does not fit into 65,535 bytes.
    assert_eq!(data(&out), 3);
    let mut update = Vec::new();
    write_frame(&mut update, WINDOW_UPDATE, 0, 0, &40_000_u32.to_be_bytes());
    let (mut said, mut statuses) = (Vec::new(), Tally::new().statuses);
    codec.next(&update, &mut said, &mut statuses).unwrap();
    assert_eq!(frames(&said).last(), Some(&(DATA, END_STREAM, 3)));
    assert_eq!(data(&said), 3);
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let mut out = Vec::new();
    let mut codec = codec(&workload(&vec![b' '; 20_000]), None, &mut out);
    codec.append(&mut out, 0);
    let frame = |kind, flags, id, payload: &[u8]| {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, kind, flags, id, payload);
        bytes
    };
    for (bytes, reason) in [
        (frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\x0bcalm"), "code 11 calm"),
        (frame(HEADERS, 0, 1, &[0x88]), "several frames"),
        (frame(HEADERS, END_HEADERS, 1, &[0x80]), "without sense"),
        (frame(DATA, 0, 9, b"x"), "nobody asked"),
        (frame(DATA, PADDED, 1, &[9, 1]), "padding"),
        (frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0x10, 0]), "4096 bytes of a body"),
        (vec![0xff; 9], "a frame of"),
        (frame(PUSH_PROMISE, 0, 1, &[]), "type 5"),
    ] {
        let mut statuses = Tally::new().statuses;
        let error = codec.clone().next(&bytes, &mut Vec::new(), &mut statuses).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}
