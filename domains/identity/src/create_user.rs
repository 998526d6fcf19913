//! Creating a user.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};

use crate::events::UserCreated;
use crate::records::{User, UserId, UserStatus};
use crate::rules::{LABEL_BYTES_MAX, check_name, check_text, demand_tenant};
use crate::{Identity, Refusal};

contract::message! {
    /// Creates a user of the caller's tenant, without roles.
    pub struct CreateUser {
        /// Unique in the tenant; never changes.
        pub user: String,
        /// For people.
        #[serde(default)]
        pub title: String,
    }

    /// A user that was created.
    pub struct UserMade {
        /// The actor in everything that the user does.
        pub actor: UserId,
    }
}
impl Reply for UserMade {}

impl Request for CreateUser {
    type Reply = UserMade;
    const SHAPE: Shape = Shape {
        name: "identity.create-user",
        summary: "Creates a user, without roles",
        method: Method::Post,
        path: "/v1/identity/users",
        permission: "identity.user.create",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"user":"ann","title":"Ann Example"}"#,
    };

    fn touches(request: &ArchivedCreateUser, touched: &mut Touched) {
        touched.record::<User>(&request.user.to_string());
    }
}

impl Decide<Identity> for CreateUser {
    fn decide(
        self,
        ask: Ask<'_, Identity>,
        events: &mut Events<Identity>,
    ) -> Result<UserMade, Denial> {
        demand_tenant(ask.reference, ask.cx)?;
        check_name("user", &self.user)?;
        check_text("title", &self.title, LABEL_BYTES_MAX)?;
        if ask.view.get::<User>(&self.user).is_some() {
            return Err(Refusal::UserExists.at("user"));
        }
        let actor = UserId::new(ask.cx.fresh_id());
        let user = User {
            name: self.user,
            title: self.title,
            actor,
            status: UserStatus::Active,
            roles: Vec::new(),
            created_us: ask.cx.now_us,
        };
        events.push(UserCreated { user })?;
        Ok(UserMade { actor })
    }
}
