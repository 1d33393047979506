#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/client.h"

namespace imp::cli::test {

/// A registry that answers as told, and remembers what it was asked.
class FakeRegistry final : public http::Client {
 public:
  using Handler = std::function<Result<http::Fetched>(const http::Fetch&)>;
  explicit FakeRegistry(Handler handler) : handler_(std::move(handler)) {}

  Result<http::Fetched> fetch(const http::Fetch& request) override {
    asked.push_back(request);
    return handler_(request);
  }
  /// A header of the last request; empty when it had none.
  std::string sent(std::string_view name) const {
    for (const auto& [key, value] : asked.back().headers) {
      if (key == name) return value;
    }
    return {};
  }

  std::vector<http::Fetch> asked;

 private:
  Handler handler_;
};

}  // namespace imp::cli::test
