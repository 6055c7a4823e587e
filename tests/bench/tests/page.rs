//! The parts of pages that follow from tests.

use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- begin: a test writes what follows -->\n\n";
const END: &str = "<!-- end -->";

/// A page of `docs/performance`.
fn read(page: &str) -> String {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    fs::read_to_string(top.join("docs/performance").join(page)).unwrap()
}

/// The page must have this text between its marks.
pub(crate) fn check(page: &str, expected: &str) {
    let text = read(page);
    let found = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
    let (found, _) = found.unwrap_or_else(|| panic!("{page} has no marks"));
    assert!(
        found == expected,
        "{page} differs; between its marks there should be:\n{expected}"
    );
}

/// The page must say this, with whatever line breaks.
pub(crate) fn says(page: &str, expected: &str) {
    let text = read(page);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(expected), "{page} does not say: {expected}");
}
