//! Values as bytes and back, for slices and checkpoints.
//!
//! Whole numbers take as many bytes as they need, floats keep every bit: what is read back is what was written, and a
//! result computed from it is the same to the last digit. Readers give `None` for bytes that nobody wrote.

use super::hash::Table;
use std::collections::{BTreeMap, VecDeque};

/// A value that can be written and read back.
pub trait Keep: Sized {
    /// Appends the value.
    fn put(&self, out: &mut Vec<u8>);
    /// Takes the value off the front of `from`; `None` when it is not there.
    fn take(from: &mut &[u8]) -> Option<Self>;

    /// The value as bytes.
    fn kept(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }

    /// The value of `bytes`, all of them.
    fn of(mut bytes: &[u8]) -> Option<Self> {
        let value = Self::take(&mut bytes)?;
        bytes.is_empty().then_some(value)
    }
}

/// Takes `count` bytes off the front.
pub fn split<'a>(from: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, rest) = from.split_at_checked(count)?;
    *from = rest;
    Some(head)
}

impl Keep for u64 {
    /// Seven bits a byte, lowest first.
    fn put(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        out.push((rest & 0x7f) as u8);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *split(from, 1)?.first()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

impl Keep for i64 {
    /// The sign last, so that small numbers of either sign are short.
    fn put(&self, out: &mut Vec<u8>) {
        ((*self << 1) ^ (*self >> 63)).cast_unsigned().put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let folded = u64::take(from)?;
        Some((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }
}

macro_rules! as_u64 {
    ($($name:ty),*) => {$(
        impl Keep for $name {
            fn put(&self, out: &mut Vec<u8>) {
                (*self as u64).put(out);
            }
            fn take(from: &mut &[u8]) -> Option<Self> {
                Self::try_from(u64::take(from)?).ok()
            }
        }
    )*};
}
as_u64!(u8, u16, u32, usize);

macro_rules! as_bytes {
    ($($name:ty),*) => {$(
        impl Keep for $name {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn take(from: &mut &[u8]) -> Option<Self> {
                split(from, size_of::<Self>())?.try_into().ok().map(Self::from_le_bytes)
            }
        }
    )*};
}
as_bytes!(u128, i128, f64);

impl Keep for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        match split(from, 1)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl Keep for () {
    fn put(&self, _: &mut Vec<u8>) {}

    fn take(_: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

impl<T: Keep> Keep for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        self.iter().for_each(|v| v.put(out));
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(if bool::take(from)? { Some(T::take(from)?) } else { None })
    }
}

fn put_all<'v, T: Keep + 'v>(values: impl ExactSizeIterator<Item = &'v T>, out: &mut Vec<u8>) {
    values.len().put(out);
    values.for_each(|v| v.put(out));
}

impl<T: Keep> Keep for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_all(self.iter(), out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let count = usize::take(from)?;
        // A value takes a byte at least: a length that damage made cannot ask for more memory than there are bytes.
        let mut all = Self::with_capacity(count.min(from.len()));
        for _ in 0..count {
            all.push(T::take(from)?);
        }
        Some(all)
    }
}

impl<T: Keep> Keep for VecDeque<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_all(self.iter(), out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Vec::take(from).map(Self::from)
    }
}

impl<T: Keep> Keep for Box<[T]> {
    fn put(&self, out: &mut Vec<u8>) {
        put_all(self.iter(), out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Vec::take(from).map(Vec::into_boxed_slice)
    }
}

impl<T: Keep> Keep for Box<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (**self).put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        T::take(from).map(Self::new)
    }
}

/// Bytes that are kept as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Keep for Bytes {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.len().put(out);
        out.extend_from_slice(&self.0);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let length = usize::take(from)?;
        split(from, length).map(|bytes| Self(bytes.to_vec()))
    }
}

impl Keep for String {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let length = usize::take(from)?;
        Self::from_utf8(split(from, length)?.to_vec()).ok()
    }
}

impl<K: Keep + Ord, V: Keep> Keep for BTreeMap<K, V> {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        self.iter().for_each(|(k, v)| {
            k.put(out);
            v.put(out);
        });
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        (0..usize::take(from)?).map(|_| Some((K::take(from)?, V::take(from)?))).collect()
    }
}

impl<V: Keep> Keep for Table<V> {
    /// In the order of the fingerprints, so that equal tables are equal bytes.
    fn put(&self, out: &mut Vec<u8>) {
        let mut all: Vec<(&u128, &V)> = self.iter().collect();
        all.sort_by_key(|(k, _)| **k);
        all.len().put(out);
        all.into_iter().for_each(|(k, v)| {
            k.put(out);
            v.put(out);
        });
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        (0..usize::take(from)?).map(|_| Some((u128::take(from)?, V::take(from)?))).collect()
    }
}

impl<A: Keep, B: Keep> Keep for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?))
    }
}

impl<A: Keep, B: Keep, C: Keep> Keep for (A, B, C) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
        self.2.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?, C::take(from)?))
    }
}

/// A type whose fields, or whose variants with a number each, can be kept. A field left out cannot be compiled.
macro_rules! keep {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::events::keep::Keep for $name {
            fn put(&self, out: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $($field.put(out);)*
            }
            fn take(from: &mut &[u8]) -> Option<Self> {
                $(let $field = $crate::events::keep::Keep::take(from)?;)*
                Some(Self { $($field),* })
            }
        }
    };
    ($name:ident [ $($number:literal: $variant:ident $(($($part:ident),*))?),* $(,)? ]) => {
        impl $crate::events::keep::Keep for $name {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($($part),*))? => {
                        out.push($number);
                        $($($part.put(out);)*)?
                    })*
                }
            }
            fn take(from: &mut &[u8]) -> Option<Self> {
                match $crate::events::keep::split(from, 1)? {
                    $([$number] => {
                        $($(let $part = $crate::events::keep::Keep::take(from)?;)*)?
                        Some(Self::$variant $(($($part),*))?)
                    })*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use keep;

#[cfg(test)]
mod tests {
    use super::*;

    fn same<T: Keep + PartialEq + std::fmt::Debug>(value: T) {
        let bytes = value.kept();
        assert_eq!(T::of(&bytes).as_ref(), Some(&value));
        for cut in 0..bytes.len() {
            assert_eq!(T::of(&bytes[..cut]), None, "{value:?} without its end");
        }
    }

    #[test]
    fn what_is_written_is_read_and_half_of_it_is_not() {
        for n in [0, 1, 127, 128, 300, u64::MAX - 1, u64::MAX] {
            same(n);
        }
        for n in [0, -1, 1, 63, -64, i64::MAX, i64::MIN] {
            same(n);
        }
        same((u128::MAX - 7, 0.1 + 0.2, i128::MIN));
        same((u16::MAX, true, "Grüße".to_owned()));
        same(vec![Some(1u32), None, Some(u32::MAX)]);
        same(BTreeMap::from([(1u8, vec![2u16]), (3, vec![])]));
        same(Table::from_iter([(5u128, 1u32), (2, 9)]));
        assert_eq!(f64::of(&f64::NAN.kept()).map(f64::to_bits), Some(f64::NAN.to_bits()));
    }

    #[test]
    fn bytes_that_nobody_wrote_are_refused() {
        assert_eq!(u64::of(&[0xff; 10]), None, "more than 64 bits");
        assert_eq!(u8::of(&300u64.kept()), None);
        assert_eq!(bool::of(&[2]), None);
        assert_eq!(Vec::<u64>::of(&u64::MAX.kept()), None, "a length without values");
        assert_eq!(String::of(&[2, 0xc3, 0x28]), None);
        assert_eq!(u8::of(&[1, 2]), None, "more than the value");
    }
}
