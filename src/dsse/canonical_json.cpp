#include "dsse/canonical_json.h"

#include <boost/json/serialize.hpp>
#include <map>
#include <string_view>

namespace imp::dsse {

namespace {

namespace json = boost::json;

void write(std::string& out, const json::value& value);

void write(std::string& out, const json::object& object) {
  std::map<std::string_view, const json::value*> members;
  for (const auto& member : object) members.emplace(member.key(), &member.value());
  out += '{';
  for (bool first = true; const auto& [name, value] : members) {
    if (!std::exchange(first, false)) out += ',';
    out += json::serialize(json::string_view(name.data(), name.size()));
    out += ':';
    write(out, *value);
  }
  out += '}';
}

void write(std::string& out, const json::array& array) {
  out += '[';
  for (bool first = true; const json::value& element : array) {
    if (!std::exchange(first, false)) out += ',';
    write(out, element);
  }
  out += ']';
}

void write(std::string& out, const json::value& value) {
  if (value.is_object()) {
    write(out, value.get_object());
  } else if (value.is_array()) {
    write(out, value.get_array());
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string canonical_json(const json::value& value) {
  std::string out;
  write(out, value);
  return out;
}

}  // namespace imp::dsse
