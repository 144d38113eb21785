//! Syntax and meaning of filters that are right.

use crate::{compare, finds, is, read};
use stoker_filter::{Expr, Op, Pattern};

#[test]
fn published_examples_read_as_printed() {
    assert_eq!(
        read("name==Dev*;description==*x*"),
        Expr::And(vec![
            compare("name", Op::Eq, Pattern::Prefix("Dev".into())),
            compare("description", Op::Eq, Pattern::Contains("x".into())),
        ])
    );
    assert_eq!(read("environment.name==default"), is("environment.name", "default"));
    assert_eq!(read("name==W,environment.name==E"), Expr::Or(vec![is("name", "W"), is("environment.name", "E")]));
    assert_eq!(
        read("\"name==W\",\"environment.name==E\""),
        Expr::Or(vec![is("name", "W"), is("environment.name", "E")])
    );
    assert_eq!(read("environment.name==X;name==Y"), Expr::And(vec![is("environment.name", "X"), is("name", "Y")]));
    assert_eq!(read("name==dev to prod*"), compare("name", Op::Eq, Pattern::Prefix("dev to prod".into())));
    assert_eq!(read("status==PAIRED"), is("status", "PAIRED"));
    assert_eq!(read("workspace.environment.id==5f2a"), is("workspace.environment.id", "5f2a"));
}

#[test]
fn and_binds_tighter_than_or_and_groups_override() {
    let row = [("name", "a"), ("status", "PAIRED"), ("id", "1")];
    assert!(finds("name==a,status==NONE;id==2", &row));
    assert!(!finds("(name==a,status==NONE);id==2", &row));
    assert!(finds("id==2;status==NONE,name==a", &row));
    assert!(!finds("id==2;(status==NONE,name==a)", &row));
    assert_eq!(read("((name==a;(id==1)));status==s"), read("name==a;id==1;status==s"));
    assert_eq!(read("(name==a,id==1),status==s"), read("name==a,id==1,status==s"));
}

#[test]
fn every_operator_reads() {
    for op in Op::ALL {
        let text = format!("name{}5", op.symbol());
        assert_eq!(read(&text), compare("name", op, Pattern::Exact("5".into())), "{text}");
    }
}

#[test]
fn wildcards_count_at_the_ends_only() {
    let row = |value| [("name", value)];
    for (filter, fits, fails) in [
        ("name==load*", "load orders", "reload"),
        ("name==*load", "reload", "load orders"),
        ("name==*load*", "a load b", "lo ad"),
        ("name==lo*ad", "lo*ad", "loxad"),
        ("name==\\*load\\*", "*load*", "xloadx"),
        ("name==\"*a;b*\"", "1a;b2", "*a"),
        ("name==**", "anything", "never"),
    ] {
        assert!(finds(filter, &row(fits)), "{filter} should find {fits}");
        if filter != "name==**" {
            assert!(!finds(filter, &row(fails)), "{filter} should not find {fails}");
        }
    }
    assert!(finds("name==*", &row("")), "an empty name is a name");
    assert!(!finds("name==*", &[]));
}

#[test]
fn values_keep_case_and_inner_blanks() {
    assert!(finds("name==My Engine 1", &[("name", "My Engine 1")]));
    assert!(!finds("name==my engine 1", &[("name", "My Engine 1")]));
    assert_eq!(read("  name == a b ; id == 1  "), read("name==a b;id==1"));
    assert_eq!(read("\" name == W \" , id==1"), read("name==W,id==1"));
    assert_eq!(read("name==\" a \""), is("name", " a "));
    assert_eq!(read("name==\\ a\\ "), is("name", " a "));
    assert_eq!(read("name==Anna's"), is("name", "Anna's"));
    assert_eq!(read("name==Größe 漢字"), is("name", "Größe 漢字"));
}

#[test]
fn separators_in_values_are_quoted_or_escaped() {
    for text in [
        r"name==a\;b\,c \(d\)",
        r#"name=="a;b,c (d)""#,
        r#"name==a";"b","c" (d)""#,
        r#""name==a;b,c (d)""#,
        r#""name==a\;b,c (d)""#,
    ] {
        assert_eq!(read(text), is("name", "a;b,c (d)"), "{text}");
    }
    assert_eq!(read(r#"name==5\" disk"#), is("name", "5\" disk"));
    assert_eq!(read(r#""name==5\" disk""#), is("name", "5\" disk"));
    assert_eq!(read(r"name==C:\jobs\new"), is("name", r"C:\jobs\new"));
    assert_eq!(read(r"name==a\\;id==1"), Expr::And(vec![is("name", r"a\"), is("id", "1")]));
    assert_eq!(read("name==a==b!=c"), is("name", "a==b!=c"));
    assert_eq!(read("name==\"\""), is("name", ""));
}

#[test]
fn a_missing_field_passes_not_equal_only() {
    for op in Op::ALL {
        let text = format!("description{}x", op.symbol());
        assert_eq!(finds(&text, &[("name", "n")]), op == Op::Ne, "{text}");
    }
    assert!(finds("description!=*", &[]), "not any value means that there is none");
    assert!(!finds("description!=*", &[("description", "d")]));
    assert!(!finds("name!=dev*", &[("name", "dev1")]));
    assert!(finds("name!=dev*", &[("name", "prod")]));
}

#[test]
fn order_is_numeric_for_numbers_and_textual_otherwise() {
    let date = |value| [("createDate", value)];
    for (actual, less) in [
        ("9", "10"),
        ("-10", "-9"),
        ("1.5", "2"),
        ("9007199254740992", "9007199254740993"),
        ("10", "9x"),
        ("2024-01-02T00:00:00.000Z", "2024-01-10T00:00:00.000Z"),
        ("NaN", "nan"),
    ] {
        assert!(finds(&format!("createDate=lt={less}"), &date(actual)), "{actual} < {less}");
        assert!(finds(&format!("createDate=le={less}"), &date(actual)), "{actual} <= {less}");
        assert!(finds(&format!("createDate=gt={actual}"), &date(less)), "{less} > {actual}");
        assert!(finds(&format!("createDate=ge={actual}"), &date(less)), "{less} >= {actual}");
        assert!(!finds(&format!("createDate=gt={less}"), &date(actual)), "not {actual} > {less}");
        assert!(!finds(&format!("createDate=ge={less}"), &date(actual)), "not {actual} >= {less}");
    }
    for (left, right) in [("7", "7.0"), ("-0.0", "0"), ("abc", "abc")] {
        assert!(finds(&format!("createDate=le={right}"), &date(left)), "{left} <= {right}");
        assert!(finds(&format!("createDate=ge={right}"), &date(left)), "{left} >= {right}");
        assert!(!finds(&format!("createDate=lt={right}"), &date(left)), "not {left} < {right}");
    }
}

#[test]
fn joining_keeps_the_tree_flat() {
    let (a, b, c) = (is("name", "a"), is("name", "b"), is("name", "c"));
    assert_eq!(Expr::all_of(vec![a.clone()]), a);
    assert_eq!(
        Expr::all_of(vec![Expr::all_of(vec![a.clone(), b.clone()]), c.clone()]),
        Expr::And(vec![a.clone(), b.clone(), c.clone()])
    );
    assert_eq!(Expr::any_of(vec![Expr::any_of(vec![a.clone(), b]), c.clone()]).to_string(), "name==a,name==b,name==c");
    assert!(Expr::all_of(vec![]).matches(&|_| None));
    assert!(!Expr::any_of(vec![]).matches(&|_| None));
}
