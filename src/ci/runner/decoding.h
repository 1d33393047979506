#pragma once

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "ci/runner/json_members.h"
#include "ci/runner/protocol.h"

namespace imp::ci::runner {

// What the decoders of protocol.h share.

/// One of these words of the protocol.
template <class Enum, std::size_t Count>
Enum word(Members& members, std::string_view key, const std::array<Enum, Count>& values) {
  const std::string text = members.text(key, 64);
  for (Enum value : values) {
    if (name(value) == text) return value;
  }
  members.fail(key, "is a word that this version does not know");
  return values.front();
}

/// The member `lease`, never empty.
std::string lease(Members& members);

/// A list of texts.
std::vector<std::string> strings(Members& members, std::string_view key);

/// A list of objects, each read by `read(Members&)`.
template <class T, class Read>
std::vector<T> list(Members& members, std::string_view key, std::size_t longest, Read read) {
  std::vector<T> out;
  const boost::json::array& values = members.array(key, longest);
  for (std::size_t i = 0; i < values.size() && !members.failed(); ++i) {
    Members entry(values[i], fmt::format("{}[{}]", members.path(key), i));
    Result<T> value = entry.finish(read(entry));
    if (!value) {
      members.adopt(value.error());
    } else {
      out.push_back(std::move(*value));
    }
  }
  return out;
}

/// A member that is an object, read by `read(Members&)`.
template <class T, class Read>
T nested(Members& members, std::string_view key, Read read) {
  Members inner(members.member(key), members.path(key));
  Result<T> value = inner.finish(read(inner));
  if (value) return std::move(*value);
  members.adopt(value.error());
  return {};
}

/// The ticket, which is most of the protocol.
JobTicket read_ticket(Members& members);

}  // namespace imp::ci::runner
