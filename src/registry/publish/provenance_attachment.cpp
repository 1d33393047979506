#include "registry/publish/provenance_attachment.h"

#include <fmt/format.h>

#include "registry/publish/refusal.h"

namespace imp::registry {
namespace {

std::unexpected<Failure> bad(std::string_view what) {
  return refuse(PublishRefusal::bad_provenance,
                fmt::format("Error verifying sigstore provenance bundle: {}", what));
}

}  // namespace

Result<void> check_provenance_attachment(const PublishDocument::Provenance& provenance,
                                         const PackageName& name, std::string_view version) {
  const std::string key = fmt::format("{}-{}.sigstore", name.text(), version);
  if (provenance.key != key) return bad(fmt::format("expected it to be attached as \"{}\".", key));
  if (!provenance.content_type.starts_with("application/vnd.dev.sigstore.bundle")) {
    return bad("its content type is not that of a sigstore bundle.");
  }
  return {};
}

}  // namespace imp::registry
