#include "testissuer/test_issuer.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/encoding.h"
#include "base/uuid.h"
#include "crypto/hash.h"
#include "jose/jwks.h"
#include "testissuer/refusal.h"
#include "testissuer/token_case.h"

namespace imp::testissuer {

namespace {

namespace json = boost::json;

std::unexpected<Failure> invalid(std::string message) {
  return refuse(TestIssuerRefusal::invalid_token_request, std::move(message));
}

constexpr std::int64_t kLargestOffset = std::int64_t{100} * 365 * 24 * 3600 * 1000;
constexpr std::int64_t kLatestSecond = 253'402'300'799;  // of the year 9999

bool is_time(std::int64_t seconds) { return seconds >= 0 && seconds <= kLatestSecond; }

std::string text_in(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool flag_in(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value && value->is_bool() && value->get_bool();
}

std::string jwks_of(const crypto::PrivateKey& key, const std::string& id) {
  const jose::PublishedKey published[] = {{id, key.public_key()}};
  return jose::to_jwks(published);
}

std::string encoded(std::string_view text) { return base64url(bytes_of(text)); }

std::string payload_of(const TokenDraft& draft) {
  std::string text = json::serialize(draft.claims);
  const json::value* value = draft.claims.if_contains(draft.repeated);
  if (draft.repeated.empty() || !value) return text;
  text.pop_back();
  return text + "," + json::serialize(json::value(draft.repeated)) + ":" + json::serialize(*value) +
         "}";
}

Bytes signature_of(std::string_view input, Signing signing, const crypto::PrivateKey& key,
                   const crypto::PrivateKey& foreign) {
  switch (signing) {
    case Signing::good:
      return key.sign(bytes_of(input));
    case Signing::foreign:
      return foreign.sign(bytes_of(input));
    case Signing::none:
      return {};
    case Signing::hmac: {
      const auto mac = crypto::hmac_sha256(key.public_key().spki_der(), bytes_of(input));
      return Bytes(mac.begin(), mac.end());
    }
    case Signing::cut: {
      Bytes bytes = key.sign(bytes_of(input));
      bytes.front() ^= 1;
      return bytes;
    }
  }
  return {};
}

/// "/circleci", "/circleci/org/<uuid>", "/github" or "/gitlab".
bool is_issuer(std::string_view path) {
  constexpr std::string_view organization = "/circleci/org/";
  if (path.starts_with(organization)) return is_uuid(path.substr(organization.size()));
  return path.starts_with('/') && shape_named(path.substr(1)).has_value();
}

}  // namespace

Result<TokenRequest> TokenRequest::parse(std::string_view body) {
  boost::system::error_code error;
  const json::value document = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !document.is_object()) return invalid("The body must be a JSON object.");
  const json::object& object = document.get_object();
  constexpr std::string_view members[] = {"shape",  "audience", "root_issuer", "subject_v2",
                                          "claims", "without",  "case",        "clock_offset_ms"};
  for (const auto& member : object) {
    if (std::ranges::find(members, std::string_view(member.key())) == std::end(members)) {
      return invalid(fmt::format("There is no member \"{}\".", std::string_view(member.key())));
    }
  }
  TokenRequest request;
  const auto shape = shape_named(text_in(object, "shape"));
  if (!shape) {
    return refuse(TestIssuerRefusal::unknown_shape,
                  "\"shape\" must be circleci, github or gitlab.");
  }
  request.shape = *shape;
  request.choices = {text_in(object, "audience"), flag_in(object, "root_issuer"),
                     flag_in(object, "subject_v2")};
  if (const json::value* claims = object.if_contains("claims")) {
    if (!claims->is_object()) return invalid("\"claims\" must be an object.");
    request.claims = claims->get_object();
  }
  if (const json::value* without = object.if_contains("without")) {
    if (!without->is_array()) return invalid("\"without\" must be a list of claims.");
    for (const json::value& claim : without->get_array()) {
      if (!claim.is_string()) return invalid("\"without\" must be a list of claims.");
      request.without.emplace_back(claim.get_string());
    }
  }
  request.token_case = text_in(object, "case");
  if (const json::value* offset = object.if_contains("clock_offset_ms")) {
    if (!offset->is_int64()) return invalid("\"clock_offset_ms\" must be a whole number.");
    if (offset->get_int64() < -kLargestOffset || offset->get_int64() > kLargestOffset) {
      return invalid("\"clock_offset_ms\" is at most a hundred years.");
    }
    request.clock_offset = Milliseconds(offset->get_int64());
  }
  return request;
}

json::object TokenRequest::to_json() const {
  json::object object{{"shape", name(shape)}, {"claims", claims}};
  if (!choices.audience.empty()) object["audience"] = choices.audience;
  if (choices.root_issuer) object["root_issuer"] = true;
  if (choices.subject_v2) object["subject_v2"] = true;
  if (!without.empty()) object["without"] = json::value_from(without);
  if (!token_case.empty()) object["case"] = token_case;
  if (clock_offset.count() != 0) object["clock_offset_ms"] = clock_offset.count();
  return object;
}

json::object TestIssuer::good_document(const Key& key, const std::string& address, bool keys) {
  if (keys) return json::parse(jwks_of(key.key, key.id)).as_object();
  return {{"issuer", address},
          {"jwks_uri", address + "/.well-known/jwks-pub.json"},
          {"id_token_signing_alg_values_supported", json::array{"RS256"}},
          {"response_types_supported", json::array{"id_token"}},
          {"subject_types_supported", json::array{"public"}}};
}

TestIssuer::Key TestIssuer::Key::make() {
  return {crypto::PrivateKey::generate(crypto::KeyKind::rsa),
          crypto::PrivateKey::generate(crypto::KeyKind::rsa), new_uuid()};
}

TestIssuer::TestIssuer(std::string origin, const Clock& clock, Milliseconds offset)
    : origin_(std::move(origin)),
      clock_(clock),
      offset_(offset),
      trouble_(key_trouble_named("none")) {}

TestIssuer::Key TestIssuer::key() const {
  const std::lock_guard lock(mutex_);
  return key_;
}

Time TestIssuer::now(const TokenRequest& request) const {
  return clock_.now() + offset_ + request.clock_offset;
}

Result<json::object> TestIssuer::claims(const TokenRequest& request) const {
  ClaimChoices choices = request.choices;
  if (choices.audience.empty()) choices.audience = "npm:localhost";
  json::object claims = job_claims(request.shape, origin_ + "/" + std::string(name(request.shape)),
                                   choices, now(request));
  for (const auto& member : request.claims) claims[member.key()] = member.value();
  for (const std::string& claim : request.without) claims.erase(claim);
  return claims;
}

Result<std::string> TestIssuer::token(const TokenRequest& request) const {
  auto claims = this->claims(request);
  if (!claims) return pass_on(claims);
  const Key key = this->key();
  TokenDraft draft{{{"alg", "RS256"}, {"kid", key.id}, {"typ", "JWT"}}, std::move(*claims)};
  if (!request.token_case.empty()) {
    const TokenCase* bad = token_case_named(request.token_case, request.shape);
    if (!bad) {
      return refuse(TestIssuerRefusal::unknown_token_case,
                    fmt::format("There is no case \"{}\" of {}'s tokens: `imprimatur test-issuer "
                                "cases` lists them.",
                                request.token_case, name(request.shape)));
    }
    // A case changes claims that were asked to be absent as well: it puts in what it needs.
    if (!draft.claims.contains("iat") || !draft.claims.at("iat").is_int64()) {
      return invalid("A case needs the claim \"iat\" as a number.");
    }
    for (const char* claim : {"iat", "nbf", "exp"}) {
      const json::value* time = draft.claims.if_contains(claim);
      if (time && time->is_int64() && !is_time(time->get_int64())) {
        return invalid(fmt::format("A case needs the claim \"{}\" from 1970 to 9999.", claim));
      }
    }
    if (!draft.claims.contains("iss") || !draft.claims.at("iss").is_string()) {
      return invalid("A case needs the claim \"iss\" as a text.");
    }
    bad->change(draft);
  }
  const std::string input =
      encoded(json::serialize(draft.header)) + "." + encoded(payload_of(draft));
  return input + "." + base64url(signature_of(input, draft.signing, key.key, key.foreign));
}

void TestIssuer::rotate() {
  Key fresh = Key::make();  // takes its time
  const std::lock_guard lock(mutex_);
  key_ = std::move(fresh);
}

Result<void> TestIssuer::set_trouble(std::string_view name) {
  const KeyTrouble* trouble = key_trouble_named(name);
  if (!trouble) {
    return refuse(TestIssuerRefusal::unknown_trouble,
                  fmt::format("There is no trouble \"{}\": `imprimatur test-issuer cases` lists "
                              "them.",
                              name));
  }
  const std::lock_guard lock(mutex_);
  trouble_ = trouble;
  return {};
}

http::Response TestIssuer::answer(const http::Request& request, std::string_view issuer,
                                  bool keys) const {
  if (!is_issuer(issuer)) return http::text(404, "There is no such issuer.\n");
  const std::string address = origin_ + std::string(issuer);
  const KeyTrouble* trouble = nullptr;
  Key key;
  {
    const std::lock_guard lock(mutex_);
    trouble = trouble_;
    key = key_;
    ++asked_;
  }
  KeyQuestion question{request, keys, std::string(issuer), good_document(key, address, keys),
                       jwks_of(key.foreign, key.id)};
  return trouble->answer(question);
}

http::Response TestIssuer::elsewhere(std::string_view issuer, bool keys) const {
  if (!is_issuer(issuer)) return http::text(404, "There is no such issuer.\n");
  return http::json(200, good_document(key(), origin_ + std::string(issuer), keys));
}

json::object TestIssuer::state() const {
  const std::lock_guard lock(mutex_);
  return {{"origin", origin_},
          {"kid", key_.id},
          {"trouble", trouble_->name},
          {"clock_offset_ms", offset_.count()},
          {"asked", asked_}};
}

}  // namespace imp::testissuer
