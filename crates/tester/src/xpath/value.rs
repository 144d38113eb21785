//! Values of a path, and how they become texts, numbers and booleans.

use super::document::{Document, Kind, Node};
use crate::effort::Effort;

/// Most bytes of the texts of several nodes: each holds those of all that is below it.
const MAX_BYTES: usize = 64 << 20;

/// What a path yields.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nodes in document order.
    Nodes(Vec<Node>),
    /// Text.
    Text(String),
    /// Number; may be not a number.
    Number(f64),
    /// Truth.
    Bool(bool),
}

impl Value {
    /// As text: of nodes the text of the first.
    pub fn text(&self, document: &Document) -> String {
        match self {
            Self::Nodes(nodes) => nodes.first().map_or_else(String::new, |node| document.text(*node)),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number_text(*number),
            Self::Bool(value) => value.to_string(),
        }
    }

    /// As the expression function prints it: nodes as `[…]`, everything else as text (`doc`).
    ///
    /// # Errors
    /// A text that says what is too much.
    pub fn print(&self, document: &Document, effort: &Effort<'_>) -> Result<String, String> {
        match self {
            Self::Nodes(nodes) => {
                let printed = together(nodes, effort, |node| document.print(node))?;
                Ok(format!("[{}]", printed.join(", ")))
            }
            other => Ok(other.text(document)),
        }
    }

    /// As number; nodes as the texts that they are already.
    pub(super) fn number(&self, document: &Document) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Bool(value) => f64::from(u8::from(*value)),
            other => text_number(&other.text(document)),
        }
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Nodes(nodes) => !nodes.is_empty(),
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Bool(value) => *value,
        }
    }
}

/// `NaN`, `Infinity`, and no exponent.
fn number_text(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if number == 0.0 { "0".to_owned() } else { number.to_string() }
}

/// Digits with an optional sign and fraction; everything else is not a number.
pub(super) fn text_number(text: &str) -> f64 {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let plain = text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
    if plain { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

fn escape(text: &str, out: &mut String, quoted: bool) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' if quoted => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
}

/// A text for each node.
fn together(nodes: &[Node], effort: &Effort<'_>, text: impl Fn(Node) -> String) -> Result<Vec<String>, String> {
    let (mut all, mut bytes) = (Vec::with_capacity(nodes.len()), 0);
    for node in nodes {
        let text = text(*node);
        bytes += text.len();
        effort.read(text.len() + 1).map_err(|halt| halt.to_string())?;
        if bytes > MAX_BYTES {
            return Err(format!("the nodes that are selected have more than {} MiB of text together", MAX_BYTES >> 20));
        }
        all.push(text);
    }
    Ok(all)
}

impl Document {
    /// The texts of several nodes, as XPath defines them.
    ///
    /// # Errors
    /// A text that says what is too much.
    pub fn texts(&self, nodes: &[Node], effort: &Effort<'_>) -> Result<Vec<String>, String> {
        together(nodes, effort, |node| self.text(node))
    }

    /// A node as XML; of an attribute `name="value"`. Declarations of namespaces are not repeated.
    pub fn print(&self, node: Node) -> String {
        let mut out = String::new();
        self.print_into(node, &mut out);
        out
    }

    fn print_into(&self, node: Node, out: &mut String) {
        match self.kind(node) {
            Kind::Attribute { name, value, .. } => {
                out.push_str(name);
                out.push_str("=\"");
                escape(value, out, true);
                out.push('"');
            }
            Kind::Text(text) => escape(text, out, false),
            Kind::Comment(text) => out.push_str(&format!("<!--{text}-->")),
            Kind::Instruction { target, value } => out.push_str(&format!("<?{target} {value}?>")),
            Kind::Root { children } => children.iter().for_each(|child| self.print_into(*child, out)),
            Kind::Element { name, attributes, children, .. } => {
                out.push('<');
                out.push_str(name);
                for attribute in attributes {
                    out.push(' ');
                    self.print_into(*attribute, out);
                }
                if children.is_empty() {
                    out.push_str("/>");
                    return;
                }
                out.push('>');
                children.iter().for_each(|child| self.print_into(*child, out));
                out.push_str(&format!("</{name}>"));
            }
        }
    }
}
