//! Every state of the protocol; and that each rule is needed, and each thing that is taken for granted.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use gateway::pace::KEY_TRIES;
use model::{Assumption, Callers, Client, Clocks, Model, Property, Report, Rule, Setting, Temper};

/// Two operations on one subject, two workers, a caller that awaits each 202, a Fineract that does whatever it ever does.
const ALL: Setting = Setting {
    operations: 2,
    workers: 2,
    keys: 2,
    key_tries: 2,
    callers: Callers::Awaiting,
    temper: Temper::Failing,
    clocks: Clocks::Apart,
    client: Client::There,
    broken: None,
    without: None,
};

/// One operation and one worker, for what shows without others.
const ONE: Setting = Setting {
    operations: 1,
    workers: 1,
    ..ALL
};

/// The same, about a client that is not there.
const MISSING: Setting = Setting {
    client: Client::Missing,
    ..ONE
};

/// The same, about a client that others change.
const CONTESTED: Setting = Setting {
    client: Client::Contested,
    ..ONE
};

/// Callers that do not wait for each other, and a Fineract that does no worse than refuse.
const CONCURRENT: Setting = Setting {
    callers: Callers::Concurrent,
    temper: Temper::Refusing,
    clocks: Clocks::Close,
    ..ALL
};

/// The settings in which everything must hold.
const SETTINGS: [Setting; 16] = [
    // The largest first, so that no processor waits for it in the end.
    CONCURRENT,
    ALL,
    Setting {
        clocks: Clocks::Close,
        ..ALL
    },
    Setting {
        clocks: Clocks::Skewed,
        temper: Temper::Refusing,
        ..ALL
    },
    Setting {
        clocks: Clocks::Skewed,
        workers: 1,
        ..ALL
    },
    Setting {
        client: Client::Missing,
        workers: 1,
        ..ALL
    },
    Setting {
        client: Client::Contested,
        operations: 1,
        ..ALL
    },
    Setting {
        client: Client::Contested,
        workers: 1,
        ..ALL
    },
    Setting {
        callers: Callers::AwaitingWithKeys,
        temper: Temper::Refusing,
        clocks: Clocks::Skewed,
        workers: 1,
        ..ALL
    },
    Setting {
        callers: Callers::AwaitingWithKeys,
        temper: Temper::Refusing,
        clocks: Clocks::Close,
        workers: 1,
        ..ALL
    },
    Setting {
        clocks: Clocks::Apart,
        workers: 1,
        ..CONCURRENT
    },
    Setting {
        clocks: Clocks::Skewed,
        workers: 1,
        ..CONCURRENT
    },
    Setting {
        callers: Callers::AwaitingWithKeys,
        temper: Temper::Refusing,
        workers: 1,
        ..ALL
    },
    Setting {
        callers: Callers::AwaitingWithKeys,
        operations: 1,
        ..ALL
    },
    // As many keys as the gateway spends, unless the deployment says otherwise.
    Setting {
        operations: 1,
        keys: 4,
        key_tries: KEY_TRIES,
        ..ALL
    },
    // Commands that hang do no harm where Fineract itself applies nothing twice.
    Setting {
        operations: 1,
        temper: Temper::Guarded,
        without: Some(Assumption::CommandsEnd),
        ..ALL
    },
];

/// What must have happened somewhere: a model in which it cannot happen proves nothing about it.
const HAPPENS: [&str; 25] = [
    "it is taken back",
    "it is not taken back: it is on its way",
    "it could not be taken back",
    "the insert that was given up arrives",
    "its caller repeats it with its key",
    "its message is stored once more",
    "its caller cancels it",
    "its message is lost",
    "a message comes back, though a worker still has it",
    "the sweep sends it again",
    "sees that the other operation goes first",
    "notes its place in line",
    "finds it ended",
    "claims it, and only a repeat of the write is confirmed",
    "crashes",
    "no answer comes in time",
    "a request that nobody waits for arrives",
    "Fineract answers what it remembers",
    "Fineract dies after it has applied it",
    "Fineract has been busy with its key for too long",
    "Fineract has not found the client for too long",
    "looks the client up, and has found nothing to do it to for too long",
    "reads back that it was applied",
    "writes that it failed",
    "writes how it ended, and crashes",
];

/// Searches each setting, as many at a time as the machine can.
fn search<T: Copy + Sync>(cases: &[(T, Setting)], check: impl Fn(T, &Setting, Report) + Sync) {
    let cases = Mutex::new(cases.iter().copied());
    let next = || cases.lock().unwrap().next();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((expected, setting)) = next() {
                    check(expected, &setting, Model::new(setting).search());
                }
            });
        }
    });
}

fn told(setting: &Setting, report: &Report) -> String {
    let Report {
        states,
        steps,
        depth,
        took,
        ..
    } = report;
    let found = report
        .counterexample
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    format!("{states} states, {steps} steps, {depth} deep, {took:.1?}: {setting:?}\n{found}")
}

#[test]
fn every_state_is_as_it_must_be() {
    let happened = Mutex::new(BTreeSet::new());
    search(&SETTINGS.map(|setting| ((), setting)), |(), setting, report| {
        let told = told(setting, &report);
        println!("{told}");
        assert!(report.counterexample.is_none(), "{told}");
        happened.lock().unwrap().extend(report.happened);
    });
    let happened = happened.into_inner().unwrap();
    for what in HAPPENS {
        assert!(happened.contains(what), "never: {what}");
    }
}

/// Asserts that each setting breaks this property.
fn breaks(cases: &[(Property, Setting)]) {
    search(cases, |property, setting, report| {
        let told = told(setting, &report);
        println!("{told}");
        let broken = report.counterexample.as_ref().map(|found| found.property);
        assert_eq!(broken, Some(property), "{told}");
    });
}

#[test]
fn every_rule_is_needed() {
    let two = Setting { operations: 2, ..ONE };
    let skewed = Setting {
        clocks: Clocks::Skewed,
        ..two
    };
    let repeats = Setting {
        callers: Callers::AwaitingWithKeys,
        temper: Temper::Refusing,
        operations: 2,
        ..ONE
    };
    let hangs = Setting {
        temper: Temper::Guarded,
        without: Some(Assumption::CommandsEnd),
        workers: 2,
        ..ONE
    };
    let workers = Setting { workers: 2, ..ONE };
    let cases = [
        (Rule::AnswerAfterSending, Property::AcceptedIsStored, ONE),
        (Rule::TakeBack, Property::UnavailableIsNothing, ONE),
        (Rule::TakeThePlace, Property::UnavailableIsNothing, ONE),
        (Rule::FirstGoesFirst, Property::InOrder, skewed),
        (Rule::QueueOverClocks, Property::InOrder, skewed),
        (Rule::OriginalsOnly, Property::InOrder, two),
        (Rule::EndedStaysEnded, Property::EndedNeverChanges, ONE),
        (Rule::OwnerSettles, Property::EndedNeverChanges, workers),
        (Rule::Sweep, Property::CanEnd, ONE),
        (Rule::MarkBeforeSending, Property::FailureIsNotApplied, ONE),
        (Rule::DoubtStays, Property::FailureIsNotApplied, ONE),
        (Rule::CancelUnsentOnly, Property::FailureIsNotApplied, ONE),
        (Rule::TimeoutIsNoFailure, Property::FailureIsNotApplied, ONE),
        (Rule::NotFoundIsNoRefusal, Property::FailureIsNotApplied, MISSING),
        (Rule::DenialIsWaitedFor, Property::FailureIsNotApplied, MISSING),
        (Rule::CutOffBeginsAnew, Property::FailureIsNotApplied, MISSING),
        (Rule::ReadBackDenied, Property::FailureIsNotApplied, CONTESTED),
        (Rule::LateRepeatsHaveNoPlace, Property::InOrder, repeats),
        (Rule::SameKeyAfterTimeout, Property::AtMostOnce, ONE),
        (Rule::ReadBackSpent, Property::AtMostOnce, ONE),
        (Rule::BusyKeyIsWaitedFor, Property::AtMostOnce, ONE),
        (Rule::ReadBackRefusals, Property::FailureIsNotApplied, hangs),
    ];
    breaks(&cases.map(|(rule, property, setting)| {
        let broken = Some(rule);
        (property, Setting { broken, ..setting })
    }));
}

#[test]
fn everything_that_is_taken_for_granted_is_needed() {
    let close = Setting {
        clocks: Clocks::Close,
        operations: 2,
        ..ONE
    };
    let keyed = Setting {
        callers: Callers::AwaitingWithKeys,
        temper: Temper::Refusing,
        ..close
    };
    let cases = [
        (Assumption::CommandsEnd, Property::AtMostOnce, ONE),
        (Assumption::CommandsEnd, Property::FailureIsNotApplied, CONTESTED),
        (Assumption::PlaceIsNoted, Property::InOrder, close),
        (Assumption::NothingIsOverdueSoon, Property::InOrder, keyed),
    ];
    breaks(&cases.map(|(assumption, property, setting)| {
        let without = Some(assumption);
        (property, Setting { without, ..setting })
    }));
}
