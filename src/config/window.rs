//! Windows of a bucket: what the config says. When they open and close is the ledger's business.

use std::fmt;

/// A calendar-aligned UTC window: `size` units long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    pub unit: WindowUnit,
    /// At least 1.
    pub size: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WindowUnit {
    Second,
    Minute,
    Hour,
    Day,
    /// ISO week, from Monday.
    Week,
    Month,
}

impl WindowUnit {
    pub const ALL: [Self; 6] = [Self::Second, Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The stored spelling.
    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// `hour:6`. This spelling is part of persisted counter keys.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.unit.name(), self.size)
    }
}
