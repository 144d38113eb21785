//! Messages between engine and shim host: a length (4 bytes, big-endian), then that many bytes of JSON.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// Version of the messages; both sides normally come from one program, but the file may be replaced under a running engine.
pub(super) const VERSION: u32 = 1;

/// Longest message accepted, in bytes; paths are the only long thing in one.
pub(super) const MAX_LEN: usize = 64 * 1024;

/// Engine to host: start a shim.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) v: u32,
    pub(super) id: u64,
    /// Absolute path of the run folder, which holds the recipe.
    pub(super) run_dir: String,
}

/// Host to engine: the answer to the request with the same id.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) v: u32,
    pub(super) id: u64,
    #[serde(flatten)]
    pub(super) result: Answered,
}

/// What became of a request.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answered {
    /// The shim was forked.
    Started {
        /// Its process number.
        pid: i32,
        /// Its start time in clock ticks since boot.
        start_time: u64,
    },
    /// The run folder had been claimed before.
    AlreadyStarted {},
    /// No shim was started.
    Failed {
        /// Why, for people.
        message: String,
    },
}

/// The bytes of one message.
pub(super) fn encode<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let body = serde_json::to_vec(message)?;
    let len = u32::try_from(body.len()).ok().filter(|_| body.len() <= MAX_LEN);
    let len = len.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "message too long"))?;
    let mut bytes = len.to_be_bytes().to_vec();
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// Writes one message, blocking.
pub(super) fn write<T: Serialize>(mut to: impl Write, message: &T) -> io::Result<()> {
    to.write_all(&encode(message)?)
}

/// Reads one message, blocking. `None` at the end of the stream.
pub(super) fn read<T: for<'a> Deserialize<'a>>(mut from: impl Read) -> io::Result<Option<T>> {
    let mut len = [0; 4];
    match from.read_exact(&mut len) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut body = vec![0; checked_len(len)?];
    from.read_exact(&mut body)?;
    Ok(Some(serde_json::from_slice(&body)?))
}

/// The length a header announces, refused if it is beyond [`MAX_LEN`].
pub(super) fn checked_len(header: [u8; 4]) -> io::Result<usize> {
    let len = u32::from_be_bytes(header) as usize;
    if len > MAX_LEN {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "message too long"));
    }
    Ok(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yesterdays_bytes_are_understood() {
        let request: Request = read(&b"\0\0\0\x20{\"v\":1,\"id\":7,\"run_dir\":\"/r \xc3\xa9\"}"[..]).unwrap().unwrap();
        assert_eq!(request, Request { v: 1, id: 7, run_dir: "/r é".into() });
        let answers = [
            (r#"{"v":1,"id":7,"started":{"pid":12,"start_time":34}}"#, Answered::Started { pid: 12, start_time: 34 }),
            (r#"{"v":1,"id":7,"already_started":{}}"#, Answered::AlreadyStarted {}),
            (r#"{"v":1,"id":7,"failed":{"message":"no"}}"#, Answered::Failed { message: "no".into() }),
        ];
        for (text, result) in answers {
            let answer = Answer { v: 1, id: 7, result };
            assert_eq!(serde_json::to_string(&answer).unwrap(), text);
            assert_eq!(serde_json::from_str::<Answer>(text).unwrap(), answer);
        }
    }

    #[test]
    fn absurd_length_is_refused_and_end_is_no_error() {
        assert!(read::<Request>(&b"\xff\xff\xff\xff{}"[..]).is_err());
        assert!(read::<Request>(&b""[..]).unwrap().is_none());
    }
}
