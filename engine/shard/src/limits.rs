//! Every limit of a shard, in one place.

/// The most commands that may wait on one core for rows that other commands hold.
pub const PARKED_MAX: usize = 16 * 1024;
/// The most commands of one core that may be under way across cores at once.
pub const TRANSACTIONS_MAX: usize = 16 * 1024;
/// The most replies that may wait on one core for the durable position.
pub const GATED_MAX: usize = 1024 * 1024;
/// The most queries of one core that may wait for other cores' parts.
pub const SCATTERED_MAX: usize = 1024;
/// The most calls that may be forwarded from one core and not yet answered.
pub const FORWARDED_MAX: usize = 64 * 1024;
/// The longest archived request, in bytes.
pub const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;
/// The longest archived reply, in bytes.
pub const REPLY_BYTES_MAX: usize = 7 * 1024 * 1024;

// A frame holds the reply of an idempotent command beside its events.
const _: () = assert!(REPLY_BYTES_MAX < frame::BODY_BYTES_MAX);

/// Limits that follow the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of rows, keys included, that this core keeps above the stores. Commands are
    /// told to come back while a checkpoint makes room.
    pub overlay_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { overlay_bytes_max: 1 << 30 }
    }
}
