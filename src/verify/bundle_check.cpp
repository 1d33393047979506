#include "verify/bundle_check.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/clean_text.h"
#include "sigstore/verify_bundle.h"
#include "verify/refusal.h"

namespace imp::verify {

namespace {

namespace json = boost::json;

constexpr std::string_view kName = "provenance";

Result<sigstore::VerifiedBundle> verified(const json::object& bundle, const Release& release,
                                          const sigstore::TrustedRoot& root) {
  const auto parsed = sigstore::parse_bundle(json::serialize(bundle));
  if (!parsed) return pass_on(parsed);
  auto result = sigstore::verify_bundle(*parsed, root);
  if (!result) return result;
  if (result->statement.subject != release.name.purl(release.version) ||
      result->statement.sha512 != release.sha512) {
    return refuse(VerifyRefusal::not_verified,
                  fmt::format("the bundle is about {}, or another tarball of it",
                              clean_text(result->statement.subject, 300)));
  }
  return result;
}

std::string told(const sigstore::VerifiedBundle& bundle) {
  const sigstore::SignerIdentity& signer = bundle.identity;
  std::string out = fmt::format("{} at {}, workflow {}, by {}", signer.source_repository,
                                signer.source_commit, signer.build_config, signer.issuer);
  for (const std::string& one : bundle.not_checked) out += fmt::format("; not checked: {}", one);
  return out;
}

}  // namespace

bool has_certificate(const json::object& material) {
  return material.contains("certificate") || material.contains("x509CertificateChain");
}

void check_bundles(const json::object& answer, const Release& release,
                   const std::optional<sigstore::TrustedRoot>& root, Report& report) {
  const auto* list = array_member(answer, "attestations");
  if (list == nullptr) return;
  for (const json::value& element : *list) {
    const auto* object = element.if_object();
    const auto* bundle = object != nullptr ? object_member(*object, "bundle") : nullptr;
    const auto* material =
        bundle != nullptr ? object_member(*bundle, "verificationMaterial") : nullptr;
    if (material == nullptr || !has_certificate(*material)) continue;
    if (material->contains("publicKey")) {
      report.add(kName, Outcome::failed,
                 "a Sigstore bundle names its signer by a certificate and by a key");
      continue;
    }
    if (!root) {
      report.add(kName, Outcome::skipped,
                 "a Sigstore bundle came with it; there is no trusted root to verify it with");
      continue;
    }
    const auto result = verified(*bundle, release, *root);
    if (result) {
      report.add(kName, Outcome::passed, told(*result));
    } else {
      report.add(kName, Outcome::failed, result.error().message);
    }
  }
}

}  // namespace imp::verify
