#include "registry/provenance/signer_agreement.h"

#include <fmt/format.h>

#include <boost/json/value.hpp>
#include <string_view>

#include "base/clean_text.h"

namespace imp::registry {

namespace {

std::string of_run(const CiIdentity& identity, std::string_view name) {
  const boost::json::value* value = identity.run.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// "https://github.example/acme/widgets" -> "acme/widgets"; the issuer, which must agree, decides
/// whose host it is.
std::string_view below_host(std::string_view address) {
  constexpr std::string_view kScheme = "https://";
  if (!address.starts_with(kScheme)) return {};
  address.remove_prefix(kScheme.size());
  const std::size_t slash = address.find('/');
  return slash == std::string_view::npos ? std::string_view() : address.substr(slash + 1);
}

std::string_view without_scheme(std::string_view address) {
  constexpr std::string_view kScheme = "https://";
  return address.starts_with(kScheme) ? address.substr(kScheme.size()) : std::string_view();
}

std::string differs(std::string_view what, std::string_view certificate, std::string_view run) {
  if (run.empty() || certificate == run) return {};
  return fmt::format(
      "its certificate names the {} \"{}\", and the run that publishes is of \"{}\".", what,
      clean_text(certificate, 300), clean_text(run, 300));
}

}  // namespace

std::string signer_disagrees(const sigstore::SignerIdentity& signer, const CiIdentity& identity) {
  const std::string issuer = of_run(identity, "iss");
  // An identity without an issuer would agree with every certificate.
  if (issuer.empty()) return "the run that publishes has no issuer to compare it with.";
  for (const std::string& one :
       {differs("issuer", signer.issuer, issuer),
        differs("repository", below_host(signer.source_repository), of_run(identity, "repository")),
        differs("repository", below_host(signer.source_repository),
                of_run(identity, "project_path")),
        differs("repository", without_scheme(signer.source_repository),
                of_run(identity, "vcs-origin")),
        differs("commit", signer.source_commit, of_run(identity, "sha")),
        differs("workflow", below_host(signer.build_config), of_run(identity, "workflow_ref")),
        differs("configuration", without_scheme(signer.build_config),
                of_run(identity, "ci_config_ref_uri"))}) {
    if (!one.empty()) return one;
  }
  return {};
}

}  // namespace imp::registry
