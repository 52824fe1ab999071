//! Time stamps and objects, line by line, however the bytes arrive.

use crate::rig::{Rig, lines};
use rpm_daemon::logs::{Format, Sink};
use rpm_proto::Stream;
use std::io::{PipeWriter, Write};

/// Writes the pieces, each after the one before is in the file.
async fn in_pieces(rig: &Rig, app: &mut PipeWriter, pieces: &[&[u8]]) {
    for piece in pieces {
        app.write_all(piece).unwrap();
        rig.logs.sync().await;
    }
}

fn dated() -> Format {
    Format::Dated("[at] YYYY".to_owned())
}

fn this_year() -> String {
    jiff::ZonedDateTime::now().year().to_string()
}

#[tokio::test]
async fn each_line_is_dated_once() {
    let mut rig = Rig::new();
    let mut app = rig.open_as(1, "out.log", dated());
    in_pieces(&rig, &mut app, &[b"one\ntw", b"o", b"\n", b"\n\nlast", b"!"]).await;
    drop(app);
    rig.ended(1).await;
    let wanted = "at Y: one\nat Y: two\nat Y: \nat Y: \nat Y: last!";
    assert_eq!(rig.text("out.log"), wanted.replace('Y', &this_year()));
}

#[tokio::test]
async fn the_rest_of_a_line_that_was_flushed_is_dated() {
    let rig = Rig::new();
    let mut app = rig.open_as(1, "out.log", dated());
    in_pieces(&rig, &mut app, &[b"begun"]).await;
    rig.logs.flush(vec![rig.path("out.log")]).await;
    in_pieces(&rig, &mut app, &[b", ended\n"]).await;
    let wanted = format!("at {}: , ended\n", this_year());
    assert_eq!(rig.text("out.log"), wanted);
}

#[tokio::test]
async fn much_dated_output_is_whole() {
    let mut rig = Rig::new();
    let mut app = rig.open_as(1, "out.log", dated());
    let text = lines("line", 30_000);
    app.write_all(&text).unwrap();
    drop(app);
    rig.ended(1).await;
    let stamp = format!("at {}: ", this_year());
    let found = rig.text("out.log");
    let bare: String =
        found.split_inclusive('\n').map(|line| line.strip_prefix(&stamp).unwrap()).collect();
    assert!(bare.as_bytes() == text);
}

#[tokio::test]
async fn many_empty_lines_do_not_fill_the_memory() {
    let mut rig = Rig::new();
    let mut app = rig.open_as(1, "out.log", dated());
    app.write_all(&vec![b'\n'; 3 << 20]).unwrap();
    drop(app);
    rig.ended(1).await;
    let line = format!("at {}: \n", this_year());
    assert!(rig.text("out.log") == line.repeat(3 << 20));
}

#[tokio::test]
async fn each_line_is_an_object() {
    let mut rig = Rig::new();
    let (sink, mut app) = rig.sink(1, "out.log");
    let format = Format::Json { date: Some("[at] YYYY".to_owned()) };
    rig.logs.open(Sink { format, stream: Stream::Err, ..sink });
    in_pieces(&rig, &mut app, &[b"say \"hi\"\nto", b"rn \xff\x00", b"\nlast"]).await;
    drop(app);
    rig.ended(1).await;
    let object = |message: &str| {
        let year = this_year();
        let rest = "\"type\":\"err\",\"process_id\":7,\"app_name\":\"api\"";
        format!("{{\"message\":\"{message}\",\"timestamp\":\"at {year}\",{rest}}}\n")
    };
    let wanted = ["say \\\"hi\\\"", "torn \u{fffd}\\u0000", "last"].map(object).concat();
    assert_eq!(rig.text("out.log"), wanted);
}

#[tokio::test]
async fn an_object_has_an_iso_time_by_default() {
    let mut rig = Rig::new();
    let mut app = rig.open_as(1, "out.log", Format::Json { date: None });
    let before = jiff::Timestamp::now().as_millisecond();
    app.write_all(b"now\n").unwrap();
    drop(app);
    rig.ended(1).await;
    let object: serde_json::Value = serde_json::from_slice(&rig.read("out.log")).unwrap();
    let text = object["timestamp"].as_str().unwrap();
    let at = text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    assert!((before..=jiff::Timestamp::now().as_millisecond()).contains(&at), "{text}");
    assert_eq!((text.len(), &text[23..]), (24, "Z"));
    assert_eq!(object["type"], "out");
}
