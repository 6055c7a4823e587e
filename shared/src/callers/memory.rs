//! The callers in memory: the twin that tests run on.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::tokens::Register;
use super::{Caller, Error, Source};

/// Callers in memory.
#[derive(Default)]
pub struct MemoryCallers(Mutex<Vec<Caller>>);

#[async_trait]
impl Source for MemoryCallers {
    async fn read(&self) -> Result<Vec<Caller>, Error> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

#[async_trait]
impl Register for MemoryCallers {
    async fn write(&self, seen: Option<&Caller>, caller: &Caller) -> Result<bool, Error> {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let standing = callers.iter().position(|other| other.id == caller.id);
        match (standing.and_then(|at| callers.get_mut(at)), seen) {
            (Some(standing), Some(seen)) if standing == seen => *standing = caller.clone(),
            // The same once more: an answer was lost.
            (Some(standing), _) if standing == caller => {}
            (None, None) => callers.push(caller.clone()),
            (Some(_) | None, _) => return Ok(false),
        }
        Ok(true)
    }
}

#[async_trait]
impl Source for std::sync::Arc<MemoryCallers> {
    async fn read(&self) -> Result<Vec<Caller>, Error> {
        self.as_ref().read().await
    }
}
