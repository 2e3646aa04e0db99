//! Networks as regular expressions: every way to write an address of the network, and nothing else.
//!
//! Follows how the engine reads addresses: four decimal numbers without leading zeros; or eight groups of one to four
//! hexadecimal digits, one run of zeros left out with `::`, the last two perhaps as four decimal numbers. An IPv4 address
//! written as IPv6 (`::ffff:10.1.2.3`) is the same host.

use crate::events::value::network::Network;
use std::fmt::Write;

/// What each of the four digits of a group may be, as bits.
type Group = [u16; 4];

const ZERO: Group = [1; 4];
const ONES: Group = [1 << 15; 4];
/// Bits of the addresses `::ffff:0:0/96`, IPv4 written as IPv6.
const MAPPED: u128 = 0xFFFF << 32;

/// A regular expression that matches the texts of the addresses in `network`, or why there is none.
pub(super) fn pattern(network: &Network) -> Result<String, String> {
    let (v6, bits, length) = network.parts();
    let (groups, mut ways) = if v6 {
        if length <= 96 && MAPPED & u128::MAX.checked_shl(128 - length).unwrap_or(0) == bits {
            return Err("an IPv6 network this wide also covers IPv4 addresses, which are no part of it".to_owned());
        }
        (groups_of(bits, length), Vec::new())
    } else {
        let [first, second, ..] = groups_of(bits << 96, length);
        let groups = [ZERO, ZERO, ZERO, ZERO, ZERO, ONES, first, second];
        (groups, vec![decimal(&groups)])
    };
    // Where the run that `::` stands for begins and ends; none when all groups are written.
    let runs = (0..8).flat_map(|from| (from + 1..=8).map(move |to| Some((from, to))));
    for run in runs.chain([None]) {
        ways.extend(written(&groups, run, false));
        ways.extend(written(&groups, run, true));
    }
    Ok(format!("\\A(?:{})\\z", ways.join("|")))
}

/// The groups of a network of the first `length` of 128 bits.
fn groups_of(bits: u128, length: u32) -> [Group; 8] {
    let mut groups = [[0; 4]; 8];
    let nibbles = groups.iter_mut().flatten();
    for (at, nibble) in (0u32..).zip(nibbles) {
        let free = (4 * (at + 1)).saturating_sub(length).min(4);
        let fixed = (bits >> (124 - 4 * at)) & 0xF;
        *nibble = (0..16u128).filter(|n| n >> free == fixed >> free).fold(0, |set, n| set | 1 << n);
    }
    groups
}

/// The address with the groups of `run` left out; its end as decimal numbers if `dotted`. None when it cannot be.
fn written(groups: &[Group; 8], run: Option<(usize, usize)>, dotted: bool) -> Option<String> {
    let (from, to) = run.unwrap_or((8, 8));
    let left_out = groups.get(from..to)?;
    if left_out.iter().flatten().any(|nibble| nibble & 1 == 0) || (dotted && run.is_some() && to > 6) {
        return None;
    }
    let hex = |range: std::ops::Range<usize>| groups.get(range).unwrap_or_default().iter().map(group);
    let until = if dotted { 6 } else { 8 };
    let mut head: Vec<String> = hex(0..from.min(until)).collect();
    let mut tail: Vec<String> = if run.is_some() { hex(to..until).collect() } else { Vec::new() };
    if dotted {
        let end = if run.is_some() { &mut tail } else { &mut head };
        end.push(decimal(groups));
    }
    let between = if run.is_some() { "::" } else { "" };
    Some(format!("{}{between}{}", head.join(":"), tail.join(":")))
}

/// A group in all its spellings: leading zeros may be left out.
fn group(of: &Group) -> String {
    if *of == [u16::MAX; 4] {
        return "[0-9A-Fa-f]{1,4}".to_owned();
    }
    let digits = of.map(digit);
    let zeros = of.iter().take(3).take_while(|nibble| **nibble & 1 == 1).count();
    let ways: Vec<String> = (0..=zeros).map(|skip| digits.iter().skip(skip).cloned().collect()).collect();
    format!("(?:{})", ways.join("|"))
}

fn digit(set: u16) -> String {
    let mut out = String::from("[");
    for n in (0..16u32).filter(|n| set >> n & 1 == 1) {
        let c = char::from_digit(n, 16).unwrap_or('0');
        out.push(c);
        out.extend(c.is_ascii_alphabetic().then(|| c.to_ascii_uppercase()));
    }
    out.push(']');
    out
}

/// The last two groups as four decimal numbers.
fn decimal(groups: &[Group; 8]) -> String {
    let mut out = String::new();
    let nibbles: Vec<u16> = groups.iter().skip(6).flatten().copied().collect();
    for (at, pair) in nibbles.chunks(2).enumerate() {
        let [high, low] = *pair else { continue };
        if at > 0 {
            out.push_str("\\.");
        }
        if (high, low) == (u16::MAX, u16::MAX) {
            out.push_str("(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])");
            continue;
        }
        let numbers = (0..256u32).filter(|n| high >> (n >> 4) & 1 == 1 && low >> (n & 15) & 1 == 1);
        let words: Vec<String> = numbers.map(|n| n.to_string()).collect();
        // Writing to a string cannot fail.
        let _ = write!(out, "(?:{})", words.join("|"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{Ipv4Addr, Ipv6Addr};

    /// Many ways to write addresses near `bits`, right ones and wrong ones.
    fn spellings(bits: u128) -> Vec<String> {
        let v6 = Ipv6Addr::from(bits);
        let v4 = Ipv4Addr::from((bits & 0xFFFF_FFFF) as u32);
        let s = v6.segments();
        let long: Vec<String> = s.iter().map(|g| format!("{g:04X}")).collect();
        let short: Vec<String> = s.iter().map(|g| format!("{g:x}")).collect();
        let mut out = vec![v6.to_string(), v4.to_string(), long.join(":"), short.join(":"), format!("::{v4}")];
        out.push(format!("::ffff:{v4}"));
        out.push(format!("0:0:0:0:0:FFFF:{v4}"));
        out.push(format!("0:0::ffff:{}:{}", short[6], short[7]));
        out.push(format!("{}:{v4}", short[..6].join(":")));
        out.push(format!("{}::{}", short[..3].join(":"), short[6..].join(":")));
        out.extend([
            "0".repeat(5) + "::",
            format!("{v4}.1"),
            format!("{v6}/64"),
            format!(" {v4}"),
            format!("0{v4}"),
            "1::2::3".into(),
        ]);
        out
    }

    #[test]
    fn the_expression_knows_what_the_engine_knows() {
        let networks = [
            "10.0.0.0/8",
            "203.0.113.0/24",
            "192.168.1.128/27",
            "0.0.0.0/0",
            "172.16.0.0/12",
            "203.0.113.7",
            "128.0.0.0/1",
            "2001:db8::/32",
            "2001:db8:1234::/45",
            "fe80::/10",
            "2001:db8::1",
            "::1",
            "2001:db8::/127",
        ];
        let near: Vec<u128> = networks
            .iter()
            .map(|n| Network::parse(n).unwrap().parts())
            .map(|(v6, b, _)| if v6 { b } else { b | MAPPED })
            .collect();
        for text in networks {
            let network = Network::parse(text).unwrap();
            let regex = regex::Regex::new(&pattern(&network).unwrap()).unwrap();
            for base in &near {
                for change in [0, 1, 7, 255, 1 << 8, 1 << 16, 1 << 23, 1 << 24, 1 << 31, 1 << 64, 1 << 82, 1 << 127] {
                    for address in spellings(base ^ change) {
                        assert_eq!(regex.is_match(&address), network.contains(&address), "{address} in {text}");
                    }
                }
            }
        }
    }

    #[test]
    fn networks_that_cover_ipv4_are_refused() {
        for text in ["::/0", "::/80", "::ffff:0:0:0/80"] {
            assert_eq!(pattern(&Network::parse(text).unwrap()).is_err(), !text.starts_with("::ffff"), "{text}");
        }
    }
}
