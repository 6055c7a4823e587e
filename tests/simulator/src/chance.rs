//! Chance that replays: the same seed picks the same requests.

const MILLION: u64 = 1_000_000;

/// So many in a million, drawn by a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance {
    per_million: u32,
    seed: u64,
}

impl Chance {
    /// `per_million` of a million requests.
    pub fn new(per_million: u32, seed: u64) -> Self {
        Self { per_million, seed }
    }

    /// How many of a million.
    pub fn per_million(self) -> u32 {
        self.per_million
    }

    /// What it is drawn by.
    pub fn seed(self) -> u64 {
        self.seed
    }

    /// Whether it falls on the request of this turn. (SplitMix64, which needs no state but the turn.)
    pub(crate) fn falls_on(self, turn: u64) -> bool {
        let mut word = self
            .seed
            .wrapping_add((turn.wrapping_add(1)).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (word ^ (word >> 31)) % MILLION < u64::from(self.per_million)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_as_often_as_it_says_and_always_the_same() {
        for (per_million, seed) in [(0, 1), (100_000, 1), (100_000, 2), (1_000_000, 1)] {
            let chance = Chance::new(per_million, seed);
            let picked: Vec<_> = (0..10_000).filter(|turn| chance.falls_on(*turn)).collect();
            let expected = usize::try_from(per_million / 100).unwrap();
            assert!(
                picked.len().abs_diff(expected) <= 150,
                "{per_million}: {}",
                picked.len()
            );
            let again: Vec<_> = (0..10_000).filter(|turn| chance.falls_on(*turn)).collect();
            assert_eq!(picked, again);
        }
        let turns = |seed| {
            (0..100)
                .filter(|turn| Chance::new(100_000, seed).falls_on(*turn))
                .collect::<Vec<_>>()
        };
        assert_ne!(turns(1), turns(2));
    }
}
