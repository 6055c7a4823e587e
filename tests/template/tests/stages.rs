//! The stages of `samconfig.toml` say nothing that the template does not know.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

use std::collections::BTreeSet;

use template::Template;

const STAGES: &str = include_str!("../../../samconfig.toml");

#[test]
fn each_stage_is_a_stack_of_its_own_with_parameters_of_the_template() {
    let template = Template::of_this_repository().unwrap();
    let known: BTreeSet<_> = template.parameters().map(|(name, _)| name.as_str()).collect();
    let set = STAGES
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once('='));
    let set: Vec<_> = set.map(|(name, _)| name).collect();
    for name in &set {
        assert!(known.contains(name), "the template has no parameter {name}");
        assert_ne!(*name, "FineractCredentials", "they are set in the secret");
    }
    let stages: Vec<_> = STAGES
        .lines()
        .filter(|line| line.ends_with(".deploy.parameters]"))
        .collect();
    assert_eq!(
        stages,
        [
            "[dev.deploy.parameters]",
            "[staging.deploy.parameters]",
            "[prod.deploy.parameters]"
        ]
    );
    let stacks: BTreeSet<_> = STAGES
        .lines()
        .filter(|line| line.starts_with("stack_name = "))
        .collect();
    assert_eq!(stacks.len(), stages.len());
    assert_eq!(set.iter().filter(|name| **name == "FineractUrl").count(), stages.len());
}
