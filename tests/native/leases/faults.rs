//! Faults planted into the world around the real code: what is checked must be able to fail.

/// What somebody might have got wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A lease that comes back again is taken back again.
    ReturnedTwice,
    /// Its time counts from the answer, not from before the question.
    ValidFromTheAnswer,
    /// It lasts until the window ends, whatever the holder's clock.
    NoMargin,
    ReturnedIntoTheNextWindow,
    /// Units that were sent may be spent again.
    SentIsPutBack,
    /// What is spent again by the holder is also given back to the object.
    PutBackIsRefunded,
    /// The holder gives back and keeps.
    ReturnedIsKept,
    AnswersBeforeItWrites,
    /// More units than were counted.
    OneTooMany,
    /// Two holders, or one twice, get one lease.
    AnsweredTwice,
    /// A unit that is handed out goes back too.
    ReturnsWhatIsOut,
    /// The promise about clocks does not hold.
    ClockStandsTooLong,
    /// What may arrive in the next window is not counted there.
    NotHandedOn,
    /// An attempt goes however late its answer came.
    LateIsSent,
    /// The object leases into the last moments of a window.
    LeasedToTheEnd,
}

impl Fault {
    pub(super) const ALL: [Self; 15] = [
        Self::ReturnedTwice,
        Self::ValidFromTheAnswer,
        Self::NoMargin,
        Self::ReturnedIntoTheNextWindow,
        Self::SentIsPutBack,
        Self::PutBackIsRefunded,
        Self::ReturnedIsKept,
        Self::AnswersBeforeItWrites,
        Self::OneTooMany,
        Self::AnsweredTwice,
        Self::ReturnsWhatIsOut,
        Self::ClockStandsTooLong,
        Self::NotHandedOn,
        Self::LateIsSent,
        Self::LeasedToTheEnd,
    ];
}
