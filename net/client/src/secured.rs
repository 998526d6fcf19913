//! What a client trusts, read from files once.

use std::net::IpAddr;
use std::sync::Arc;

use tls::{ClientConfig, ClientOptions, Protocol, ServerName, client_config};

use crate::error::ConnectError;
use crate::options::{Transport, Trust};

/// What a client trusts and shows, ready to be used.
#[derive(Debug, Clone)]
pub(crate) struct Secured {
    pub(crate) config: Arc<ClientConfig>,
    server_name: Option<String>,
}

impl Secured {
    /// `None` when nothing is to be encrypted.
    pub(crate) fn of(transport: &Transport) -> Result<Option<Self>, ConnectError> {
        let trust = match transport {
            Transport::Plain => return Ok(None),
            Transport::Tls(trust) | Transport::Quic(trust) => trust,
        };
        let Trust { authorities, server_name, own } = trust.clone();
        let protocols = vec![Protocol::Rpc];
        let options =
            ClientOptions { authorities, protocols, own, tls12: false, early_data: false };
        let config = client_config(&options).map_err(|it| ConnectError::Trust(Arc::new(it)))?;
        Ok(Some(Self { config: Arc::new(config), server_name }))
    }

    /// The name to ask a server at `address` for.
    pub(crate) fn name(&self, address: IpAddr) -> String {
        self.server_name.clone().unwrap_or_else(|| address.to_string())
    }

    /// The same, as TLS wants it.
    pub(crate) fn server_name(&self, address: IpAddr) -> Result<ServerName<'static>, ConnectError> {
        let name = self.name(address);
        ServerName::try_from(name.clone()).map_err(|_| ConnectError::ServerName { name })
    }
}
