//! A look at the frames of an HTTP/2 client on their way to hyper.
//!
//! Hyper tells whoever sends a frame of a wrong size that some rule of the protocol was broken, where
//! RFC 9113 names the code for it. What can be seen in the nine bytes before a frame, and in settings,
//! is told here with the code of the RFC; everything else stays hyper's.

/// What a client says first (RFC 9113, 3.4); hyper compares it.
const PREFACE_BYTES: usize = 24;
const HEAD_BYTES: usize = 9;
const SETTING_BYTES: usize = 6;
/// The largest frame that we take: our settings leave it as it is at first (RFC 9113, 6.5.2).
const FRAME_BYTES_MAX: u32 = 1 << 14;

const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;

const INITIAL_WINDOW_SIZE: [u8; 2] = [0, 4];
const WINDOW_BYTES_MAX: u32 = (1 << 31) - 1;

const FLOW_CONTROL_ERROR: u32 = 3;
const FRAME_SIZE_ERROR: u32 = 6;

/// What has been seen of one connection.
#[derive(Debug)]
pub(crate) struct Sieve {
    next: Next,
    /// A frame's head, or a setting, that has not arrived in full.
    held: [u8; HEAD_BYTES],
    held_bytes: usize,
    /// The newest stream of the client.
    stream: u32,
}

/// What the next bytes are.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// Of no interest, so many of them; then a frame's head.
    Skipped(u32),
    Head,
    /// Settings, so many bytes of them.
    Settings(u32),
}

/// The goodbye to a client that broke a rule.
pub(crate) type Goodbye = [u8; HEAD_BYTES + 8];

impl Default for Sieve {
    fn default() -> Self {
        let next = Next::Skipped(u32::try_from(PREFACE_BYTES).expect("24"));
        Self { next, held: [0; HEAD_BYTES], held_bytes: 0, stream: 0 }
    }
}

impl Sieve {
    /// Looks at the next bytes of the client. Once there was a goodbye nothing more may be passed on.
    pub(crate) fn look(&mut self, mut bytes: &[u8]) -> Result<(), Goodbye> {
        while !bytes.is_empty() {
            match self.next {
                Next::Skipped(left) => {
                    let count = usize::try_from(left).map_or(bytes.len(), |it| it.min(bytes.len()));
                    bytes = &bytes[count..];
                    self.pass(left, count, Next::Skipped);
                }
                Next::Head => {
                    if let Some(head) = self.gather(&mut bytes, HEAD_BYTES) {
                        self.next = self.frame(head).map_err(|code| self.goodbye(code))?;
                    }
                }
                Next::Settings(left) => {
                    if let Some(setting) = self.gather(&mut bytes, SETTING_BYTES) {
                        check(setting).map_err(|code| self.goodbye(code))?;
                        self.pass(left, SETTING_BYTES, Next::Settings);
                    }
                }
            }
        }
        Ok(())
    }

    /// Of `left` bytes there were `count`; the rest, if any, is `next`.
    fn pass(&mut self, left: u32, count: usize, next: fn(u32) -> Next) {
        let left = left - u32::try_from(count).expect("a part of what is left");
        self.next = if left == 0 { Next::Head } else { next(left) };
    }

    /// The first `count` bytes, once they are all here.
    fn gather(&mut self, bytes: &mut &[u8], count: usize) -> Option<[u8; HEAD_BYTES]> {
        let (taken, rest) = bytes.split_at(bytes.len().min(count - self.held_bytes));
        self.held[self.held_bytes..][..taken.len()].copy_from_slice(taken);
        self.held_bytes += taken.len();
        *bytes = rest;
        (self.held_bytes == count).then(|| {
            self.held_bytes = 0;
            self.held
        })
    }

    /// What follows this head, or the code for what is wrong with it (RFC 9113, 4.2 and 6).
    fn frame(&mut self, head: [u8; HEAD_BYTES]) -> Result<Next, u32> {
        let [high, middle, low, kind, flags, stream @ ..] = head;
        let length = u32::from_be_bytes([0, high, middle, low]);
        let stream = u32::from_be_bytes(stream) & WINDOW_BYTES_MAX;
        let sound = match kind {
            PRIORITY => length == 5,
            RST_STREAM | WINDOW_UPDATE => length == 4,
            SETTINGS if flags & ACK != 0 => length == 0,
            SETTINGS => length.is_multiple_of(6),
            PING => length == 8,
            GOAWAY => 8 <= length,
            _ => true,
        };
        if FRAME_BYTES_MAX < length || !sound {
            return Err(FRAME_SIZE_ERROR);
        }
        if kind == HEADERS {
            self.stream = stream.max(self.stream);
        }
        Ok(match (kind, length) {
            (_, 0) => Next::Head,
            // On a stream they are no settings; that is hyper's to say.
            (SETTINGS, length) if stream == 0 => Next::Settings(length),
            (_, length) => Next::Skipped(length),
        })
    }

    fn goodbye(&self, code: u32) -> Goodbye {
        let mut goodbye = [0; HEAD_BYTES + 8];
        goodbye[2] = 8;
        goodbye[3] = GOAWAY;
        goodbye[9..13].copy_from_slice(&self.stream.to_be_bytes());
        goodbye[13..].copy_from_slice(&code.to_be_bytes());
        goodbye
    }
}

/// The code for what is wrong with a setting (RFC 9113, 6.5.2).
fn check(setting: [u8; HEAD_BYTES]) -> Result<(), u32> {
    let [id, also_id, a, b, c, d, ..] = setting;
    let too_large = WINDOW_BYTES_MAX < u32::from_be_bytes([a, b, c, d]);
    if [id, also_id] == INITIAL_WINDOW_SIZE && too_large { Err(FLOW_CONTROL_ERROR) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFACE: &[u8; PREFACE_BYTES] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
    }

    /// The newest stream and the code of the goodbye, if there is one.
    fn look(frames: &[u8], size: usize) -> Option<(u8, u8)> {
        let mut sieve = Sieve::default();
        let all = [&PREFACE[..], frames].concat();
        let goodbye = all.chunks(size).find_map(|it| sieve.look(it).err())?;
        assert_eq!(goodbye[..9], [0, 0, 8, GOAWAY, 0, 0, 0, 0, 0]);
        Some((goodbye[12], goodbye[16]))
    }

    #[test]
    fn sizes_and_windows_have_their_codes_however_they_are_cut() {
        let largest = vec![0; 1 << 14];
        let window = |high: u8| [0, 1, 0, 0, 0, 0, 0, 4, high, 0xff, 0xff, 0xff];
        let size = Some((0, 6));
        for (frames, expected) in [
            (frame(0, 0, 1, &largest), None),
            (frame(0, 0, 1, &[&largest[..], &[0]].concat()), size),
            (frame(HEADERS, 4, 1, b"anything"), None),
            (frame(HEADERS, 4, 1, b""), None),
            (frame(PRIORITY, 0, 1, &[0; 5]), None),
            (frame(PRIORITY, 0, 1, &[0; 4]), size),
            (frame(RST_STREAM, 0, 1, &[0; 4]), None),
            (frame(RST_STREAM, 0, 1, &[0; 5]), size),
            (frame(SETTINGS, 0, 0, b""), None),
            (frame(SETTINGS, 0, 0, &[0; 12]), None),
            (frame(SETTINGS, 0, 0, &[0; 7]), size),
            (frame(SETTINGS, ACK, 0, &[0; 6]), size),
            (frame(SETTINGS, 0, 0, &window(0x7f)), None),
            (frame(SETTINGS, 0, 0, &window(0x80)), Some((0, 3))),
            (frame(SETTINGS, 0, 1, &window(0x80)), None),
            (frame(PING, 0, 0, &[0; 8]), None),
            (frame(PING, 0, 0, &[0; 9]), size),
            (frame(GOAWAY, 0, 0, &[0; 20]), None),
            (frame(GOAWAY, 0, 0, &[0; 7]), size),
            (frame(WINDOW_UPDATE, 0, 0, &[0; 4]), None),
            (frame(WINDOW_UPDATE, 0, 0, b""), size),
            (frame(0xee, 0, 0, b"unknown"), None),
        ] {
            for cut in [1, 2, 7, 9, 1000, frames.len() + PREFACE_BYTES] {
                // Twice, with a stream between: what follows a good frame is read right.
                let again = [&frames[..], &frame(HEADERS, 5, 9, b"x"), &frames].concat();
                assert_eq!(look(&again, cut), expected, "{frames:?} by {cut}");
            }
        }
        let late = [frame(HEADERS, 5, 7, b"x"), frame(PING, 0, 0, b"")].concat();
        assert_eq!(look(&late, 5), Some((7, 6)), "the goodbye names the newest stream");
    }
}
