//! Zip files written byte by byte, so that every lie can be told.

use std::io::{Cursor, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// One entry; all fields may lie.
#[derive(Clone)]
pub(crate) struct Raw {
    pub(crate) name: Vec<u8>,
    pub(crate) packed: Vec<u8>,
    pub(crate) size: u32,
    pub(crate) crc: u32,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) mode: u32,
}

/// A stored entry that tells the truth.
pub(crate) fn stored(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Raw {
    let content = content.as_ref();
    let mut crc = Crc::new();
    crc.update(content);
    Raw {
        name: name.as_ref().to_vec(),
        packed: content.to_vec(),
        size: content.len() as u32,
        crc: crc.sum(),
        method: 0,
        flags: 0x800,
        mode: 0,
    }
}

/// A deflated entry that tells the truth.
pub(crate) fn deflated(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Raw {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content.as_ref()).unwrap();
    Raw { packed: encoder.finish().unwrap(), method: 8, ..stored(name, content) }
}

/// The zip of these entries.
pub(crate) fn zip(entries: &[Raw]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = out.len() as u32;
        let mut shared = Vec::new();
        for half in [20, entry.flags, entry.method, 0, 0x21] {
            shared.extend_from_slice(&half.to_le_bytes());
        }
        for word in [entry.crc, entry.packed.len() as u32, entry.size] {
            shared.extend_from_slice(&word.to_le_bytes());
        }
        shared.extend_from_slice(&(entry.name.len() as u16).to_le_bytes());
        shared.extend_from_slice(&[0; 2]);
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&shared);
        out.extend_from_slice(&entry.name);
        out.extend_from_slice(&entry.packed);
        // Made by Unix, so that the upper half of the attributes is a mode.
        directory.extend_from_slice(b"PK\x01\x02\x14\x03");
        directory.extend_from_slice(&shared);
        directory.extend_from_slice(&[0; 6]);
        directory.extend_from_slice(&(entry.mode << 16).to_le_bytes());
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(&entry.name);
    }
    let start = out.len() as u32;
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    for half in [entries.len() as u16; 2] {
        out.extend_from_slice(&half.to_le_bytes());
    }
    for word in [directory.len() as u32, start] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(&[0; 2]);
    out
}

/// A zip of plain files.
pub(crate) fn files(all: &[(&str, &[u8])]) -> Vec<u8> {
    zip(&all.iter().map(|(name, content)| deflated(name, content)).collect::<Vec<_>>())
}

pub(crate) const LAUNCHER: &str = "#!/bin/sh\ncd `dirname $0`\nROOT_PATH=`pwd`\njava \
    -Dtalend.component.manager.m2.repository=$ROOT_PATH/../lib -Xms256M -Xmx1024M \
    --add-opens=java.base/java.lang=ALL-UNNAMED -cp \
    .:$ROOT_PATH:$ROOT_PATH/../lib/routines.jar:$ROOT_PATH/rowsdemo_0_1.jar:$ROOT_PATH/child_0_1.jar: \
    acme.rowsdemo_0_1.RowsDemo --context=Default \"$@\"\n";

pub(crate) const ITEM: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<talendfile:ProcessType xmlns:talendfile="x" defaultContext="Default" jobType="Standard">
<context confirmationNeeded="false" name="Default">
<contextParameter comment="how many" name="rows" promptNeeded="true" type="id_Integer" value="100"/>
<contextParameter comment="" name="token" promptNeeded="false" type="id_Password" value="enc:system.encryption.key.v1:x"/>
<contextParameter name="folder" type="id_Directory" value="/tmp"/>
</context></talendfile:ProcessType>"#;

/// A complete job with a child job, in the layout of the builder.
pub(crate) fn job() -> Vec<(String, Vec<u8>)> {
    let jar = files(&[
        ("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n"),
        ("acme/rowsdemo_0_1/RowsDemo.class", b"\xca\xfe--context_param --context_file="),
    ]);
    let child = files(&[("acme/child_0_1/Child.class", b"\xca\xfe")]);
    let info = "#just for tac\njob=RowsDemo\njobVersion=0.1\njobId=_Uv_K\nproject=ACME\ncontextName=Default\n\
        jobType=Standard\ncmdLineVersion=8.0.1\ncompliance=17\nadd-opens=true\nstatistics=true\n\
        gitAuthor=Ann\ngitCommitId=abc\ngitCommitDate=1700000000000\nbranch=main";
    let all: [(&str, &[u8]); 12] = [
        ("jobInfo.properties", info.as_bytes()),
        ("lib/routines.jar", b"PK"),
        ("RowsDemo/RowsDemo_run.sh", LAUNCHER.as_bytes()),
        ("RowsDemo/rowsdemo_0_1.jar", &jar),
        ("RowsDemo/child_0_1.jar", &child),
        (
            "RowsDemo/acme/rowsdemo_0_1/contexts/Default.properties",
            b"#c\n#d\nrows=10\ntoken=enc:routine.encryption.key.v1:abc\nfolder=C\\:\\\\x\\u00e9\n",
        ),
        ("RowsDemo/acme/rowsdemo_0_1/contexts/Prod.properties", b"rows=99\ntoken=\nextra=1\n"),
        ("RowsDemo/acme/child_0_1/contexts/Default.properties", b"rows=1\nown=2\n"),
        ("RowsDemo/log4j2.xml", b"<Configuration/>"),
        ("RowsDemo/items/acme/process/demo/RowsDemo_0.1.item", ITEM.as_bytes()),
        (
            "RowsDemo/items/acme/process/demo/RowsDemo_0.1.properties",
            br#"<x><P:Property purpose="shows rows" description="a demo"/></x>"#,
        ),
        ("RowsDemo/src/main/java/acme/contexts/No.properties", b"no=1"),
    ];
    all.into_iter().map(|(name, content)| (name.to_owned(), content.to_vec())).collect()
}

/// The zip of [`job`], after a change.
pub(crate) fn job_zip(change: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) -> Cursor<Vec<u8>> {
    let mut all = job();
    change(&mut all);
    Cursor::new(zip(&all.iter().map(|(name, content)| deflated(name, content)).collect::<Vec<_>>()))
}
