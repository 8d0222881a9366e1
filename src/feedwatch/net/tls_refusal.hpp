#pragma once

#include <openssl/types.h>

#include <string>

namespace feedwatch::net {

/// Why the certificate that is being verified is refused, for people: what is wrong with whose
/// certificate, and what helps. To be called from a verify callback that is told of an error.
std::string certificate_refusal(X509_STORE_CTX* verifying, const std::string& host);

/// The latest error OpenSSL has noted on this thread, for people; takes it off the queue.
std::string tls_error();

}  // namespace feedwatch::net
