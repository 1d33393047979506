#pragma once

#include <string>

namespace imp::http::test {

/// A fresh self-signed certificate, as two PEM files that are removed with this object.
class Certificate {
 public:
  /// `names` as OpenSSL's subjectAltName; `hours` from now until it ends.
  explicit Certificate(const std::string& names = "DNS:localhost,IP:127.0.0.1", int hours = 1);
  ~Certificate();
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  std::string certificate_file, key_file;
};

}  // namespace imp::http::test
