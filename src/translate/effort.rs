//! How hard a model is to think: one scale for all formats.

/// From nothing to all it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

impl Effort {
    pub const ALL: [Self; 7] =
        [Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::Xhigh, Self::Max];

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.name() == name)
    }

    /// The nearest of `set` that asks no more than this; the least of them if all ask more. `None` only
    /// for an empty set.
    pub fn clamp(self, set: EffortSet) -> Option<Self> {
        let below = set.iter().filter(|effort| *effort <= self).last();
        below.or_else(|| set.iter().next())
    }

    /// What a thinking budget of so many tokens asks for.
    pub fn of_budget(tokens: u64) -> Self {
        match tokens {
            0..2_048 => Self::Low,
            2_048..8_192 => Self::Medium,
            8_192..24_576 => Self::High,
            _ => Self::Xhigh,
        }
    }

    /// The thinking budget, in tokens, that stands for it; 0 for none.
    pub fn budget(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Minimal | Self::Low => 1_024,
            Self::Medium => 4_096,
            Self::High => 16_384,
            Self::Xhigh => 24_576,
            Self::Max => 31_999,
        }
    }
}

/// Efforts that a model knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EffortSet(u8);

impl EffortSet {
    pub const fn of(efforts: &[Effort]) -> Self {
        let mut bits = 0;
        let mut rest = efforts;
        while let [first, tail @ ..] = rest {
            bits |= 1 << *first as u8;
            rest = tail;
        }
        Self(bits)
    }

    pub fn contains(self, effort: Effort) -> bool {
        self.0 & (1 << effort as u8) != 0
    }

    /// From the least to the most.
    pub fn iter(self) -> impl Iterator<Item = Effort> {
        Effort::ALL.into_iter().filter(move |effort| self.contains(*effort))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clamps_to_the_nearest_lower() {
        use Effort::{High, Low, Max, Medium, Minimal, None};
        let clamp = |effort: Effort, set: &[Effort]| effort.clamp(EffortSet::of(set));
        assert_eq!(clamp(Max, &[Low, Medium, High]), Some(High));
        assert_eq!(clamp(Minimal, &[Low, Medium]), Some(Low));
        assert_eq!(clamp(None, &[None, Low]), Some(None));
        assert_eq!(clamp(Low, &[]), Option::None);
    }
}
