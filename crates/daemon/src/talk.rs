//! What apps say, and what is said to them.

use crate::clock;
use crate::driver::Driver;
use rpm_core::spec::ExecMode;
use rpm_core::{Generation, InstanceView, Notice, ProcId, Status, Target};
use rpm_pm2::bus::{self, Sender};
use rpm_pm2::said::{self, Change, Said};
use rpm_proto::{Code, Fault, Recipient, Reply};
use serde_json::Value;

/// A message larger than this, in bytes, is dropped: a snapshot of a large heap fits.
const MESSAGE_MAX: usize = 16 * 1024 * 1024;

impl Driver {
    /// An app says something that is not about readiness: it is kept, or news for who listens.
    pub(crate) fn hear_app(&mut self, generation: Generation, message: &str) {
        if message.len() > MESSAGE_MAX {
            // What apps tell may be secret.
            tracing::warn!(%generation, bytes = message.len(), "dropped a message of an app");
            return;
        }
        let Some(proc) = self.world.place_of(generation) else {
            return;
        };
        let said = Said::read(message);
        if self.world.bus.is_heard()
            && let Some(instance) = self.supervisor.instance(proc)
            && let Some(news) = bus::said(&said, sender(&instance), clock::now().wall.0)
        {
            self.world.bus.publish(news);
        }
        if said::note(self.world.told.entry(generation).or_default(), said) == Change::Lasting {
            self.world.keep_told(generation);
        }
    }

    /// Tells PM2's clients what has happened to a process.
    pub(crate) fn announce(&mut self, notice: &Notice) {
        if let (true, Some(event)) = (self.world.bus.is_heard(), bus::event(notice)) {
            self.announce_event(notice.proc, event, false);
        }
    }

    fn announce_event(&self, proc: ProcId, event: &str, manually: bool) {
        if let Some(detail) = self.detail(proc) {
            let at = clock::now().wall.0;
            self.world.bus.publish(bus::process_event(&detail, event, manually, at));
        }
    }

    /// Sends processes a message.
    pub(crate) fn tell_apps(&self, target: &Target, message: &Value) -> Reply {
        let json = message.to_string();
        self.to_each(target, |instance, generation| {
            self.world.channels.send(generation, json.clone());
            tracing::debug!(id = instance.proc.0, bytes = json.len(), "sent an app a message");
            Ok(())
        })
    }

    /// Writes a line to the standard input of processes.
    pub(crate) fn write_line(&self, target: &Target, line: &str) -> Reply {
        let text = format!("{line}\n");
        self.to_each(target, |instance, _| write_input(instance, text.as_bytes()))
    }

    /// Does something for each process that runs; all of it, or a fault for the first that fails.
    fn to_each(
        &self,
        target: &Target,
        mut act: impl FnMut(&InstanceView<'_>, Generation) -> Result<(), Fault>,
    ) -> Reply {
        let procs = match self.supervisor.resolve(target) {
            Ok(procs) => procs,
            Err(refusal) => return failed(crate::answer::refused(refusal)),
        };
        let mut to = Vec::new();
        for instance in procs.iter().filter_map(|proc| self.supervisor.instance(*proc)) {
            let runs = matches!(instance.status, Status::Online | Status::Launching);
            let Some(generation) = instance.generation.filter(|_| runs) else {
                continue;
            };
            if let Err(fault) = act(&instance, generation) {
                return failed(fault);
            }
            to.push(Recipient { id: instance.proc.0, name: instance.spec.name.clone() });
        }
        if to.is_empty() {
            let fault = Fault::new(Code::NotRunning, format!("`{target}` does not run"))
                .help(format!("`rpm start {target}` starts it"));
            return failed(fault);
        }
        Reply::Sent { to }
    }
}

fn failed(fault: Fault) -> Reply {
    Reply::Failed { fault, affected: Vec::new() }
}

fn sender<'a>(instance: &InstanceView<'a>) -> Sender<'a> {
    let spec = instance.spec;
    Sender { id: instance.proc.0, name: &spec.name, namespace: &spec.namespace, mode: spec.mode }
}

fn write_input(instance: &InstanceView<'_>, bytes: &[u8]) -> Result<(), Fault> {
    let name = format!("`{}` ({})", instance.spec.name, instance.proc.0);
    let fault = |what: &str| Fault::new(Code::NoInput, format!("{name} {what}"));
    if instance.spec.mode == ExecMode::Cluster {
        return Err(fault("is a cluster worker, which has no standard input")
            .help("run it in fork mode, or send it a message"));
    }
    let written = rpm_sys::pipe::write_input(instance.pid.unwrap_or(0), bytes);
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::WouldBlock => fault("does not read its standard input")
            .help("what was written before waits to be read"),
        _ => fault("has no standard input that could be written to").because(error.to_string()),
    })
}
