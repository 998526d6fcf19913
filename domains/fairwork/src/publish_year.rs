//! Making staged rows seen.

use std::collections::BTreeSet;

use contract::{
    Ask, Decide, Denial, Events, Method, Placement, RateClass, Reply, Request, Shape, Touched,
};

use crate::award::award_code;
use crate::events::YearPublished;
use crate::records::{AWARDS_COUNT_MAX, AwardYear, PARTS_COUNT_MAX, Year};
use crate::rows::Sheet;
use crate::stage_page::{check_year, owner};
use crate::{Fairwork, Refusal};

contract::message! {
    /// Makes the staged rows of a year seen, all in one. What the year had before and is not named here
    /// stays: other awards, and other tables of the same award.
    pub struct PublishYear {
        /// The published year.
        pub year: u32,
        /// Its awards, with the pages of each of their tables that were staged.
        pub awards: Vec<AwardYear>,
        /// Whether the year has these awards and tables only: what else it had goes out of sight.
        #[serde(default)]
        pub whole: bool,
    }

    /// What the year has now.
    pub open struct PublishYearReply {
        /// The published year.
        pub year: u32,
        /// How many awards it has.
        pub awards: u32,
        /// False when all of it was published already.
        pub changed: bool,
    }
}
impl Reply for PublishYearReply {}

impl Request for PublishYear {
    type Reply = PublishYearReply;
    const SHAPE: Shape = Shape {
        name: "fairwork.publish-year",
        summary: "Makes staged rows of the pay database seen",
        method: Method::Post,
        path: "/v1/fairwork/years",
        permission: "fairwork.import",
        rate: RateClass::Write,
        placement: Placement::Owner,
        example: r#"{"year":2025,"awards":[{"award":{"award_id":"","award_fixed_id":4,
            "code":"MA000004","name":"General Retail Industry Award 2020",
            "award_operative_from":"2010-01-01","award_operative_to":null,"version_number":2,
            "last_modified":"2025-07-04T00:23:18"},"sheets":[{"sheet":"classification","import":1,
            "parts":[1]}]}]}"#,
    };

    fn touches(request: &ArchivedPublishYear, touched: &mut Touched) {
        touched.record::<Year>(&request.year.to_native());
    }
}

impl Decide<Fairwork> for PublishYear {
    fn decide(
        self,
        ask: Ask<'_, Fairwork>,
        events: &mut Events<Fairwork>,
    ) -> Result<PublishYearReply, Denial> {
        let Self { year, mut awards, whole } = self;
        owner(ask.cx.tenant)?;
        check_year(year)?;
        awards.sort_by_key(AwardYear::number);
        for it in &mut awards {
            it.sheets.sort_by_key(|sheet| sheet.sheet);
        }
        check(&awards)?;
        let former: Option<Year> = ask.view.load(&year);
        if let Some(former) = former.as_ref().filter(|_| !whole) {
            merge(&mut awards, &former.awards);
        }
        if AWARDS_COUNT_MAX < awards.len() {
            return Err(invalid("awards", format!("{} awards", awards.len())));
        }
        let count = u32::try_from(awards.len()).expect("checked against the limit");
        let changed = former.is_none_or(|it| it.awards != awards);
        if changed {
            let published_us = ask.cx.now_us;
            events.push(YearPublished { year: Year { year, awards, published_us } })?;
        }
        Ok(PublishYearReply { year, awards: count, changed })
    }
}

fn check(awards: &[AwardYear]) -> Result<(), Denial> {
    if awards.is_empty() || AWARDS_COUNT_MAX < awards.len() {
        return Err(invalid("awards", format!("{} awards", awards.len())));
    }
    let mut numbers = BTreeSet::new();
    for (at, it) in awards.iter().enumerate() {
        let field = format!("awards[{at}]");
        let row = &it.award;
        let number = it.number();
        if number == 0 || row.code != award_code(number) {
            let detail = format!("{:?} is not a code such as MA000004", row.code);
            return Err(Refusal::AwardInvalid.at(format!("{field}.award.code")).because(detail));
        }
        if !numbers.insert(number) {
            return Err(invalid(&field, format!("{} is there twice", row.code)));
        }
        let mut sheets = BTreeSet::new();
        for sheet in &it.sheets {
            let pages_are_good = (1..=PARTS_COUNT_MAX).contains(&sheet.parts.len())
                && sheet.parts.iter().all(|it| 0 < *it);
            if sheet.sheet == Sheet::Award || !sheets.insert(sheet.sheet) || !pages_are_good {
                let detail = format!(
                    "{}, {} table: named once, with 1 to {PARTS_COUNT_MAX} pages that have rows",
                    row.code,
                    sheet.sheet.name()
                );
                return Err(invalid(&format!("{field}.sheets"), detail));
            }
        }
    }
    Ok(())
}

fn invalid(field: &str, detail: String) -> Denial {
    Refusal::ManifestInvalid.at(field.to_owned()).because(detail)
}

/// Adds what was there and is not named anew. Both are in order of number.
fn merge(awards: &mut Vec<AwardYear>, former: &[AwardYear]) {
    for old in former {
        match awards.binary_search_by_key(&old.number(), AwardYear::number) {
            Err(at) => awards.insert(at, old.clone()),
            Ok(at) => {
                let award = &mut awards[at];
                // An import without the award table knows the award's code alone.
                if award.award.name == award.award.code {
                    award.award = old.award.clone();
                }
                for sheet in &old.sheets {
                    if award.sheet(sheet.sheet).is_none() {
                        award.sheets.push(sheet.clone());
                    }
                }
                award.sheets.sort_by_key(|it| it.sheet);
            }
        }
    }
}
