//! The rules as data. ARCHITECTURE.md says why each crate may know only these others.

/// For each crate of the workspace the crates it may use in programs and build scripts.
///
/// Development dependencies are free, so that tests may use the whole (mostly through `testkit`).
pub(super) const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("cron", &["domain"]),
    ("filter", &["domain"]),
    ("wire", &["domain"]),
    ("jobzip", &["domain"]),
    ("secrets", &["domain"]),
    ("store", &["domain", "filter"]),
    ("blobs", &["domain"]),
    ("service", &["domain", "cron", "filter", "wire", "jobzip", "secrets", "store", "blobs"]),
    ("api", &["domain", "filter", "wire", "service", "tester"]),
    ("server", &["domain", "secrets", "store", "blobs", "service", "api"]),
    ("client", &["domain"]),
    ("engine", &["domain", "wire", "jobzip", "secrets", "client", "tester"]),
    ("tester", &[]),
    ("cli", &["client", "tester"]),
    ("testkit", &["domain"]),
    ("bench", &["domain", "client", "testkit"]),
    ("tests", &[]),
    ("xtask", &[]),
];

/// Which crates of the workspace may use a crate from outside.
pub(super) enum Home {
    /// These and no others.
    Only(&'static [&'static str]),
    /// All but these.
    Not(&'static [&'static str]),
}

/// Crates from outside that have a home.
pub(super) const HOMES: &[(&[&str], Home)] = &[
    (&["rusqlite", "postgres", "tokio-postgres", "libsqlite3-sys"], Home::Only(&["store", "testkit", "bench"])),
    (&["axum", "hyper", "hyper-util"], Home::Only(&["api", "server", "bench"])),
    (&["nix", "libc"], Home::Only(&["engine", "server", "testkit", "cli", "bench", "tests"])),
    (&["reqwest"], Home::Not(&["domain", "cron", "filter", "wire", "jobzip", "secrets", "store", "service"])),
    (&["tokio"], Home::Not(&["domain", "cron", "filter", "wire", "tester"])),
];

/// Crates that must not even be in the lock file: one TLS provider is enough, and it is not one of these.
pub(super) const NEVER: &[&str] =
    &["openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys", "aws-lc-fips-sys"];

/// SPDX identifiers of licences under which we may hand out the whole.
pub(super) const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // The list of certificate authorities: data, free to hand on.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];
