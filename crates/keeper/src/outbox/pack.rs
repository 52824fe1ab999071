//! Waiting news as part of a keeper's state.

use super::{News, Outbox};
use crate::renew::pack::{pack_fields, pack_variants};

pack_fields!(Outbox { waiting });
pack_variants!(News {
    0 => Welcome { restarts, died_at_ms },
    1 => Slots { key, fds },
    2 => Exits { key },
    3 => End,
    4 => Failures { key },
    5 => Happened(happened),
    6 => Refused { seq, key, stage, errno },
    7 => Signal(number),
    8 => Pong,
    9 => Renewed(errno),
});
