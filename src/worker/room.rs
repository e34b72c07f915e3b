//! The Durable Object: turns what the platform says into events for the [`Realm`](crate::realm::Realm), and carries out the effects.
//!
//! Nothing of consequence is kept in memory. When the platform makes this object anew, after a sleep of hours or in the
//! middle of a burst, [`Memory::rebuild`] makes the realm again from the sockets' attachments and the stored queue, and the next
//! event goes on as if nothing had happened. Heartbeats are answered by the runtime and wake nobody.
//!
//! What a frame asks for is done before the call returns: no future, no promise. (Frames of a burst are batched in `frame-sender.js`.) What takes
//! longer is left in the [`Tasks`](crate::worker::tasks::Tasks); `room.js` calls [`Room::run_tasks`] when [`Room::has_tasks`].

use crate::limits::{KEPT_TEXT_BYTES, MAX_FRAME_BYTES, MAX_PARCEL_BYTES};
use crate::realm::effect::Hooks;
use crate::realm::placement::Home;
use crate::realm::{Ending, Event, GOING_AWAY};
use crate::wire::answer::Answer;
use crate::wire::forwarding::RECORD_SEPARATOR;
use crate::wire::message::{HEARTBEAT, HEARTBEAT_ANSWER};
use crate::wire::route::Route;
use crate::worker::bindings::{Env, COUNT_URL, LIST_URL};
use crate::worker::digests::{Arrival, Shown};
use crate::worker::http::{self, Asked};
use crate::worker::log::fault;
use crate::worker::memory::Memory;
use crate::worker::platform::{now, settled, Fault, Request, Response, State, WebSocketRequestResponsePair};
use crate::worker::socket::{close, received, FrameSender, WebSocket};
use crate::worker::tasks::{self, Task};
use crate::worker::turn_credentials;
use futures::future::join_all;
use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};

/// One home of one realm.
#[wasm_bindgen]
pub struct Room {
    pub(super) state: State,
    pub(super) env: Env,
    pub(super) sender: FrameSender,
    hooks: Hooks,
    memory: RefCell<Option<Memory>>,
}

#[wasm_bindgen(js_sys = worker::js_sys, wasm_bindgen_futures = worker::wasm_bindgen_futures)]
impl Room {
    /// An object that has just been made, or made again; and which hooks there are.
    #[wasm_bindgen(constructor)]
    pub fn new(state: State, env: Env, sender: FrameSender, hooks: u8) -> Self {
        let pair = WebSocketRequestResponsePair::new(HEARTBEAT, HEARTBEAT_ANSWER);
        if let Err(error) = pair.and_then(|pair| state.set_websocket_auto_response(&pair)) {
            fault("heartbeats will wake the object", &Fault::from(error));
        }
        Self { state, env, sender, hooks: Hooks(hooks), memory: RefCell::default() }
    }

    /// Reads a request, so that `room.js` can have digested what it shows. `None` where it shows nothing.
    #[wasm_bindgen(js_name = read)]
    pub fn on_request(&self, request: &Request) -> Result<Option<Arrival>, JsValue> {
        Ok(self.read(request)?)
    }

    /// Opens a socket for the edge, where nothing has to be waited for; otherwise [`Room::fetch`] does.
    #[wasm_bindgen(js_name = open)]
    pub fn on_socket(
        &self,
        arrival: Arrival,
        data: Option<String>,
        proven: bool,
        token: String,
        network: Option<String>,
    ) -> Result<Option<Response>, JsValue> {
        Ok(self.open_at_once(arrival, Shown { token, network, data, proven })?)
    }

    /// Answers the edge, or another home.
    pub async fn fetch(
        &self,
        request: Request,
        data: Option<String>,
        proven: bool,
        token: Option<String>,
        network: Option<String>,
    ) -> Result<Response, JsValue> {
        Ok(self.answer(&request, Shown { token: token.unwrap_or_default(), network, data, proven }).await?)
    }

    /// Handles what a socket has sent.
    #[wasm_bindgen(js_name = webSocketMessage)]
    pub fn on_message(&self, socket: &WebSocket, message: &JsValue) -> Result<(), JsValue> {
        let mut memory = self.memory()?;
        let Some(conn) = memory.conn_of(socket) else {
            return Ok(()); // refused, superseded or gone: it has nothing to say any more
        };
        let mut buffer = std::mem::take(&mut memory.buffer);
        let event = Event::Frame { conn, text: &received(message, MAX_FRAME_BYTES, &mut buffer) };
        memory.handle(&self.state, &self.env, &self.sender, event);
        buffer.truncate(KEPT_TEXT_BYTES);
        buffer.shrink_to(KEPT_TEXT_BYTES);
        memory.buffer = buffer;
        Ok(())
    }

    /// A socket has closed; `clean`: with a close frame.
    #[wasm_bindgen(js_name = webSocketClose)]
    pub fn on_close(&self, socket: &WebSocket, code: u16, reason: &str, clean: bool) -> Result<(), JsValue> {
        // What was sent to it before it closed is not lost.
        self.sender.flush();
        // A close frame is answered in kind (RFC 6455, 5.5.1). 1005 says that there was no code in it. Where there was no frame, nobody is left to
        // be answered: to try costs the platform nine exceptions, 100 us of CPU (docs/performance.md).
        if clean {
            let code_to_send = Some(code).filter(|code| (1000..=4999).contains(code) && !matches!(code, 1005 | 1006 | 1015));
            if !close(socket, code_to_send.map(|code| (code, reason))) {
                close(socket, None); // a code that exists on the wire only
            }
        }
        self.ended(socket, if code == GOING_AWAY { Ending::Unloaded } else { Ending::Lost })
    }

    /// A socket is broken.
    #[wasm_bindgen(js_name = webSocketError)]
    pub fn on_error(&self, socket: &WebSocket) -> Result<(), JsValue> {
        self.ended(socket, Ending::Lost)
    }

    /// Takes a parcel of frames that another home passes on, unless it is here already.
    #[wasm_bindgen(js_name = takeParcel)]
    pub fn on_parcel(&self, from: u16, number: u32, frames: &JsValue) -> Result<(), JsValue> {
        if self.memory()?.inbox.is_new(Home(from), number) {
            for frame in received(frames, MAX_PARCEL_BYTES, &mut Vec::new()).split(RECORD_SEPARATOR) {
                self.handle(Event::Forwarded { frame })?;
            }
        }
        Ok(())
    }

    /// The alarm. Whatever is stored ends with one, so this is when an object that keeps nothing any more empties its storage: in the
    /// same event, for another one may never come.
    #[wasm_bindgen(js_name = alarm)]
    pub fn on_alarm(&self) -> Result<(), JsValue> {
        self.handle(Event::Alarm)?;
        let mut memory = self.memory()?;
        if let Some(emptied) = memory.empty(&self.state)? {
            memory.tasks.add(Task::Await(emptied));
        }
        Ok(())
    }

    /// Whether [`Room::run_tasks`] has anything to do.
    #[wasm_bindgen(js_name = hasTasks)]
    pub fn has_tasks(&self) -> bool {
        self.memory.try_borrow().is_ok_and(|memory| memory.as_ref().is_some_and(|memory| !memory.tasks.is_empty()))
    }

    /// Runs the tasks that events have left, all at once: a home that hangs holds up no other task.
    #[wasm_bindgen(js_name = runTasks)]
    pub async fn run_tasks(&self) -> Result<(), JsValue> {
        let tasks = self.memory()?.tasks.take_all();
        join_all(tasks.into_iter().map(|task| self.run_all_from(task))).await;
        Ok(())
    }
}

impl Room {
    /// What is in memory; it is rebuilt first if there is nothing. No borrow lasts over an await, so nobody sees the error.
    pub(super) fn memory(&self) -> Result<RefMut<'_, Memory>, Fault> {
        let busy = || Fault::new("two events at once");
        let mut memory = self.memory.try_borrow_mut().map_err(|_| busy())?;
        if memory.is_none() {
            *memory = Some(Memory::rebuild(&self.state, &self.env, self.hooks)?);
        }
        RefMut::filter_map(memory, Option::as_mut).map_err(|_| busy())
    }

    /// Takes an event through the realm, and does what follows from it.
    fn handle(&self, event: Event<'_>) -> Result<(), Fault> {
        self.memory()?.handle(&self.state, &self.env, &self.sender, event);
        Ok(())
    }

    async fn answer(&self, request: &Request, shown: Shown) -> Result<Response, Fault> {
        let asked = Asked::of(request);
        let settings = Rc::clone(&self.memory()?.settings);
        let (status, body) = match asked.route(&settings) {
            Route::Socket(claim) => return self.open(claim, &asked, shown).await,
            Route::Ice(Ok(claim)) => {
                let claim = self.hide(claim, &asked, &settings, shown)?;
                (if self.memory()?.realm.knows(&claim, now()) { 200 } else { 401 }, String::new())
            }
            _ => match asked.url() {
                LIST_URL => (200, self.memory()?.change(&self.state, now(), |realm, context| realm.listed(context)).0),
                COUNT_URL => {
                    (200, self.memory()?.change(&self.state, now(), |realm, context| realm.count(context).to_string()).0)
                }
                // What is not understood is never answered as if it were.
                _ => (404, String::new()),
            },
        };
        http::respond(Answer::plain(status, body))
    }

    fn ended(&self, socket: &WebSocket, ending: Ending) -> Result<(), JsValue> {
        let mut memory = self.memory()?;
        if let Some(conn) = memory.conn_of(socket) {
            memory.handle(&self.state, &self.env, &self.sender, Event::Closed { conn, ending });
        }
        Ok(())
    }

    /// Runs a task, and then those that have been left meanwhile.
    async fn run_all_from(&self, task: Task) {
        let mut next = Some(task);
        while let Some(task) = next {
            if let Err(error) = self.run_task(task).await {
                fault("what an event asked for was not done", &error);
            }
            next = self.memory().ok().and_then(|mut memory| memory.tasks.next());
        }
    }

    async fn run_task(&self, task: Task) -> Result<(), Fault> {
        match task {
            Task::SetAlarm => tasks::set_alarm(&self.state, || Ok(self.memory()?.realm.armed())).await,
            Task::Forward(home) => {
                let from = self.memory()?.spread.here;
                let next = || Ok(self.memory()?.tasks.parcel(home));
                tasks::forward(&self.env, from, home, next, |frame| self.undelivered(frame)).await?;
            }
            Task::MakeIce(conn) => {
                let (settings, network) = {
                    let memory = self.memory()?;
                    (Rc::clone(&memory.settings), memory.network(&self.state, conn))
                };
                let ice = turn_credentials::ice_for(&self.env, &settings, network.as_deref()).await;
                self.handle(Event::IceMade { conn, ice })?;
            }
            Task::Undelivered(frame) => self.undelivered(&frame),
            Task::Await(promise) => drop(settled(promise).await?),
        }
        Ok(())
    }

    /// Tells the sender of a frame that it could not be handed to another home.
    fn undelivered(&self, frame: &str) {
        if let Err(error) = self.handle(Event::Undelivered { frame }) {
            fault("a sender could not be told", &error);
        }
    }
}
