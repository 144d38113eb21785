//! Path to tree.

use super::functions;
use super::lex::{Token, Word, tokens};

/// Deepest nesting of parentheses and predicates.
const MAX_NESTING: usize = 50;
/// Most operators of a path: each may be evaluated inside of the one before.
const MAX_OPERATORS: usize = 500;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Number(f64),
    Text(String),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    Call(String, Vec<Expr>),
    /// Where it starts, predicates of the start, steps.
    Path(Start, Vec<Expr>, Vec<Step>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Start {
    Root,
    Here,
    Value(Box<Expr>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: Test,
    pub(super) predicates: Vec<Expr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Child,
    Parent,
    Itself,
    Attribute,
    Descendant,
    DescendantOrSelf,
    Ancestor,
    AncestorOrSelf,
    FollowingSibling,
    PrecedingSibling,
    Following,
    Preceding,
}

const AXES: [(&str, Axis); 12] = [
    ("child", Axis::Child),
    ("parent", Axis::Parent),
    ("self", Axis::Itself),
    ("attribute", Axis::Attribute),
    ("descendant", Axis::Descendant),
    ("descendant-or-self", Axis::DescendantOrSelf),
    ("ancestor", Axis::Ancestor),
    ("ancestor-or-self", Axis::AncestorOrSelf),
    ("following-sibling", Axis::FollowingSibling),
    ("preceding-sibling", Axis::PrecedingSibling),
    ("following", Axis::Following),
    ("preceding", Axis::Preceding),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    /// `*`
    Any,
    /// `prefix:*`
    AnyOf(String),
    Name(String),
    Node,
    Text,
    Comment,
    Instruction(Option<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Div,
    Mod,
    Union,
}

/// Operators by how tightly they bind, loosest first.
const LEVELS: [&[(&str, Operator)]; 7] = [
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[("=", Operator::Equal), ("!=", Operator::NotEqual)],
    &[("<", Operator::Less), ("<=", Operator::LessOrEqual), (">", Operator::Greater), (">=", Operator::GreaterOrEqual)],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[("*", Operator::Times), ("div", Operator::Div), ("mod", Operator::Mod)],
    &[("|", Operator::Union)],
];
/// Unary minus binds between multiplication and union.
const UNION: usize = 6;

type Parsed<T> = Result<T, (usize, String)>;

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    end: usize,
    depth: usize,
    operators: usize,
}

pub(super) fn parse(path: &str) -> Parsed<Expr> {
    let mut parser = Parser { tokens: tokens(path)?, at: 0, end: path.len(), depth: 0, operators: 0 };
    let expression = parser.level(0)?;
    if parser.at < parser.tokens.len() {
        return parser.fail("nothing may follow here");
    }
    Ok(expression)
}

impl Parser {
    fn fail<T>(&self, problem: &str) -> Parsed<T> {
        Err((self.tokens.get(self.at).map_or(self.end, |token| token.at), problem.to_owned()))
    }

    fn word(&self, ahead: usize) -> Option<&Word> {
        self.tokens.get(self.at + ahead).map(|token| &token.word)
    }

    fn is(&self, ahead: usize, sign: &str) -> bool {
        matches!(self.word(ahead), Some(Word::Sign(found)) if *found == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.is(0, sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.take(sign) { Ok(()) } else { self.fail(&format!("expected `{sign}`")) }
    }

    fn level(&mut self, level: usize) -> Parsed<Expr> {
        if level == UNION && self.is(0, "-") {
            self.at += 1;
            self.deeper()?;
            let inner = self.level(UNION)?;
            self.depth -= 1;
            return Ok(Expr::Negate(Box::new(inner)));
        }
        if level == LEVELS.len() {
            return self.path();
        }
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.operator(level) {
            self.at += 1;
            self.operators += 1;
            if self.operators > MAX_OPERATORS {
                return self.fail(&format!("more than {MAX_OPERATORS} operators"));
            }
            left = Expr::Binary(operator, Box::new(left), Box::new(self.level(level + 1)?));
        }
        Ok(left)
    }

    fn operator(&self, level: usize) -> Option<Operator> {
        let word = match self.word(0)? {
            Word::Sign(sign) => *sign,
            Word::Name(name) => name,
            _ => return None,
        };
        LEVELS[level].iter().find(|(known, _)| *known == word).map(|(_, operator)| *operator)
    }

    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return self.fail("nested too deeply");
        }
        Ok(())
    }

    fn path(&mut self) -> Parsed<Expr> {
        if self.take("/") {
            let steps = if self.starts_step() { self.steps()? } else { Vec::new() };
            return Ok(Expr::Path(Start::Root, Vec::new(), steps));
        }
        if self.take("//") {
            let mut steps = vec![everything()];
            steps.extend(self.steps()?);
            return Ok(Expr::Path(Start::Root, Vec::new(), steps));
        }
        let Some(primary) = self.primary()? else {
            return Ok(Expr::Path(Start::Here, Vec::new(), self.steps()?));
        };
        let predicates = self.predicates()?;
        let mut steps = Vec::new();
        if self.take("//") {
            steps.push(everything());
            steps.extend(self.steps()?);
        } else if self.take("/") {
            steps = self.steps()?;
        } else if predicates.is_empty() {
            return Ok(primary);
        }
        Ok(Expr::Path(Start::Value(Box::new(primary)), predicates, steps))
    }

    fn primary(&mut self) -> Parsed<Option<Expr>> {
        let made = match self.word(0) {
            Some(Word::Number(value)) => Expr::Number(*value),
            Some(Word::Text(text)) => Expr::Text(text.clone()),
            Some(Word::Sign("(")) => {
                self.at += 1;
                self.deeper()?;
                let inner = self.level(0)?;
                self.depth -= 1;
                self.expect(")")?;
                return Ok(Some(inner));
            }
            Some(Word::Name(name)) if self.is(1, "(") && !is_node_type(name) => {
                let name = name.clone();
                return self.call(name).map(Some);
            }
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(made))
    }

    fn call(&mut self, name: String) -> Parsed<Expr> {
        if !functions::is_known(&name) {
            let hint = crate::suggest::hint(crate::suggest::nearest(&name, functions::names()).as_deref());
            return self.fail(&format!("there is no function `{name}`{hint}"));
        }
        self.at += 2;
        self.deeper()?;
        let mut args = Vec::new();
        if !self.take(")") {
            loop {
                args.push(self.level(0)?);
                if self.take(")") {
                    break;
                }
                self.expect(",")?;
            }
        }
        self.depth -= 1;
        Ok(Expr::Call(name, args))
    }

    fn starts_step(&self) -> bool {
        matches!(self.word(0), Some(Word::Name(_) | Word::Sign("." | ".." | "@" | "*")))
    }

    fn steps(&mut self) -> Parsed<Vec<Step>> {
        let mut steps = vec![self.step()?];
        loop {
            if self.take("//") {
                steps.push(everything());
            } else if !self.take("/") {
                return Ok(steps);
            }
            steps.push(self.step()?);
        }
    }

    fn step(&mut self) -> Parsed<Step> {
        if self.take("..") {
            return Ok(Step { axis: Axis::Parent, test: Test::Node, predicates: Vec::new() });
        }
        if self.take(".") {
            return Ok(Step { axis: Axis::Itself, test: Test::Node, predicates: Vec::new() });
        }
        let mut axis = if self.take("@") { Axis::Attribute } else { Axis::Child };
        if let Some(Word::Name(name)) = self.word(0)
            && self.is(1, "::")
        {
            match AXES.iter().find(|(known, _)| known == name) {
                Some((_, known)) => axis = *known,
                None => return self.fail(&format!("there is no axis `{name}`")),
            }
            self.at += 2;
        }
        let test = self.test()?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn test(&mut self) -> Parsed<Test> {
        if self.take("*") {
            return Ok(Test::Any);
        }
        let Some(Word::Name(name)) = self.word(0).cloned() else {
            return self.fail("expected the name of an element or attribute");
        };
        self.at += 1;
        if is_node_type(&name) && self.take("(") {
            let target = match self.word(0).cloned() {
                Some(Word::Text(target)) if name == "processing-instruction" => {
                    self.at += 1;
                    Some(target)
                }
                _ => None,
            };
            self.expect(")")?;
            return Ok(match name.as_str() {
                "text" => Test::Text,
                "comment" => Test::Comment,
                "node" => Test::Node,
                _ => Test::Instruction(target),
            });
        }
        Ok(match name.strip_suffix(":*") {
            Some(prefix) => Test::AnyOf(prefix.to_owned()),
            None => Test::Name(name),
        })
    }

    fn predicates(&mut self) -> Parsed<Vec<Expr>> {
        let mut all = Vec::new();
        while self.take("[") {
            self.deeper()?;
            all.push(self.level(0)?);
            self.depth -= 1;
            self.expect("]")?;
        }
        Ok(all)
    }
}

fn is_node_type(name: &str) -> bool {
    matches!(name, "text" | "comment" | "node" | "processing-instruction")
}

/// What `//` stands for.
fn everything() -> Step {
    Step { axis: Axis::DescendantOrSelf, test: Test::Node, predicates: Vec::new() }
}
