//! What every core keeps compiled: all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use contract::{Actor, Compile, Denial, KeyBytes, Record, Replicated, Stored, Tenant};

use crate::Refusal;
use crate::hand_out::everything;
use crate::records::{
    ApiKey, ApiKeyUse, Certificate, CertificateName, Issuer, Role, SigningKey, SigningRing,
    Tenancy, User, UserStatus,
};

/// Everything that a caller's permissions follow from.
#[derive(Debug, Default)]
pub struct Reference {
    tenants: BTreeMap<u32, Tenancy>,
    shelves: BTreeMap<u32, Shelf>,
    /// The tenant and name of each user.
    actors: BTreeMap<u64, (Tenant, String)>,
    api_keys: BTreeMap<u64, (Tenant, ApiKey)>,
    /// When each API key was used, about.
    uses: BTreeMap<u64, u64>,
    certificates: BTreeMap<String, Certificate>,
    issuers: BTreeMap<String, Issuer>,
    signing_keys: Vec<SigningKey>,
    stamp: u64,
    trust_stamp: u64,
}

/// One tenant's.
#[derive(Debug, Default)]
struct Shelf {
    users: BTreeMap<String, User>,
    roles: BTreeMap<String, Role>,
    /// The ids of each user's keys.
    api_keys: BTreeMap<String, BTreeSet<u64>>,
}

impl Compile for Reference {
    fn compile(&mut self, change: &Replicated<'_>) {
        let tenant = change.tenant;
        if let Some(used) = change.of::<ApiKeyUse>() {
            // An id's key is its eight bytes. Nobody's permissions follow from it, so no stamp grows.
            if let Ok(id) = change.key.try_into().map(u64::from_be_bytes) {
                self.uses.insert(id, used.used_us.to_native());
            }
            return;
        }
        self.stamp += 1;
        if let Some(tenancy) = change.of::<Tenancy>() {
            let tenancy = Tenancy::revive(tenancy);
            self.tenants.insert(tenancy.number, tenancy);
        } else if let Some(user) = change.of::<User>() {
            let user = User::revive(user);
            self.actors.insert(user.actor.get(), (tenant, user.name.clone()));
            self.shelf(tenant).users.insert(user.name.clone(), user);
        } else if let Some(role) = change.of::<Role>() {
            let role = Role::revive(role);
            self.shelf(tenant).roles.insert(role.name.clone(), role);
        } else if let Some(api_key) = change.of::<ApiKey>() {
            let api_key = ApiKey::revive(api_key);
            let id = api_key.id.get();
            self.shelf(tenant).api_keys.entry(api_key.user.clone()).or_default().insert(id);
            self.api_keys.insert(id, (tenant, api_key));
        } else if let Some(issuer) = change.of::<Issuer>() {
            self.trust_stamp += 1;
            let issuer = Issuer::revive(issuer);
            self.issuers.insert(issuer.name.clone(), issuer);
        } else if let Some(ring) = change.of::<SigningRing>() {
            self.trust_stamp += 1;
            self.signing_keys = SigningRing::revive(ring).keys;
        } else if let Some(certificate) = change.of::<Certificate>() {
            let certificate = Certificate::revive(certificate);
            self.certificates.insert(certificate.name.clone(), certificate);
        } else if change.table == Certificate::TABLE {
            let key = |name: &String| KeyBytes::of(&CertificateName(name.clone()));
            self.certificates.retain(|name, _| key(name).as_slice() != change.key);
        } else if change.table == Issuer::TABLE {
            self.trust_stamp += 1;
            // A text key ends with a zero byte.
            self.issuers.retain(|name, _| change.key.strip_suffix(&[0]) != Some(name.as_bytes()));
        }
    }
}

impl Reference {
    fn shelf(&mut self, tenant: Tenant) -> &mut Shelf {
        self.shelves.entry(tenant.0).or_default()
    }

    /// Grows with every change: what was resolved at this stamp is as it was.
    pub(crate) fn stamp(&self) -> u64 {
        self.stamp
    }

    /// Grows with every change of issuers and signing keys.
    pub(crate) fn trust_stamp(&self) -> u64 {
        self.trust_stamp
    }

    pub(crate) fn has_tenant(&self, tenant: Tenant) -> bool {
        tenant == Tenant::BOX || self.tenants.contains_key(&tenant.0)
    }

    pub(crate) fn tenant_named(&self, name: &str) -> Option<&Tenancy> {
        self.tenants.values().find(|it| it.name == name)
    }

    /// The tenants after this number.
    pub(crate) fn tenants(&self, after: Option<u32>) -> impl Iterator<Item = &Tenancy> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.tenants.range((from, Bound::Unbounded)).map(|(_, it)| it)
    }

    /// The users after this name.
    pub(crate) fn users(&self, tenant: Tenant, after: &str) -> impl Iterator<Item = &User> {
        self.shelves.get(&tenant.0).into_iter().flat_map(move |it| after_name(&it.users, after))
    }

    /// The roles after this name.
    pub(crate) fn roles(&self, tenant: Tenant, after: &str) -> impl Iterator<Item = &Role> {
        self.shelves.get(&tenant.0).into_iter().flat_map(move |it| after_name(&it.roles, after))
    }

    /// The API keys of one user after this id, oldest first.
    pub(crate) fn api_keys(
        &self,
        tenant: Tenant,
        user: &str,
        after: u64,
    ) -> impl Iterator<Item = &ApiKey> {
        let ids = self.shelves.get(&tenant.0).and_then(|it| it.api_keys.get(user));
        let after = (Bound::Excluded(after), Bound::Unbounded);
        let ids = ids.into_iter().flat_map(move |it| it.range(after));
        ids.map(|id| &self.api_keys.get(id).expect("compiled together").1)
    }

    pub(crate) fn api_key(&self, id: u64) -> Option<(Tenant, &ApiKey)> {
        self.api_keys.get(&id).map(|(tenant, it)| (*tenant, it))
    }

    /// When an API key was used, about: see [`crate::NoteApiKeyUse`].
    pub(crate) fn used_us(&self, id: u64) -> Option<u64> {
        self.uses.get(&id).copied()
    }

    pub(crate) fn certificate(&self, name: &str) -> Option<&Certificate> {
        self.certificates.get(name)
    }

    /// The client certificates after this name.
    pub(crate) fn certificates(&self, after: &str) -> impl Iterator<Item = &Certificate> {
        after_name(&self.certificates, after)
    }

    pub(crate) fn role(&self, tenant: Tenant, role: &str) -> Option<&Role> {
        self.shelves.get(&tenant.0)?.roles.get(role)
    }

    /// The user behind an actor.
    pub(crate) fn acting(&self, actor: Actor) -> Option<(Tenant, &User)> {
        let (tenant, user) = self.actors.get(&actor.0)?;
        Some((*tenant, self.active_user(*tenant, user).ok()?))
    }

    /// What an actor's roles allow: patterns. The box itself may do everything.
    pub(crate) fn held(&self, actor: Actor) -> Vec<String> {
        if actor == Actor(0) {
            return everything();
        }
        self.acting(actor).map_or_else(Vec::new, |(tenant, user)| self.permissions(tenant, user))
    }

    pub(crate) fn issuers(&self) -> impl Iterator<Item = &Issuer> {
        self.issuers.values()
    }

    /// The signing keys whose tokens are taken at this time, oldest first; the last is active.
    pub(crate) fn signing_keys(&self, now_us: u64) -> impl Iterator<Item = &SigningKey> {
        let kept = move |it: &&SigningKey| it.kept_until_us.is_none_or(|until| now_us < until);
        self.signing_keys.iter().filter(kept)
    }

    /// The key that signs the box's own tokens, its seed sealed.
    pub fn signing_key(&self) -> Option<&SigningKey> {
        self.signing_keys.last()
    }

    pub(crate) fn user(&self, tenant: Tenant, user: &str) -> Option<&User> {
        self.shelves.get(&tenant.0)?.users.get(user)
    }

    /// A user who may do something.
    pub(crate) fn active_user(&self, tenant: Tenant, user: &str) -> Result<&User, Denial> {
        let found = self.user(tenant, user).filter(|_| self.has_tenant(tenant));
        let user = found.ok_or(Refusal::UserUnknown)?;
        match user.status {
            UserStatus::Active => Ok(user),
            UserStatus::Disabled => Err(Refusal::UserDisabled.deny()),
        }
    }

    /// What a user's roles allow together: patterns, sorted, each once.
    pub(crate) fn permissions(&self, tenant: Tenant, user: &User) -> Vec<String> {
        let Some(own) = self.shelves.get(&tenant.0) else { return Vec::new() };
        let roles = user.roles.iter().filter_map(|it| own.roles.get(it));
        let patterns: BTreeSet<&String> = roles.flat_map(|it| &it.permissions).collect();
        patterns.into_iter().cloned().collect()
    }
}

fn after_name<'a, T>(map: &'a BTreeMap<String, T>, after: &str) -> impl Iterator<Item = &'a T> {
    // No name is empty, so all come after the empty one.
    map.range::<str, _>((Bound::Excluded(after), Bound::Unbounded)).map(|(_, it)| it)
}
