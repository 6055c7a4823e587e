//! The system's random numbers.

use ring::rand::{SecureRandom, SystemRandom};

use crate::digest::Entropy;

/// The system's random number generator.
#[derive(Debug)]
pub struct SystemEntropy(SystemRandom);

impl SystemEntropy {
    /// The system's random number generator.
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        // Without random numbers ids would repeat: this process must not go on.
        if self.0.fill(buffer).is_err() {
            tracing::error!("the system has no random numbers");
            std::process::abort();
        }
    }
}
