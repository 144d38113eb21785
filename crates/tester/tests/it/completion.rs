//! What a builder of expressions offers.

use std::sync::Arc;

use stoker_tester::expr::{Evaluator, Sources};
use stoker_tester::model::{Drive, Entity, Kind, Request, Variables};
use stoker_tester::world::Seeded;
use stoker_tester::{Exchange, Exchanges, Response};

use crate::support::TestClock;

fn offered(text: &str) -> Option<(usize, Vec<String>)> {
    let mut project = Entity::new("p", "Shop", Kind::Project);
    let mut scenario = Entity::new("s", "Buy it", Kind::Scenario(Default::default()));
    scenario.children.push(Entity::new("r", "Log in", Kind::Request(Box::<Request>::default())));
    project.children.push(scenario);
    let drive = Drive { entities: vec![project], ..Drive::default() };
    let exchanges = Exchanges::default();
    let response = Response { body: br#"{"access_token":"t","items":[1,2]}"#.to_vec(), ..Response::default() };
    exchanges.put("r", Arc::new(Exchange { response, ..Exchange::default() }));
    let mut variables = Variables::default();
    variables.set("base", "http://x");
    variables.set("two words", "1");
    let clock = TestClock::new();
    let sources = Sources {
        variables: &variables,
        drive: &drive,
        exchanges: &exchanges,
        clock: &clock,
        entropy: &Seeded::new(1),
    };
    let evaluator = Evaluator::new(sources);
    let found = evaluator.complete(text, text.chars().count())?;
    Some((found.from, found.candidates.into_iter().map(|candidate| candidate.insert).collect()))
}

#[test]
fn names_are_offered_step_by_step_down_to_the_members_of_a_response() {
    let (from, heads) = offered("ü ${").expect("heads");
    assert_eq!(from, 4);
    assert_eq!(heads[..3], ["base", "\"two words\"", "\"Shop\""]);
    assert!(heads.contains(&"uuid()".to_owned()) && !heads.contains(&"lower()".to_owned()), "{heads:?}");
    for (text, wanted) in [
        ("${ba", "base"),
        ("${\"Sh", "\"Shop\""),
        ("${\"Shop\".", "\"Buy it\""),
        ("${\"Shop\".\"Buy it\".\"Lo", "\"Log in\""),
        ("${\"Shop\".\"Buy it\".\"Log in\".re", "\"response\""),
        ("${\"Shop\".\"Buy it\".\"Log in\".\"response\".\"b", "\"body\""),
        ("${\"Shop\".\"Buy it\".\"Log in\".\"response\".\"body\".acc", "\"access_token\""),
        ("${\"Shop\".\"Buy it\".\"Log in\".\"response\".\"body\".\"items\".", "\"0\""),
        ("${base.low", "lower()"),
        ("${\"a\".replace(ba", "base"),
        ("${base} and ${\"a}b\".up", "upper()"),
    ] {
        let (_, found) = offered(text).unwrap_or_else(|| panic!("{text}: nothing"));
        assert_eq!(found.first().map(String::as_str), Some(wanted), "{text}");
    }
}

#[test]
fn outside_of_expressions_and_after_what_has_no_value_nothing_is_offered() {
    for text in ["", "base", "${base}", "$", "${\"Shop\".\"nothing\".", "${nosuch().x"] {
        assert_eq!(offered(text), None, "{text}");
    }
    assert_eq!(offered("${zzz"), Some((2, vec![])));
}
