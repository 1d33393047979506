#include "verify/registry.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "jose/strict_json.h"
#include "verify/refusal.h"

namespace imp::verify {

namespace {

constexpr std::size_t kLargestDocument = 64UL << 20;
/// The largest that `registry.tarball_megabytes` can allow.
constexpr std::uint64_t kLargestTarball = 16ULL << 30;
constexpr jose::JsonLimits kLimits{.depth = 64, .values = 2'000'000};

std::unexpected<Failure> answered(const http::Fetched& answer, std::string_view path) {
  return refuse(VerifyRefusal::registry_answer,
                fmt::format("the registry answers {} at {}", answer.status, path),
                answer.body.substr(0, 300));
}

}  // namespace

Registry::Registry(http::Client& client, std::string address, std::string token)
    : client_(client), address_(std::move(address)), token_(std::move(token)) {
  while (address_.ends_with('/')) address_.pop_back();
}

http::Fetch Registry::fetch(const std::string& path) const {
  http::Fetch fetch{.url = address_ + path,
                    .headers = {{"accept", "application/json"}},
                    .timeout = std::chrono::minutes(1),
                    .body_limit = kLargestDocument};
  if (!token_.empty()) fetch.headers.emplace_back("authorization", "Bearer " + token_);
  return fetch;
}

Result<std::optional<boost::json::object>> Registry::document(const std::string& path) const {
  const auto answer = client_.fetch(fetch(path));
  if (!answer) return pass_on(answer);
  if (answer->status == 404) return std::nullopt;
  if (answer->status != 200) return answered(*answer, path);
  auto object = jose::parse_strict_object(answer->body, kLimits);
  if (object) return std::move(*object);
  return refuse(
      VerifyRefusal::registry_answer,
      fmt::format("the registry's answer at {} is not usable JSON: {}", path, object.error()));
}

Result<boost::json::object> Registry::required(const std::string& path) const {
  auto found = document(path);
  if (!found) return pass_on(found);
  if (*found) return std::move(**found);
  return refuse(VerifyRefusal::registry_answer,
                fmt::format("the registry has nothing at {}, or nothing that it shows {}", path,
                            token_.empty() ? "without a token" : "for this token"));
}

Result<Registry::Digested> Registry::digest(const std::string& path) const {
  Digested out;
  crypto::Sha512Stream hash;
  http::Fetch request = fetch(path);
  request.timeout = std::chrono::minutes(10);
  request.body_limit = kLargestTarball;
  request.sink = [&](ByteView bytes) {
    out.size += bytes.size();
    hash.update(bytes);
    return true;
  };
  const auto answer = client_.fetch(request);
  if (!answer) return pass_on(answer);
  if (answer->status != 200) return answered(*answer, path);
  out.sha512 = hash.finish();
  return out;
}

std::string text_member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

const boost::json::object* object_member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value != nullptr ? value->if_object() : nullptr;
}

const boost::json::array* array_member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value != nullptr ? value->if_array() : nullptr;
}

}  // namespace imp::verify
