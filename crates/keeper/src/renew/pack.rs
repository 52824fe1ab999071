//! A keeper's state as bytes and numbers of descriptors, for the program that takes its place.
//!
//! The process stays the same, so a descriptor is its number.

use rpm_sys::{process, spawn::Outcome};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// What is part of the state.
pub(crate) trait Pack: Sized {
    /// Appends it.
    fn pack<'a>(&'a self, to: &mut Packer<'a>);
    /// Takes it off; `None` when it is not there.
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self>;
}

/// A state that grows.
#[derive(Debug, Default)]
pub(crate) struct Packer<'a> {
    pub(crate) bytes: Vec<u8>,
    /// All descriptors in it.
    pub(crate) fds: Vec<BorrowedFd<'a>>,
}

/// What is left of a state.
#[derive(Debug)]
pub(crate) struct Unpacker<'a>(pub(crate) &'a [u8]);

impl<'a> Packer<'a> {
    fn fd(&mut self, fd: BorrowedFd<'a>) {
        self.fds.push(fd);
        self.bytes.extend_from_slice(&fd.as_raw_fd().to_le_bytes());
    }

    fn len(&mut self, len: usize) {
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        self.bytes.extend_from_slice(&len.to_le_bytes());
    }
}

impl Unpacker<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let len = u64::unpack(self)?;
        let (taken, rest) = self.0.split_at_checked(usize::try_from(len).ok()?)?;
        self.0 = rest;
        Some(taken.to_vec())
    }

    fn fd(&mut self) -> Option<OwnedFd> {
        process::inherited(i32::from_le_bytes(self.take()?)).ok()
    }

    fn many<T: Pack, C: FromIterator<T>>(&mut self) -> Option<C> {
        let count = u64::unpack(self)?;
        // Each takes a byte at least, so a wrong count ends before it costs memory.
        (0..count).map(|_| T::unpack(self)).collect()
    }
}

/// A structure is its fields, one after the other.
macro_rules! pack_fields {
    ($type:ty { $($field:ident),* $(,)? }) => {
        impl $crate::renew::pack::Pack for $type {
            fn pack<'a>(&'a self, to: &mut $crate::renew::pack::Packer<'a>) {
                $($crate::renew::pack::Pack::pack(&self.$field, to);)*
            }
            fn unpack(from: &mut $crate::renew::pack::Unpacker<'_>) -> Option<Self> {
                $(let $field = $crate::renew::pack::Pack::unpack(from)?;)*
                Some(Self { $($field),* })
            }
        }
    };
}

/// An enumeration is the number of its variant and that one's fields.
macro_rules! pack_variants {
    ($type:ty { $(
        $number:literal => $variant:ident $(($one:ident))? $({ $($field:ident),* })?
    ),* $(,)? }) => {
        impl $crate::renew::pack::Pack for $type {
            fn pack<'a>(&'a self, to: &mut $crate::renew::pack::Packer<'a>) {
                match self {
                    $(Self::$variant $(($one))? $({ $($field),* })? => {
                        to.bytes.push($number);
                        $($crate::renew::pack::Pack::pack($one, to);)?
                        $($($crate::renew::pack::Pack::pack($field, to);)*)?
                    })*
                }
            }
            fn unpack(from: &mut $crate::renew::pack::Unpacker<'_>) -> Option<Self> {
                match <u8 as $crate::renew::pack::Pack>::unpack(from)? {
                    $($number => {
                        $(let $one = $crate::renew::pack::Pack::unpack(from)?;)?
                        $($(let $field = $crate::renew::pack::Pack::unpack(from)?;)*)?
                        Some(Self::$variant $(($one))? $({ $($field),* })?)
                    })*
                    _ => None,
                }
            }
        }
    };
}

macro_rules! pack_number {
    ($($type:ty),*) => { $(
        impl Pack for $type {
            fn pack<'a>(&'a self, to: &mut Packer<'a>) {
                to.bytes.extend_from_slice(&self.to_le_bytes());
            }
            fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
                from.take().map(<$type>::from_le_bytes)
            }
        }
    )* };
}

pub(crate) use {pack_fields, pack_variants};

pack_number!(u8, u32, i32, u64);

impl Pack for bool {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.bytes.push(u8::from(*self));
    }
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        u8::unpack(from).map(|byte| byte != 0)
    }
}

impl Pack for usize {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.len(*self);
    }
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        u64::unpack(from)?.try_into().ok()
    }
}

impl Pack for CString {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.len(self.as_bytes().len());
        to.bytes.extend_from_slice(self.as_bytes());
    }
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Self::new(from.bytes()?).ok()
    }
}

impl Pack for OwnedFd {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.fd(self.as_fd());
    }
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.fd()
    }
}

impl Pack for File {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.fd(self.as_fd());
    }
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.fd().map(Self::from)
    }
}

impl Pack for Outcome {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.fd(self.as_fd());
    }
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.fd().map(Self::from)
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.bytes.push(u8::from(self.is_some()));
        if let Some(value) = self {
            value.pack(to);
        }
    }
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        match u8::unpack(from)? {
            0 => Some(None),
            _ => T::unpack(from).map(Some),
        }
    }
}

impl<A: Pack, B: Pack> Pack for (A, B) {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        self.0.pack(to);
        self.1.pack(to);
    }
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some((A::unpack(from)?, B::unpack(from)?))
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.len(self.len());
        for value in self {
            value.pack(to);
        }
    }
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.many()
    }
}

impl<T: Pack> Pack for VecDeque<T> {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.len(self.len());
        for value in self {
            value.pack(to);
        }
    }
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.many()
    }
}

impl<T: Pack> Pack for BTreeMap<u64, T> {
    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        to.len(self.len());
        for (key, value) in self {
            key.pack(to);
            value.pack(to);
        }
    }
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.many::<(u64, T), _>()
    }
}
