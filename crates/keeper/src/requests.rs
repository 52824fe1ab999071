//! What the supervisor asks for, done.

use crate::keeper::Keeper;
use crate::launch::plan_of;
use crate::say::say;
use crate::wire::{BadFrame, Stage, ToKeeper, spawn_in};
use rpm_sys::{clock, process, seqpacket, spawn};
use std::io;
use std::os::fd::OwnedFd;

/// So many packets are read before others have their turn.
const TURN: usize = 64;

/// A request to start something, without its descriptors.
type Names = (u64, u64, u64);

impl Keeper {
    /// Reads what the supervisor has sent, up to a limit. When it closed its end it has to
    /// end.
    pub(crate) fn hear(&mut self) {
        for _ in 0..TURN {
            let is_busy = self.outbox.is_full() || self.renewal.is_some();
            if is_busy || self.life.socket().is_none() {
                return;
            }
            match self.hear_one() {
                Heard::Message => {}
                Heard::Nothing => return,
                Heard::End => {
                    self.life.hang_up(clock::monotonic_ms());
                    return;
                }
            }
        }
    }

    /// Reads all that a supervisor had sent before it ended.
    pub(crate) fn hear_the_last(&mut self) {
        while matches!(self.hear_one(), Heard::Message) {}
    }

    fn hear_one(&mut self) -> Heard {
        let Some(socket) = self.life.last_words() else {
            return Heard::Nothing;
        };
        let received = match seqpacket::recv(socket, &mut self.buffer) {
            Ok(received) => received,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Heard::Nothing,
            Err(_) => return Heard::End,
        };
        if received.len == 0 {
            return Heard::End;
        }
        self.life.heard(clock::monotonic_ms());
        let bytes = self.buffer.get(..received.len).unwrap_or_default();
        if received.truncated {
            if let Some(names) = spawn_in(bytes) {
                self.outbox.refused(names, Stage::Request, process::EMFILE);
            }
            self.bad_frame(BadFrame::Truncated);
            return Heard::Message;
        }
        match ToKeeper::read(bytes, received.fds) {
            Ok(message) => self.obey(message),
            Err(bad) => self.bad_frame(bad),
        }
        Heard::Message
    }

    fn obey(&mut self, message: ToKeeper) {
        match message {
            ToKeeper::Hello => {}
            ToKeeper::Ready => self.supervisor_is_ready(),
            ToKeeper::Spawn { seq, key, aux, spec, child_fds, hold } => {
                self.spawn((seq, key, aux), spec, child_fds, hold);
            }
            ToKeeper::Put { key, fds } => self.bag.put(key, fds),
            ToKeeper::Drop { key, tag } => self.bag.drop(key, tag),
            ToKeeper::Ack { key, pid } => self.bag.acknowledge(key, pid),
            ToKeeper::Upgrade { binary } => self.life.upgrade(binary),
            ToKeeper::Stop => self.stop_asked(),
            ToKeeper::Ping => {
                self.life.asked();
                self.outbox.pong();
            }
            ToKeeper::Adopt { key, aux, pid, pidfd, fds } => {
                if !self.bag.adopt((key, aux), (pid, pidfd), fds) {
                    say(format_args!("process {pid} is not adopted, as its slot {key} is in use"));
                }
            }
            ToKeeper::AdoptEnd => self.all_is_adopted(),
            // Not while a supervisor's last words are heard, but when there is nothing else to do.
            ToKeeper::UpgradeKeeper { binary } => self.renewal = Some(binary),
        }
    }

    fn all_is_adopted(&mut self) {
        let greeting = self.life.greeting();
        self.outbox.greet_giver(greeting.restarts, greeting.died_at_ms);
        self.supervisor_is_ready();
    }

    fn spawn(
        &mut self,
        names: Names,
        spec: OwnedFd,
        child_fds: Vec<(OwnedFd, i32)>,
        hold: Vec<(OwnedFd, u32)>,
    ) {
        let (seq, key, _) = names;
        if !self.bag.is_free(key) {
            self.outbox.refused((seq, key), Stage::Slot, process::EBUSY);
            return;
        }
        if !hold.is_empty() {
            self.bag.put(key, hold);
        }
        match self.try_spawn(spec, child_fds) {
            Ok(child) => self.bag.started(names, child),
            Err((stage, error)) => {
                let errno = error.raw_os_error().unwrap_or(process::EINVAL);
                self.bag.failed(names, stage, errno);
                self.outbox.happened(crate::bag::Happened::Failed(key));
            }
        }
    }

    fn try_spawn(
        &self,
        spec: OwnedFd,
        child_fds: Vec<(OwnedFd, i32)>,
    ) -> Result<spawn::Child, (Stage, io::Error)> {
        let mut plan = plan_of(spec).map_err(|error| (Stage::Spec, error))?;
        plan.fds = child_fds;
        plan.descriptors = self.childrens.descriptors;
        plan.oom_score_adj = self.childrens.badness;
        spawn::spawn(&plan).map_err(|error| (Stage::Process(error.stage), error.error))
    }

    /// Told at the first, the tenth, the hundredth.
    fn bad_frame(&mut self, bad: BadFrame) {
        self.bad_frames += 1;
        let count = self.bad_frames;
        if 10_u64.pow(count.ilog10()) == count {
            say(format_args!("dropped a message, the {count}. so far: {bad}"));
        }
    }
}

enum Heard {
    Message,
    Nothing,
    End,
}
