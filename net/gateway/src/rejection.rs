//! Why a request got no ordinary answer, in the tongue of every door.

use std::borrow::Cow;

use contract::RefusalClass;
use serde::Serialize;
use shard::Fault;
use wire::{Problem, Status};

/// Why a request got no ordinary answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// What became of the request.
    pub status: Status,
    /// The HTTP status: that of `status`, unless HTTP has a finer one such as 405.
    pub http: u16,
    /// The domain's refusal code, else 0.
    pub code: u16,
    /// The domain's refusal name, such as `AwardUnknown`, else empty.
    pub name: &'static str,
    /// Milliseconds after which a retry may succeed; 0 when there is no advice.
    pub retry_after_ms: u32,
    /// See [`Problem::reference`].
    pub reference: u64,
    /// The field at fault, as a path such as `shifts[3].end`; may be empty.
    pub field: Cow<'static, str>,
    /// One sentence for a person.
    pub detail: Cow<'static, str>,
}

/// Where a rejection happened, for the `type` of its JSON form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a domain of this name.
    Domain(&'static str),
    /// Before any domain was reached.
    Door,
}

/// How long a caller should stay away when a queue was full, in milliseconds.
const BUSY_RETRY_MS: u32 = 50;
/// How long a caller should stay away when the disk was full or a position was not here yet.
const SLOW_RETRY_MS: u32 = 1000;

impl Rejection {
    /// A rejection that only has a status and a sentence.
    pub fn new(status: Status, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            http: status.http(),
            code: 0,
            name: "",
            retry_after_ms: 0,
            reference: 0,
            field: "".into(),
            detail: detail.into(),
        }
    }

    /// The same rejection, naming the field at fault.
    #[must_use]
    pub fn at(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = field.into();
        self
    }

    /// The same rejection under a finer HTTP status.
    #[must_use]
    pub fn as_http(mut self, http: u16) -> Self {
        self.http = http;
        self
    }

    /// What the engine or a domain said.
    pub fn of(fault: &Fault) -> Self {
        let (status, retry_after_ms, reference) = match fault {
            Fault::UnknownOperation => (Status::UnknownOperation, 0, 0),
            Fault::Malformed => (Status::Malformed, 0, 0),
            Fault::TooLarge { .. } => (Status::TooLarge, 0, 0),
            Fault::Denied(denial) => {
                let status = match denial.class {
                    RefusalClass::Invalid => Status::Refused,
                    RefusalClass::Missing => Status::NotFound,
                    RefusalClass::Conflict => Status::Conflict,
                    RefusalClass::Forbidden => Status::Forbidden,
                };
                return Self {
                    code: denial.code,
                    name: denial.name,
                    field: denial.field.clone(),
                    ..Self::new(status, denial.detail.clone())
                };
            }
            Fault::Busy(_) => (Status::Busy, BUSY_RETRY_MS, 0),
            Fault::OutOfSpace => (Status::OutOfSpace, SLOW_RETRY_MS, 0),
            Fault::DeadlinePassed => (Status::DeadlineExceeded, 0, 0),
            Fault::IdempotencyMismatch => (Status::IdempotencyMismatch, 0, 0),
            Fault::PositionAhead { reached, .. } => {
                (Status::PositionUnavailable, SLOW_RETRY_MS, reached.0)
            }
            Fault::Changed => return Self::changed(fault.to_string()),
            Fault::Internal { incident } => (Status::Internal, 0, *incident),
            Fault::Stopping => (Status::ShuttingDown, SLOW_RETRY_MS, 0),
        };
        Self { retry_after_ms, reference, ..Self::new(status, fault.to_string()) }
    }

    /// A precondition was not met (RFC 9110, 13.2.2).
    pub(crate) fn changed(detail: impl Into<Cow<'static, str>>) -> Self {
        let rejection = Self::new(Status::Conflict, detail).as_http(412);
        Self { name: "precondition-failed", ..rejection }
    }

    /// For the binary door.
    pub fn problem(&self) -> Problem<'_> {
        Problem {
            status: self.status,
            code: self.code,
            retry_after_ms: self.retry_after_ms,
            reference: self.reference,
            field: &self.field,
            detail: &self.detail,
        }
    }

    /// For the JSON doors: appends an `application/problem+json` document (RFC 9457).
    ///
    /// `type` is `urn:quoin:refusal:<domain>:<name>` for what a domain refuses and
    /// `urn:quoin:problem:<status>` otherwise; `code` is the refusal's name, `instance` the incident.
    /// `mirrored` adds `errors`, where clients of the Fair Work Commission's interface look.
    pub fn write_json(&self, place: Place, mirrored: bool, out: &mut Vec<u8>) {
        let kind = match place {
            Place::Domain(domain) if !self.name.is_empty() => {
                format!("urn:quoin:refusal:{domain}:{}", self.name)
            }
            _ => format!("urn:quoin:problem:{}", self.status.title().replace(' ', "-")),
        };
        let instance = (self.status == Status::Internal)
            .then(|| format!("urn:quoin:incident:{:016x}", self.reference));
        let document = Document {
            kind: &kind,
            title: self.status.title(),
            status: self.http,
            detail: &self.detail,
            instance: instance.as_deref(),
            field: (!self.field.is_empty()).then_some(&*self.field),
            code: (!self.name.is_empty()).then_some(self.name),
            errors: mirrored.then(|| [Mirrored { detail: &self.detail }]),
        };
        serde_json::to_writer(out, &document).expect("writing into memory cannot fail");
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<[Mirrored<'a>; 1]>,
}

/// The same as the Fair Work Commission's interface says it.
#[derive(Serialize)]
struct Mirrored<'a> {
    detail: &'a str,
}

#[cfg(test)]
mod tests {
    use contract::Denial;
    use frame::Lsn;

    use super::*;

    fn denial(class: RefusalClass) -> Fault {
        Fault::Denied(Denial {
            code: 3,
            name: "ShiftBackwards",
            class,
            field: "shifts[0].end".into(),
            detail: "A shift ends before it starts.".into(),
        })
    }

    #[test]
    fn every_fault_has_its_status() {
        for (fault, status, http) in [
            (Fault::UnknownOperation, Status::UnknownOperation, 404),
            (Fault::Malformed, Status::Malformed, 400),
            (Fault::TooLarge { what: "payload", limit: 9 }, Status::TooLarge, 413),
            (denial(RefusalClass::Invalid), Status::Refused, 422),
            (denial(RefusalClass::Missing), Status::NotFound, 404),
            (denial(RefusalClass::Conflict), Status::Conflict, 409),
            (denial(RefusalClass::Forbidden), Status::Forbidden, 403),
            (Fault::Busy("queue"), Status::Busy, 503),
            (Fault::OutOfSpace, Status::OutOfSpace, 507),
            (Fault::DeadlinePassed, Status::DeadlineExceeded, 504),
            (Fault::IdempotencyMismatch, Status::IdempotencyMismatch, 422),
            (
                Fault::PositionAhead { demanded: Lsn(9), reached: Lsn(4) },
                Status::PositionUnavailable,
                412,
            ),
            (Fault::Internal { incident: 5 }, Status::Internal, 500),
            (Fault::Stopping, Status::ShuttingDown, 503),
        ] {
            let rejection = Rejection::of(&fault);
            assert_eq!((rejection.status, rejection.http), (status, http), "{fault:?}");
            let transient = rejection.retry_after_ms != 0;
            assert_eq!(transient, status.is_transient(), "{fault:?}");
        }
    }

    #[test]
    fn a_refusal_is_told_alike_on_every_door() {
        let rejection = Rejection::of(&denial(RefusalClass::Invalid));
        let problem = rejection.problem();
        assert_eq!((problem.code, problem.field), (3, "shifts[0].end"));
        let mut json = Vec::new();
        rejection.write_json(Place::Domain("rates"), false, &mut json);
        assert_eq!(
            String::from_utf8(json).unwrap(),
            r#"{"type":"urn:quoin:refusal:rates:ShiftBackwards","title":"refused","status":422,"detail":"A shift ends before it starts.","field":"shifts[0].end","code":"ShiftBackwards"}"#
        );
        let mut json = Vec::new();
        rejection.write_json(Place::Domain("fairwork"), true, &mut json);
        let errors = br#""errors":[{"detail":"A shift ends before it starts."}]}"#;
        assert!(json.ends_with(errors), "{}", json.escape_ascii());
    }

    #[test]
    fn an_incident_can_be_found_again() {
        let rejection = Rejection::of(&Fault::Internal { incident: 0xAB });
        assert_eq!(rejection.problem().reference, 0xAB);
        let mut json = Vec::new();
        rejection.write_json(Place::Domain("rates"), false, &mut json);
        let json = String::from_utf8(json).unwrap();
        assert!(json.contains(r#""instance":"urn:quoin:incident:00000000000000ab""#), "{json}");
        assert!(json.contains(r#""type":"urn:quoin:problem:internal-fault""#), "{json}");
    }
}
