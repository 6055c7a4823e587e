//! The release of Fineract's that the gateway meets.

use serde_json::Value;

/// Releases whose answers the gateway was compared with.
pub const COMPARED: [&str; 2] = ["1.10.1", "develop-2026-06"];
/// A version has no more characters.
const LENGTH_MAX: usize = 40;

/// What is known of the release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Release {
    /// The gateway was compared with it.
    Compared(String),
    /// The gateway was not compared with it.
    Other(String),
    /// Fineract does not tell, or not in the form of those it was compared with.
    Untold,
}

impl Release {
    /// Reads what Fineract answers to `actuator/info`.
    pub fn told(info: &Value) -> Self {
        let version = info.pointer("/git/build/version").and_then(Value::as_str);
        match version.filter(|version| is_version(version)) {
            Some(version) if COMPARED.contains(&version) => Self::Compared(version.to_owned()),
            Some(version) => Self::Other(version.to_owned()),
            None => Self::Untold,
        }
    }

    /// Tells the operator.
    pub fn log(&self) {
        match self {
            Self::Compared(version) => {
                tracing::info!(version, "the gateway was compared with this release of Fineract")
            }
            Self::Other(version) => tracing::warn!(
                alarm = "other_release",
                version,
                compared = ?COMPARED,
                "the gateway was not compared with this release of Fineract; try it in a stage first"
            ),
            Self::Untold => tracing::info!("Fineract does not tell its release (actuator/info)"),
        }
    }
}

/// What may stand in a log: nothing but a version.
fn is_version(text: &str) -> bool {
    let letters = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    !text.is_empty() && text.len() <= LENGTH_MAX && text.chars().all(letters)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_release_is_compared_another_or_untold() {
        let told = |version: &str| Release::told(&json!({"git": {"build": {"version": version}}}));
        for version in COMPARED {
            assert_eq!(told(version), Release::Compared(version.to_owned()));
        }
        assert_eq!(told("1.11.0"), Release::Other("1.11.0".to_owned()));
        for none in ["", "1.10.1 of Jayesh Badgujar", &"1".repeat(41)] {
            assert_eq!(told(none), Release::Untold, "{none}");
        }
        for other in [json!({}), json!({"git": {"build": {"version": 1}}}), json!("1.10.1")] {
            assert_eq!(Release::told(&other), Release::Untold);
        }
    }
}
