//! Why this domain says no.

contract::refusals! {
    /// Only the box itself keeps the pay database; every tenant may read it.
    NotTheBox = 1 Forbidden,
    /// A published year is 2009 to 2200.
    YearInvalid = 2 Invalid,
    /// An award is named by its code, such as MA000004, or its number.
    AwardInvalid = 3 Invalid,
    /// A page has rows of its own table only, 1 to 4096 of them.
    PageInvalid = 4 Invalid,
    /// A year has at most 1000 awards, each with its tables once.
    ManifestInvalid = 5 Invalid,
    /// Nothing is published for that year.
    YearUnknown = 6 Missing,
    /// The pay database has no such award.
    AwardUnknown = 7 Missing,
    /// The award has no such classification.
    ClassificationUnknown = 8 Missing,
    /// The award has no such allowance.
    AllowanceUnknown = 9 Missing,
    /// No such page was staged.
    PageUnknown = 10 Missing,
    /// Pages are counted from 1, and have 1 to 100 results.
    PagingInvalid = 11 Invalid,
    /// A date is written YYYY-MM-DD, alone or with a time after it.
    DateInvalid = 12 Invalid,
    /// A filter asks for something that its field cannot be.
    FilterInvalid = 13 Invalid,
}
