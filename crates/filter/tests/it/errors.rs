//! Filters that are wrong: where the message points and what it tells the writer to do.

use crate::FIELDS;
use stoker_filter::{FilterError, MAX_CHARS, MAX_COMPARISONS, MAX_DEPTH, Op, Problem, parse};

fn refuse(text: &str) -> FilterError {
    match parse(text, FIELDS) {
        Ok(expr) => panic!("{text} was read as {expr:?}"),
        Err(error) => error,
    }
}

#[test]
fn an_unknown_field_is_named_with_the_allowed_ones() {
    let error = refuse("name==a;enviroment.name==b");
    assert_eq!(
        error.to_string(),
        "cannot read the filter at column 9: unknown field `enviroment.name` (did you mean `environment.name`?), use \
         one of `id`, `name`, `description`, `status`, `environment.name`, `workspace.environment.id`, `createDate`"
    );
    for (written, meant) in [
        ("nmae==a", Some("name")),
        ("Name==a", Some("name")),
        ("environmentName==a", Some("environment.name")),
        ("createdate==a", Some("createDate")),
        ("owner==a", None),
        ("x==a", None),
    ] {
        match refuse(written).problem() {
            Problem::UnknownField { suggestion, .. } => assert_eq!(suggestion.as_deref(), meant, "{written}"),
            other => panic!("{written}: {other:?}"),
        }
    }
    let none = parse("name==a", &[]).map_err(|error| error.to_string());
    assert_eq!(
        none,
        Err("cannot read the filter at column 1: unknown field `name`, this list has no field to filter by".to_owned())
    );
}

#[test]
fn an_unknown_operator_is_named_with_the_field() {
    for (text, operator) in [
        ("name=like=a", "=like="),
        ("name=a", "="),
        ("name=LT=a", "=LT="),
        ("name>=5", ">="),
        ("name<5", "<"),
        ("name!a", "!"),
        ("name~=a", "~="),
        ("name=", "="),
    ] {
        let error = refuse(text);
        let expected = Problem::UnknownOperator { field: "name".into(), operator: operator.into() };
        assert_eq!((error.column(), error.problem()), (5, &expected), "{text}");
        assert!(error.to_string().contains("`name`, use one of `==`, `!=`, `=lt=`"), "{error}");
    }
}

#[test]
fn the_column_counts_characters_and_points_at_the_mistake() {
    let missing_value = |op| Problem::MissingValue { field: "name".into(), op };
    for (text, column, problem) in [
        ("", 1, Problem::Empty),
        ("   ", 1, Problem::Empty),
        ("name==ä;;id==1", 9, Problem::MissingComparison),
        ("name==a;", 9, Problem::MissingComparison),
        (",name==a", 1, Problem::MissingComparison),
        ("()", 2, Problem::MissingComparison),
        ("==a", 1, Problem::MissingComparison),
        ("\"\"", 2, Problem::MissingComparison),
        ("name", 5, Problem::MissingOperator { field: "name".into() }),
        ("\"name\"==a", 6, Problem::MissingOperator { field: "name".into() }),
        ("name==", 7, missing_value(Op::Eq)),
        ("name!= ;id==1", 8, missing_value(Op::Ne)),
        ("\"name==\"", 8, missing_value(Op::Eq)),
        ("name=gt=5*", 9, Problem::WildcardInOrder { field: "name".into(), op: Op::Gt }),
        ("(name==a", 1, Problem::UnclosedGroup),
        ("id==1;(name==a;(id==2)", 7, Problem::UnclosedGroup),
        ("name==a)", 8, Problem::Unexpected { found: ')' }),
        ("name==a (old)", 9, Problem::Unexpected { found: '(' }),
        ("(name==a)b", 10, Problem::Unexpected { found: 'b' }),
        ("name==\"a", 7, Problem::UnclosedQuote),
        ("name==5\" disk", 8, Problem::UnclosedQuote),
        ("id==1,\"name==a", 7, Problem::UnclosedQuote),
        ("\"name", 1, Problem::UnclosedQuote),
        (r#""name==a\""#, 1, Problem::UnclosedQuote),
    ] {
        let error = refuse(text);
        assert_eq!((error.column(), error.problem()), (column, &problem), "{text}");
    }
}

#[test]
fn length_is_bounded() {
    let longest = format!("name=={}", "ä".repeat(MAX_CHARS - 6));
    assert!(parse(&longest, FIELDS).is_ok());
    let error = refuse(&format!("{longest}b"));
    assert_eq!((error.column(), error.problem()), (2001, &Problem::TooLong { length: 2001 }));
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}name==a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH), FIELDS).is_ok());
    let error = refuse(&nested(MAX_DEPTH + 1));
    assert_eq!((error.column(), error.problem()), (MAX_DEPTH + 1, &Problem::TooDeep));
    let side_by_side = vec!["(id==1)"; MAX_DEPTH + 1].join(";");
    assert!(parse(&side_by_side, FIELDS).is_ok(), "closed groups no longer count");
}

#[test]
fn the_number_of_comparisons_is_bounded() {
    let many = |count: usize| vec!["id==1"; count].join(",");
    assert!(parse(&many(MAX_COMPARISONS), FIELDS).is_ok());
    let error = refuse(&many(MAX_COMPARISONS + 1));
    assert_eq!((error.column(), error.problem()), (MAX_COMPARISONS * 6 + 1, &Problem::TooManyComparisons));
}

#[test]
fn a_message_repeats_little_and_nothing_unprintable() {
    let message = refuse(&format!("{}\u{1b}[31m==a", "x".repeat(10))).to_string();
    assert!(message.contains("xxxxxxxxxx\u{fffd}[31m"), "{message:?}");
    let long = refuse(&format!("{}==a", "x".repeat(1_900))).to_string();
    assert!(long.chars().count() < 400, "{long}");
}
