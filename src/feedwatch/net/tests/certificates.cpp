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

Cert new_cert(const char* name, EVP_PKEY* key, long serial, long seconds) {
  Cert cert{X509_new()};
  X509_set_version(cert.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -7'200);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), seconds);
  X509_set_pubkey(cert.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return cert;
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

Certificates::Certificates(const std::string& names, bool expired) : folder_(new_folder()) {
  const Key ca_key = new_key();
  const Cert ca = new_cert("feedwatch test CA", ca_key.get(), 1, 86'400);
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  extend(ca.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(ca.get(), NID_key_usage, "critical,keyCertSign");
  X509_sign(ca.get(), ca_key.get(), EVP_sha256());

  const Key key = new_key();
  const Cert cert = new_cert("feedwatch test server", key.get(), 2, expired ? -3'600 : 86'400);
  X509_set_issuer_name(cert.get(), X509_get_subject_name(ca.get()));
  extend(cert.get(), NID_subject_alt_name, names.c_str());
  X509_sign(cert.get(), ca_key.get(), EVP_sha256());

  PEM_write_X509(create(folder_ / "ca.pem").get(), ca.get());
  PEM_write_X509(create(folder_ / "cert.pem").get(), cert.get());
  PEM_write_PrivateKey(create(folder_ / "key.pem").get(), key.get(), nullptr, nullptr, 0, nullptr,
                       nullptr);
}

Certificates::~Certificates() {
  std::filesystem::remove_all(folder_);
}

}  // namespace feedwatch::net::testing
