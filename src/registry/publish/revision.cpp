#include "registry/publish/revision.h"

#include <fmt/format.h>

#include <boost/json/value.hpp>

#include "registry/publish/refusal.h"

namespace imp::registry {

std::string_view document_rev(const boost::json::object& document) {
  const boost::json::value* rev = document.if_contains("_rev");
  if (rev == nullptr || !rev->is_string()) return {};
  return rev->get_string();
}

std::unexpected<Failure> stale(const PackageName& name) {
  return refuse(PublishRefusal::stale_revision,
                fmt::format("\"{}\" was changed since it was read (its _rev is another now). Run "
                            "the command again.",
                            name.text()));
}

Result<void> same_document_name(const boost::json::object& document, const PackageName& name) {
  for (std::string_view key : {"_id", "name"}) {
    const boost::json::value* value = document.if_contains(key);
    if (value == nullptr) continue;
    if (!value->is_string() || std::string_view(value->get_string()) != name.text()) {
      return refuse(
          PublishRefusal::name_mismatch,
          fmt::format("\"{}\" is not \"{}\", which the document was sent for.", key, name.text()));
    }
  }
  return {};
}

}  // namespace imp::registry
