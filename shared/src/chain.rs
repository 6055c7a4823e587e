//! The whole chain of an error, for the operator's log.

use std::error::Error;
use std::fmt;

/// Shows an error and all of its causes. The log's formatter shows only the first.
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger;

    #[test]
    fn every_cause_is_shown() {
        let inner = ledger::Error::new("inner", "AccessDenied");
        let outer = ledger::Error::new("claim", inner);
        let shown = "the ledger did not answer: claim: the ledger did not answer: inner: AccessDenied";
        assert_eq!(Chain(&outer).to_string(), shown);
    }
}
