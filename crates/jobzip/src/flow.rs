//! The flow graph of a job, from the design files in its archive: which component each link leaves and reaches
//! (`recorded`). It gives the names to the numbers of the statistics, which speak of links only.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::item::{ItemProblem, attribute, walk};
use crate::manifest::Manifest;

/// Most design files that are read; the main job and its child jobs.
const ITEMS: usize = 300;
/// Largest design file that is read, in bytes.
const ITEM_BYTES: u64 = 16 << 20;
/// Most bytes of all design files together.
const TOTAL_BYTES: u64 = 64 << 20;
/// Deepest folder below `items/`.
const DEPTH: usize = 12;
/// Most components, and most links, of one job.
const PARTS: usize = 10_000;
/// Stands in a label for the id of its component.
const OWN_NAME: &str = "__UNIQUE_NAME__";

/// One component of a design.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// Kind, for example `tRowGenerator`.
    pub kind: String,
    /// What the designer calls it; its id when nothing else was written.
    pub label: String,
}

/// One link of a design.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Kind of the link, for example `FLOW`, `REJECT` or `SUBJOB_OK`.
    pub connector: String,
    /// How it is drawn: 0 main, 8 lookup, 10 merge; others are no data.
    pub style: i64,
    /// Id of the component it leaves.
    pub source: String,
    /// Id of the component it reaches.
    pub target: String,
}

impl Link {
    /// Whether rows flow over it: main, lookup and merge links (`recorded`).
    #[must_use]
    pub fn carries_rows(&self) -> bool {
        matches!(self.style, 0 | 8 | 10)
    }

    /// Whether its rows are those that a component turned away.
    #[must_use]
    pub fn rejects(&self) -> bool {
        self.connector == "REJECT"
    }
}

/// The design of one job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Components by their id, for example `tRowGenerator_1`.
    pub components: BTreeMap<String, Component>,
    /// Links by the name that the statistics use, for example `row1`.
    pub links: BTreeMap<String, Link>,
}

/// The designs in an unpacked archive by the name of the job, without its version. Broken and too large files are left
/// out: numbers without names are better than none.
///
/// # Errors
/// The disk's error while listing folders or reading a file.
pub fn flows(manifest: &Manifest, content: &Path) -> io::Result<BTreeMap<String, Flow>> {
    let mut files = Vec::new();
    listed(&content.join(&manifest.launch.working_dir).join("items"), 0, &mut files)?;
    files.sort();
    let (mut found, mut total) = (BTreeMap::new(), 0);
    for path in files {
        let size = fs::metadata(&path)?.len();
        total += size;
        if size > ITEM_BYTES || total > TOTAL_BYTES {
            continue;
        }
        let Some(job) = path.file_stem().and_then(|stem| stem.to_str()).map(job_name) else { continue };
        if let Ok(flow) = parse(&fs::read(&path)?) {
            found.insert(job.to_owned(), flow);
        }
    }
    Ok(found)
}

/// `LoadOrders` of `LoadOrders_0.1`.
fn job_name(stem: &str) -> &str {
    stem.rsplit_once('_').map_or(stem, |(name, _)| name)
}

fn listed(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        if kind.is_dir() && depth < DEPTH {
            listed(&path, depth + 1, files)?;
        } else if kind.is_file() && path.extension().is_some_and(|end| end == "item") && files.len() < ITEMS {
            files.push(path);
        }
    }
    Ok(())
}

/// What an `elementParameter` belongs to.
enum Within {
    Nothing,
    Node { kind: String, id: String, label: String },
    Link { name: String, link: Link },
}

impl Within {
    /// Puts what is complete into the flow.
    fn close(self, flow: &mut Flow) {
        match self {
            Within::Node { kind, id, label } if !id.is_empty() && flow.components.len() < PARTS => {
                let label = if label.is_empty() { id.clone() } else { label.replace(OWN_NAME, &id) };
                flow.components.insert(id, Component { kind, label });
            }
            Within::Link { name, link } if !name.is_empty() && flow.links.len() < PARTS => {
                flow.links.insert(name, link);
            }
            _ => {}
        }
    }

    /// Takes one `elementParameter`.
    fn parameter(&mut self, name: &str, value: String) {
        match (self, name) {
            (Within::Node { id, .. }, "UNIQUE_NAME") => *id = value,
            (Within::Node { label, .. }, "LABEL") => *label = value,
            (Within::Link { name, .. }, "UNIQUE_NAME") if !value.is_empty() => *name = value,
            _ => {}
        }
    }
}

fn parse(text: &[u8]) -> Result<Flow, ItemProblem> {
    let (mut flow, mut within) = (Flow::default(), Within::Nothing);
    walk(text, &mut |depth, element| {
        let text = |name: &str| attribute(element, name).map(Option::unwrap_or_default);
        match (depth, element.local_name().as_ref()) {
            (2, name) => {
                let next = match name {
                    "node" => Within::Node { kind: text("componentName")?, id: String::new(), label: String::new() },
                    "connection" => {
                        let link = Link {
                            connector: text("connectorName")?,
                            style: text("lineStyle")?.parse().unwrap_or(-1),
                            source: text("source")?,
                            target: text("target")?,
                        };
                        Within::Link { name: text("label")?, link }
                    }
                    _ => Within::Nothing,
                };
                std::mem::replace(&mut within, next).close(&mut flow);
            }
            (3, "elementParameter") => within.parameter(&text("name")?, text("value")?),
            _ => {}
        }
        Ok(())
    })?;
    within.close(&mut flow);
    Ok(flow)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = r#"<talendfile:ProcessType xmlns:talendfile="x" defaultContext="Default">
  <node componentName="tRowGenerator"><elementParameter name="UNIQUE_NAME" value="tRowGenerator_1"/>
    <elementParameter name="LABEL" value="Make &lt;__UNIQUE_NAME__&gt;"/><elementParameter name="x"><elementValue/></elementParameter></node>
  <node componentName="tLogRow"><elementParameter name="UNIQUE_NAME" value="tLogRow_1"/></node>
  <connection connectorName="REJECT" label="bad rows" lineStyle="0" source="tRowGenerator_1" target="tLogRow_1">
    <elementParameter name="UNIQUE_NAME" value="row1"/></connection>
  <connection connectorName="SUBJOB_OK" label="OnSubjobOk1" lineStyle="1" source="tRowGenerator_1" target="tLogRow_1"/>
</talendfile:ProcessType>"#;

    #[test]
    fn components_and_links_are_read() {
        let flow = parse(ITEM.as_bytes()).unwrap();
        assert_eq!(flow.components["tRowGenerator_1"].label, "Make <tRowGenerator_1>");
        assert_eq!(flow.components["tLogRow_1"], Component { kind: "tLogRow".into(), label: "tLogRow_1".into() });
        let row = &flow.links["row1"];
        assert_eq!((row.source.as_str(), row.target.as_str()), ("tRowGenerator_1", "tLogRow_1"));
        assert!(row.carries_rows() && row.rejects());
        assert!(!flow.links["OnSubjobOk1"].carries_rows());
        assert!(parse(b"<a><b>").is_err());
    }

    #[test]
    fn the_version_is_no_part_of_the_name() {
        assert_eq!(job_name("Load_Orders_0.12"), "Load_Orders");
        assert_eq!(job_name("x"), "x");
    }
}
