//! The terminal page on a real terminal: a pseudo-terminal whose screen is read as a person reads it.

use nix::pty::{Winsize, openpty};
use rpm_tests::{Rpm, alive, child_app, eventually, kill};
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

fn size(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).unwrap()
}

/// A terminal with the page in it.
struct Page {
    keyboard: File,
    screen: Arc<Mutex<vt100::Parser>>,
    child: Child,
    reader: Option<JoinHandle<()>>,
}

impl Page {
    fn open(rpm: &Rpm, (columns, rows): (u16, u16), env: &[(&str, &str)]) -> Self {
        let window = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let ends = openpty(Some(&window), None).unwrap();
        let terminal = File::from(ends.slave);
        let clone = || Stdio::from(terminal.try_clone().unwrap());
        let mut command = Command::new("setsid");
        // Its controlling terminal tells a process when its size changes, and when it is gone.
        command.arg("--ctty").arg(rpm.binary()).arg("monit");
        let like = rpm.command(&["monit"]);
        command.current_dir(rpm.dir());
        for (name, value) in like.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").envs(env.iter().copied());
        let child = command.stdin(clone()).stdout(clone()).stderr(clone()).spawn().unwrap();
        drop(terminal);
        let master = File::from(ends.master);
        let mut output = master.try_clone().unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(size(rows), size(columns), 0)));
        let shown = Arc::clone(&screen);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.lock().unwrap().process(&bytes[..count]);
            }
        });
        Self { keyboard: master, screen, child, reader: Some(reader) }
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    fn shows(&self, what: &str) -> String {
        eventually(&format!("the page shows {what}"), || {
            let text = self.text();
            text.contains(what).then_some(text)
        })
    }

    fn shows_no(&self, what: &str) {
        eventually(&format!("the page shows no {what}"), || {
            (!self.text().contains(what)).then_some(())
        });
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for the end; the terminal has to be as it was.
    fn ends(&mut self) -> std::process::ExitStatus {
        let child = &mut self.child;
        let status = eventually("the page ends", || child.try_wait().unwrap());
        eventually("the terminal is given back", || {
            let parser = self.screen.lock().unwrap();
            let screen = parser.screen();
            let is_back = !screen.alternate_screen()
                && !screen.hide_cursor()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None;
            is_back.then_some(())
        });
        status
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let failed = std::thread::panicking();
        if failed {
            eprintln!("--- the page ---\n{}", self.text());
        }
        drop(self.child.kill());
        drop(self.child.wait());
        if let Some(reader) = self.reader.take()
            && !failed
        {
            reader.join().unwrap();
        }
    }
}

#[test]
fn apps_are_watched_and_acted_on() {
    let rpm = Rpm::new();
    let quiet = child_app("quiet", &["say:\u{1b}[31mhello\u{1b}]0;title\u{7} there"]);
    rpm.ok(&["start", &rpm.config(&[quiet, child_app("second", &["say:of the second"])])]);
    let mut page = Page::open(&rpm, (80, 24), &[]);
    let text = page.shows("hello there");
    assert!(text.contains("● online") && text.contains("mem"), "{text}");
    page.press("j");
    page.shows("of the second");
    let before = rpm.one("second").pid;
    page.press("r");
    page.shows("Restart second?");
    page.press("n");
    page.shows_no("Restart second?");
    page.press("ry");
    page.shows("restart second: done");
    let after = rpm.one("second").pid;
    assert!(before != after && alive(after));
    let told = rpm.ok(&["events", "--kind", "command"]);
    let words = format!(" with rpm monit asked: restart second ({})", rpm.one("second").id);
    assert!(told.contains(&words), "{told}");
    page.press("+");
    page.shows("Scale second from 1 to 2?");
    page.press("\r");
    page.shows("×2");
    assert_eq!(rpm.app("second").len(), 2);
    page.press("3");
    page.shows("namespace");
    page.press("4");
    page.shows("asked: scale second");
    page.press("?");
    page.shows("select an app");
    page.press("\u{1b}");
    page.shows_no("select an app");
    page.press("q");
    assert!(page.ends().success());
}

#[test]
fn the_page_follows_the_size_of_the_terminal() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("app", &["say:hello"])])]);
    let page = Page::open(&rpm, (80, 24), &[("NO_COLOR", "1")]);
    page.shows("hello");
    let has_colour = || {
        let parser = page.screen.lock().unwrap();
        let cells = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
        cells.filter_map(|(row, column)| parser.screen().cell(row, column)).any(|cell| {
            cell.fgcolor() != vt100::Color::Default || cell.bgcolor() != vt100::Color::Default
        })
    };
    assert!(!has_colour());
    page.screen.lock().unwrap().screen_mut().set_size(size(40), size(150));
    let sized = Command::new("stty")
        .args(["cols", "150", "rows", "40"])
        .stdin(Stdio::from(page.keyboard.try_clone().unwrap()))
        .status()
        .unwrap();
    assert!(sized.success());
    page.shows("namespace");
}

#[test]
fn a_daemon_that_goes_is_told_of_and_comes_back() {
    let rpm = Rpm::new();
    let mut page = Page::open(&rpm, (80, 24), &[]);
    page.shows("no daemon");
    rpm.ok(&["start", &rpm.config(&[child_app("app", &["say:hello"])])]);
    page.shows("the daemon is back");
    page.shows("hello");
    rpm.ok(&["kill"]);
    page.shows("no daemon");
    page.press("\u{3}");
    assert!(page.ends().success());
}

#[test]
fn the_terminal_is_given_back_whatever_ends_the_page() {
    let rpm = Rpm::new();
    let mut page = Page::open(&rpm, (80, 24), &[]);
    page.shows("no daemon");
    // `setsid` has become the page itself, as it was no leader of a group.
    kill(page.child.id(), nix::sys::signal::Signal::SIGTERM);
    assert!(page.ends().success());
}

#[test]
fn without_a_terminal_it_says_what_to_do_instead() {
    let output = Rpm::new().fails(&["monit"]);
    assert!(output.stderr.contains("`monit` needs a terminal"), "{}", output.stderr);
    assert!(output.stderr.contains("rpm status"), "{}", output.stderr);
}
