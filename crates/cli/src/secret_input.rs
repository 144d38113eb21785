//! Secrets come from a prompt, from standard input or from a file, never from the command line, where every user of the
//! machine could read them.

use crate::exit::{Exit, Failure, Result};
use std::path::Path;

/// Asks for a secret without showing it, or reads the next line of standard input when nobody can be asked. `what` completes
/// *enter ...*.
pub(crate) fn ask(what: &str, stdin_is_terminal: bool) -> Result<String> {
    let read = if stdin_is_terminal {
        rpassword::prompt_password(format!("enter {what}: "))
    } else {
        next_line(&mut std::io::stdin().lock())
    };
    let text = read.map_err(|error| Failure::new(Exit::Usage, format!("cannot read {what}: {error}")))?;
    if text.is_empty() {
        return Err(Failure::usage(format!("{what} is empty"))
            .hint("type it at the prompt, or send it to standard input, one line for each"));
    }
    Ok(text)
}

fn next_line(input: &mut impl std::io::BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    Ok(without_line_end(&line).to_owned())
}

/// The text of a file that holds one secret; one line end at its end does not count.
pub(crate) fn from_file(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", path.display())))?;
    Ok(without_line_end(&text).to_owned())
}

fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_one_by_one_without_their_ends() {
        let mut input = std::io::Cursor::new("first \r\nsecond");
        assert_eq!(next_line(&mut input).unwrap(), "first ");
        assert_eq!(next_line(&mut input).unwrap(), "second");
        assert_eq!(next_line(&mut input).unwrap(), "");
    }

    #[test]
    fn a_file_loses_one_line_end_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "two\nlines\n\n").unwrap();
        assert_eq!(from_file(&path).unwrap(), "two\nlines\n");
        let failure = from_file(&folder.path().join("absent")).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.message.contains("absent"));
    }
}
