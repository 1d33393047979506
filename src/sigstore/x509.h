#pragma once

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "sigstore/certificate.h"

// Private to sigstore/: ownership of OpenSSL's handles.

namespace imp::sigstore {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* handle) const {
    free(handle);
  }
};

using X509Handle = std::unique_ptr<X509, Freed<X509_free>>;

struct Certificate::Impl {
  X509Handle x509;
};

/// Drops what OpenSSL notes about refused input: TLS connections on the same thread take any left
/// note for a failure of their own.
class QuietX509 {
 public:
  QuietX509() { ERR_set_mark(); }
  ~QuietX509() { ERR_pop_to_mark(); }
  QuietX509(const QuietX509&) = delete;
  QuietX509& operator=(const QuietX509&) = delete;
};

}  // namespace imp::sigstore
