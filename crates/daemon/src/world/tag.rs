//! Descriptors that the keeper holds are told apart by tags.

/// Read end of standard output.
pub(crate) const OUT: u32 = 1;
/// Read end of standard error.
pub(crate) const ERR: u32 = 2;
/// What was read of standard output and is not in its files.
pub(crate) const SPOOL_OUT: u32 = 3;
/// The same for standard error.
pub(crate) const SPOOL_ERR: u32 = 4;
/// All that belongs to logs.
pub(crate) const LOGS: [u32; 4] = [OUT, ERR, SPOOL_OUT, SPOOL_ERR];
/// Our end of a channel.
pub(crate) const CHANNEL: u32 = 9;
/// A listening socket.
pub(crate) const LISTENER: u32 = 11;
/// The channels' records in sealed memory, in the slot of the clients' socket.
pub(crate) const RECORDS: u32 = 12;
/// Where connections are saved, see [`Safe`](crate::channels::Safe): its inlet.
pub(crate) const SAFE_INLET: u32 = 13;
/// Its outlet.
pub(crate) const SAFE_OUTLET: u32 = 14;

/// The socket that PM2's clients ask on.
pub(crate) const RPC_LISTENER: u32 = 15;
/// The socket that PM2's clients listen on.
pub(crate) const PUB_LISTENER: u32 = 16;
/// What a run has told of itself, as JSON in sealed memory.
pub(crate) const TOLD: u32 = 17;

/// The socket on which programs tell how they are.
pub(crate) const NOTIFY: u32 = 18;

/// The pipe and the spool of a stream.
pub(crate) fn of_output(stream: rpm_proto::Stream) -> (u32, u32) {
    match stream {
        rpm_proto::Stream::Out => (OUT, SPOOL_OUT),
        rpm_proto::Stream::Err => (ERR, SPOOL_ERR),
    }
}

/// The socket on which programs of another user tell how they are; the user's number is the rest.
pub(crate) const NOTIFY_OF: u32 = 1 << 31;
