//! Lists, a page at a time: `after` is the last row of the page before.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
};
use rkyv::option::ArchivedOption;
use rkyv::string::ArchivedString;
use rkyv::{Archive, Deserialize, Serialize};
use schemars::JsonSchema;

use crate::queries::IssuerRow;
use crate::records::{ApiKey, ApiKeyId, Role, Tenancy, User, UserId, UserStatus};
use crate::rules::{PAGE_ROWS, PAGE_ROWS_MAX, demand_box};
use crate::{Identity, Refusal};

/// The tenants, in order of number. For callers of the box's own tenant.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Tenants {
    /// Go on after this number.
    #[serde(default)]
    pub after: Option<u32>,
    /// At most so many, up to 500; 100 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of tenants.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct TenantsReply {
    /// The tenants.
    pub tenants: Vec<Tenancy>,
    /// Whether there are more after the last.
    pub more: bool,
}

/// The users of the caller's tenant, in order of name.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// Go on after this name.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, up to 500; 100 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A user and what it may.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
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

/// A page of users.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct UsersReply {
    /// The users.
    pub users: Vec<UserRow>,
    /// Whether there are more after the last.
    pub more: bool,
}

/// The roles of the caller's tenant, in order of name.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Go on after this name.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, up to 500; 100 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of roles.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct RolesReply {
    /// The roles.
    pub roles: Vec<Role>,
    /// Whether there are more after the last.
    pub more: bool,
}

/// The API keys of one user of the caller's tenant, oldest first.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ApiKeys {
    /// Whose.
    pub user: String,
    /// Go on after this key.
    #[serde(default)]
    pub after: Option<ApiKeyId>,
    /// At most so many, up to 500; 100 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// An API key, without its digest.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
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
}

/// A page of API keys.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ApiKeysReply {
    /// The keys.
    pub api_keys: Vec<ApiKeyRow>,
    /// Whether there are more after the last.
    pub more: bool,
}

/// The outside issuers, in order of name; at most 64. For callers of the box's own tenant.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Issuers {}

/// The issuers.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct IssuersReply {
    /// The issuers.
    pub issuers: Vec<IssuerRow>,
}
impl Reply for TenantsReply {}
impl Reply for UsersReply {}
impl Reply for RolesReply {}
impl Reply for ApiKeysReply {}
impl Reply for IssuersReply {}

const fn shape(name: &'static str, summary: &'static str, path: &'static str) -> Shape {
    Shape {
        name,
        summary,
        method: Method::Get,
        path,
        permission: "identity.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: "{}",
    }
}

/// The rows of one page, and whether there are more.
fn page<R>(mut rows: impl Iterator<Item = R>, limit: Option<u32>) -> (Vec<R>, bool) {
    let limit = limit.unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS_MAX);
    let page = rows.by_ref().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
    (page, rows.next().is_some())
}

fn name_after(after: &ArchivedOption<ArchivedString>) -> &str {
    after.as_ref().map_or("", ArchivedString::as_str)
}

impl Request for Tenants {
    type Reply = TenantsReply;
    const SHAPE: Shape = shape("identity.tenants", "Lists the tenants", "/v1/identity/tenants");
}

impl Answer<Identity> for Tenants {
    fn answer(
        request: &ArchivedTenants,
        ask: Ask<'_, Identity>,
        reply: &mut ReplySink<'_, TenantsReply>,
    ) -> Result<(), Denial> {
        demand_box(ask.cx)?;
        let Self { after, limit } = Self::revive(request);
        let (tenants, more) = page(ask.reference.tenants(after).cloned(), limit);
        reply.put(&TenantsReply { tenants, more });
        Ok(())
    }
}

impl Request for Users {
    type Reply = UsersReply;
    const SHAPE: Shape = shape("identity.users", "Lists users", "/v1/identity/users");
}

impl Answer<Identity> for Users {
    fn answer(
        request: &ArchivedUsers,
        ask: Ask<'_, Identity>,
        reply: &mut ReplySink<'_, UsersReply>,
    ) -> Result<(), Denial> {
        let limit = request.limit.as_ref().map(|it| it.to_native());
        let users = ask.reference.users(ask.cx.tenant, name_after(&request.after));
        let (users, more) = page(users.map(UserRow::from), limit);
        reply.put(&UsersReply { users, more });
        Ok(())
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

impl Request for Roles {
    type Reply = RolesReply;
    const SHAPE: Shape = shape("identity.roles", "Lists roles", "/v1/identity/roles");
}

impl Answer<Identity> for Roles {
    fn answer(
        request: &ArchivedRoles,
        ask: Ask<'_, Identity>,
        reply: &mut ReplySink<'_, RolesReply>,
    ) -> Result<(), Denial> {
        let limit = request.limit.as_ref().map(|it| it.to_native());
        let roles = ask.reference.roles(ask.cx.tenant, name_after(&request.after));
        let (roles, more) = page(roles.cloned(), limit);
        reply.put(&RolesReply { roles, more });
        Ok(())
    }
}

impl Request for ApiKeys {
    type Reply = ApiKeysReply;
    const SHAPE: Shape = Shape {
        example: r#"{"user":"ann"}"#,
        ..shape("identity.api-keys", "Lists a user's API keys", "/v1/identity/api-keys")
    };
}

impl Answer<Identity> for ApiKeys {
    fn answer(
        request: &ArchivedApiKeys,
        ask: Ask<'_, Identity>,
        reply: &mut ReplySink<'_, ApiKeysReply>,
    ) -> Result<(), Denial> {
        let Self { user, after, limit } = Self::revive(request);
        let tenant = ask.cx.tenant;
        if ask.reference.user(tenant, &user).is_none() {
            return Err(Refusal::UserUnknown.at("user"));
        }
        let after = after.map_or(0, ApiKeyId::get);
        let api_keys = ask.reference.api_keys(tenant, &user, after);
        let (api_keys, more) = page(api_keys.map(ApiKeyRow::from), limit);
        reply.put(&ApiKeysReply { api_keys, more });
        Ok(())
    }
}

impl From<&ApiKey> for ApiKeyRow {
    fn from(it: &ApiKey) -> Self {
        Self {
            id: it.id,
            user: it.user.clone(),
            scopes: it.scopes.clone(),
            label: it.label.clone(),
            created_us: it.created_us,
            expires_us: it.expires_us,
            revoked_us: it.revoked_us,
        }
    }
}

impl Request for Issuers {
    type Reply = IssuersReply;
    const SHAPE: Shape = shape("identity.issuers", "Lists outside issuers", "/v1/identity/issuers");
}

impl Answer<Identity> for Issuers {
    fn answer(
        _: &ArchivedIssuers,
        ask: Ask<'_, Identity>,
        reply: &mut ReplySink<'_, IssuersReply>,
    ) -> Result<(), Denial> {
        demand_box(ask.cx)?;
        reply
            .put(&IssuersReply { issuers: ask.reference.issuers().map(IssuerRow::from).collect() });
        Ok(())
    }
}
