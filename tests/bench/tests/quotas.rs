//! The quotas that a load can meet.

use std::collections::BTreeMap;

use crate::scaling::Setting;

/// A quota of AWS's, or a limit of the template's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Quota {
    /// API Gateway: requests a second of a route.
    Requests,
    /// Operations on Fineract at a time.
    Workers,
    /// Lambda: runs at a time in an account.
    Lambda,
    /// SQS: sends a second of one group.
    Group,
    /// SQS: sends a second to a queue in high throughput.
    Queue,
    /// SQS: how far into a FIFO queue it looks for a free group.
    Window,
    /// DynamoDB: units written a second to one partition.
    Partition,
    /// DynamoDB: units written a second to a new table.
    Table,
}

impl Quota {
    const ALL: [Self; 8] = [
        Self::Requests,
        Self::Workers,
        Self::Lambda,
        Self::Group,
        Self::Queue,
        Self::Window,
        Self::Partition,
        Self::Table,
    ];

    /// AWS's number, where it is one: us-east-1's.
    const fn most(self) -> Option<u64> {
        match self {
            Self::Requests | Self::Workers => None,
            Self::Lambda => Some(1_000),
            Self::Group => Some(300),
            Self::Queue => Some(70_000),
            Self::Window => Some(120_000),
            Self::Partition => Some(1_000),
            Self::Table => Some(4_000),
        }
    }

    /// What it is called where it is met.
    const fn short(self) -> &'static str {
        match self {
            Self::Requests => "API throttle",
            Self::Workers => "`MaximumConcurrency`",
            Self::Lambda => "Lambda's runs at a time",
            Self::Group => "SQS, one group",
            Self::Queue => "SQS, the queue",
            Self::Window => "SQS's window",
            Self::Partition => "one partition of DynamoDB",
            Self::Table => "DynamoDB, a new table",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Requests => "API Gateway, requests a second of a route",
            Self::Workers => "operations on Fineract at a time",
            Self::Lambda => "Lambda, runs at a time in the account",
            Self::Group => "SQS FIFO, sends a second of one client or loan",
            Self::Queue => "SQS FIFO, sends a second of the whole queue",
            Self::Window => "SQS FIFO, messages among which it looks for a free group",
            Self::Partition => "DynamoDB, units written a second, if one partition took all",
            Self::Table => "DynamoDB, units written a second to a new table",
        }
    }

    const fn moved_by(self) -> &'static str {
        match self {
            Self::Requests => "`RequestsPerSecond`, `RequestBurst`",
            Self::Workers => "`MaximumConcurrency`, Fineract",
            Self::Lambda => "the account's quota",
            Self::Group => "none is needed: one operation runs at a time",
            Self::Queue => "the region: others have fewer",
            Self::Window => "`MaximumConcurrency`, which empties the queue",
            Self::Partition => "none: ids are random, and a table has several",
            Self::Table => "none: it is on demand",
        }
    }

    fn value(self, setting: &Setting) -> String {
        match (self, self.most()) {
            (_, Some(most)) => most.to_string(),
            (Self::Requests, None) => format!("{}, and {} at once", setting.rate, setting.burst),
            (_, None) => setting.workers.to_string(),
        }
    }
}

/// How much of each quota a load took, at its peak.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    most: BTreeMap<Quota, u64>,
    met: Vec<Quota>,
}

impl Taken {
    /// So much is taken now.
    pub(crate) fn at_most(&mut self, quota: Quota, taken: u64) {
        let most = self.most.entry(quota).or_default();
        *most = taken.max(*most);
        if quota.most().is_some_and(|most| taken > most) {
            self.meet(quota);
        }
    }

    /// More was asked than the quota lets through.
    pub(crate) fn meet(&mut self, quota: Quota) {
        if self.holds(quota) {
            self.met.push(quota);
        }
    }

    /// Whether the quota was never met.
    pub(crate) fn holds(&self, quota: Quota) -> bool {
        !self.met.contains(&quota)
    }

    /// How much was taken at most.
    pub(crate) fn most(&self, quota: Quota) -> u64 {
        self.most.get(&quota).copied().unwrap_or_default()
    }

    /// What was met, the first one first.
    pub(crate) fn met(&self) -> String {
        match self.met.as_slice() {
            [] => "none".to_owned(),
            met => met.iter().map(|quota| quota.short()).collect::<Vec<_>>().join(", "),
        }
    }

    /// What each of these loads takes.
    pub(crate) fn table(setting: &Setting, loads: &[(&str, Self)]) -> String {
        let names: Vec<_> = loads.iter().map(|(name, _)| *name).collect();
        let mut text = format!("| quota | most | {} | moved by |\n", names.join(" | "));
        text += &format!("|---|---|{}---|\n", "---|".repeat(loads.len()));
        for quota in Quota::ALL {
            let taken: Vec<_> = loads.iter().map(|(_, taken)| taken.most(quota).to_string()).collect();
            text += &format!(
                "| {} | {} | {} | {} |\n",
                quota.name(),
                quota.value(setting),
                taken.join(" | "),
                quota.moved_by()
            );
        }
        text
    }
}
