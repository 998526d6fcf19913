//! One blanket trait for everything that crosses the wire, the log or a table.

use rkyv::{
    Archive, Deserialize, Portable, Serialize,
    api::high::{HighDeserializer, HighSerializer, HighValidator},
    bytecheck::CheckBytes,
    rancor,
    ser::allocator::ArenaHandle,
    util::with_arena,
};

/// Bytes that are not an archive of the expected type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not a valid archive of {type_name}")]
pub struct Damaged {
    /// The Rust name of the type that was expected.
    pub type_name: &'static str,
}

/// A type with an archived form. One blanket impl holds every rkyv bound, so no domain ever
/// writes one. Archives are little-endian and unaligned: they may start at any byte.
pub trait Stored: Archive + Sized {
    /// Appends the archive to `out`.
    fn encode(&self, out: &mut Vec<u8>);
    /// Checks the bytes and gives the archived form in place.
    fn access(bytes: &[u8]) -> Result<&Self::Archived, Damaged>;
    /// Builds the value from its archived form.
    fn revive(archived: &Self::Archived) -> Self;
    /// Checks the bytes and builds the value.
    fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        Self::access(bytes).map(Self::revive)
    }
}

impl<T> Stored for T
where
    T: Archive<Archived: Portable + for<'a> CheckBytes<HighValidator<'a, rancor::Error>>>
        + for<'a> Serialize<HighSerializer<Vec<u8>, ArenaHandle<'a>, rancor::Error>>,
    T::Archived: Deserialize<T, HighDeserializer<rancor::Error>>,
{
    fn encode(&self, out: &mut Vec<u8>) {
        append(self, out);
    }

    fn access(bytes: &[u8]) -> Result<&Self::Archived, Damaged> {
        rkyv::access::<T::Archived, rancor::Error>(bytes)
            .map_err(|_| Damaged { type_name: std::any::type_name::<T>() })
    }

    fn revive(archived: &Self::Archived) -> Self {
        rkyv::deserialize::<T, rancor::Error>(archived)
            .expect("reviving into owned memory cannot fail")
    }
}

/// A value that archives to the same bytes as `T` does, such as a borrowed twin of it. Hot replies
/// are written from borrowed parts without building the owned value first.
pub trait EncodesAs<T: Archive> {
    /// Appends the archive to `out`.
    fn encode_as(&self, out: &mut Vec<u8>);
}

impl<T, U> EncodesAs<T> for U
where
    T: Archive,
    U: Archive<Archived = T::Archived>
        + for<'a> Serialize<HighSerializer<Vec<u8>, ArenaHandle<'a>, rancor::Error>>,
{
    fn encode_as(&self, out: &mut Vec<u8>) {
        append(self, out);
    }
}

fn append<T>(value: &T, out: &mut Vec<u8>)
where
    T: for<'a> Serialize<HighSerializer<Vec<u8>, ArenaHandle<'a>, rancor::Error>>,
{
    let writer = std::mem::take(out);
    let written = with_arena(|arena| {
        rkyv::api::high::to_bytes_in_with_alloc::<_, _, rancor::Error>(
            value,
            writer,
            arena.acquire(),
        )
    });
    *out = written.expect("encoding into memory cannot fail");
}
