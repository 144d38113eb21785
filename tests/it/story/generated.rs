//! Clients made of the checked-in documents, by the generators people use.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use stoker_testkit::programs::workspace_root;
use tempfile::TempDir;

use super::compliance::{limited, passed, python, run};
use crate::support::Stage;

/// A script that tells the story with a generated client.
pub(super) struct Story {
    /// Name of the language, in the names of what it makes.
    pub(super) name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    _folder: TempDir,
}

impl Story {
    /// `openapi-python-client`: packages `core` and `own`.
    pub(super) async fn python() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (package, document) in [("core", "core"), ("own", "stoker")] {
            let mut generate = limited(120, &python("openapi-python-client"));
            generate.arg("generate").arg("--path").arg(document_file(document));
            generate.arg("--output-path").arg(folder.path().join(package)).args(["--meta", "none"]);
            generate.arg("--config").arg(workspace_root().join("tests/python/generator.yml"));
            let _ = passed(&run(generate).await);
        }
        let script = workspace_root().join("tests/python/story.py");
        let arguments = vec![script.display().to_string(), folder.path().display().to_string()];
        Self { name: "python", program: python("python"), arguments, _folder: folder }
    }

    /// `openapi-typescript`, checked by the compiler against the calls of the script, and `openapi-fetch`.
    pub(super) async fn typescript() -> Self {
        let modules = workspace_root().join("web/node_modules");
        assert!(modules.join(".bin/tsc").exists(), "there is no {}; run `npm ci` in web/ first", modules.display());
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path();
        std::os::unix::fs::symlink(&modules, place.join("node_modules")).expect("link the packages");
        let tests = workspace_root().join("tests/typescript");
        fs::copy(tests.join("story.ts"), place.join("story.ts")).expect("copy the script");
        fs::write(place.join("package.json"), r#"{"type": "module"}"#).expect("write package.json");
        for document in ["core", "stoker"] {
            let mut generate = node(120, &modules.join(".bin/openapi-typescript"));
            generate.arg(document_file(document)).arg("--output").arg(place.join(format!("{document}.ts")));
            let _ = passed(&run(generate).await);
        }
        let mut compile = node(120, &modules.join(".bin/tsc"));
        compile.current_dir(place).args(["--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck"]);
        compile.args(["--moduleResolution", "nodenext", "--types", "node", "story.ts"]);
        let _ = passed(&run(compile).await);
        let arguments = vec![place.join("story.js").display().to_string()];
        Self { name: "typescript", program: PathBuf::from("node"), arguments, _folder: folder }
    }

    /// Tells a part of the story; what the script writes is JSON.
    pub(super) async fn tell(&self, stage: &Stage, part: &[&str]) -> Value {
        let mut telling = if self.name == "python" { limited(120, &self.program) } else { node(120, &self.program) };
        telling.args(&self.arguments).args([stage.url(), stage.server.token()]).args(part);
        let output = run(telling).await;
        let _ = passed(&output);
        serde_json::from_slice(&output.stdout).expect("the script writes JSON")
    }
}

/// As `limited`, with the node that is installed here: it need not be in a usual place.
fn node(seconds: u32, program: &std::path::Path) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", &seconds.to_string()]).arg(program).env("NO_COLOR", "1");
    command
}

fn document_file(name: &str) -> PathBuf {
    workspace_root().join(format!("openapi/{name}.json"))
}
