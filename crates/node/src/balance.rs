//! Whose turn it is: arithmetic only.

use std::net::IpAddr;

/// Picks the next of `count` receivers after `last` in rotation, passing over those that are more
/// than `slack` above the least loaded one. `load` is `None` for those that cannot take any.
///
/// Rotation spreads even a few long-lived connections evenly; the slack leads round a worker that
/// has stopped answering.
pub fn next(
    last: usize,
    count: usize,
    slack: usize,
    load: impl Fn(usize) -> Option<usize>,
) -> Option<usize> {
    let lowest = (0..count).filter_map(&load).min()?;
    (1..=count)
        .map(|step| (last + step) % count)
        .find(|receiver| load(*receiver).is_some_and(|load| load <= lowest + slack))
}

/// How strongly a source address belongs to a slot: it goes to the slot with the highest weight
/// (rendezvous hashing), so a slot that comes or goes moves only its own share.
pub fn weight(peer: IpAddr, slot: u32) -> u64 {
    let address = match peer {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    let groups = address.segments().into_iter().map(u64::from);
    mix(groups.fold(u64::from(slot), |hash, group| mix(hash) ^ group))
}

/// The finaliser of `splitmix64`.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn turns_go_round() {
        let loads = [Some(0), None, Some(2), Some(0)];
        let load = |receiver: usize| loads[receiver];
        assert_eq!(next(0, 4, 2, load), Some(2));
        assert_eq!(next(0, 4, 1, load), Some(3));
        assert_eq!(next(3, 4, 1, load), Some(0));
        assert_eq!(next(0, 4, 1, |_| None), None);
        assert_eq!(next(7, 0, 1, load), None);
    }

    fn slot_of(peer: u32, slots: &[u32]) -> u32 {
        let peer = IpAddr::from(Ipv4Addr::from(peer));
        *slots.iter().max_by_key(|slot| weight(peer, **slot)).unwrap()
    }

    #[test]
    fn neighbours_spread_and_only_the_lost_slots_share_moves() {
        let mut counts = [0; 4];
        for peer in 0..4000 {
            let before = slot_of(0x0a00_0000 + peer, &[0, 1, 2, 3]);
            counts[before as usize] += 1;
            let after = slot_of(0x0a00_0000 + peer, &[0, 1, 3]);
            assert!(before == 2 || before == after);
        }
        assert!(counts.iter().all(|count| (900..1100).contains(count)), "{counts:?}");
    }
}
