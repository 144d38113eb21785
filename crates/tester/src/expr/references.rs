//! What expressions name, without evaluating them.

use super::ast::{Declaration, Segment, Template};
use super::{each_text, functions};
use crate::model::{Condition, Request};

/// What the expressions of a request or a condition name.
#[derive(Debug, Default)]
pub(crate) struct References {
    /// Names with which they begin: heads and the quoted or bare names after them, up to the first that has an index.
    pub(crate) paths: Vec<Vec<String>>,
    /// Ids that are given to `getEntityById`.
    pub(crate) ids: Vec<String>,
    /// An id is made while an expression is evaluated, or stands where nobody looks: it may be any.
    pub(crate) any_id: bool,
}

impl References {
    /// Those of a request.
    pub(crate) fn of(request: &Request) -> Self {
        let mut found = Self::default();
        each_text(request, &mut |_, text| found.text(text));
        for value in request.assertions.iter().filter_map(|assertion| assertion.value.as_ref()) {
            if value.as_text().is_none() && value.to_string().contains("${") {
                found.any_id = true;
            }
        }
        found
    }

    /// Those of a condition.
    pub(crate) fn of_condition(condition: &Condition) -> Self {
        let mut found = Self::default();
        found.text(&condition.value);
        found.text(&condition.to);
        found
    }

    fn text(&mut self, text: &str) {
        if text.contains("${") {
            for expression in Template::parse(text).iter().flat_map(Template::expressions) {
                expression.declaration.visit(&mut |declaration: &Declaration| self.declaration(declaration));
            }
        }
    }

    fn declaration(&mut self, declaration: &Declaration) {
        let mut path = Vec::new();
        for placed in &declaration.segments {
            match &placed.segment {
                Segment::Id(name) | Segment::Text(name) => path.push(name.clone()),
                Segment::Index { name, .. } => {
                    path.push(name.clone());
                    break;
                }
                Segment::Method { name, args } if name == functions::ENTITY_BY_ID => {
                    match args.first().and_then(Declaration::plain_text) {
                        Some(id) => self.ids.push(id.to_owned()),
                        None => self.any_id = true,
                    }
                    break;
                }
                _ => break,
            }
        }
        if !path.is_empty() {
            self.paths.push(path);
        }
    }
}
