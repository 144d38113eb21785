//! What can keep the engine from starting or going on.

use std::io;
use std::path::{Path, PathBuf};

/// Why the engine cannot start or must give up. What goes wrong with a single run is told in the run's end instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A file or folder of the engine cannot be used.
    #[error("cannot use `{}`: {source}; check that it belongs to the engine's user and that the disk is not full", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// Another engine uses the same home.
    #[error("cannot start: an engine is already running in `{}`; stop it first or unpack a second engine", home.display())]
    AlreadyRunning {
        /// The home.
        home: PathBuf,
    },
    /// A configuration file cannot be understood.
    #[error("cannot read the configuration `{}`: {problem}", path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to write instead.
        problem: String,
    },
    /// The key store cannot be opened or made.
    #[error("cannot use the key store `{}`: {problem}", path.display())]
    KeyStore {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The server refused the engine for good.
    #[error("cannot pair with {server}: {message}")]
    PairingRefused {
        /// The server.
        server: String,
        /// What the server said, and what to do.
        message: String,
    },
    /// The engine's place on the server is gone.
    #[error(
        "this engine is not paired any more: {message}; reset the key of the engine in the console, write the new key \
         into etc/preauthorized.key.cfg and start again"
    )]
    Unpaired {
        /// What the server said.
        message: String,
    },
    /// The server speaks another version of the protocol.
    #[error("the server refuses this version of the engine: {message}; install the engine that the server hands out")]
    Protocol {
        /// What the server said.
        message: String,
    },
    /// A part of the engine failed that never should.
    #[error("the engine failed: {problem}; start it again and report this")]
    Internal {
        /// What failed.
        problem: String,
    },
    /// The HTTP client cannot be set up.
    #[error("cannot set up the connection: {problem}; check the proxy keys in etc/system.properties")]
    Http {
        /// What the client said.
        problem: String,
    },
}

impl EngineError {
    /// Exit code of the program for this error: 3 unpaired, 2 configuration or pairing refused, 1 everything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unpaired { .. } => 3,
            Self::Configuration { .. }
            | Self::KeyStore { .. }
            | Self::PairingRefused { .. }
            | Self::Protocol { .. }
            | Self::Http { .. } => 2,
            Self::File { .. } | Self::AlreadyRunning { .. } | Self::Internal { .. } => 1,
        }
    }
}

/// For `map_err`: an I/O error of this path.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> EngineError + use<> {
    let path = path.to_owned();
    move |source| EngineError::File { path, source }
}
