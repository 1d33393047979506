#include "sigstore/trusted_root.h"

#include <fmt/format.h>

#include "base/clean_text.h"
#include "jose/strict_json.h"
#include "sigstore/certificate.h"
#include "sigstore/members.h"
#include "sigstore/refusal.h"

namespace imp::sigstore {

namespace {

namespace json = boost::json;

constexpr jose::JsonLimits kLimits{.depth = 16, .values = 5'000};

std::unexpected<Failure> malformed(std::string_view what) {
  return refuse(SigstoreRefusal::malformed_root,
                fmt::format("This is not a trusted root of Sigstore: {}.", what));
}

Result<Period> parse_period(const json::object& owner) {
  Period period;
  const json::value* found = owner.if_contains("validFor");
  // Null is what protobuf's JSON says of what is not set.
  if (found == nullptr || found->is_null()) return period;
  const auto* object = found->if_object();
  if (object == nullptr) return malformed("a \"validFor\" is not an object");
  for (const auto& [name, end] : {std::pair("start", &period.from), std::pair("end", &period.to)}) {
    const json::value* time_text = object->if_contains(name);
    if (time_text == nullptr || time_text->is_null()) continue;
    const auto time = parse_iso8601(text_at(*object, name));
    if (!time) return malformed(fmt::format("\"validFor.{}\" is not a time in UTC", name));
    *end = *time;
  }
  return period;
}

/// "https://rekor.example/path" -> "rekor.example"
std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find('/')));
}

Result<TrustedLog> parse_log(const json::value& value) {
  const auto* object = value.if_object();
  const auto* holder = object != nullptr ? object_at(*object, "publicKey") : nullptr;
  const auto* log_id = object != nullptr ? object_at(*object, "logId") : nullptr;
  const auto der = holder != nullptr ? bytes_at(*holder, "rawBytes") : std::nullopt;
  auto id = log_id != nullptr ? bytes_at(*log_id, "keyId") : std::nullopt;
  const std::string url = object != nullptr ? text_at(*object, "baseUrl") : std::string();
  const auto unusable = [&](std::string_view what) {
    return malformed(fmt::format("the log \"{}\" {}", clean_text(url, 200), what));
  };
  if (!der || !id) return unusable("has no \"publicKey.rawBytes\" or no \"logId.keyId\"");
  auto key = crypto::PublicKey::from_spki(*der);
  if (!key) return unusable(fmt::format("has a key that cannot be used: {}", key.error().message));
  if (id->size() != 32) return unusable("has a \"logId\" that is not a SHA-256");
  const auto period = parse_period(*holder);
  if (!period) return pass_on(period);
  if (period->from == Period().from) return unusable("has no \"validFor.start\"");
  return TrustedLog{host_of(url), std::move(*id), std::move(*key), *period};
}

Result<std::vector<TrustedLog>> parse_logs(const json::object& root, std::string_view name) {
  std::vector<TrustedLog> logs;
  const auto* list = array_at(root, name);
  for (const json::value& one : list != nullptr ? *list : json::array()) {
    auto log = parse_log(one);
    if (!log) return pass_on(log);
    logs.push_back(std::move(*log));
  }
  return logs;
}

Result<CertificateAuthority> parse_authority(const json::value& value) {
  const auto* object = value.if_object();
  const auto* chain = object != nullptr ? object_at(*object, "certChain") : nullptr;
  const auto* certificates = chain != nullptr ? array_at(*chain, "certificates") : nullptr;
  CertificateAuthority authority;
  for (const json::value& one : certificates != nullptr ? *certificates : json::array()) {
    auto bytes = one.is_object() ? bytes_at(one.get_object(), "rawBytes") : std::nullopt;
    if (!bytes || !Certificate::parse(*bytes)) {
      return malformed("a certificate of an authority cannot be read");
    }
    authority.chain.push_back(std::move(*bytes));
  }
  if (authority.chain.empty()) return malformed("a certificate authority has no certificate");
  const auto period = parse_period(*object);
  if (!period) return pass_on(period);
  authority.valid = *period;
  return authority;
}

}  // namespace

Result<TrustedRoot> parse_trusted_root(std::string_view text) {
  const auto object = jose::parse_strict_object(text, kLimits);
  if (!object) return malformed(object.error());
  TrustedRoot root;
  const auto* authorities = array_at(*object, "certificateAuthorities");
  for (const json::value& one : authorities != nullptr ? *authorities : json::array()) {
    auto authority = parse_authority(one);
    if (!authority) return pass_on(authority);
    root.authorities.push_back(std::move(*authority));
  }
  if (root.authorities.empty()) return malformed("it names no \"certificateAuthorities\"");
  auto logs = parse_logs(*object, "tlogs");
  if (!logs) return pass_on(logs);
  if (logs->empty()) return malformed("it names no \"tlogs\"");
  root.logs = std::move(*logs);
  auto certificate_logs = parse_logs(*object, "ctlogs");
  if (!certificate_logs) return pass_on(certificate_logs);
  root.certificate_logs = std::move(*certificate_logs);
  return root;
}

}  // namespace imp::sigstore
