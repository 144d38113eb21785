//! Talks over WebSockets: the opening (RFC 6455, section 4) and the turns after it.

use std::pin::pin;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::{Either, select};
use futures_util::{SinkExt, StreamExt};
use reqwest::Upgraded;
use sha1::{Digest, Sha1};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error as WireError;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

use super::prepare::field;
use super::{Outside, SendOptions};
use crate::check::{Looked, Outcome, check_at};
use crate::effort::Effort;
use crate::exchange::{Response, values};
use crate::expr::Evaluator;
use crate::json::{Json, Object};
use crate::model::{Comparison, MessageIs, Subject, Turn, WebSocket};
use crate::world::Clock;

/// What RFC 6455 adds to the key of an opening before it is hashed.
const KEY_END: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Headers of an opening; a request cannot set them itself.
const OPENING: [&str; 5] =
    ["connection", "upgrade", "sec-websocket-version", "sec-websocket-key", "sec-websocket-protocol"];
/// Longest text of an expected value or a reason in a message, in characters.
const SHOWN: usize = 200;

/// Evaluates what is to be said, and puts the headers of the opening in place.
pub(super) fn prepare(
    wanted: &WebSocket,
    evaluator: &Evaluator<'_>,
    headers: &mut Vec<(String, String)>,
) -> Result<WebSocket, String> {
    let sent: usize = wanted.turns.iter().map(|turn| turn.send.len()).sum();
    let time: u64 = wanted.turns.iter().map(Turn::time_ms).sum();
    if wanted.turns.len() > WebSocket::MAX_TURNS || sent > WebSocket::MAX_SENT || time > WebSocket::MAX_MS {
        return Err(format!(
            "WebSocket: {} turns with {sent} messages and {time} ms are more than {} turns, {} messages or {} ms; split it",
            wanted.turns.len(),
            WebSocket::MAX_TURNS,
            WebSocket::MAX_SENT,
            WebSocket::MAX_MS
        ));
    }
    let mut made = wanted.clone();
    for (at, turn) in made.turns.iter_mut().enumerate() {
        let evaluate = |text: &mut String, what: &str| -> Result<(), String> {
            *text =
                evaluator.text(text).map_err(|error| field(&format!("WebSocket turn {}, {what}", at + 1), &error))?;
            Ok(())
        };
        turn.send.iter_mut().try_for_each(|text| evaluate(text, "message"))?;
        if let Some(until) = &mut turn.until {
            evaluate(&mut until.to, "until")?;
            if !Comparison::from_name(&until.is).is_known() {
                return Err(format!("WebSocket turn {}, until: `{}` is no comparison", at + 1, until.is));
            }
        }
    }
    let key = format!("{}{}", evaluator.random_hex(), evaluator.random_hex());
    let key = STANDARD.encode(&key.as_bytes()[..16]);
    headers.retain(|(name, _)| !OPENING.contains(&name.trim().to_ascii_lowercase().as_str()));
    for (name, value) in [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", &key),
    ] {
        headers.push((name.to_owned(), value.to_owned()));
    }
    if !made.protocols.is_empty() {
        headers.push(("Sec-WebSocket-Protocol".to_owned(), made.protocols.join(", ")));
    }
    Ok(made)
}

/// The answer to a key, by which a server shows that it speaks this protocol.
fn accept(key: &str) -> String {
    STANDARD.encode(Sha1::digest(format!("{key}{KEY_END}")))
}

/// Whether the server really opened: its answer fits the key, and it took a protocol that was offered.
pub(super) fn opened(wanted: &WebSocket, sent: &[(String, String)], got: &[(String, String)]) -> Result<(), String> {
    let key = values(sent, "sec-websocket-key").concat();
    if values(got, "sec-websocket-accept") != [accept(&key).as_str()] {
        return Err("WebSocket: the Sec-WebSocket-Accept of the answer does not fit the key".to_owned());
    }
    match values(got, "sec-websocket-protocol").as_slice() {
        [] => Ok(()),
        [one] if wanted.protocols.iter().any(|offered| offered == one) => Ok(()),
        other => Err(format!("WebSocket: the server chose the protocol `{}`, which was not offered", other.join(", "))),
    }
}

/// What a talk has shown.
pub(super) struct Talk {
    /// Messages that were sent, as JSON.
    pub(super) sent: Vec<Json>,
    /// Messages that came, as JSON.
    received: Vec<Json>,
    /// Bytes of these.
    bytes: usize,
    /// What did not come true.
    pub(super) shortfall: Option<String>,
}

impl Talk {
    pub(super) fn body(self) -> (Vec<u8>, Vec<u8>) {
        (Json::Array(self.sent).to_string().into_bytes(), Json::Array(self.received).to_string().into_bytes())
    }
}

/// How waiting ended.
enum Next {
    Message(Message),
    /// The other side is gone; the text says how, unless it said goodbye.
    Gone(Option<String>),
    Over,
}

/// Talks until the last turn is over, the other side leaves, or a condition stays untrue.
///
/// # Errors
/// The messages are larger than `most` bytes together.
pub(super) async fn talk(
    io: Upgraded,
    wanted: &WebSocket,
    options: &SendOptions,
    outside: Outside<'_>,
) -> Result<Talk, String> {
    let (most, clock) = (options.max_body, outside.clock);
    let effort = || Effort::new(options.steps, outside.stop);
    let config = WebSocketConfig::default().max_message_size(Some(most)).max_frame_size(Some(most));
    let mut socket = WebSocketStream::from_raw_socket(io, Role::Client, Some(config)).await;
    let mut talk = Talk { sent: Vec::new(), received: Vec::new(), bytes: 0, shortfall: None };
    for (at, turn) in wanted.turns.iter().enumerate() {
        if let Some(problem) = one_turn(&mut socket, at + 1, turn, &mut talk, most, (clock, &effort)).await? {
            talk.shortfall = Some(format!("WebSocket turn {}: {problem}", at + 1));
            break;
        }
    }
    // The talk is over: whether the other side still hears the goodbye changes nothing.
    let _ = select(pin!(socket.close(None)), clock.sleep(Duration::from_secs(1))).await;
    Ok(talk)
}

/// One turn; gives what did not come true.
async fn one_turn<'e>(
    socket: &mut WebSocketStream<Upgraded>,
    number: usize,
    turn: &Turn,
    talk: &mut Talk,
    most: usize,
    (clock, effort): (&dyn Clock, &(impl Fn() -> Effort<'e> + Sync)),
) -> Result<Option<String>, String> {
    let mut over = clock.sleep(Duration::from_millis(turn.time_ms()));
    for text in &turn.send {
        match select(pin!(socket.send(Message::text(text.as_str()))), &mut over).await {
            Either::Left((Ok(()), _)) => {}
            Either::Left((Err(error), _)) => return Ok(Some(format!("a message could not be sent: {error}"))),
            Either::Right(_) => return Ok(Some(format!("the messages were not taken within {} ms", turn.time_ms()))),
        }
        talk.sent.push(message(number, "text", [("data", Json::text(text))]));
    }
    let mut came = 0;
    while came < turn.awaited() {
        let next = match select(socket.next(), &mut over).await {
            Either::Left((next, _)) => next_of(next, most)?,
            Either::Right(_) => Next::Over,
        };
        match next {
            Next::Message(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
            Next::Message(Message::Close(frame)) => {
                talk.received.push(closed(number, frame.as_ref()));
                return Ok(untrue(turn, came, "the server closed the connection"));
            }
            Next::Message(made) => {
                came += 1;
                let text = take(talk, number, made, most)?;
                if turn.until.as_ref().is_some_and(|until| holds(until, text, &effort())) {
                    return Ok(None);
                }
                if talk.received.len() >= WebSocket::MAX_RECEIVED as usize {
                    break;
                }
            }
            Next::Gone(Some(how)) => return Ok(Some(format!("the connection broke: {how}"))),
            Next::Gone(None) => return Ok(untrue(turn, came, "the connection is closed")),
            Next::Over => return Ok(untrue(turn, came, &format!("after {} ms", turn.time_ms()))),
        }
    }
    Ok(untrue(turn, came, "that was all it waits for"))
}

fn next_of(next: Option<Result<Message, WireError>>, most: usize) -> Result<Next, String> {
    match next {
        Some(Ok(message)) => Ok(Next::Message(message)),
        None | Some(Err(WireError::ConnectionClosed | WireError::AlreadyClosed)) => Ok(Next::Gone(None)),
        Some(Err(WireError::Capacity(_))) => Err(too_large(most)),
        Some(Err(error)) => Ok(Next::Gone(Some(error.to_string()))),
    }
}

fn too_large(most: usize) -> String {
    format!("WebSocket: the messages that came are larger than {most} bytes together")
}

/// Why a condition was true of nothing; a turn without one is content with what came.
fn untrue(turn: &Turn, came: u32, why: &str) -> Option<String> {
    let until = turn.until.as_ref()?;
    let what = if until.path.is_empty() { "text" } else { until.path.as_str() };
    let to: String = until.to.chars().take(SHOWN).collect();
    Some(format!("until: no message has {what} {} `{to}`; {came} came, then {why}", until.is))
}

/// Keeps a message; gives its text, which is empty for a binary one.
fn take(talk: &mut Talk, number: usize, came: Message, most: usize) -> Result<String, String> {
    talk.bytes += came.len();
    if talk.bytes > most {
        return Err(too_large(most));
    }
    if came.is_binary() {
        let data = STANDARD.encode(came.into_data());
        talk.received.push(message(number, "binary", [("data", Json::Text(data))]));
        return Ok(String::new());
    }
    let text = came.to_text().map_err(|error| format!("WebSocket: {error}"))?.to_owned();
    let mut made = message(number, "text", [("data", Json::text(&text))]);
    if let (Json::Object(members), Ok(value @ (Json::Object(_) | Json::Array(_)))) = (&mut made, Json::parse(&text)) {
        members.insert("json".to_owned(), value);
    }
    talk.received.push(made);
    Ok(text)
}

fn message<const N: usize>(number: usize, kind: &str, more: [(&str, Json); N]) -> Json {
    let mut made = Object::default();
    made.insert("turn".to_owned(), Json::int(number as u64));
    made.insert("type".to_owned(), Json::text(kind));
    made.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Json::Object(made)
}

fn closed(number: usize, frame: Option<&CloseFrame>) -> Json {
    let code = frame.map_or(Json::Null, |frame| Json::int(u16::from(frame.code)));
    let reason = frame.map_or("", |frame| frame.reason.as_str());
    message(number, "close", [("code", code), ("reason", Json::text(reason))])
}

fn holds(until: &MessageIs, text: String, effort: &Effort<'_>) -> bool {
    let response = Response { body: text.into_bytes(), ..Response::default() };
    let (subject, path) = match until.path.as_str() {
        "" => (Subject::ResponseBody, "content"),
        path => (Subject::ResponseJsonBody, path),
    };
    let compared =
        check_at(&Looked::at(&response, effort), &subject, path, &Comparison::from_name(&until.is), &until.to);
    compared.outcome == Outcome::Ok
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_a_key_is_that_of_the_standard() {
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
