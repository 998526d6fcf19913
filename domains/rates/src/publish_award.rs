//! Publishing a version of an award.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};
use values::Date;

use crate::events::AwardPublished;
use crate::history::{self, Known, Subject};
use crate::records::VersionKey;
use crate::rules::award::AwardVersion;
use crate::rules::compile::VersionTables;
use crate::{Rates, Refusal, refuse};

contract::message! {
    /// Publishes one version of one award. It applies to pay periods that start on or after its date,
    /// on every core, before this is answered.
    pub struct PublishAward {
        /// The version, complete.
        pub version: AwardVersion,
        /// Whether it may take the place of a different version with the same date: a correction.
        #[serde(default)]
        pub replace: bool,
    }

    /// What is now published.
    pub open struct Published {
        /// The award.
        pub award: String,
        /// The version.
        pub operative_from: Date,
        /// How many classifications it has.
        pub classifications: u32,
        /// False when the very same version was published already.
        pub changed: bool,
    }
}
impl Reply for Published {}

impl Request for PublishAward {
    type Reply = Published;
    const SHAPE: Shape = Shape {
        name: "rates.publish-award",
        summary: "Publishes a version of an award",
        method: Method::Post,
        path: "/v1/rates/awards",
        permission: "rates.publish",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: include_str!("publish_award/example.json"),
    };

    fn touches(request: &ArchivedPublishAward, touched: &mut Touched) {
        let version = &request.version;
        let key = VersionKey {
            award: version.award.to_string(),
            operative_from: version.operative_from.to_native(),
        };
        touched.record::<Known>(&Subject::award(&key));
        touched.record::<AwardVersion>(&key);
    }
}

impl Decide<Rates> for PublishAward {
    fn decide(self, ask: Ask<'_, Rates>, events: &mut Events<Rates>) -> Result<Published, Denial> {
        let version = &self.version;
        VersionTables::compile(version).map_err(|error| refuse::version(&error))?;
        let operative_from = version.operative_from;
        let key = VersionKey { award: version.award.clone(), operative_from };
        let former: Option<AwardVersion> = ask.view.load(&key);
        let changed = former.as_ref() != Some(version);
        if changed {
            if former.is_some() && !self.replace {
                return Err(Refusal::VersionExists.at("version.operative_from").because(format!(
                    "{} already has another version operative from {operative_from}; to correct \
                     it, set replace",
                    version.award
                )));
            }
            history::note(Subject::award(&key), former.as_ref(), ask.cx, events)?;
            events.push(AwardPublished { version: version.clone() })?;
        }
        let classifications =
            u32::try_from(version.classifications.len()).expect("checked against the limit");
        Ok(Published { award: version.award.clone(), operative_from, classifications, changed })
    }
}
