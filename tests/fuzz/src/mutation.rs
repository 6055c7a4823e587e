//! What chance makes of a corpus, the same each time: for runs that no coverage guides.

use fastrand::Rng;

/// Most changes from an input to the next.
const CHANGES_MAX: usize = 4;
/// Longest input.
const BYTES_MAX: usize = 100_000;
/// Texts that mean something to one of the doors.
const WORDS: [&str; 48] = [
    "null",
    "true",
    "false",
    "{}",
    "[]",
    "\"\"",
    "0",
    "-0",
    "1e400",
    "1e-400",
    "0.0000001",
    "1.0",
    "1e0",
    "-1",
    "9999999999999.999999",
    "18446744073709551616",
    "4294967295",
    "9223372036854775807",
    "\\u0000",
    "\\ud800",
    "\\ufffd",
    "\u{fffd}",
    "\u{1f}",
    "/",
    "~",
    "%2e",
    "..",
    "?command=approve",
    "\"status\":",
    "\"data\":",
    "\"externalId\":",
    "\"rollbackTransaction\":true",
    "\"commandId\":1",
    "\"resourceId\":7",
    "\"resourceExternalId\":\"INC-1001\"",
    "\"userMessageGlobalisationCode\":\"error.msg.not.authorized\"",
    "error.msg.loan.id.invalid",
    "error.msg.data.integrity.issue",
    "unique_portfolio_command_source",
    " cached",
    "\n---\n",
    "lost",
    "not-sent",
    " sent",
    " stuck",
    " held=1",
    " epoch=3",
    " fill=300000",
];

/// Makes inputs out of a corpus.
pub struct Mutator<'a> {
    corpus: &'a [Vec<u8>],
    chance: Rng,
}

impl<'a> Mutator<'a> {
    /// The inputs that this seed makes.
    pub fn new(corpus: &'a [Vec<u8>], seed: u64) -> Self {
        Self {
            corpus,
            chance: Rng::with_seed(seed),
        }
    }

    fn one(&mut self) -> &'a [u8] {
        &self.corpus[self.chance.usize(..self.corpus.len())]
    }

    /// A part of the bytes, most often a short one.
    fn part(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.chance.usize(..=length);
        let most = if self.chance.bool() { 8 } else { length };
        start..(start + self.chance.usize(..=most)).min(length)
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let part = self.part(bytes.len());
        match self.chance.u8(..7) {
            0 => drop(bytes.drain(part)),
            1 => {
                let copy = bytes[part.clone()].to_vec();
                bytes.splice(part.start..part.start, copy);
            }
            2 => {
                let word = WORDS[self.chance.usize(..WORDS.len())];
                bytes.splice(part, word.bytes());
            }
            3 => {
                let word = WORDS[self.chance.usize(..WORDS.len())];
                bytes.splice(part.start..part.start, word.bytes());
            }
            4 => {
                let other = self.one();
                let piece = self.part(other.len());
                bytes.splice(part, other[piece].iter().copied());
            }
            5 => part
                .into_iter()
                .for_each(|index| bytes[index] = self.chance.u8(b' '..=b'~')),
            _ => {
                if let Some(byte) = bytes.get_mut(part.start) {
                    *byte ^= 1 << self.chance.u8(..8);
                }
            }
        }
    }
}

impl Iterator for Mutator<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut bytes = self.one().to_vec();
        for _ in 0..self.chance.usize(1..=CHANGES_MAX) {
            self.change(&mut bytes);
        }
        bytes.truncate(BYTES_MAX);
        Some(bytes)
    }
}
