//! Slots as part of a keeper's state.

use super::{Bag, Happened, Origin, Slot, State};
use crate::renew::pack::{Pack, Packer, Unpacker, pack_fields, pack_variants};
use crate::wire::Stage;

pack_fields!(Bag { slots });
pack_fields!(Slot { aux, fds, state, announced, told });
pack_variants!(State {
    0 => Empty,
    1 => Starting { seq, pid, pidfd, outcome },
    2 => Running { seq, pid, pidfd, origin },
    3 => Ended { seq, pid, pidfd, status, at_ms },
    4 => Failed { seq, stage, errno },
});
pack_variants!(Origin { 0 => Child, 1 => Adopted, 2 => Gone { until_ms } });
pack_variants!(Happened { 0 => Spawned(key), 1 => Exited(key), 2 => Failed(key) });

impl Pack for Stage {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.bytes.push(self.number());
    }
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        u8::unpack(from).and_then(Self::from_number)
    }
}
