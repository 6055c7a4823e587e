//! The releases of Fineract that were recorded.

use std::{fmt, str::FromStr};

/// A release of Apache Fineract. The same request may have different answers; the recordings of the release decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Release {
    /// Apache Fineract 1.10.1.
    #[default]
    V1_10_1,
    /// The development line as it was in June 2026.
    Develop2026_06,
}

impl Release {
    /// Every release, the default first.
    pub const ALL: [Self; 2] = [Self::V1_10_1, Self::Develop2026_06];

    /// The name on the command line and of the folder with the recordings.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1_10_1 => "1.10.1",
            Self::Develop2026_06 => "develop-2026-06",
        }
    }

    /// Whether this is the development line.
    pub(crate) fn is_develop(self) -> bool {
        self == Self::Develop2026_06
    }
}

impl fmt::Display for Release {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|release| release.name() == text)
            .ok_or_else(|| format!("no such release: {text}; known are 1.10.1 and develop-2026-06"))
    }
}
