//! Ids and keys that were never used on a server: they follow from a tag.

use fastrand::Rng;
use uuid::Builder;

/// Draws ids. The same tag and scenario draw the same ones.
pub(crate) struct Fresh {
    tag: String,
    drawn: u64,
    rng: Rng,
}

impl Fresh {
    /// Ids of this tag for this scenario.
    pub(crate) fn new(tag: &str, scenario: &str) -> Self {
        Self {
            // Scenarios that are played under one tag share no id.
            tag: format!("{tag}-{}", scenario.split('-').next().unwrap_or_default()),
            drawn: 0,
            rng: Rng::with_seed(seed(&format!("{tag} {scenario}"))),
        }
    }

    /// An id that begins so; `uuid` asks for a UUID.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        if prefix == "uuid" {
            return self.key();
        }
        self.drawn += 1;
        format!("{prefix}-{}-{}", self.tag, self.drawn)
    }

    /// An `Idempotency-Key`.
    pub(crate) fn key(&mut self) -> String {
        let mut bytes = [0; 16];
        self.rng.fill(&mut bytes);
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}

/// A number that follows from a text (FNV-1a).
pub(crate) fn seed(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_tag_draws_the_same_ids() {
        let draw = |tag: &str, scenario: &str| {
            let mut fresh = Fresh::new(tag, scenario);
            [fresh.id("LOAN"), fresh.id("uuid"), fresh.key()]
        };
        assert_eq!(draw("a", "setup"), draw("a", "setup"));
        assert_eq!(draw("a", "setup")[0], "LOAN-a-setup-1");
        for other in [draw("b", "setup"), draw("a", "life")] {
            assert_ne!(draw("a", "setup")[1..], other[1..]);
        }
    }
}
