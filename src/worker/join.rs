//! A socket opens: what the realm must know is gathered, and the realm admits it or says why not.

use crate::client::{NetworkHash, NetworkNumber};
use crate::id::Token;
use crate::realm::placement::{home_name, Home};
use crate::realm::{Ending, Event, Opening};
use crate::settings::Settings;
use crate::wire::answer::Answer;
use crate::wire::ice::Ice;
use crate::wire::jwt::Jwt;
use crate::wire::outbound;
use crate::wire::route::{Claim, Route};
use crate::worker::bindings::COUNT_URL;
use crate::worker::crypto;
use crate::worker::digests::{Arrival, Shown};
use crate::worker::http::{self, Asked};
use crate::worker::platform::{now, Fault, Request, Response};
use crate::worker::room::Room;
use crate::worker::socket;
use crate::worker::turn_credentials::{ice_for, is_told_of_turn};
use futures::future::join_all;
use std::rc::Rc;

impl Room {
    /// Reads what a client asks for. `None` where it shows nothing that is to be digested.
    pub(super) fn read(&self, request: &Request) -> Result<Option<Arrival>, Fault> {
        let asked = Asked::of(request);
        let settings = Rc::clone(&self.memory()?.settings);
        Ok(match asked.route(&settings) {
            Route::Socket(claim) => Some(Arrival { asked, claim, settings, is_socket: true }),
            Route::Ice(Ok(claim)) => Some(Arrival { asked, claim, settings, is_socket: false }),
            _ => None,
        })
    }

    /// Admits a socket, or says why not. `None` where something must be asked first, and waited for: other homes, or who makes TURN
    /// credentials.
    pub(super) fn open_at_once(&self, arrival: Arrival, shown: Shown) -> Result<Option<Response>, Fault> {
        let must_ask = self.memory()?.realm.must_ask_others();
        let Arrival { asked, claim, settings, is_socket } = arrival;
        if !is_socket || must_ask || is_told_of_turn(&claim, &settings) {
            return Ok(None);
        }
        let claim = self.hide(claim, &asked, &settings, shown)?;
        Ok(Some(self.admit(&asked, claim, 0, Ice::stun(&settings), None)?))
    }

    /// Admits a socket, or says why not.
    pub(super) async fn open(&self, claim: Claim, asked: &Asked, shown: Shown) -> Result<Response, Fault> {
        let settings = Rc::clone(&self.memory()?.settings);
        let told_of_turn = is_told_of_turn(&claim, &settings);
        let network = shown.network.clone().filter(|_| told_of_turn);
        let claim = self.hide(claim, asked, &settings, shown)?;
        let elsewhere = self.count_elsewhere().await?;
        let ice = if told_of_turn { ice_for(&self.env, &settings, network.as_deref()).await } else { Ice::stun(&settings) };
        self.admit(asked, claim, elsewhere, ice, network)
    }

    /// Admits a socket, or says why not: no other event is handled until it is registered. Its network, if it will ask for ICE servers
    /// again, is kept with it by the runtime, as a tag.
    fn admit(&self, asked: &Asked, claim: Claim, elsewhere: usize, ice: Ice, network: Option<String>) -> Result<Response, Fault> {
        let roster = claim.roster;
        let fresh_id = claim.id.clone().map_or_else(crypto::fresh_id, Ok)?;
        let mut memory = self.memory()?;
        let (now, conn) = (now(), memory.realm.next_conn());
        let opening = Opening { conn, claim, fresh_id, elsewhere, ice };
        let (admitted, effects) = memory.change(&self.state, now, |realm, context| realm.open(opening, context));
        let response = match admitted {
            Ok(()) => socket::open(&self.state, &self.sender, network.into_iter().collect(), asked.protocol()).map(
                |(socket, response)| {
                    memory.attach(conn, socket);
                    response
                },
            ),
            // A refused socket here would keep this object awake until its client has closed it: the edge has it instead.
            Err(refusal) => http::respond(Answer::refusal(&outbound::refusal(&refusal, roster))),
        };
        memory.carry_out(effects, &self.env, &self.sender, now);
        if response.is_err() {
            let event = Event::Closed { conn, ending: Ending::Left }; // nobody will ever report this socket closed
            memory.handle(&self.state, &self.env, &self.sender, event);
        }
        response
    }

    /// Makes of a claim what the realm may know.
    pub(super) fn hide(&self, mut claim: Claim, asked: &Asked, settings: &Settings, shown: Shown) -> Result<Claim, Fault> {
        let Shown { token, network, data, proven } = shown;
        claim.network = NetworkNumber::of(asked.address());
        // The edge has checked that such a token allows the id. Whoever shows one is its owner.
        let signed = settings.token_key.is_some() && !claim.roster;
        claim.expired = signed && Jwt::parse(claim.token.reveal()).is_ok_and(|jwt| jwt.has_expired(now()));
        let no_digest = |_| Fault::new("a token has no digest");
        let (plain, statement) = (Token::parse(&token).map_err(no_digest)?, Token::of_statement(&token).map_err(no_digest)?);
        // Nor is the Worker around this one asked again about a peer whom it has let in with this very token.
        let is_known = || Ok::<_, Fault>(self.memory()?.realm.has(claim.id.as_ref(), &statement));
        claim.token = if signed || proven || is_known()? { statement } else { plain };
        claim.reserve_for = claim.reserve_for.and(network).map(NetworkHash);
        claim.data = data.map(String::into_boxed_str);
        Ok(claim)
    }

    /// How many peers the other homes have; not asked while this home has less than its share of the limit.
    async fn count_elsewhere(&self) -> Result<usize, Fault> {
        let (spread, ask) = {
            let memory = self.memory()?;
            (memory.spread, memory.realm.must_ask_others())
        };
        if !ask {
            return Ok(0);
        }
        let others = (0..spread.homes.get()).map(Home).filter(|home| *home != spread.here);
        let asked = others.map(|home| self.env.text_of(home_name(home), COUNT_URL));
        let mut count = 0_usize;
        for answer in join_all(asked).await {
            // A home that does not answer must not keep people out of the others.
            let theirs = answer.ok().and_then(|count| count.parse().ok());
            count = count.saturating_add(theirs.unwrap_or(0));
        }
        Ok(count)
    }
}
