//! Completeness as tests: what a domain still lacks.
//!
//! Everything is asked of `registry::ALL` and of the domain's folder, so a new domain is covered by
//! being listed. A complaint tells a newcomer what is missing and where it goes.

mod files;
mod folder;
mod operations;
mod refusals;

pub use files::complaints as file_complaints;
pub use folder::Folder;
pub use operations::complaints as operation_complaints;
pub use refusals::complaints as refusal_complaints;
