//! Networks in CIDR notation, IPv4 and IPv6.

use core::net::IpAddr;

/// A network: all addresses that share its first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    v6: bool,
    bits: u128,
    mask: u128,
}

impl Network {
    /// Reads `10.0.0.0/8` or `2001:db8::/32`; an address without a length is a network of one. `None` otherwise.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let (v6, bits) = address_bits(address)?;
        let width: u32 = if v6 { 128 } else { 32 };
        let length: u32 = length.map_or(Some(width), |l| l.parse().ok())?;
        if length > width {
            return None;
        }
        let mask = u128::MAX.checked_shl(width - length).unwrap_or(0);
        Some(Self { v6, bits: bits & mask, mask })
    }

    /// The network of the first bits of `address`, as text such as `203.0.113.0/24`; `None` when it is no address.
    pub fn around(address: &str, v4_bits: u32, v6_bits: u32) -> Option<String> {
        let (v6, bits) = address_bits(address)?;
        let (length, width) = if v6 { (v6_bits, 128) } else { (v4_bits, 32) };
        let kept = bits & u128::MAX.checked_shl(width - length.min(width)).unwrap_or(0);
        #[expect(clippy::cast_possible_truncation, reason = "an IPv4 address has 32 bits")]
        let shown = if v6 { IpAddr::from(kept.to_be_bytes()) } else { IpAddr::from((kept as u32).to_be_bytes()) };
        Some(format!("{shown}/{length}"))
    }

    /// Whether it is a network of IPv6, its first address, and how many bits all of its addresses share.
    pub fn parts(&self) -> (bool, u128, u32) {
        let width: u32 = if self.v6 { 128 } else { 32 };
        (self.v6, self.bits, width - self.mask.trailing_zeros().min(width))
    }

    /// Whether `address` lies in the network; text that is no address does not.
    pub fn contains(&self, address: &str) -> bool {
        address_bits(address).is_some_and(|a| self.holds(a))
    }

    /// Whether the address, read by `address_bits`, lies in the network.
    pub(super) const fn holds(&self, (v6, bits): (bool, u128)) -> bool {
        v6 == self.v6 && bits & self.mask == self.bits
    }
}

/// Whether the address is one of IPv6, and its bits; `None` when the text is no address.
pub(super) fn address_bits(text: &str) -> Option<(bool, u128)> {
    if let Some(v4) = usual_v4(text.as_bytes()) {
        return Some((false, v4.into()));
    }
    match text.parse::<IpAddr>().ok()? {
        IpAddr::V4(v4) => Some((false, u128::from(u32::from(v4)))),
        // An IPv4 address written as IPv6 is the same host.
        IpAddr::V6(v6) => Some(match v6.to_ipv4_mapped() {
            Some(v4) => (false, u128::from(u32::from(v4))),
            None => (true, u128::from(v6)),
        }),
    }
}

/// An IPv4 address in its usual notation; `None` leaves the text to the general parser.
fn usual_v4(text: &[u8]) -> Option<u32> {
    let (mut address, mut octet, mut digits, mut dots) = (0u32, 0u32, 0, 0);
    for b in text {
        match b {
            b'0'..=b'9' if digits == 0 || (digits < 3 && octet > 0) => {
                octet = octet * 10 + u32::from(b - b'0');
                digits += 1;
            }
            b'.' if digits > 0 && octet < 256 && dots < 3 => {
                address = address << 8 | octet;
                (octet, digits, dots) = (0, 0, dots + 1);
            }
            _ => return None,
        }
    }
    (dots == 3 && digits > 0 && octet < 256).then_some(address << 8 | octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_around_an_address() {
        assert_eq!(Network::around("203.0.113.77", 24, 64).as_deref(), Some("203.0.113.0/24"));
        assert_eq!(Network::around("2001:db8:1:2:3::4", 24, 64).as_deref(), Some("2001:db8:1:2::/64"));
        assert_eq!(Network::around("10.1.2.3", 0, 0).as_deref(), Some("0.0.0.0/0"));
        assert_eq!(Network::around("host", 24, 64), None);
    }

    #[test]
    fn the_usual_notation_is_read_like_any_other() {
        for text in [
            "1.2.3.4",
            "0.0.0.0",
            "255.255.255.255",
            "256.1.1.1",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.",
            ".1.2.3",
            "1..2.3",
            "1.2.3.4 ",
            "1.2.3.1000",
            "00.0.0.0",
            "::1",
            "",
        ] {
            let want = text.parse::<core::net::Ipv4Addr>().ok().map(u32::from);
            assert_eq!(usual_v4(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn edges_of_networks() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("192.168.1.7/24", "192.168.1.0", "192.168.2.0"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "ten"),
        ] {
            let n = Network::parse(network).unwrap();
            assert!(n.contains(inside), "{network} {inside}");
            assert!(!n.contains(outside), "{network} {outside}");
        }
        assert!(Network::parse("10.0.0.0/33").is_none() && Network::parse("10.0.0/8").is_none());
    }
}
