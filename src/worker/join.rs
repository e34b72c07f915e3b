//! A socket opens: what the realm must know is gathered, and the realm admits it or says why not.

use crate::client::NetworkNumber;
use crate::id::Token;
use crate::realm::member::Conn;
use crate::realm::placement::{home_name, Home};
use crate::realm::{Ending, Event, Opening};
use crate::wire::answer::Answer;
use crate::wire::ice::Ice;
use crate::wire::jwt::Jwt;
use crate::wire::outbound;
use crate::wire::route::Claim;
use crate::worker::crypto;
use crate::worker::http;
use crate::worker::memory::Memory;
use crate::worker::platform::{now, Fault, Request, Response};
use crate::worker::room::Room;
use crate::worker::socket::socket_pair;
use crate::worker::turn_credentials;
use futures::future::join_all;
use std::rc::Rc;

/// Where one home asks another how many peers it has: an address that no request from outside has.
const HOME_URL: &str = "https://home/";

impl Room {
    /// Admits a socket, or says why not.
    pub(super) async fn open(&self, claim: Claim, request: &Request) -> Result<Response, Fault> {
        let claim = self.hash_claim(claim, request).await?;
        let elsewhere = self.count_elsewhere().await?;
        let (ice, network) = self.first_ice(&claim, request).await?;
        let (roster, fresh_id) = (claim.roster, crypto::fresh_id()?);
        // From here on no other event is handled until the socket is registered.
        let mut memory = self.memory()?;
        let (now, conn) = (now(), memory.realm.next_conn());
        let opening = Opening { conn, claim, fresh_id, elsewhere, ice };
        let (admitted, effects) = memory.change(&self.state, now, |realm, context| realm.open(opening, context));
        let response = match admitted {
            Ok(()) => self.accept(&mut memory, conn, request, network.as_deref()),
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

    /// Makes a socket of a request.
    fn accept(&self, memory: &mut Memory, conn: Conn, request: &Request, network: Option<&str>) -> Result<Response, Fault> {
        let (client, server) = socket_pair()?;
        match network {
            None => self.state.accept_websocket(&server)?,
            Some(network) => self.state.accept_websocket_with_tags(&server, vec![network.into()])?,
        }
        memory.attach(conn, server);
        http::upgrade(request, &client)
    }

    /// Makes of a claim what the realm may know: a digest of the token, and of the network that it comes from.
    pub(super) async fn hash_claim(&self, mut claim: Claim, request: &Request) -> Result<Claim, Fault> {
        claim.network = NetworkNumber::of(&http::address(request)?);
        // The edge has checked that such a token allows the id. Whoever shows one is its owner.
        let signed = self.memory()?.settings.token_key.is_some() && !claim.roster;
        claim.expired = signed && Jwt::parse(claim.token.reveal()).is_ok_and(|jwt| jwt.has_expired(now()));
        let digest = crypto::digest(claim.token.reveal()).await?;
        claim.token = if signed { Token::of_statement(&digest) } else { Token::parse(&digest) }.unwrap_or(claim.token);
        if let Some(client) = &mut claim.reserve_for {
            client.0 = crypto::network(request).await?;
        }
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
        let asked = others.map(|home| self.env.text_of(home_name(home), HOME_URL));
        let mut count = 0_usize;
        for answer in join_all(asked).await {
            // A home that does not answer must not keep people out of the others.
            let theirs = answer.ok().and_then(|count| count.parse().ok());
            count = count.saturating_add(theirs.unwrap_or(0));
        }
        Ok(count)
    }

    /// The ICE servers for `OPEN`; and, if the socket will ask again, its network, which the runtime keeps with it as a tag.
    async fn first_ice(&self, claim: &Claim, request: &Request) -> Result<(Ice, Option<String>), Fault> {
        let settings = Rc::clone(&self.memory()?.settings);
        if settings.turn.is_none() || !claim.roster {
            return Ok((Ice::stun(&settings), None));
        }
        let network = crypto::network(request).await?;
        Ok((turn_credentials::ice_for(&self.env, &settings, Some(&network)).await, Some(network)))
    }
}
