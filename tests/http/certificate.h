#pragma once

#include <string>

namespace imp::http::test {

/// A fresh self-signed certificate for "localhost" and 127.0.0.1, as two PEM files that are removed
/// with this object.
class Certificate {
 public:
  Certificate();
  ~Certificate();
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  std::string certificate_file, key_file;
};

}  // namespace imp::http::test
