//! Dead letters in memory: the twin that tests run on.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{DeadLetters, Error, Received};

/// How many are received at once.
const AT_ONCE: usize = 2;

#[derive(Default)]
struct Contents {
    letters: Vec<Received>,
    hidden: BTreeSet<String>,
}

/// Dead letters in memory. What was received stays hidden.
#[derive(Default)]
pub struct MemoryLetters(Mutex<Contents>);

impl MemoryLetters {
    /// Dead letters with these bodies.
    pub fn of(bodies: impl IntoIterator<Item = String>) -> Self {
        let letter = |(number, body)| {
            let (id, receipt) = (format!("letter-{number}"), format!("receipt-{number}"));
            Received::new(body, id, receipt, &std::collections::HashMap::new())
        };
        let letters = bodies.into_iter().enumerate().map(letter).collect();
        Self(Mutex::new(Contents {
            letters,
            hidden: BTreeSet::new(),
        }))
    }

    /// The bodies of those that are there.
    pub fn bodies(&self) -> Vec<String> {
        self.contents()
            .letters
            .iter()
            .map(|letter| letter.body.clone())
            .collect()
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl DeadLetters for MemoryLetters {
    async fn receive(&self) -> Result<Vec<Received>, Error> {
        let mut contents = self.contents();
        let visible = contents
            .letters
            .iter()
            .filter(|letter| !contents.hidden.contains(&letter.receipt));
        let received: Vec<_> = visible.take(AT_ONCE).cloned().collect();
        contents
            .hidden
            .extend(received.iter().map(|letter| letter.receipt.clone()));
        Ok(received)
    }

    async fn delete(&self, receipt: &str) -> Result<(), Error> {
        let mut contents = self.contents();
        let before = contents.letters.len();
        contents.letters.retain(|letter| letter.receipt != receipt);
        if contents.letters.len() == before {
            return Err(Error::new("delete a dead letter", "there is none of this receipt"));
        }
        Ok(())
    }
}
