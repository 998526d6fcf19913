//! What a moment knew, for the questions that ask for it.

use contract::Tenant;

use crate::reference::Reference;
use crate::rules::book::Book;
use crate::rules::quote::{Books, QuoteError, QuoteProblem};

/// What a moment knew of the products of one quote: the tenant's own, then the box's.
#[derive(Debug)]
pub(crate) struct Then {
    books: [Option<Book>; 2],
}

impl Then {
    pub(crate) fn books(&self) -> Books<'_> {
        Books { books: self.books.each_ref().map(Option::as_ref) }
    }
}

impl Reference {
    /// What `known_us` knew of these products; `None` when it is what is known now, as it is when no
    /// moment is given.
    #[inline]
    pub(crate) fn then<'p>(
        &self,
        tenant: Tenant,
        known_us: Option<u64>,
        products: impl Iterator<Item = &'p str> + Clone,
    ) -> Result<Option<Then>, QuoteError> {
        let Some(known_us) = known_us else { return Ok(None) };
        let shelves = self.shelves(tenant);
        if shelves.iter().flatten().all(|it| it.newest_us <= known_us) {
            return Ok(None);
        }
        self.check_kept(tenant, known_us)?;
        let [own, shared] = shelves;
        let own = own.map(|it| it.book.as_known(&it.past, known_us, products.clone()));
        let shared = shared.map(|it| it.book.as_known(&it.past, known_us, products));
        Ok(Some(Then { books: [own, shared] }))
    }

    /// Refuses a moment of which an edition may have been dropped.
    pub(crate) fn check_kept(&self, tenant: Tenant, known_us: u64) -> Result<(), QuoteError> {
        let shelves = self.shelves(tenant);
        let whole = shelves.into_iter().flatten().map(|it| it.whole_from_us).max();
        match whole.filter(|it| known_us < *it) {
            None => Ok(()),
            Some(whole_from_us) => {
                let field = "as_known_at_us".to_owned();
                let problem = QuoteProblem::Dropped { asked_us: known_us, whole_from_us };
                Err(QuoteError { field, problem })
            }
        }
    }
}
