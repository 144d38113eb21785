//! A parsed document: nodes in a list, in document order.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::XPathError;

/// Most nodes of a document.
const MAX_NODES: usize = 1_000_000;
/// Deepest nesting of elements.
const MAX_DEPTH: usize = 500;

/// Position of a node; greater positions come later in the document.
pub type Node = usize;

/// A parsed XML document.
#[derive(Debug, Clone)]
pub struct Document {
    nodes: Vec<Data>,
    prefixes: Scope,
}

#[derive(Debug, Clone)]
struct Data {
    parent: Option<Node>,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Root { children: Vec<Node> },
    Element { name: String, namespace: Option<String>, attributes: Vec<Node>, children: Vec<Node> },
    Attribute { name: String, namespace: Option<String>, value: String },
    Text(String),
    Comment(String),
    Instruction { target: String, value: String },
}

/// Names bound to namespaces; inner ones last.
type Scope = Vec<(String, String)>;

struct Builder {
    nodes: Vec<Data>,
    open: Vec<(Node, usize)>,
    scope: Scope,
    prefixes: Scope,
    text: String,
}

impl Document {
    /// Reads a text. Declarations of document types are skipped, so their entities are unknown.
    ///
    /// # Errors
    /// [`XPathError::Xml`]: not well-formed, an unknown entity, or too many or too deep nodes.
    pub fn parse(text: &str) -> Result<Self, XPathError> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let mut reader = Reader::from_str(text);
        let root = Data { parent: None, kind: Kind::Root { children: Vec::new() } };
        let xml = ("xml".to_owned(), "http://www.w3.org/XML/1998/namespace".to_owned());
        let mut builder = Builder {
            nodes: vec![root],
            open: vec![(0, 1)],
            scope: vec![xml],
            prefixes: Vec::new(),
            text: String::new(),
        };
        loop {
            let event = reader.read_event().map_err(|error| {
                let (line, column) = crate::json::place(text, usize::try_from(reader.error_position()).unwrap_or(0));
                XPathError::Xml(format!("line {line}, column {column}: {error}"))
            })?;
            if builder.event(event).map_err(|problem| {
                let (line, column) = crate::json::place(text, usize::try_from(reader.buffer_position()).unwrap_or(0));
                XPathError::Xml(format!("line {line}, column {column}: {problem}"))
            })? {
                break;
            }
        }
        let document = Self { nodes: builder.nodes, prefixes: builder.prefixes };
        let elements = document.children(0).iter().filter(|node| matches!(document.kind(**node), Kind::Element { .. }));
        match elements.count() {
            1 => Ok(document),
            0 => Err(XPathError::Xml("there is no element in it".to_owned())),
            _ => Err(XPathError::Xml("there is more than one element at the top".to_owned())),
        }
    }

    pub(super) fn kind(&self, node: Node) -> &Kind {
        &self.nodes[node].kind
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn parent(&self, node: Node) -> Option<Node> {
        self.nodes[node].parent
    }

    pub(super) fn children(&self, node: Node) -> &[Node] {
        match self.kind(node) {
            Kind::Root { children } | Kind::Element { children, .. } => children,
            _ => &[],
        }
    }

    pub(super) fn attributes(&self, node: Node) -> &[Node] {
        match self.kind(node) {
            Kind::Element { attributes, .. } => attributes,
            _ => &[],
        }
    }

    /// What a prefix means at the document element.
    pub(super) fn namespace_of_prefix(&self, prefix: &str) -> Option<&str> {
        self.prefixes.iter().rev().find(|(known, _)| known == prefix).map(|(_, value)| value.as_str())
    }

    /// Whether the document element declares a namespace for names without prefix.
    pub(crate) fn has_default_namespace(&self) -> bool {
        self.prefixes.iter().any(|(known, value)| known.is_empty() && !value.is_empty())
    }

    /// Text value of a node, as XPath defines it.
    pub fn text(&self, node: Node) -> String {
        match self.kind(node) {
            Kind::Attribute { value, .. } | Kind::Instruction { value, .. } => value.clone(),
            Kind::Text(text) | Kind::Comment(text) => text.clone(),
            Kind::Root { .. } | Kind::Element { .. } => {
                let mut out = String::new();
                let mut open: Vec<Node> = self.children(node).iter().rev().copied().collect();
                while let Some(next) = open.pop() {
                    match self.kind(next) {
                        Kind::Text(text) => out.push_str(text),
                        _ => open.extend(self.children(next).iter().rev()),
                    }
                }
                out
            }
        }
    }
}

impl Builder {
    /// Takes one event; true at the end.
    fn event(&mut self, event: Event<'_>) -> Result<bool, String> {
        match event {
            Event::Text(text) => self.text.push_str(&text.xml_content(XmlVersion::Implicit1_0)),
            Event::CData(text) => self.text.push_str(&text.xml_content(XmlVersion::Implicit1_0)),
            Event::GeneralRef(reference) => self.reference(&reference)?,
            other => {
                self.flush()?;
                match other {
                    Event::Start(start) => self.start(&start)?,
                    Event::Empty(start) => {
                        self.start(&start)?;
                        self.end();
                    }
                    Event::End(_) => self.end(),
                    Event::Comment(text) => self.add(Kind::Comment(text.to_string()))?,
                    Event::PI(instruction) => {
                        let target = instruction.target().to_owned();
                        let value = instruction[target.len()..].trim_start().to_owned();
                        self.add(Kind::Instruction { target, value })?;
                    }
                    Event::Eof if self.open.len() > 1 => return Err("an element is not closed".to_owned()),
                    Event::Eof => return Ok(true),
                    _ => {}
                }
            }
        }
        Ok(false)
    }

    fn reference(&mut self, reference: &quick_xml::events::BytesRef<'_>) -> Result<(), String> {
        if let Some(c) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
            self.text.push(c);
            return Ok(());
        }
        let c = match &**reference {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            other => return Err(format!("the entity &{other}; is not known")),
        };
        self.text.push(c);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() || self.open.len() == 1 {
            return if text.trim().is_empty() { Ok(()) } else { Err("text outside of the element".to_owned()) };
        }
        self.add(Kind::Text(text))
    }

    fn push(&mut self, kind: Kind) -> Result<Node, String> {
        if self.nodes.len() >= MAX_NODES {
            return Err(format!("more than {MAX_NODES} nodes"));
        }
        let parent = self.open.last().map(|(node, _)| *node);
        self.nodes.push(Data { parent, kind });
        Ok(self.nodes.len() - 1)
    }

    fn add(&mut self, kind: Kind) -> Result<(), String> {
        let node = self.push(kind)?;
        if let Some((parent, _)) = self.open.last()
            && let Kind::Root { children } | Kind::Element { children, .. } = &mut self.nodes[*parent].kind
        {
            children.push(node);
        }
        Ok(())
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        if self.open.len() > MAX_DEPTH {
            return Err(format!("elements are nested deeper than {MAX_DEPTH} levels"));
        }
        let outer = self.scope.len();
        let mut plain = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            let name = attribute.key.into_inner().to_owned();
            if name == "xmlns" {
                self.scope.push((String::new(), value.into_owned()));
            } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                self.scope.push((prefix.to_owned(), value.into_owned()));
            } else {
                plain.push((name, value.into_owned()));
            }
        }
        if self.open.len() == 1 {
            self.prefixes = self.scope.clone();
        }
        let name = start.name().into_inner().to_owned();
        let namespace = self.namespace(&name, true)?;
        self.add(Kind::Element { name, namespace, attributes: Vec::new(), children: Vec::new() })?;
        let element = self.nodes.len() - 1;
        self.open.push((element, outer));
        for (name, value) in plain {
            let namespace = self.namespace(&name, false)?;
            let node = self.push(Kind::Attribute { name, namespace, value })?;
            if let Kind::Element { attributes, .. } = &mut self.nodes[element].kind {
                attributes.push(node);
            }
        }
        Ok(())
    }

    /// Namespace of a name; names of attributes without prefix have none.
    fn namespace(&self, name: &str, default: bool) -> Result<Option<String>, String> {
        let prefix = match name.split_once(':') {
            Some((prefix, _)) => prefix,
            None if default => "",
            None => return Ok(None),
        };
        let bound = self.scope.iter().rev().find(|(known, _)| known == prefix).map(|(_, value)| value.clone());
        match bound {
            None if !prefix.is_empty() => Err(format!("the prefix `{prefix}` is not declared")),
            bound => Ok(bound.filter(|value| !value.is_empty())),
        }
    }

    fn end(&mut self) {
        if self.open.len() > 1
            && let Some((_, outer)) = self.open.pop()
        {
            self.scope.truncate(outer);
        }
    }
}
