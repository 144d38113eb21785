use super::*;
use proptest::prelude::*;
use std::io::Write;

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn outputs(out: &[u8], err: &[u8]) -> Outputs {
    Outputs { out: Some(file(out)), err: Some(file(err)) }
}

fn all(outputs: &Outputs, ended: bool, mask: &Mask) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut from = Place::default();
    loop {
        let cut = outputs.cut(from, ended, mask).unwrap();
        from = cut.end;
        if cut.lines.is_empty() {
            return cuts;
        }
        cuts.push(cut);
    }
}

fn texts(cuts: &[Cut], stream: Stream) -> Vec<String> {
    let lines = cuts.iter().flat_map(|cut| &cut.lines);
    lines.filter(|(from, _)| *from == stream).map(|(_, text)| text.clone()).collect()
}

#[test]
fn lines_come_whole_and_the_last_one_when_the_job_has_ended() {
    let outputs = outputs(b"one\r\ntwo\n\nthr", b"bad \xFF\xFE\n");
    let mask = Mask::default();
    let running = outputs.cut(Place::default(), false, &mask).unwrap();
    let text = |text: &str| text.to_owned();
    let expected = [
        (Stream::Out, text("one")),
        (Stream::Out, text("two")),
        (Stream::Out, text("")),
        (Stream::Err, text("bad \u{FFFD}\u{FFFD}")),
    ];
    assert_eq!(running.lines, expected);
    assert_eq!(running.end, Place { out: 10, err: 7 });
    assert_eq!(outputs.cut(running.end, false, &mask).unwrap().lines, []);
    assert_eq!(outputs.cut(running.end, true, &mask).unwrap().lines, [(Stream::Out, text("thr"))]);
}

#[test]
fn files_that_do_not_exist_are_empty() {
    assert_eq!(Outputs::default().cut(Place::default(), true, &Mask::default()).unwrap(), Cut::default());
}

#[test]
fn statistics_lines_are_left_out() {
    let text = b"[statistics] connecting to socket on port 3334\n[statistics] connected\nrow\n[statistics] of mine\n[statistics] disconnected\n";
    let cuts = all(&outputs(text, b""), true, &Mask::default());
    assert_eq!(texts(&cuts, Stream::Out), ["row", "[statistics] of mine"]);
}

#[test]
fn long_lines_are_cut_and_marked_and_nothing_is_lost() {
    let long = "ä".repeat(100_000);
    let cuts = all(&outputs(format!("{long}\nshort\n").as_bytes(), b""), false, &Mask::default());
    let pieces = texts(&cuts, Stream::Out);
    assert_eq!(pieces.len(), 5, "200,000 bytes and a short line");
    assert_eq!(pieces.last().unwrap(), "short");
    assert!(pieces[..3].iter().all(|piece| piece.ends_with(GOES_ON) && piece.len() <= MAX_LINE + GOES_ON.len()));
    let joined: String = pieces[..4].iter().map(|piece| piece.trim_end_matches(GOES_ON)).collect();
    assert_eq!(joined, long);
}

#[test]
fn a_line_of_exactly_the_limit_is_whole() {
    for end in ["\n", "\r\n", ""] {
        let line = "x".repeat(MAX_LINE);
        let cuts = all(&outputs(format!("{line}{end}").as_bytes(), b""), true, &Mask::default());
        assert_eq!(texts(&cuts, Stream::Out), [line]);
    }
}

#[test]
fn a_secret_across_the_cut_of_a_long_line_is_hidden() {
    for offset in 0..12 {
        let text = format!("{}pass-word{}", "x".repeat(MAX_LINE - offset), "y".repeat(300));
        let cuts = all(&outputs(text.as_bytes(), b""), true, &Mask::new(["pass-word"]));
        let pieces = texts(&cuts, Stream::Out);
        assert_eq!(pieces.iter().filter(|piece| piece.contains("******")).count(), 1, "offset {offset}");
        assert!(!pieces.concat().contains("pass") && !pieces.concat().contains("word"), "offset {offset}");
    }
}

#[test]
fn chunks_are_bounded_and_errors_come_through_a_flood() {
    let flood = "a line of output that is repeated very often\n".repeat(40_000);
    let cuts = all(&outputs(flood.as_bytes(), b"an error\n"), true, &Mask::default());
    for cut in &cuts {
        let size: usize = cut.lines.iter().map(|(_, text)| text.len()).sum();
        assert!(cut.lines.len() <= MAX_LINES && size <= MAX_TEXT);
    }
    assert!(cuts[0].lines.iter().any(|(stream, _)| *stream == Stream::Err));
    assert_eq!(texts(&cuts, Stream::Out).len(), 40_000);
}

fn output() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        "[a-z ä]{0,30}\n".prop_map(String::into_bytes),
        "[a-z]{0,10}\r\n".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..20),
        (60_000..140_000usize).prop_map(|count| vec![b'z'; count]),
        (1..4_000usize).prop_map(|count| b"many\n".repeat(count)),
        Just(b"secret-1".to_vec()),
    ];
    proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However the files grow, cutting as they grow loses and repeats nothing, and cutting a chunk again gives it again.
    #[test]
    fn growing_files_give_the_same_text(out in output(), err in output(), steps in proptest::collection::vec(0..100usize, 0..6)) {
        let mask = Mask::new(["secret-1"]);
        let whole = outputs(&out, &err);
        let mut from = Place::default();
        let mut parts: Vec<Cut> = Vec::new();
        let mut steps: Vec<usize> = steps;
        steps.sort_unstable();
        for step in steps {
            let grown = outputs(&out[..out.len() * step / 100], &err[..err.len() * step / 100]);
            let cut = grown.cut(from, false, &mask).unwrap();
            prop_assert_eq!(&whole.again(from, cut.end, &mask).unwrap().end, &cut.end);
            from = cut.end;
            parts.push(cut);
        }
        loop {
            let cut = whole.cut(from, true, &mask).unwrap();
            if cut.end == from { break; }
            from = cut.end;
            parts.push(cut);
        }
        prop_assert_eq!(from, Place { out: out.len() as u64, err: err.len() as u64 });
        let plain = |stream| texts(&parts, stream).iter().map(|text| text.trim_end_matches(GOES_ON).to_owned()).collect::<String>();
        let expected = |bytes: &[u8]| {
            let lines: Vec<String> = bytes.split(|byte| *byte == b'\n').map(|line| mask.text(line.strip_suffix(b"\r").unwrap_or(line))).collect();
            lines.concat()
        };
        if std::str::from_utf8(&out).is_ok() {
            prop_assert_eq!(plain(Stream::Out).replace('\r', ""), expected(&out).replace('\r', ""));
        }
        prop_assert!(!plain(Stream::Err).contains("secret-1"));
    }
}
