//! What the world is at one moment, as far as the protocol can tell.

use gateway::tracking::State as Standing;

use crate::case::{Answer, Before, InLine, Settled, Stuck};

/// The operations: the first that is posted, and the second.
pub(crate) const OPERATIONS: usize = 2;
/// The workers.
pub(crate) const WORKERS: usize = 2;
/// The most keys that an operation has in Fineract.
pub(crate) const KEYS: usize = 4;
/// The most messages that the queue holds.
pub(crate) const MESSAGES: usize = 3;

/// An operation: 0 is the one that is posted first.
pub(crate) type Operation = u8;
/// A worker.
pub(crate) type Who = u8;
/// The queue's sequence number of a message, as a rank.
pub(crate) type Sequence = u8;

/// Everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// Whether Fineract has what the first operation is about.
    pub(crate) subject_exists: bool,
    /// Whether the second operation was posted after the first was answered 202, which is still open.
    pub(crate) ordered: bool,
    pub(crate) operations: [Posted; OPERATIONS],
    pub(crate) queue: Queue,
    pub(crate) workers: [Worker; WORKERS],
}

/// An operation with all that is known of it: to its caller, in the table, in Fineract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Posted {
    pub(crate) caller: Caller,
    /// Whether it was posted with an `Idempotency-Key`.
    pub(crate) keyed: bool,
    /// Whether it was posted once more.
    pub(crate) repeated: bool,
    /// An insert that was given up may still arrive.
    pub(crate) late_insert: bool,
    /// The sequence number of its original message, once that was stored.
    pub(crate) original: Option<Sequence>,
    /// Whether the sweep sent it again.
    pub(crate) resent: bool,
    pub(crate) row: Option<Row>,
    /// What Fineract knows under each of its keys.
    pub(crate) keys: [Key; KEYS],
    /// Whether a run was cut off since Fineract refuses it: what is on its way may be younger than the first refusal that counts.
    pub(crate) cut_off: bool,
    /// How often Fineract applied it.
    pub(crate) effects: u8,
}

/// Where the request of a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    /// Not made yet.
    Silent,
    /// The row is being stored.
    Inserting,
    /// The message is being sent.
    Sending,
    /// The request was made before: the message is being sent once more.
    Repeating,
    /// The row is being taken back.
    TakingBack,
    /// Answered 202.
    Accepted,
    /// Answered 503 without an `Idempotency-Key`: nothing was done and nothing will be.
    Unavailable,
    /// Not answered; or answered that the outcome is not known, or 503 with an `Idempotency-Key`.
    Unsure,
}

/// The row of an operation; the members are those of [`gateway::row::Row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) state: Standing,
    /// Whose lease it is, if that run still goes on.
    pub(crate) owner: Option<Who>,
    pub(crate) maybe_sent: bool,
    /// Which of its keys is in use.
    pub(crate) epoch: u8,
    /// How many of them were spent.
    pub(crate) spent: u8,
    /// What Fineract has said for a while.
    pub(crate) stuck: Stuck,
    /// The queue's sequence number, as it was noted.
    pub(crate) sequence: Option<Sequence>,
    /// When it was accepted, as a rank; rows of different ranks were accepted more than a minute apart.
    pub(crate) accepted: u8,
}

/// What Fineract knows under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// Nothing.
    Unknown,
    /// Nothing, but a request nobody waits for any more may still arrive.
    Coming,
    /// A command is being executed.
    Running,
    /// The server died while it executed the command: it says for ever that the command is being executed.
    Dead,
    /// A success is stored.
    Applied,
    /// A refusal is stored.
    Refused,
    /// An error is stored that does not tell whether the command was applied.
    Failed,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Message {
    /// The operation that it names.
    pub(crate) operation: Operation,
    /// Its sequence number, if it is an original message.
    pub(crate) original: Option<Sequence>,
}

/// The message group of the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Queue {
    /// The messages that there are, in their order, and nothing behind them.
    pub(crate) messages: [Option<Message>; MESSAGES],
    /// The worker that has the first of them, if its receipt is good. The others wait for the first.
    pub(crate) held_by: Option<Who>,
}

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Worker {
    /// Nothing.
    Idle,
    /// It has read the row that its message names, and asks which operations go first. `sequence` is the row's, as it was
    /// read or is to be noted.
    Looking { errand: Errand, sequence: Option<Sequence> },
    /// It notes the sequence number of its message, before it takes up the other operation.
    Noting(Errand),
    /// It claims.
    Claiming { errand: Errand, target: Operation },
    /// It has the lease, and is about to ask Fineract.
    Claimed(Run),
    /// It waits for an answer. Fineract executes the request, or it is on its way.
    Asking { run: Run, executing: bool },
    /// The answer does not decide: it reads from Fineract whether the operation was applied.
    Reading { run: Run, answer: Answer },
    /// It settles.
    Settling { run: Run, settled: Settled },
}

/// The message that a worker was started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Errand {
    /// The operation that it names.
    pub(crate) operation: Operation,
    /// The sequence number that is to be noted with that operation.
    pub(crate) sequence: Option<Sequence>,
}

/// A run with a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    /// The operation that its message names.
    pub(crate) errand: Operation,
    /// The operation that it claimed.
    pub(crate) target: Operation,
    /// That operation's row as it was before the claim.
    pub(crate) before: Before,
}

impl State {
    /// The world before anything happens.
    pub(crate) fn start(subject_exists: bool) -> Self {
        let silent = Posted {
            caller: Caller::Silent,
            keyed: false,
            repeated: false,
            late_insert: false,
            original: None,
            resent: false,
            row: None,
            keys: [Key::Unknown; KEYS],
            cut_off: false,
            effects: 0,
        };
        Self {
            subject_exists,
            ordered: false,
            operations: [silent; OPERATIONS],
            queue: Queue {
                messages: [None; MESSAGES],
                held_by: None,
            },
            workers: [Worker::Idle; WORKERS],
        }
    }

    pub(crate) fn posted(&self, operation: Operation) -> &Posted {
        &self.operations[usize::from(operation)]
    }

    pub(crate) fn posted_mut(&mut self, operation: Operation) -> &mut Posted {
        &mut self.operations[usize::from(operation)]
    }

    /// The row of an operation, if it has not ended.
    pub(crate) fn open(&self, operation: Operation) -> Option<Row> {
        self.posted(operation).row.filter(|row| row.state.is_open())
    }

    pub(crate) fn key(&self, run: Run) -> Key {
        self.posted(run.target).keys[usize::from(run.before.epoch)]
    }

    pub(crate) fn set_key(&mut self, operation: Operation, epoch: u8, key: Key) {
        self.posted_mut(operation).keys[usize::from(epoch)] = key;
    }

    pub(crate) fn set_worker(&mut self, who: Who, worker: Worker) {
        self.workers[usize::from(who)] = worker;
    }
}

impl Posted {
    /// Whether its caller has been answered, or never will be.
    pub(crate) const fn is_answered(&self) -> bool {
        match self.caller {
            Caller::Accepted | Caller::Unavailable | Caller::Unsure => true,
            Caller::Silent | Caller::Inserting | Caller::Sending | Caller::Repeating | Caller::TakingBack => false,
        }
    }

    /// Whether a request of it is on its way, or being executed.
    pub(crate) fn is_on_its_way(&self) -> bool {
        self.keys.iter().any(|key| matches!(key, Key::Coming | Key::Running))
    }

    /// Whether its caller may still repeat it with its key.
    pub(crate) const fn may_be_repeated(&self) -> bool {
        let answered = matches!(self.caller, Caller::Accepted | Caller::Unsure);
        self.keyed && !self.repeated && answered
    }
}

impl Row {
    pub(crate) const fn new(accepted: u8) -> Self {
        Self {
            state: Standing::Accepted,
            owner: None,
            maybe_sent: false,
            epoch: 0,
            spent: 0,
            stuck: Stuck::No,
            sequence: None,
            accepted,
        }
    }

    pub(crate) const fn in_line(&self) -> InLine {
        InLine {
            sequence: self.sequence,
            accepted: self.accepted,
        }
    }

    /// On an ended row nothing hangs but its state.
    pub(crate) const fn ended(state: Standing) -> Self {
        Self { state, ..Self::new(0) }
    }
}

impl Queue {
    pub(crate) fn len(&self) -> usize {
        self.messages.iter().flatten().count()
    }

    pub(crate) fn push(&mut self, message: Message) {
        let end = self.len();
        self.messages[end] = Some(message);
    }

    pub(crate) fn remove(&mut self, place: usize) {
        self.messages[place..].rotate_left(1);
        self.messages[MESSAGES - 1] = None;
        if place == 0 {
            self.held_by = None;
        }
    }
}

impl Worker {
    /// The message that it was started with, until it has the lease.
    pub(crate) fn errand_mut(&mut self) -> Option<&mut Errand> {
        match self {
            Self::Looking { errand, .. } | Self::Noting(errand) | Self::Claiming { errand, .. } => Some(errand),
            Self::Idle | Self::Claimed(_) | Self::Asking { .. } | Self::Reading { .. } | Self::Settling { .. } => None,
        }
    }

    /// What it does with its lease.
    pub(crate) const fn run(&self) -> Option<Run> {
        match self {
            Self::Claimed(run) | Self::Asking { run, .. } | Self::Reading { run, .. } | Self::Settling { run, .. } => {
                Some(*run)
            }
            Self::Idle | Self::Looking { .. } | Self::Noting(_) | Self::Claiming { .. } => None,
        }
    }

    /// The operation that it is about.
    pub(crate) const fn target(&self) -> Option<Operation> {
        match self {
            Self::Idle => None,
            Self::Looking { errand, .. } | Self::Noting(errand) => Some(errand.operation),
            Self::Claiming { target, .. } => Some(*target),
            Self::Claimed(run) | Self::Asking { run, .. } | Self::Reading { run, .. } | Self::Settling { run, .. } => {
                Some(run.target)
            }
        }
    }

    /// Whether it waits for this command, which is being executed.
    pub(crate) fn waits_for(&self, operation: Operation, epoch: u8) -> bool {
        matches!(self, Self::Asking { run, executing: true } if run.target == operation && run.before.epoch == epoch)
    }
}
