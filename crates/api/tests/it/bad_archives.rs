//! Archives that must not get in, and what is left of them: nothing.

use std::io::{Cursor, Write as _};

use serde_json::Value;
use stoker_testkit::fixtures::{archive, script_archive};
use stoker_testkit::http::{Answer, Method};
use tokio::io::AsyncWriteExt;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use crate::raw;
use crate::support::{TestServer, both};

/// A zip of these entries; names are taken as they are.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in entries {
        writer.start_file(*name, options).expect("start an entry");
        writer.write_all(content).expect("write an entry");
    }
    writer.finish().expect("finish").into_inner()
}

/// The same bytes with one name exchanged for another of the same length, which the writer would refuse.
fn renamed(mut zip: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> =
        (0..=zip.len() - from.len()).filter(|at| &zip[*at..at + from.len()] == from.as_bytes()).collect();
    assert_eq!(places.len(), 2, "once at the entry, once in the directory");
    for at in places {
        zip[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    zip
}

fn with_link() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("run.sh", SimpleFileOptions::default()).expect("start an entry");
    writer.write_all(b"#!/bin/sh\n").expect("write an entry");
    writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).expect("add a link");
    writer.finish().expect("finish").into_inner()
}

fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let good = script_archive("#!/bin/sh\necho hello\n");
    let script = ("run.sh", &b"#!/bin/sh\n"[..]);
    let zeros = vec![0; 12 << 20];
    let mut flipped = good.clone();
    let middle = 30 + "run.sh".len() + 3;
    flipped[middle] ^= 0x55;
    vec![
        ("an empty body", Vec::new()),
        ("a text", b"this is no archive".to_vec()),
        ("an empty zip", zip(&[])),
        ("a cut zip", good[..good.len() - 1].to_vec()),
        ("half a zip", good[..good.len() / 2].to_vec()),
        ("a damaged entry", flipped),
        ("a way up", zip(&[script, ("../evil", b"x")])),
        ("a way up inside", zip(&[script, ("a/../../evil", b"x")])),
        ("an absolute path", zip(&[script, ("/etc/evil", b"x")])),
        ("a Windows path", zip(&[script, ("C:/evil", b"x")])),
        ("a backslash", renamed(zip(&[script, ("a/evil.x", b"x")]), "a/evil.x", "a\\evil.x")),
        ("a control character", renamed(zip(&[script, ("a-evil", b"x")]), "a-evil", "a\nevil")),
        ("a link", with_link()),
        ("a name twice", renamed(zip(&[script, ("twice-1", b"x"), ("twice-2", b"y")]), "twice-2", "twice-1")),
        ("names that differ in case", zip(&[script, ("Data", b"x"), ("data", b"y")])),
        ("a bomb", zip(&[script, ("bomb", &zeros)])),
        ("a job without its jar", std::fs::read(archive("missing-jar.zip")).expect("read the archive")),
        ("nothing to run", zip(&[("readme.txt", b"hello")])),
    ]
}

async fn publish(server: &TestServer, query: &str, zip: Vec<u8>) -> Answer {
    let path = format!("/stoker/v1/artifacts?{query}");
    server.http().send(Method::POST, &path, &[("content-type", "application/zip")], Some(zip)).await
}

async fn nothing_is_left(server: &TestServer) {
    assert_eq!(server.artifact_files(), Vec::<std::path::PathBuf>::new());
    let page = server.http().get("/orchestration/artifacts").await.expect(200).json();
    assert_eq!(page["total"], 0, "{page}");
}

both! {
    async fn a_bad_archive_is_refused_and_leaves_nothing(server: TestServer) {
        for (what, bytes) in hostile() {
            let answer = server.send_archive("bad", "1", bytes).await;
            assert_eq!(answer.status, 400, "{what}: {}", answer.text());
            let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
            assert!(message.contains("archive") && message.len() < 600, "{what}: {message}");
            assert!(!message.contains("/tmp") && !message.contains("incoming"), "no path of ours: {message}");
            nothing_is_left(&server).await;
        }
        server.artifact("bad", "1").await;
        assert_eq!(server.artifact_files().len(), 1, "the same name and version are free");
    }

    async fn a_publish_call_is_checked_before_its_bytes(server: TestServer) {
        let good = script_archive("#!/bin/sh\n");
        let workspace = server.workspace();
        for (query, status, word) in [
            (format!("workspaceId={workspace}&name=a"), 400, "version"),
            (format!("workspaceId={workspace}&version=1"), 400, "name"),
            ("name=a&version=1".to_owned(), 400, "workspaceId"),
            ("workspaceId=x&name=a&version=1".to_owned(), 400, "Workspace"),
            ("workspaceId=66f0a1b2c3d4e5f601230001&name=a&version=1".to_owned(), 404, "Workspace"),
            (format!("workspaceId={workspace}&name=&version=1"), 400, "name"),
            (format!("workspaceId={workspace}&name=a%00&version=1"), 400, "name"),
            (format!("workspaceId={workspace}&name={}&version=1", "x".repeat(256)), 400, "name"),
            (format!("workspaceId={workspace}&name=a&version=latest"), 400, "version"),
            (format!("workspaceId={workspace}&name=a&version=1%2F..%2F2"), 400, "version"),
            (format!("workspaceId={workspace}&name=a&version={}", "1".repeat(65)), 400, "version"),
            (format!("workspaceId={workspace}&name=a&version=1&type=spaceship"), 400, "type"),
        ] {
            let answer = publish(&server, &query, good.clone()).await;
            assert_eq!(answer.status, status, "{query}: {}", answer.text());
            assert!(answer.json()["message"].as_str().is_some_and(|m| m.contains(word)), "{query}: {}", answer.text());
        }
        let path = format!("/stoker/v1/artifacts?workspaceId={workspace}&name=a&version=1");
        let _ = server.http().send(Method::POST, &path, &[("content-type", "application/json")], Some(good)).await.expect(415);
        nothing_is_left(&server).await;
    }

    async fn an_upload_that_is_too_large_or_breaks_off_leaves_nothing(server: TestServer) {
        let path = format!("/stoker/v1/artifacts?workspaceId={}&name=a&version=1", server.workspace());
        let more = |length: u64| format!("content-type: application/zip\r\ncontent-length: {length}\r\n");
        // No byte of the body is sent, so an answer means that none was waited for.
        let head = raw::head(&server, "POST", &path, &more(401 * 1024 * 1024));
        let answer = raw::exchange(&server, head.as_bytes()).await.expect("an answer");
        assert_eq!(answer.status, 413, "{answer:?}");
        assert!(answer.json()["message"].as_str().is_some_and(|m| m.contains("419430400")), "{answer:?}");
        nothing_is_left(&server).await;
        let good = script_archive("#!/bin/sh\n");
        let mut stream = raw::connect(&server).await;
        stream.write_all(raw::head(&server, "POST", &path, &more(good.len() as u64)).as_bytes()).await.expect("send");
        stream.write_all(&good[..good.len() / 2]).await.expect("send");
        stream.shutdown().await.expect("end");
        let answer = raw::answer(&mut stream).await;
        assert!(answer.as_ref().is_none_or(|a| a.status == 400), "{answer:?}");
        nothing_is_left(&server).await;
        let made: Value = server.send_archive("a", "1", good).await.expect(201).json();
        assert_eq!(made["name"], "a");
    }
}
