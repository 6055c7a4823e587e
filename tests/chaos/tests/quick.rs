//! The quick form of the run: 40 operations, every mishap.

use std::collections::BTreeSet;
use std::time::Duration;

use chaos::mishaps::Pace;
use chaos::run::{Fineract, Settings, run};
use chaos::tally::Mishap;
use fineract_simulator::Release;
use local::console::Console;

/// On a busy machine all takes longer.
const PATIENCE: Duration = Duration::from_secs(600);

/// Which mishaps meet an operation depends on how fast the machine is: what one run lacked may happen in the next.
const RUNS: u64 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_repeated_or_untrue() {
    let mut absent = Mishap::ANYWHERE
        .into_iter()
        .chain(Mishap::SIMULATED)
        .collect::<BTreeSet<_>>();
    for seed in 1..=RUNS {
        let settings = Settings {
            lives: 4,
            seed,
            pace: Pace::over(Duration::from_secs(24)),
            patience: PATIENCE,
            lenders: vec!["UGRO".to_owned()],
            fineract: Fineract::Simulated(Release::default()),
            functions: None,
            log: None,
            console: Console::Quiet,
        };
        let report = run(&settings).await.unwrap();
        let wrongs: Vec<String> = report.wrongs.iter().map(ToString::to_string).collect();
        assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
        assert_eq!(report.accepted, 40);
        let lacked: BTreeSet<Mishap> = report.absent().collect();
        absent = &absent & &lacked;
        if absent.is_empty() {
            return;
        }
    }
    panic!("never happened in {RUNS} runs: {absent:?}");
}
