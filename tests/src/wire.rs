//! The daemon asked on its own socket, as `monit` and the web page ask it.

use crate::Rpm;
use rpm_proto::{Client, Observed, Reply, Request};

impl Rpm {
    /// A connection to the daemon, which has to run.
    pub fn client(&self) -> Client {
        let socket = self.home().join("rpm.sock");
        Client::connect(socket.to_str().unwrap().into()).unwrap()
    }

    /// The daemon's answer to a request that has one.
    pub fn ask(&self, request: &Request) -> Reply {
        self.client().call(request, |_| {}).unwrap()
    }

    /// What is to be seen at a glance.
    pub fn observed(&self) -> Observed {
        match self.ask(&Request::Observe) {
            Reply::Observed { observed } => *observed,
            other => panic!("no observation: {other:?}"),
        }
    }
}
