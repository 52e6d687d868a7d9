//! What becomes of each thing that happens in a [`World`], between the real ledger and the real holders.

use std::collections::BTreeMap;

use llm_router::{
    leases::{Again, Question, Take},
    ledger::{
        Ledger, MARGIN_MS,
        message::{
            Cap, Charge, CircuitPolicy, Failure, FailureClass, Grant, Reserve, Reserved, Return, Settle,
            Target, Ticket, Verdict,
        },
        window::TRAVEL_MS,
    },
    time::Millis,
};

use super::{
    faults::Fault,
    truth::{Asked, Checked},
    world::{Message, PROVIDER, World},
};

/// Handed-out units that may still be settled; older ones stay spent.
const OPEN_MAX: usize = 2;

impl World {
    pub(super) fn take(&mut self, isolate: usize, list: usize) -> Checked {
        let ask = Reserve::one(self.list(list));
        let (now, terms) = (self.clock(isolate), self.setting.terms);
        let holder = &mut self.isolates[isolate].holder;
        let mut taken = holder.take(now, PROVIDER, &ask, terms, Again::No);
        if matches!(taken, Take::Wait(_)) {
            taken = holder.take(now, PROVIDER, &ask, terms, Again::Insists);
        }
        match taken {
            Take::Unit { grant, ahead } => {
                self.hand_out(isolate, *grant, false)?;
                ahead.map_or(Ok(()), |question| self.ask(isolate, question))
            }
            Take::Ask(question) => self.ask(isolate, question),
            Take::Wait(_) => Err("waits although it insists".to_owned()),
        }
    }

    fn ask(&mut self, isolate: usize, question: Question) -> Checked {
        self.questions += 1;
        self.truth.let_go(&question.ask.returns)?;
        let asked = Asked { at: self.now, number: self.questions };
        let from = (isolate, self.isolates[isolate].life);
        self.wire.push(Message::Ask { from, question: Box::new(question), asked });
        Ok(())
    }

    fn hand_out(&mut self, isolate: usize, grant: Grant, waited: bool) -> Checked {
        let (one, ticket) = (&mut self.isolates[isolate], &grant.ticket);
        self.truth.handed(self.now, ticket, waited, one.failed.get(&ticket.target).copied())?;
        if one.open.len() >= OPEN_MAX {
            one.open.remove(0);
        }
        one.open.push((grant, None));
        Ok(())
    }

    pub(super) fn fail(&mut self, isolate: usize, unit: usize) {
        let circuit = Some(CircuitPolicy { failures: 2, cooldown_ms: 2_000 });
        let class = FailureClass::TemporaryError;
        let target = self.isolates[isolate].open[unit].0.ticket.target.clone();
        self.settle(
            isolate,
            unit,
            true,
            Verdict::Bad(Failure { class, cooldown_ms: 0, circuit, good_ms_ago: None }),
        );
        self.isolates[isolate].failed.insert(target, self.questions);
    }

    pub(super) fn settle(&mut self, isolate: usize, unit: usize, sent: bool, verdict: Verdict) {
        let now = self.clock(isolate);
        let one = &mut self.isolates[isolate];
        let (grant, settled) = one.open[unit].clone();
        one.open[unit].1 = settled.or(Some(sent));
        if !sent && settled.is_none() {
            self.truth.unsent(&grant.ticket);
        }
        let told = match self.setting.fault {
            // As if a put-back knew nothing of units, or the object was told of it too.
            Some(Fault::SentIsPutBack) if sent => one.holder.settle(now, PROVIDER, &grant, false, verdict),
            Some(Fault::PutBackIsRefunded) if !sent => {
                one.holder.settle(now, PROVIDER, &grant, sent, verdict.clone());
                let charges = self.charges(&grant.ticket);
                Some(Settle { ticket: Ticket { charges, ..grant.ticket }, sent, verdict })
            }
            _ => one.holder.settle(now, PROVIDER, &grant, sent, verdict),
        };
        self.wire.extend(told.map(Message::Settle));
    }

    /// What a unit counts now.
    fn charges(&self, ticket: &Ticket) -> Vec<Charge> {
        if !ticket.charges.is_empty() {
            return ticket.charges.clone();
        }
        let open = self.ledger.usage(Millis(self.now));
        let charge =
            |counter: &str, start: u64| Charge { counter: counter.to_owned(), start, amount: 1, next: None };
        open.map(|(counter, _, span)| charge(counter, span.start.0)).collect()
    }

    /// `heard`: whether the answer reaches anybody.
    pub(super) fn deliver(&mut self, message: Message, heard: bool) -> Checked {
        match message {
            Message::Ask { from, question, asked } => {
                let mut ask = question.ask.clone();
                self.spoil(&mut ask.returns);
                let mut reserved = self.ledger.reserve(Millis(self.now), &ask);
                self.write(matches!(reserved, Reserved::Grant(_)));
                if self.setting.fault == Some(Fault::LeasedToTheEnd)
                    && let Reserved::Grant(Grant { lease: Some(lease), .. }) = &mut reserved
                {
                    lease.valid_ms += TRAVEL_MS;
                }
                self.truth.returned(self.now, &question.ask.returns)?;
                if let Reserved::Grant(grant) = &reserved {
                    self.truth.granted(self.now, asked, &question.ask.candidates[grant.candidate], grant)?;
                    if ask.is_ahead() && grant.lease.is_none() {
                        return Err("granted ahead what is no lease".to_owned());
                    }
                }
                let reserved = Box::new(reserved);
                if heard {
                    self.wire.push(Message::Answer { to: from, question, asked, reserved });
                }
                Ok(())
            }
            Message::Answer { to: (isolate, life), question, asked, reserved } => {
                if self.isolates[isolate].life != life {
                    return Ok(());
                }
                self.answer(isolate, &question, asked, *reserved)
            }
            Message::Back(returns) => {
                let mut told = returns.clone();
                self.spoil(&mut told);
                self.ledger.give_back(Millis(self.now), &told);
                self.write(false);
                self.truth.returned(self.now, &returns)
            }
            Message::Settle(settle) => {
                self.ledger.settle(Millis(self.now), &settle);
                self.write(false);
                if settle.sent { Ok(()) } else { self.truth.unsent_heard(self.now, &settle.ticket) }
            }
        }
    }

    fn answer(
        &mut self,
        isolate: usize,
        question: &Question,
        asked: Asked,
        mut reserved: Reserved,
    ) -> Checked {
        let late = self.now - asked.at;
        if let Reserved::Grant(grant) = &mut reserved
            && let Some(lease) = &mut grant.lease
        {
            match self.setting.fault {
                Some(Fault::ValidFromTheAnswer) => lease.valid_ms += late,
                Some(Fault::NoMargin) => lease.valid_ms += MARGIN_MS,
                Some(Fault::OneTooMany) => lease.units += 1,
                _ => {}
            }
        }
        if self.setting.fault == Some(Fault::AnsweredTwice) {
            let other = (isolate + 1) % self.isolates.len();
            self.isolates[other].holder.heard(question, Some(reserved.clone()));
        }
        match self.isolates[isolate].holder.heard(question, Some(reserved)) {
            Some(Reserved::Grant(_)) if question.ask.is_ahead() => Err("granted to nobody".to_owned()),
            // An answer moves the clock, so whoever waited for it knows the time.
            Some(Reserved::Grant(grant))
                if question.is_late(Millis(self.now), &grant)
                    && self.setting.fault != Some(Fault::LateIsSent) =>
            {
                let holder = &mut self.isolates[isolate].holder;
                let told = holder.settle(Millis(self.now), PROVIDER, &grant, false, Verdict::Neutral);
                self.wire.extend(told.map(Message::Settle));
                Ok(())
            }
            Some(Reserved::Grant(grant)) => self.hand_out(isolate, grant, true),
            _ => Ok(()),
        }
    }

    /// What a fault makes of returns before the object reads them.
    fn spoil(&mut self, returns: &mut [Return]) {
        let now = Millis(self.now);
        match self.setting.fault {
            Some(Fault::ReturnedIntoTheNextWindow) => {
                let starts: BTreeMap<String, u64> =
                    self.ledger.usage(now).map(|(key, _, span)| (key.to_owned(), span.start.0)).collect();
                for charge in returns.iter_mut().flat_map(|back| &mut back.charges) {
                    charge.start = starts.get(&charge.counter).copied().unwrap_or(charge.start);
                }
            }
            Some(Fault::ReturnsWhatIsOut) => returns.iter_mut().for_each(|back| back.units += 1),
            Some(Fault::ReturnedTwice) => {
                for back in returns.iter() {
                    let at = self.now;
                    let charges = back.charges.clone();
                    let id = format!("{}-again-{}", back.id, self.rows.settled.len());
                    let ticket = Ticket { id, at, target: Target(String::new()), charges };
                    self.ledger.settle(now, &Settle { ticket, sent: false, verdict: Verdict::Neutral });
                }
            }
            _ => {}
        }
    }

    fn write(&mut self, grant: bool) {
        let changes = self.ledger.take_changes();
        let writes = self.ledger.encode(&changes).unwrap();
        if grant && self.setting.fault == Some(Fault::AnswersBeforeItWrites) {
            return;
        }
        self.rows.apply(&writes);
        if self.setting.fault == Some(Fault::NotHandedOn)
            && let Some(row) = &mut self.rows.ledger
        {
            let mut ledger: serde_json::Value = serde_json::from_str(row).unwrap();
            for counter in ledger["counters"].as_object_mut().unwrap().values_mut() {
                counter.as_object_mut().unwrap().remove("late");
            }
            *row = ledger.to_string();
            self.restart();
        }
    }

    pub(super) fn restart(&mut self) {
        self.lives += 1;
        self.ledger = Ledger::load(&self.rows, self.lives).unwrap();
    }

    pub(super) fn outside(&mut self) -> Checked {
        let candidate = self.list(0).remove(0);
        let used: BTreeMap<&str, u64> =
            self.ledger.usage(Millis(self.now)).map(|(key, used, _)| (key, used)).collect();
        let left = |cap: &Cap| {
            let key = format!("{}|{}", cap.id, cap.window());
            cap.limit.saturating_sub(used.get(key.as_str()).copied().unwrap_or_default())
        };
        let amount = candidate.buckets.iter().map(left).min().unwrap_or_default().saturating_sub(1);
        if amount == 0 {
            return Ok(());
        }
        let ask = Reserve { amount, ..Reserve::one(vec![candidate.clone()]) };
        if let Reserved::Grant(_) = self.ledger.reserve(Millis(self.now), &ask) {
            self.write(true);
            return self.truth.spent_outside(self.now, &candidate, amount);
        }
        Ok(())
    }
}
