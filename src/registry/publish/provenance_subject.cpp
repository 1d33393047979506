#include "registry/publish/provenance_subject.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/encoding.h"
#include "registry/publish/refusal.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

std::unexpected<Failure> bad(std::string_view what) {
  return refuse(PublishRefusal::bad_provenance,
                fmt::format("Error verifying sigstore provenance bundle: {}", what));
}

const json::value* at(const json::value* value, std::string_view key) {
  return value != nullptr && value->is_object() ? value->get_object().if_contains(key) : nullptr;
}

std::string_view text(const json::value* value) {
  if (value == nullptr || !value->is_string()) return {};
  return value->get_string();
}

json::value parse(std::string_view document) {
  json::error_code error;
  json::value value = json::parse(json::string_view(document.data(), document.size()), error);
  return error ? json::value() : value;
}

}  // namespace

Result<void> check_provenance_subject(const PublishDocument::Provenance& provenance,
                                      const PackageName& name, std::string_view version,
                                      std::string_view sha512_hex) {
  const std::string key = fmt::format("{}-{}.sigstore", name.text(), version);
  if (provenance.key != key) return bad(fmt::format("expected it to be attached as \"{}\".", key));
  if (!provenance.content_type.starts_with("application/vnd.dev.sigstore.bundle")) {
    return bad("its content type is not that of a sigstore bundle.");
  }
  const json::value bundle = parse(provenance.bundle);
  const auto payload = from_base64(text(at(at(&bundle, "dsseEnvelope"), "payload")));
  if (!payload) return bad("it has no DSSE payload.");
  const json::value statement = parse(text_of(*payload));
  const json::value* subjects = at(&statement, "subject");
  if (subjects == nullptr || !subjects->is_array() || subjects->get_array().size() != 1) {
    return bad("its statement must have exactly one subject.");
  }
  const json::value* subject = &subjects->get_array().front();
  const std::string purl = name.purl(version);
  if (text(at(subject, "name")) != purl) {
    return bad(fmt::format("its subject is \"{}\", expected \"{}\".",
                           text(at(subject, "name")).substr(0, 300), purl));
  }
  if (text(at(at(subject, "digest"), "sha512")) != sha512_hex) {
    return bad("its subject's digest is not that of the tarball.");
  }
  return {};
}

}  // namespace imp::registry
