//! Publishing an instrument above the award.

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};
use values::Date;

use crate::events::InstrumentPublished;
use crate::history::{self, Known, Subject};
use crate::records::VersionKey;
use crate::rules::instrument::{Instrument, InstrumentKind};
use crate::{Rates, Refusal};

contract::message! {
    /// Publishes one version of an enterprise agreement, of a host's instrument under a regulated
    /// labour hire arrangement order, or of a contract.
    pub struct PublishInstrument {
        /// The instrument, complete.
        pub instrument: Instrument,
        /// Whether it may take the place of a different version with the same date: a correction.
        #[serde(default)]
        pub replace: bool,
    }

    /// What is now published.
    pub open struct InstrumentNow {
        /// The instrument's code.
        pub code: String,
        /// What it is.
        pub kind: InstrumentKind,
        /// The version.
        pub operative_from: Date,
        /// False when the very same version was published already.
        pub changed: bool,
    }
}
impl Reply for InstrumentNow {}

impl Request for PublishInstrument {
    type Reply = InstrumentNow;
    const SHAPE: Shape = Shape {
        name: "rates.publish-instrument",
        summary: "Publishes a version of an agreement, a protected rate or a contract",
        method: Method::Post,
        path: "/v1/rates/instruments",
        permission: "rates.publish",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: include_str!("publish_instrument/example.json"),
    };

    fn touches(request: &ArchivedPublishInstrument, touched: &mut Touched) {
        let rules = &request.instrument.rules;
        let key = VersionKey {
            award: rules.award.to_string(),
            operative_from: rules.operative_from.to_native(),
        };
        touched.record::<Known>(&Subject::instrument(&key));
        touched.record::<Instrument>(&key);
    }
}

impl Decide<Rates> for PublishInstrument {
    fn decide(
        self,
        ask: Ask<'_, Rates>,
        events: &mut Events<Rates>,
    ) -> Result<InstrumentNow, Denial> {
        let instrument = self.instrument;
        instrument.compile().map_err(|error| {
            Refusal::InstrumentInvalid
                .at(format!("instrument.{}", error.field))
                .because(format!("instrument.{error}"))
        })?;
        let (code, kind) = (instrument.rules.award.clone(), instrument.kind);
        let operative_from = instrument.rules.operative_from;
        let key = VersionKey { award: code.clone(), operative_from };
        let former: Option<Instrument> = ask.view.load(&key);
        let changed = former.as_ref() != Some(&instrument);
        if changed {
            if former.is_some() && !self.replace {
                return Err(Refusal::VersionExists.at("instrument.rules.operative_from").because(
                    format!(
                        "{code} already has another version operative from {operative_from}; to \
                         correct it, set replace"
                    ),
                ));
            }
            let subject = Subject::instrument(&key);
            history::note(subject, former.as_ref(), ask.cx, events)?;
            events.push(InstrumentPublished { instrument })?;
        }
        Ok(InstrumentNow { code, kind, operative_from, changed })
    }
}
