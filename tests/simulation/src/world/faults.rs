//! The faults that strike a world, and how often.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::dice::Dice;

/// For how long after the last fault what follows from it counts as one.
const ECHOES: Duration = Duration::from_secs(24 * 60 * 60);

/// For how long a row that cannot be read stays so.
const UNREADABLE: Duration = Duration::from_secs(3 * 60);

/// Everything that can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the words say it; `place` says where")]
pub(super) enum Fault {
    // At one exchange with Fineract.
    LostRequest,
    LostAnswer,
    SlowBeyondTimeout,
    RequestArrivesLate,
    RequestArrivesTwice,
    RequestHangsAndApplies,
    ConnectionRefused,
    KeyStuckApplied,
    KeyStuckNotApplied,
    AppliedThen500,
    ConnectionKilled,
    StatementCancelled,
    NoConnection,
    Conflict,
    RacedDuplicate,
    Deadlock,
    KeyRace,
    ProxyFailure,
    ProxyRefusal,
    AnswerAboutAnother,
    // For a while.
    FineractAway,
    FineractRestarts,
    DatabaseDown,
    LoansLocked,
    JobRunning,
    WrongPassword,
    WrongTenant,
    NotAuthorized,
    ReadOnly,
    WrongConfiguration,
    CheckerAsked,
    LongSilence,
    QueueLosesAll,
    // By people.
    CheckerApproves,
    CheckerRejects,
    CheckerRemoves,
    ApprovalFails,
    ActByHand,
    // At one call of the table.
    LedgerThrottled,
    LedgerAnswerLost,
    LedgerWriteTwice,
    LedgerWriteLate,
    StaleIndex,
    RowUnreadable,
    // At one call of the queue.
    QueueCallFails,
    QueueAnswerLost,
    QueueSendLate,
    DeliveredTwice,
    DeliveredLate,
    MessageLost,
    DeadLetter,
    // To a run of a function.
    WorkerKilled,
    WorkerTimedOut,
    WorkerStandsStill,
    OperateKilled,
    AnswerToCallerLost,
}

impl Fault {
    /// Those that strike one exchange.
    pub(super) const EXCHANGE: [Self; 20] = [
        Self::LostRequest,
        Self::LostAnswer,
        Self::SlowBeyondTimeout,
        Self::RequestArrivesLate,
        Self::RequestArrivesTwice,
        Self::RequestHangsAndApplies,
        Self::ConnectionRefused,
        Self::KeyStuckApplied,
        Self::KeyStuckNotApplied,
        Self::AppliedThen500,
        Self::ConnectionKilled,
        Self::StatementCancelled,
        Self::NoConnection,
        Self::Conflict,
        Self::RacedDuplicate,
        Self::Deadlock,
        Self::KeyRace,
        Self::ProxyFailure,
        Self::ProxyRefusal,
        Self::AnswerAboutAnother,
    ];
    /// Those that last for a while.
    pub(super) const WINDOW: [Self; 13] = [
        Self::FineractAway,
        Self::FineractRestarts,
        Self::DatabaseDown,
        Self::LoansLocked,
        Self::JobRunning,
        Self::WrongPassword,
        Self::WrongTenant,
        Self::NotAuthorized,
        Self::ReadOnly,
        Self::WrongConfiguration,
        Self::CheckerAsked,
        Self::LongSilence,
        Self::QueueLosesAll,
    ];
    /// What people do.
    pub(super) const PEOPLE: [Self; 5] = [
        Self::CheckerApproves,
        Self::CheckerRejects,
        Self::CheckerRemoves,
        Self::ApprovalFails,
        Self::ActByHand,
    ];
    /// Those of the table.
    pub(super) const LEDGER: [Self; 6] = [
        Self::LedgerThrottled,
        Self::LedgerAnswerLost,
        Self::LedgerWriteTwice,
        Self::LedgerWriteLate,
        Self::StaleIndex,
        Self::RowUnreadable,
    ];
    /// Those of the queue.
    pub(super) const QUEUE: [Self; 7] = [
        Self::QueueCallFails,
        Self::QueueAnswerLost,
        Self::QueueSendLate,
        Self::DeliveredTwice,
        Self::DeliveredLate,
        Self::MessageLost,
        Self::DeadLetter,
    ];
    /// Those of a run of a function.
    pub(super) const PROCESS: [Self; 5] = [
        Self::WorkerKilled,
        Self::WorkerTimedOut,
        Self::WorkerStandsStill,
        Self::OperateKilled,
        Self::AnswerToCallerLost,
    ];

    /// Every fault.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let groups: [&[Self]; 6] = [
            &Self::EXCHANGE,
            &Self::WINDOW,
            &Self::PEOPLE,
            &Self::LEDGER,
            &Self::QUEUE,
            &Self::PROCESS,
        ];
        groups.into_iter().flatten().copied()
    }
}

/// The faults of one world: which, how often, and until when.
#[derive(Debug)]
pub(super) struct Weather {
    rates: BTreeMap<Fault, u32>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    calm_at: Duration,
    last_fault: Duration,
    last_echo: Duration,
    window: Option<Fault>,
}

impl Weather {
    /// No faults.
    pub(super) fn calm() -> Self {
        Self {
            rates: BTreeMap::new(),
            state: Mutex::default(),
        }
    }

    /// A storm as chance has it: a few faults of each group, each at 5 to 30 %.
    pub(super) fn storm(dice: &Dice) -> Self {
        let mut rates = BTreeMap::new();
        let groups: [(&[Fault], usize); 6] = [
            (&Fault::EXCHANGE, 4),
            (&Fault::WINDOW, 3),
            (&Fault::PEOPLE, 2),
            (&Fault::LEDGER, 2),
            (&Fault::QUEUE, 3),
            (&Fault::PROCESS, 3),
        ];
        for (faults, most) in groups {
            for fault in dice.some(faults, 0, most) {
                let rate = u32::try_from(dice.number(50, 300)).unwrap_or(0);
                rates.insert(fault, rate);
            }
        }
        let calm_at = dice.seconds(60, 40 * 60);
        Self {
            rates,
            state: Mutex::new(State {
                calm_at,
                ..State::default()
            }),
        }
    }

    /// Whether this fault is about in this world.
    pub(super) fn has(&self, fault: Fault) -> bool {
        self.rates.contains_key(&fault)
    }

    /// The faults that are about, and how often they strike in a thousand times.
    pub(super) fn rates(&self) -> &BTreeMap<Fault, u32> {
        &self.rates
    }

    /// Which of these faults strikes now, if one does.
    pub(super) fn strikes(&self, age: Duration, dice: &Dice, faults: &[Fault]) -> Option<Fault> {
        let about = || {
            faults
                .iter()
                .filter_map(|fault| Some((*fault, *self.rates.get(fault)?)))
        };
        if about().next().is_none() || age >= self.state().calm_at {
            return None;
        }
        let mut turn = u32::try_from(dice.number(0, 999)).unwrap_or(0);
        for (fault, rate) in about() {
            match turn.checked_sub(rate) {
                None => return Some(fault),
                Some(rest) => turn = rest,
            }
        }
        None
    }

    /// Whether the row of this number cannot be read at this age, as chance has it for a few minutes at a time.
    pub(super) fn is_unreadable(&self, row: u128, age: Duration) -> bool {
        let Some(rate) = self.rates.get(&Fault::RowUnreadable) else {
            return false;
        };
        let period = age.as_secs() / UNREADABLE.as_secs();
        let low = u64::try_from(row & u128::from(u64::MAX)).unwrap_or_default();
        age < self.calm_at() && Dice::new(low.wrapping_add(period)).falls(*rate)
    }

    /// Until when faults strike.
    pub(super) fn calm_at(&self) -> Duration {
        self.state().calm_at
    }

    /// A fault was at work at this age of the world.
    pub(super) fn noticed(&self, age: Duration) {
        let mut state = self.state();
        state.last_fault = state.last_fault.max(age);
    }

    /// What the queue makes of earlier faults: it gives a message up. An operation that is left to an operator makes it do
    /// so for ever, which puts no end off.
    pub(super) fn echoed(&self, age: Duration) {
        let mut state = self.state();
        if age <= state.last_fault.max(state.calm_at) + ECHOES {
            state.last_echo = state.last_echo.max(age);
        }
    }

    /// When the last fault was at work.
    pub(super) fn last_fault(&self) -> Duration {
        let state = self.state();
        state.last_fault.max(state.last_echo)
    }

    /// What lasts at the moment.
    pub(super) fn window(&self) -> Option<Fault> {
        self.state().window
    }

    /// Something begins to last, or ends.
    pub(super) fn set_window(&self, window: Option<Fault>) {
        self.state().window = window;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
