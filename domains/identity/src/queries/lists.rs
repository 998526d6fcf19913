//! Lists, a page at a time: `after` is the last row of the page before.

#![allow(missing_debug_implementations, reason = "archived forms have none")]

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
};

use crate::queries::IssuerRow;
use crate::records::{ApiKeyId, Certificate, Role, Tenancy, User, UserId, UserStatus};
use crate::rules::{PAGE_ROWS, PAGE_ROWS_MAX, demand_box};
use crate::{Identity, Refusal};

contract::message! {
    /// A user and what it may.
    pub struct UserRow {
        /// Its name.
        pub user: String,
        /// For people.
        pub title: String,
        /// The actor in everything it does.
        pub actor: UserId,
        /// Whether it may do anything.
        pub status: UserStatus,
        /// Its roles.
        pub roles: Vec<String>,
        /// In microseconds since 1970-01-01 UTC.
        pub created_us: u64,
    }

    /// An API key, without its digest.
    pub struct ApiKeyRow {
        /// Stands in the key's text.
        pub id: ApiKeyId,
        /// Whose.
        pub user: String,
        /// What it narrows its user's permissions to.
        pub scopes: Vec<String>,
        /// For people.
        pub label: String,
        /// In microseconds since 1970-01-01 UTC.
        pub created_us: u64,
        /// From when on it is refused.
        pub expires_us: Option<u64>,
        /// Since when it is refused.
        pub revoked_us: Option<u64>,
        /// When it was last used, as it was noted: up to 15 minutes too early. Absent for never.
        pub used_us: Option<u64>,
    }

    /// A client certificate that stands for a user.
    pub struct CertificateRow {
        /// Its name.
        pub name: String,
        /// Whose user.
        pub tenant: u32,
        /// Its name.
        pub user: String,
        /// What it narrows its user's permissions to.
        pub scopes: Vec<String>,
        /// In microseconds since 1970-01-01 UTC.
        pub created_us: u64,
    }

    /// The outside issuers, in order of name; at most 64. For callers of the box's own tenant.
    pub struct Issuers {}

    /// The issuers.
    pub struct IssuersReply {
        /// The issuers.
        pub issuers: Vec<IssuerRow>,
    }
}
impl Reply for IssuersReply {}

const fn shape(
    name: &'static str,
    summary: &'static str,
    path: &'static str,
    example: &'static str,
) -> Shape {
    Shape {
        name,
        summary,
        method: Method::Get,
        path,
        permission: "identity.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example,
    }
}

/// The rows of one page, and whether there are more.
fn page<R>(mut rows: impl Iterator<Item = R>, limit: Option<u32>) -> (Vec<R>, bool) {
    let limit = limit.unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS_MAX);
    let page = rows.by_ref().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
    (page, rows.next().is_some())
}

/// Declares a list: its request, the page that answers it, its route, and where its rows are from.
/// `after` is the cursor: the rows are those after it.
macro_rules! list {
    (
        $(#[$meta:meta])*
        $request:ident { $($(#[$field_meta:meta])* $field:ident: $field_type:ty),* }
        after { $(#[$after_meta:meta])* $after:ty }
        $(#[$page_meta:meta])*
        $page:ident { $(#[$rows_meta:meta])* $rows:ident: $row:ty }
        $name:literal, $summary:literal, $path:literal, $example:literal;
        |$ask:ident, $asked:ident| $from:expr
    ) => {
        contract::message! {
            $(#[$meta])*
            pub struct $request {
                $($(#[$field_meta])* pub $field: $field_type,)*
                $(#[$after_meta])*
                #[serde(default)]
                pub after: Option<$after>,
                /// At most so many, up to 500; 100 when absent.
                #[serde(default)]
                pub limit: Option<u32>,
            }

            $(#[$page_meta])*
            pub struct $page {
                $(#[$rows_meta])*
                pub $rows: Vec<$row>,
                /// Whether there are more after the last.
                pub more: bool,
            }
        }
        impl Reply for $page {}

        impl Request for $request {
            type Reply = $page;
            const SHAPE: Shape = shape($name, $summary, $path, $example);
        }

        impl Answer<Identity> for $request {
            fn answer(
                request: &Self::Archived,
                $ask: Ask<'_, Identity>,
                reply: &mut ReplySink<'_, $page>,
            ) -> Result<(), Denial> {
                let $asked = Self::revive(request);
                let ($rows, more) = page($from, $asked.limit);
                reply.put(&$page { $rows, more });
                Ok(())
            }
        }
    };
}

list! {
    /// The tenants, in order of number. For callers of the box's own tenant.
    Tenants {}
    after {
        /// Go on after this number.
        u32
    }
    /// A page of tenants.
    TenantsReply {
        /// The tenants.
        tenants: Tenancy
    }
    "identity.tenants", "Lists the tenants", "/v1/identity/tenants", "{}";
    |ask, asked| {
        demand_box(ask.cx)?;
        ask.reference.tenants(asked.after).cloned()
    }
}

list! {
    /// The users of the caller's tenant, in order of name.
    Users {}
    after {
        /// Go on after this name.
        String
    }
    /// A page of users.
    UsersReply {
        /// The users.
        users: UserRow
    }
    "identity.users", "Lists users", "/v1/identity/users", "{}";
    |ask, asked| {
        let after = asked.after.as_deref().unwrap_or_default();
        ask.reference.users(ask.cx.tenant, after).map(UserRow::from)
    }
}

list! {
    /// The roles of the caller's tenant, in order of name.
    Roles {}
    after {
        /// Go on after this name.
        String
    }
    /// A page of roles.
    RolesReply {
        /// The roles.
        roles: Role
    }
    "identity.roles", "Lists roles", "/v1/identity/roles", "{}";
    |ask, asked| {
        let after = asked.after.as_deref().unwrap_or_default();
        ask.reference.roles(ask.cx.tenant, after).cloned()
    }
}

list! {
    /// The API keys of one user of the caller's tenant, oldest first.
    ApiKeys {
        /// Whose.
        user: String
    }
    after {
        /// Go on after this key.
        ApiKeyId
    }
    /// A page of API keys.
    ApiKeysReply {
        /// The keys.
        api_keys: ApiKeyRow
    }
    "identity.api-keys", "Lists a user's API keys", "/v1/identity/api-keys", r#"{"user":"ann"}"#;
    |ask, asked| {
        let (reference, tenant) = (ask.reference, ask.cx.tenant);
        reference.user(tenant, &asked.user).ok_or_else(|| Refusal::UserUnknown.at("user"))?;
        let after = asked.after.map_or(0, ApiKeyId::get);
        reference.api_keys(tenant, &asked.user, after).map(|it| ApiKeyRow {
            id: it.id,
            user: it.user.clone(),
            scopes: it.scopes.clone(),
            label: it.label.clone(),
            created_us: it.created_us,
            expires_us: it.expires_us,
            revoked_us: it.revoked_us,
            used_us: reference.used_us(it.id.get()),
        })
    }
}

list! {
    /// The client certificates that stand for users, in order of name. For callers of the box's own
    /// tenant.
    Certificates {}
    after {
        /// Go on after this name.
        String
    }
    /// A page of client certificates.
    CertificatesReply {
        /// The certificates.
        certificates: CertificateRow
    }
    "identity.certificates", "Lists client certificates", "/v1/identity/certificates", "{}";
    |ask, asked| {
        demand_box(ask.cx)?;
        let after = asked.after.as_deref().unwrap_or_default();
        ask.reference.certificates(after).map(CertificateRow::from)
    }
}

impl From<&User> for UserRow {
    fn from(it: &User) -> Self {
        Self {
            user: it.name.clone(),
            title: it.title.clone(),
            actor: it.actor,
            status: it.status,
            roles: it.roles.clone(),
            created_us: it.created_us,
        }
    }
}

impl From<&Certificate> for CertificateRow {
    fn from(it: &Certificate) -> Self {
        Self {
            name: it.name.clone(),
            tenant: it.tenant,
            user: it.user.clone(),
            scopes: it.scopes.clone(),
            created_us: it.created_us,
        }
    }
}

impl Request for Issuers {
    type Reply = IssuersReply;
    const SHAPE: Shape =
        shape("identity.issuers", "Lists outside issuers", "/v1/identity/issuers", "{}");
}

impl Answer<Identity> for Issuers {
    fn answer(
        _: &ArchivedIssuers,
        ask: Ask<'_, Identity>,
        reply: &mut ReplySink<'_, IssuersReply>,
    ) -> Result<(), Denial> {
        demand_box(ask.cx)?;
        let issuers = ask.reference.issuers().map(IssuerRow::from).collect();
        reply.put(&IssuersReply { issuers });
        Ok(())
    }
}
