//! cURL commands.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::make::{Maker, form_body, literal, part, request, text_body, uri};
use super::{Import, ImportError, MAX_IMPORT, wrong};
use crate::encode;
use crate::model::{Drive, Row, Tls};
use crate::world::Entropy;

/// What the options have said so far.
#[derive(Default)]
struct Command {
    method: Option<String>,
    url: Option<String>,
    headers: Vec<Row>,
    data: Vec<String>,
    form: Vec<Row>,
    file: Option<String>,
    as_query: bool,
    head: bool,
    follow: bool,
    insecure: bool,
    seconds: Option<String>,
    proxy: Option<String>,
    authorities: Option<String>,
    identity: Option<String>,
}

/// Options that take no value and change nothing here.
const IGNORED: [&str; 13] = [
    "-s",
    "--silent",
    "-S",
    "--show-error",
    "-v",
    "--verbose",
    "-i",
    "--include",
    "--compressed",
    "-f",
    "--fail",
    "-g",
    "--globoff",
];
/// Options whose value changes nothing here.
const IGNORED_VALUES: [&str; 8] =
    ["-o", "--output", "-w", "--write-out", "-c", "--cookie-jar", "--retry", "--connect-timeout"];

/// Imports one command as one request at the top of the drive.
///
/// # Errors
/// [`ImportError`]: no cURL command, a quote that is not closed, an option without its value, no address.
pub fn curl(command: &str, entropy: &dyn Entropy) -> Result<Import, ImportError> {
    if command.len() > MAX_IMPORT {
        return Err(wrong("cURL", "the command is too long"));
    }
    let words = words(command)?;
    let mut words = words.into_iter().peekable();
    if words.next_if(|word| word == "curl").is_none() {
        return Err(wrong("cURL", "the command does not begin with `curl`"));
    }
    let mut maker = Maker::new(entropy);
    let mut read = Command::default();
    while let Some(word) = words.next() {
        if !word.starts_with('-') || word == "-" {
            read.url = Some(word);
            continue;
        }
        for (name, attached) in split_option(&word) {
            let mut value = || {
                attached
                    .clone()
                    .or_else(|| words.next())
                    .ok_or_else(|| wrong("cURL", format!("the option {name} has no value")))
            };
            option(&mut read, &name, &mut value, &mut maker)?;
        }
    }
    let (name, made) = finish(read)?;
    let entity = maker.request(&name, made);
    Ok(Import { drive: Drive { entities: vec![entity], ..Drive::default() }, warnings: maker.warnings })
}

/// `-XPOST` and `-sSL` are several things in one word.
fn split_option(word: &str) -> Vec<(String, Option<String>)> {
    if let Some(long) = word.strip_prefix("--") {
        return vec![match long.split_once('=') {
            Some((name, value)) => (format!("--{name}"), Some(value.to_owned())),
            None => (word.to_owned(), None),
        }];
    }
    let mut found = Vec::new();
    let letters = &word[1..];
    for (at, letter) in letters.char_indices() {
        let name = format!("-{letter}");
        if "XHdFubAeTxomwcE".contains(letter) {
            let rest = &letters[at + letter.len_utf8()..];
            found.push((name, (!rest.is_empty()).then(|| rest.to_owned())));
            return found;
        }
        found.push((name, None));
    }
    found
}

fn option(
    read: &mut Command,
    name: &str,
    value: &mut dyn FnMut() -> Result<String, ImportError>,
    maker: &mut Maker<'_>,
) -> Result<(), ImportError> {
    match name {
        "-X" | "--request" => read.method = Some(value()?),
        "--url" => read.url = Some(value()?),
        "-H" | "--header" => {
            let line = value()?;
            let (name, value) = line.split_once(':').or(line.split_once(';')).unwrap_or((&line, ""));
            read.headers.push(Row::new(literal(name.trim()), literal(value.trim())));
        }
        "-d" | "--data" | "--data-ascii" | "--data-binary" => {
            let data = value()?;
            match data.strip_prefix('@') {
                Some(file) => read.file = Some(file.to_owned()),
                None => read.data.push(data),
            }
        }
        "--data-raw" => read.data.push(value()?),
        "--data-urlencode" => {
            let data = value()?;
            read.data.push(match data.split_once('=') {
                Some(("", value)) => encode::form(value),
                Some((name, value)) => format!("{name}={}", encode::form(value)),
                None => encode::form(&data),
            });
        }
        "--json" => {
            read.data.push(value()?);
            read.headers.push(Row::new("Content-Type", "application/json"));
            read.headers.push(Row::new("Accept", "application/json"));
        }
        "-F" | "--form" | "--form-string" => {
            let line = value()?;
            let (key, value) = line.split_once('=').unwrap_or((&line, ""));
            let file = value.strip_prefix('@').filter(|_| name != "--form-string");
            let value = file.map_or(value, |file| file.split(';').next().unwrap_or(file));
            read.form.push(part(&literal(key), &literal(value), file.is_some()));
        }
        "-u" | "--user" => {
            let coded = STANDARD.encode(value()?);
            read.headers.push(Row::new("Authorization", format!("Basic {coded}")));
        }
        "-b" | "--cookie" => read.headers.push(Row::new("Cookie", literal(&value()?))),
        "-A" | "--user-agent" => read.headers.push(Row::new("User-Agent", literal(&value()?))),
        "-e" | "--referer" => read.headers.push(Row::new("Referer", literal(&value()?))),
        "-T" | "--upload-file" => {
            read.file = Some(value()?);
            read.method.get_or_insert_with(|| "PUT".to_owned());
        }
        "-m" | "--max-time" => read.seconds = Some(value()?),
        "-x" | "--proxy" => read.proxy = Some(value()?),
        "--cacert" => read.authorities = Some(value()?),
        "-E" | "--cert" => read.identity = Some(value()?),
        "-G" | "--get" => read.as_query = true,
        "-I" | "--head" => read.head = true,
        "-L" | "--location" => read.follow = true,
        "-k" | "--insecure" => read.insecure = true,
        ignored if IGNORED.contains(&ignored) => {}
        ignored if IGNORED_VALUES.contains(&ignored) => {
            value()?;
        }
        other => maker.warnings.push(format!("the option {other} is not carried over")),
    }
    Ok(())
}

fn finish(read: Command) -> Result<(String, crate::model::Request), ImportError> {
    let url = read.url.ok_or_else(|| wrong("cURL", "there is no address in the command"))?;
    let data = (!read.data.is_empty()).then(|| read.data.join("&"));
    let mut address = literal(&url);
    if !address.contains("://") {
        address = format!("http://{address}");
    }
    let mut headers = read.headers;
    let body = match data {
        Some(data) if read.as_query => {
            address.push(if address.contains('?') { '&' } else { '?' });
            address.push_str(&literal(&data));
            None
        }
        Some(data) => {
            if !headers.iter().any(|row| row.name.eq_ignore_ascii_case("content-type")) {
                headers.push(Row::new("Content-Type", "application/x-www-form-urlencoded"));
            }
            Some(text_body(literal(&data)))
        }
        None if !read.form.is_empty() => Some(form_body(true, read.form)),
        None => None,
    };
    let sends = body.is_some() || read.file.is_some();
    let method = read.method.unwrap_or_else(|| {
        if read.head {
            "HEAD"
        } else if sends {
            "POST"
        } else {
            "GET"
        }
        .to_owned()
    });
    let mut made = request(&method, uri(&address), headers, body);
    if let Some(file) = read.file {
        made.body.kind = crate::model::BodyKind::File;
        made.method.takes_body = true;
        made.additions.file = Some(file);
    }
    made.additions.follow_redirects = read.follow.then_some(true);
    made.additions.proxy = read.proxy;
    made.additions.timeout_ms =
        read.seconds.and_then(|text| text.parse::<f64>().ok()).filter(|s| *s > 0.0).map(|s| (s * 1000.0) as u64);
    if read.insecure || read.authorities.is_some() || read.identity.is_some() {
        made.additions.tls = Some(Tls {
            verify: !read.insecure,
            authorities: read.authorities,
            identity: read.identity,
            at_least: None,
        });
    }
    Ok((format!("{method} {}", made.uri.path.as_deref().unwrap_or("/")), made))
}

/// Words as a POSIX shell cuts them, `$'…'` included.
fn words(command: &str) -> Result<Vec<String>, ImportError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = command.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '\'' => {
                let out = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        Some('\'') => break,
                        Some(c) => out.push(c),
                        None => return Err(wrong("cURL", "a single quote is not closed")),
                    }
                }
            }
            '$' if letters.peek() == Some(&'\'') => {
                letters.next();
                let out = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        Some('\'') => break,
                        Some('\\') => out.push(match letters.next() {
                            Some('n') => '\n',
                            Some('t') => '\t',
                            Some('r') => '\r',
                            Some('u') => {
                                let digits: String = letters.by_ref().take(4).collect();
                                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
                            }
                            Some(other) => other,
                            None => return Err(wrong("cURL", "a quote is not closed")),
                        }),
                        Some(c) => out.push(c),
                        None => return Err(wrong("cURL", "a quote is not closed")),
                    }
                }
            }
            '"' => {
                let out = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        Some('"') => break,
                        Some('\\') => match letters.next() {
                            Some('\n') => {}
                            Some(c) if "\"\\$`".contains(c) => out.push(c),
                            Some(c) => out.extend(['\\', c]),
                            None => return Err(wrong("cURL", "a double quote is not closed")),
                        },
                        Some(c) => out.push(c),
                        None => return Err(wrong("cURL", "a double quote is not closed")),
                    }
                }
            }
            '\\' => match letters.next() {
                Some('\n') | None => {}
                Some('\r') if letters.peek() == Some(&'\n') => {
                    letters.next();
                }
                Some(c) => word.get_or_insert_default().push(c),
            },
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}
