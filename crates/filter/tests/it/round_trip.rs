//! The text form of a filter reads back as the same filter, and no text makes the reader fail otherwise than politely.

use crate::{FIELDS, compare, read};
use proptest::prelude::*;
use stoker_filter::{Expr, MAX_CHARS, Op, Pattern, parse};

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::collection::vec(proptest::sample::select(r#"ab ;,()*"\=!'.%"#.chars().collect::<Vec<_>>()), 1..8)
            .prop_map(String::from_iter),
        proptest::collection::vec(any::<char>(), 1..6).prop_map(String::from_iter),
    ]
}

fn any_comparison() -> impl Strategy<Value = Expr> {
    let exact = prop_oneof![Just(String::new()), any_text()].prop_map(Pattern::Exact);
    let wild = prop_oneof![
        any_text().prop_map(Pattern::Prefix),
        any_text().prop_map(Pattern::Suffix),
        any_text().prop_map(Pattern::Contains),
        Just(Pattern::Any),
    ];
    let field = proptest::sample::select(FIELDS);
    let equal = proptest::sample::select(vec![Op::Eq, Op::Ne]);
    prop_oneof![
        (field.clone(), proptest::sample::select(Op::ALL.to_vec()), exact).prop_map(|(f, op, v)| compare(f, op, v)),
        (field, equal, wild).prop_map(|(f, op, v)| compare(f, op, v)),
    ]
}

fn any_expr() -> impl Strategy<Value = Expr> {
    any_comparison().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::all_of),
            proptest::collection::vec(inner, 2..4).prop_map(Expr::any_of),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_text_reads_back(expr in any_expr()) {
        let text = expr.to_string();
        prop_assume!(text.chars().count() <= MAX_CHARS);
        prop_assert_eq!(parse(&text, FIELDS), Ok(expr), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_column_inside_it(text in r#"((name|id|x|==|!=|=gt=|[;,()*"\\ a])){0,14}|.{0,40}"#) {
        match parse(&text, FIELDS) {
            Ok(expr) => prop_assert_eq!(parse(&expr.to_string(), FIELDS), Ok(expr)),
            Err(error) => prop_assert!((1..=text.chars().count() + 1).contains(&error.column()), "{}", error),
        }
    }

    #[test]
    fn a_canonical_comparison_finds_exactly_its_own_value(value in any_text(), other in any_text()) {
        let filter = read(&compare("name", Op::Eq, Pattern::Exact(value.clone())).to_string());
        prop_assert!(filter.matches(&|_| Some(value.clone())));
        prop_assert_eq!(filter.matches(&|_| Some(other.clone())), value == other);
    }

    #[test]
    fn not_equal_is_the_opposite_of_equal(value in any_text(), actual in proptest::option::of(any_text())) {
        for pattern in [Pattern::Exact(value.clone()), Pattern::Prefix(value.clone()), Pattern::Suffix(value), Pattern::Any] {
            let equal = compare("name", Op::Eq, pattern.clone()).matches(&|_| actual.clone());
            let differs = compare("name", Op::Ne, pattern).matches(&|_| actual.clone());
            prop_assert_ne!(equal, differs);
        }
    }
}

#[test]
fn canonical_text_is_short_and_plain() {
    for (written, canonical) in [
        ("\"name==W\",\"environment.name==E\"", "name==W,environment.name==E"),
        (" ( (name == a b) ; (id==1 , id==2) ) ", "name==a b;(id==1,id==2)"),
        ("(name==a;id==1),status==s", "name==a;id==1,status==s"),
        ("name==\" a;b\"", "name==\\ a\\;b"),
        ("name==**", "name==*"),
        ("name==\"\"", "name==\"\""),
    ] {
        assert_eq!(read(written).to_string(), canonical, "{written}");
    }
}
