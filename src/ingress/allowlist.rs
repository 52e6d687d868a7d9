//! Which client addresses may talk to the gateway at all.

use std::net::IpAddr;

use ipnet::IpNet;

/// Addresses and CIDR ranges. An empty list or `*` admits everyone; a list of which nothing can be read
/// admits nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowlist {
    Everyone,
    Only(Vec<IpNet>),
}

impl Allowlist {
    /// Reads a comma-separated list. The second part counts the entries that mean nothing.
    pub fn parse(list: &str) -> (Self, usize) {
        let entries: Vec<&str> = list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        if entries.is_empty() || entries.contains(&"*") {
            return (Self::Everyone, 0);
        }
        let ranges: Vec<IpNet> = entries.iter().filter_map(|entry| range(entry)).collect();
        let unreadable = entries.len() - ranges.len();
        (Self::Only(ranges), unreadable)
    }

    /// Whether a client at `address` may pass. One whose address is unknown passes an open list only.
    pub fn admits(&self, address: Option<&str>) -> bool {
        match self {
            Self::Everyone => true,
            Self::Only(ranges) => address
                .and_then(parse_address)
                .is_some_and(|address| ranges.iter().any(|range| range.contains(&address))),
        }
    }
}

fn range(entry: &str) -> Option<IpNet> {
    match entry.parse::<IpNet>() {
        Ok(range) => Some(range),
        Err(_) => parse_address(entry).map(IpNet::from),
    }
}

/// An address as clients and hosts write it: `::1`, `[::1]`, `127.0.0.1:4711`, `[::1]:4711`,
/// `::ffff:127.0.0.1`, `fe80::1%eth0`.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(text, |(inner, _)| inner);
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    let address: IpAddr = match bare.parse() {
        Ok(address) => address,
        Err(_) => text.parse::<std::net::SocketAddr>().ok()?.ip(),
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ranges_admit() {
        let (list, unreadable) = Allowlist::parse("10.0.0.0/8, 192.0.2.7 ,2001:db8::/32,::1");
        assert_eq!(unreadable, 0);
        for (address, admitted) in [
            ("10.200.3.4", true),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("::ffff:10.1.1.1", true),
            ("127.0.0.1:4711", false),
            ("10.1.1.1:4711", true),
            ("[2001:db8::5]:443", true),
            ("::1%lo", true),
            ("nonsense", false),
        ] {
            assert_eq!(list.admits(Some(address)), admitted, "{address}");
        }
        assert!(!list.admits(None));
    }

    #[test]
    fn an_open_list_admits_the_unknown() {
        for list in ["", " , ", "*", "192.0.2.1,*"] {
            assert!(Allowlist::parse(list).0.admits(None), "{list:?}");
        }
    }
}
