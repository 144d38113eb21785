//! cURL commands.

mod options;
mod words;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::make::{Maker, form_body, literal, part, request, text_body, uri};
use super::{Import, ImportError, MAX_IMPORT, wrong};
use crate::encode;
use crate::model::{Binding, BodyKind, Drive, Request, Retry, Row, Tls};
use crate::world::Entropy;
use words::{CLOSE, OPEN};

/// What the options have said so far.
#[derive(Default)]
struct Command {
    method: Option<String>,
    urls: Vec<String>,
    headers: Vec<Row>,
    /// Headers that are not to be sent, in small letters.
    without: Vec<String>,
    data: Vec<String>,
    form: Vec<Row>,
    file: Option<String>,
    query: Vec<String>,
    user: Option<String>,
    as_query: bool,
    head: bool,
    follow: bool,
    insecure: bool,
    seconds: Option<String>,
    proxy: Option<String>,
    authorities: Option<String>,
    identity: Option<String>,
    at_least: Option<String>,
    retry: Option<u32>,
    retry_seconds: Option<u32>,
}

/// Imports one command: a request at the top of the drive for each of its addresses. Variables of the shell become
/// variables of the same name.
///
/// # Errors
/// [`ImportError`]: no cURL command, a quote that is not closed, an option without its value, no address.
pub fn curl(command: &str, entropy: &dyn Entropy) -> Result<Import, ImportError> {
    if command.len() > MAX_IMPORT {
        return Err(wrong("cURL", "the command is too long"));
    }
    let cut = words::words(command)?;
    let mut words = cut.words.into_iter().peekable();
    words.next_if(|word| word == "$" || word == "%");
    if words.next_if(|word| is_curl(word)).is_none() {
        return Err(wrong("cURL", "the command does not begin with `curl`"));
    }
    let mut maker = Maker::new(entropy);
    maker.warnings = cut.warnings;
    let mut read = Command::default();
    while let Some(word) = words.next() {
        if word == "--next" || word == "-:" {
            maker.warnings.push("what stands after --next is another command, and is not carried over".to_owned());
            break;
        }
        if !word.starts_with('-') || word == "-" {
            read.urls.push(word);
            continue;
        }
        for (name, attached) in options::split(&word) {
            let mut value = || {
                attached
                    .clone()
                    .or_else(|| words.next())
                    .ok_or_else(|| wrong("cURL", format!("the option {name} has no value")))
            };
            option(&mut read, &name, &mut value, &mut maker)?;
        }
    }
    if read.urls.is_empty() {
        return Err(wrong("cURL", "there is no address in the command"));
    }
    let text = !read.data.is_empty() && !read.as_query;
    match &read.file {
        Some(file) if text || !read.form.is_empty() => {
            maker.warnings.push(format!("of several bodies only the file `{file}` is sent"));
        }
        None if text && !read.form.is_empty() => {
            maker.warnings.push("of a text and a form as body only the text is sent".to_owned());
        }
        _ => {}
    }
    let addresses = std::mem::take(&mut read.urls);
    let mut drive = Drive::default();
    for url in addresses {
        if url.contains(['[', '{']) {
            maker.warnings.push(format!("the address `{url}` is taken as it stands: cURL would make several of it"));
        }
        let (name, made) = finish(&read, &url);
        drive.entities.push(maker.request(&name, made));
    }
    Ok(Import { drive, warnings: maker.warnings })
}

fn is_curl(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name == "curl" || name.eq_ignore_ascii_case("curl.exe")
}

/// A text of the command: only variables of the shell are expressions.
fn taken(text: &str) -> String {
    literal(text).replace(OPEN, "${").replace(CLOSE, "}")
}

fn option(
    read: &mut Command,
    name: &str,
    value: &mut dyn FnMut() -> Result<String, ImportError>,
    maker: &mut Maker<'_>,
) -> Result<(), ImportError> {
    let say = &mut maker.warnings;
    match name {
        "-X" | "--request" => read.method = Some(value()?),
        "--url" => read.urls.push(value()?),
        "-H" | "--header" => header(read, &value()?, say),
        "-d" | "--data" | "--data-ascii" | "--data-binary" | "--data-raw" | "--data-urlencode" | "--json" => {
            data(read, name, value()?, say);
        }
        "-F" | "--form" | "--form-string" => form(read, name, &value()?, say),
        "-u" | "--user" => read.user = Some(value()?),
        "--oauth2-bearer" => read.headers.push(Row::new("Authorization", format!("Bearer {}", taken(&value()?)))),
        "-b" | "--cookie" => {
            let cookie = value()?;
            if cookie.contains('=') {
                read.headers.push(Row::new("Cookie", taken(&cookie)));
            } else {
                say.push(format!("the cookies in the file `{cookie}` are not carried over"));
            }
        }
        "-A" | "--user-agent" => read.headers.push(Row::new("User-Agent", taken(&value()?))),
        "-e" | "--referer" => read.headers.push(Row::new("Referer", taken(&value()?))),
        "-r" | "--range" => read.headers.push(Row::new("Range", format!("bytes={}", taken(&value()?)))),
        "-T" | "--upload-file" => {
            read.file = Some(value()?);
            read.method.get_or_insert_with(|| "PUT".to_owned());
        }
        "--url-query" => read.query.push(value()?),
        "-m" | "--max-time" => read.seconds = Some(value()?),
        "-x" | "--proxy" => read.proxy = Some(value()?),
        "--cacert" => read.authorities = Some(value()?),
        "-E" | "--cert" => read.identity = Some(value()?),
        "--tlsv1.2" | "--tlsv1.3" => read.at_least = Some(name.trim_start_matches("--tlsv").to_owned()),
        "--retry" => read.retry = number(&value()?, name, say),
        "--retry-delay" => read.retry_seconds = number(&value()?, name, say),
        "-G" | "--get" => read.as_query = true,
        "-I" | "--head" => read.head = true,
        "-L" | "--location" => read.follow = true,
        "-k" | "--insecure" => read.insecure = true,
        other => {
            let with_value = options::takes_value(other);
            if with_value {
                value()?;
            }
            if !options::IDLE.contains(&other) {
                say.push(format!("the option {other} is not carried over"));
            }
        }
    }
    Ok(())
}

fn number(text: &str, name: &str, say: &mut Vec<String>) -> Option<u32> {
    let read = text.parse().ok();
    if read.is_none() {
        say.push(format!("the option {name} is not carried over: `{text}` is no whole number"));
    }
    read
}

/// `Name: value`, `Name;` for an empty one, `Name:` to leave one out.
fn header(read: &mut Command, line: &str, say: &mut Vec<String>) {
    if let Some(file) = line.strip_prefix('@') {
        return say.push(format!("the headers in the file `{file}` are not carried over"));
    }
    match line.split_once(':') {
        Some((name, value)) if value.trim().is_empty() => read.without.push(name.trim().to_lowercase()),
        Some((name, value)) => read.headers.push(Row::new(taken(name.trim()), taken(value.trim()))),
        None => match line.trim().strip_suffix(';') {
            Some(name) => read.headers.push(Row::new(taken(name.trim()), "")),
            None => say.push(format!("the header `{line}` has no colon and is not carried over")),
        },
    }
}

fn data(read: &mut Command, name: &str, data: String, say: &mut Vec<String>) {
    if name == "--json" {
        for header in ["Content-Type", "Accept"] {
            if !read.headers.iter().any(|row| row.name.eq_ignore_ascii_case(header)) {
                read.headers.push(Row::new(header, "application/json"));
            }
        }
    }
    let file = data.strip_prefix('@').filter(|_| name != "--data-raw" && name != "--data-urlencode");
    if let Some(file) = file {
        if read.file.replace(file.to_owned()).is_some() {
            say.push("several files as one body are not carried over, only the last one".to_owned());
        }
        if file == "-" {
            say.push("the body comes from the standard input, which no request has; name a file".to_owned());
        }
        return;
    }
    if name != "--data-urlencode" {
        return read.data.push(data);
    }
    let at = data.find(['=', '@']);
    read.data.push(match at.map(|at| (&data[..at], &data[at..=at], &data[at + 1..])) {
        Some((name, "@", file)) => {
            say.push(format!("the content of the file `{file}` for `{name}` is not carried over"));
            return;
        }
        Some(("", _, value)) => encoded(value),
        Some((name, _, value)) => format!("{name}={}", encoded(value)),
        None => encoded(&data),
    });
}

/// Encoded for a form, but for variables of the shell.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for (at, piece) in text.split([OPEN, CLOSE]).enumerate() {
        match at % 2 {
            0 => out.push_str(&encode::form(piece)),
            _ => out.extend([&OPEN.to_string(), piece, ".urlEncode()", &CLOSE.to_string()]),
        }
    }
    out
}

fn form(read: &mut Command, name: &str, line: &str, say: &mut Vec<String>) {
    let (key, value) = line.split_once('=').unwrap_or((line, ""));
    if name == "--form-string" {
        return read.form.push(part(&taken(key), &taken(value), false));
    }
    let (value, more) = value.split_once(';').unwrap_or((value, ""));
    if !more.is_empty() {
        say.push(format!("what `{key}` says beside its value is not carried over: {more}"));
    }
    if let Some(file) = value.strip_prefix('<') {
        return say.push(format!("the content of the file `{file}` as the text of `{key}` is not carried over"));
    }
    let file = value.strip_prefix('@');
    let plain = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    read.form.push(part(&taken(key), &taken(file.unwrap_or(plain)), file.is_some()));
}

/// Address with all that goes into its query.
fn address(read: &Command, url: &str) -> String {
    let mut address = taken(url);
    if !address.contains("://") && !address.starts_with("${") {
        address = format!("http://{address}");
    }
    let data = read.data.iter().filter(|_| read.as_query);
    for more in data.chain(&read.query) {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(&taken(more));
    }
    address
}

fn finish(read: &Command, url: &str) -> (String, Request) {
    let mut headers = read.headers.clone();
    let mut before = None;
    if let Some(user) = &read.user {
        if user.contains(OPEN) {
            before = Some(Binding { name: "credentials".to_owned(), value: taken(user) });
            headers.push(Row::new("Authorization", "Basic ${credentials.base64()}"));
        } else {
            headers.push(Row::new("Authorization", format!("Basic {}", STANDARD.encode(user))));
        }
    }
    let body = if !read.data.is_empty() && !read.as_query {
        if !headers.iter().any(|row| row.name.eq_ignore_ascii_case("content-type"))
            && !read.without.iter().any(|name| name == "content-type")
        {
            headers.push(Row::new("Content-Type", "application/x-www-form-urlencoded"));
        }
        // The option --json is one text, however often it is given.
        Some(text_body(taken(&read.data.join("&"))))
    } else if !read.form.is_empty() {
        Some(form_body(true, read.form.clone()))
    } else {
        None
    };
    let sends = body.is_some() || read.file.is_some();
    let usual = if read.head {
        "HEAD"
    } else if sends {
        "POST"
    } else {
        "GET"
    };
    let method = read.method.as_deref().unwrap_or(usual);
    let mut made = request(method, uri(&address(read, url)), headers, body);
    if let Some(file) = &read.file {
        made.body.kind = BodyKind::File;
        made.method.takes_body = true;
        made.additions.file = Some(taken(file));
    }
    made.additions.before.extend(before);
    made.additions.follow_redirects = read.follow.then_some(true);
    made.additions.proxy = read.proxy.clone();
    let seconds = read.seconds.as_ref().and_then(|text| text.parse::<f64>().ok()).filter(|s| *s > 0.0);
    made.additions.timeout_ms = seconds.map(|s| (s * 1000.0) as u64);
    made.retry =
        read.retry.map(|count| Retry { count, interval_seconds: read.retry_seconds.unwrap_or(1), ..Retry::default() });
    if read.insecure || read.authorities.is_some() || read.identity.is_some() || read.at_least.is_some() {
        made.additions.tls = Some(Tls {
            verify: !read.insecure,
            authorities: read.authorities.clone(),
            identity: read.identity.clone(),
            at_least: read.at_least.clone(),
        });
    }
    (format!("{} {}", made.method.name, made.uri.path.as_deref().unwrap_or("/")), made)
}
