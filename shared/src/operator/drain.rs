//! Bringing dead letters back: their rows are open, and their messages should run.

use std::collections::BTreeSet;

use super::{Error, Operator, Refusal};
use crate::note::{Deed, Hand};
use crate::queue::{DeadLetters, Message, Received};

/// What became of the dead letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Sent again.
    pub sent: u32,
    /// About operations that have ended: removed.
    pub ended: u32,
    /// Nobody can read them, or there is no such operation. They stay, unless they were to be removed.
    pub strays: Vec<String>,
    /// Something did not answer, or somebody was quicker: they stay.
    pub left: u32,
}

impl Operator<'_> {
    /// Goes through the dead letters once. `remove` removes those that are about no operation. `progress` is told after
    /// each.
    pub async fn drain(
        &self,
        letters: &dyn DeadLetters,
        hand: &Hand,
        remove: bool,
        progress: &(dyn Fn(&Drained) + Sync),
    ) -> Result<Drained, Error> {
        let mut drained = Drained::default();
        let mut seen = BTreeSet::new();
        loop {
            let received = letters.receive().await?;
            let news: Vec<_> = received
                .into_iter()
                .filter(|letter| seen.insert(letter.message_id.clone()))
                .collect();
            // What was left comes back when its visibility ends: the round is done.
            if news.is_empty() {
                return Ok(drained);
            }
            for letter in news {
                self.bring_back(letters, &letter, hand, remove, &mut drained).await?;
                progress(&drained);
            }
        }
    }

    async fn bring_back(
        &self,
        letters: &dyn DeadLetters,
        letter: &Received,
        hand: &Hand,
        remove: bool,
        drained: &mut Drained,
    ) -> Result<(), Error> {
        let row = match Message::read(&letter.body) {
            Some(message) => self.ledger.get(message.id).await?,
            None => None,
        };
        let Some(row) = row else {
            drained.strays.push(letter.message_id.clone());
            if remove {
                letters.delete(&letter.receipt).await?;
            }
            return Ok(());
        };
        if !row.state.is_open() {
            letters.delete(&letter.receipt).await?;
            drained.ended = drained.ended.saturating_add(1);
            return Ok(());
        }
        let sent = match self.note(&row, hand.note(Deed::Drained, self.clock.now(), None)).await {
            // Its message is more than its note.
            Ok(()) | Err(Error::Refused(Refusal::Full | Refusal::Kept)) => self.send_again(&row).await,
            refused => refused,
        };
        match sent {
            Ok(()) => {
                letters.delete(&letter.receipt).await?;
                drained.sent = drained.sent.saturating_add(1);
            }
            Err(_) => drained.left = drained.left.saturating_add(1),
        }
        Ok(())
    }
}
