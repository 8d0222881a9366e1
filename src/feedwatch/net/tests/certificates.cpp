#include "feedwatch/net/tests/certificates.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace feedwatch::net::testing {
namespace {

struct Free {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(std::FILE* p) const { std::fclose(p); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Cert = std::unique_ptr<X509, Free>;

Key new_key() {
  return Key{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
}

void extend(X509* cert, int nid, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
}

struct Seconds {
  long from = -7'200;
  long to = 86'400;
};

Seconds validity(Certificates::Shape shape) {
  if (shape == Certificates::Shape::expired) return {.to = -3'600};
  if (shape == Certificates::Shape::not_yet_valid) return {.from = 3'600};
  return {};
}

Cert new_cert(const char* name, EVP_PKEY* key, Seconds valid = {}) {
  static long serial = 0;
  Cert cert{X509_new()};
  X509_set_version(cert.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), valid.from);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), valid.to);
  X509_set_pubkey(cert.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return cert;
}

struct Authority {
  Key key = new_key();
  Cert cert;
};

void sign(X509* cert, const Authority& by) {
  X509_set_issuer_name(cert, X509_get_subject_name(by.cert.get()));
  X509_sign(cert, by.key.get(), EVP_sha256());
}

/// Signed by another authority, or by itself.
Authority new_authority(const char* name, const Authority* by = nullptr) {
  Authority made;
  made.cert = new_cert(name, made.key.get());
  extend(made.cert.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(made.cert.get(), NID_key_usage, "critical,keyCertSign");
  sign(made.cert.get(), by == nullptr ? made : *by);
  return made;
}

std::unique_ptr<std::FILE, Free> create(const std::filesystem::path& path) {
  std::unique_ptr<std::FILE, Free> file{std::fopen(path.c_str(), "w")};
  if (!file) throw std::runtime_error("cannot write " + path.string());
  return file;
}

std::filesystem::path new_folder() {
  std::string pattern = std::filesystem::temp_directory_path() / "feedwatch-certs-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  return pattern;
}

}  // namespace

Certificates::Certificates(const std::string& names, Shape shape) : folder_(new_folder()) {
  const Authority ca = new_authority("feedwatch test CA");
  const Authority intermediate = new_authority("feedwatch test intermediate", &ca);
  Authority server;
  server.cert = new_cert("feedwatch test server", server.key.get(), validity(shape));
  extend(server.cert.get(), NID_subject_alt_name, names.c_str());
  const bool two_steps = shape == Shape::by_intermediate || shape == Shape::without_intermediate;
  sign(server.cert.get(), shape == Shape::self_signed ? server : two_steps ? intermediate : ca);

  PEM_write_X509(create(folder_ / "ca.pem").get(), ca.cert.get());
  const auto chain = create(folder_ / "cert.pem");
  PEM_write_X509(chain.get(), server.cert.get());
  if (shape == Shape::by_intermediate) PEM_write_X509(chain.get(), intermediate.cert.get());
  PEM_write_PrivateKey(create(folder_ / "key.pem").get(), server.key.get(), nullptr, nullptr, 0,
                       nullptr, nullptr);
}

Certificates::~Certificates() {
  std::filesystem::remove_all(folder_);
}

}  // namespace feedwatch::net::testing
