#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace imp::audit {

/// One decision of the server: who did what to what, and how it ended. Never put a credential in
/// it.
struct Record {
  Time at = {};
  std::string actor = {};    ///< "user:alice", "publisher:<id>", "system"
  std::string action = {};   ///< dotted, most general part first: "trust.exchange"
  std::string subject = {};  ///< "package:@acme/widget"
  std::string outcome = {};  ///< "granted", or the code of the refusal
  std::optional<std::string> organization = {};  ///< whose administrators may see it
  std::string request_id = {};
  std::string remote_address = {};
  boost::json::object detail = {};  ///< what the decision was made from
};

/// A record in its place in the chain.
struct Entry {
  std::int64_t sequence = 0;  ///< 1 is the first
  Record record;
  std::string hash;  ///< SHA-256 in lower-case hexadecimal, see chain.h
};

}  // namespace imp::audit
