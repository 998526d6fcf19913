//! Which class of work a saturated core still takes on.
//!
//! Past saturation every request admitted makes all others later, until each answer comes after its
//! caller has gone: the box is busy and its goodput is nothing. So the rest is refused early, where
//! it costs least, and the lowest class first.
//!
//! # The rule
//!
//! A core works in *rounds*: it looks at what has arrived, does all of it, and looks again. What is
//! looked at late in a round has waited at least since the round began, and what arrives meanwhile
//! waits for its end: a few times the length of a round bounds every wait. A burst makes one long round and
//! then short ones. When rounds have been longer than the target for a whole window, more arrives
//! than can be done, as `CoDel` tells a standing queue from a burst (RFC 8289, sections 3 and 4.3).
//! From then on a request is refused when its round has lasted the target already and has taken a
//! few; so a round is the target and the little that refusals cost, whatever arrives. It ends with a round of less
//! than half the target.
//!
//! There is a border between classes: those below it are refused from a round's begin. It rises when a
//! class above it had to be refused in a round, and falls after a round that stayed clearly below
//! the target (as the admission level of DAGOR, Zhou et al., "Overload Control for Scaling `WeChat`
//! Microservices", `SoCC` 2018, moves over priorities).

/// So many requests are taken in every round, however long it lasts. As few as that are no queue: the
/// core was kept from running, or each of them is heavy, and refusing makes neither any better.
pub const ROUND_TAKEN_MIN: u64 = 32;

/// How many classes there are.
pub const CLASSES: usize = 4;

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

    /// The next dearer one that can be shed.
    const fn dearer(self) -> Self {
        match self {
            Self::Critical | Self::Interactive | Self::Normal => Self::Interactive,
            Self::Bulk => Self::Normal,
        }
    }

    /// The next cheaper one.
    const fn cheaper(self) -> Self {
        match self {
            Self::Critical => Self::Interactive,
            Self::Interactive => Self::Normal,
            Self::Normal | Self::Bulk => Self::Bulk,
        }
    }
}

/// When a [`Shedder`] begins to shed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShedRules {
    /// How long rounds may be: what a caller should wait at most, over the rounds that a request takes.
    pub target_us: u64,
    /// How long they must have been longer. It should be longer than a usual burst.
    pub window_us: u64,
    /// Requests admitted and not ended, at most: bounds memory whatever the rounds say.
    pub in_flight_max: u64,
}

/// Where in its rounds the core is when it looks at a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Rounds that have ended. Those of a core with little to do need not be counted.
    pub number: u64,
    /// How long the last of them took.
    pub last_us: u64,
    /// How long this one has lasted.
    pub lasted_us: u64,
}

/// What the shedder says to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Go on, and report its end.
    Admitted,
    /// The core is saturated and the request came too late in its round for its class.
    Overloaded,
    /// As many are in flight as may be.
    InFlightFull,
}

/// Decides request by request what is admitted, from how long the core's rounds are.
#[derive(Debug, Clone)]
pub struct Shedder {
    rules: ShedRules,
    /// Admitted and not yet ended.
    in_flight: u64,
    /// The round that was seen last.
    round: u64,
    /// Admitted in it.
    taken: u64,
    /// Since when all rounds are longer than the target.
    late_since_us: Option<u64>,
    is_shedding: bool,
    /// The cheapest class of which anything is admitted.
    border: Class,
    /// Whether a class above the border was refused in this round.
    is_border_low: bool,
}

impl Shedder {
    /// A shedder that admits everything until rounds have been too long for a window.
    pub const fn new(rules: ShedRules) -> Self {
        Self {
            rules,
            in_flight: 0,
            round: 0,
            taken: 0,
            late_since_us: None,
            is_shedding: false,
            border: Class::Bulk,
            is_border_low: false,
        }
    }

    /// Decides one request that is looked at now.
    #[inline]
    pub fn admit(&mut self, now_us: u64, round: Round, class: Class) -> Admission {
        let Round { number, lasted_us, .. } = round;
        if number != self.round {
            self.begin_round(now_us, round);
        }
        let is_late = lasted_us >= self.rules.target_us;
        if is_late {
            let since_us =
                *self.late_since_us.get_or_insert_with(|| now_us.saturating_sub(lasted_us));
            self.is_shedding |= now_us.saturating_sub(since_us) >= self.rules.window_us;
        }
        let reserve = if class == Class::Critical { self.rules.in_flight_max / 16 } else { 0 };
        if self.in_flight >= self.rules.in_flight_max.saturating_add(reserve) {
            return Admission::InFlightFull;
        }
        let is_full = is_late && ROUND_TAKEN_MIN <= self.taken;
        if self.is_shedding && class != Class::Critical && (is_full || class > self.border) {
            self.is_border_low |= class < self.border;
            return Admission::Overloaded;
        }
        self.in_flight += 1;
        self.taken += 1;
        Admission::Admitted
    }

    /// A request that was admitted has ended, well or not.
    #[inline]
    pub fn ended(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Requests admitted and not ended.
    pub const fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Whether anything is being shed for load.
    pub const fn is_shedding(&self) -> bool {
        self.is_shedding
    }

    fn begin_round(&mut self, now_us: u64, Round { number, last_us, lasted_us }: Round) {
        let target_us = self.rules.target_us;
        self.round = number;
        self.taken = 0;
        if last_us >= target_us {
            let began_us = now_us.saturating_sub(lasted_us).saturating_sub(last_us);
            self.late_since_us.get_or_insert(began_us);
        } else if !self.is_shedding || last_us < target_us / 2 {
            self.late_since_us = None;
            self.is_shedding = false;
            self.border = Class::Bulk;
        }
        if self.is_border_low {
            self.border = self.border.dearer();
        } else if last_us < target_us - target_us / 8 {
            self.border = self.border.cheaper();
        }
        self.is_border_low = false;
    }
}
