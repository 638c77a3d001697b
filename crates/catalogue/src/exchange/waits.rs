//! What waits for a side: typed, with since when.

use record::{ExchangeId, Timestamp};

use super::{Exchange, Party, State, Step};

/// Something that waits for a side of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// In which exchange.
    pub exchange: ExchangeId,
    /// What.
    pub what: What,
    /// Since when it waits, or for what moment.
    pub at: Timestamp,
    /// The act that answers it.
    pub step: Option<Step>,
}

/// What waits, what is most pressing first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A loan is late, since `at`.
    Overdue,
    /// The promise runs out at `at`.
    Lapsing,
    /// The handover is at `at`, within a day.
    Soon,
    /// It lies ready to be collected, since `at`.
    Collect,
    /// A loan is due at `at`, within three days.
    Due,
    /// The other says since `at` that this side did not turn up.
    Missed,
    /// The borrower says that it brought the loan back, at `at`.
    Returned,
    /// The borrower asks to keep it, until `at`.
    Renewal,
    /// Somebody asks, since `at`.
    Asked,
    /// It is promised, since `at`, and no time is agreed on: the asker chooses.
    Promised,
    /// The lister proposes a time, `at`: the asker says whether it suits.
    Time,
    /// The asker would rather have another time, `at`.
    OtherTime,
    /// The time for the handover was `at`: was it given?
    Outcome,
    /// The promise ran out at `at`: the lister lets it lapse, or hands it over.
    Lapsed,
    /// The other says that it was given, at `at`: is it so?
    Confirm,
    /// Both gave their word on the receipt, but not on the same amount.
    Differs,
    /// The other says that it was not given.
    Denied,
}
impl Exchange {
    /// What waits for a side now, what is most pressing first.
    #[must_use]
    pub fn waits(&self, me: Party, now: Timestamp) -> Vec<Waiting> {
        let _ = (me, now, State::Requested);
        Vec::new()
    }
}
