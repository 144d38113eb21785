//! Which options of cURL have values, and which change nothing of a request (`doc`: its manual).

/// Letters of options with a value.
const LETTERS: &str = "AbcCdDeEFHKmoPQrtTuUwxXyYz";

/// Options with a value beside those that are carried over; a word that follows one of them is no address.
#[rustfmt::skip]
const WITH_VALUE: [&str; 115] = [
    "abstract-unix-socket", "alt-svc", "aws-sigv4", "capath", "cert-type", "ciphers", "config", "connect-timeout",
    "connect-to", "continue-at", "cookie-jar", "create-file-mode", "crlfile", "curves", "delegation",
    "dns-interface", "dns-ipv4-addr", "dns-ipv6-addr", "dns-servers", "doh-url", "dump-header", "ech", "egd-file",
    "engine", "etag-compare", "etag-save", "expect100-timeout", "ftp-account", "ftp-alternative-to-user",
    "ftp-method", "ftp-port", "ftp-ssl-ccc-mode", "happy-eyeballs-timeout-ms", "haproxy-clientip", "hostpubmd5",
    "hostpubsha256", "hsts", "interface", "ip-tos", "ipfs-gateway", "keepalive-cnt", "keepalive-time", "key",
    "key-type", "krb", "libcurl", "limit-rate", "local-port", "login-options", "mail-auth", "mail-from",
    "mail-rcpt", "max-filesize", "max-redirs", "netrc-file", "noproxy", "output", "output-dir", "parallel-max",
    "pass", "pinnedpubkey", "preproxy", "proto", "proto-default", "proto-redir", "proxy-cacert", "proxy-capath",
    "proxy-cert", "proxy-cert-type", "proxy-ciphers", "proxy-crlfile", "proxy-header", "proxy-key",
    "proxy-key-type", "proxy-pass", "proxy-pinnedpubkey", "proxy-service-name", "proxy-tls13-ciphers",
    "proxy-tlsauthtype", "proxy-tlspassword", "proxy-tlsuser", "proxy-user", "proxy1.0", "pubkey", "quote",
    "random-file", "rate", "request-target", "resolve", "retry-max-time", "sasl-authzid", "service-name", "socks4",
    "socks4a", "socks5", "socks5-gssapi-service", "socks5-hostname", "speed-limit", "speed-time", "stderr",
    "telnet-option", "tftp-blksize", "time-cond", "tls-max", "tls13-ciphers", "tlsauthtype", "tlspassword",
    "tlsuser", "trace", "trace-ascii", "trace-config", "unix-socket", "variable", "vlan-priority", "write-out",
];

/// Options that change what cURL shows and keeps, or how it connects, but nothing of what is sent.
#[rustfmt::skip]
pub(super) const IDLE: [&str; 54] = [
    "-s", "--silent", "-S", "--show-error", "-v", "--verbose", "-i", "--include", "--show-headers", "--compressed",
    "-f", "--fail", "--fail-with-body", "-g", "--globoff", "-o", "--output", "-O", "--remote-name", "-J",
    "--remote-header-name", "-w", "--write-out", "-c", "--cookie-jar", "--connect-timeout", "-#", "--progress-bar",
    "--no-progress-meter", "-N", "--no-buffer", "-q", "--disable", "--output-dir", "--create-dirs", "--trace",
    "--trace-ascii", "--stderr", "-D", "--dump-header", "--no-keepalive", "--keepalive-time", "--tcp-nodelay", "-4",
    "--ipv4", "-6", "--ipv6", "--http1.1", "--basic", "--styled-output", "--no-styled-output", "--trace-time",
    "--limit-rate", "--proxy-basic",
];

/// Whether an option that is not carried over has a value.
pub(super) fn takes_value(name: &str) -> bool {
    match name.strip_prefix("--") {
        Some(long) => WITH_VALUE.contains(&long),
        None => name.chars().nth(1).is_some_and(|letter| LETTERS.contains(letter)),
    }
}

/// `-XPOST` and `-sSL` are several things in one word.
pub(super) fn split(word: &str) -> Vec<(String, Option<String>)> {
    if word.starts_with("--") {
        return vec![match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word.to_owned(), None),
        }];
    }
    let mut found = Vec::new();
    let letters = &word[1..];
    for (at, letter) in letters.char_indices() {
        let name = format!("-{letter}");
        if LETTERS.contains(letter) {
            let rest = &letters[at + letter.len_utf8()..];
            found.push((name, (!rest.is_empty()).then(|| rest.to_owned())));
            return found;
        }
        found.push((name, None));
    }
    found
}
