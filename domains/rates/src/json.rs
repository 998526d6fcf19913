//! JSON by hand, for the one reply that is on the hot path.

use values::Text;

/// Appends `"name":`, after a comma unless it opens an object.
#[inline]
pub(crate) fn name(out: &mut Vec<u8>, name: &str) {
    if out.last().is_some_and(|it| *it != b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Appends a text that needs no escapes.
#[inline]
pub(crate) fn plain<const N: usize>(out: &mut Vec<u8>, text: Text<N>) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Appends any text, escaped.
#[inline]
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let needs_escape = |it: &u8| *it < 0x20 || *it == b'"' || *it == b'\\';
    if text.as_bytes().iter().any(needs_escape) {
        escaped(out, text);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
}

#[cold]
fn escaped(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            control if control < 0x20 => {
                let digit = |it: u8| b"0123456789abcdef"[usize::from(it)];
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[digit(control >> 4), digit(control & 15)]);
            }
            byte => out.push(byte),
        }
    }
}

/// Appends a list.
pub(crate) fn list<T>(out: &mut Vec<u8>, items: &[T], write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (at, it) in items.iter().enumerate() {
        if 0 < at {
            out.push(b',');
        }
        write(it, out);
    }
    out.push(b']');
}

/// Appends a number.
#[inline]
pub(crate) fn number(out: &mut Vec<u8>, value: impl Into<u64>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest: u64 = value.into();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).expect("one digit");
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}
