//! The supervisor's lives as part of a keeper's state.

use super::{Life, Now, Recipe, Up};
use crate::backoff::Backoff;
use crate::renew::pack::{pack_fields, pack_variants};
use crate::watchdog::Watchdog;

pack_fields!(Life { recipe, candidate, now, backoff, restarts, died_at_ms, ever_ready });
pack_fields!(Recipe { binary, argv, envp, null, log });
pack_variants!(Now { 0 => Up(up), 1 => Due(at_ms) });
pack_fields!(Backoff { unready, early });
pack_fields!(Up {
    pid,
    pidfd,
    socket,
    is_deaf,
    kill_at_ms,
    outcome,
    is_ready,
    candidate,
    since_ms,
    watchdog,
});
pack_fields!(Watchdog { is_armed, silent_ms, looked_at_ms });
