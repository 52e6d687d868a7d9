//! The listening socket. It is ours, not workerd's: a taken port is found out here, and clients that come
//! while workerd is restarted wait in its queue instead of being refused.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpSocket;

use crate::cli::failure::Failure;

/// Connections that may wait for workerd; the kernel caps it at `net.core.somaxconn`, 4096 on Linux.
const BACKLOG: u32 = 1024;

#[derive(Debug)]
pub(super) struct Listener {
    socket: TcpListener,
    /// With the real port when 0 was asked for.
    pub(super) address: SocketAddr,
    host: String,
}

impl Listener {
    pub(super) async fn bind(host: &str, port: u16) -> Result<Self, Failure> {
        let resolved = tokio::net::lookup_host((host, port)).await;
        let mut addresses: Vec<_> =
            resolved.map_err(|error| Failure::input(format!("--host {host}: {error}")))?.collect();
        addresses.sort_by_key(SocketAddr::is_ipv6); // `localhost` is 127.0.0.1 first: older clients try nothing else
        let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match listen(address) {
                Ok(socket) => {
                    let address = socket.local_addr().map_err(|error| refused(host, port, &error))?;
                    return Ok(Self { socket, address, host: host.to_owned() });
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(taken(address)),
                Err(error) => failed = error,
            }
        }
        Err(refused(host, port, &failed))
    }

    /// For workerd to accept on.
    pub(super) fn share(&self) -> io::Result<OwnedFd> {
        Ok(self.socket.try_clone()?.into())
    }

    /// Answers whoever comes from now on with 503, which clients retry: a workerd that is finishing its
    /// requests takes no new ones, and they would wait for nothing.
    ///
    /// (Shutting the socket down instead would make workerd fail if it has not yet stopped accepting.)
    pub(super) async fn turn_away(self) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.socket)?;
        axum::serve(listener, Router::new().fallback(stopping)).await
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.address.ip().is_loopback()
    }

    /// Base URL under which this machine reaches it.
    pub(super) fn url(&self) -> String {
        let port = self.address.port();
        match self.address {
            _ if self.host.eq_ignore_ascii_case("localhost") => format!("http://localhost:{port}"),
            SocketAddr::V4(address) if address.ip().is_unspecified() => format!("http://127.0.0.1:{port}"),
            SocketAddr::V6(address) if address.ip().is_unspecified() => format!("http://[::1]:{port}"),
            address => format!("http://{address}"),
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?; // our own closed connections linger on the port for a minute
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// An error that clients of either format can read.
async fn stopping() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::RETRY_AFTER, "1"),
        (header::CONNECTION, "close"),
    ];
    let body = r#"{"type":"error","error":{"type":"overloaded_error","message":"the gateway is stopping"}}"#;
    (StatusCode::SERVICE_UNAVAILABLE, headers, body).into_response()
}

fn taken(address: SocketAddr) -> Failure {
    let port = address.port();
    let owner = match listeners::get_process_by_port(port, listeners::Protocol::TCP) {
        Ok(process) => format!("{} (pid {}) listens there", process.name, process.pid),
        Err(_) => "another process listens there".to_owned(),
    };
    Failure::runtime(format!("{address} is taken: {owner}"))
        .hint("stop that process, or choose another port with --port (0 takes a free one)")
}

fn refused(host: &str, port: u16, error: &io::Error) -> Failure {
    let failure = Failure::runtime(format!("cannot listen on {host} port {port}: {error}"));
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            failure.hint("ports below 1024 are for privileged users; choose a higher --port")
        }
        io::ErrorKind::AddrNotAvailable => failure.hint("--host must be an address of this machine"),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn urls_are_ones_that_this_machine_can_use() {
        for (host, expected) in [
            ("127.0.0.1", "http://127.0.0.1:"),
            ("localhost", "http://localhost:"),
            ("0.0.0.0", "http://127.0.0.1:"),
        ] {
            let listener = Listener::bind(host, 0).await.unwrap();
            assert!(listener.url().starts_with(expected), "{host}: {}", listener.url());
            assert_ne!(listener.address.port(), 0);
        }
    }

    #[tokio::test]
    async fn a_taken_port_names_its_owner() {
        let listener = Listener::bind("127.0.0.1", 0).await.unwrap();
        let failure = Listener::bind("127.0.0.1", listener.address.port()).await.unwrap_err();
        assert!(failure.message.contains(&format!("pid {}", std::process::id())), "{}", failure.message);
    }

    #[tokio::test]
    async fn newcomers_are_turned_away_at_the_end() {
        let listener = Listener::bind("127.0.0.1", 0).await.unwrap();
        let (url, _workerd_has_it_too) = (listener.url(), listener.share().unwrap());
        tokio::spawn(listener.turn_away());
        crate::cli::prepare_tls();
        let response = reqwest::get(url).await.unwrap();
        assert_eq!(response.status().as_u16(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
    }
}
