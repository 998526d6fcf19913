//! What the tests through the domain's erased face start from.

use contract::{Record, Tenant};
use fixture::Core;
use rates::{ENTRY, Former, PublishAward, PublishHolidays};
use serde_json::{Value, json};

use crate::support::{PACKS, holidays, pack};

pub(crate) const BOX: Tenant = Tenant::BOX;
/// Some tenant.
pub(crate) const T: Tenant = Tenant(5);

/// A core without awards.
pub(crate) fn empty() -> Core {
    Core { former: Some(Former::TABLE), ..Core::new(&ENTRY) }
}

/// A core on which everything shipped is published.
pub(crate) fn with_packs() -> Core {
    let mut core = empty();
    let table = serde_json::to_value(PublishHolidays { table: holidays() }).unwrap();
    core.call(BOX, 2, &table).unwrap();
    for award in PACKS {
        for version in pack(award).versions(award).unwrap() {
            let request = PublishAward { version, replace: false };
            core.call(BOX, 1, &serde_json::to_value(&request).unwrap()).unwrap();
        }
    }
    core
}

pub(crate) fn sunday() -> Value {
    json!({
        "award": "MA000004", "classification": "retail-employee-level-1", "employment": "casual",
        "state": "NSW", "pay_period_start": "2025-07-07",
        "shifts": [{"start": "2025-07-13T10:00", "end": "2025-07-13T15:00", "unpaid_breaks": []}]
    })
}
