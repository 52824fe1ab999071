//! What the main loop asks of the thread.

use super::channel::Channel;
use super::ledger::Left;
use super::sockets::Listening;
use super::thread::{SAFE_TOKEN, Thread};
use super::{ChannelEvent, Inventory, Kind, Order, Runtime, WorkerSpec};
use rpm_core::Generation;
use rpm_core::spec::ClusterPolicy;
use rpm_node::{Join, Options, Policy, Records, SocketId, WorkerId};
use rpm_sys::stream::{self, Read};
use std::os::fd::AsFd;

impl Thread {
    pub(super) fn take_orders(&mut self) -> Next {
        loop {
            match self.orders.try_recv() {
                Ok(Order::End) | Err(std::sync::mpsc::TryRecvError::Disconnected) => {
                    return Next::End;
                }
                Ok(order) => self.obey(order),
                Err(std::sync::mpsc::TryRecvError::Empty) => return Next::Turn,
            }
            self.carry_out();
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Add(worker) => self.add(*worker),
            Order::Spawned(generation, pid) => {
                if let Some(channel) = self.channels.get_mut(&worker_id(generation)) {
                    channel.pid = pid;
                }
            }
            Order::Send(generation, json) => self.primary.send(worker_id(generation), &json),
            Order::Drain(generation) => self.primary.drain(worker_id(generation)),
            Order::Gone(generation) => self.gone(worker_id(generation)),
            Order::AppGone(app) => {
                self.primary.app_gone(&app);
                self.carry_out();
                self.report(ChannelEvent::AppClosed);
            }
            Order::Restore(inventory) => self.restore(*inventory),
            Order::DismissGuard(done) => {
                self.ledger.dismiss_guard(&self.poller);
                // Whoever waited may have gone.
                done.try_send(()).ok();
            }
            Order::End => {}
        }
    }

    fn add(&mut self, worker: WorkerSpec) {
        let id = worker_id(worker.generation);
        match Channel::new(worker.channel, id, worker.pid, &self.poller) {
            Ok(channel) => {
                self.channels.insert(id, channel);
                let cluster = cluster(worker.kind);
                self.primary.add(id, Join { app: worker.app, slot: worker.slot, cluster });
            }
            Err(error) => tracing::error!(?id, %error, "a channel cannot be waited for"),
        }
    }

    fn restore(&mut self, inventory: Inventory) {
        for worker in inventory.workers {
            self.add(worker);
        }
        let records = if inventory.records.is_empty() {
            Records::default()
        } else {
            serde_json::from_str(&inventory.records).unwrap_or_else(|error| {
                tracing::error!(%error, "what the last supervisor knew of its listeners is lost");
                Records::default()
            })
        };
        let mut found = Vec::new();
        for (key, fd) in inventory.listeners {
            found.push(SocketId(key));
            self.sockets.insert(SocketId(key), Listening::new(SocketId(key), fd));
        }
        for stray in self.primary.restore(records, &found) {
            self.close_socket(stray, None);
        }
        self.inherit();
        // A guard may be late.
        self.ledger.watch_safe(&self.poller, SAFE_TOKEN);
    }

    /// Takes the connections that a predecessor left.
    pub(super) fn inherit(&mut self) {
        loop {
            let sockets = &self.sockets;
            let left = self.ledger.take(|id| sockets.get(&id).map(|own| own.fd.as_fd()));
            let Left { socket, progress, fd } = match left {
                Ok(Some(left)) => left,
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "what the last supervisor had accepted is lost");
                    return;
                }
            };
            tracing::debug!(?socket, ?progress, "taking over a connection");
            let peer = if self.primary.wants_peer(socket) { stream::peer(&fd) } else { None };
            let connection = self.connections.insert(fd, socket);
            self.primary.inherit(socket, connection, peer, progress);
            self.carry_out();
        }
    }

    /// Reads what the process said before it ended, then gives what it had to others.
    fn gone(&mut self, id: WorkerId) {
        while let Read::Some { .. } = self.read(id) {
            self.carry_out();
        }
        self.primary.gone(id);
        if let Some(mut channel) = self.channels.remove(&id) {
            channel.retire(&self.poller);
        }
    }
}

/// Whether the thread goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Turn,
    End,
}

impl Next {
    pub(super) fn is_end(self) -> bool {
        self == Self::End
    }
}

fn worker_id(generation: Generation) -> WorkerId {
    WorkerId(generation.0)
}

fn cluster(kind: Kind) -> Option<Options> {
    let Kind::Cluster { options, interpreter } = kind else {
        return None;
    };
    Some(Options {
        policy: match options.policy {
            ClusterPolicy::Rr => Policy::RoundRobin,
            ClusterPolicy::Shared => Policy::Shared,
            ClusterPolicy::ReusePort => Policy::ReusePort,
        },
        window: options.window,
        sticky: options.sticky,
        drain: options.drain,
        runtime: match interpreter {
            Runtime::Node => rpm_node::Runtime::Node,
            Runtime::Bun => rpm_node::Runtime::Bun,
            Runtime::Deno => rpm_node::Runtime::Deno,
        },
    })
}
