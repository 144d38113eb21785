//! Design files that may lie inside an archive: contexts, types and comments (`recorded`).

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// Deepest nesting that is read; designs seen so far stay below ten.
const MAX_DEPTH: usize = 64;

/// What an item tells about contexts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) default_context: Option<String>,
    pub(crate) contexts: Vec<ItemContext>,
}

/// One `context` element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ItemContext {
    pub(crate) name: String,
    pub(crate) parameters: Vec<ItemParameter>,
}

/// One `contextParameter` element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ItemParameter {
    pub(crate) name: String,
    pub(crate) type_name: String,
    pub(crate) value: String,
    pub(crate) comment: Option<String>,
    pub(crate) prompt_needed: bool,
}

/// Why a design file is not used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ItemProblem {
    /// No builder writes such a file: refuse the archive.
    Hostile(&'static str),
    /// Not well-formed: go on without it.
    Broken(String),
}

/// Reads a `.item` file.
pub(crate) fn parse_item(text: &[u8]) -> Result<Item, ItemProblem> {
    let mut item = Item::default();
    walk(text, &mut |depth, element| {
        match (depth, element.local_name().as_ref()) {
            (1, _) => item.default_context = attribute(element, "defaultContext")?,
            (2, "context") => {
                let name = attribute(element, "name")?.unwrap_or_default();
                item.contexts.push(ItemContext { name, parameters: Vec::new() });
            }
            (3, "contextParameter") => {
                let parameter = ItemParameter {
                    name: attribute(element, "name")?.unwrap_or_default(),
                    type_name: attribute(element, "type")?.unwrap_or_default().trim_start_matches("id_").to_owned(),
                    value: attribute(element, "value")?.unwrap_or_default(),
                    comment: attribute(element, "comment")?.filter(|comment| !comment.is_empty()),
                    prompt_needed: attribute(element, "promptNeeded")?.as_deref() == Some("true"),
                };
                if let Some(context) = item.contexts.last_mut()
                    && !parameter.name.is_empty()
                {
                    context.parameters.push(parameter);
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(item)
}

/// Reads purpose and description from the `.properties` file beside an item, which is XML in spite of its name.
pub(crate) fn parse_item_properties(text: &[u8]) -> Result<(Option<String>, Option<String>), ItemProblem> {
    let mut found = (None, None);
    walk(text, &mut |_, element| {
        if element.local_name().as_ref() == "Property" {
            found.0 = attribute(element, "purpose")?.filter(|text| !text.is_empty());
            found.1 = attribute(element, "description")?.filter(|text| !text.is_empty());
        }
        Ok(())
    })?;
    Ok(found)
}

pub(crate) type Visit<'v> = dyn FnMut(usize, &BytesStart<'_>) -> Result<(), ItemProblem> + 'v;

/// Calls `visit` with each element and its depth, the root being 1.
pub(crate) fn walk(text: &[u8], visit: &mut Visit<'_>) -> Result<(), ItemProblem> {
    let text = std::str::from_utf8(text).map_err(|_| ItemProblem::Broken("is not valid UTF-8".into()))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut depth = 0;
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(ItemProblem::Hostile("nests its elements too deeply"));
                }
                visit(depth, &element)?;
            }
            Ok(Event::Empty(element)) => visit(depth + 1, &element)?,
            Ok(Event::End(_)) => depth -= 1,
            // Own entities are the way to make a small text explode, and no design declares any.
            Ok(Event::DocType(_)) => return Err(ItemProblem::Hostile("declares a document type")),
            Ok(Event::Eof) if depth > 0 => return Err(ItemProblem::Broken("ends too early".into())),
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(ItemProblem::Broken(format!("is not well-formed: {error}"))),
        }
    }
}

pub(crate) fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, ItemProblem> {
    let broken = |error: &dyn std::fmt::Display| ItemProblem::Broken(format!("is not well-formed: {error}"));
    let found = element.try_get_attribute(name).map_err(|error| broken(&error))?;
    found
        .map(|attribute| attribute.normalized_value(XmlVersion::Implicit1_0).map(std::borrow::Cow::into_owned))
        .transpose()
        .map_err(|error| broken(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<talendfile:ProcessType xmi:version="2.0" xmlns:xmi="http://www.omg.org/XMI"
  xmlns:talendfile="platform:/resource/org.talend.model/model/TalendFile.xsd" defaultContext="Default" jobType="Standard">
  <context confirmationNeeded="false" name="Default">
    <contextParameter comment="how &lt;many&gt; r&#xe9;" name="rows" prompt="rows?" promptNeeded="true" type="id_Integer" value="100"/>
    <contextParameter name="secret" type="id_Password" value="enc:x"></contextParameter>
  </context>
  <context name="Prod"/>
  <node componentName="tRowGenerator"><elementParameter name="context" value="x"/></node>
</talendfile:ProcessType>"#;

    #[test]
    fn contexts_types_and_comments_are_read() {
        let item = parse_item(ITEM.as_bytes()).unwrap();
        assert_eq!(item.default_context.as_deref(), Some("Default"));
        assert_eq!(item.contexts.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["Default", "Prod"]);
        let rows = &item.contexts[0].parameters[0];
        assert_eq!((rows.type_name.as_str(), rows.value.as_str(), rows.prompt_needed), ("Integer", "100", true));
        assert_eq!(rows.comment.as_deref(), Some("how <many> ré"));
        assert_eq!(item.contexts[0].parameters[1].type_name, "Password");
    }

    #[test]
    fn deep_nesting_and_entities_are_hostile() {
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        assert!(matches!(parse_item(deep.as_bytes()), Err(ItemProblem::Hostile(_))));
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x defaultContext="&b;"/>"#;
        assert!(matches!(parse_item(bomb.as_bytes()), Err(ItemProblem::Hostile(_))));
    }

    #[test]
    fn broken_files_are_not_fatal() {
        for text in [&b"<a><b></a>"[..], b"<a", b"<a>", b"\xff\xfe<", b"<a defaultContext='&unknown;'/>"] {
            assert!(matches!(parse_item(text), Err(ItemProblem::Broken(_))), "{text:?}");
        }
    }

    #[test]
    fn purpose_and_description() {
        let text =
            r#"<xmi:XMI><TalendProperties:Property purpose="demo" description="a &quot;b&quot;" label="x"/></xmi:XMI>"#;
        let expected = (Some("demo".to_owned()), Some("a \"b\"".to_owned()));
        assert_eq!(parse_item_properties(text.as_bytes()), Ok(expected));
    }
}
