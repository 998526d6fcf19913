//! A short run for every change; thousands of seeds are one command away, see README.md.

use simulation::{Broken, Counts, Options, run};

const STEPS: u64 = 1500;
/// A rule that is broken must be found within so many seeds.
const SEEDS_TO_FIND: u64 = 200;

#[test]
fn two_hundred_seeds_hold() {
    let mut total = Counts::default();
    for seed in 1..=200 {
        let outcome = run(Options::new(seed, STEPS));
        total.add(&outcome.counts);
        assert_eq!(
            outcome.violation, None,
            "reproduce: cargo run --release -p simulation -- --seed {seed} --steps {STEPS} --verbose"
        );
    }
    println!("{total}");
    // What never happens is not tested.
    let happened = [
        total.answers,
        total.frames,
        total.lives,
        total.checkpoints,
        total.purged,
        total.damages_refused,
        total.disk_errors,
        total.out_of_space,
    ];
    assert!(happened.iter().all(|count| *count > 0), "{total}");
}

#[test]
fn one_seed_gives_one_trace() {
    for seed in [7, 8] {
        let (first, second) = (run(Options::new(seed, STEPS)), run(Options::new(seed, STEPS)));
        assert_eq!(first, second);
    }
    assert_ne!(run(Options::new(7, STEPS)).trace, run(Options::new(8, STEPS)).trace);
}

/// The violation that the first seed to notice reports; a panic of the box counts.
fn found(broken: Broken) -> Option<String> {
    (1..=SEEDS_TO_FIND).find_map(|seed| {
        let options = Options { broken: Some(broken), ..Options::new(seed, STEPS) };
        match std::panic::catch_unwind(|| run(options)) {
            Ok(outcome) => outcome.violation,
            Err(_) => Some("panic".to_owned()),
        }
    })
}

#[test]
fn an_answer_before_its_frame_is_durable_is_found() {
    let violation = found(Broken::EarlyAnswer).unwrap();
    assert!(violation.contains("durable"), "{violation}");
}

#[test]
fn a_frame_left_out_of_a_recovery_is_found() {
    let violation = found(Broken::SkippedFrame).unwrap();
    assert!(violation.contains("differs"), "{violation}");
}

#[test]
fn a_message_lost_between_cores_is_found() {
    let violation = found(Broken::LostMessage).unwrap();
    assert!(violation.contains("rest") || violation.contains("never answered"), "{violation}");
}

#[test]
fn messages_that_overtake_each_other_are_found() {
    assert!(found(Broken::Overtaking).is_some());
}
