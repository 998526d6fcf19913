//! Pay rates, as the Commission's interface lists them.

use contract::{
    Answer, Ask, Denial, Method, Placement, RateClass, Reply, ReplySink, Request, Shape, Stored,
    Touched,
};
use values::Date;

use super::envelope::{
    Link, Meta, Pager, Window, award, date, given, moment, native_number, shown, text,
};
use super::pages::{each_page, touch};
use crate::figure::Figure;
use crate::rows::{ClassificationRow, Sheet};
use crate::{Fairwork, Refusal};

contract::message! {
    /// A pay rate in one published year.
    pub open struct PayRate {
        /// The classification, the same in every year.
        pub classification_fixed_id: u32,
        /// The base rate, the same in every year.
        pub base_pay_rate_id: Option<String>,
        /// `Weekly`, `Hourly`, `Annual` and others.
        pub base_rate_type: Option<String>,
        /// The rate that a wage review's increase is applied to.
        pub base_rate: Option<Figure>,
        /// The calculated rate, the same in every year.
        pub calculated_pay_rate_id: Option<String>,
        /// `Hourly`, `Casual hourly` and others.
        pub calculated_rate_type: Option<String>,
        /// The rate calculated from the base rate.
        pub calculated_rate: Option<Figure>,
        /// The group the classification stands under.
        pub parent_classification_name: Option<String>,
        /// Its name.
        pub classification: Option<String>,
        /// Its level.
        pub classification_level: Option<u32>,
        /// `AD` adult, `JN` junior, `AP` apprentice, `AA` adult apprentice, `TN` trainee.
        pub employee_rate_type_code: Option<String>,
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

    /// A page of pay rates.
    pub open struct PayRatesReply {
        /// Where the page stands.
        #[serde(rename = "_meta")]
        pub meta: Meta,
        /// The pay rates.
        pub results: Vec<PayRate>,
        /// Ways to other pages.
        #[serde(rename = "_links")]
        pub links: Vec<Link>,
    }

    /// The pay rates of an award, of every year, newest first.
    pub struct ListPayRates {
        /// The award's code or number.
        pub id_or_code: String,
        /// Of this level only.
        #[serde(default)]
        pub classification_level: Option<u32>,
        /// Of this classification only.
        #[serde(default)]
        pub classification_fixed_id: Option<u32>,
        /// Of these kinds of employee only, separated by commas, such as `AD,TN`.
        #[serde(default)]
        pub employee_rate_type_code: Option<String>,
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

    /// The pay rates of one classification, as the newest year has them.
    pub struct ClassificationPayRates {
        /// The award's code or number.
        pub id_or_code: String,
        /// Which.
        pub classification_fixed_id: u32,
        /// From 1.
        #[serde(default)]
        pub page: Option<u32>,
        /// 1 to 100; 10 when absent.
        #[serde(default)]
        pub limit: Option<u32>,
    }
}
impl Reply for PayRatesReply {}

impl PayRate {
    fn new(published_year: u32, row: ClassificationRow) -> Self {
        Self {
            classification_fixed_id: row.classification_fixed_id,
            base_pay_rate_id: given(row.base_pay_rate_id),
            base_rate_type: given(row.base_rate_type),
            base_rate: row.base_rate,
            calculated_pay_rate_id: given(row.calculated_pay_rate_id),
            calculated_rate_type: given(row.calculated_rate_type),
            calculated_rate: row.calculated_rate,
            parent_classification_name: given(row.parent_classification_name),
            classification: given(row.classification),
            classification_level: row.classification_level,
            employee_rate_type_code: given(row.employee_rate_type_code),
            operative_from: row.operative_from,
            operative_to: row.operative_to,
            version_number: row.version_number,
            published_year,
            last_modified_datetime: moment(row.last_modified),
        }
    }
}

/// Whether a list such as `AD,TN` names this code.
pub(super) fn names(codes: Option<&str>, code: &str) -> bool {
    codes.is_none_or(|it| it.split(',').any(|it| it.trim().eq_ignore_ascii_case(code)))
}

impl Request for ListPayRates {
    type Reply = PayRatesReply;
    const SHAPE: Shape = Shape {
        name: "fairwork.pay-rates",
        summary: "Lists the pay rates of an award of the pay database",
        method: Method::Get,
        path: "/api/v1/awards/{id_or_code}/pay-rates",
        permission: "fairwork.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"id_or_code":"4","employee_rate_type_code":"AD","limit":100}"#,
    };

    fn touches(request: &ArchivedListPayRates, touched: &mut Touched) {
        touch(&request.id_or_code, touched);
    }
}

impl Answer<Fairwork> for ListPayRates {
    fn answer(
        request: &ArchivedListPayRates,
        ask: Ask<'_, Fairwork>,
        reply: &mut ReplySink<'_, PayRatesReply>,
    ) -> Result<(), Denial> {
        let number = award(&request.id_or_code, ask.reference)?;
        let (from, to) = (request.operative_from.as_deref(), request.operative_to.as_deref());
        let window = Window { from: date("operative_from", from)?, to: date("operative_to", to)? };
        let level = native_number(request.classification_level);
        let id = native_number(request.classification_fixed_id);
        let codes = text(request.employee_rate_type_code.as_deref());
        let mut pager = Pager::asked(request.page, request.limit)?;
        let is_filtered = level.is_some() || id.is_some() || codes.is_some() || !window.is_open();
        let mut results = Vec::new();
        let sheet = Sheet::Classification;
        each_page(&ask, number, sheet, &mut pager, is_filtered, |year, rows, pager| {
            for row in rows.classifications.iter() {
                let own_level = native_number(row.classification_level);
                if id.is_none_or(|it| it == row.classification_fixed_id.to_native())
                    && (level.is_none() || level == own_level)
                    && names(codes, &row.employee_rate_type_code)
                    && window.has_stored(row.operative_from, row.operative_to)
                    && pager.take()
                {
                    results.push(PayRate::new(year, ClassificationRow::revive(row)));
                }
            }
        })?;
        let filters = [
            ("classification_level", shown(level)),
            ("classification_fixed_id", shown(id)),
            ("employee_rate_type_code", shown(codes)),
            ("operative_from", shown(from)),
            ("operative_to", shown(to)),
        ];
        let path = format!("/api/v1/awards/{}/pay-rates", request.id_or_code);
        let (meta, links) = pager.finish(&path, &filters);
        reply.put(&PayRatesReply { meta, results, links });
        Ok(())
    }
}

impl Request for ClassificationPayRates {
    type Reply = PayRatesReply;
    const SHAPE: Shape = Shape {
        name: "fairwork.classification-pay-rates",
        summary: "Lists the present pay rates of a classification of the pay database",
        method: Method::Get,
        path: "/api/v1/awards/{id_or_code}/classifications/{classification_fixed_id}/pay-rates",
        permission: "fairwork.read",
        rate: RateClass::Read,
        placement: Placement::Owner,
        example: r#"{"id_or_code":"MA000004","classification_fixed_id":112}"#,
    };

    fn touches(request: &ArchivedClassificationPayRates, touched: &mut Touched) {
        touch(&request.id_or_code, touched);
    }
}

impl Answer<Fairwork> for ClassificationPayRates {
    fn answer(
        request: &ArchivedClassificationPayRates,
        ask: Ask<'_, Fairwork>,
        reply: &mut ReplySink<'_, PayRatesReply>,
    ) -> Result<(), Denial> {
        let number = award(&request.id_or_code, ask.reference)?;
        let id = request.classification_fixed_id.to_native();
        let mut pager = Pager::asked(request.page, request.limit)?;
        let mut newest: Option<u32> = None;
        let mut rates = Vec::new();
        let sheet = Sheet::Classification;
        each_page(&ask, number, sheet, &mut pager, true, |year, rows, _| {
            for row in rows.classifications.iter() {
                if row.classification_fixed_id.to_native() == id
                    && *newest.get_or_insert(year) == year
                {
                    rates.push(PayRate::new(year, ClassificationRow::revive(row)));
                }
            }
        })?;
        if rates.is_empty() {
            return Err(Refusal::ClassificationUnknown.at("classification_fixed_id"));
        }
        rates.sort_by(|a, b| {
            let key =
                |it: &PayRate| (it.calculated_pay_rate_id.clone(), it.calculated_rate_type.clone());
            key(a).cmp(&key(b))
        });
        let results = rates.into_iter().filter(|_| pager.take()).collect();
        let path = format!("/api/v1/awards/{}/classifications/{id}/pay-rates", request.id_or_code);
        let (meta, links) = pager.finish(&path, &[]);
        reply.put(&PayRatesReply { meta, results, links });
        Ok(())
    }
}
