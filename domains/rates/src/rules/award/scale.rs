//! Scales: whose classification changes with age or time, and what it is on a date.

contract::message! {
    /// What a scale counts.
    #[derive(Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum ScaleBy {
        /// Years since birth: `date_of_birth`.
        #[default]
        Age,
        /// Months since the apprenticeship or traineeship began: `apprenticeship_from`.
        Apprenticeship,
        /// Months since the employment began: `service_from`.
        Service,
    }

    /// One step of a scale: from `from` until the next step, in years for an age, else in months.
    #[derive(Default)]
    pub struct ScaleStep {
        /// The classification that pays it.
        pub classification: String,
        /// From this many on.
        pub from: u16,
        /// And only with at least so many months of service; the step with the most applies.
        #[serde(default)]
        pub service_months: u16,
    }

    /// A name whose classification depends on age or time. Where the name is itself a classification,
    /// a person who states no date, or is past the scale, is paid by that; else the date is needed.
    #[derive(Default)]
    pub struct Scale {
        /// What requests name.
        pub code: String,
        /// Where the award says so.
        pub clause: String,
        /// What is counted.
        pub by: ScaleBy,
        /// The first year of age, or month, that the scale no longer covers; 0 means that its last
        /// step has no end.
        #[serde(default)]
        pub until: u16,
        /// Ascending by `from`, then by `service_months`.
        pub steps: Vec<ScaleStep>,
    }
}
