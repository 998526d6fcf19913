//! From method and path to an operation.

use std::collections::BTreeMap;

use contract::{Entry, Method, Operation};

use crate::json::Fields;

/// Every operation's route, as a tree over path segments. A literal segment wins over a parameter.
#[derive(Debug, Default)]
pub struct Routes {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    literals: BTreeMap<&'static str, Node>,
    parameter: Option<Box<Node>>,
    routes: Vec<Route>,
}

/// One operation as the JSON doors serve it.
#[derive(Debug)]
pub struct Route {
    /// The domain.
    pub entry: &'static Entry,
    /// The operation.
    pub operation: &'static Operation,
    /// Its place among all operations of the box, in the order of domains and declarations.
    pub index: usize,
    /// The names of the path's parameters, in order.
    pub(crate) parameters: Vec<&'static str>,
    /// How values of path and query are written in JSON.
    pub(crate) fields: Fields,
}

/// What a method and a path lead to.
#[derive(Debug)]
pub enum Found<'r, 'p> {
    /// An operation, and the raw values of its path parameters.
    Route(&'r Route, Vec<&'p str>),
    /// The path exists, but not with this method; these are its methods.
    OtherMethods(Vec<Method>),
    /// Nothing has this path.
    Nothing,
}

impl Routes {
    /// The routes of every operation of every domain.
    ///
    /// # Panics
    ///
    /// When two operations share method and path, or a path parameter is no field of the request:
    /// the coverage tests call this, so that it cannot happen in a release.
    pub fn new(entries: &'static [Entry]) -> Self {
        let mut routes = Self::default();
        let all =
            entries.iter().flat_map(|entry| entry.operations.iter().map(move |it| (entry, it)));
        for (index, (entry, operation)) in all.enumerate() {
            routes.insert(index, entry, operation);
        }
        routes
    }

    fn insert(&mut self, index: usize, entry: &'static Entry, operation: &'static Operation) {
        let shape = &operation.shape;
        let fields = Fields::of(&(operation.request_schema)());
        let mut parameters = Vec::new();
        let mut node = &mut self.root;
        for segment in segments(shape.path) {
            if let Some(name) = segment.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                assert!(fields.has(name), "{} has no field {name} for its path", shape.name);
                parameters.push(name);
                node = node.parameter.get_or_insert_default();
            } else {
                node = node.literals.entry(segment).or_default();
            }
        }
        let taken = node.routes.iter().any(|it| it.operation.shape.method == shape.method);
        assert!(!taken, "two operations share {:?} {}", shape.method, shape.path);
        node.routes.push(Route { entry, operation, index, parameters, fields });
    }

    /// Finds the operation for a method and a raw (still percent-encoded) path.
    pub fn find<'p>(&self, method: Method, path: &'p str) -> Found<'_, 'p> {
        let mut values = Vec::new();
        let found = if is_mirrored(path) {
            // Clients of the Fair Work Commission's interface double slashes, and it lets them.
            let mut rest = segments(path).filter(|it| !it.is_empty());
            self.root.descend(&mut rest, &mut values)
        } else {
            self.root.descend(&mut segments(path), &mut values)
        };
        let Some(node) = found else {
            return Found::Nothing;
        };
        match node.routes.iter().find(|it| it.operation.shape.method == method) {
            Some(route) => Found::Route(route, values),
            None => Found::OtherMethods(
                node.routes.iter().map(|it| it.operation.shape.method).collect(),
            ),
        }
    }
}

impl Node {
    /// The node with routes that the rest of the path leads to.
    fn descend<'p>(
        &self,
        rest: &mut (impl Iterator<Item = &'p str> + Clone),
        values: &mut Vec<&'p str>,
    ) -> Option<&Self> {
        let Some(segment) = rest.next() else {
            return (!self.routes.is_empty()).then_some(self);
        };
        if let Some(literal) = self.literals.get(segment)
            && let Some(found) = literal.descend(&mut rest.clone(), values)
        {
            return Some(found);
        }
        let parameter = self.parameter.as_ref().filter(|_| !segment.is_empty())?;
        values.push(segment);
        let found = parameter.descend(rest, values);
        if found.is_none() {
            values.pop();
        }
        found
    }
}

/// Whether a path belongs to the mirror of somebody else's interface, which has that one's manners.
pub(crate) fn is_mirrored(path: &str) -> bool {
    path.starts_with("/api/")
}

fn segments(path: &str) -> impl Iterator<Item = &str> + Clone {
    path.strip_prefix('/').unwrap_or(path).split('/')
}
