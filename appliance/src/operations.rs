//! Operations of the registry, found by the type of their request.

use contract::{Entry, Operation, Request};

/// The domain and the operation of a request.
pub(crate) fn find<R: Request>() -> (&'static Entry, &'static Operation) {
    let found = registry::ALL.iter().find_map(|entry| {
        let operation = entry.operations.iter().find(|it| it.shape.name == R::SHAPE.name)?;
        Some((entry, operation))
    });
    found.expect("the domain of every request that this binary sends is registered")
}

/// The number of a request's operation on the RPC wire.
pub(crate) fn number<R: Request>() -> u32 {
    let (entry, operation) = find::<R>();
    operation.number(entry.id)
}
