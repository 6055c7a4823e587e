//! What the gateway's decisions hang on, and what they come to.

use gateway::tracking::State as Standing;

/// How the times at which the two operations were accepted compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clocks {
    /// The second was accepted more than a minute after the first.
    Apart,
    /// Within a minute.
    Close,
    /// Within a minute, and the clock that stamped the second was behind, so that it looks older.
    Skewed,
}

/// What the place of an operation in line hangs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InLine {
    /// The queue's sequence number of its original message, as a rank.
    pub sequence: Option<u8>,
    /// When it was accepted, as a rank; of different ranks are those that were accepted more than a minute apart.
    pub accepted: u8,
}

/// What Fineract has said at every try for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stuck {
    /// Nothing of the kind.
    #[default]
    No,
    /// That it is busy with the key.
    Busy,
    /// That it refuses what it may have applied.
    Denied,
}

/// Every one of them.
pub(crate) const STUCK: [Stuck; 3] = [Stuck::No, Stuck::Busy, Stuck::Denied];

/// A row as it was before a claim, as far as decisions hang on it; the members are those of [`gateway::row::Row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Before {
    /// Whether a request may have been sent.
    pub maybe_sent: bool,
    /// Which key is in use.
    pub epoch: u8,
    /// How many keys were spent.
    pub spent: u8,
    /// What Fineract has said for a while.
    pub stuck: Stuck,
    /// Whether the run before was cut off.
    pub cut_off: bool,
}

/// What came of asking Fineract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The request was not made, for now: a lookup was not answered, the time was too short, nothing could be sent.
    NotSent,
    /// The request was not made: the lookups before it do not find what it needs.
    NothingFound {
        /// Whether Fineract has refused what it may have applied for so long that what it shows decides.
        too_long: bool,
    },
    /// None came.
    Lost,
    /// Applied.
    Applied {
        /// Whether Fineract remembered it.
        cached: bool,
    },
    /// A success that names something else: Fineract left the ids out, or another program answered.
    Unnamed {
        /// Whether Fineract remembered it.
        cached: bool,
    },
    /// Refused.
    Refused {
        /// Whether Fineract remembered it.
        cached: bool,
    },
    /// An error that does not tell.
    Failed {
        /// Whether Fineract remembered it.
        cached: bool,
    },
    /// The command is still being executed.
    Busy,
    /// It has been for so long that the key is given up.
    BusyTooLong,
    /// Refused before anything was executed, and not stored: a job runs.
    Untouched,
    /// There is no such client or loan: said before the key is looked at, and not stored.
    NotFound {
        /// Whether Fineract has refused what it may have applied for so long that what it shows decides.
        too_long: bool,
    },
}

impl Answer {
    /// Whether Fineract has said the same for so long that what it shows decides.
    pub const fn is_too_long(self) -> bool {
        matches!(
            self,
            Self::BusyTooLong | Self::NothingFound { too_long: true } | Self::NotFound { too_long: true }
        )
    }
}

/// What reading back says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    /// It was applied.
    Applied,
    /// It was not.
    NotApplied,
    /// Nothing, now.
    Unanswered,
}

/// What a settled row becomes; the members are those of [`gateway::row::Row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settled {
    /// Its state.
    pub state: Standing,
    /// Whether a request may have been sent.
    pub maybe_sent: bool,
    /// Which key is in use.
    pub epoch: u8,
    /// How many keys were spent.
    pub spent: u8,
    /// What Fineract has said for a while.
    pub stuck: Stuck,
    /// Whether that while begins anew.
    pub anew: bool,
}

impl Settled {
    /// On an ended row nothing hangs but its state.
    #[must_use]
    pub(crate) const fn canonical(self) -> Self {
        if self.state.is_open() {
            return self;
        }
        Self {
            state: self.state,
            maybe_sent: false,
            epoch: 0,
            spent: 0,
            stuck: Stuck::No,
            anew: false,
        }
    }
}
