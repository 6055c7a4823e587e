//! The table of operations, throttled, slow, and with answers that get lost.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gateway::clock::Timestamp;
use gateway::ledger::{
    Cancellation, Cancelled, Claim, Claimed, Error, Inserted, Ledger, Page, Past, Settlement, TakenBack, Written,
};
use gateway::row::{Open, Row};
use gateway::subject::Subject;
use gateway::tracking::State;
use tokio::time::sleep;
use uuid::Uuid;

use super::Ports;
use crate::world::World;
use crate::world::fate::Blow;
use crate::world::faults::Fault;
use crate::world::journal::Place;
use crate::world::sabotage::Sabotage;

type Effect<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

fn failed(name: &'static str) -> Error {
    Error::new(name, "the table did not answer")
}

impl Ports {
    /// One call: its fate, its fault, its effect.
    async fn call<T: Send + 'static>(
        &self,
        name: &'static str,
        writes: Option<Uuid>,
        effect: impl Fn(Arc<World>) -> Effect<T> + Send + Sync + 'static,
    ) -> Result<T, Error> {
        let world = &self.world;
        let blow = self.fate.before().await;
        sleep(world.dice.millis(1, 15)).await;
        let fault = match blow {
            Some(Blow::FailBefore) => Some(Fault::LedgerThrottled),
            Some(Blow::FailAfter) => Some(Fault::LedgerAnswerLost),
            Some(Blow::Twice) => Some(Fault::LedgerWriteTwice),
            Some(Blow::KillBefore | Blow::KillAfter | Blow::PauseBefore(_) | Blow::PauseAfter(_)) | None => {
                let faults: &[Fault] = match writes {
                    Some(_) => &Fault::LEDGER[..4],
                    None => &Fault::LEDGER[..1],
                };
                world.strike(faults)
            }
        };
        if let Some(fault) = fault {
            self.line(|| format!("table: {name} · {fault:?}"));
        }
        let carry_out = async || {
            let done = effect(Arc::clone(world)).await;
            world.observe(writes);
            done
        };
        let done = match fault {
            Some(Fault::LedgerThrottled) => Err(failed(name)),
            Some(Fault::LedgerAnswerLost) => carry_out().await.and_then(|_| Err(failed(name))),
            Some(Fault::LedgerWriteTwice) => {
                carry_out().await.ok();
                carry_out().await
            }
            Some(Fault::LedgerWriteLate) => {
                let (world, after) = (Arc::clone(world), world.dice.seconds(2, 12));
                tokio::spawn(async move {
                    sleep(after).await;
                    effect(Arc::clone(&world)).await.ok();
                    world.observe(writes);
                    world.weather.noticed(world.clock.age());
                });
                sleep(self.world.dice.seconds(1, 4)).await;
                Err(failed(name))
            }
            _ => carry_out().await,
        };
        self.fate.after(blow).await;
        done
    }

    /// A row as this run is shown it.
    fn shown(&self, row: Row) -> Row {
        match self.world.sabotage {
            Some(sabotage) => sabotage.shown(row),
            None => row,
        }
    }

    /// How far behind an index is.
    fn lag(&self) -> Duration {
        match self.world.strike(&[Fault::StaleIndex]) {
            Some(_) => self.world.dice.millis(50, 3_000),
            None => Duration::ZERO,
        }
    }

    async fn index(&self, name: &'static str, place: Place, open: bool) -> Result<Vec<Open>, Error> {
        let at = self.world.clock.age().saturating_sub(self.lag());
        self.call(name, None, move |world| {
            let place = place.clone();
            Box::pin(async move { Ok(world.journal.index(at, &place, open)) })
        })
        .await
    }
}

#[async_trait]
impl Ledger for Ports {
    async fn insert(&self, row: &Row, now: Timestamp) -> Result<Inserted, Error> {
        self.line(|| format!("table: insert {} {}", row.operation, row.id));
        let row = row.clone();
        self.call("insert", Some(row.id), move |world| {
            let row = row.clone();
            Box::pin(async move { world.ledger.insert(&row, now).await })
        })
        .await
    }

    async fn get(&self, id: Uuid) -> Result<Option<Row>, Error> {
        let row = self
            .call("get", None, move |world| {
                Box::pin(async move {
                    if world.cannot_read(&[id]) {
                        return Err(failed("get"));
                    }
                    world.ledger.get(id).await
                })
            })
            .await;
        let row = match row {
            Err(_) if self.world.sabotage == Some(Sabotage::SweepWhatIsRead) && self.actor == "sweep" => None,
            row => row?,
        };
        Ok(row.map(|row| self.shown(row)))
    }

    async fn get_all(&self, ids: &[Uuid]) -> Result<Vec<Row>, Error> {
        let ids = ids.to_vec();
        let rows = self
            .call("get_all", None, move |world| {
                let ids = ids.clone();
                Box::pin(async move {
                    if world.cannot_read(&ids) {
                        return Err(failed("get_all"));
                    }
                    world.ledger.get_all(&ids).await
                })
            })
            .await?;
        Ok(rows.into_iter().map(|row| self.shown(row)).collect())
    }

    async fn open_in_group(&self, group: &str) -> Result<Vec<Open>, Error> {
        if self.world.sabotage == Some(Sabotage::ClaimOwnRow) {
            return Ok(Vec::new());
        }
        self.index("open_in_group", Place::Group(group.to_owned()), true).await
    }

    async fn history(&self, subject: &Subject) -> Result<Vec<Uuid>, Error> {
        let entries = self.index("history", Place::Subject(subject.clone()), false).await?;
        Ok(entries.into_iter().map(|entry| entry.id).collect())
    }

    async fn history_before(
        &self,
        subject: &Subject,
        before: Option<Timestamp>,
        most: usize,
    ) -> Result<Vec<Past>, Error> {
        let mut entries = self
            .index("history_before", Place::Subject(subject.clone()), false)
            .await?;
        entries.retain(|entry| before.is_none_or(|before| entry.accepted_at < before));
        entries.sort_by_key(|entry| Reverse((entry.accepted_at, entry.id)));
        let entries = entries.into_iter().take(most);
        Ok(entries
            .map(|entry| Past {
                accepted_at: entry.accepted_at,
                id: entry.id,
            })
            .collect())
    }

    async fn open_in(&self, shard: &str, _: Option<String>) -> Result<Page, Error> {
        let entries = self.index("open_in", Place::Shard(shard.to_owned()), true).await?;
        if self.world.sabotage == Some(Sabotage::SweepWithoutOrder) {
            // Of each subject, the last is seen alone.
            let alone: BTreeMap<Subject, Open> = entries
                .into_iter()
                .map(|entry| (entry.subject.clone(), entry))
                .collect();
            let entries = alone.into_values().collect();
            return Ok(Page { entries, next: None });
        }
        Ok(Page { entries, next: None })
    }

    async fn claim(&self, id: Uuid, claim: &Claim) -> Result<Claimed, Error> {
        let owner = claim.owner.clone();
        let mut claim = claim.clone();
        if let Some(sabotage) = self.world.sabotage {
            sabotage.claim(&mut claim);
        }
        let claimed = self
            .call("claim", Some(id), move |world| {
                let claim = claim.clone();
                Box::pin(async move { world.ledger.claim(id, &claim).await })
            })
            .await;
        self.line(|| {
            let what = match &claimed {
                Ok(Claimed::Won(row)) => format!("won from {}", row.state.as_str()),
                Ok(Claimed::NotNow(row)) => format!("not now: {}", row.state.as_str()),
                Ok(Claimed::Ended(row)) => format!("ended: {}", row.state.as_str()),
                Ok(Claimed::Later) => "a later release's".to_owned(),
                Ok(Claimed::Missing) => "missing".to_owned(),
                Err(_) => "no answer".to_owned(),
            };
            format!("table: claim {id} by {owner} → {what}")
        });
        claimed
    }

    async fn note_sequence(&self, id: Uuid, sequence: &str) -> Result<(), Error> {
        let sequence = sequence.to_owned();
        self.call("note_sequence", Some(id), move |world| {
            let sequence = sequence.clone();
            Box::pin(async move { world.ledger.note_sequence(id, &sequence).await })
        })
        .await
    }

    async fn note_target(&self, id: Uuid, owner: &str, target: u64) -> Result<Written, Error> {
        if self.world.sabotage == Some(Sabotage::ForgetTarget) {
            return Ok(Written::Done);
        }
        let owner = owner.to_owned();
        self.call("note_target", Some(id), move |world| {
            let owner = owner.clone();
            Box::pin(async move { world.ledger.note_target(id, &owner, target).await })
        })
        .await
    }

    async fn settle(&self, id: Uuid, owner: &str, settlement: &Settlement) -> Result<Written, Error> {
        let (owner, mut settlement) = (owner.to_owned(), settlement.clone());
        if let Some(sabotage) = self.world.sabotage {
            sabotage.settlement(&mut settlement, self.world.clock);
        }
        let unowned = self.world.sabotage == Some(Sabotage::SettleWithoutOwner);
        let (state, reason) = (settlement.state, settlement.reason);
        let written = self
            .call("settle", Some(id), move |world| {
                let (owner, settlement) = (owner.clone(), settlement.clone());
                Box::pin(async move {
                    if let Some(row) = world.ledger.row(id).filter(|_| unowned) {
                        world.ledger.put(Row {
                            state: State::Running,
                            owner: Some(owner.clone()),
                            ..row
                        });
                    }
                    world.ledger.settle(id, &owner, &settlement).await
                })
            })
            .await;
        self.line(|| {
            let why = reason.map(|reason| format!(" ({reason:?})")).unwrap_or_default();
            format!("table: settle {id} as {}{why} → {written:?}", state.as_str())
        });
        written
    }

    async fn take_back(&self, cancelled: &Row) -> Result<TakenBack, Error> {
        let cancelled = cancelled.clone();
        let id = cancelled.id;
        if self.world.sabotage == Some(Sabotage::NoTakeBack) {
            return Ok(TakenBack::Done);
        }
        let taken = self
            .call("take_back", Some(id), move |world| {
                let cancelled = cancelled.clone();
                Box::pin(async move { world.ledger.take_back(&cancelled).await })
            })
            .await;
        self.line(|| format!("table: take back {id} → {taken:?}"));
        taken
    }

    async fn cancel(&self, id: Uuid, cancellation: &Cancellation) -> Result<Cancelled, Error> {
        let cancellation = cancellation.clone();
        self.call("cancel", Some(id), move |world| {
            let cancellation = cancellation.clone();
            Box::pin(async move { world.ledger.cancel(id, &cancellation).await })
        })
        .await
    }

    async fn note_resend(&self, seen: &Row, resend_after: Timestamp) -> Result<Written, Error> {
        let seen = seen.clone();
        self.call("note_resend", Some(seen.id), move |world| {
            let seen = seen.clone();
            Box::pin(async move { world.ledger.note_resend(&seen, resend_after).await })
        })
        .await
    }
}
