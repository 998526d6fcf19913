//! Penalties, as the Commission's interface lists them.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
    Touched,
};
use values::Date;

use super::envelope::{
    Link, Meta, Pager, Window, award, date, given, moment, native_number, shown, text,
};
use super::pages::{each_page, touch};
use super::pay_rates::names;
use crate::Fairwork;
use crate::figure::Figure;
use crate::rows::{PenaltyRow, Sheet};

contract::message! {
    /// A penalty of one classification in one published year.
    pub open struct Penalty {
        /// The penalty, the same in every year and for every classification.
        pub penalty_fixed_id: u32,
        /// The clause, the same in every year.
        pub clause_fixed_id: Option<u32>,
        /// What the clause is about.
        pub clause_description: Option<String>,
        /// The classification's level.
        pub classification_level: Option<u32>,
        /// A code that only some years give.
        pub penalty_code: Option<String>,
        /// What it is paid for.
        pub penalty_description: Option<String>,
        /// A percentage of the base rate.
        pub rate: Option<Figure>,
        /// `AD` adult, `JN` junior, `AP` apprentice, `AA` adult apprentice, `TN` trainee.
        pub employee_rate_type_code: Option<String>,
        /// What it comes to.
        pub penalty_calculated_value: Option<Figure>,
        /// Whether all-purpose allowances are in it.
        pub calculated_includes_all_purpose: bool,
        /// Of which base rate.
        pub base_pay_rate_id: Option<String>,
        /// Since when.
        pub operative_from: Option<Date>,
        /// Until when.
        pub operative_to: Option<Date>,
        /// The published version.
        pub version_number: Option<u32>,
        /// The year.
        pub published_year: u32,
        /// When it was last changed.
        pub last_modified_datetime: Option<String>,
    }

    /// A page of penalties.
    pub open struct PenaltiesReply {
        /// Where the page stands.
        #[serde(rename = "_meta")]
        pub meta: Meta,
        /// The penalties.
        pub results: Vec<Penalty>,
        /// Ways to other pages.
        #[serde(rename = "_links")]
        pub links: Vec<Link>,
    }

    /// The penalties of an award, of every year, newest first.
    pub struct ListPenalties {
        /// The award's code or number.
        pub id_or_code: String,
        /// This penalty only.
        #[serde(default)]
        pub penalty_fixed_id: Option<u32>,
        /// Of this level only.
        #[serde(default)]
        pub classification_level: Option<u32>,
        /// Of this code only.
        #[serde(default)]
        pub penalty_code: Option<String>,
        /// Of these kinds of employee only, separated by commas, such as `AD,TN`.
        #[serde(default)]
        pub employee_rate_type_code: Option<String>,
        /// Of this base rate only.
        #[serde(default)]
        pub base_pay_rate_id: Option<String>,
        /// The same, as some clients spell it.
        #[serde(default, rename = "base_pay_rate_Id")]
        pub base_pay_rate_id_spelled: Option<String>,
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
}
impl Reply for PenaltiesReply {}

impl Penalty {
    fn new(published_year: u32, row: PenaltyRow) -> Self {
        Self {
            penalty_fixed_id: row.penalty_fixed_id,
            clause_fixed_id: row.clause_fixed_id,
            clause_description: given(row.clause_description),
            classification_level: row.classification_level,
            penalty_code: given(row.penalty_code),
            penalty_description: given(row.penalty_description),
            rate: row.rate,
            employee_rate_type_code: given(row.employee_rate_type_code),
            penalty_calculated_value: row.penalty_calculated_value,
            calculated_includes_all_purpose: row.calculated_includes_all_purpose,
            base_pay_rate_id: given(row.base_pay_rate_id),
            operative_from: row.operative_from,
            operative_to: row.operative_to,
            version_number: row.version_number,
            published_year,
            last_modified_datetime: moment(row.last_modified),
        }
    }
}

impl Request for ListPenalties {
    type Reply = PenaltiesReply;
    const SHAPE: Shape = Shape {
        name: "fairwork.penalties",
        summary: "Lists the penalties of an award of the pay database",
        method: Method::Get,
        path: "/api/v1/awards/{id_or_code}/penalties",
        permission: "fairwork.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"id_or_code":"MA000004","base_pay_rate_id":"BR89790","limit":100}"#,
    };

    fn touches(request: &ArchivedListPenalties, touched: &mut Touched) {
        touch(&request.id_or_code, touched);
    }
}

impl Answer<Fairwork> for ListPenalties {
    fn answer(
        request: &ArchivedListPenalties,
        ask: Ask<'_, Fairwork>,
        reply: &mut ReplySink<'_, PenaltiesReply>,
    ) -> Result<(), Denial> {
        let number = award(&request.id_or_code, ask.reference)?;
        let (from, to) = (request.operative_from.as_deref(), request.operative_to.as_deref());
        let window = Window { from: date("operative_from", from)?, to: date("operative_to", to)? };
        let level = native_number(request.classification_level);
        let id = native_number(request.penalty_fixed_id);
        let codes = text(request.employee_rate_type_code.as_deref());
        let code = text(request.penalty_code.as_deref());
        let base = text(request.base_pay_rate_id.as_deref())
            .or_else(|| text(request.base_pay_rate_id_spelled.as_deref()));
        let mut pager = Pager::asked(request.page, request.limit)?;
        let texts = [codes, code, base];
        let is_filtered = level.is_some()
            || id.is_some()
            || texts.iter().any(Option::is_some)
            || !window.is_open();
        let mut results = Vec::new();
        let sheet = Sheet::Penalty;
        each_page(&ask, number, sheet, &mut pager, is_filtered, |year, rows, pager| {
            for row in rows.penalties.iter() {
                let own_level = native_number(row.classification_level);
                if id.is_none_or(|it| it == row.penalty_fixed_id.to_native())
                    && (level.is_none() || level == own_level)
                    && names(codes, &row.employee_rate_type_code)
                    && names(code, &row.penalty_code)
                    && base.is_none_or(|it| it.eq_ignore_ascii_case(&row.base_pay_rate_id))
                    && window.has_stored(row.operative_from, row.operative_to)
                    && pager.take()
                {
                    results.push(Penalty::new(year, PenaltyRow::revive(row)));
                }
            }
        })?;
        let filters = [
            ("penalty_fixed_id", shown(id)),
            ("classification_level", shown(level)),
            ("penalty_code", shown(code)),
            ("employee_rate_type_code", shown(codes)),
            ("base_pay_rate_id", shown(base)),
            ("operative_from", shown(from)),
            ("operative_to", shown(to)),
        ];
        let path = format!("/api/v1/awards/{}/penalties", request.id_or_code);
        let (meta, links) = pager.finish(&path, &filters);
        reply.put(&PenaltiesReply { meta, results, links });
        Ok(())
    }
}
