//! What networks have used of what many sockets of one address share. In memory, and made again from what their sockets remember: what
//! sockets that are gone have used is forgotten when the object sleeps, ten seconds after the last of it.

use crate::client::NetworkNumber;
use crate::limits::{Millis, ALLOWANCES_REMEMBERED, ROSTER_JOINS};
use crate::realm::rate::{Bucket, Budget, Rates};

/// What one network has used.
#[derive(Debug, Default)]
pub struct Shares {
    /// Of the bytes that its sockets may send.
    pub sent: Bucket,
    /// Of the bytes that they may be sent.
    pub received: Bucket,
    /// Of what may be stored for them.
    pub stored: Bucket,
    /// Of the sockets with a roster that it may open.
    pub joins: Bucket,
}

/// All that have used anything lately, by their numbers. Those of whom nothing is known are one.
#[derive(Debug)]
pub struct Networks {
    rates: Rates,
    list: Vec<(NetworkNumber, Shares)>,
}

impl Networks {
    /// None yet. The rates are those of one socket.
    pub fn new(rates: Rates) -> Self {
        Self { rates: rates.of_network(), list: Vec::new() }
    }

    /// What a network may.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// What a network has used.
    pub fn of(&mut self, network: NetworkNumber, now: Millis) -> Option<&mut Shares> {
        let place = match self.list.binary_search_by_key(&network, |(network, _)| *network) {
            Ok(place) => place,
            Err(_) if self.list.len() >= ALLOWANCES_REMEMBERED => {
                self.forget(now);
                let place = self.list.partition_point(|(other, _)| *other < network);
                self.list.insert(place, (network, Shares::default()));
                place
            }
            Err(place) => {
                self.list.insert(place, (network, Shares::default()));
                place
            }
        };
        self.list.get_mut(place).map(|(_, shares)| shares)
    }

    /// Forgets those who have everything again; all, if there are none of these.
    fn forget(&mut self, now: Millis) {
        let rates = self.rates;
        self.list.retain(|(_, it)| {
            let full = it.sent.would_be_full(rates.sent, now) && it.received.would_be_full(rates.received, now);
            !(full && it.stored.would_be_full(rates.stored, now) && it.joins.would_be_full(ROSTER_JOINS, now))
        });
        if self.list.len() >= ALLOWANCES_REMEMBERED {
            self.list.clear();
        }
    }

    /// Counts what a socket remembers.
    pub fn restore(&mut self, network: NetworkNumber, budget: &Budget, theirs: &Rates) {
        if budget.is_full() {
            return;
        }
        let rates = self.rates;
        if let Some(shares) = self.of(network, 0) {
            shares.sent.absorb(rates.sent, &budget.sent, theirs.sent);
            shares.received.absorb(rates.received, &budget.received, theirs.received);
            shares.stored.absorb(rates.stored, &budget.stored, theirs.stored);
        }
    }
}
