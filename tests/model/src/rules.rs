//! The rules of the protocol, what it takes for granted, and what must hold.

/// A rule that the gateway follows, for a model that breaks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A 202 is given only when row and message are stored.
    AnswerAfterSending,
    /// Without an `Idempotency-Key`, a row whose message is in doubt is taken back.
    TakeBack,
    /// Taking back writes a cancelled row where none stands.
    TakeThePlace,
    /// A message wakes what goes first on its subject, which need not be its own operation.
    FirstGoesFirst,
    /// The queue's order goes before that of clocks less than a minute apart.
    QueueOverClocks,
    /// What the sweep sends again has no place in line.
    OriginalsOnly,
    /// Nor has what a repeat sends when the queue may have forgotten the original message.
    LateRepeatsHaveNoPlace,
    /// An ended operation is not claimed.
    EndedStaysEnded,
    /// Only the owner of the lease settles.
    OwnerSettles,
    /// The sweep sends again what is overdue.
    Sweep,
    /// A claim marks the operation as perhaps sent.
    MarkBeforeSending,
    /// An exchange that left Fineract as it was restores the mark from before the claim; none clears it.
    DoubtStays,
    /// What was perhaps sent is not cancelled.
    CancelUnsentOnly,
    /// A lost answer is no failure.
    TimeoutIsNoFailure,
    /// Once something was perhaps sent, "not found" is no refusal.
    NotFoundIsNoRefusal,
    /// Nor is it one later, before it was said for long.
    DenialIsWaitedFor,
    /// A run that was cut off may have sent something: the while begins anew.
    CutOffBeginsAnew,
    /// After that, what Fineract shows decides.
    ReadBackDenied,
    /// A lost answer is asked for again under the same key.
    SameKeyAfterTimeout,
    /// After a spent key, what Fineract shows decides.
    ReadBackSpent,
    /// A busy key is given up only after its time.
    BusyKeyIsWaitedFor,
    /// A refusal under a later key is believed only after reading back.
    ReadBackRefusals,
}

/// What the gateway takes for granted, for a model that does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assumption {
    /// No command of Fineract's runs for longer than the gateway waits for a busy key, and no request is on its way for
    /// longer.
    CommandsEnd,
    /// Of two operations that were accepted within a minute of each other, the original message of the first is not lost,
    /// or given up by the queue, before its place in line is noted.
    PlaceIsNoted,
    /// No operation is overdue within a minute after it was accepted.
    NothingIsOverdueSoon,
}

/// What must hold in every state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// An operation changes Fineract at most once.
    AtMostOnce,
    /// Reported as success is only what was applied.
    SuccessIsApplied,
    /// Reported as failed or cancelled is only what was not applied, and never will be.
    FailureIsNotApplied,
    /// Of a request without key that was answered 503, nothing is done.
    UnavailableIsNothing,
    /// A 202 is given only when row and message are stored, or a worker has the operation.
    AcceptedIsStored,
    /// An ended operation never changes.
    EndedNeverChanges,
    /// An operation that was posted after another's 202 is not applied while the other is open.
    InOrder,
    /// From every state on, in fair weather, every operation that is stored can end.
    CanEnd,
}
