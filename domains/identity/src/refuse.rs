//! Why this domain says no.

contract::refusals! {
    /// Only callers of the box's own tenant may do that.
    BoxOnly = 1 Forbidden,
    /// Only the box itself may ask that.
    ItselfOnly = 2 Forbidden,
    /// No tenant has that number.
    TenantUnknown = 3 Missing,
    /// Another tenant has that number or name.
    TenantExists = 4 Conflict,
    /// A name is 1 to 40 ASCII letters, digits or any of . _ @ + | : - and begins with a letter or digit.
    NameInvalid = 5 Invalid,
    /// A text is longer than its limit.
    TextTooLong = 6 Invalid,
    /// No user has that name.
    UserUnknown = 7 Missing,
    /// Another user has that name.
    UserExists = 8 Conflict,
    /// The user is disabled.
    UserDisabled = 9 Conflict,
    /// No role has that name.
    RoleUnknown = 10 Missing,
    /// A permission is of the form domain.operation, domain.* or *.
    PermissionInvalid = 11 Invalid,
    /// There would be more than the limit.
    TooMany = 12 Invalid,
    /// A credential needs a scope; the scope * is all that its owner may.
    ScopesEmpty = 13 Invalid,
    /// The expiry has passed already.
    ExpiryPassed = 14 Invalid,
    /// No API key has that id and secret.
    ApiKeyUnknown = 15 Missing,
    /// The API key has expired.
    ApiKeyExpired = 16 Forbidden,
    /// The API key was revoked.
    ApiKeyRevoked = 17 Forbidden,
    /// No issuer has that name.
    IssuerUnknown = 18 Missing,
    /// Another issuer has that address and audience.
    IssuerExists = 19 Conflict,
    /// The issuer's address, audience, claims or keys are not complete.
    IssuerInvalid = 20 Invalid,
    /// The public key is not of its algorithm's form.
    PublicKeyInvalid = 21 Invalid,
    /// A signing key with that id is kept already.
    SigningKeyExists = 22 Conflict,
    /// There is no signing key yet.
    SigningKeyUnknown = 23 Missing,
    /// The sealed seed is empty.
    SeedMissing = 24 Invalid,
    /// Nobody hands out a permission that it does not have itself.
    PermissionNotHeld = 25 Forbidden,
    /// Only a user has tokens.
    UserOnly = 26 Forbidden,
    /// A token lives for 1 to 3600 seconds.
    LifetimeInvalid = 27 Invalid,
    /// A client certificate is named by a SPIFFE identity or a host in lower case, of at most 256 bytes.
    CertificateInvalid = 28 Invalid,
    /// No client certificate of that name stands for a user.
    CertificateUnknown = 29 Missing,
    /// A client certificate of that name stands for another user, or for this one with other scopes.
    CertificateExists = 30 Conflict,
}
