//! A server that does what a test tells it, connection by connection.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, panicking, spawn};

use client::Options;
use wire::{
    Body, Hello, Limits, Problem, ReplyBatchMark, ReplyMark, SlotMap, Status, Welcome,
    decode_request,
};

/// Patient enough for a busy machine, impatient enough for a test.
pub(crate) fn options() -> Options {
    Options {
        name: "test".to_owned(),
        connect_ms: 20_000,
        call_ms: 20_000,
        quiet_ms: 20_000,
        backoff_ms_min: 1,
        backoff_ms_max: 5,
        reconnect_ms: 20_000,
        ..Options::default()
    }
}

/// A box of one core without an address of its own.
pub(crate) fn welcome() -> Welcome {
    Welcome {
        version: 1,
        core: 0,
        limits: Limits::DEFAULT,
        epoch: 1,
        position: 0,
        addresses: vec![None],
        slots: SlotMap::from_fn(|_| 0),
    }
}

/// A listener whose connections are served one after the other by a script.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Arc<Mutex<bool>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Runs `script(connection, index)` for each connection, index 0 first, each on its own thread.
    pub(crate) fn start(script: impl Fn(Connection, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        Self::listen(listener, script)
    }

    pub(crate) fn listen(
        listener: TcpListener,
        script: impl Fn(Connection, usize) + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().expect("bound");
        let stop = Arc::new(Mutex::new(false));
        let (stopped, script) = (Arc::clone(&stop), Arc::new(script));
        let thread = spawn(move || {
            let mut threads = Vec::new();
            for (index, stream) in listener.incoming().enumerate() {
                if *stopped.lock().expect("not poisoned") {
                    break;
                }
                let connection = Connection::new(stream.expect("accepts"));
                let script = Arc::clone(&script);
                threads.push(spawn(move || script(connection, index)));
            }
            drop(listener);
            for thread in threads {
                thread.join().expect("the script keeps its promises");
            }
        });
        Self { address, stop, thread: Some(thread) }
    }

    /// Greets with [`welcome`] and answers every request with its own payload.
    pub(crate) fn echo() -> Self {
        Self::start(|mut connection, _| {
            connection.greet(&welcome());
            connection.echo();
        })
    }

    /// Stops listening and waits for every script to end.
    pub(crate) fn stop(&mut self) {
        if let Some(thread) = self.thread.take() {
            *self.stop.lock().expect("not poisoned") = true;
            drop(TcpStream::connect(self.address));
            let result = thread.join();
            assert!(result.is_ok(), "a script failed");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !panicking() {
            self.stop();
        }
    }
}

/// One accepted connection.
pub(crate) struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    read: usize,
}

/// A request that outlives the receive buffer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) id: u64,
    pub(crate) operation: u32,
    pub(crate) deadline_ms: u32,
    pub(crate) tenant: u32,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) at_least: Option<u64>,
    pub(crate) batch: bool,
    pub(crate) payloads: Vec<Vec<u8>>,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a tcp option");
        Self { stream, input: Vec::new(), read: 0 }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        // The client may be gone already; the test looks at what the client saw.
        drop(self.stream.write_all(bytes));
    }

    /// Reads the Hello, whatever it says, and sends the Welcome.
    pub(crate) fn greet(&mut self, welcome: &Welcome) {
        if self.hello() {
            let mut out = Vec::new();
            welcome.encode(&mut out);
            self.send(&out);
        }
    }

    /// Reads the Hello; false when the client left instead.
    pub(crate) fn hello(&mut self) -> bool {
        loop {
            if let Some((_, taken)) = Hello::decode(&self.input).expect("a hello") {
                self.read = taken;
                return true;
            }
            if !self.more() {
                return false;
            }
        }
    }

    /// The next request; `None` when the client left.
    pub(crate) fn next(&mut self) -> Option<Asked> {
        loop {
            let decoded = decode_request(&self.input[self.read..], &Limits::DEFAULT);
            if let Some((request, taken)) = decoded.expect("a request") {
                let (batch, payloads) = match request.body {
                    Body::One(payload) => (false, vec![payload.to_vec()]),
                    Body::Batch(items) => (true, items.map(<[u8]>::to_vec).collect()),
                };
                let asked = Asked {
                    id: request.head.request_id,
                    operation: request.head.operation,
                    deadline_ms: request.head.deadline_ms,
                    tenant: request.head.tenant,
                    key: request.head.idempotency_key.map(<[u8]>::to_vec),
                    at_least: request.head.at_least,
                    batch,
                    payloads,
                };
                self.read += taken;
                return Some(asked);
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// Answers with the request's own payloads at position 7.
    pub(crate) fn answer(&mut self, asked: &Asked) {
        let mut out = Vec::new();
        if asked.batch {
            let mut mark = ReplyBatchMark::begin(&mut out, asked.id, &Limits::DEFAULT);
            for payload in &asked.payloads {
                let item = mark.begin_item(&mut out);
                out.extend_from_slice(payload);
                mark.finish_item(&mut out, item, Status::Ok);
            }
            mark.finish(&mut out, 7);
        } else {
            let mark = ReplyMark::begin(&mut out, asked.id, &Limits::DEFAULT);
            out.extend_from_slice(&asked.payloads[0]);
            mark.finish(&mut out, Status::Ok, 7);
        }
        self.send(&out);
    }

    pub(crate) fn problem(&mut self, request_id: u64, problem: &Problem<'_>) {
        let mut out = Vec::new();
        wire::encode_problem_reply(&mut out, request_id, problem, 7);
        self.send(&out);
    }

    /// Answers until the client leaves.
    pub(crate) fn echo(&mut self) {
        while let Some(asked) = self.next() {
            self.answer(&asked);
        }
    }

    pub(crate) fn close(self) {
        drop(self.stream.shutdown(Shutdown::Both));
    }

    fn more(&mut self) -> bool {
        self.input.drain(..self.read);
        self.read = 0;
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.input.extend_from_slice(&buffer[..count]);
                true
            }
        }
    }
}
