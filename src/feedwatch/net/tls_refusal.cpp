#include "feedwatch/net/tls_refusal.hpp"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>

namespace feedwatch::net {
namespace {

constexpr const char* is_it_private = "a private authority belongs into ca_file";
constexpr const char* is_our_clock_right = "if that cannot be, look at the clock of this machine";

/// "feedwatch test CA", whose name stands in a certificate; text of the peer, so cut and cleaned.
std::string common_name(const X509_NAME* name) {
  std::array<char, 64> text{};
  const int size =
      X509_NAME_get_text_by_NID(name, NID_commonName, text.data(), static_cast<int>(text.size()));
  if (size <= 0) return "(no name)";
  std::string shown(text.data());
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return shown;
}

std::string day_of(const ASN1_TIME* time) {
  std::tm date{};
  if (ASN1_TIME_to_tm(time, &date) != 1) return "an unreadable date";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", date.tm_year + 1900, date.tm_mon + 1,
                     date.tm_mday, date.tm_hour, date.tm_min);
}

/// The issuer of the last certificate we were shown is not among those we trust.
std::string unknown_issuer(X509_STORE_CTX* verifying, const X509* last) {
  const std::string issuer = common_name(X509_get_issuer_name(last));
  const bool alone = sk_X509_num(X509_STORE_CTX_get0_untrusted(verifying)) <= 1;
  if (!alone) {
    return fmt::format("certificate is not trusted: the authority '{}' is not known here ({})",
                       issuer, is_it_private);
  }
  // One certificate of a public authority is nearly always signed by an intermediate one.
  return fmt::format(
      "certificate is not trusted: its issuer '{}' is not known here and the server did not send "
      "the issuer's certificate (its chain may lack the intermediate one; {})",
      issuer, is_it_private);
}

}  // namespace

std::string certificate_refusal(X509_STORE_CTX* verifying, const std::string& host) {
  const int error = X509_STORE_CTX_get_error(verifying);
  const X509* shown = X509_STORE_CTX_get_current_cert(verifying);
  if (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return fmt::format("certificate is for another host, not for '{}'", host);
  }
  if (shown == nullptr) {
    return fmt::format("certificate is not trusted: {}", X509_verify_cert_error_string(error));
  }
  const std::string whose = common_name(X509_get_subject_name(shown));
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("certificate of '{}' has expired on {} ({})", whose,
                         day_of(X509_get0_notAfter(shown)), is_our_clock_right);
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("certificate of '{}' is valid from {} only ({})", whose,
                         day_of(X509_get0_notBefore(shown)), is_our_clock_right);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return fmt::format(
          "certificate is not trusted: '{}' has signed it itself, no authority has (if it is "
          "yours, "
          "name it as ca_file)",
          whose);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return unknown_issuer(verifying, shown);
    default:
      return fmt::format("certificate of '{}' is not trusted: {}", whose,
                         X509_verify_cert_error_string(error));
  }
}

std::string tls_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "unknown TLS error";
  if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
    switch (ERR_GET_REASON(code)) {
      case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return "connection ended without notice";  // no matter of TLS for whoever reads this
      case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      case SSL_R_UNSUPPORTED_PROTOCOL:
        return "no version of TLS in common: 1.2 or later is needed";
      case SSL_R_WRONG_VERSION_NUMBER:
        return "the answer is not TLS (is this port for plain connections?)";
      default:
        break;
    }
  }
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("TLS error {:#x}", code);
}

}  // namespace feedwatch::net
