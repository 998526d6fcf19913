//! Records and what names them.

use contract::{Key, KeyBytes, RateClass, Reply};
use rkyv::{Archive, Deserialize, Serialize};

contract::message! {
    /// Whose requests are counted together.
    #[serde(rename_all = "lowercase")]
    pub enum Subject {
        /// Those with the same API key or access token.
        Key,
        /// Those of the same user, whatever keys and tokens it uses.
        Principal,
        /// Those on behalf of the same tenant.
        Tenant,
        /// Those for the same operation, whoever asks.
        Route,
        /// Those from the same network address.
        Address,
        /// All that the policy covers.
        Box,
    }

    /// How much one call of an operation weighs, as the operation declares it.
    #[serde(rename_all = "lowercase")]
    pub enum Class {
        /// One record or one small computation.
        Read,
        /// One durable change.
        Write,
        /// Many records or many computations in one call.
        Bulk,
    }
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Bulk];
}

impl From<RateClass> for Class {
    fn from(rate: RateClass) -> Self {
        match rate {
            RateClass::Read => Self::Read,
            RateClass::Write => Self::Write,
            RateClass::Bulk => Self::Bulk,
        }
    }
}

contract::message! {
    /// What a policy counts.
    #[derive(Default)]
    #[serde(rename_all = "lowercase")]
    pub enum Unit {
        /// Requests over time, each as many units as its class costs.
        #[default]
        Requests,
        /// Requests under way at the same time, each as many units as its class costs.
        Concurrent,
    }

    /// How many units one request takes, by the class of its operation; each 1 to 1,000.
    #[derive(Copy)]
    #[serde(default)]
    pub struct Cost {
        /// Of a read.
        pub read: u32,
        /// Of a write.
        pub write: u32,
        /// Of a bulk operation.
        pub bulk: u32,
    }
}

impl Cost {
    /// What an operation of this class takes.
    pub const fn of(&self, class: Class) -> u32 {
        match class {
            Class::Read => self.read,
            Class::Write => self.write,
            Class::Bulk => self.bulk,
        }
    }
}

impl Default for Cost {
    fn default() -> Self {
        Self { read: 1, write: 1, bulk: 1 }
    }
}

contract::message! {
    /// One limit of one tenant.
    // A request that is a whole policy shows its fields: a path may name only those.
    #[schemars(inline)]
    pub struct Policy {
        /// What clients see; 1 to 32 characters of `a` to `z`, `0` to `9` and `-`, unique in the tenant.
        pub name: String,
        /// Whose requests are counted together.
        pub per: Subject,
        /// Which operations: `*` for all, `rates.*` for all of a domain, or one such as `rates.quote`.
        #[serde(default = "every_operation")]
        pub operations: String,
        /// Of those only the ones of this class; all when absent.
        #[serde(default)]
        pub rate_class: Option<Class>,
        /// Units for each window, or at the same time; 1 to 1,000,000,000.
        pub quota: u64,
        /// Seconds, 1 to 86,400. Not looked at and kept as 0 for what is counted at the same time.
        #[serde(default)]
        pub window_s: u32,
        /// Units that a rested subject may take at once, up to 1,000,000,000; 0 for as many as `quota`.
        /// Not looked at and kept as 0 for what is counted at the same time.
        #[serde(default)]
        pub burst: u64,
        /// What is counted.
        #[serde(default)]
        pub unit: Unit,
        /// How many units one request takes; 1 each when absent.
        #[serde(default)]
        pub cost: Cost,
        /// Whether it limits anything now.
        #[serde(default = "enabled")]
        pub enabled: bool,
    }
}
impl Reply for Policy {}

fn every_operation() -> String {
    "*".to_owned()
}

const fn enabled() -> bool {
    true
}

/// How many policies a tenant has. Every change of them touches it, so that changes made at the same
/// time cannot pass the limit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Tally {
    /// The policies.
    pub policies: u32,
}

/// Names the one tally of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole;

impl Key for Whole {
    fn write(&self, key: &mut KeyBytes) {
        key.push_text("all");
    }
}
