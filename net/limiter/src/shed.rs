//! Which class of work a saturated box still takes on.
//!
//! Past saturation every request admitted makes all others later, until each answer comes after its
//! caller has gone: the box is busy and its goodput is nothing. So the rest is refused early, where
//! it costs least, and the lowest class first.
//!
//! # The rule
//!
//! Time is cut into windows. A window had a *standing queue* if even the luckiest request that began
//! in it had waited at least the target, as in `CoDel` (RFC 8289, sections 3 and 4.3: minimum sojourn
//! time over an interval, 5 ms over 100 ms). A burst that drains within the window is none.
//!
//! - After a window with a standing queue the server was never idle, so what ended in it is what the
//!   server can do. The next window admits that less one sixteenth, and less half of what waits
//!   beyond the target, so that the queue drains within a few windows.
//! - After any other window the allowance grows: by a quarter towards fifteen sixteenths of what the
//!   server is known to do, so that a stall is forgotten soon; from there by one sixty-fourth, to find
//!   out what more it does. It ends when it covers all that arrives.
//!
//! The allowance is dealt from the highest class down by what each class brought in the last window:
//! the classes above the border are admitted whole, those below not at all, and the border class in
//! an even share (as the admission level of DAGOR, Zhou et al., "Overload Control for Scaling `WeChat`
//! Microservices", `SoCC` 2018, moves over priorities by their counted arrivals). The share is dealt by
//! carrying the remainder on, not by chance, so the same input gives the same output.

/// How many classes there are.
pub const CLASSES: usize = 4;

/// Windows without a call after which the past says nothing.
const IDLE_WINDOWS: u64 = 8;

/// How dear a request is when not all can be served, dearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Health checks and the operator's own: never shed by load, only by the in-flight limit, above
    /// which it has a reserve of one sixteenth.
    Critical,
    /// Somebody waits for it.
    Interactive,
    /// What names no other class.
    Normal,
    /// Exports, imports, crawlers: can come again.
    Bulk,
}

impl Class {
    /// Every class, dearest first.
    pub const ALL: [Self; CLASSES] = [Self::Critical, Self::Interactive, Self::Normal, Self::Bulk];

    const fn index(self) -> usize {
        match self {
            Self::Critical => 0,
            Self::Interactive => 1,
            Self::Normal => 2,
            Self::Bulk => 3,
        }
    }
}

/// When a [`Shedder`] begins to shed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShedRules {
    /// The window, at least 1. It should be longer than a usual burst and a usual request.
    pub window_us: u64,
    /// The wait in the queue that is fine even when it never goes away.
    pub target_us: u64,
    /// Requests admitted and not ended, at most: bounds memory whatever the queue says.
    pub in_flight_max: u64,
}

impl Default for ShedRules {
    /// 5 ms over 100 ms, as RFC 8289 recommends for most loads, and 65,536 in flight.
    fn default() -> Self {
        Self { window_us: 100_000, target_us: 5_000, in_flight_max: 65_536 }
    }
}

/// What the shedder says to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Go on, and report its beginning and its end.
    Admitted,
    /// The queue stands and this class is over its share. Nothing to report.
    Overloaded,
    /// As many are in flight as may be. Nothing to report.
    InFlightFull,
}

/// Decides request by request what is admitted, from when requests began and ended.
///
/// Every admitted request is reported as begun and ended, or as abandoned.
#[derive(Debug, Clone)]
pub struct Shedder {
    rules: ShedRules,
    window_began_us: u64,
    /// Seen in this window.
    arrived: [u64; CLASSES],
    ended: u64,
    wait_min_us: Option<u64>,
    /// Waiting when the window began: if none of all that begins, the queue stands.
    waited_at_start: u64,
    /// Admitted and not yet begun, now.
    waiting: u64,
    /// Admitted and not yet ended, now.
    in_flight: u64,
    /// How many this window may admit; `None` is all.
    allowance: Option<u64>,
    /// What ended in the best of the windows, less a sixteenth for each that stood since.
    known: u64,
    shares: [Share; CLASSES],
}

/// `admit` of every `of` requests.
#[derive(Debug, Clone, Copy)]
struct Share {
    admit: u64,
    of: u64,
    carried: u64,
}

impl Share {
    const WHOLE: Self = Self { admit: 1, of: 1, carried: 0 };

    fn deal(&mut self) -> bool {
        self.carried += self.admit;
        let dealt = self.carried >= self.of;
        if dealt {
            self.carried -= self.of;
        }
        dealt
    }
}

impl Shedder {
    /// A shedder that admits everything until it has seen a standing queue.
    pub fn new(rules: ShedRules) -> Self {
        let rules = ShedRules { window_us: rules.window_us.max(1), ..rules };
        Self {
            rules,
            window_began_us: 0,
            arrived: [0; CLASSES],
            ended: 0,
            wait_min_us: None,
            waited_at_start: 0,
            waiting: 0,
            in_flight: 0,
            allowance: None,
            known: 0,
            shares: [Share::WHOLE; CLASSES],
        }
    }

    /// Decides one request that has arrived.
    pub fn admit(&mut self, now_us: u64, class: Class) -> Admission {
        self.advance(now_us);
        self.arrived[class.index()] += 1;
        let reserve = if class == Class::Critical { self.rules.in_flight_max / 16 } else { 0 };
        if self.in_flight >= self.rules.in_flight_max.saturating_add(reserve) {
            return Admission::InFlightFull;
        }
        if !self.shares[class.index()].deal() {
            return Admission::Overloaded;
        }
        self.waiting += 1;
        self.in_flight += 1;
        Admission::Admitted
    }

    /// An admitted request left the queue after waiting so long, and its work begins.
    pub fn began(&mut self, now_us: u64, waited_us: u64) {
        self.advance(now_us);
        self.waiting = self.waiting.saturating_sub(1);
        self.wait_min_us = Some(self.wait_min_us.map_or(waited_us, |it| it.min(waited_us)));
    }

    /// A request that had begun has ended, well or not.
    pub fn ended(&mut self, now_us: u64) {
        self.advance(now_us);
        self.in_flight = self.in_flight.saturating_sub(1);
        self.ended += 1;
    }

    /// An admitted request left the queue without ever beginning: its caller went away, or its
    /// deadline passed.
    pub fn abandoned(&mut self, now_us: u64) {
        self.advance(now_us);
        self.waiting = self.waiting.saturating_sub(1);
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Requests admitted and not ended.
    pub fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Whether anything is being shed for load.
    pub fn is_shedding(&self) -> bool {
        self.allowance.is_some()
    }

    /// How much of a class is admitted now, in thousandths.
    pub fn admitted_permille(&self, class: Class) -> u64 {
        let share = &self.shares[class.index()];
        share.admit * 1000 / share.of
    }

    #[inline]
    fn advance(&mut self, now_us: u64) {
        let elapsed_us = now_us.saturating_sub(self.window_began_us);
        if elapsed_us >= self.rules.window_us {
            self.end_window(now_us, elapsed_us);
        }
    }

    /// Nothing was reported since the window should have ended, so what it counted is spread over
    /// the whole time.
    fn end_window(&mut self, now_us: u64, elapsed_us: u64) {
        let stood = match self.wait_min_us {
            Some(wait_us) => wait_us >= self.rules.target_us,
            None => self.waited_at_start > 0 && self.waiting > 0,
        };
        let done = self.per_window(self.ended, elapsed_us);
        let faded = if stood { self.known - self.known / 16 } else { self.known };
        self.known = done.max(faded);
        let is_past = elapsed_us / self.rules.window_us >= IDLE_WINDOWS && self.waiting == 0;
        let arrived = self.arrived.map(|it| self.per_window(it, elapsed_us));
        let arrived_sum: u64 = arrived.iter().sum();
        self.allowance = if is_past {
            None
        } else if stood {
            Some(self.sustainable(done))
        } else {
            self.allowance.map(|it| self.grown(it)).filter(|it| *it < arrived_sum)
        };
        self.deal_shares(arrived);
        self.window_began_us = now_us;
        self.arrived = [0; CLASSES];
        self.ended = 0;
        self.wait_min_us = None;
        self.waited_at_start = self.waiting;
    }

    /// What a window can take on after one that ended `done` requests with a standing queue.
    fn sustainable(&self, done: u64) -> u64 {
        // What waits when everybody waits the target (Little's law) may stay.
        let tolerated = done.saturating_mul(self.rules.target_us) / self.rules.window_us;
        let excess = self.waiting.saturating_sub(tolerated);
        (done - done / 16).saturating_sub(excess / 2).max(done / 4)
    }

    fn grown(&self, allowance: u64) -> u64 {
        let safe = self.known - self.known / 16;
        if allowance < safe {
            (allowance + allowance / 4 + self.known / 16 + 1).min(safe)
        } else {
            allowance + allowance / 64 + 1
        }
    }

    fn deal_shares(&mut self, arrived: [u64; CLASSES]) {
        let Some(mut left) = self.allowance else {
            self.shares = [Share::WHOLE; CLASSES];
            return;
        };
        for (class, brought) in Class::ALL.into_iter().zip(arrived) {
            let share = &mut self.shares[class.index()];
            let admit = if class == Class::Critical { brought } else { brought.min(left) };
            let (admit, of) = match brought {
                // A class that brought nothing is new: let it in if anything is left.
                0 => (u64::from(class == Class::Critical || left > 0), 1),
                _ => (admit, brought),
            };
            left = left.saturating_sub(admit);
            *share = Share { admit, of, carried: share.carried.min(of - 1) };
        }
    }

    fn per_window(&self, count: u64, elapsed_us: u64) -> u64 {
        // Rounded up, so that what came once is not forgotten.
        count.saturating_mul(self.rules.window_us).div_ceil(elapsed_us)
    }
}
