//! Which awards are published.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};
use values::Date;

use crate::Rates;

contract::message! {
    /// The awards that are published.
    #[derive(Default)]
    pub struct Awards {
        /// As it was known at this moment, in microseconds since 1970-01-01 UTC; now when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_known_at_us: Option<u64>,
    }

    /// One award and the dates of its versions.
    pub open struct AwardDates {
        /// The award's code.
        pub award: String,
        /// Its versions, oldest first.
        pub operative_from: Vec<Date>,
        /// How many classifications the newest has.
        pub classifications: u32,
    }

    /// The awards, in order of code.
    pub open struct AwardsReply {
        /// The awards.
        pub awards: Vec<AwardDates>,
    }
}
impl Reply for AwardsReply {}

impl Request for Awards {
    type Reply = AwardsReply;
    const SHAPE: Shape = Shape {
        name: "rates.awards",
        summary: "Lists the published awards",
        method: Method::Get,
        path: "/v1/rates/awards",
        permission: "rates.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: "{}",
    };
}

impl Answer<Rates> for Awards {
    fn answer(
        request: &ArchivedAwards,
        ask: Ask<'_, Rates>,
        reply: &mut ReplySink<'_, AwardsReply>,
    ) -> Result<(), Denial> {
        let known_us = request.as_known_at_us.as_ref().map_or(u64::MAX, |it| it.to_native());
        let awards = ask
            .reference
            .awards_known(ask.cx.tenant, known_us)
            .into_iter()
            .map(|(award, versions)| AwardDates {
                award: award.to_owned(),
                operative_from: versions.iter().map(|it| it.operative_from).collect(),
                classifications: versions.last().map_or(0, |it| {
                    u32::try_from(it.classifications.len()).expect("checked against the limit")
                }),
            })
            .collect();
        reply.put(&AwardsReply { awards });
        Ok(())
    }
}
