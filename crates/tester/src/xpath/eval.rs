//! Trees to values.

use super::document::{Document, Kind, Node};
use super::functions;
use super::parse::{Axis, Expr, Operator, Start, Step, Test};
use super::value::{Value, text_number};
use crate::effort::Effort;

/// What a visit of a node costs, in steps.
const VISIT: u64 = 8;
/// Bytes of two texts that are compared in one step.
const COMPARED: usize = 16;

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) node: Node,
    pub(super) position: usize,
    pub(super) size: usize,
}

pub(super) struct Evaluation<'a> {
    pub(super) document: &'a Document,
    effort: &'a Effort<'a>,
}

pub(super) fn run(document: &Document, expression: &Expr, effort: &Effort<'_>) -> Result<Value, String> {
    let evaluation = Evaluation { document, effort };
    evaluation.value(expression, Context { node: 0, position: 1, size: 1 })
}

impl Evaluation<'_> {
    fn spend(&self, nodes: usize) -> Result<(), String> {
        self.effort.spend((nodes as u64 + 1) * VISIT).map_err(|halt| halt.to_string())
    }

    /// Counts bytes that were read or made.
    pub(super) fn read(&self, bytes: usize) -> Result<(), String> {
        self.effort.read(bytes).map_err(|halt| halt.to_string())
    }

    /// A value as text.
    pub(super) fn text(&self, value: &Value) -> Result<String, String> {
        let text = value.text(self.document);
        self.read(text.len())?;
        Ok(text)
    }

    /// A value as number.
    pub(super) fn number(&self, value: &Value) -> Result<f64, String> {
        match value {
            Value::Number(number) => Ok(*number),
            Value::Bool(value) => Ok(f64::from(u8::from(*value))),
            Value::Text(text) => Ok(text_number(text)),
            Value::Nodes(_) => self.text(value).map(|text| text_number(&text)),
        }
    }

    pub(super) fn value(&self, expression: &Expr, at: Context) -> Result<Value, String> {
        self.spend(0)?;
        match expression {
            Expr::Number(number) => Ok(Value::Number(*number)),
            Expr::Text(text) => Ok(Value::Text(text.clone())),
            Expr::Negate(inner) => {
                let inner = self.value(inner, at)?;
                Ok(Value::Number(-self.number(&inner)?))
            }
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right, at),
            Expr::Call(name, args) => functions::call(self, name, args, at),
            Expr::Path(start, predicates, steps) => self.path(start, predicates, steps, at).map(Value::Nodes),
        }
    }

    fn binary(&self, operator: Operator, left: &Expr, right: &Expr, at: Context) -> Result<Value, String> {
        let first = self.value(left, at)?;
        match operator {
            Operator::Or if first.truth() => return Ok(Value::Bool(true)),
            Operator::And if !first.truth() => return Ok(Value::Bool(false)),
            _ => {}
        }
        let second = self.value(right, at)?;
        let number = |apply: fn(f64, f64) -> f64| -> Result<Value, String> {
            Ok(Value::Number(apply(self.number(&first)?, self.number(&second)?)))
        };
        Ok(match operator {
            Operator::Or | Operator::And => Value::Bool(second.truth()),
            Operator::Plus => number(|l, r| l + r)?,
            Operator::Minus => number(|l, r| l - r)?,
            Operator::Times => number(|l, r| l * r)?,
            Operator::Div => number(|l, r| l / r)?,
            Operator::Mod => number(|l, r| l % r)?,
            Operator::Union => match (first, second) {
                (Value::Nodes(mut all), Value::Nodes(more)) => {
                    all.extend(more);
                    all.sort_unstable();
                    all.dedup();
                    Value::Nodes(all)
                }
                _ => return Err("`|` joins nodes only".to_owned()),
            },
            comparison => Value::Bool(self.compare(comparison, &first, &second)?),
        })
    }

    /// Comparison by the standard's rules: with nodes it holds when it holds for one of them.
    fn compare(&self, operator: Operator, left: &Value, right: &Value) -> Result<bool, String> {
        let document = self.document;
        if let (Value::Nodes(all), Value::Bool(_)) | (Value::Bool(_), Value::Nodes(all)) = (left, right) {
            self.spend(all.len())?;
            return Ok(atomic(operator, &Value::Bool(left.truth()), &Value::Bool(right.truth()), document));
        }
        let (lefts, rights) = (self.spread(left)?, self.spread(right)?);
        for l in &lefts {
            for r in &rights {
                self.spend(size(l).min(size(r)) / COMPARED)?;
                if atomic(operator, l, r, document) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Nodes as their texts, everything else as it is.
    fn spread(&self, value: &Value) -> Result<Vec<Value>, String> {
        let Value::Nodes(nodes) = value else { return Ok(vec![value.clone()]) };
        Ok(self.document.texts(nodes, self.effort)?.into_iter().map(Value::Text).collect())
    }

    fn path(&self, start: &Start, predicates: &[Expr], steps: &[Step], at: Context) -> Result<Vec<Node>, String> {
        let mut nodes = match start {
            Start::Root => vec![0],
            Start::Here => vec![at.node],
            Start::Value(inner) => match self.value(inner, at)? {
                Value::Nodes(nodes) => nodes,
                _ => return Err("only nodes have predicates and steps".to_owned()),
            },
        };
        for predicate in predicates {
            nodes = self.filter(nodes, predicate)?;
        }
        for step in steps {
            nodes = self.step(&nodes, step)?;
        }
        Ok(nodes)
    }

    fn step(&self, from: &[Node], step: &Step) -> Result<Vec<Node>, String> {
        let mut all = Vec::new();
        for node in from {
            let reached = self.axis(*node, step.axis);
            self.spend(reached.len())?;
            let mut kept = Vec::with_capacity(reached.len());
            for node in reached {
                if self.passes(node, step)? {
                    kept.push(node);
                }
            }
            for predicate in &step.predicates {
                kept = self.filter(kept, predicate)?;
            }
            all.extend(kept);
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    fn filter(&self, nodes: Vec<Node>, predicate: &Expr) -> Result<Vec<Node>, String> {
        let size = nodes.len();
        let mut kept = Vec::new();
        for (index, node) in nodes.into_iter().enumerate() {
            let position = index + 1;
            let holds = match self.value(predicate, Context { node, position, size })? {
                Value::Number(wanted) => wanted == position as f64,
                other => other.truth(),
            };
            if holds {
                kept.push(node);
            }
        }
        Ok(kept)
    }

    /// Nodes of an axis, nearest first.
    fn axis(&self, node: Node, axis: Axis) -> Vec<Node> {
        let document = self.document;
        let siblings = |node: Node| {
            let is_attribute = matches!(document.kind(node), Kind::Attribute { .. });
            document.parent(node).filter(|_| !is_attribute).map_or(&[][..], |parent| document.children(parent))
        };
        match axis {
            Axis::Child => document.children(node).to_vec(),
            Axis::Attribute => document.attributes(node).to_vec(),
            Axis::Itself => vec![node],
            Axis::Parent => document.parent(node).into_iter().collect(),
            Axis::Descendant => self.below(node),
            Axis::DescendantOrSelf => std::iter::once(node).chain(self.below(node)).collect(),
            Axis::Ancestor => self.above(node),
            Axis::AncestorOrSelf => std::iter::once(node).chain(self.above(node)).collect(),
            Axis::FollowingSibling => siblings(node).iter().copied().filter(|other| *other > node).collect(),
            Axis::PrecedingSibling => siblings(node).iter().rev().copied().filter(|other| *other < node).collect(),
            Axis::Following => {
                let last = self.below(node).last().copied().unwrap_or(node);
                (last + 1..document.len()).filter(|other| self.in_tree(*other)).collect()
            }
            Axis::Preceding => {
                let above = self.above(node);
                (1..node).rev().filter(|other| self.in_tree(*other) && !above.contains(other)).collect()
            }
        }
    }

    fn in_tree(&self, node: Node) -> bool {
        !matches!(self.document.kind(node), Kind::Attribute { .. })
    }

    fn above(&self, node: Node) -> Vec<Node> {
        std::iter::successors(self.document.parent(node), |node| self.document.parent(*node)).collect()
    }

    fn below(&self, node: Node) -> Vec<Node> {
        let mut found = Vec::new();
        let mut open: Vec<Node> = self.document.children(node).iter().rev().copied().collect();
        while let Some(next) = open.pop() {
            found.push(next);
            open.extend(self.document.children(next).iter().rev());
        }
        found
    }

    fn passes(&self, node: Node, step: &Step) -> Result<bool, String> {
        let kind = self.document.kind(node);
        let named = match kind {
            Kind::Element { name, namespace, .. } if step.axis != Axis::Attribute => Some((name, namespace)),
            Kind::Attribute { name, namespace, .. } => Some((name, namespace)),
            _ => None,
        };
        Ok(match (&step.test, named) {
            (Test::Node, _) => true,
            (Test::Text, _) => matches!(kind, Kind::Text(_)),
            (Test::Comment, _) => matches!(kind, Kind::Comment(_)),
            (Test::Instruction(wanted), _) => match kind {
                Kind::Instruction { target, .. } => wanted.as_ref().is_none_or(|wanted| wanted == target),
                _ => false,
            },
            (Test::Any, named) => named.is_some(),
            (_, None) => false,
            (Test::AnyOf(prefix), Some((_, namespace))) => namespace.as_deref() == Some(self.namespace(prefix)?),
            (Test::Name(wanted), Some((name, namespace))) => {
                let local = name.rsplit(':').next().unwrap_or(name);
                match wanted.split_once(':') {
                    Some((prefix, wanted)) => {
                        let meant = self.namespace(prefix)?;
                        local == wanted && namespace.as_deref() == Some(meant)
                    }
                    None => local == wanted && namespace.is_none(),
                }
            }
        })
    }

    fn namespace(&self, prefix: &str) -> Result<&str, String> {
        self.document
            .namespace_of_prefix(prefix)
            .ok_or_else(|| format!("the document element does not declare the prefix `{prefix}`"))
    }
}

fn size(value: &Value) -> usize {
    if let Value::Text(text) = value { text.len() } else { 0 }
}

fn atomic(operator: Operator, left: &Value, right: &Value, document: &Document) -> bool {
    if matches!(operator, Operator::Equal | Operator::NotEqual) {
        let equal = match (left, right) {
            (Value::Bool(_), _) | (_, Value::Bool(_)) => left.truth() == right.truth(),
            (Value::Number(_), _) | (_, Value::Number(_)) => left.number(document) == right.number(document),
            _ => left.text(document) == right.text(document),
        };
        return equal == (operator == Operator::Equal);
    }
    let number = |value: &Value| match value {
        Value::Text(text) => text_number(text),
        other => other.number(document),
    };
    let (l, r) = (number(left), number(right));
    match operator {
        Operator::Less => l < r,
        Operator::LessOrEqual => l <= r,
        Operator::Greater => l > r,
        _ => l >= r,
    }
}
