use telemetry::SHAPES_HEAD;

use super::*;

fn read(lines: &str, speed: f64) -> Result<Recording, RecordingError> {
    Recording::read(format!("{SHAPES_HEAD}\n{lines}").as_bytes(), speed, |_| true)
}

#[test]
fn requests_keep_their_order_their_doors_and_their_pauses() {
    let recording = read(
        "rates.quote rpc 5000 222 418 200 -\n\
         rates.accept-quote http 2000 300 90 200 0000000000000007\n\
         rates.quote rpc 1000 222 418 200 -\n\
         metrics http 3000 0 9000 200 -\n\
         rates.quote carrier-pigeon 3000 0 9000 200 -\n",
        4.0,
    )
    .unwrap();
    assert_eq!((recording.requests, recording.left_out), (3, 2));
    assert_eq!(recording.length_ns, 1_000_000, "4 ms at four times the speed");
    let doors: Vec<_> = recording.doors.iter().map(|it| (it.over, it.starts_ns.to_vec())).collect();
    assert_eq!(doors, [(Over::Http, vec![250_000]), (Over::Rpc, vec![0, 1_000_000])]);
    assert_eq!(recording.doors[0].mix.operations[0].name, "rates.accept-quote");
    assert!(recording.other_door.is_empty());
}

#[test]
fn what_came_through_a_door_that_is_shut_goes_through_another() {
    let text = format!("{SHAPES_HEAD}\nrates.quote http3 0 200 400 200 -\n");
    let recording = Recording::read(text.as_bytes(), 1.0, |it| it == Over::Rpc).unwrap();
    assert_eq!(recording.doors[0].over, Over::Rpc);
    assert_eq!(recording.other_door, ["http3"]);
    assert!(Recording::read(text.as_bytes(), 1.0, |_| false).is_err());
}

#[test]
fn the_example_of_a_request_is_of_its_size_class() {
    let mut last = 0;
    for shifts in SHIFTS {
        let wanted = sized("rates.quote", shifts, 1).unwrap();
        for over in [Over::Http, Over::Rpc] {
            let bytes = length(&wanted, over);
            assert_eq!(example("rates.quote", over, bytes).unwrap(), wanted);
            let line = format!("rates.quote {} 0 {bytes} 9 200 -\n", over.name());
            assert_eq!(read(&line, 1.0).unwrap().other_size, 0, "{shifts}");
        }
        assert!(last < wanted.json.len());
        last = wanted.json.len();
    }
    let huge = read("rates.quote rpc 0 4000000 9 200 -\n", 1.0).unwrap();
    assert_eq!((huge.requests, huge.other_size), (1, 1));
}

#[test]
fn every_operation_that_has_an_example_can_be_driven() {
    for entry in registry::ALL {
        for operation in entry.operations {
            let line = format!("{} rpc 0 100 9 200 -\n", operation.shape.name);
            assert!(read(&line, 1.0).is_ok(), "{line}");
        }
    }
}

#[test]
fn a_last_line_that_was_cut_is_left_out_and_any_other_is_named() {
    let cut = read("rates.quote rpc 0 222 418 200 -\nrates.quote rp", 1.0).unwrap();
    assert_eq!(cut.requests, 1);
    for (text, reason) in [
        ("rates.quote rpc 0 222 418 200 -\nnonsense\n", "line 3, byte 47: a request has 7 fields"),
        ("", "no request of an operation"),
        ("page http 0 0 0 200 -\n", "no request of an operation"),
    ] {
        let error = read(text, 1.0).unwrap_err().to_string();
        assert!(error.contains(reason), "{text:?}: {error}");
    }
    for bytes in [&b"{}\n"[..], b""] {
        let error = Recording::read(bytes, 1.0, |_| true).unwrap_err().to_string();
        assert!(error.contains("telemetry.shapes_file"), "{error}");
    }
}

#[test]
fn a_replay_that_would_not_end_is_refused_before_it_begins() {
    let text = |start_us: u64| {
        format!("rates.quote rpc 7 222 418 200 -\nrates.quote rpc {start_us} 222 418 200 -\n")
    };
    let hour_us = 3_600_000_000;
    for (start_us, speed, fits) in [
        (7 + HOURS_MAX * hour_us, 1.0, true),
        (8 + HOURS_MAX * hour_us, 1.0, false),
        (7 + 1_000 * HOURS_MAX * hour_us, 1_000.0, true),
        (7 + 2 * hour_us, 0.01, false),
        (u64::MAX, 0.01, false),
        (u64::MAX, 1_000.0, false),
    ] {
        let found = read(&text(start_us), speed);
        assert_eq!(found.is_ok(), fits, "{start_us} {speed}");
        if let Err(error) = found {
            let error = error.to_string();
            assert!(error.contains("--speed") && error.contains(&start_us.to_string()), "{error}");
        }
    }
}

#[test]
fn pauses_keep_their_proportions_at_any_speed() {
    let starts_us = [900_u64, 900, 1_000, 5_000, 5_003, 1_000_900];
    // In the order of their answers.
    let lines: String = [3, 0, 5, 2, 1, 4]
        .map(|it| format!("rates.quote rpc {} 222 418 200 -\n", starts_us[it]))
        .concat();
    for (speed, expected) in [
        (1.0, [0, 0, 100_000, 4_100_000, 4_103_000, 1_000_000_000]),
        (4.0, [0, 0, 25_000, 1_025_000, 1_025_750, 250_000_000]),
        (0.01, [0, 0, 10_000_000, 410_000_000, 410_300_000, 100_000_000_000]),
        (1_000.0, [0, 0, 100, 4_100, 4_103, 1_000_000]),
    ] {
        let recording = read(&lines, speed).unwrap();
        assert_eq!(recording.doors[0].starts_ns[..], expected, "{speed}");
        assert_eq!(recording.length_ns, expected[5]);
    }
}
