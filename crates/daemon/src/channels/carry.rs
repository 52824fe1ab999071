//! What the primary wants done, done.

use super::ChannelEvent;
use super::channel::Written;
use super::sockets::{self, Listening};
use super::thread::Thread;
use rpm_core::Generation;
use rpm_node::{Bind, BindTo, ConnectionId, ListenerId, News, Output, SocketId, WorkerId, newconn};
use std::os::fd::AsFd;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// The main loop has this long to send a new socket to the keeper before the worker has it.
const CONFIRM: Duration = Duration::from_secs(1);
/// `EIO`, where the system names no error.
const UNNAMED: i32 = 5;

impl Thread {
    /// Carries out everything that waits to be.
    pub(super) fn carry_out(&mut self) {
        while let Some(output) = self.primary.next_output() {
            match output {
                Output::Hand { worker, connection, listener, seq } => {
                    self.hand(worker, connection, listener, seq);
                }
                Output::Probe { worker, connection, seq } => self.probe(worker, connection, seq),
                Output::Close(connection) => {
                    if let Some(fd) = self.connections.take(connection) {
                        self.ledger.closes(fd.as_fd());
                    }
                }
                Output::Send { worker, line } => self.write(worker, &line, None),
                Output::SendSocket { worker, line, socket } => {
                    self.write(worker, &line, Some(socket));
                }
                Output::Bind(socket, bind) => self.bind(socket, &bind),
                Output::CloseSocket { socket, unlink } => self.close_socket(socket, unlink),
                Output::News(worker, news) => self.tell(Generation(worker.0), news),
            }
        }
    }

    fn hand(&mut self, id: WorkerId, connection: ConnectionId, listener: ListenerId, seq: u64) {
        let (Some(channel), Some((fd, socket))) =
            (self.channels.get_mut(&id), self.connections.get(connection))
        else {
            self.primary.not_handed(id, seq);
            return;
        };
        newconn(&mut self.line, listener, seq);
        self.ledger.sending(fd.as_fd(), socket, (id, seq));
        let written = channel.hand(&self.line, fd.as_fd());
        match written {
            Written::Whole | Written::Part => self.ledger.handed(fd.as_fd()),
            Written::Nothing | Written::Lost | Written::TooMany => {
                self.ledger.not_handed(fd.as_fd());
            }
        }
        match written {
            Written::Whole => {}
            Written::Part => {
                channel.await_room(true, &self.poller);
                self.primary.torn(id);
                self.primary.blocked(id, true);
            }
            Written::Nothing => {
                channel.await_room(true, &self.poller);
                self.primary.blocked(id, true);
                self.primary.not_handed(id, seq);
            }
            Written::TooMany => {
                self.primary.penalise(id);
                self.primary.not_handed(id, seq);
            }
            Written::Lost => {
                // The end of the channel is about to be read.
                self.primary.blocked(id, true);
                self.primary.not_handed(id, seq);
            }
        }
    }

    fn probe(&mut self, id: WorkerId, connection: ConnectionId, seq: u64) {
        let (Some(channel), Some((fd, _))) =
            (self.channels.get_mut(&id), self.connections.get(connection))
        else {
            return;
        };
        newconn(&mut self.line, ListenerId::NONE, seq);
        let written = channel.write(&self.line, Some(fd));
        if written == Written::TooMany {
            self.primary.not_probed(id, seq);
        }
        self.written(id, written, true);
    }

    fn write(&mut self, id: WorkerId, line: &[u8], socket: Option<SocketId>) {
        let Some(channel) = self.channels.get_mut(&id) else {
            return;
        };
        let handle = socket.and_then(|socket| self.sockets.get(&socket)).map(|socket| &socket.fd);
        let written = channel.write(line, handle);
        self.written(id, written, socket.is_some());
    }

    fn written(&mut self, id: WorkerId, written: Written, with_handle: bool) {
        match written {
            Written::Whole | Written::Lost => {}
            Written::TooMany => {
                tracing::warn!(?id, "a socket could not be sent: too many are on their way");
            }
            Written::Part | Written::Nothing => {
                if let Some(channel) = self.channels.get_mut(&id) {
                    channel.await_room(true, &self.poller);
                }
                self.primary.blocked(id, true);
                if written == Written::Part && with_handle {
                    self.primary.torn(id);
                }
            }
        }
    }

    fn bind(&mut self, id: SocketId, bind: &Bind) {
        let pid = match &bind.to {
            BindTo::Inherited { worker, .. } => self.channels.get(worker).map(|own| own.pid),
            BindTo::Tcp { .. } | BindTo::Udp { .. } | BindTo::Unix { .. } => None,
        };
        let bound = sockets::bind(bind, pid).and_then(|(fd, name)| {
            let held = fd.try_clone()?;
            Ok((Listening::new(id, fd), held, name))
        });
        match bound {
            Ok((socket, held, name)) => {
                self.sockets.insert(id, socket);
                self.report(ChannelEvent::Hold { key: id.0, fd: held });
                self.primary.bound(id, name);
                // A successor that has the socket must know whose it is, and nobody may be told
                // of a socket that a successor would not have.
                self.records_due_ms = Some(super::thread::now_ms());
                self.send_records();
                self.await_keeper();
            }
            Err(error) => {
                self.primary.bind_failed(id, error.raw_os_error().unwrap_or(UNNAMED));
            }
        }
    }

    /// Waits until the keeper has been sent what was told so far.
    fn await_keeper(&self) {
        let (done, confirmed) = sync_channel(1);
        self.report(ChannelEvent::Confirm(done));
        // A main loop that hangs or ends does not answer; then a successor may miss the socket.
        confirmed.recv_timeout(CONFIRM).ok();
    }

    /// Closes a listening socket here and in the keeper.
    pub(super) fn close_socket(&mut self, id: SocketId, unlink: Option<String>) {
        let Some(mut socket) = self.sockets.remove(&id) else {
            return;
        };
        socket.retire(&self.poller);
        drop(socket);
        if let Some(path) = unlink
            && let Err(error) = rpm_sys::files::remove(path.as_ref())
        {
            tracing::warn!(path, %error, "could not remove a socket's file");
        }
        self.report(ChannelEvent::Release { key: id.0 });
    }

    fn tell(&self, generation: Generation, news: News) {
        self.report(match news {
            News::Up => ChannelEvent::Up(generation),
            News::Listening => ChannelEvent::Listening(generation),
            News::Ready => ChannelEvent::Ready(generation),
            News::Disconnected => ChannelEvent::Disconnected(generation),
            News::Message(json) => ChannelEvent::Message(generation, json),
        });
    }
}
