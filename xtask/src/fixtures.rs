//! Builds the test jobs of `fixtures/jobs` into archives with the layout that a Studio gives them.
//!
//! The Java sources are compiled with `javac --release 8`, so that every Java from 8 on runs them. The archives are
//! deterministic: sorted entries, one fixed time, no execute bits (real archives lose them too). `doc`, `recorded`

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Lower-case form of the project label that the templates carry; all packages start with it.
const PACKAGE: &str = "demo";
const BUILDER: &str = "8.0.1.20260131_0815-fixtures";

/// Files by their name inside an archive or below a folder; a name that ends with `/` is a folder entry.
type Tree = BTreeMap<String, Vec<u8>>;

/// Makes all archives in `out` from the sources under `workspace_root` and returns their paths in name order.
///
/// Does nothing but return the paths when sources, this builder and the archives are what the last call left there.
/// Needs `javac` 11 or later on the path; fails with its messages when the sources do not compile.
pub(crate) fn build(out: &Path, workspace_root: &Path) -> Result<Vec<PathBuf>> {
    let jobs = workspace_root.join("fixtures/jobs");
    let sources = read_sources(&jobs)?;
    let mut stamp = String::new();
    writeln!(stamp, "{:016x} sources", digest(&sources))?;
    let stamp_file = out.join(".stamp");
    if let Some(paths) = unchanged(out, &stamp_file, &stamp) {
        return Ok(paths);
    }
    fs::create_dir_all(out).with_context(|| format!("create the folder {}", out.display()))?;
    let classes = compile(out, &jobs, &sources)?;
    let mut paths = Vec::new();
    for (name, tree) in all_archives(&sources, &classes)? {
        let bytes = zip_bytes(&tree).with_context(|| format!("zip {name}"))?;
        writeln!(stamp, "{:016x} {name}", digest(&bytes))?;
        let path = out.join(&name);
        replace_file(&path, &bytes)?;
        paths.push(path);
    }
    replace_file(&stamp_file, stamp.as_bytes())?;
    Ok(paths)
}

/// The archives of the last build when its stamp begins with `head` and every archive has the bytes it names.
fn unchanged(out: &Path, stamp_file: &Path, head: &str) -> Option<Vec<PathBuf>> {
    let stamp = fs::read_to_string(stamp_file).ok()?;
    let lines = stamp.strip_prefix(head)?;
    lines
        .lines()
        .map(|line| {
            let (hash, name) = line.split_once(' ')?;
            let path = out.join(name);
            let bytes = fs::read(&path).ok()?;
            (format!("{:016x}", digest(&bytes)) == hash).then_some(path)
        })
        .collect()
}

/// Everything that decides what is in the archives: the sources and this file.
fn read_sources(jobs: &Path) -> Result<Tree> {
    let mut sources = Tree::new();
    for folder in ["java", "jar", "scripts", "shared"] {
        for (name, bytes) in read_tree(&jobs.join(folder))? {
            sources.insert(format!("{folder}/{name}"), bytes);
        }
    }
    sources.insert("builder".into(), include_bytes!("fixtures.rs").to_vec());
    Ok(sources)
}

fn read_tree(folder: &Path) -> Result<Tree> {
    let mut tree = Tree::new();
    let mut open = vec![(String::new(), folder.to_path_buf())];
    while let Some((prefix, folder)) = open.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("list the folder {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.with_context(|| format!("{} has a name that is no UTF-8; rename it", path.display()))?;
            if path.is_dir() {
                open.push((format!("{prefix}{name}/"), path));
            } else {
                let bytes = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
                tree.insert(format!("{prefix}{name}"), bytes);
            }
        }
    }
    Ok(tree)
}

/// A quick content hash; it only has to be stable between two calls of one builder.
fn digest(content: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

/// Writes beside the target and renames, so that nobody ever reads half a file.
fn replace_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
    let temporary = path.with_file_name(format!(".{name}.{}", std::process::id()));
    fs::write(&temporary, bytes).with_context(|| format!("write {}", temporary.display()))?;
    fs::rename(&temporary, path).with_context(|| format!("move {} into place", path.display()))
}

/// Compiles all sources at once and returns the class files by their path below the class root.
fn compile(out: &Path, jobs: &Path, sources: &Tree) -> Result<Tree> {
    let classes = out.join(format!(".classes.{}", std::process::id()));
    fs::create_dir_all(&classes).with_context(|| format!("create {}", classes.display()))?;
    let compiled = run_javac(&classes, jobs, sources).and_then(|()| read_tree(&classes));
    fs::remove_dir_all(&classes).with_context(|| format!("remove {}", classes.display()))?;
    compiled
}

fn run_javac(classes: &Path, jobs: &Path, sources: &Tree) -> Result<()> {
    let output = Command::new("javac")
        // Names of classes and files hold accents; without a UTF-8 locale Java writes question marks.
        .env("LC_ALL", "C.UTF-8")
        .args(["--release", "8", "-encoding", "UTF-8", "-proc:none", "-Xlint:-options", "-d"])
        .arg(classes)
        .args(sources.keys().filter(|name| name.ends_with(".java")).map(|name| jobs.join(name)))
        .output()
        .context("start javac to compile the test jobs; install a JDK, version 11 or later")?;
    ensure!(output.status.success(), "compile the test jobs: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    Ok(())
}

/// One job as its JSON file describes it.
struct Job {
    name: String,
    version: String,
    archive: String,
    about: Value,
    children: Vec<Job>,
}

impl Job {
    fn read(sources: &Tree, folder: &str, name: &str) -> Result<Self> {
        let path = format!("java/{folder}/{name}.json");
        let bytes = sources.get(&path).with_context(|| format!("read {path}: each job needs one; write it"))?;
        let about: Value = serde_json::from_slice(bytes).with_context(|| format!("read {path} as JSON"))?;
        let version = text(&about, "version")?.to_owned();
        let archive = about["archive"].as_str().map_or_else(|| format!("{name}_{version}.zip"), str::to_owned);
        let children = list(&about, "children").iter().filter_map(Value::as_str);
        let children = children.map(|child| Self::read(sources, folder, child)).collect::<Result<_>>()?;
        ensure!(text(&about, "name")? == name, "read {path}: its name differs from the file's; make them equal");
        Ok(Self { name: name.to_owned(), version, archive, about, children })
    }

    /// Name of the jar without ending, also the last part of the package: `helloworld_0_1`.
    fn stem(&self) -> String {
        format!("{}_{}", self.name.to_lowercase(), self.version.replace('.', "_"))
    }

    fn jvm_args(&self) -> Vec<&str> {
        list(&self.about, "jvmArgs").iter().filter_map(Value::as_str).collect()
    }

    fn text(&self, key: &str) -> &str {
        self.about[key].as_str().unwrap_or_default()
    }

    fn new_build(&self) -> bool {
        self.about["newBuild"].as_bool().unwrap_or(true)
    }

    fn log_config(&self) -> &'static str {
        if self.new_build() { "log4j2.xml" } else { "log4j.xml" }
    }

    fn contexts(&self) -> impl Iterator<Item = (usize, &str)> {
        list(&self.about, "contexts").iter().filter_map(Value::as_str).enumerate()
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key].as_str().with_context(|| format!("read the text \"{key}\" of {value}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// Every archive by its file name.
fn all_archives(sources: &Tree, classes: &Tree) -> Result<BTreeMap<String, Tree>> {
    let mut archives = BTreeMap::new();
    let folders: Vec<&str> = sources
        .keys()
        .filter_map(|name| {
            let (folder, file) = name.strip_prefix("java/")?.split_once('/')?;
            (file.strip_suffix(".json") == Some(folder)).then_some(folder)
        })
        .collect();
    ensure!(!folders.is_empty(), "find the test jobs: there is none; check the workspace root");
    for folder in folders {
        let job = Job::read(sources, folder, folder)?;
        archives.insert(job.archive.clone(), job_tree(&job, sources, classes, &[])?);
    }
    for (name, bytes) in sources {
        if let Some((archive, file)) = name.strip_prefix("scripts/").and_then(|name| name.split_once('/')) {
            archives.entry(format!("{archive}.zip")).or_insert_with(Tree::new).insert(file.to_owned(), bytes.clone());
        }
    }
    let jar = jar_bytes(below(classes, "demo/jarhello/"), Some("demo.jarhello.JarHello"))?;
    archives.insert("jar-hello.zip".into(), Tree::from([("jar-hello.jar".into(), jar)]));
    add_variants(&mut archives, sources, classes)?;
    Ok(archives)
}

/// Archives of HelloWorld that lack something or were packed by hand.
fn add_variants(archives: &mut BTreeMap<String, Tree>, sources: &Tree, classes: &Tree) -> Result<()> {
    let hello = Job::read(sources, "HelloWorld", "HelloWorld")?;
    let tree = job_tree(&hello, sources, classes, &[])?;
    let missing = job_tree(&hello, sources, classes, &["vanished-1.2.3.jar", "also-vanished.jar"])?;
    archives.insert("missing-jar.zip".into(), missing);
    let mut no_items = tree.clone();
    no_items.retain(|name, _| !name.contains("/items/"));
    archives.insert("no-items.zip".into(), no_items);
    // What a person gets who unpacks an archive and zips the folder: one more level, folder entries.
    let mut repacked = Tree::new();
    for (name, bytes) in tree {
        let name = format!("HelloWorld_0.1/{name}");
        for (at, _) in name.match_indices('/') {
            repacked.insert(name[..=at].to_owned(), Vec::new());
        }
        repacked.insert(name, bytes);
    }
    archives.insert("repacked-base-dir.zip".into(), repacked);
    Ok(())
}

/// The files of a job archive; `absent_jars` are named by the launchers but are not there.
fn job_tree(job: &Job, sources: &Tree, classes: &Tree, absent_jars: &[&str]) -> Result<Tree> {
    let name = &job.name;
    let mut tree = Tree::new();
    tree.insert("jobInfo.properties".into(), job_info(job, sources)?.into_bytes());
    tree.insert("lib/routines.jar".into(), jar_bytes(below(classes, "stoker/"), None)?);
    for (ending, content) in launchers(job, sources, absent_jars)? {
        tree.insert(format!("{name}/{name}_run.{ending}"), content.into_bytes());
    }
    let log_config = sources.get(&format!("shared/{}", job.log_config())).context("read the log configuration")?;
    tree.insert(format!("{name}/{}", job.log_config()), log_config.clone());
    let items = format!("{name}/items/{PACKAGE}");
    tree.insert(format!("{items}/talend.project"), template(sources, "talend.project", &[])?.into_bytes());
    for part in std::iter::once(job).chain(&job.children) {
        let stem = part.stem();
        let package = format!("{PACKAGE}/{stem}/");
        let mut inside = below(classes, &package);
        ensure!(!inside.is_empty(), "pack {}: no class in package {package}; check its package line", part.name);
        for (index, context) in part.contexts() {
            let path = format!("{package}contexts/{context}.properties");
            let bytes = context_file(part, index)?.into_bytes();
            tree.insert(format!("{name}/{path}"), bytes.clone());
            inside.insert(path, bytes);
        }
        inside.insert(job.log_config().into(), log_config.clone());
        tree.insert(format!("{name}/{stem}.jar"), jar_bytes(inside, None)?);
        let item = format!("{items}/process/{}_{}", part.name, part.version);
        tree.insert(format!("{item}.item"), item_xml(part, sources)?.into_bytes());
        tree.insert(format!("{item}.properties"), item_properties(part, sources)?.into_bytes());
    }
    Ok(tree)
}

fn below(tree: &Tree, prefix: &str) -> Tree {
    tree.iter()
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(name, bytes)| (name.clone(), bytes.clone()))
        .collect()
}

/// `jobInfo.properties`; older builds lack the newer keys and end without a newline. `recorded`
fn job_info(job: &Job, sources: &Tree) -> Result<String> {
    let values = [
        ("job", escape_property(&job.name)),
        ("id", job.text("id").to_owned()),
        ("version", job.version.clone()),
        ("opens", job.jvm_args().iter().any(|arg| arg.starts_with("--add-opens")).to_string()),
        ("builder", BUILDER.to_owned()),
    ];
    template(sources, if job.new_build() { "jobInfo.properties" } else { "jobInfo-old.properties" }, &values)
}

/// Shell, batch and PowerShell launchers with the class path of the format: `.` first, an empty entry last. `recorded`
fn launchers(job: &Job, sources: &Tree, absent_jars: &[&str]) -> Result<Vec<(&'static str, String)>> {
    let args = job.jvm_args();
    let libs = || std::iter::once("routines.jar").chain(absent_jars.iter().copied());
    let jars = || std::iter::once(job).chain(&job.children).map(|part| format!("{}.jar", part.stem()));

    let mut unix = vec![".".to_owned(), "$ROOT_PATH".to_owned()];
    unix.extend(
        libs().map(|lib| format!("$ROOT_PATH/../lib/{lib}")).chain(jars().map(|jar| format!("$ROOT_PATH/{jar}"))),
    );
    let mut windows = vec![".".to_owned()];
    windows.extend(libs().map(|lib| format!("../lib/{lib}")).chain(jars()));
    let values = [
        ("args", args.join(" ")),
        ("quoted", args.iter().map(|arg| format!("'{arg}'")).collect::<Vec<_>>().join(" ")),
        ("unix", unix.join(":")),
        ("windows", windows.join(";")),
        ("main", format!("{PACKAGE}.{}.{}", job.stem(), job.name)),
    ];
    ["sh", "bat", "ps1"]
        .into_iter()
        .map(|ending| Ok((ending, template(sources, &format!("run.{ending}"), &values)?)))
        .collect()
}

/// A text of `shared/templates` with its `@name@` places filled.
fn template(sources: &Tree, name: &str, values: &[(&str, String)]) -> Result<String> {
    let bytes =
        sources.get(&format!("shared/templates/{name}")).with_context(|| format!("find the template {name}"))?;
    let template = std::str::from_utf8(bytes).with_context(|| format!("read the template {name} as UTF-8"))?;
    let filled = values.iter().fold(template.to_owned(), |text, (key, value)| text.replace(&format!("@{key}@"), value));
    Ok(filled)
}

/// The defaults of one context as the job loads them. `recorded`
fn context_file(job: &Job, index: usize) -> Result<String> {
    let mut out = String::from("#this is context properties\n#Sat Jan 31 08:15:00 UTC 2026\n");
    for parameter in list(&job.about, "parameters") {
        writeln!(out, "{}={}", text(parameter, "name")?, escape_property(value_in(parameter, index)))?;
    }
    Ok(out)
}

fn value_in(parameter: &Value, index: usize) -> &str {
    parameter["values"][index].as_str().unwrap_or_default()
}

/// A value in the text form of Java properties: Latin letters only, the rest as escapes.
fn escape_property(value: &str) -> String {
    let mut out = String::new();
    for (at, sign) in value.char_indices() {
        match sign {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' ' if at == 0 => out.push_str("\\ "),
            '\\' | ':' | '=' | '#' | '!' => out.extend(['\\', sign]),
            ' '..='~' => out.push(sign),
            _ => out.extend(sign.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    out
}

/// The design of the job: contexts with types and comments, components and their links. `recorded`
fn item_xml(job: &Job, sources: &Tree) -> Result<String> {
    let mut contexts = String::new();
    for (index, context) in job.contexts() {
        writeln!(contexts, "  <context confirmationNeeded=\"false\" name=\"{}\">", xml(context))?;
        for parameter in list(&job.about, "parameters") {
            contexts.push_str(&context_parameter(parameter, index)?);
        }
        contexts.push_str("  </context>\n");
    }
    let values = [("contexts", contexts), ("nodes", nodes_xml(job)?), ("links", links_xml(job)?)];
    template(sources, "process.item", &values)
}

fn nodes_xml(job: &Job) -> Result<String> {
    let mut out = String::new();
    let links = list(&job.about, "connections");
    for (index, node) in list(&job.about, "nodes").iter().enumerate() {
        let id = text(node, "id")?;
        let component = id.rsplit_once('_').map_or(id, |(component, _)| component);
        let x = 128 * (index + 1);
        writeln!(out, "  <node componentName=\"{component}\" componentVersion=\"0.102\" posX=\"{x}\" posY=\"128\">")?;
        out.push_str(&element("UNIQUE_NAME", id, false));
        out.push_str(&element("LABEL", text(node, "label")?, true));
        let used = links.iter().filter(|link| link["source"] == id).filter_map(|link| link["connector"].as_str());
        for connector in used.filter(|connector| !connector.starts_with("SUBJOB")) {
            writeln!(out, "    <metadata connector=\"{connector}\" name=\"{id}\"/>")?;
        }
        out.push_str("  </node>\n");
    }
    Ok(out)
}

fn links_xml(job: &Job) -> Result<String> {
    let mut out = String::new();
    for link in list(&job.about, "connections") {
        let (name, connector, style) = (text(link, "name")?, text(link, "connector")?, &link["lineStyle"]);
        let (source, target) = (text(link, "source")?, text(link, "target")?);
        writeln!(
            out,
            "  <connection connectorName=\"{connector}\" label=\"{name}\" lineStyle=\"{style}\" \
             metaname=\"{source}\" source=\"{source}\" target=\"{target}\">"
        )?;
        out.push_str(&element("UNIQUE_NAME", name, false));
        out.push_str("  </connection>\n");
    }
    Ok(out)
}

fn context_parameter(parameter: &Value, index: usize) -> Result<String> {
    let (name, kind) = (text(parameter, "name")?, text(parameter, "type")?);
    // The design holds passwords in a form that only its own tool can read.
    let value = match (kind, value_in(parameter, index)) {
        ("id_Password", _) => "enc:system.encryption.key.v1:bm90IGZvciB5b3VyIGV5ZXM=",
        (_, value) => value,
    };
    let prompt = parameter["prompt"].as_str();
    Ok(format!(
        "    <contextParameter comment=\"{}\" name=\"{}\" prompt=\"{}\" promptNeeded=\"{}\" type=\"{}\" value=\"{}\" \
         repositoryContextId=\"built-in\" internalId=\"_{}\"/>\n",
        xml(parameter["comment"].as_str().unwrap_or_default()),
        xml(name),
        xml(&prompt.map_or_else(|| format!("{name}?"), str::to_owned)),
        prompt.is_some(),
        xml(kind),
        xml(value),
        xml(name)
    ))
}

fn element(name: &str, value: &str, show: bool) -> String {
    format!("    <elementParameter field=\"TEXT\" name=\"{name}\" value=\"{}\" show=\"{show}\"/>\n", xml(value))
}

/// Purpose, description, author, product and dates of the design. `recorded`
fn item_properties(job: &Job, sources: &Tree) -> Result<String> {
    let values = [
        ("id", xml(job.text("id"))),
        ("name", xml(&job.name)),
        ("version", xml(&job.version)),
        ("purpose", xml(job.text("purpose"))),
        ("description", xml(job.text("description"))),
        ("builder", BUILDER.to_owned()),
    ];
    template(sources, "item.properties", &values)
}

fn xml(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\n', "&#xA;")
}

fn jar_bytes(mut files: Tree, main_class: Option<&str>) -> Result<Vec<u8>> {
    let main = main_class.map(|name| format!("Main-Class: {name}\r\n")).unwrap_or_default();
    let manifest = format!("Manifest-Version: 1.0\r\nCreated-By: stoker-fixtures\r\n{main}\r\n");
    files.insert("META-INF/MANIFEST.MF".into(), manifest.into_bytes());
    zip_bytes(&files)
}

/// Jars are stored and the rest is deflated, so that readers meet both.
fn zip_bytes(tree: &Tree) -> Result<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let time = DateTime::from_date_and_time(2026, 1, 31, 8, 15, 0).context("set the time of the entries")?;
    let options = SimpleFileOptions::default().last_modified_time(time);
    for (name, bytes) in tree {
        if name.ends_with('/') {
            writer.add_directory(name.as_str(), options.unix_permissions(0o755))?;
            continue;
        }
        let method = if name.ends_with(".jar") { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        writer.start_file(name.as_str(), options.compression_method(method).unix_permissions(0o644))?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_build_changes_nothing_and_a_damaged_archive_is_made_again() -> Result<()> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let out = std::env::temp_dir().join(format!("stoker-fixtures-test-{}", std::process::id()));
        let paths = build(&out, &root)?;
        let hello = out.join("HelloWorld_0.1.zip");
        let first = fs::read(&hello)?;
        assert!(paths.contains(&hello), "{paths:?}");
        fs::write(&hello, b"damaged")?;
        assert_eq!(build(&out, &root)?, paths);
        assert!(fs::read(&hello)? == first, "the archive differs from the first build");
        let before = fs::metadata(&hello)?.modified()?;
        build(&out, &root)?;
        assert_eq!(fs::metadata(&hello)?.modified()?, before);
        Ok(fs::remove_dir_all(&out)?)
    }

    #[test]
    fn values_are_written_as_java_properties_reads_them() {
        assert_eq!(escape_property("  a=b: c\\d\n"), r"\  a\=b\: c\\d\n");
        assert_eq!(escape_property("é😀"), r"\u00e9\ud83d\ude00");
    }
}
