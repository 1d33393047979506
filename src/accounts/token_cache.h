#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "accounts/access_token.h"
#include "accounts/cidr.h"
#include "accounts/person.h"
#include "base/clock.h"

namespace imp::accounts {

/// What verification read of a token, by the token's hash. Bounded, least recently used out first.
/// Thread-safe.
class TokenCache {
 public:
  TokenCache(std::size_t capacity, Milliseconds lifetime)
      : capacity_(capacity), lifetime_(lifetime) {}

  struct Entry {
    std::shared_ptr<const Person> person;
    std::shared_ptr<const AccessToken> token;
    std::vector<CidrBlock> allowed;
    Time read;
  };
  std::optional<Entry> find(const std::string& hash, Time now);
  /// To be asked before the database is: put() drops what was read before a clear or erase.
  std::uint64_t generation() const;
  void put(const std::string& hash, Entry entry, std::uint64_t generation);
  void clear();

 private:
  using Order = std::list<std::pair<std::string, Entry>>;
  const std::size_t capacity_;
  const Milliseconds lifetime_;
  mutable std::mutex mutex_;
  std::uint64_t generation_ = 0;
  Order order_;
  std::unordered_map<std::string, Order::iterator> entries_;
};

}  // namespace imp::accounts
