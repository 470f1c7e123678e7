use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// One address, or all that begin like it: `10.1.2.3`, `10.1.0.0/16`, `fd00::/8`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

/// A text that is not a network.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NetworkError {
    /// The part before `/` is no address.
    #[error("'{0}' is not an IP address; write 10.1.2.3, 10.1.0.0/16 or fd00::/8")]
    Address(String),
    /// The part after `/` is no number of bits.
    #[error("'/{0}' is not a number of bits from 0 to {1}")]
    Bits(String, u8),
    /// The address goes on after the bits that count.
    #[error(
        "'{given}' names an address within a network; write {network} for the network or {address} for the address"
    )]
    Within {
        /// What was written.
        given: String,
        /// The whole network.
        network: Network,
        /// The one address.
        address: Network,
    },
}

impl Network {
    /// How many leading bits count; more is narrower.
    pub fn prefix_bits(&self) -> u8 {
        self.prefix_bits
    }

    /// Whether the network holds `address`. An IPv4 address in IPv6 dress is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        width(address) == width(self.address)
            && masked(address, self.prefix_bits) == masked(self.address, self.prefix_bits)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The first `bits` of an address.
fn masked(address: IpAddr, bits: u8) -> u128 {
    let value = match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    };
    match bits {
        0 => 0,
        _ => value & (u128::MAX << (128 - u32::from(bits))),
    }
}

fn from_bits(value: u128, is_ipv4: bool) -> IpAddr {
    if is_ipv4 { IpAddr::V4(((value >> 96) as u32).into()) } else { IpAddr::V6(value.into()) }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let text = text.trim();
        let (address_text, bits_text) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let written: IpAddr = address_text.parse().map_err(|_| NetworkError::Address(address_text.to_owned()))?;
        let address = written.to_canonical();
        let widest = width(address);
        let Some(bits_text) = bits_text else { return Ok(Network { address, prefix_bits: widest }) };
        let bad_bits = || NetworkError::Bits(bits_text.to_owned(), width(written));
        if bits_text.is_empty() || !bits_text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad_bits());
        }
        let bits: u8 = bits_text.parse().ok().filter(|&bits| bits <= width(written)).ok_or_else(bad_bits)?;
        // Of an IPv4 network in IPv6 dress (::ffff:10.0.0.0/104), the first 96 bits are the dress.
        let prefix_bits = bits.checked_sub(width(written) - widest).ok_or_else(bad_bits)?;
        let first = masked(address, prefix_bits);
        if first != masked(address, widest) {
            return Err(NetworkError::Within {
                given: text.to_owned(),
                network: Network { address: from_bits(first, address.is_ipv4()), prefix_bits },
                address: Network { address, prefix_bits: widest },
            });
        }
        Ok(Network { address, prefix_bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)?;
        if self.prefix_bits == width(self.address) { Ok(()) } else { write!(f, "/{}", self.prefix_bits) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn networks_print_as_people_write_them() {
        for (written, printed) in [
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3/32", "10.1.2.3"),
            (" 10.1.0.0/16 ", "10.1.0.0/16"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("FD00::/8", "fd00::/8"),
            ("::1", "::1"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            (
                "10.0.0.5/8",
                "'10.0.0.5/8' names an address within a network; write 10.0.0.0/8 for the network or 10.0.0.5 for the address",
            ),
            ("10.0.0", "'10.0.0' is not an IP address; write 10.1.2.3, 10.1.0.0/16 or fd00::/8"),
            ("10.0.0.0/33", "'/33' is not a number of bits from 0 to 32"),
            ("10.0.0.0/+8", "'/+8' is not a number of bits from 0 to 32"),
            ("::/129", "'/129' is not a number of bits from 0 to 128"),
        ] {
            let shown =
                written.parse::<Network>().map_or_else(|error| error.to_string(), |network| network.to_string());
            assert_eq!(shown, printed);
        }
    }

    #[test]
    fn an_ipv4_address_in_ipv6_dress_is_itself() {
        let network: Network = "10.0.0.0/8".parse().unwrap();
        assert!(network.contains("::ffff:10.9.8.7".parse().unwrap()));
        assert!(!network.contains("::10.9.8.7".parse().unwrap()));
        assert!(!"::/0".parse::<Network>().unwrap().contains("10.9.8.7".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn a_network_holds_the_addresses_that_share_its_first_bits(network: u32, address: u32, bits in 0u8..=32, flip in 0u32..32) {
            let first = |value: u32| if bits == 0 { 0 } else { value >> (32 - u32::from(bits)) };
            let base = if bits == 0 { 0 } else { first(network) << (32 - u32::from(bits)) };
            let parsed: Network = format!("{}/{bits}", std::net::Ipv4Addr::from(base)).parse().unwrap();
            for asked in [address, base, base ^ (1 << flip)] {
                prop_assert_eq!(parsed.contains(IpAddr::V4(asked.into())), first(asked) == first(base));
            }
            prop_assert_eq!(parsed.to_string().parse::<Network>(), Ok(parsed));
        }
    }
}
