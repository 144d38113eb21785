//! The launcher script of a Java job: which `java` command it would run (`recorded`).

use std::collections::HashSet;

/// The `java` command of a launcher, with paths relative to the root of the archive.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct JavaCommand {
    /// Arguments of the runtime without class path and component repository.
    pub(crate) jvm_args: Vec<String>,
    /// Paths as written, `$ROOT_PATH` and `.` resolved against the job folder.
    pub(crate) class_path: Vec<String>,
    pub(crate) main_class: String,
    pub(crate) context: Option<String>,
}

/// What a launcher says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Launcher {
    Command(JavaCommand),
    /// There is a `java` line, but the builder left placeholders in it; the arguments of the runtime may still be good.
    Placeholder {
        jvm_args: Vec<String>,
    },
}

/// Options of the runtime whose value is the next word.
const WITH_VALUE: [&str; 7] =
    ["--add-opens", "--add-exports", "--add-reads", "--add-modules", "--module-path", "-p", "--enable-native-access"];

/// Finds the first `java` line of a shell script in folder `job_folder`.
pub(crate) fn parse(text: &str, job_folder: &str) -> Option<Launcher> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    joined.lines().find_map(|line| {
        let line = line.trim();
        if line.starts_with('#') {
            return None;
        }
        let words = words(line);
        let java = words.iter().position(|word| is_java(word))?;
        read_command(&words[java + 1..], job_folder)
    })
}

fn is_java(word: &str) -> bool {
    let last = word.rsplit('/').next().unwrap_or(word);
    last == "java" || matches!(last, "$JAVA" | "${JAVA}" | "$JAVACMD" | "${JAVACMD}" | "$JAVA_CMD" | "${JAVA_CMD}")
}

fn read_command(words: &[String], job_folder: &str) -> Option<Launcher> {
    let mut command = JavaCommand::default();
    let mut class_path = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let option = word.split('=').next().unwrap_or(word);
        match word.as_str() {
            "-cp" | "-classpath" | "--class-path" => class_path = Some(words.next()?.clone()),
            "-jar" | "-m" | "--module" | "-version" => return None,
            _ if option == "--class-path" => class_path = word.split_once('=').map(|(_, path)| path.to_owned()),
            _ if option == "-Dtalend.component.manager.m2.repository" => {}
            _ if WITH_VALUE.contains(&word.as_str()) => {
                let value = words.next()?;
                command.jvm_args.extend([word.clone(), value.clone()]);
            }
            _ if word.starts_with('-') => command.jvm_args.extend(local(word)),
            _ if word.starts_with('$') && class_path.is_none() => {}
            _ => {
                command.main_class.clone_from(word);
                break;
            }
        }
    }
    let mut contexts = words.filter_map(|word| word.strip_prefix("--context="));
    command.context = contexts.next_back().filter(|name| !name.is_empty() && !name.contains('$')).map(str::to_owned);
    let filled = |text: &str| !text.is_empty() && text != "null" && !text.contains("${");
    let class_path = class_path.map(|path| rooted(&path)).unwrap_or_default();
    if !filled(&class_path) || !filled(&command.main_class) || command.main_class.contains('$') {
        return Some(Launcher::Placeholder { jvm_args: command.jvm_args });
    }
    let mut seen = HashSet::new();
    let parts = class_path.split(':').map(|part| resolve(part, job_folder));
    command.class_path = parts.filter(|part| seen.insert(part.clone())).collect();
    Some(Launcher::Command(command))
}

/// The script's own folder as `.`, in all the ways it is written.
fn rooted(text: &str) -> String {
    text.replace("${ROOT_PATH}", ".").replace("$ROOT_PATH", ".").replace("$(pwd)", ".").replace("`pwd`", ".")
}

/// An argument as it is right in the job folder; nothing when it depends on other variables of the script.
fn local(word: &str) -> Option<String> {
    let word = rooted(word);
    (!word.contains('$') && !word.contains('`')).then_some(word)
}

/// A path seen from the root of the archive; absolute ones stay, and `..` may lead out of the archive: both are found
/// missing later.
fn resolve(path: &str, job_folder: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = job_folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// Splits a line as a shell would, quotes and backslashes resolved, nothing expanded; stops at a comment.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (_, Some(q)) if c == q => quote = None,
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(chars.next()),
            (_, Some(_)) => word.get_or_insert_default().push(c),
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ('#', None) if word.is_none() => break,
            (_, None) if c.is_whitespace() => words.extend(word.take()),
            (_, None) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Program and arguments of a `#!` line; a system passes everything behind the program as one argument.
pub(crate) fn shebang(head: &[u8]) -> Option<Vec<String>> {
    let line = head.strip_prefix(b"#!")?.split(|&b| b == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.trim();
    let (program, rest) = line.split_once([' ', '\t']).map_or((line, ""), |(program, rest)| (program, rest.trim()));
    if !program.starts_with('/') {
        return None;
    }
    let mut all = vec![program.to_owned()];
    if !rest.is_empty() {
        all.push(rest.to_owned());
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> JavaCommand {
        match parse(line, "My Job") {
            Some(Launcher::Command(command)) => command,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_launcher_of_the_studio() {
        let text = "#!/bin/sh\ncd `dirname $0`\nROOT_PATH=`pwd`\njava \
            -Dtalend.component.manager.m2.repository=$ROOT_PATH/../lib -Xms256M -Xmx1024M \
            --add-opens=java.base/java.lang=ALL-UNNAMED '-Dx=$ROOT_PATH/a b' -Dy=$OTHER \\\n \
            -cp .:$ROOT_PATH:$ROOT_PATH/../lib/routines.jar:\"$ROOT_PATH/my job.jar\": acme.my_0_1.My \
            --context=Default --context=Prod \"$@\"\n";
        let command = command(text);
        let jvm = ["-Xms256M", "-Xmx1024M", "--add-opens=java.base/java.lang=ALL-UNNAMED", "-Dx=./a b"];
        assert_eq!(command.jvm_args, jvm);
        assert_eq!(command.class_path, ["My Job", "lib/routines.jar", "My Job/my job.jar"]);
        assert_eq!(command.main_class, "acme.my_0_1.My");
        assert_eq!(command.context.as_deref(), Some("Prod"));
    }

    #[test]
    fn other_ways_to_write_it() {
        let command = command("exec \"${JAVA_HOME}/bin/java\" --add-opens a/b=c --class-path=x.jar:../../y.jar p.M $*");
        assert_eq!(command.jvm_args, ["--add-opens", "a/b=c"]);
        assert_eq!(command.class_path, ["My Job/x.jar", "../y.jar"]);
        assert_eq!(command.context, None);
    }

    #[test]
    fn unfilled_placeholders_are_told_apart() {
        for line in [
            "java -Xmx9M -cp '${talend.job.sh.classpath}' p.M",
            "java -Xmx9M -cp 'null' p.M",
            "java -Xmx9M -cp x.jar ${talend.job.class}",
            "java -Xmx9M -cp x.jar",
        ] {
            let expected = Launcher::Placeholder { jvm_args: vec!["-Xmx9M".into()] };
            assert_eq!(parse(line, "J"), Some(expected), "{line}");
        }
        assert_eq!(parse("# java -cp a b\necho javac\n", "J"), None);
        assert_eq!(parse("java -jar x.jar", "J"), None);
    }

    #[test]
    fn shebangs() {
        let read = |text: &str| shebang(text.as_bytes()).map(|all| all.join("|"));
        assert_eq!(read("#!/bin/bash\r\nx"), Some("/bin/bash".into()));
        assert_eq!(read("#! /usr/bin/env  python3 -u\n"), Some("/usr/bin/env|python3 -u".into()));
        assert_eq!(read("#!python"), None);
        assert_eq!(read("echo"), None);
    }
}
