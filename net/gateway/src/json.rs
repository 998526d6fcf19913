//! One JSON request out of path, query and body.
//!
//! Path and query values are text; which of them are numbers or booleans in the request is read from
//! the operation's own schema, once, at start.

use std::borrow::Cow;
use std::collections::BTreeMap;

use contract::JsonError;
use serde_json::Value;
use wire::Status;

use crate::rejection::Rejection;
use crate::routes::Route;

/// The fields of a request, and whether each is written in JSON without quotes.
#[derive(Debug, Default)]
pub(crate) struct Fields(BTreeMap<String, bool>);

impl Fields {
    /// Reads the top level of a request's schema.
    pub(crate) fn of(schema: &schemars::Schema) -> Self {
        let root = schema.as_value();
        let properties = root.get("properties").and_then(Value::as_object);
        let fields = properties.into_iter().flatten();
        Self(fields.map(|(name, it)| (name.clone(), is_bare(root, it))).collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// Whether values of this schema are numbers or booleans and never strings.
fn is_bare(root: &Value, schema: &Value) -> bool {
    if let Some(pointer) = schema.get("$ref").and_then(Value::as_str) {
        let target = pointer.strip_prefix('#').and_then(|it| root.pointer(it));
        return target.is_some_and(|it| is_bare(root, it));
    }
    if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
        return options.iter().any(|it| is_bare(root, it));
    }
    let bare = |kind: &Value| matches!(kind.as_str(), Some("integer" | "number" | "boolean"));
    match schema.get("type") {
        Some(Value::Array(kinds)) => {
            kinds.iter().any(bare) && !kinds.iter().any(|it| it.as_str() == Some("string"))
        }
        Some(kind) => bare(kind),
        None => false,
    }
}

impl Route {
    /// The request as one JSON object: the body, with the values of path and query put in front.
    ///
    /// `values` are the raw path parameters that the route was found with, `query` is the raw query
    /// string. A field that is given twice is refused later, by the request type itself.
    pub fn request_json<'b>(
        &self,
        values: &[&str],
        query: Option<&str>,
        body: &'b [u8],
    ) -> Result<Cow<'b, [u8]>, Rejection> {
        let body = if body.is_empty() { b"{}" } else { body };
        // A list would be taken as the fields in their order, without a name to hold them to.
        let rest = body.trim_ascii_start().strip_prefix(b"{").ok_or_else(|| {
            Rejection::new(Status::Malformed, "the body must be a JSON object, or empty")
        })?;
        let query = query.filter(|it| !it.is_empty());
        if values.is_empty() && query.is_none() {
            return Ok(Cow::Borrowed(body));
        }
        let mut out = vec![b'{'];
        for (name, value) in self.parameters.iter().zip(values) {
            self.append(name, &percent_decoded(value, false)?, &mut out)?;
        }
        for pair in query.into_iter().flat_map(|it| it.split('&')).filter(|it| !it.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = percent_decoded(name, true)?;
            self.append(&name, &percent_decoded(value, true)?, &mut out)?;
        }
        if rest.trim_ascii_start().first() == Some(&b'}') {
            out.pop_if(|last| *last == b',');
        }
        out.extend_from_slice(rest);
        Ok(Cow::Owned(out))
    }

    fn append(&self, name: &str, value: &str, out: &mut Vec<u8>) -> Result<(), Rejection> {
        let Some(bare) = self.fields.0.get(name) else {
            let detail = format!("{} has no such field", self.operation.shape.name);
            return Err(Rejection::new(Status::Malformed, detail).at(name.to_owned()));
        };
        write_text(name, out);
        out.push(b':');
        if *bare {
            // Only a scalar may pass unquoted: anything else could bring fields of its own.
            let scalar = serde_json::from_str::<Value>(value)
                .ok()
                .filter(|it| matches!(it, Value::Number(_) | Value::Bool(_)));
            if scalar.is_none() {
                let detail = format!("{value:?} is not a number or a boolean");
                return Err(Rejection::new(Status::Malformed, detail).at(name.to_owned()));
            }
            out.extend_from_slice(value.as_bytes());
        } else {
            write_text(value, out);
        }
        out.push(b',');
        Ok(())
    }
}

impl From<JsonError> for Rejection {
    fn from(error: JsonError) -> Self {
        let detail = error.to_string();
        // A path ends in `?` where the text broke off before it named anything.
        let field = error.field.trim_end_matches('?').trim_end_matches('.').to_owned();
        Self::new(Status::Malformed, detail).at(field)
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("writing into memory cannot fail");
}

/// A part of a URL in plain text: `%41` is `A`, and in a query `+` is a space.
pub fn percent_decoded(raw: &str, query: bool) -> Result<Cow<'_, str>, Rejection> {
    if !raw.bytes().any(|it| it == b'%' || (query && it == b'+')) {
        return Ok(Cow::Borrowed(raw));
    }
    let refused = || Rejection::new(Status::Malformed, format!("{raw:?} is not percent-encoded"));
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'%' => {
                let (digits, after) = rest.split_first_chunk::<2>().ok_or_else(refused)?;
                let digit =
                    |it: u8| char::from(it).to_digit(16).and_then(|it| u8::try_from(it).ok());
                let (high, low) = (digit(digits[0]), digit(digits[1]));
                bytes.push(high.ok_or_else(refused)? * 16 + low.ok_or_else(refused)?);
                rest = after;
            }
            b'+' if query => bytes.push(b' '),
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| refused())
}
