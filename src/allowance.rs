//! How much of something may be taken: at once, and in the long run.

/// How much of something may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In the long run; 0 for no limit.
    pub per_second: u64,
    /// At once, after a quiet time.
    pub at_once: u64,
}

impl Rate {
    /// So much a second, and so many seconds' worth at once.
    pub fn new(per_second: u64, burst_seconds: u64) -> Self {
        Self { per_second, at_once: per_second.saturating_mul(burst_seconds) }
    }

    /// So many times as much.
    pub fn times(self, times: u64) -> Self {
        Self { per_second: self.per_second.saturating_mul(times), at_once: self.at_once.saturating_mul(times) }
    }

    /// What a full allowance holds, in thousandths.
    pub(crate) fn capacity(self) -> u64 {
        self.at_once.saturating_mul(1000)
    }
}
