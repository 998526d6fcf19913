//! The server: HTTP/1.1 over plain TCP, one thread for each connection.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::{Value, json};

use crate::database::Database;

/// What happens to a request in place of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is answered.
    None,
    /// 429 with this `Retry-After`.
    Throttled(&'static str),
    /// This status, without a body.
    Failed(u16),
    /// The connection ends before the answer.
    Dropped,
    /// The connection ends in the middle of the body.
    Cut,
    /// A whole answer with half a document in it.
    Garbled,
}

/// How the server behaves.
#[derive(Debug, Clone)]
pub struct Manners {
    /// The key that it wants.
    pub key: &'static str,
    /// What happens to one request after the other; begun again at the end.
    pub faults: Vec<Fault>,
    /// Whether it knows an award by its code; by its fixed id it always does.
    pub knows_codes: bool,
    /// Every second answer has days with a time and an offset behind them, as in 2022.
    pub changes_dates: bool,
    /// It hears neither page nor limit in the query: always the first ten.
    pub is_deaf: bool,
    /// At this request a result is added to the pay rates of the first award.
    pub grows_at: Option<u32>,
}

impl Manners {
    /// A server that answers at once, and wants `key`.
    #[must_use]
    pub const fn good(key: &'static str) -> Self {
        Self {
            key,
            faults: Vec::new(),
            knows_codes: true,
            changes_dates: false,
            is_deaf: false,
            grows_at: None,
        }
    }
}

#[derive(Debug)]
struct State {
    database: Database,
    manners: Manners,
    requests: u32,
    answered: BTreeMap<String, u32>,
}

/// A server that runs until the process ends.
#[derive(Debug)]
pub struct StandIn {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl StandIn {
    /// Starts it on a free port.
    pub fn start(database: Database, manners: Manners) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = State { database, manners, requests: 0, answered: BTreeMap::new() };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || drop(serve(&socket, &state)));
            }
        });
        Ok(Self { address, state })
    }

    /// Its address, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests came, those with faults among them.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).requests
    }

    /// How many pages each list was answered with, by path.
    #[must_use]
    pub fn answered(&self) -> BTreeMap<String, u32> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).answered.clone()
    }
}

fn serve(socket: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let mut reader = BufReader::new(socket);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut key = String::new();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.split_once(':') else { break };
            if name.eq_ignore_ascii_case("ocp-apim-subscription-key") {
                value.trim().clone_into(&mut key);
            }
        }
        let (fault, status, body) = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.hear(&target, &key)
        };
        if !say(socket, fault, status, &body)? {
            return Ok(());
        }
    }
}

/// Whether the connection goes on.
fn say(mut socket: &TcpStream, fault: Fault, status: u16, body: &str) -> io::Result<bool> {
    let head = |status: u16, more: &str, length: usize| {
        format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\n{more}content-length: \
             {length}\r\n\r\n"
        )
    };
    let half = &body.as_bytes()[..body.len() / 2];
    match fault {
        Fault::Dropped => Ok(false),
        Fault::Throttled(after) => {
            let head = head(429, &format!("retry-after: {after}\r\n"), 0);
            socket.write_all(head.as_bytes()).map(|()| true)
        }
        Fault::Failed(status) => socket.write_all(head(status, "", 0).as_bytes()).map(|()| true),
        Fault::Cut => {
            socket.write_all(head(status, "", body.len()).as_bytes())?;
            socket.write_all(half).map(|()| false)
        }
        Fault::Garbled => {
            socket.write_all(head(status, "", half.len()).as_bytes())?;
            socket.write_all(half).map(|()| true)
        }
        Fault::None => {
            socket.write_all(head(status, "", body.len()).as_bytes())?;
            socket.write_all(body.as_bytes()).map(|()| true)
        }
    }
}

impl State {
    fn hear(&mut self, target: &str, key: &str) -> (Fault, u16, String) {
        let at = usize::try_from(self.requests).unwrap_or(usize::MAX);
        self.requests += 1;
        if self.manners.grows_at == Some(self.requests)
            && let Some((path, rows)) =
                self.database.lists.iter_mut().find(|(path, _)| path.ends_with("/pay-rates"))
        {
            assert!(path.starts_with("awards/"), "a list of an award");
            let row = rows[0].clone();
            rows.push(row);
        }
        let faults = &self.manners.faults;
        let fault = faults.get(at % faults.len().max(1)).copied().unwrap_or(Fault::None);
        if key != self.manners.key {
            return (fault, 401, error("the subscription key is missing or invalid"));
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let Some(list) = self.list(path.trim_start_matches("/api/v1/")) else {
            return (fault, 404, error("there is no such award"));
        };
        let number = |name: &str, usual: usize| {
            let given = query.split('&').find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
            let heard = given.filter(|_| !self.manners.is_deaf);
            heard.and_then(|it| it.parse().ok()).unwrap_or(usual)
        };
        let (page, limit) = (number("page", 1).max(1), number("limit", 10).min(100));
        let moments = self.manners.changes_dates && self.requests.is_multiple_of(2);
        let body = envelope(self.database.rows(&list), page, limit, moments);
        if fault == Fault::None {
            *self.answered.entry(list).or_default() += 1;
        }
        (fault, 200, body)
    }

    /// The path of a list with the award's code in it; `None` when there is none.
    fn list(&self, path: &str) -> Option<String> {
        let mut parts = path.splitn(3, '/');
        let (Some("awards"), award, rest) = (parts.next(), parts.next(), parts.next()) else {
            return None;
        };
        let Some(award) = award else { return Some("awards".to_owned()) };
        let number = self.database.awards.iter().find_map(|(number, fixed_id)| {
            let by_code = self.manners.knows_codes && award == format!("MA{number:06}");
            (by_code || award == fixed_id.to_string()).then_some(*number)
        })?;
        let rest = rest.map(|it| format!("/{it}")).unwrap_or_default();
        let path = format!("awards/MA{number:06}{rest}");
        self.database.lists.contains_key(&path).then_some(path)
    }
}

fn error(detail: &str) -> String {
    json!({ "errors": [{ "detail": detail }] }).to_string()
}

fn envelope(rows: &[Value], page: usize, limit: usize, moments: bool) -> String {
    let from = (page - 1) * limit;
    let to = (from + limit).min(rows.len());
    let results: Vec<Value> =
        rows.get(from..to).unwrap_or_default().iter().map(|it| dated(it, moments)).collect();
    let pages = rows.len().div_ceil(limit);
    json!({
        "_meta": {
            "current_page": page, "page_count": pages, "limit": limit, "result_count": rows.len(),
            "first_row_on_page": from + 1, "last_row_on_page": to,
            "has_more_results": page < pages, "has_previous_results": 1 < page
        },
        "results": results,
        "_links": [{ "href": "/", "rel": "first", "method": "GET" }]
    })
    .to_string()
}

/// A row with its days as moments, or as they are.
fn dated(row: &Value, moments: bool) -> Value {
    let mut row = row.clone();
    for (name, value) in row.as_object_mut().into_iter().flatten() {
        if moments
            && (name.ends_with("operative_from") || name.ends_with("operative_to"))
            && let Some(day) = value.as_str()
        {
            *value = json!(format!("{day}T00:00:00+00:00"));
        }
    }
    row
}
