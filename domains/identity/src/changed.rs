//! The reply of most commands.

use contract::Reply;

contract::message! {
    /// Whether a command changed anything.
    pub struct Changed {
        /// False when everything was so already.
        pub changed: bool,
    }
}
impl Reply for Changed {}
