//! Classifications, as the Commission's interface lists them.

use std::collections::BTreeSet;

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
    Touched,
};
use values::Date;

use super::envelope::{
    Link, Meta, Newest, Pager, SingleMeta, Window, award, date, given, moment, native_number, shown,
};
use super::pages::{each_page, touch};
use crate::rows::{ClassificationRow, Sheet};
use crate::{Fairwork, Refusal};

contract::message! {
    /// A classification in one published year.
    pub open struct Classification {
        /// The classification, the same in every year.
        pub classification_fixed_id: u32,
        /// The clause, the same in every year.
        pub clause_fixed_id: Option<u32>,
        /// The clause as printed.
        pub clauses: Option<String>,
        /// What the clause is about.
        pub clause_description: Option<String>,
        /// The group it stands under.
        pub parent_classification_name: Option<String>,
        /// Its name.
        pub classification: Option<String>,
        /// Its level.
        pub classification_level: Option<u32>,
        /// The classification below.
        pub next_down_classification_fixed_id: Option<u32>,
        /// The classification above.
        pub next_up_classification_fixed_id: Option<u32>,
        /// Since when.
        pub operative_from: Option<Date>,
        /// Until when.
        pub operative_to: Option<Date>,
        /// The published version.
        pub version_number: Option<u32>,
        /// When it was last changed.
        pub last_modified_datetime: Option<String>,
        /// The year.
        pub published_year: u32,
    }

    /// A page of classifications.
    pub open struct ClassificationsReply {
        /// Where the page stands.
        #[serde(rename = "_meta")]
        pub meta: Meta,
        /// The classifications.
        pub results: Vec<Classification>,
        /// Ways to other pages.
        #[serde(rename = "_links")]
        pub links: Vec<Link>,
    }

    /// One classification.
    pub open struct ClassificationReply {
        /// What surrounds it.
        #[serde(rename = "_meta")]
        pub meta: SingleMeta,
        /// The classification, as the newest year has it.
        pub result: Classification,
    }

    /// The classifications of an award, of every year, newest first.
    pub struct ListClassifications {
        /// The award's code or number.
        pub id_or_code: String,
        /// Of this level only.
        #[serde(default)]
        pub classification_level: Option<u32>,
        /// This one only.
        #[serde(default)]
        pub classification_fixed_id: Option<u32>,
        /// Operative since this date or later.
        #[serde(default)]
        pub operative_from: Option<String>,
        /// Operative until this date or earlier.
        #[serde(default)]
        pub operative_to: Option<String>,
        /// From 1.
        #[serde(default)]
        pub page: Option<u32>,
        /// 1 to 100; 10 when absent.
        #[serde(default)]
        pub limit: Option<u32>,
    }

    /// One classification of an award, as the newest year has it.
    pub struct ShowClassification {
        /// The award's code or number.
        pub id_or_code: String,
        /// Which.
        pub classification_fixed_id: u32,
        /// Taken for the sake of clients that send it, and not looked at.
        #[serde(default)]
        pub limit: Option<u32>,
    }
}
impl Reply for ClassificationsReply {}
impl Reply for ClassificationReply {}

impl Classification {
    fn new(published_year: u32, row: ClassificationRow) -> Self {
        Self {
            classification_fixed_id: row.classification_fixed_id,
            clause_fixed_id: row.clause_fixed_id,
            clauses: given(row.clauses),
            clause_description: given(row.clause_description),
            parent_classification_name: given(row.parent_classification_name),
            classification: given(row.classification),
            classification_level: row.classification_level,
            next_down_classification_fixed_id: row.next_down_classification_fixed_id,
            next_up_classification_fixed_id: row.next_up_classification_fixed_id,
            operative_from: row.operative_from,
            operative_to: row.operative_to,
            version_number: row.version_number,
            last_modified_datetime: moment(row.last_modified),
            published_year,
        }
    }
}

impl Request for ListClassifications {
    type Reply = ClassificationsReply;
    const SHAPE: Shape = Shape {
        name: "fairwork.classifications",
        summary: "Lists the classifications of an award of the pay database",
        method: Method::Get,
        path: "/api/v1/awards/{id_or_code}/classifications",
        permission: "fairwork.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"id_or_code":"MA000004","limit":100}"#,
    };

    fn touches(request: &ArchivedListClassifications, touched: &mut Touched) {
        touch(&request.id_or_code, touched);
    }
}

impl Answer<Fairwork> for ListClassifications {
    fn answer(
        request: &ArchivedListClassifications,
        ask: Ask<'_, Fairwork>,
        reply: &mut ReplySink<'_, ClassificationsReply>,
    ) -> Result<(), Denial> {
        let number = award(&request.id_or_code, ask.reference)?;
        let (from, to) = (request.operative_from.as_deref(), request.operative_to.as_deref());
        let window = Window { from: date("operative_from", from)?, to: date("operative_to", to)? };
        let level = native_number(request.classification_level);
        let id = native_number(request.classification_fixed_id);
        let mut pager = Pager::asked(request.page, request.limit)?;
        let mut results = Vec::new();
        // A classification has one row for each of its rates.
        let mut seen: BTreeSet<(u32, u32, Option<Date>)> = BTreeSet::new();
        each_page(&ask, number, Sheet::Classification, &mut pager, true, |year, rows, pager| {
            for row in rows.classifications.iter() {
                let own = row.classification_fixed_id.to_native();
                let own_level = native_number(row.classification_level);
                let from = row.operative_from.as_ref().map(values::ArchivedDate::to_native);
                if id.is_none_or(|it| it == own)
                    && (level.is_none() || level == own_level)
                    && window.has_stored(row.operative_from, row.operative_to)
                    && seen.insert((year, own, from))
                    && pager.take()
                {
                    results.push(Classification::new(year, ClassificationRow::revive(row)));
                }
            }
        })?;
        let filters = [
            ("classification_level", shown(level)),
            ("classification_fixed_id", shown(id)),
            ("operative_from", shown(from)),
            ("operative_to", shown(to)),
        ];
        let path = format!("/api/v1/awards/{}/classifications", request.id_or_code);
        let (meta, links) = pager.finish(&path, &filters);
        reply.put(&ClassificationsReply { meta, results, links });
        Ok(())
    }
}

impl Request for ShowClassification {
    type Reply = ClassificationReply;
    const SHAPE: Shape = Shape {
        name: "fairwork.classification",
        summary: "Shows a classification of an award of the pay database",
        method: Method::Get,
        path: "/api/v1/awards/{id_or_code}/classifications/{classification_fixed_id}",
        permission: "fairwork.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"id_or_code":"MA000004","classification_fixed_id":112}"#,
    };

    fn touches(request: &ArchivedShowClassification, touched: &mut Touched) {
        touch(&request.id_or_code, touched);
    }
}

impl Answer<Fairwork> for ShowClassification {
    fn answer(
        request: &ArchivedShowClassification,
        ask: Ask<'_, Fairwork>,
        reply: &mut ReplySink<'_, ClassificationReply>,
    ) -> Result<(), Denial> {
        let number = award(&request.id_or_code, ask.reference)?;
        let id = request.classification_fixed_id.to_native();
        let mut pager = Pager::new(None, None)?;
        let mut newest = Newest::new();
        each_page(&ask, number, Sheet::Classification, &mut pager, true, |year, rows, _| {
            for row in rows.classifications.iter() {
                if row.classification_fixed_id.to_native() == id {
                    let revive = || Classification::new(year, ClassificationRow::revive(row));
                    newest.look(year, row.operative_from, revive);
                }
            }
        })?;
        let result = newest
            .found()
            .ok_or_else(|| Refusal::ClassificationUnknown.at("classification_fixed_id"))?;
        reply.put(&ClassificationReply { meta: SingleMeta { result_count: 1 }, result });
        Ok(())
    }
}
