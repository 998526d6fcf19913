//! Who showed what within the last moments.
//!
//! A caller that asks often shows the same text each time. As long as nothing in the identity domain
//! has changed, it stands for the same caller; only time ends keys and tokens without a change, so
//! nothing is taken again for longer than [`FRESH_US`].

use std::hash::{BuildHasher, RandomState};

use super::Authenticated;

/// For so long what a text led to is taken again.
const FRESH_US: u64 = 10_000;

/// Texts that a core remembers; each has one place.
const PLACES: usize = 256;
/// Longer ones are not remembered.
const TEXT_BYTES_MAX: usize = 2048;

/// What texts led to, on one core.
pub(super) struct Recent {
    places: Vec<Option<Look>>,
    /// Nobody outside may choose texts that share a place.
    hashes: RandomState,
}

struct Look {
    text: Box<str>,
    found: Authenticated,
    /// The identity domain's state then.
    generation: Option<u64>,
    looked_us: u64,
}

impl Recent {
    pub(super) fn new() -> Self {
        let places = std::iter::repeat_with(|| None).take(PLACES).collect();
        Self { places, hashes: RandomState::new() }
    }

    pub(super) fn get(
        &self,
        text: &str,
        generation: Option<u64>,
        now_us: u64,
    ) -> Option<Authenticated> {
        let look = self.places[self.place(text)].as_ref()?;
        let stands = *look.text == *text
            && look.generation == generation
            && look.looked_us.abs_diff(now_us) < FRESH_US;
        stands.then(|| look.found.clone())
    }

    pub(super) fn put(
        &mut self,
        text: &str,
        generation: Option<u64>,
        now_us: u64,
        found: &Authenticated,
    ) {
        if TEXT_BYTES_MAX < text.len() {
            return;
        }
        let place = self.place(text);
        let (text, found, looked_us) = (text.into(), found.clone(), now_us);
        self.places[place] = Some(Look { text, found, generation, looked_us });
    }

    fn place(&self, text: &str) -> usize {
        let hash = self.hashes.hash_one(text);
        usize::try_from(hash % PLACES as u64).expect("below the number of places")
    }
}

#[cfg(test)]
mod tests {
    use contract::{Actor, Tenant};

    use super::*;
    use crate::authenticate::{Credential, Permissions};

    #[test]
    fn a_text_stands_for_its_caller_while_nothing_changes_and_only_for_moments() {
        let mut recent = Recent::new();
        let found = Authenticated {
            tenant: Tenant(3),
            actor: Actor(4),
            credential: 5,
            shown: Credential::Token,
            permissions: Permissions::new(&[], &[]),
        };
        assert!(recent.get("a", Some(1), 50).is_none());
        recent.put("a", Some(1), 50, &found);
        for (text, generation, now_us, stands) in [
            ("a", Some(1), 50, true),
            ("a", Some(1), 49 + FRESH_US, true),
            ("a", Some(1), 50 + FRESH_US, false),
            ("a", Some(2), 50, false),
            ("a", None, 50, false),
            ("b", Some(1), 50, false),
            ("", Some(1), 50, false),
        ] {
            let known = recent.get(text, generation, now_us).map(|it| it.credential);
            assert_eq!(known, stands.then_some(5), "{text} {generation:?} {now_us}");
        }
        let long = "k".repeat(TEXT_BYTES_MAX + 1);
        recent.put(&long, Some(1), 50, &found);
        assert!(recent.get(&long, Some(1), 50).is_none());
    }
}
