//! The page with made-up figures, key by key, on a terminal of memory.

use crate::action::Act;
use crate::model::{Effect, Event, Known, Mode, Model, Tab};
use crate::rows::Key;
use crate::view::{self, Theme};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use rpm_core::spec::ExecMode;
use rpm_core::{AppSpec, Ending, Status};
use rpm_proto::crash::CrashLine;
use rpm_proto::observed::{Disk, Figures, Network};
use rpm_proto::{
    Crash, Detail, Happening, Host, Level, LogLine, Observed, ProcessView, Stream, Told, Watched,
};

const NOW: i64 = 1_790_000_000_000;

pub(crate) fn view(id: u32, name: &str) -> ProcessView {
    ProcessView {
        id,
        name: name.to_owned(),
        namespace: if name == "api" { "shop" } else { "default" }.to_owned(),
        version: "1.0.0".to_owned(),
        mode: ExecMode::Fork,
        slot: id,
        status: Status::Online,
        pid: 1000 + id,
        restarts: 0,
        unstable: 0,
        created_at: 0,
        started_at: NOW - 3_725_000,
        cpu: 12.5,
        memory: 50 << 20,
        last_exit: None,
        error: None,
        user: "shop".to_owned(),
        watching: false,
        module: false,
    }
}

fn watched(view: ProcessView, figures: Figures) -> Watched {
    Watched {
        view,
        cpu_seconds: 1.0,
        descriptors: None,
        log_bytes: 0,
        figures,
        monitor: serde_json::Map::new(),
    }
}

/// An app with two instances that tells its figures, one that was given up, and one that idles.
pub(crate) fn observed(at: i64) -> Observed {
    let told =
        Figures { event_loop_ms: Some(1.4), requests_per_s: Some(321.0), ..Figures::default() };
    let mut billing = view(2, "billing");
    billing.status = Status::Errored;
    (billing.pid, billing.cpu, billing.memory, billing.restarts) = (0, 0.0, 0, 16);
    billing.error = Some("16 unstable runs in a row".to_owned());
    billing.last_exit = Some(Ending::Code(1));
    let mut worker = view(3, "worker");
    (worker.cpu, worker.memory) = (0.0, 8 << 20);
    Observed {
        at,
        host: Host {
            hostname: "box".to_owned(),
            uptime_s: 90_000,
            cpus: 4,
            cpu: 37.5,
            load: [1.25, 0.8, 0.4],
            memory_total: 8 << 30,
            memory_available: 5 << 30,
            disks: vec![Disk {
                mount: "/".to_owned(),
                total: 100 << 30,
                available: 20 << 30,
                ..Disk::default()
            }],
            networks: vec![Network {
                received_per_s: 12_000.0,
                sent_per_s: 3_400_000.0,
                ..Network::default()
            }],
            ..Host::default()
        },
        processes: vec![
            watched(view(0, "api"), told),
            watched(view(1, "api"), told),
            watched(billing, Figures::default()),
            watched(worker, Figures::default()),
        ],
        ..Observed::default()
    }
}

pub(crate) fn detail(id: u32, name: &str) -> Detail {
    Detail {
        view: view(id, name),
        spec: AppSpec {
            name: name.to_owned(),
            script: "/srv/api.js".into(),
            cwd: "/srv".into(),
            ..AppSpec::default()
        },
        env: [].into(),
        out_log: Some("/logs/api-out.log".to_owned()),
        err_log: None,
        combined_log: None,
        pid_file: String::new(),
        backoff_ms: 0,
        unenforced: Vec::new(),
        told: Told::default(),
        provenance: rpm_proto::Provenance::default(),
    }
}

pub(crate) fn crash() -> Crash {
    Crash {
        id: "api-0-1".to_owned(),
        at: NOW - 60_000,
        app: "api".to_owned(),
        ending: "exit code 1".to_owned(),
        uptime_ms: 5000,
        then: "restart".to_owned(),
        memory: 40 << 20,
        lines: vec![CrashLine { stream: Stream::Err, at: None, text: "last words".to_owned() }],
        ..Crash::default()
    }
}

fn line(proc: u32, stream: Stream, text: &str) -> LogLine {
    let bytes = text.as_bytes().to_vec();
    LogLine { proc, name: "api".to_owned(), stream, at: NOW, bytes }
}

/// A page that has seen figures for a while, with the app `api` selected.
fn page(width: u16, height: u16) -> Model {
    let mut model = Model::new(Size { width, height }, NOW);
    for step in 0..30_u8 {
        let mut seen = observed(NOW - i64::from(29 - step) * 2000);
        let wave = (f32::from(step) / 4.0).sin().abs();
        for process in &mut seen.processes[..2] {
            process.view.cpu = 80.0 * wave;
            process.view.memory = (40 << 20) + (u64::from(step) << 20);
            process.figures.requests_per_s = Some(400.0 * f64::from(wave));
        }
        seen.host.cpu = 90.0 * wave;
        model.update(Event::Seen(Box::new(seen)), NOW);
    }
    let lines = vec![
        line(0, Stream::Out, "{\"level\":30,\"msg\":\"order 12 is paid\"}"),
        line(1, Stream::Out, "\u{1b}[32minfo\u{1b}[39m: order 13 is paid"),
        line(0, Stream::Err, "[warn] the bank is slow"),
        line(1, Stream::Err, "TypeError: order is undefined"),
        line(1, Stream::Err, "    at pay (/srv/api.js:12:3)"),
    ];
    let details = vec![detail(0, "api"), detail(1, "api")];
    let known = Known { details, lines, crashes: vec![crash()] };
    model.update(Event::Known(1, Box::new(known)), NOW);
    let happening = |seq, level, kind: &str, text: &str| Happening {
        seq,
        at: NOW,
        kind: kind.to_owned(),
        level,
        app: Some("api".to_owned()),
        id: Some(0),
        text: text.to_owned(),
        by: None,
        data: serde_json::Map::new(),
    };
    let happenings = vec![
        happening(1, Level::Info, "command", "root asked: restart api (0)"),
        happening(2, Level::Info, "online", "api (0) is up"),
        happening(3, Level::Error, "crash", "api (0) exited (code 1)"),
    ];
    model.update(Event::Happenings(happenings), NOW);
    model
}

fn screen(model: &Model, theme: Theme) -> String {
    let size = model.size;
    let mut terminal = Terminal::new(TestBackend::new(size.width, size.height)).unwrap();
    terminal.draw(|frame| view::draw(model, theme, frame)).unwrap();
    terminal.backend().to_string()
}

const PLAIN: Theme = Theme { colours: false, unicode: true };

fn press(model: &mut Model, code: KeyCode) -> Vec<Effect> {
    model.update(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), NOW)
}

fn type_in(model: &mut Model, text: &str) {
    for letter in text.chars() {
        press(model, KeyCode::Char(letter));
    }
}

#[test]
fn the_page_of_a_usual_terminal() {
    insta::assert_snapshot!(screen(&page(80, 24), PLAIN));
}

#[test]
fn the_page_of_a_wide_terminal() {
    insta::assert_snapshot!(screen(&page(160, 45), PLAIN));
}

#[test]
fn the_page_in_ascii() {
    let text = screen(&page(100, 24), Theme { unicode: false, ..PLAIN });
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn what_the_lower_part_shows() {
    let mut model = page(80, 24);
    for (name, key) in [("trends", '2'), ("details", '3'), ("events", '4')] {
        press(&mut model, KeyCode::Char(key));
        insta::assert_snapshot!(format!("tab-{name}"), screen(&model, PLAIN));
    }
}

#[test]
fn each_size_can_be_drawn() {
    for (width, height) in [(1, 1), (39, 10), (40, 10), (53, 11), (79, 24), (120, 12), (300, 100)] {
        for tab in Tab::ALL {
            for mode in [Mode::Normal, Mode::Help] {
                let mut model = page(width, height);
                model.turn_to(tab);
                model.mode = mode;
                screen(&model, PLAIN);
            }
        }
    }
}

#[test]
fn help_and_questions_stand_above_the_page() {
    let mut model = page(80, 24);
    press(&mut model, KeyCode::Char('?'));
    insta::assert_snapshot!("help", screen(&model, PLAIN));
    press(&mut model, KeyCode::Esc);
    press(&mut model, KeyCode::Char('r'));
    insta::assert_snapshot!("question", screen(&model, PLAIN));
}

#[test]
fn nothing_is_done_without_a_yes() {
    let mut model = page(80, 24);
    for (key, act) in [
        ('r', Act::Restart),
        ('e', Act::Reload),
        ('s', Act::Stop),
        ('t', Act::Start),
        ('d', Act::Delete),
        ('+', Act::Scale(1)),
        ('-', Act::Scale(-1)),
    ] {
        for no in [KeyCode::Char('n'), KeyCode::Esc] {
            assert_eq!(press(&mut model, KeyCode::Char(key)), []);
            assert_eq!(press(&mut model, KeyCode::Char('r')), [], "other keys are no answer");
            assert_eq!(press(&mut model, no), []);
            assert_eq!(model.mode, Mode::Normal);
        }
        press(&mut model, KeyCode::Char(key));
        let done = press(&mut model, KeyCode::Char('y'));
        let [Effect::Act(action)] = &*done else { panic!("{done:?}") };
        assert_eq!((action.act, &*action.name, &*action.ids), (act, "api", &[0, 1][..]));
    }
}

#[test]
fn an_instance_is_meant_when_it_is_selected() {
    let mut model = page(80, 24);
    let looks = press(&mut model, KeyCode::Down);
    assert_eq!(looks, [Effect::Look(2, "api".to_owned(), vec![0])]);
    press(&mut model, KeyCode::Char('s'));
    let done = press(&mut model, KeyCode::Enter);
    let [Effect::Act(action)] = &*done else { panic!("{done:?}") };
    assert_eq!(action.ids, [0]);
    press(&mut model, KeyCode::Left);
    assert_eq!(model.selected, Some(Key::App("api".to_owned())));
    assert_eq!(model.rows().len(), 3);
}

#[test]
fn lines_of_what_was_selected_before_are_not_shown() {
    let mut model = page(80, 24);
    press(&mut model, KeyCode::Down);
    model.update(Event::Lines(1, vec![line(0, Stream::Out, "late")]), NOW);
    assert!(!screen(&model, PLAIN).contains("late"));
    model.update(Event::Lines(2, vec![line(0, Stream::Out, "here")]), NOW);
    assert!(screen(&model, PLAIN).contains("here"));
}

#[test]
fn filter_and_search_are_typed() {
    let mut model = page(80, 24);
    press(&mut model, KeyCode::Char('f'));
    type_in(&mut model, "work");
    let text = screen(&model, PLAIN);
    assert!(text.contains("worker") && !text.contains("billing"), "{text}");
    press(&mut model, KeyCode::Esc);
    assert_eq!(model.rows().len(), 5);
    let mut model = page(80, 24);
    press(&mut model, KeyCode::Char('/'));
    type_in(&mut model, "ORDER");
    let text = screen(&model, PLAIN);
    assert!(text.contains("3 with `ORDER`"), "{text}");
    press(&mut model, KeyCode::Enter);
    assert!(model.logs.back.is_some(), "it has gone to the line that was found");
}

#[test]
fn the_mouse_selects_scrolls_and_turns() {
    let mut model = page(80, 24);
    let mouse = |model: &mut Model, kind, column, row| {
        let modifiers = KeyModifiers::NONE;
        model.update(Event::Mouse(MouseEvent { kind, column, row, modifiers }), NOW);
    };
    let click = MouseEventKind::Down(MouseButton::Left);
    mouse(&mut model, click, 10, 5);
    assert_eq!(model.selected, Some(Key::App("billing".to_owned())));
    let tabs = model.areas().tabs.y;
    mouse(&mut model, click, 10, tabs);
    assert_eq!(model.tab, Tab::Trends);
    mouse(&mut model, MouseEventKind::ScrollUp, 10, 3);
    assert_eq!(model.selected, Some(Key::Instance(1)));
    model.turn_to(Tab::Logs);
    for number in 0..100 {
        model.logs.push(line(1, Stream::Out, &format!("number {number}")));
    }
    mouse(&mut model, MouseEventKind::ScrollUp, 10, tabs + 3);
    assert_eq!(model.logs.back, Some(3));
}

#[test]
fn a_daemon_that_is_away_is_told_of_until_it_is_back() {
    let mut model = page(80, 24);
    model.update(Event::Away("no daemon listens on \u{7}/x".to_owned()), NOW);
    let text = screen(&model, PLAIN);
    assert!(text.contains("no daemon: no daemon listens on /x; trying again"), "{text}");
    assert!(text.contains("api"), "what was seen last is still there");
    let effects = model.update(Event::Seen(Box::new(observed(NOW + 2000))), NOW);
    assert!(matches!(&*effects, [Effect::Look(..)]), "it is followed again");
    assert!(screen(&model, PLAIN).contains("the daemon is back"));
}

#[test]
fn the_selection_stays_where_it_was_when_its_app_goes() {
    let mut model = page(80, 24);
    press(&mut model, KeyCode::End);
    for _ in 0..3 {
        press(&mut model, KeyCode::Down);
    }
    assert_eq!(model.selected, Some(Key::App("billing".to_owned())));
    let mut seen = observed(NOW + 2000);
    seen.processes.retain(|it| it.view.name != "billing");
    model.update(Event::Seen(Box::new(seen)), NOW);
    assert_eq!(model.selected, Some(Key::App("worker".to_owned())));
}

#[test]
fn where_plots_stand_beside_the_log_they_are_no_tab() {
    let mut model = page(160, 45);
    press(&mut model, KeyCode::Char('2'));
    press(&mut model, KeyCode::PageUp);
    assert!(model.logs.back.is_some(), "it is the log that is scrolled");
    press(&mut model, KeyCode::Tab);
    assert_eq!(model.tab, Tab::Details);
    press(&mut model, KeyCode::BackTab);
    press(&mut model, KeyCode::BackTab);
    assert_eq!(model.tab, Tab::Events);
}

#[test]
fn a_new_run_and_a_lost_follower_are_found_out_about() {
    let mut model = page(80, 24);
    let mut seen = observed(NOW + 2000);
    seen.processes[1].view.restarts = 1;
    let effects = model.update(Event::Seen(Box::new(seen)), NOW);
    assert_eq!(effects, [Effect::Know(1, "api".to_owned(), vec![0, 1])]);
    assert_eq!(model.update(Event::Lost(0), NOW), []);
    let effects = model.update(Event::Lost(1), NOW);
    assert_eq!(effects, [Effect::Look(2, "api".to_owned(), vec![0, 1])]);
}

#[test]
fn what_failed_is_said() {
    let mut model = page(80, 24);
    let effects = model.update(Event::Done("x".to_owned(), Err("reload api: no".to_owned())), NOW);
    assert!(effects.contains(&Effect::Refresh));
    assert!(screen(&model, PLAIN).contains("reload api: no"));
    model.update(Event::Tick, NOW + 10_000);
    assert!(!screen(&model, PLAIN).contains("reload api: no"));
}
