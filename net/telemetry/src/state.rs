//! What the systems that a trace passed noted about it (W3C Trace Context, the header `tracestate`).

/// Longest `tracestate` that is kept: what the standard asks for at least (level 2, 3.3.1.5).
pub const TRACESTATE_BYTES_MAX: usize = 512;

/// Most entries of a valid one (level 2, 3.3.1.1).
const ENTRIES_MAX: usize = 32;
/// Longest key, and longest value.
const PART_BYTES_MAX: usize = 256;

/// All values of the header as one, written into `room`. Empty when there is none, and when one is
/// malformed or all together are too long: part of it would say something else.
pub fn tracestate<'r, 'h>(
    values: impl IntoIterator<Item = &'h [u8]>,
    room: &'r mut [u8; TRACESTATE_BYTES_MAX],
) -> &'r [u8] {
    let (mut used, mut entries) = (0, 0);
    let all = values.into_iter().flat_map(|it| it.split(|byte| *byte == b','));
    for entry in all.map(<[u8]>::trim_ascii).filter(|it| !it.is_empty()) {
        let begin = used + usize::from(used != 0);
        let end = begin + entry.len();
        entries += 1;
        if !is_entry(entry) || TRACESTATE_BYTES_MAX < end || ENTRIES_MAX < entries {
            return &[];
        }
        room[used..begin].fill(b',');
        room[begin..end].copy_from_slice(entry);
        used = end;
    }
    &room[..used]
}

/// `key=value` (level 2, 3.3.1.3), without the finer rules of keys with two parts.
fn is_entry(entry: &[u8]) -> bool {
    let Some(at) = entry.iter().position(|it| *it == b'=') else { return false };
    let (key, value) = (&entry[..at], &entry[at + 1..]);
    let is_key =
        |it: &u8| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
    let is_value = |it: &u8| matches!(it, 0x20..=0x7e) && *it != b'=';
    let lengths = 1..=PART_BYTES_MAX;
    lengths.contains(&key.len())
        && lengths.contains(&value.len())
        && key.iter().all(is_key)
        && value.iter().all(is_value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    fn state(values: &[&str]) -> String {
        let mut room = [0xff; TRACESTATE_BYTES_MAX];
        let found = tracestate(values.iter().map(|it| it.as_bytes()), &mut room);
        String::from_utf8(found.to_vec()).unwrap()
    }

    #[test]
    fn all_of_it_is_kept_or_nothing() {
        let value = |bytes: usize| format!("k={}", "v".repeat(bytes - 2));
        let longest = format!("{},{}", value(256), value(255));
        let too_long = format!("{},{}", value(256), value(256));
        let many = ["a=1"; 33].join(",");
        for (values, expected) in [
            (&[][..], ""),
            (&["congo=t61rcWkgMzE"], "congo=t61rcWkgMzE"),
            (&["a=1,b=2", "c=3"], "a=1,b=2,c=3"),
            (&[" a=1 ,, b=2 2 ", ""], "a=1,b=2 2"),
            (&["fw529a3039@dt=FfD/+"], "fw529a3039@dt=FfD/+"),
            (&["a=1", "no entry"], ""),
            (&["a=1=2"], ""),
            (&["A=1"], ""),
            (&["a="], ""),
            (&["=1"], ""),
            (&["a=\u{e9}"], ""),
            (&[&longest], &longest),
            (&[&too_long], ""),
            (&[&many[..many.len() - 4]], &many[..many.len() - 4]),
            (&[&many], ""),
        ] {
            assert_eq!(state(values), expected, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_printable_and_bounded(values: Vec<Vec<u8>>) {
            let mut room = [0; TRACESTATE_BYTES_MAX];
            let found = tracestate(values.iter().map(Vec::as_slice), &mut room);
            prop_assert!(found.iter().all(|it| matches!(it, 0x20..=0x7e)));
        }
    }
}
