//! The published operations as facts, out of `openapi/upstream`, and what becomes of each here.

use std::collections::BTreeMap;

const AGNOSTIC: &str = include_str!("../../../openapi/upstream/operations-2021-03.tsv");
const TMC: &str = include_str!("../../../openapi/upstream/operations-v2.6.tsv");

/// How far an operation is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// As published.
    Complete,
    /// Works, with the named gap.
    Partial(&'static str),
    /// Answers 501.
    Missing,
}

/// One published operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// `2021-03` or `v2.6`.
    pub generation: &'static str,
    /// Heading in the reference.
    pub area: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// Path as published; below `/tmc/v2.6` for that generation.
    pub path: &'static str,
    /// Where the fact comes from.
    pub mark: &'static str,
    /// How far it is built.
    pub support: Support,
}

/// The path with its parameters numbered, so that different names for the same place are one route.
pub fn numbered(path: &str) -> String {
    let mut number = 0;
    path.split('/')
        .map(|segment| {
            if segment.starts_with('{') {
                number += 1;
                format!("{{p{number}}}")
            } else {
                segment.to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

fn rows(text: &'static str, generation: &'static str) -> impl Iterator<Item = Operation> {
    text.lines().skip(1).filter_map(move |line| {
        let columns: Vec<&'static str> = line.split('\t').collect();
        let [area, method, path, _success, _errors, mark, ..] = columns.as_slice() else { return None };
        Some(Operation { generation, area, method, path, mark, support: Support::Missing })
    })
}

/// What is built, by generation, method and numbered path.
pub type Built = BTreeMap<(&'static str, &'static str, String), Support>;

/// All published operations with what is built of each.
pub fn table(built: &Built) -> Vec<Operation> {
    let mut all: Vec<Operation> = rows(AGNOSTIC, "2021-03").chain(rows(TMC, "v2.6")).collect();
    for operation in &mut all {
        let key = (operation.generation, operation.method, numbered(operation.path));
        if let Some(support) = built.get(&key) {
            operation.support = *support;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_published_operations_are_listed() {
        let all = table(&Built::new());
        assert_eq!(all.iter().filter(|o| o.generation == "2021-03").count(), 280);
        assert_eq!(all.iter().filter(|o| o.generation == "v2.6").count(), 153);
        assert!(all.iter().all(|o| o.path.starts_with('/') && !o.method.is_empty()));
    }

    #[test]
    fn parameters_are_numbered() {
        assert_eq!(numbered("/a/{x}/b/{y}"), "/a/{p1}/b/{p2}");
    }
}
