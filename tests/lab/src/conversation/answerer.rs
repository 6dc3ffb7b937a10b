//! The server that answers lines.

use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// Serves for ever: a name and a port.
pub(crate) fn main(arguments: &[String]) -> ! {
    let [name, port] = arguments else { panic!("a name and a port") };
    let name: Arc<str> = format!("{name}\n").into();
    let port = port.parse().expect("a port");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        // Takes IPv4 connections as well.
        let all = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port);
        let listener = TcpListener::bind(all).await.expect("the port");
        let socket = UdpSocket::bind(all).await.expect("the port");
        tokio::spawn(answer_datagrams(socket, Arc::clone(&name)));
        println!("listening");
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(answer(stream, Arc::clone(&name)));
        }
    })
}

/// Until the client, or its computer, has enough.
async fn answer(stream: TcpStream, name: Arc<str>) {
    let mut stream = BufReader::with_capacity(256, stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|length| length > 0) {
        if stream.write_all(name.as_bytes()).await.is_err() {
            return;
        }
        line.clear();
    }
}

async fn answer_datagrams(socket: UdpSocket, name: Arc<str>) {
    let mut ignored = [0; 64];
    while let Ok((_, from)) = socket.recv_from(&mut ignored).await {
        let _ = socket.send_to(name.as_bytes(), from).await;
    }
}
