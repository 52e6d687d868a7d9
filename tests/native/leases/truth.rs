//! What is true of every unit, said a second time and without the code that is tested: how many were granted, handed
//! out, let go of and taken back, and what the counters must be.

use std::collections::{BTreeMap, BTreeSet};

use llm_router::{
    ledger::{
        MARGIN_MS, RETURN_WITHIN_MS,
        message::{Candidate, Cap, Grant, Return, Ticket},
        window::{Span, span},
    },
    time::Millis,
};

pub(crate) type Checked = Result<(), String>;

/// A counter and the start of its window.
type Window = (String, u64);

#[derive(Clone, Debug, Default)]
pub(crate) struct Truth {
    lots: BTreeMap<String, Lot>,
    /// What each counter must have.
    pub(crate) used: BTreeMap<Window, u64>,
    /// What went to the provider in a window, or so shortly before it that it may arrive there.
    arriving: BTreeMap<Window, u64>,
    /// The largest cap that was asked with.
    caps: BTreeMap<Window, u64>,
    /// Totals: granted, handed out, put back, let go of, taken back.
    pub(crate) totals: [u64; 5],
}

/// What was granted with one ticket.
#[derive(Clone, Debug)]
struct Lot {
    lease: bool,
    target: String,
    units: u64,
    buckets: Vec<Cap>,
    /// Counter, start and end of each window that it is counted in.
    windows: Vec<(Window, u64)>,
    /// By the true clock.
    asked: u64,
    decided: u64,
    valid_ms: u64,
    /// Number of the question.
    question: u64,
    handed: u64,
    let_go: u64,
    taken_back: u64,
    /// The object has heard of its end.
    ended: bool,
    /// Each unit that was handed out, and where it may arrive.
    ids: BTreeMap<String, Vec<Window>>,
    unsent: BTreeSet<String>,
}

/// The question that a grant answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) at: u64,
    pub(crate) number: u64,
}

/// Where that which is sent now may be counted: a request is on its way for a second at most, or a tenth of the window.
fn arrives(now: u64, cap: &Cap) -> Vec<(Window, u64)> {
    let counter = format!("{}|{}", cap.id, cap.window());
    let here = span(cap.window(), Millis(now));
    let travel_ms = 1_000.min((here.end.0 - here.start.0) / 10);
    let next = (now + travel_ms >= here.end.0).then(|| span(cap.window(), here.end));
    let window = |span: Span| ((counter.clone(), span.start.0), span.end.0);
    [Some(here), next].into_iter().flatten().map(window).collect()
}

fn lot_of(ticket: &Ticket) -> &str {
    ticket.id.split('.').next().unwrap_or(&ticket.id)
}

impl Truth {
    /// The object has granted, and written it.
    pub(crate) fn granted(
        &mut self,
        now: u64,
        asked: Asked,
        candidate: &Candidate,
        grant: &Grant,
    ) -> Checked {
        let lease = grant.lease.as_ref();
        let units = lease.map_or(1, |lease| lease.units);
        let charges = lease.map_or(&grant.ticket.charges, |lease| &lease.charges);
        let mut windows = Vec::new();
        for cap in &candidate.buckets {
            let charge =
                charges.iter().find(|charge| charge.counter == format!("{}|{}", cap.id, cap.window()));
            let charge = charge.ok_or_else(|| format!("not counted in {}", cap.id))?;
            let truly = arrives(now, cap);
            let starts = [Some(charge.start), charge.next].into_iter().flatten();
            if !starts.eq(truly.iter().map(|((_, start), _)| *start)) {
                return Err(format!("counted in other windows: {charge:?}"));
            }
            self.count(cap, &truly, units * charge.amount);
            windows.extend(truly);
        }
        let lot = Lot {
            lease: lease.is_some(),
            target: grant.ticket.target.0.clone(),
            units,
            buckets: candidate.buckets.clone(),
            windows,
            asked: asked.at,
            decided: now,
            valid_ms: lease.map_or(u64::MAX, |lease| lease.valid_ms),
            question: asked.number,
            handed: 0,
            let_go: 0,
            taken_back: 0,
            ended: false,
            ids: BTreeMap::new(),
            unsent: BTreeSet::new(),
        };
        self.totals[0] += units;
        match self.lots.insert(grant.ticket.id.clone(), lot) {
            Some(_) => Err(format!("{} granted twice", grant.ticket.id)),
            None => Ok(()),
        }
    }

    fn count(&mut self, cap: &Cap, windows: &[(Window, u64)], units: u64) {
        for (window, _) in windows {
            *self.used.entry(window.clone()).or_default() += units;
            let limit = self.caps.entry(window.clone()).or_default();
            *limit = cap.limit.max(*limit);
        }
    }

    /// Somebody else has spent this much at once.
    pub(crate) fn spent_outside(&mut self, now: u64, candidate: &Candidate, amount: u64) -> Checked {
        for cap in &candidate.buckets {
            let windows = arrives(now, cap);
            self.count(cap, &windows, amount);
            for (window, _) in windows {
                self.arrive(&window, amount)?;
            }
        }
        Ok(())
    }

    fn arrive(&mut self, window: &Window, units: u64) -> Checked {
        let arriving = self.arriving.entry(window.clone()).or_default();
        *arriving += units;
        // Where nothing was granted that counts there, nothing may arrive.
        let cap = self.caps.get(window).copied().unwrap_or_default();
        if *arriving > cap {
            return Err(format!("{arriving} may arrive in {window:?} of {cap}"));
        }
        Ok(())
    }

    /// A unit goes to the provider. `waited`: for the very answer that brought it. `failed`: the last question before
    /// its target failed here.
    pub(crate) fn handed(&mut self, now: u64, ticket: &Ticket, waited: bool, failed: Option<u64>) -> Checked {
        let lot =
            self.lots.get_mut(lot_of(ticket)).ok_or_else(|| format!("{} was never granted", ticket.id))?;
        lot.handed += 1;
        self.totals[1] += 1;
        let arrives: Vec<Window> =
            lot.buckets.iter().flat_map(|cap| arrives(now, cap)).map(|(window, _)| window).collect();
        if lot.ids.insert(ticket.id.clone(), arrives.clone()).is_some() {
            return Err(format!("{} is handed out twice", ticket.id));
        }
        if lot.handed + lot.let_go > lot.units {
            return Err(format!(
                "{}: {} handed out, {} let go, of {}",
                ticket.id, lot.handed, lot.let_go, lot.units
            ));
        }
        if !waited {
            if now >= lot.asked.saturating_add(lot.valid_ms).saturating_add(MARGIN_MS) {
                return Err(format!("{} is spent after its lease", ticket.id));
            }
            if failed.is_some_and(|failed| lot.question <= failed) {
                return Err(format!("{} is spent on {} that has failed here", ticket.id, lot.target));
            }
        }
        if let Some(window) =
            arrives.iter().find(|window| !lot.windows.iter().any(|(counted, _)| counted == *window))
        {
            return Err(format!("{} may arrive in {window:?}, which did not count it", ticket.id));
        }
        arrives.iter().try_for_each(|window| self.arrive(window, 1))
    }

    /// A unit has never left. The first time it counts as held, or wasted if nobody holds the rest.
    pub(crate) fn unsent(&mut self, ticket: &Ticket) {
        let Some(lot) = self.lots.get_mut(lot_of(ticket)) else { return };
        if lot.unsent.insert(ticket.id.clone()) {
            lot.handed -= 1;
            self.totals[2] += 1;
            for window in &lot.ids[&ticket.id] {
                *self.arriving.get_mut(window).unwrap() -= 1;
            }
        }
    }

    /// The holder will not spend these.
    pub(crate) fn let_go(&mut self, returns: &[Return]) -> Checked {
        for back in returns {
            let lot = self.lots.get_mut(&back.id).ok_or_else(|| format!("{} was never granted", back.id))?;
            lot.let_go += back.units;
            self.totals[3] += back.units;
            if lot.handed + lot.let_go > lot.units {
                return Err(format!(
                    "{}: {} handed out, {} let go, of {}",
                    back.id, lot.handed, lot.let_go, lot.units
                ));
            }
        }
        Ok(())
    }

    /// The object has heard of unused units, and written it.
    pub(crate) fn returned(&mut self, now: u64, returns: &[Return]) -> Checked {
        for back in returns {
            let Some(lot) = self.lots.get_mut(&back.id).filter(|lot| lot.lease) else { continue };
            let late = now >= lot.decided + lot.valid_ms + RETURN_WITHIN_MS;
            if !std::mem::replace(&mut lot.ended, true) && !late {
                Self::take_back(&mut self.used, &mut self.totals, now, &back.id, lot, back.units)?;
            }
        }
        Ok(())
    }

    /// The object has heard that an attempt was never sent. What is a unit of a lease is none of its business.
    pub(crate) fn unsent_heard(&mut self, now: u64, ticket: &Ticket) -> Checked {
        let Some(lot) = self.lots.get_mut(&ticket.id).filter(|lot| !lot.lease) else { return Ok(()) };
        if !std::mem::replace(&mut lot.ended, true) {
            lot.let_go += 1;
            Self::take_back(&mut self.used, &mut self.totals, now, &ticket.id, lot, 1)?;
        }
        Ok(())
    }

    fn take_back(
        used: &mut BTreeMap<Window, u64>,
        totals: &mut [u64; 5],
        now: u64,
        id: &str,
        lot: &mut Lot,
        units: u64,
    ) -> Checked {
        lot.taken_back += units;
        totals[4] += units;
        if lot.taken_back > lot.let_go {
            return Err(format!("{id}: {} taken back, {} let go", lot.taken_back, lot.let_go));
        }
        for (window, end) in &lot.windows {
            if now < *end {
                *used.get_mut(window).unwrap() -= units;
            }
        }
        Ok(())
    }

    /// The counters of the object, as they should be: granted less taken back, and never over a cap.
    pub(crate) fn check(&self, counters: &BTreeMap<Window, u64>) -> Checked {
        for (window, used) in counters {
            let expected = self.used.get(window).copied().unwrap_or_default();
            if *used != expected {
                return Err(format!("{window:?} has {used} and should have {expected}"));
            }
            let cap = self.caps.get(window).copied().unwrap_or_default();
            if *used > cap {
                return Err(format!("{window:?} has {used} of {cap}"));
            }
        }
        Ok(())
    }

    /// Forgets what no message can speak of any more.
    pub(crate) fn forget(&mut self, now: u64) {
        let over = |lot: &Lot| lot.decided + 3_600_000 < now && lot.windows.iter().all(|(_, end)| *end < now);
        self.lots.retain(|_, lot| !over(lot));
    }
}
