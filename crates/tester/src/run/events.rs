//! Server-sent events, read while they come.

use crate::json::{Json, Object};
use crate::model::Events;

/// Most events that are read, whatever a request says.
const MAX_EVENTS: u32 = 10_000;
/// Longest time for them in milliseconds.
const MAX_MS: u64 = 600_000;

/// Most events of a request.
pub(super) fn at_most(wanted: &Events) -> usize {
    wanted.at_most.clamp(1, MAX_EVENTS) as usize
}

/// Longest time of a request in milliseconds.
pub(super) fn within_ms(wanted: &Events) -> u64 {
    wanted.within_ms.clamp(1, MAX_MS)
}

/// Takes pieces of a stream apart, by the rules of the HTML standard for event streams.
#[derive(Debug, Default)]
pub(super) struct Stream {
    line: Vec<u8>,
    /// The last byte was a carriage return, so a line feed after it belongs to the same end.
    returned: bool,
    begun: bool,
    event: String,
    data: Option<String>,
    id: Option<String>,
    pub(super) events: Vec<Json>,
}

impl Stream {
    /// Takes the next piece; lines may go on in the one after it.
    pub(super) fn feed(&mut self, piece: &[u8]) {
        for byte in piece {
            match byte {
                b'\n' if std::mem::take(&mut self.returned) => {}
                b'\n' | b'\r' => {
                    self.returned = *byte == b'\r';
                    let line = std::mem::take(&mut self.line);
                    self.end_of_line(&String::from_utf8_lossy(&line));
                }
                _ => {
                    self.returned = false;
                    self.line.push(*byte);
                }
            }
        }
    }

    fn end_of_line(&mut self, line: &str) {
        let line = if std::mem::replace(&mut self.begun, true) { line } else { line.trim_start_matches('\u{feff}') };
        if line.is_empty() {
            return self.end_of_event();
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.event),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            // Comments, `retry`, and names that the standard tells to pass over.
            _ => {}
        }
    }

    /// An event without data is none; its id stays.
    fn end_of_event(&mut self) {
        let event = std::mem::take(&mut self.event);
        let Some(data) = self.data.take() else { return };
        let mut made = Object::default();
        made.insert("event".to_owned(), Json::text(if event.is_empty() { "message".to_owned() } else { event }));
        if let Some(id) = &self.id {
            made.insert("id".to_owned(), Json::text(id));
        }
        if let Ok(value @ (Json::Object(_) | Json::Array(_))) = Json::parse(&data) {
            made.insert("json".to_owned(), value);
        }
        made.insert("data".to_owned(), Json::Text(data));
        self.events.push(Json::Object(made));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&str]) -> String {
        let mut stream = Stream::default();
        pieces.iter().for_each(|piece| stream.feed(piece.as_bytes()));
        Json::Array(stream.events).to_string()
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        let text = "\u{feff}: hello\n\ndata: a\r\ndata:b\r\n\r\nevent: tick\rid: 7\rdata: {\"n\":1}\r\rid\n\ndata\n\ndata: unfinished";
        let seen = read(&[text]);
        let wanted = concat!(
            r#"[{"event":"message","data":"a\nb"},{"event":"tick","id":"7","json":{"n":1},"data":"{\"n\":1}"},"#,
            r#"{"event":"message","id":"","data":""}]"#
        );
        assert_eq!(seen, wanted);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_a_stream_is_cut(text in "(data: [a-z]{0,3}|event: x|id: 1|:|\r|\n|\r\n|ü){0,20}", cut in 0usize..60) {
            let bytes = text.as_bytes();
            let cut = cut.min(bytes.len());
            let mut stream = Stream::default();
            stream.feed(&bytes[..cut]);
            stream.feed(&bytes[cut..]);
            prop_assert_eq!(Json::Array(stream.events).to_string(), read(&[&text]));
        }
    }
}
