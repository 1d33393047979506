#include "fake_registry.h"

#include <fmt/format.h>

#include "tlog/checkpoint.h"

namespace imp::verify::test {

namespace {

json::array texts(const tlog::Hashes& hashes) {
  json::array out;
  for (const tlog::Hash& hash : hashes) out.emplace_back(tlog::hash_text(hash));
  return out;
}

std::uint64_t number(const std::string& path, std::string_view name) {
  const std::size_t at = path.find(fmt::format("{}=", name));
  return at == std::string::npos ? 0 : std::stoull(path.substr(at + name.size() + 1));
}

}  // namespace

FakeRegistry::FakeRegistry() {
  for (int i = 0; i < 11; ++i) leaves.push_back(tlog::leaf_hash("record " + std::to_string(i)));
}

Result<http::Fetched> FakeRegistry::fetch(const http::Fetch& request) {
  std::string path = request.url;
  EXPECT_TRUE(path.starts_with(address)) << path;
  path.erase(0, address.size());
  asked.push_back(path);
  for (const auto& [name, value] : request.headers) {
    if (name == "authorization") tokens.push_back(value);
  }
  std::optional<std::string> body = honest(path);
  if (lie && body) body = lie(path, std::move(*body));
  http::Fetched answer{.status = body ? 200 : 404, .headers = {}, .body = body.value_or("{}")};
  if (answer.body.size() > request.body_limit) {
    return refuse(http::FetchRefusal::body_too_large, "The answer is too large.");
  }
  if (body && request.sink) {
    request.sink(bytes_of(answer.body));
    answer.body.clear();
  }
  return answer;
}

std::optional<std::string> FakeRegistry::honest(const std::string& path) const {
  if (path == "/@acme%2fwidget/1.0.0") return json::serialize(manifest());
  if (path == "/@acme%2fwidget") {
    return json::serialize(json::object{{"time", {{"1.0.0", "2026-05-01T00:00:00.000Z"}}}});
  }
  if (path == "/@acme/widget/-/widget-1.0.0.tgz") return tarball;
  if (path == "/-/npm/v1/keys") return keys();
  if (path == "/-/npm/v1/attestations/@acme%2fwidget@1.0.0" && trusted) return attestations();
  if (path == "/-/audit/keys") {
    return json::serialize(
        json::object{{"keys", json::array{{{"vkey", log_key.verifier().text()}}}}});
  }
  if (path.starts_with("/-/audit/inclusion?")) {
    const std::uint64_t sequence = number(path, "sequence");
    if (sequence == 0 || sequence > leaves.size()) return std::nullopt;
    return inclusion(sequence);
  }
  if (path.starts_with("/-/audit/consistency?")) {
    const std::uint64_t from = number(path, "from"), to = number(path, "to");
    if (from > leaves.size()) return std::nullopt;
    return consistency(from, to == 0 ? leaves.size() : to);
  }
  return std::nullopt;
}

registry::TrustedPublish FakeRegistry::publish() const {
  return {.name = name,
          .version = version,
          .sha512 = hex(crypto::sha512(bytes_of(tarball))),
          .registry = address,
          .at = Time(std::chrono::seconds(1'790'000'000)),
          .identity = {.publisher = "p-1",
                       .provider = "circleci",
                       .claims = {{"project", "widgets"}},
                       .run = {{"iss", "https://ci.example"}}},
          .stage_id = "s-1",
          .approvers = {"alice"},
          .record = record,
          .record_leaf = leaves.at(static_cast<std::size_t>(record - 1))};
}

std::string FakeRegistry::integrity() const {
  return "sha512-" + base64(crypto::sha512(bytes_of(tarball)));
}

json::object FakeRegistry::manifest() const {
  const registry::DistSignature signature = key.sign(name.text(), version, integrity());
  json::object out{
      {"name", name.text()},
      {"version", version},
      {"dist",
       {{"integrity", integrity()},
        {"signatures", json::array{{{"keyid", signature.keyid}, {"sig", signature.signature}}}}}},
      {"_npmUser", {{"name", "CircleCI"}}}};
  if (trusted) out["_npmUser"].as_object()["trustedPublisher"] = {{"id", "circleci"}};
  return out;
}

std::string FakeRegistry::attestations() const { return attestations_of(publish()); }

std::string FakeRegistry::attestations_of(const registry::TrustedPublish& publish) const {
  return registry::attestations_document(registry::publish_attestations(publish, key));
}

std::string FakeRegistry::keys(std::string_view expires) const {
  json::value when;
  if (!expires.empty()) when = expires;
  return json::serialize(json::object{
      {"keys",
       json::array{{{"keyid", key.keyid()}, {"key", key.public_text()}, {"expires", when}}}}});
}

tlog::Nodes FakeRegistry::nodes() const {
  return [this](unsigned height, std::uint64_t index) {
    std::vector<tlog::Hash> row(
        leaves.begin() + static_cast<std::ptrdiff_t>(index << height),
        leaves.begin() + static_cast<std::ptrdiff_t>((index + 1) << height));
    while (row.size() > 1) {
      std::vector<tlog::Hash> above;
      for (std::size_t i = 0; i < row.size(); i += 2) {
        above.push_back(tlog::node_hash(row[i], row[i + 1]));
      }
      row = std::move(above);
    }
    return row.front();
  };
}

std::string FakeRegistry::checkpoint(std::uint64_t size) const {
  return tlog::sign_note(tlog::checkpoint_text({log_key.name, size, tlog::root(size, nodes())}),
                         {log_key});
}

std::string FakeRegistry::inclusion(std::uint64_t sequence) const {
  const std::uint64_t size = leaves.size();
  return json::serialize(
      json::object{{"sequence", sequence},
                   {"index", sequence - 1},
                   {"size", size},
                   {"leaf_hash", tlog::hash_text(leaves.at(sequence - 1))},
                   {"hashes", texts(tlog::inclusion_proof(sequence - 1, size, nodes()))},
                   {"root", tlog::hash_text(tlog::root(size, nodes()))},
                   {"checkpoint", checkpoint(size)}});
}

std::string FakeRegistry::consistency(std::uint64_t from, std::uint64_t to) const {
  return json::serialize(json::object{{"from", from},
                                      {"to", to},
                                      {"hashes", texts(tlog::consistency_proof(from, to, nodes()))},
                                      {"checkpoint", checkpoint(to)}});
}

}  // namespace imp::verify::test
