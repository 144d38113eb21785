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

/// The operating system's generator; the only one fit for secrets.
#[derive(Debug)]
pub struct SystemRandom {
    inner: ring::rand::SystemRandom,
}

impl SystemRandom {
    /// The operating system's generator.
    pub fn new() -> Self {
        Self { inner: ring::rand::SystemRandom::new() }
    }
}

impl Default for SystemRandom {
    fn default() -> Self {
        Self::new()
    }
}

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        // The system generator fails only when the kernel has none; no secret can be made then, so stop hard.
        if self.inner.fill(buffer).is_err() {
            panic!("the operating system gives no random bytes");
        }
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
