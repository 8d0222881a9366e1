#pragma once

#include <filesystem>
#include <string>

namespace feedwatch::net::testing {

/// A private CA and a server certificate it has signed, made in a folder of their own which goes
/// with this object.
class Certificates {
 public:
  enum class Shape : unsigned char {
    good,
    expired,
    not_yet_valid,
    self_signed,           ///< not by the CA
    by_intermediate,       ///< by an authority the CA has signed, whose certificate goes along
    without_intermediate,  ///< the same, but for that
  };
  /// `names` as OpenSSL's subjectAltName: "DNS:localhost,IP:127.0.0.1".
  explicit Certificates(const std::string& names, Shape shape = Shape::good);
  ~Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  std::string ca() const { return folder_ / "ca.pem"; }
  std::string cert() const { return folder_ / "cert.pem"; }
  std::string key() const { return folder_ / "key.pem"; }

 private:
  std::filesystem::path folder_;
};

}  // namespace feedwatch::net::testing
