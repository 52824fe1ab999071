//! What is to be seen at a glance: the machine, the daemon, and each process with its figures.

use crate::driver::Driver;
use crate::requests::generation_of;
use crate::{clock, report, view};
use rpm_core::InstanceView;
use rpm_pm2::figures::figures;
use rpm_proto::Reply;
use rpm_proto::observed::{Daemon, Observed, Watched};
use rpm_sys::{process, tree};

impl Driver {
    /// The machine.
    pub(crate) fn host(&mut self) -> Reply {
        let host = self.world.machine.look(clock::now().mono);
        Reply::Host { host: Box::new(host.clone()) }
    }

    /// All of it, from one look shared with whoever asked a moment ago.
    pub(crate) fn observed(&mut self) -> Reply {
        let now = clock::now();
        let host = self.world.machine.look(now.mono).clone();
        self.world.samples.refresh(now.mono, &self.world.subjects());
        let observed = Observed {
            at: now.wall.0,
            host,
            daemon: self.myself(),
            processes: self.supervisor.instances().map(|it| self.watched(&it)).collect(),
        };
        Reply::Observed { observed: Box::new(observed) }
    }

    fn watched(&self, instance: &InstanceView<'_>) -> Watched {
        let generation = generation_of(instance);
        let sample = self.world.samples.of(generation);
        let told = self.world.told.get(&generation);
        let monitor = told.map(|told| told.monitor.clone()).unwrap_or_default();
        Watched {
            view: view::process(instance, sample),
            cpu_seconds: sample.cpu_seconds(),
            descriptors: instance.pid.and_then(process::descriptors),
            log_bytes: self.world.log_bytes.of(generation),
            figures: figures(&monitor),
            monitor,
        }
    }

    fn myself(&self) -> Daemon {
        let own = std::process::id();
        let ticks = tree::stat(own).map_or(0, |stat| stat.ticks);
        Daemon {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_ms: clock::now().mono.since(self.world.began),
            replaced: self.world.predecessors,
            keeper: report::usage(process::parent()),
            supervisor: report::usage(own),
            cpu_seconds: tree::seconds(ticks),
        }
    }
}
