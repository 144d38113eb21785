//! Archives made to harm: each is refused by `inspect` and by `unpack`, and leaves nothing behind.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use proptest::prelude::*;
use stoker_jobzip::{JobZipError, Limits, check_folder, inspect, unpack, unpack_folder};

use crate::rawzip::{Raw, deflated, files, job_zip, stored, zip};

/// Both answers, after checking that a failed unpacking left nothing.
fn both(bytes: &[u8], limits: &Limits) -> (Result<(), JobZipError>, Result<(), JobZipError>) {
    let folder = tempfile::tempdir().unwrap();
    let dest = folder.path().join("dest");
    fs::create_dir(&dest).unwrap();
    let unpacked = unpack(Cursor::new(bytes), &dest, limits);
    if unpacked.is_err() {
        assert_eq!(fs::read_dir(&dest).unwrap().count(), 0, "something was left behind");
    }
    let outside: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|item| item.unwrap().file_name()).collect();
    assert_eq!(outside, ["dest"], "something escaped");
    (inspect(Cursor::new(bytes), limits).map(drop), unpacked)
}

fn refused(bytes: &[u8]) -> JobZipError {
    refused_within(bytes, &Limits::default())
}

fn refused_within(bytes: &[u8], limits: &Limits) -> JobZipError {
    let (inspected, unpacked) = both(bytes, limits);
    let unpacked = unpacked.expect_err("unpack took it");
    check_folder(Cursor::new(bytes), limits).expect_err("as a folder it was taken");
    let dest = tempfile::tempdir().unwrap();
    unpack_folder(Cursor::new(bytes), dest.path(), limits).expect_err("as a folder it was unpacked");
    assert_eq!(fs::read_dir(dest.path()).unwrap().count(), 0, "something was left behind");
    assert_eq!(inspected.expect_err("inspect took it").to_string(), unpacked.to_string());
    unpacked
}

/// A good script and a bad entry behind it, so that files are already written when the bad one comes.
fn with(bad: Raw) -> Vec<u8> {
    zip(&[stored("run.sh", "#!/bin/sh\n"), bad])
}

#[test]
fn a_folder_of_files_is_unpacked_as_it_is() {
    let bytes = zip(&[stored("data/a.txt", "a"), deflated("data/deep/b.txt", "b")]);
    check_folder(Cursor::new(&bytes), &Limits::default()).unwrap();
    let dest = tempfile::tempdir().unwrap();
    unpack_folder(Cursor::new(&bytes), dest.path(), &Limits::default()).unwrap();
    assert_eq!(fs::read_to_string(dest.path().join("data/deep/b.txt")).unwrap(), "b", "the common folder stays");
    let again = unpack_folder(Cursor::new(&bytes), dest.path(), &Limits::default());
    assert!(matches!(again, Err(JobZipError::DestinationNotEmpty { .. })), "{again:?}");
}

#[test]
fn what_is_no_zip() {
    for bytes in [&b""[..], b"PK", b"hello", &[0; 4096], b"PK\x05\x06"] {
        assert!(matches!(refused(bytes), JobZipError::NotAZip { .. }), "{bytes:?}");
    }
}

#[test]
fn cut_anywhere() {
    let whole = job_zip(|_| {}).into_inner();
    for end in (0..whole.len()).step_by(50) {
        refused(&whole[..end]);
    }
}

#[test]
fn names_that_lead_elsewhere() {
    for name in [
        &b"../evil"[..],
        b"a/../../evil",
        b"..",
        b"/etc/evil",
        b"//evil",
        b"a\\..\\evil",
        b"C:/evil",
        b"c:evil",
        b"a\0b",
        b"a\nb",
        b"a//b",
        b"./../evil",
        b"\xff\xfe",
        b"",
    ] {
        let error = refused(&with(stored(name, "x")));
        assert!(matches!(error, JobZipError::Name { .. }), "{name:?}: {error}");
        assert!(!error.to_string().contains(['\0', '\n']), "{error:?}");
    }
}

#[test]
fn names_that_clash() {
    for (first, second) in
        [("a", "a"), ("a", "A"), ("Dir/x", "dir/y"), ("a", "a/b"), ("a/b", "a"), ("a/", "a"), ("ä", "Ä"), ("a/", "a/")]
    {
        let error = refused(&zip(&[stored("run.sh", ""), stored(first, ""), stored(second, "")]));
        assert!(matches!(error, JobZipError::Clash { .. }), "{first} {second}: {error}");
    }
}

#[test]
fn links_devices_encryption_and_rare_methods() {
    for mode in [0o120_777, 0o020_644, 0o060_644, 0o010_644, 0o140_644, 0o040_755] {
        let error = refused(&with(Raw { mode, ..stored("link", "/etc/passwd") }));
        assert!(matches!(error, JobZipError::Unsupported { .. }), "{mode:o}: {error}");
    }
    let encrypted = Raw { flags: 1, ..stored("x", "0123456789abcdef") };
    assert!(refused(&with(encrypted)).to_string().contains("encrypted"));
    for method in [12, 14, 93, 95, 99] {
        assert!(matches!(refused(&with(Raw { method, ..stored("x", "x") })), JobZipError::Unsupported { .. }));
    }
    refused(&with(stored("folder/", "content")));
}

#[test]
fn wrong_lengths_and_checksums() {
    let text = "hello hello hello hello";
    for bad in [
        Raw { crc: 1, ..deflated("x", text) },
        Raw { crc: 1, ..stored("x", text) },
        Raw { size: 5, ..deflated("x", text) },
        Raw { size: 5_000, ..deflated("x", text) },
        Raw { packed: vec![0xff; 20], ..deflated("x", text) },
        Raw { size: 5_000, ..stored("x", text) },
    ] {
        let error = refused(&with(bad));
        assert!(matches!(error, JobZipError::Damaged { .. }), "{error}");
    }
}

#[test]
fn too_much_of_everything() {
    let limits = Limits {
        max_entries: 10,
        max_total_bytes: 1 << 20,
        max_entry_bytes: 1 << 19,
        max_depth: 5,
        max_name_bytes: 40,
        ..Limits::default()
    };
    let big = vec![7; 1 << 18];
    let many: Vec<Raw> = (0..11).map(|n| stored(format!("{n}"), "")).collect();
    let sum: Vec<Raw> = (0..5).map(|n| deflated(format!("{n}"), &big)).collect();
    let declared = Raw { size: u32::MAX - 1, ..stored("x", "x") };
    for bytes in [
        zip(&many),
        zip(&sum),
        with(declared),
        with(deflated("x", vec![0; (1 << 19) + 1])),
        with(stored("a/b/c/d/e/f", "")),
        with(stored("x".repeat(41), "")),
    ] {
        let error = refused_within(&bytes, &limits);
        assert!(matches!(error, JobZipError::TooMuch { .. }), "{error}");
    }
    both(&zip(&[stored("run.sh", ""), stored("a/b/c/d/e", ""), stored("x".repeat(40), "")]), &limits).1.unwrap();
}

#[test]
fn a_bomb_is_known_by_its_ratio_but_small_files_may_pack_well() {
    let error = refused(&with(deflated("bomb", vec![0; 12 << 20])));
    assert!(error.to_string().contains("packing ratio"), "{error}");
    both(&with(deflated("zeros", vec![0; 9 << 20])), &Limits::default()).1.unwrap();
    // Many small bombs are one big bomb.
    let many: Vec<Raw> = (0..20).map(|n| deflated(format!("{n}.bin"), vec![0; 1 << 20])).collect();
    assert!(refused(&zip(&[&[stored("run.sh", "")], many.as_slice()].concat())).to_string().contains("packing ratio"));
}

#[test]
fn one_entry_count_that_lies() {
    let mut bytes = with(stored("x", "x"));
    let end = bytes.len() - 22;
    bytes[end + 8..end + 12].copy_from_slice(&[0xff, 0xfe, 0xff, 0xfe]);
    refused(&bytes);
}

#[test]
fn metadata_larger_than_its_limit() {
    let limits = Limits { max_metadata_bytes: 1000, ..Limits::default() };
    let zip = job_zip(|all| all[0].1.extend([b'\n'; 2000])).into_inner();
    assert!(matches!(both(&zip, &limits).0, Err(JobZipError::TooMuch { .. })));
}

#[test]
fn the_folder_must_be_empty() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine"), "keep").unwrap();
    let error = unpack(job_zip(|_| {}), folder.path(), &Limits::default()).unwrap_err();
    assert!(matches!(error, JobZipError::DestinationNotEmpty { .. }));
    assert_eq!(fs::read_to_string(folder.path().join("mine")).unwrap(), "keep");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn modes_and_content_of_a_good_archive() {
    let folder = tempfile::tempdir().unwrap();
    let dest = folder.path();
    let setuid = Raw { mode: 0o104_777, ..stored("base/ä b/tool", "#!/usr/bin/env python3\n") };
    let listed = Raw { mode: 0o040_700, ..stored("base/empty/", "") };
    let bytes = zip(&[setuid, listed, stored("base/run.sh", "echo"), deflated("base/data", "d")]);
    unpack(Cursor::new(bytes), dest, &Limits::default()).unwrap();
    assert_eq!(mode(&dest.join("ä b/tool")), 0o755);
    assert_eq!(mode(&dest.join("run.sh")), 0o755);
    assert_eq!(mode(&dest.join("data")), 0o644);
    assert_eq!(mode(&dest.join("empty")), 0o755);
    assert_eq!(fs::read_to_string(dest.join("data")).unwrap(), "d");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        both(&bytes, &Limits::default()).0.unwrap_err();
    }

    #[test]
    fn what_inspect_takes_unpack_takes(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        job in any::<bool>(),
    ) {
        let mut bytes =
            if job { job_zip(|_| {}).into_inner() } else { files(&[("run.sh", b"echo hi"), ("a/b.txt", b"text")]) };
        for (index, value) in changes {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        let (inspected, unpacked) = both(&bytes, &Limits::default());
        prop_assert!(inspected.is_err() || unpacked.is_ok());
    }
}
