//! The transactions of ITI TF-2 that we speak, and what they have in common.

/// ITI-8: Patient Identity Feed, HL7 v2.
pub mod patient_identity_feed;
/// ITI-41: Provide and Register Document Set-b.
pub mod provide_and_register;
/// ITI-42: Register Document Set-b.
pub mod register;
/// ITI-43: Retrieve Document Set.
pub mod retrieve;
/// ITI-18: Registry Stored Query.
pub mod stored_query;

/// The answer of every transaction that brings nothing back but its outcome.
pub mod registry_response;

/// The documents that travel behind a message.
pub mod documents;

use metadata::{Flavour, RegistryErrors};
use soap::message::{Encoding, Message};
use soap::parts::Parts;
use soap::xml::{Element, Name};

use crate::audit;

pub use documents::Documents;
pub use patient_identity_feed::{Fed, PatientFeed};
pub use provide_and_register::ProvideAndRegister;
pub use register::Register;
pub use registry_response::RegistryResponse;
pub use retrieve::{DocumentRequest, Retrieve, RetrieveResponse, Retrieved};
pub use stored_query::{QueryResponse, StoredQuery};

/// A request and all that both sides must agree on about it.
///
/// One file implements this for one transaction; [`crate::Endpoint`] answers and [`crate::Partner`] asks any
/// of them.
pub trait Transaction: Sized + Send + 'static {
    /// The `wsa:Action` of the request.
    const ACTION: &'static str;
    /// The `wsa:Action` of the answer.
    const RESPONSE_ACTION: &'static str;
    /// The element in the SOAP body.
    const BODY: Name;
    /// Simple SOAP or MTOM, as the transaction is defined (ITI TF-2 appendix V.3.6).
    const ENCODING: Encoding;
    /// Whose names the errors of the answer bear: a registry's or a repository's.
    const ANSWERED_BY: Flavour;
    /// Whether asking twice does no more than asking once (RFC 9110 section 9.2.1), so that it may be asked again
    /// when the connection broke before the answer.
    const IS_SAFE: bool;
    /// Whether an answer may hold much until it has gone out (see [`Response::held`]).
    const IS_LARGE: bool = false;
    /// What audit says about this transaction whoever uses it.
    const AUDIT: audit::Kind;
    /// What comes back.
    type Response: Response;

    /// Reads the request, or lists all that is wrong with it.
    fn read(message: Message) -> Result<Self, RegistryErrors>;

    /// Writes the body and what travels behind it.
    fn write(self) -> (Element, Parts);

    /// Whose data this is about, for the audit record.
    fn subject(&self) -> audit::Subject;
}

/// An answer: whatever else it holds, it can be nothing but a list of errors.
pub trait Response: Sized + Send + 'static {
    /// The answer that refuses.
    fn refusal(errors: RegistryErrors) -> Self;

    /// What went wrong, warnings included.
    fn errors(&self) -> &RegistryErrors;

    /// About how many bytes of memory it holds, documents that stream behind it excepted.
    fn held(&self) -> usize {
        0
    }

    /// The audit records that the answer makes of what the request was about: one, unless part of it was done
    /// and part was not (ITI TF-2 3.43.6).
    fn audited(&self, subject: audit::Subject) -> Vec<(audit::Subject, audit::Outcome)> {
        vec![(subject, audit::Outcome::of(self.errors()))]
    }

    /// Reads the answer of a peer, or says why it makes no sense.
    fn read(message: Message) -> Result<Self, String>;

    /// Writes the body and what travels behind it; `flavour` chooses between the registry's and the
    /// repository's name of an error.
    fn write(self, flavour: Flavour) -> (Element, Parts);
}
