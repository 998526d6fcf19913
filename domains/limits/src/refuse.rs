//! Why this domain says no.

contract::refusals! {
    /// A policy's name is 1 to 32 characters of a to z, 0 to 9 and the hyphen.
    NameInvalid = 1 Invalid,
    /// Operations are given as *, domain.* or domain.operation.
    OperationsInvalid = 2 Invalid,
    /// A quota is 1 to 1000000000.
    QuotaInvalid = 3 Invalid,
    /// A window is 1 to 86400 seconds.
    WindowInvalid = 4 Invalid,
    /// A burst is at most 1000000000; 0 stands for the quota.
    BurstInvalid = 5 Invalid,
    /// The burst would take more than 100 years to fill again.
    RefillTooLong = 6 Invalid,
    /// A cost is 1 to 1000.
    CostInvalid = 7 Invalid,
    /// One request costs more than a rested subject may take at once.
    CostTooHigh = 8 Invalid,
    /// A tenant has at most 64 policies; remove one first.
    TooManyPolicies = 9 Conflict,
    /// No policy of the tenant has that name.
    PolicyUnknown = 10 Missing,
}
