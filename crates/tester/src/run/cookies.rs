//! A jar of cookies, by the rules of RFC 6265 that matter to API tests.

use reqwest::Url;

/// Most cookies of a jar; the oldest go first.
const MAX_COOKIES: usize = 3_000;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    expires_ms: Option<i64>,
}

/// Cookies that responses have set.
#[derive(Debug, Default)]
pub(crate) struct Jar {
    cookies: Vec<Cookie>,
}

impl Jar {
    /// Takes one `Set-Cookie` header.
    pub(crate) fn store(&mut self, header: &str, url: &Url, now_ms: i64) {
        let mut parts = header.split(';');
        let Some((name, value)) = parts.next().and_then(|first| first.split_once('=')) else { return };
        let host = url.host_str().unwrap_or("").to_lowercase();
        let mut cookie = Cookie {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            domain: host.clone(),
            host_only: true,
            path: default_path(url.path()),
            secure: false,
            expires_ms: None,
        };
        let mut max_age = None;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_lowercase().as_str() {
                "domain" if !value.is_empty() => {
                    let domain = value.trim_start_matches('.').to_lowercase();
                    if !domain_matches(&host, &domain) {
                        return;
                    }
                    (cookie.domain, cookie.host_only) = (domain, false);
                }
                "path" if value.starts_with('/') => cookie.path = value.to_owned(),
                "secure" => cookie.secure = true,
                "max-age" => max_age = value.parse::<i64>().ok(),
                "expires" => cookie.expires_ms = http_date(value),
                _ => {}
            }
        }
        if let Some(seconds) = max_age {
            cookie.expires_ms = Some(now_ms.saturating_add(seconds.saturating_mul(1000)));
        }
        self.cookies
            .retain(|known| (&known.name, &known.domain, &known.path) != (&cookie.name, &cookie.domain, &cookie.path));
        if cookie.expires_ms.is_none_or(|expires| expires > now_ms) {
            if self.cookies.len() >= MAX_COOKIES {
                self.cookies.remove(0);
            }
            self.cookies.push(cookie);
        }
    }

    /// Value of the `Cookie` header for an address; `None` when no cookie fits.
    pub(crate) fn header(&self, url: &Url, now_ms: i64) -> Option<String> {
        let host = url.host_str().unwrap_or("").to_lowercase();
        let mut fitting: Vec<&Cookie> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.expires_ms.is_none_or(|expires| expires > now_ms))
            .filter(
                |cookie| if cookie.host_only { cookie.domain == host } else { domain_matches(&host, &cookie.domain) },
            )
            .filter(|cookie| path_matches(url.path(), &cookie.path))
            .filter(|cookie| !cookie.secure || url.scheme() == "https")
            .collect();
        // Longer paths first; the sort keeps the age order of equal ones.
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = fitting.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// Whether the host is the domain or below it. A domain of one label would hand cookies to strangers.
fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain || (domain.contains('.') && host.strip_suffix(domain).is_some_and(|left| left.ends_with('.')))
}

fn default_path(path: &str) -> String {
    match path.rfind('/') {
        Some(end) if end > 0 => path[..end].to_owned(),
        _ => "/".to_owned(),
    }
}

fn path_matches(path: &str, wanted: &str) -> bool {
    path == wanted || path.strip_prefix(wanted).is_some_and(|rest| wanted.ends_with('/') || rest.starts_with('/'))
}

/// `Wed, 21 Oct 2026 07:28:00 GMT`, also with dashes.
fn http_date(text: &str) -> Option<i64> {
    let plain = text.replace('-', " ");
    let after_day = plain.split_once(',').map_or(plain.as_str(), |(_, rest)| rest).trim();
    let words: Vec<&str> = after_day.split_whitespace().collect();
    let [day, month, year, time, ..] = words.as_slice() else { return None };
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = months.iter().position(|known| month.to_lowercase().starts_with(known))? + 1;
    let year: i32 = year.parse().ok().map(|year: i32| {
        if year < 70 {
            year + 2000
        } else if year < 100 {
            year + 1900
        } else {
            year
        }
    })?;
    let iso = format!("{year:04}-{month:02}-{:0>2}T{time}Z", day);
    iso.parse::<jiff::Timestamp>().ok().map(|at| at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_go_where_they_belong() {
        let mut jar = Jar::default();
        let login = Url::parse("http://api.example.org/v1/login").unwrap();
        for header in [
            "a=1; Path=/",
            "b=2",
            "c=3; Domain=example.org; Path=/; Max-Age=10",
            "d=4; Secure; Path=/",
            "e=5; Domain=evil.org",
            "f=6; Path=/; Expires=Thu, 01-Jan-1970 00:00:10 GMT",
        ] {
            jar.store(header, &login, 0);
        }
        let header = |url: &str, now| jar.header(&Url::parse(url).unwrap(), now);
        assert_eq!(header("http://api.example.org/v1/x", 0).as_deref(), Some("b=2; a=1; c=3; f=6"));
        assert_eq!(header("http://api.example.org/v1/x", 10_000).as_deref(), Some("b=2; a=1"));
        assert_eq!(header("https://api.example.org/", 20_000).as_deref(), Some("a=1; d=4"));
        assert_eq!(header("http://other.example.org/", 0).as_deref(), Some("c=3"));
        assert_eq!(header("http://notexample.org/", 0), None);
        jar.store("a=; Path=/; Max-Age=0", &login, 0);
        assert_eq!(jar.header(&Url::parse("http://api.example.org/").unwrap(), 20_000), None);
    }
}
