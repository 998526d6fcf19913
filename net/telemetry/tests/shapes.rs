//! A recording, from the recorders of two cores to the file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::time::Duration;

use telemetry::{Access, Finished, Options, Recorder, ShapeReader, Shapes, StartError, Telemetry};

fn options(file: std::path::PathBuf) -> Options {
    let shapes = Some(Shapes { file, bytes_max: 1 << 20 });
    Options { cores: 2, access: Access::Off, export: None, shapes }
}

fn answer(recorder: &Recorder, tenant: Option<u32>, request_bytes: u32, status: u16) {
    let finished = Finished {
        trace: recorder.begin([]),
        operation: "rates.quote",
        method: "POST",
        door: "https",
        tenant,
        status,
        took: Duration::from_micros(120),
        position: 9,
        request_bytes,
        reply_bytes: 418,
        peer: Some("[::1]:5555".parse().unwrap()),
    };
    recorder.finish(&finished, []);
}

#[test]
fn every_request_of_every_core_is_recorded_whatever_became_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("shapes");
    let telemetry = Telemetry::start(&options(file.clone())).unwrap();
    let recorders = [telemetry.recorder(0), telemetry.recorder(1)];
    assert!(recorders.iter().all(Recorder::is_on));
    answer(&recorders[0], Some(7), 100, 200);
    answer(&recorders[1], Some(7), 200, 429);
    answer(&recorders[1], None, 0, 404);
    assert!(telemetry.stop(Duration::from_mins(1)));

    let text = fs::read_to_string(&file).unwrap();
    let mut reader = ShapeReader::new(text.as_bytes()).unwrap();
    let mut found = Vec::new();
    while let Some(shape) = reader.next_shape().unwrap() {
        assert_eq!((shape.operation, shape.door), ("rates.quote", "https"));
        found.push((shape.request_bytes, shape.status, shape.tenant));
    }
    assert!(!reader.is_cut());
    found.sort_unstable();
    let told: Vec<_> = found.iter().map(|it| (it.0, it.1)).collect();
    assert_eq!(told, [(0, 404), (100, 200), (200, 429)]);
    assert_eq!(found[0].2, None);
    assert!(found[1].2.is_some() && found[1].2 == found[2].2, "on both cores");
    assert!(!text.contains("5555"));
}

#[test]
fn a_recording_of_before_is_left_alone_and_keeps_no_box_from_starting() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("shapes");
    fs::write(&file, "mine").unwrap();
    let telemetry = Telemetry::start(&options(file.clone())).unwrap();
    let recorder = telemetry.recorder(0);
    answer(&recorder, Some(7), 100, 200);
    assert!(telemetry.stop(Duration::from_mins(1)));
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");

    let nowhere = Telemetry::start(&options(directory.path().join("no/shapes"))).unwrap_err();
    assert!(matches!(nowhere, StartError::Shapes { .. }), "{nowhere}");
}

#[test]
fn without_the_setting_nothing_is_recorded_and_no_thread_runs() {
    let options = Options { cores: 1, access: Access::Off, export: None, shapes: None };
    let telemetry = Telemetry::start(&options).unwrap();
    assert!(!telemetry.recorder(0).is_on());
    assert!(telemetry.stop(Duration::ZERO));
}
