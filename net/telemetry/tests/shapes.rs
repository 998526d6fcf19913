//! A recording, from the recorders of two cores to the file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::time::Duration;

use telemetry::{
    Access, Finished, Options, Recorder, SHAPES_HEAD, Shape, Shapes, StartError, Telemetry,
};

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
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(SHAPES_HEAD));
    let mut found: Vec<Shape<'_>> = lines.map(|it| Shape::parse(it).unwrap()).collect();
    found.sort_by_key(|it| it.request_bytes);
    let told: Vec<_> = found.iter().map(|it| (it.request_bytes, it.status)).collect();
    assert_eq!(told, [(0, 404), (100, 200), (200, 429)]);
    assert_eq!(found[0].tenant, None);
    assert!(found[1].tenant.is_some() && found[1].tenant == found[2].tenant, "on both cores");
    assert!(!text.contains("5555"));

    let again = Telemetry::start(&options(file)).unwrap_err();
    assert!(matches!(again, StartError::Shapes { .. }), "{again}");
}

#[test]
fn without_the_setting_nothing_is_recorded_and_no_thread_runs() {
    let options = Options { cores: 1, access: Access::Off, export: None, shapes: None };
    let telemetry = Telemetry::start(&options).unwrap();
    assert!(!telemetry.recorder(0).is_on());
    assert!(telemetry.stop(Duration::ZERO));
}
