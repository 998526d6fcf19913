//! A faulty disk in memory.
//!
//! Every operation stays pending until [`SimDisk::step`] completes one, chosen by the seed: whoever
//! drives the simulation decides what else happens while a sync is in flight, and may crash the
//! machine between any two steps. The same seed and the same calls give the same behaviour.
//!
//! What a crash leaves behind ([`SimDisk::crash`]): synced sectors as they were; every sector
//! written since, or being written, either new or old; names as of the last
//! [`crate::Device::sync_names`] plus a prefix of the later changes.

mod device;
mod image;
mod random;
mod world;

pub use device::SimFile;
pub use world::{FaultRates, SimDisk};

/// The unit in which a torn write tears.
pub const SECTOR_BYTES: usize = 512;
