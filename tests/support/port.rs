//! A port of the loopback interface, for a program that others hear of before it starts, or that never
//! starts.

use tokio::net::TcpSocket;

/// A port that is kept until this is dropped: also while nobody listens, and over a restart.
pub(crate) struct Port {
    number: u16,
    _kept: Option<TcpSocket>,
}

impl Port {
    pub(crate) fn keep() -> Self {
        let socket = TcpSocket::new_v4().expect("there are sockets");
        socket
            .set_reuseaddr(true)
            .and_then(|()| socket.bind(([127, 0, 0, 1], 0).into()))
            .expect("the loopback interface has a free port");
        let address = socket.local_addr().expect("it is bound");
        Self {
            number: address.port(),
            // Linux gives a port that is bound and not listened on to nobody but to those who ask for
            // it by its number, and then to them too. Other systems would not.
            _kept: cfg!(target_os = "linux").then_some(socket),
        }
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.number)
    }
}
