#include "sigstore/verify_bundle.h"

#include <fmt/format.h>

#include <algorithm>

#include "sigstore/certificate_timestamp.h"
#include "sigstore/log_entry.h"
#include "sigstore/refusal.h"

namespace imp::sigstore {

namespace {

std::unexpected<Failure> wrong(std::string_view what) {
  return refuse(SigstoreRefusal::not_verified, std::string(what));
}

Time time_of(const LogEntry& entry) { return Time(std::chrono::seconds(entry.integrated_time)); }

/// The issuer by an authority that is believed at this time.
std::optional<Certificate> issuer_of(const Certificate& signer, const TrustedRoot& root, Time at) {
  for (const CertificateAuthority& authority : root.authorities) {
    if (!authority.valid.covers(at)) continue;
    auto issuer = signer.issuer_at(authority, at);
    if (issuer) return issuer;
  }
  return std::nullopt;
}

Result<void> check_signature(const Bundle& bundle, const Certificate& signer) {
  const auto key = crypto::PublicKey::from_spki(signer.spki_der());
  if (!key) {
    return wrong(fmt::format("The certificate's key cannot be used: {}.", key.error().message));
  }
  if (key->verify_der(bytes_of(dsse::signed_text(bundle.envelope)), bundle.envelope.signature)) {
    return {};
  }
  return wrong("The envelope's signature is not by the certificate's key.");
}

}  // namespace

Result<VerifiedBundle> verify_bundle(const Bundle& bundle, const TrustedRoot& root) {
  const auto signer = Certificate::parse(bundle.certificates.front());
  if (!signer) return wrong("The signer's certificate cannot be read.");
  if (bundle.entries.empty()) return wrong("The bundle has no entry of a transparency log.");
  std::optional<Certificate> issuer;
  for (const LogEntry& entry : bundle.entries) {
    if (auto held = check_log_entry(entry, root.logs); !held) return pass_on(held);
    if (auto about = check_entry_body(entry, bundle); !about) return pass_on(about);
    issuer = issuer_of(*signer, root, time_of(entry));
    if (!issuer) {
      return wrong(
          "The signer's certificate is not one for signing code of a configured authority that was "
          "valid at the time of the log entry.");
    }
  }
  VerifiedBundle verified{{}, signer->identity(), time_of(bundle.entries.front()), {}};
  if (root.certificate_logs.empty()) {
    verified.not_checked.emplace_back("certificate transparency");
  } else if (!has_certificate_timestamp(*signer, *issuer, root.certificate_logs)) {
    return wrong("The signer's certificate has no timestamp of a configured certificate log.");
  }
  if (auto held = check_signature(bundle, *signer); !held) return pass_on(held);
  if (bundle.envelope.payload_type != dsse::kInTotoPayload) {
    return wrong("The envelope's payload is not an in-toto statement.");
  }
  auto statement = dsse::parse_statement(bundle.envelope.payload);
  if (!statement) return wrong(statement.error().message);
  verified.statement = std::move(*statement);
  return verified;
}

}  // namespace imp::sigstore
