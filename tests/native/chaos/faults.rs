//! Faults planted around the real holders and ledgers: what is checked must be able to fail.

/// What somebody might have got wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A unit that was handed out is still there.
    HandedOutTwice,
    /// A lease has more units than were counted.
    OneTooMany,
    /// A lease goes on after its time, and its windows.
    KeptForLong,
    /// A unit that was sent is put back.
    SentIsPutBack,
    /// The holder gives units back and keeps them.
    ReturnedAndKept,
    /// The object takes them back once more.
    ReturnedTwice,
    /// A unit that is handed out goes back with the rest.
    ReturnsWhatIsOut,
    /// Two isolates get one lease.
    AnsweredTwice,
    /// Units for a target that has failed are kept.
    KeptForTheFailed,
    /// An attempt goes although its answer took into the next window.
    LateIsSent,
    /// What succeeded between two failures is not told.
    SuccessForgotten,
}

impl Fault {
    pub(super) const ALL: [Self; 11] = [
        Self::HandedOutTwice,
        Self::OneTooMany,
        Self::KeptForLong,
        Self::SentIsPutBack,
        Self::ReturnedAndKept,
        Self::ReturnedTwice,
        Self::ReturnsWhatIsOut,
        Self::AnsweredTwice,
        Self::KeptForTheFailed,
        Self::LateIsSent,
        Self::SuccessForgotten,
    ];
}
