//! Awards, as the Commission's interface lists them.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape,
};
use values::Date;

use super::envelope::{Link, Meta, Pager, Window, award, date, given, moment, shown, text};
use crate::records::AwardYear;
use crate::rows::AwardRow;
use crate::text::matching;
use crate::{Fairwork, Refusal};

contract::message! {
    /// An award in one published year.
    pub open struct Award {
        /// The id of the year's own row.
        pub award_id: Option<String>,
        /// The award, the same in every year.
        pub award_fixed_id: u32,
        /// Such as MA000004.
        pub code: String,
        /// Its name.
        pub name: String,
        /// Since when the award is in operation.
        pub award_operative_from: Option<Date>,
        /// Until when.
        pub award_operative_to: Option<Date>,
        /// The published version.
        pub version_number: Option<u32>,
        /// When it was last changed.
        pub last_modified_datetime: Option<String>,
        /// The year.
        pub published_year: u32,
    }

    /// A page of awards.
    pub open struct AwardsReply {
        /// Where the page stands.
        #[serde(rename = "_meta")]
        pub meta: Meta,
        /// The awards.
        pub results: Vec<Award>,
        /// Ways to other pages.
        #[serde(rename = "_links")]
        pub links: Vec<Link>,
    }

    /// Every award, as its newest published year has it.
    pub struct ListAwards {
        /// Words that the name has, all of them.
        #[serde(default)]
        pub name: Option<String>,
        /// In operation since this date or later.
        #[serde(default)]
        pub award_operative_from: Option<String>,
        /// In operation until this date or earlier.
        #[serde(default)]
        pub award_operative_to: Option<String>,
        /// From 1.
        #[serde(default)]
        pub page: Option<u32>,
        /// 1 to 100; 10 when absent.
        #[serde(default)]
        pub limit: Option<u32>,
    }

    /// One award, one result for each published year.
    pub struct ShowAward {
        /// The award's code or number.
        pub id_or_code: String,
        /// In operation since this date or later.
        #[serde(default)]
        pub award_operative_from: Option<String>,
        /// In operation until this date or earlier.
        #[serde(default)]
        pub award_operative_to: Option<String>,
        /// From 1.
        #[serde(default)]
        pub page: Option<u32>,
        /// 1 to 100; 10 when absent.
        #[serde(default)]
        pub limit: Option<u32>,
    }
}
impl Reply for AwardsReply {}

impl Award {
    fn new(published_year: u32, row: &AwardRow) -> Self {
        Self {
            award_id: given(row.award_id.clone()),
            award_fixed_id: row.award_fixed_id,
            code: row.code.clone(),
            name: row.name.clone(),
            award_operative_from: row.award_operative_from,
            award_operative_to: row.award_operative_to,
            version_number: row.version_number,
            last_modified_datetime: moment(row.last_modified.clone()),
            published_year,
        }
    }
}

impl Request for ListAwards {
    type Reply = AwardsReply;
    const SHAPE: Shape = Shape {
        name: "fairwork.awards",
        summary: "Lists the awards of the pay database",
        method: Method::Get,
        path: "/api/v1/awards",
        permission: "fairwork.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"name":"retail","limit":100}"#,
    };
}

impl Answer<Fairwork> for ListAwards {
    fn answer(
        request: &ArchivedListAwards,
        ask: Ask<'_, Fairwork>,
        reply: &mut ReplySink<'_, AwardsReply>,
    ) -> Result<(), Denial> {
        let name = text(request.name.as_deref()).unwrap_or_default();
        // A plus that was encoded reaches us as one.
        let words: Vec<String> = name.split([' ', '+']).map(matching).collect();
        let from = request.award_operative_from.as_deref();
        let to = request.award_operative_to.as_deref();
        let window = Window {
            from: date("award_operative_from", from)?,
            to: date("award_operative_to", to)?,
        };
        let mut pager = Pager::asked(request.page, request.limit)?;
        let mut newest: Vec<(u32, &AwardYear)> = Vec::new();
        for year in ask.reference.newest_first() {
            for award in &year.awards {
                let place = newest.binary_search_by_key(&award.number(), |it| it.1.number());
                if let Err(at) = place {
                    newest.insert(at, (year.year, award));
                }
            }
        }
        let mut results = Vec::new();
        for (year, AwardYear { award: row, .. }) in newest {
            let title = matching(&row.name);
            if words.iter().all(|it| title.contains(it.as_str()))
                && window.has(row.award_operative_from, row.award_operative_to)
                && pager.take()
            {
                results.push(Award::new(year, row));
            }
        }
        let filters = [
            ("name", name.to_owned()),
            ("award_operative_from", shown(from)),
            ("award_operative_to", shown(to)),
        ];
        let (meta, links) = pager.finish("/api/v1/awards", &filters);
        reply.put(&AwardsReply { meta, results, links });
        Ok(())
    }
}

impl Request for ShowAward {
    type Reply = AwardsReply;
    const SHAPE: Shape = Shape {
        name: "fairwork.award",
        summary: "Shows an award of the pay database in every year",
        method: Method::Get,
        path: "/api/v1/awards/{id_or_code}",
        permission: "fairwork.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"id_or_code":"MA000004"}"#,
    };
}

impl Answer<Fairwork> for ShowAward {
    fn answer(
        request: &ArchivedShowAward,
        ask: Ask<'_, Fairwork>,
        reply: &mut ReplySink<'_, AwardsReply>,
    ) -> Result<(), Denial> {
        let number = award(&request.id_or_code, ask.reference)?;
        let from = request.award_operative_from.as_deref();
        let to = request.award_operative_to.as_deref();
        let window = Window {
            from: date("award_operative_from", from)?,
            to: date("award_operative_to", to)?,
        };
        let mut pager = Pager::asked(request.page, request.limit)?;
        if ask.reference.award(number).next().is_none() {
            return Err(Refusal::AwardUnknown.at("id_or_code"));
        }
        let mut results = Vec::new();
        for (year, AwardYear { award: row, .. }) in ask.reference.award(number) {
            if window.has(row.award_operative_from, row.award_operative_to) && pager.take() {
                results.push(Award::new(year, row));
            }
        }
        let filters = [("award_operative_from", shown(from)), ("award_operative_to", shown(to))];
        let path = format!("/api/v1/awards/{}", request.id_or_code);
        let (meta, links) = pager.finish(&path, &filters);
        reply.put(&AwardsReply { meta, results, links });
        Ok(())
    }
}
