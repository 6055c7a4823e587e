//! The quick form of the run: 40 operations, every mishap.

use std::time::Duration;

use chaos::mishaps::Pace;
use chaos::run::{Fineract, Settings, run};
use fineract_simulator::Release;
use local::console::Console;

/// On a busy machine all takes longer.
const PATIENCE: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_repeated_or_untrue() {
    let settings = Settings {
        lives: 4,
        seed: 1,
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
    let absent: Vec<&str> = report.absent().map(chaos::tally::Mishap::title).collect();
    assert_eq!(absent, Vec::<&str>::new(), "{:?}", report.mishaps);
}
