//! The randomness that is passed in: keys, secrets, identifiers.

use ring::rand::SecureRandom;
use std::sync::{Arc, Mutex};

/// A source of random bytes.
pub trait Random: Send + Sync {
    /// Fills `buffer` with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// A source shared between tasks and threads.
pub type SharedRandom = Arc<dyn Random>;

/// The operating system's generator; the only one fit for secrets. Small wants are served from a block that is fetched
/// ahead, because one system call for each costs more than the bytes. Bytes handed out are wiped from the block.
pub struct SystemRandom {
    inner: ring::rand::SystemRandom,
    ahead: Mutex<Ahead>,
}

/// Random bytes nobody has got yet.
struct Ahead {
    block: [u8; AHEAD],
    left: usize,
}

/// Bytes fetched ahead.
const AHEAD: usize = 512;
/// Wants of more bytes than this go to the operating system.
const SMALL: usize = 64;

impl SystemRandom {
    /// The operating system's generator.
    pub fn new() -> Self {
        let ahead = Mutex::new(Ahead { block: [0; AHEAD], left: 0 });
        Self { inner: ring::rand::SystemRandom::new(), ahead }
    }

    fn fetch(&self, buffer: &mut [u8]) {
        // The system generator fails only when the kernel has none; no secret can be made then, so stop hard.
        if self.inner.fill(buffer).is_err() {
            panic!("the operating system gives no random bytes");
        }
    }
}

impl std::fmt::Debug for SystemRandom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SystemRandom")
    }
}

impl Default for SystemRandom {
    fn default() -> Self {
        Self::new()
    }
}

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        if buffer.len() > SMALL {
            return self.fetch(buffer);
        }
        let mut ahead = self.ahead.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if ahead.left < buffer.len() {
            self.fetch(&mut ahead.block);
            ahead.left = AHEAD;
        }
        let end = ahead.left;
        let start = end - buffer.len();
        ahead.left = start;
        let bytes = &mut ahead.block[start..end];
        buffer.copy_from_slice(bytes);
        bytes.fill(0);
    }
}

/// A repeatable generator for tests. Never use it for secrets.
#[derive(Debug)]
pub struct SeededRandom {
    state: Mutex<u64>,
}

impl SeededRandom {
    /// A generator that always gives the same bytes for the same seed.
    pub fn new(seed: u64) -> Self {
        Self { state: Mutex::new(seed) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for byte in buffer {
            // SplitMix64, one output byte a step.
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = (z ^ (z >> 31)) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn bytes_fetched_ahead_are_handed_out_once() {
        let random = SystemRandom::new();
        let mut seen = HashSet::new();
        for _ in 0..1000 {
            let mut bytes = [0u8; 16];
            random.fill(&mut bytes);
            assert!(seen.insert(bytes), "the same bytes came twice");
        }
        let mut large = vec![0u8; 1000];
        random.fill(&mut large);
        assert!(large.iter().any(|b| *b != 0));
    }
}
